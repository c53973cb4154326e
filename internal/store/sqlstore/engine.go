package sqlstore

import (
	"context"
	"errors"

	"parley/internal/store"
)

// Querier runs SQL in the subset that both engines share, with $n placeholders.
// Arguments are int64, float64, string, []byte, bool-free and nil-able: the
// same Go types give the same values on both engines.
type Querier interface {
	// Query returns rows, which the caller closes.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	// Exec returns the number of rows changed.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
}

// Rows walks a result. Next returns false at the end and after a failure,
// which Err then returns. Close may be called more than once.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Engine is what one database brings to the shared SQL: connections, and the
// few things that the engines do not do alike.
type Engine interface {
	// Querier reads from the reader pool, each statement on its own.
	Querier

	// Snapshot runs fn on one unchanging state of the database.
	Snapshot(ctx context.Context, fn func(ctx context.Context, q Querier) error) error
	// Begin starts a write transaction.
	Begin(ctx context.Context) (EngineTx, error)
	// PerAccount tells whether write transactions of different accounts may
	// run side by side.
	PerAccount() bool

	// Classify turns a driver's error into a *core.Error by its code. A
	// *core.Error and a context's error come back as they are.
	Classify(err error) error
	// Retryable tells whether the whole transaction may succeed when run again
	// (serialisation failure, deadlock).
	Retryable(err error) bool

	// TextIndex says how documents are searched.
	TextIndex() TextIndex
	// ForUpdate is the clause that locks selected rows, "" where one writer
	// needs none.
	ForUpdate() string
	// JSONText is an expression for the text of a member of a JSON column;
	// NULL when the column is empty, the member absent or null.
	JSONText(column string, path []string) string
	// NextID takes the next id of a space that several tables share, or that is
	// needed before its row is stored.
	NextID(ctx context.Context, q Querier, space Space) (int64, error)
	// Lift raises a sequence so that id is never given out again.
	Lift(ctx context.Context, q Querier, space Space, id int64) error

	// Dump is store.Store's.
	Dump(ctx context.Context, dir string) (store.Dump, error)

	// Analyze is store.Store's.
	Analyze(ctx context.Context) error

	// Ready reports whether the database answers and its schema is current.
	Ready(ctx context.Context) error
	Close() error
}

// ErrRolledBack says that a Commit failed and certainly stored nothing.
var ErrRolledBack = errors.New("the transaction was rolled back")

// EngineTx is a write transaction. It walks one result at a time: rows have to
// be closed before the next statement.
type EngineTx interface {
	Querier
	// Commit makes the transaction durable. It has ended afterwards, whatever
	// Commit returns. An error that wraps ErrRolledBack says that nothing was
	// stored; any other leaves the outcome unknown.
	Commit(ctx context.Context) error
	// Rollback ends the transaction and is harmless after its end. An error
	// says that the connection was lost on the way, and the changes with it.
	Rollback() error
}

// TextIndex names what an engine searches documents with.
type TextIndex int

// The text indexes.
const (
	FTS5     TextIndex = iota + 1 // a virtual table beside the documents
	TSVector                      // a column of theirs with a GIN index
)

// Space names a sequence of ids: a shared space, or a table with one of its
// own.
type Space string

// The spaces that several tables share, or whose ids are needed before the
// row. Every other space is named after its table.
const (
	SpacePerson   Space = "person"   // contacts and agents
	SpaceIdentity Space = "identity" // identities of contacts and of agents
	SpaceEntry    Space = "entry"    // messages, notes and activities
)
