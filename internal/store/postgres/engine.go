package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

// rollbackTimeout is how long a connection may take to roll back before it is
// given up.
const rollbackTimeout = 5 * time.Second

// closePatience is how long Close waits for connections that are in use. It is
// more than the 15 seconds for which the driver keeps one whose query was given
// up, until the server has ended it.
const closePatience = 20 * time.Second

// maxBegins is how many connections Begin tries: the pool may hold some that a
// restart of the server has cut.
const maxBegins = 3

// Engine is one PostgreSQL database. It implements sqlstore.Engine and is safe
// for concurrent use.
type Engine struct {
	pool      *pgxpool.Pool
	logger    *slog.Logger
	txTimeout time.Duration
	begin     string // what begins a write transaction
}

var _ sqlstore.Engine = (*Engine)(nil)

// Query reads on a connection of the pool, which is given back when the rows
// are closed.
func (e *Engine) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return queryRows(e.pool.Query(ctx, text, args...))
}

// Exec implements sqlstore.Querier.
func (e *Engine) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := e.pool.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

// Snapshot implements sqlstore.Engine. The state is that of fn's first read.
func (e *Engine) Snapshot(ctx context.Context, fn func(ctx context.Context, q sqlstore.Querier) error) error {
	t, err := e.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	// Nothing was written, so there is nothing to commit. Deferred, so that a
	// panic in fn does not keep the connection.
	defer func() { _ = rollback(t) }() //nolint:contextcheck // it has a context of its own
	return fn(ctx, querier{t})
}

// Begin implements sqlstore.Engine. The transaction ends by itself after
// Options.TxTimeout, and when it has said nothing for Options.TxSilence. When its connection is lost during COMMIT, Commit's error
// does not wrap sqlstore.ErrRolledBack: the server may have committed.
func (e *Engine) Begin(ctx context.Context) (sqlstore.EngineTx, error) {
	limited, cancel := context.WithTimeout(ctx, e.txTimeout)
	for tries := 1; ; tries++ {
		t, err := e.pool.BeginTx(limited, pgx.TxOptions{BeginQuery: e.begin})
		if err == nil {
			return &tx{outer: ctx, limited: limited, cancel: cancel, tx: t}, nil
		}
		var answer *pgconn.PgError
		if tries == maxBegins || limited.Err() != nil || (errors.As(err, &answer) && !isFatal(answer)) {
			err = ownLimit(ctx, limited, err)
			cancel()
			return nil, err
		}
	}
}

// TextIndex implements sqlstore.Engine.
func (e *Engine) TextIndex() sqlstore.TextIndex { return sqlstore.TSVector }

// PerAccount implements sqlstore.Engine.
func (e *Engine) PerAccount() bool { return true }

// ForUpdate implements sqlstore.Engine.
func (e *Engine) ForUpdate() string { return " FOR UPDATE" }

// JSONText implements sqlstore.Engine.
func (e *Engine) JSONText(column string, path []string) string {
	sqlstore.CheckJSONPath(path)
	return "CASE WHEN " + column + " = '' THEN NULL ELSE " + column + "::json #>> '{" + strings.Join(path, ",") + "}' END"
}

// sequences are those of the shared spaces.
var sequences = map[sqlstore.Space]string{
	sqlstore.SpacePerson:   "person_ids",
	sqlstore.SpaceIdentity: "identity_ids",
	sqlstore.SpaceEntry:    "entry_ids",
}

// sequence is an expression for the space's sequence, which binds the second
// result as $1: its own, or that of the id column of the table it is named
// after.
func sequence(space sqlstore.Space) (expr, name string) {
	if name, ok := sequences[space]; ok {
		return "$1::text::regclass", name
	}
	return "pg_get_serial_sequence($1::text, 'id')::regclass", string(space)
}

// NextID implements sqlstore.Engine. It outlives a roll-back: the id is spent.
func (e *Engine) NextID(ctx context.Context, q sqlstore.Querier, space sqlstore.Space) (int64, error) {
	expr, name := sequence(space)
	return scanOne[int64](ctx, q, "SELECT nextval("+expr+")", name)
}

// Lift goes up to liftBySteps ids by taking every one between. From farther it
// jumps, and lands liftHeadroom above the id.
const (
	liftBySteps  = 1000
	liftHeadroom = 1_000_000
)

