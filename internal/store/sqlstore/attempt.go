package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"parley/internal/core"
)

// pending is what a command leaves for the end of its transaction: all is
// settled under the lock of the account's row, which is taken last and held
// for as short as can be.
type pending struct {
	events []core.Event
	// conversations is how many conversations were added, by account.
	conversations map[int64]int64
	// tallies is by how much each count of conversations changed.
	tallies map[tallyKey]int64
	// kept is the oldest event that the log keeps, by account.
	kept map[int64]int64
}

var (
	errEnded  = errors.New("a transaction was used after its command had ended")
	errGoexit = &core.Error{Kind: core.Internal, Err: errors.New("the command ended its goroutine")}
)

// attempt is one run of a command inside a transaction: the Querier that the
// command works with, which notes what the transaction's fate depends on.
type attempt struct {
	pending
	ctx     context.Context // the transaction's: whatever the command passes, its end does not stop a statement
	q       Querier
	wrote   bool  // a statement that may change something was run
	failure error // of the first statement that failed, or of a panic
	err     error // what the command returned
	open    Rows
	ended   bool
}

// run calls fn and settles what became of it. A panic counts as a failed
// statement: what it interrupted is unknown.
func (a *attempt) run(fn func(ctx context.Context, q Querier, left *pending) error) {
	defer func() {
		a.ended = true
		if r := recover(); r != nil {
			a.failure = &core.Error{Kind: core.Internal, Err: fmt.Errorf("panic in a command: %v\n%s", r, debug.Stack())}
			a.err = a.failure
		}
		// Rows that were not closed would block the next command.
		if a.open != nil {
			a.open.Close()
		}
	}()
	a.err = fn(a.ctx, a, &a.pending)
	if a.err == nil && a.failure != nil {
		a.err = a.failure // swallowed by the command, but the transaction is lost
	}
}

// spoiled tells whether the transaction cannot go on: a statement failed, or
// the command wrote and then changed its mind.
func (a *attempt) spoiled() bool {
	return a.failure != nil || (a.err != nil && a.wrote)
}

// Query implements Querier.
func (a *attempt) Query(_ context.Context, sql string, args ...any) (Rows, error) {
	if err := a.before(sql); err != nil {
		return nil, err
	}
	rows, err := a.q.Query(a.ctx, sql, args...) //nolint:contextcheck // see ctx
	if err != nil {
		a.fail(err)
		return nil, err
	}
	a.open = rows
	return &attemptRows{Rows: rows, attempt: a}, nil
}

// Exec implements Querier.
func (a *attempt) Exec(_ context.Context, sql string, args ...any) (int64, error) {
	if err := a.before(sql); err != nil {
		return 0, err
	}
	n, err := a.q.Exec(a.ctx, sql, args...) //nolint:contextcheck // see ctx
	if err != nil {
		a.fail(err)
		return 0, err
	}
	return n, nil
}

// before refuses statements after a failed one: PostgreSQL would, and SQLite
// must not be kinder.
func (a *attempt) before(sql string) error {
	switch {
	case a.ended:
		return errEnded
	case a.failure != nil:
		return a.failure
	}
	if isWrite(sql) {
		a.wrote = true
	}
	return nil
}

// fail notes the first failure: what follows it is its echo.
func (a *attempt) fail(err error) {
	if a.failure == nil {
		a.failure = err
	}
}

// attemptRows notes failures that show only while rows are read, as those of
// INSERT ... RETURNING do on PostgreSQL.
type attemptRows struct {
	Rows
	attempt *attempt
}

func (r *attemptRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.note()
	return false
}

func (r *attemptRows) Scan(dest ...any) error {
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.attempt.fail(err)
	}
	return err
}

func (r *attemptRows) Close() {
	r.Rows.Close()
	r.note()
}

func (r *attemptRows) note() {
	if err := r.Err(); err != nil {
		r.attempt.fail(err)
	}
}

// isWrite tells whether a statement may change something. It errs on the side
// of yes: a false yes costs a replay, a false no would leave half a command in
// the group.
func isWrite(sql string) bool {
	sql = strings.TrimLeft(sql, " \t\r\n(")
	if startsWith(sql, "SELECT") {
		return false
	}
	if !startsWith(sql, "WITH") {
		return true
	}
	upper := strings.ToUpper(sql)
	for _, word := range [...]string{"INSERT", "UPDATE", "DELETE", "MERGE"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}

func startsWith(sql, word string) bool {
	return len(sql) > len(word) && strings.EqualFold(sql[:len(word)], word) && sql[len(word)] <= ' '
}
