package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

// Engine is one open database file. It implements sqlstore.Engine and is safe
// for concurrent use.
type Engine struct {
	path    string
	logger  *slog.Logger
	mmap    int64    // see Options.MMapBytes
	lock    *DirLock // nil without a data directory
	writer  *pool    // of one connection
	readers *pool
}

var _ sqlstore.Engine = (*Engine)(nil)

// Path returns the absolute name of the database file.
func (e *Engine) Path() string { return e.path }

// Query reads on a connection of the reader pool, which is given back when the
// rows are closed.
func (e *Engine) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	c, err := e.readers.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return c.query(ctx, text, args, func() { e.readers.release(c) })
}

// Exec runs a statement on the reader pool, where anything that writes fails.
func (e *Engine) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	c, err := e.readers.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer e.readers.release(c)
	return c.Exec(ctx, text, args...)
}

// Snapshot implements sqlstore.Engine. The state is that of fn's first read.
func (e *Engine) Snapshot(ctx context.Context, fn func(ctx context.Context, q sqlstore.Querier) error) (err error) {
	c, err := e.readers.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.readers.release(c)
	if _, err := c.Exec(ctx, "BEGIN DEFERRED"); err != nil {
		return err
	}
	// Deferred, so that a panic in fn does not lend the transaction on.
	defer func() {
		if rerr := c.rollback(ctx); rerr != nil {
			err = errors.Join(err, c.discard())
		}
	}()
	return fn(ctx, c)
}

// Begin implements sqlstore.Engine: it waits until the writer is free.
func (e *Engine) Begin(ctx context.Context) (sqlstore.EngineTx, error) {
	c, err := e.writer.acquire(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		e.writer.release(c)
		return nil, err
	}
	return &tx{engine: e, conn: c}, nil
}

// TextIndex implements sqlstore.Engine.
func (e *Engine) TextIndex() sqlstore.TextIndex { return sqlstore.FTS5 }

// PerAccount implements sqlstore.Engine: there is one writer.
func (e *Engine) PerAccount() bool { return false }

// ForUpdate implements sqlstore.Engine: the one writer needs no row locks.
func (e *Engine) ForUpdate() string { return "" }

// JSONText implements sqlstore.Engine. Numbers, objects and arrays come as
// their JSON text; json_extract would reformat large numbers and turn booleans
// into 1 and 0.
func (e *Engine) JSONText(column string, path []string) string {
	sqlstore.CheckJSONPath(path)
	p := "'$." + strings.Join(path, ".") + "'"
	return "CASE WHEN " + column + " = '' THEN NULL ELSE CASE json_type(" + column + ", " + p + ")" +
		" WHEN 'null' THEN NULL WHEN 'text' THEN json_extract(" + column + ", " + p + ")" +
		" ELSE " + column + " -> " + p + " END END"
}

// Analyze implements sqlstore.Engine. Plans here rest on no statistics: the
// statements leave only one way to go.
func (e *Engine) Analyze(context.Context) error { return nil }

// NextID implements sqlstore.Engine for the spaces that id_spaces lists.
func (e *Engine) NextID(ctx context.Context, q sqlstore.Querier, space sqlstore.Space) (int64, error) {
	id, err := scanOne[int64](ctx, q, "UPDATE id_spaces SET last_id = last_id + 1 WHERE space = $1 RETURNING last_id", string(space))
	if errors.Is(err, errNoRow) {
		return 0, fmt.Errorf("next id: no space is called %q", space)
	}
	return id, err
}

// Lift implements sqlstore.Engine. A table's own sequence needs nothing: an
// explicit id lifts AUTOINCREMENT by itself.
func (e *Engine) Lift(ctx context.Context, q sqlstore.Querier, space sqlstore.Space, id int64) error {
	if id < 1 || id > core.MaxID {
		return core.Refuse("id", "must be positive and below 2^53")
	}
	_, err := q.Exec(ctx, "UPDATE id_spaces SET last_id = $2 WHERE space = $1 AND last_id < $2", string(space), id)
	return err
}

// Close waits for the statements that are running and closes the file. What
// runs after it fails with core.Unavailable.
func (e *Engine) Close() error {
	var errs []error
	// The writer closes last: the last connection moves the log into the file.
	if e.readers != nil {
		errs = append(errs, e.readers.close())
	}
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	return errors.Join(errs...)
}

// tx is a write transaction. It holds the writer until it ends.
type tx struct {
	engine *Engine
	conn   *conn // nil when it has ended
}

var errTxDone = errors.New("sqlite: the transaction has ended")

// Query implements sqlstore.Querier.
func (t *tx) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	if t.conn == nil {
		return nil, errTxDone
	}
	return t.conn.Query(ctx, text, args...)
}

// Exec implements sqlstore.Querier.
func (t *tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if t.conn == nil {
		return 0, errTxDone
	}
	return t.conn.Exec(ctx, text, args...)
}

// Commit implements sqlstore.EngineTx. After an error the transaction has
// ended too.
func (t *tx) Commit(ctx context.Context) error {
	if t.conn == nil {
		return errTxDone
	}
	_, err := t.conn.Exec(ctx, "COMMIT")
	if err == nil {
		t.end()
		return nil
	}
	err = errors.Join(err, t.Rollback()) //nolint:contextcheck // a roll-back needs no context
	if leavesOpen(err) {
		return fmt.Errorf("%w: %w", sqlstore.ErrRolledBack, err)
	}
	return err
}

// Rollback implements sqlstore.EngineTx. It is harmless after the end.
func (t *tx) Rollback() error {
	if t.conn == nil {
		return nil
	}
	var err error
	if t.conn.rollback(context.Background()) != nil {
		// SQLite has rolled back by itself (a full disk does that), or the
		// connection is in a state that nobody knows: a new one is not.
		err = t.conn.discard()
	}
	t.end()
	return err
}

func (t *tx) end() {
	t.engine.writer.release(t.conn)
	t.conn = nil
}
