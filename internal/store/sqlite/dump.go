package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	driver "modernc.org/sqlite"

	"parley/internal/store"
)

// Dump implements sqlstore.Engine: it writes a database file of the usual name.
//
// VACUUM INTO reads one snapshot, on a connection of its own, so that neither
// writers nor readers wait for it; what it writes is a whole database without
// a log beside it. The online backup API, which copies pages, would have to
// start again whenever the writer commits, or hold the same snapshot.
func (e *Engine) Dump(ctx context.Context, dir string) (d store.Dump, err error) {
	version, err := e.version(ctx)
	if err != nil {
		return store.Dump{}, e.Classify(fmt.Errorf("read the schema's version of %s: %w", e.path, err))
	}
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return store.Dump{}, err
	}
	// An empty file is taken as absent, and has the mode that is wanted.
	if err := create(path); err != nil {
		return store.Dump{}, err
	}
	// The readers refuse everything that writes, even into another file, and
	// the writer has other work.
	q := Options{MMapBytes: e.mmap}.common(minCacheKiB)
	q.Set("mode", "rw")
	connector, err := driver.NewConnector(dsn(e.path, q))
	if err != nil {
		return store.Dump{}, fmt.Errorf("open database: %w", err)
	}
	p := newPool(connector, 1)
	defer func() { err = errors.Join(err, p.close()) }()
	c, err := p.acquire(ctx)
	if err != nil {
		return store.Dump{}, e.Classify(err)
	}
	defer p.release(c)
	if _, err := c.Exec(ctx, "VACUUM INTO $1", path); err != nil {
		return store.Dump{}, e.Classify(fmt.Errorf("copy the database: %w", err))
	}
	return store.Dump{Engine: store.SQLite, SchemaVersion: version}, nil
}
