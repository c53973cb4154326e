package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

// maxStatements bounds the prepared statements of one connection. Filters make
// SQL texts without end; the fixed ones are fewer.
const maxStatements = 256

// closePatience is how long Close waits for connections that are still lent.
const closePatience = 10 * time.Second

var (
	errClosed   = &core.Error{Kind: core.Unavailable, Message: "the database is closed"}
	errRowsOpen = errors.New("sqlite: a statement was started before the rows of the last one were closed")
)

// conn is one connection with its prepared statements. It belongs to one
// goroutine at a time and walks one result at a time, as on PostgreSQL.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
	open  *rows // the result that is being walked, or nil
	dead  bool  // database/sql has given the connection up
}

// prepare returns the connection's statement for the text.
func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if c.open != nil {
		return nil, errRowsOpen
	}
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(ctx, text)
	if err != nil {
		return nil, c.note(err)
	}
	if len(c.stmts) >= maxStatements {
		c.evict()
	}
	c.stmts[text] = s
	return s, nil
}

// evict drops any one statement: preparing a hot one again now and then costs
// less than the bookkeeping of an order of use on every call.
func (c *conn) evict() {
	for text, s := range c.stmts {
		delete(c.stmts, text)
		_ = s.Close() // finalizing reports the failure of its last run, which its caller has seen
		return
	}
}

// Query implements sqlstore.Querier.
func (c *conn) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return c.query(ctx, text, args, nil)
}

// query runs a statement; done, which may be nil, is called once when its rows
// are closed or it fails.
func (c *conn) query(ctx context.Context, text string, args []any, done func()) (sqlstore.Rows, error) {
	s, err := c.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err == nil {
		var r *sql.Rows
		if r, err = s.QueryContext(ctx, args...); err == nil { //nolint:rowserrcheck // the caller's to ask
			c.open = &rows{sql: r, conn: c, done: done}
			return c.open, nil
		}
	}
	err = c.note(err)
	if done != nil {
		done()
	}
	return nil, err
}

// Exec implements sqlstore.Querier.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, c.note(err)
	}
	return res.RowsAffected()
}

// note looks whether an error says that the connection cannot be used again.
func (c *conn) note(err error) error {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		c.dead = true
	}
	return err
}

// rollback leaves whatever transaction the connection is in, also when ctx has
// ended. It returns an error when the connection cannot be used again.
func (c *conn) rollback(ctx context.Context) error {
	if c.open != nil {
		c.open.Close()
	}
	_, err := c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
	return err
}

// discard closes the connection for good; SQLite rolls back what it began.
func (c *conn) discard() error {
	if c.sql == nil {
		return nil
	}
	if c.open != nil {
		c.open.Close()
	}
	for _, s := range c.stmts {
		_ = s.Close() // see evict
	}
	// ErrBadConn makes database/sql close the driver's connection at once.
	err := c.sql.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	c.sql, c.stmts, c.dead = nil, nil, false
	return err
}

// rows walks a result and gives the connection free at its end.
type rows struct {
	sql  *sql.Rows
	conn *conn
	done func()
	err  error // of closing
}

// Next implements sqlstore.Rows.
func (r *rows) Next() bool {
	if r.sql.Next() {
		return true
	}
	r.Close()
	return false
}

// Scan implements sqlstore.Rows.
func (r *rows) Scan(dest ...any) error { return r.sql.Scan(dest...) }

// Err implements sqlstore.Rows.
func (r *rows) Err() error {
	if err := r.sql.Err(); err != nil {
		return err
	}
	return r.err
}

// Close implements sqlstore.Rows.
func (r *rows) Close() {
	if r.conn == nil {
		return
	}
	r.err = r.sql.Close()
	r.conn.open, r.conn = nil, nil
	if r.done != nil {
		r.done()
	}
}

// pool lends connections. A connection that was discarded is opened again when
// it is next lent.
type pool struct {
	db     *sql.DB
	free   chan *conn // holds every connection that is not lent
	once   sync.Once
	closed chan struct{} // closed by close alone
}

func newPool(db *sql.DB, size int) *pool {
	p := &pool{db: db, free: make(chan *conn, size), closed: make(chan struct{})}
	for range size {
		p.free <- &conn{}
	}
	return p
}

// acquire waits for a connection until ctx ends or the pool is closed.
func (p *pool) acquire(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-p.free:
		if err := p.ensure(ctx, c); err != nil {
			p.free <- c
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, errClosed
	}
}

func (p *pool) ensure(ctx context.Context, c *conn) error {
	if c.sql != nil {
		return nil
	}
	s, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	c.sql, c.stmts = s, make(map[string]*sql.Stmt)
	return nil
}

// release takes a connection back.
func (p *pool) release(c *conn) {
	if c.dead {
		_ = c.discard() // it is lost already
	}
	p.free <- c
}

// close refuses new loans, waits a while for the connections that are lent and
// closes all.
func (p *pool) close() error {
	var errs []error
	p.once.Do(func() {
		close(p.closed)
		late := time.NewTimer(closePatience)
		defer late.Stop()
		for n := cap(p.free); n > 0; n-- {
			select {
			case c := <-p.free:
				errs = append(errs, c.discard())
			case <-late.C:
				errs = append(errs, fmt.Errorf("close database: %d connections are still in use", n))
				n = 0
			}
		}
		errs = append(errs, p.db.Close())
	})
	return errors.Join(errs...)
}

// scanOne returns the only column of the only row.
func scanOne[T any](ctx context.Context, q sqlstore.Querier, text string, args ...any) (T, error) {
	var v T
	r, err := q.Query(ctx, text, args...)
	if err != nil {
		return v, err
	}
	defer r.Close()
	if !r.Next() {
		if err := r.Err(); err != nil {
			return v, err
		}
		return v, sql.ErrNoRows
	}
	if err := r.Scan(&v); err != nil {
		return v, err
	}
	// The rest has to be walked: a statement is over only at its end.
	r.Next()
	return v, r.Err()
}