// Lift implements sqlstore.Engine. It outlives a roll-back, as ids do.
//
// A sequence must never move back, yet setval writes what was true when the
// sequence was read, and others take ids meanwhile. So a short way is gone by
// nextval, which cannot go back. A long one is a jump by setval to far above
// the id, which others would have to pass during this one expression: a server
// whose cores are busy lets milliseconds go by there, in which another session
// takes thousands of ids. Next to the highest id there is no room above; nobody
// comes near it by taking ids.
func (e *Engine) Lift(ctx context.Context, q sqlstore.Querier, space sqlstore.Space, id int64) error {
	if id < 1 || id > core.MaxID {
		return core.Refuse("id", "must be positive and below 2^53")
	}
	expr, name := sequence(space)
	target := id
	if id <= core.MaxID/2 {
		target += liftHeadroom
	}
	_, err := q.Exec(ctx, "SELECT CASE WHEN gap > "+fmt.Sprint(liftBySteps)+" THEN setval(seq, $3)"+
		" ELSE (SELECT max(n) FROM (SELECT nextval(seq) AS n FROM generate_series(1, gap)) AS steps) END"+
		" FROM (SELECT seq, $2::bigint - COALESCE(pg_sequence_last_value(seq), 0) AS gap"+
		" FROM (SELECT "+expr+" AS seq) AS s) AS g WHERE gap > 0", name, id, target)
	return err
}

// Analyze implements sqlstore.Engine.
func (e *Engine) Analyze(ctx context.Context) error {
	for _, table := range tables {
		if _, err := e.Exec(ctx, "ANALYZE "+table); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}

// Close waits for the statements that are running and closes the pool. What
// runs after it fails with core.Unavailable. A connection that is not given
// back within closePatience is an error, and stays behind: whoever holds it
// would otherwise keep the process from ending.
func (e *Engine) Close() error {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		e.pool.Close()
	}()
	late := time.NewTimer(closePatience)
	defer late.Stop()
	select {
	case <-closed:
		return nil
	case <-late.C:
		return fmt.Errorf("close database: %d connections are still in use", e.pool.Stat().AcquiredConns())
	}
}

// tx is a write transaction with a time limit of its own.
type tx struct {
	outer   context.Context // whose end is the caller's wish
	limited context.Context // whose end is the limit's
	cancel  context.CancelFunc
	tx      pgx.Tx
}

// Query implements sqlstore.Querier.
func (t *tx) Query(_ context.Context, text string, args ...any) (sqlstore.Rows, error) {
	rows, err := queryRows(t.tx.Query(t.limited, text, args...)) //nolint:contextcheck // the limit outlives this call: rows are read under it
	return rows, t.ownLimit(err)
}

// Exec implements sqlstore.Querier.
func (t *tx) Exec(_ context.Context, text string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(t.limited, text, args...) //nolint:contextcheck // the transaction's own limit holds
	return tag.RowsAffected(), t.ownLimit(err)
}

// Commit implements sqlstore.EngineTx.
func (t *tx) Commit(context.Context) error {
	defer t.cancel()
	err := t.tx.Commit(t.limited) //nolint:contextcheck // the transaction's own limit holds
	var answer *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback), errors.As(err, &answer) && !isFatal(answer):
		// The server answered, and its answer was no.
		return fmt.Errorf("%w: %w", sqlstore.ErrRolledBack, err)
	}
	return t.ownLimit(err)
}

// Rollback implements sqlstore.EngineTx.
func (t *tx) Rollback() error {
	defer t.cancel()
	return rollback(t.tx)
}

// rollback uses a context of its own: the transaction's may have ended.
func rollback(t pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	err := t.Rollback(ctx)
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}

// ownLimit tells the engine's own time limit from the caller's: the caller did
// not ask for it and hears that the database is not available.
func ownLimit(outer, limited context.Context, err error) error {
	if err == nil || limited.Err() == nil || outer.Err() != nil {
		return err
	}
	// Without the context's error in the chain, which would pass for the caller's.
	return &core.Error{Kind: core.Unavailable, Message: "the database took too long", Err: errors.New(err.Error())}
}

func (t *tx) ownLimit(err error) error { return ownLimit(t.outer, t.limited, err) }

// querier is a transaction that only reads.
type querier struct{ tx pgx.Tx }

func (q querier) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return queryRows(q.tx.Query(ctx, text, args...))
}

func (q querier) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := q.tx.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

// queryRows keeps a nil pointer out of the interface.
func queryRows(rows pgx.Rows, err error) (sqlstore.Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// scanOne returns the only column of the only row.
func scanOne[T any](ctx context.Context, q sqlstore.Querier, text string, args ...any) (T, error) {
	var v T
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return v, err
		}
		return v, pgx.ErrNoRows
	}
	if err := rows.Scan(&v); err != nil {
		return v, err
	}
	rows.Close()
	return v, rows.Err()
}
