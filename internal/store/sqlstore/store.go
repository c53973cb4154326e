package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"parley/internal/core"
	"parley/internal/store"
)

// Store is a store.Store on an Engine.
type Store struct {
	reader
	writer *writer
}

// New returns a store on engine, which it closes with itself. The schema must
// be current.
func New(engine Engine, onCommit func(commands int)) *Store {
	s := &Store{
		reader: newReader(engine, engine),
	}
	s.writer = newWriter(engine, s.insertEvents, onCommit)
	return s
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, r store.Reader) error) error {
	return s.engine.Snapshot(ctx, func(ctx context.Context, q Querier) error {
		return fn(ctx, newReader(s.engine, q))
	})
}

// Dump implements store.Store.
func (s *Store) Dump(ctx context.Context, dir string) (store.Dump, error) {
	return s.engine.Dump(ctx, dir)
}

// Analyze implements store.Store.
func (s *Store) Analyze(ctx context.Context) error {
	return s.engine.Classify(s.engine.Analyze(ctx))
}

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error { return s.engine.Ready(ctx) }

// reader is a store.Reader on a Querier: the reader pool, a snapshot or a
// write transaction.
type reader struct {
	checked
	engine Engine
	texts  textIndex
	// inTx: the counters of the account lag behind until the commit.
	inTx bool
}

func newReader(engine Engine, q Querier) reader {
	return reader{checked: checked{q: q, classify: engine.Classify}, engine: engine, texts: textIndexes[engine.TextIndex()]}
}

func newTx(s *Store, q Querier) *tx {
	t := &tx{reader: newReader(s.engine, q)}
	t.inTx = true
	return t
}

// tx is the store.Tx of one command. Its commit group makes it and reads what
// it leaves: see writer.go.
type tx struct {
	reader
	pending
	// lifted is the highest id of each space that its sequence has passed
	// during this command.
	lifted map[Space]int64
	// locked are the rows of conversations, by id, as they are stored.
	locked map[int64][]any
	// tallied is where the conversations that the command met are counted, by
	// id.
	tallied map[int64]store.TallyKey
	// contacts are the rows that the command has read, by id.
	contacts map[int64][]any
	// stale are the contacts whose documents are made anew at the end.
	stale []contactKey
	// unindexed: see store.SearchWrites.
	unindexed bool
}

// Emit implements store.Tx.
func (t *tx) Emit(events ...core.Event) { t.events = append(t.events, events...) }

// addConversations notes that the account has n conversations more.
func (t *tx) addConversations(account, n int64) {
	if t.conversations == nil {
		t.conversations = map[int64]int64{}
	}
	t.conversations[account] += n
}

// find returns the first row, if there is one. It scans into r.
func find[T any](ctx context.Context, c checked, r row[T], sql string, args ...any) (T, bool, error) {
	var none T
	rows, err := c.query(ctx, sql, args...)
	if err != nil {
		return none, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return none, false, c.classify(err)
		}
		return none, false, nil
	}
	if err := rows.Scan(r.targets()...); err != nil {
		return none, false, c.classify(err)
	}
	// A statement that writes is over only at its end: foreign keys are looked
	// at there.
	rows.Next()
	if err := rows.Err(); err != nil {
		return none, false, c.classify(err)
	}
	return r.value(), true, nil
}

// get is find for a row that must be there; what names it in the error.
func get[T any](ctx context.Context, c checked, r row[T], what, sql string, args ...any) (T, error) {
	v, ok, err := find(ctx, c, r, sql, args...)
	if err == nil && !ok {
		err = core.Absent(what)
	}
	return v, err
}

// list returns all rows. It scans each into r.
func list[T any](ctx context.Context, c checked, r row[T], sql string, args ...any) ([]T, error) {
	rows, err := c.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	// One row serves all: a scan sets every field, and value copies.
	targets := r.targets()
	var all []T
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, c.classify(err)
		}
		all = append(all, r.value())
	}
	if err := rows.Err(); err != nil {
		return nil, c.classify(err)
	}
	return all, nil
}

// number is a row of one integer.
type number struct{ n int64 }

func (r *number) targets() []any { return []any{&r.n} }
func (r *number) value() int64   { return r.n }

// pair is a row of two integers.
type pair struct{ a, b int64 }

func (r *pair) targets() []any { return []any{&r.a, &r.b} }
func (r *pair) value() pair    { return *r }

// line is a row of one text.
type line struct{ text string }

func (r *line) targets() []any { return []any{&r.text} }
func (r *line) value() string  { return r.text }

// source is a table whose rows have an id of their own, with the statements
// that insert one.
type source struct {
	table
	space     Space
	shared    bool // the id comes from the space, before the row is stored
	insertSQL string
	newSQL    string
}

func newSource(t table) source {
	return source{table: t, space: Space(t.name), insertSQL: t.insert(), newSQL: t.insertNew()}
}

func newSharedSource(t table, space Space) source {
	return source{table: t, space: space, shared: true, insertSQL: t.insert()}
}

// errNoIDs is what an import of very large ids leaves behind.
var errNoIDs = &core.Error{Kind: core.Invalid, Message: "no ids are left: the largest one is in use"}

// insert stores a row, whose first value is the id, and returns that id: the
// given one, or the next of the space when it is 0.
func (t *tx) insert(ctx context.Context, s source, args []any) (int64, error) {
	// Before the first statement: taking an id is a write already.
	if err := checkArgs(args); err != nil {
		return 0, err
	}
	if given, ok := args[0].(int64); ok && given != 0 {
		if _, err := t.exec(ctx, s.insertSQL, args...); err != nil {
			return 0, err
		}
		return given, t.lift(ctx, s.space, given)
	}
	if !s.shared {
		next, _, err := find(ctx, t.checked, new(number), s.newSQL, args[1:]...)
		if err == nil && next > core.MaxID {
			err = errNoIDs
		}
		return next, err
	}
	next, err := t.engine.NextID(ctx, t.q, s.space)
	if err != nil {
		return 0, t.classify(err)
	}
	if next > core.MaxID {
		return 0, errNoIDs
	}
	args[0] = next
	if _, err := t.exec(ctx, s.insertSQL, args...); err != nil {
		return 0, err
	}
	return next, nil
}

// execMany runs statements that each bind a fixed number of rows, for the sizes
// of manySizes.
func execMany[T any](ctx context.Context, t *tx, texts map[int]string, rows []T, bind func(*T) []any) error {
	for _, size := range manySizes {
		for len(rows) >= size {
			var args []any
			for i := range size {
				args = append(args, bind(&rows[i])...)
			}
			if _, err := t.exec(ctx, texts[size], args...); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

// set runs an update of one row; what names the row that must be there.
func (t *tx) set(ctx context.Context, what string, u update, args []any) error {
	n, err := t.exec(ctx, u.sql, u.args(args)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return core.Absent(what)
	}
	return nil
}

// remove runs a deletion of one row; what names the row that must be there.
func (t *tx) remove(ctx context.Context, what, sql string, account, id int64) error {
	n, err := t.exec(ctx, sql, account, id)
	if err == nil && n == 0 {
		err = core.Absent(what)
	}
	return err
}

// give returns id, or a new UUID of version 4 when it is "".
func (t *tx) give(id string) string {
	if id == "" {
		return uuid.NewString()
	}
	return id
}

var (
	_ store.Store = (*Store)(nil)
	_ store.Tx    = (*tx)(nil)
)
