package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

var (
	errStatement = errors.New("fake: the statement failed")
	errRetry     = errors.New("fake: may pass")
	errLost      = errors.New("fake: the connection was lost")
)

// fakeEngine keeps the statements of committed transactions. A statement that
// starts with FAIL fails. Its transactions run side by side when perAccount is
// set.
type fakeEngine struct {
	sqlstore.Engine // what the writer does not call
	perAccount      bool

	mu        sync.Mutex
	committed [][]string // of each transaction that was committed; guarded by mu
	closed    bool       // guarded by mu

	// The hooks may be nil. They are called without mu.
	onBegin  func() error
	onExec   func(sql string) error
	onCommit func() error
}

func (e *fakeEngine) PerAccount() bool { return e.perAccount }

func (e *fakeEngine) Retryable(err error) bool { return errors.Is(err, errRetry) }

func (e *fakeEngine) Classify(err error) error {
	var known *core.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, errRetry):
		return &core.Error{Kind: core.Unavailable, Err: err}
	}
	return &core.Error{Kind: core.Internal, Err: err}
}

func (e *fakeEngine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

func (e *fakeEngine) Begin(context.Context) (sqlstore.EngineTx, error) {
	if e.onBegin != nil {
		if err := e.onBegin(); err != nil {
			return nil, err
		}
	}
	return &fakeTx{engine: e}, nil
}

// groups returns the committed transactions, each as its statements without
// those of the writer.
func (e *fakeEngine) groups() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	groups := make([]string, len(e.committed))
	for i, statements := range e.committed {
		groups[i] = strings.Join(statements, " ")
	}
	return groups
}

type fakeTx struct {
	engine     *fakeEngine
	statements []string
}

func (t *fakeTx) exec(ctx context.Context, sql string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.engine.onExec != nil {
		if err := t.engine.onExec(sql); err != nil {
			return err
		}
	}
	if strings.HasPrefix(sql, "FAIL") || strings.HasPrefix(sql, "SELECT FAIL") {
		return errStatement
	}
	if !strings.HasPrefix(sql, "SELECT") && !strings.HasPrefix(sql, "UPDATE accounts") {
		t.statements = append(t.statements, sql)
	}
	return nil
}

func (t *fakeTx) Query(ctx context.Context, sql string, _ ...any) (sqlstore.Rows, error) {
	if err := t.exec(ctx, sql); err != nil {
		return nil, err
	}
	return &fakeRows{late: strings.HasPrefix(sql, "LATE")}, nil
}

func (t *fakeTx) Exec(ctx context.Context, sql string, _ ...any) (int64, error) {
	return 1, t.exec(ctx, sql)
}

func (t *fakeTx) Commit(context.Context) error {
	if t.engine.onCommit != nil {
		if err := t.engine.onCommit(); err != nil {
			return err
		}
	}
	t.engine.mu.Lock()
	defer t.engine.mu.Unlock()
	t.engine.committed = append(t.engine.committed, t.statements)
	return nil
}

func (t *fakeTx) Rollback() error { return nil }

// fakeRows is one row (event_seq 1000 and an epoch), or a failure that shows
// only when it is read.
type fakeRows struct {
	late bool
	read bool
}

func (r *fakeRows) Next() bool {
	first := !r.read && !r.late
	r.read = true
	return first
}

func (r *fakeRows) Scan(dest ...any) error {
	seq, isSeq := dest[0].(*int64)
	epoch, isEpoch := dest[1].(*string)
	if !isSeq || !isEpoch {
		return errStatement
	}
	*seq, *epoch = 1000, "epoch"
	return nil
}

func (r *fakeRows) Err() error {
	if r.late && r.read {
		return errStatement
	}
	return nil
}

func (r *fakeRows) Close() {}
