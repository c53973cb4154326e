package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

// restoreName is what the server lists a restore as: others of ours are
// servers.
const restoreName = "parley restore"

// restoreLockTimeout is how long a restore waits for somebody else's lock.
const restoreLockTimeout = "10s"

// Restore puts the rows of a dump in the place of the database's own, with new
// epochs, in one transaction: until it commits, and when it is killed,
// everything is as it was. The schema is the dump's afterwards; OpenStore
// migrates it. It returns core.Unavailable when a server works on the database
// or the dump is newer than this binary, core.Conflict when there are accounts
// and they may not be replaced, or when the database has a newer schema than
// the dump.
func Restore(ctx context.Context, opts Options, r store.Restoring) (err error) {
	latest, err := sqlstore.LatestMigration(Migrations())
	if err != nil {
		return err
	}
	if r.SchemaVersion > latest {
		return sqlstore.NewerSchema("the backup", r.SchemaVersion, latest)
	}
	opts.ApplicationName = restoreName
	e, err := Open(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	current, err := e.version(ctx)
	if err != nil {
		return e.Classify(fmt.Errorf("read the schema's version: %w", err))
	}
	if current > r.SchemaVersion {
		return &core.Error{Kind: core.Conflict, Message: fmt.Sprintf(
			"the database has schema version %d, newer than the backup's %d: restore into an empty database", current, r.SchemaVersion)}
	}
	// Before anything is made: a restore that is refused leaves no trace.
	if err := e.refuse(ctx, current, r.Replace); err != nil {
		return e.Classify(err)
	}
	if current < r.SchemaVersion {
		if err := e.up(ctx, Migrations(), r.SchemaVersion); err != nil {
			return e.Classify(fmt.Errorf("make the schema of the backup: %w", err))
		}
	}
	return e.Classify(e.load(ctx, r))
}

// refuse looks for servers and accounts.
func (e *Engine) refuse(ctx context.Context, version int64, replace bool) error {
	others, err := e.others(ctx)
	if err != nil {
		return fmt.Errorf("look for servers: %w", err)
	}
	if others > 0 {
		return &core.Error{Kind: core.Unavailable, Message: fmt.Sprintf("%d connections of other processes are open: stop every server on this database first", others)}
	}
	if version == 0 || replace {
		return nil
	}
	held, err := scanOne[bool](ctx, e, "SELECT EXISTS (SELECT 1 FROM accounts)")
	if err == nil && held {
		err = errHeld
	}
	return err
}

// A connection that was closed shows for a moment more: the server ends its own
// side of it when it comes to it.
const (
	leavePatience = 3 * time.Second
	leavePause    = 50 * time.Millisecond
)

// others counts the connections of other processes, once those that are about
// to end have ended.
func (e *Engine) others(ctx context.Context) (int64, error) {
	late := time.NewTimer(leavePatience)
	defer late.Stop()
	again := time.NewTicker(leavePause)
	defer again.Stop()
	for {
		n, err := scanOne[int64](ctx, e, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = $1`, applicationName)
		if err != nil || n == 0 {
			return n, err
		}
		select {
		case <-again.C:
		case <-late.C:
			return n, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

var errHeld = &core.Error{Kind: core.Conflict, Message: "the database holds accounts already: --replace deletes them"}

// load is the transaction.
func (e *Engine) load(ctx context.Context, r store.Restoring) error {
	ix, err := readIndex(r.Dir)
	if err != nil {
		return err
	}
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	t, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return err
	}
	defer func() { _ = rollback(t) }() //nolint:contextcheck // it has a context of its own
	q := querier{t}
	if err := empty(ctx, q, r.Replace); err != nil {
		return err
	}
	for _, table := range ix.Tables {
		if err := loadTable(ctx, t, table, filepath.Join(r.Dir, table.File)); err != nil {
			return fmt.Errorf("fill table %s: %w", table.Name, err)
		}
	}
	for space, last := range ix.Sequences {
		// Never back: a sequence is moved at once, whatever becomes of the rest.
		expr, name := sequence(space)
		_, err := q.Exec(ctx, "SELECT setval(seq, $2::bigint) FROM (SELECT "+expr+" AS seq) s WHERE COALESCE(pg_sequence_last_value(seq), 0) < $2::bigint",
			name, last)
		if err != nil {
			return fmt.Errorf("raise the sequence of %s: %w", space, err)
		}
	}
	if err := sqlstore.RenewEpochs(ctx, q); err != nil {
		return err
	}
	if err := r.Before(); err != nil {
		return err
	}
	return t.Commit(ctx)
}

// empty takes the tables for this transaction alone, and their rows away.
func empty(ctx context.Context, q querier, replace bool) error {
	ours, err := listTables(ctx, q.tx)
	if err != nil {
		return err
	}
	if _, err := q.Exec(ctx, "SET LOCAL lock_timeout = '"+restoreLockTimeout+"'"); err != nil {
		return err
	}
	if err := hold(ctx, q, ours, "ACCESS EXCLUSIVE"); err != nil {
		return err
	}
	// Somebody may have been quicker than the lock.
	held, err := scanOne[bool](ctx, q, "SELECT EXISTS (SELECT 1 FROM accounts)")
	if err != nil {
		return err
	}
	if held && !replace {
		return errHeld
	}
	_, err = q.Exec(ctx, "TRUNCATE "+nameAll(ours))
	return err
}

// readIndex reads what the dump consists of. Names become part of SQL and of
// paths, so only ours pass.
func readIndex(dir string) (index, error) {
	text, err := os.ReadFile(filepath.Join(dir, indexName)) //nolint:gosec // the operator names the backup
	if err != nil {
		return index{}, err
	}
	var ix index
	if err := json.Unmarshal(text, &ix); err != nil {
		return index{}, fmt.Errorf("read %s: %w", indexName, err)
	}
	known := map[string]bool{}
	for _, name := range tables {
		known[name] = true
	}
	for _, t := range ix.Tables {
		if !known[t.Name] || !filepath.IsLocal(t.File) || len(t.Columns) == 0 {
			return index{}, core.Refuse("", fmt.Sprintf("%s names a table %q that this program does not know", indexName, t.Name))
		}
	}
	return ix, nil
}

func loadTable(ctx context.Context, t pgx.Tx, table dumpedTable, path string) error {
	f, err := os.Open(path) //nolint:gosec // the operator names the backup
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	_, err = t.Conn().PgConn().CopyFrom(ctx, f, "COPY "+table.list()+" FROM STDIN")
	return err
}
