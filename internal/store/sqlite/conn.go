package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
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
	errNoRow    = errors.New("sqlite: the statement gave no row")
	errConnLost = errors.New("sqlite: the connection was lost")
	errDriver   = errors.New("sqlite: the driver lacks an interface")
	errRowsOpen = errors.New("sqlite: a statement was started before the rows of the last one were closed")
)

// conn is one connection with its prepared statements. It belongs to one
// goroutine at a time and walks one result at a time, as on PostgreSQL.
//
// It speaks to the driver itself. database/sql between them would do nothing
// that the pool does not do, and costs as much as a small query: a goroutine
// and several locks for each statement, a conversion by reflection for each
// column.
type conn struct {
	driver driver.Conn // nil until the connection is opened
	stmts  map[string]statement
	open   *rows          // the result that is being walked, or nil
	values []driver.Value // room for a row of it
	dead   bool           // the connection cannot be used again
}

// statement is what the driver's prepared statements are.
type statement interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// prepare returns the connection's statement for the text.
func (c *conn) prepare(ctx context.Context, text string) (statement, error) {
	if c.open != nil {
		return nil, errRowsOpen
	}
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	if c.driver == nil {
		return nil, errConnLost
	}
	preparer, ok := c.driver.(driver.ConnPrepareContext)
	if !ok {
		return nil, errDriver
	}
	made, err := preparer.PrepareContext(ctx, text)
	if err != nil {
		return nil, c.note(err)
	}
	s, ok := made.(statement)
	if !ok {
		return nil, errors.Join(errDriver, made.Close())
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
	r, err := c.start(ctx, text, args)
	if err == nil {
		n := len(r.Columns())
		c.values = slices.Grow(c.values[:0], n)[:n]
		c.open = &rows{ctx: ctx, driver: r, conn: c, done: done, values: c.values}
		return c.open, nil
	}
	err = c.note(err)
	if done != nil {
		done()
	}
	return nil, err
}

func (c *conn) start(ctx context.Context, text string, args []any) (driver.Rows, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	values, err := bind(args)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, values)
}

// bind turns arguments into the driver's values.
func bind(args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return values, nil
}

// Exec implements sqlstore.Querier.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	values, err := bind(args)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, values)
	if err != nil {
		return 0, c.note(err)
	}
	return res.RowsAffected()
}

// note looks whether an error says that the connection cannot be used again.
func (c *conn) note(err error) error {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, errConnLost) {
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
	if c.driver == nil {
		return nil
	}
	if c.open != nil {
		c.open.Close()
	}
	for _, s := range c.stmts {
		_ = s.Close() // see evict
	}
	err := c.driver.Close()
	c.driver, c.stmts, c.dead = nil, nil, false
	return err
}

// rows walks a result and gives the connection free at its end.
type rows struct {
	ctx    context.Context //nolint:containedctx // rows live no longer than their query
	driver driver.Rows
	conn   *conn
	done   func()
	values []driver.Value
	err    error
}

// Next implements sqlstore.Rows.
func (r *rows) Next() bool {
	if r.conn == nil {
		return false
	}
	err := r.ctx.Err()
	if err == nil {
		err = r.driver.Next(r.values)
	}
	if err == nil {
		return true
	}
	if err != io.EOF { //nolint:errorlint // the interface asks for this very value
		r.err = r.conn.note(err)
	}
	r.Close()
	return false
}

// Scan implements sqlstore.Rows.
func (r *rows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("scan: %d columns into %d targets", len(r.values), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.values[i]); err != nil {
			return fmt.Errorf("scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign stores a column's value. As on PostgreSQL, types are not converted
// into each other, and NULL needs a []byte or a pointer.
func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *core.Time:
		if n, ok := v.(int64); ok {
			*d = core.Time(n)
			return nil
		}
	case *core.JSON:
		if s, ok := v.(string); ok {
			*d = core.JSON(s)
			return nil
		}
	case *any:
		*d = v
		return nil
	case *[]byte:
		if b, ok := v.([]byte); ok || v == nil {
			*d = b
			return nil
		}
	default:
		return assignKind(reflect.ValueOf(dest), v)
	}
	return fmt.Errorf("%T does not take a %T", dest, v)
}

// assignKind is assign for types that are named after another one.
func assignKind(dest reflect.Value, v driver.Value) error {
	if dest.Kind() != reflect.Pointer || dest.IsNil() {
		return fmt.Errorf("%s is no target", dest.Type())
	}
	to := dest.Elem()
	if to.Kind() == reflect.Pointer {
		if v == nil {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return assign(to.Interface(), v)
	}
	switch v := v.(type) {
	case int64:
		if to.CanInt() && !to.OverflowInt(v) {
			to.SetInt(v)
			return nil
		}
	case string:
		if to.Kind() == reflect.String {
			to.SetString(v)
			return nil
		}
	case float64:
		if to.CanFloat() {
			to.SetFloat(v)
			return nil
		}
	}
	return fmt.Errorf("%s does not take a %T", dest.Type(), v)
}

// Err implements sqlstore.Rows.
func (r *rows) Err() error { return r.err }

// Close implements sqlstore.Rows.
func (r *rows) Close() {
	if r.conn == nil {
		return
	}
	if err := r.driver.Close(); r.err == nil {
		r.err = err
	}
	r.conn.open, r.conn = nil, nil
	if r.done != nil {
		r.done()
	}
}

// pool lends connections. A connection that was discarded is opened again when
// it is next lent.
type pool struct {
	connector driver.Connector
	free      chan *conn // holds every connection that is not lent
	once      sync.Once
	closed    chan struct{} // closed by close alone
}

func newPool(connector driver.Connector, size int) *pool {
	p := &pool{connector: connector, free: make(chan *conn, size), closed: make(chan struct{})}
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
	if c.driver != nil {
		return nil
	}
	d, err := p.connector.Connect(ctx)
	if err != nil {
		return err
	}
	c.driver, c.stmts = d, make(map[string]statement)
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
		return v, errNoRow
	}
	if err := r.Scan(&v); err != nil {
		return v, err
	}
	// The rest has to be walked: a statement is over only at its end.
	r.Next()
	return v, r.Err()
}
