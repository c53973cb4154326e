package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

// gate lets a test hold a writer's first transaction at its commit, so that
// what comes meanwhile waits together.
type gate struct {
	*sqlstore.Writer
	engine *fakeEngine
	open   chan struct{}
	stored []string // what insert was called with; each transaction's account is locked
}

// newGate returns a writer whose first commit waits until the gate opens, with
// that first command on its way.
func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{engine: &fakeEngine{}, open: make(chan struct{})}
	g.engine.onCommit = func() error { <-g.open; return nil }
	g.Writer = sqlstore.NewWriter(g.engine, func(ctx context.Context, q sqlstore.Querier, account, first int64, epoch string, events []core.Event) error {
		for i, e := range events {
			g.stored = append(g.stored, fmt.Sprintf("%d/%d/%s/%s", account, first+int64(i), epoch, e.Type))
		}
		_, err := q.Exec(ctx, "events")
		return err
	})
	g.send(write("first"))
	return g
}

// send starts a command and waits until the writer has taken it or it stands in
// the line. The answer can be read from the channel.
func (g *gate) send(fn sqlstore.Command) <-chan error {
	return g.sendFor(context.Background(), 1, fn)
}

func (g *gate) sendFor(ctx context.Context, account int64, fn sqlstore.Command) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- g.Do(ctx, account, fn) }()
	synctest.Wait()
	return answer
}

// release opens the gate and waits until all is quiet.
func (g *gate) release() {
	close(g.open)
	synctest.Wait()
}

func write(statement string) sqlstore.Command {
	return func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
		_, err := q.Exec(ctx, statement)
		return err
	}
}

func (g *gate) wantGroups(t *testing.T, want ...string) {
	t.Helper()
	if got := g.engine.groups(); !slices.Equal(got, want) {
		t.Errorf("committed transactions = %q, want %q", got, want)
	}
}

// answered returns the answer of a command that must be there.
func answered(t *testing.T, answer <-chan error) error {
	t.Helper()
	select {
	case err := <-answer:
		return err
	default:
		t.Error("the command was not answered")
		return nil
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error = %v, want %v", what, got, want)
	}
}

// inBubble runs a check with a virtual clock and closes the writer after it.
func inBubble(t *testing.T, check func(t *testing.T, g *gate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		check(t, g)
		if err := g.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if partitions, _ := g.Load(); partitions != 0 {
			t.Errorf("%d partitions are left", partitions)
		}
	})
}
