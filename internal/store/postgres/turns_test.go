package postgres

import (
	"context"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit"
)

// nodes are two servers on one database.
type nodes struct {
	*testing.T
	one, two store.Store
	eye      *Engine // looks at who waits
}

func openNodes(t *testing.T) nodes {
	t.Helper()
	url := testkit.Postgres(t)
	n := nodes{T: t}
	for _, st := range []*store.Store{&n.one, &n.two} {
		var err error
		if *st, err = OpenStore(t.Context(), Options{URL: url, MaxConns: 2}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := (*st).Close(); err != nil {
				t.Error(err)
			}
		})
	}
	var err error
	if n.eye, err = Open(t.Context(), Options{URL: url, MaxConns: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.eye.Close() })
	return n
}

func (n nodes) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// meet has the second node wait for what the first one holds until that one's
// transaction ends.
func (n nodes) meet(first, second func(ctx context.Context, tx store.Tx) error) {
	n.Helper()
	done := make(chan error, 1)
	n.must(n.one.InTx(n.Context(), 1, func(ctx context.Context, tx store.Tx) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		go func() { done <- n.two.InTx(context.WithoutCancel(ctx), 1, second) }()
		for {
			if waiting, err := n.waiting(ctx); waiting || err != nil {
				return err
			}
			if len(done) > 0 {
				n.Error("the second node did not wait")
				return nil
			}
		}
	}))
	n.must(<-done)
}

// waiting tells whether a transaction waits for another one.
func (n nodes) waiting(ctx context.Context) (waits bool, err error) {
	rows, err := n.eye.Query(ctx, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// TestTurnsAreHeld: whoever gives turns finds what another node gave.
func TestTurnsAreHeld(t *testing.T) {
	t.Parallel()
	n := openNodes(t)
	give := func(inbox int64) func(ctx context.Context, tx store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			last, err := tx.LockTurns(ctx, 1, inbox)
			if err != nil {
				return err
			}
			return tx.PutTurn(ctx, 1, inbox, last+1)
		}
	}
	n.meet(give(7), give(7)) // also where nobody had a turn before
	n.meet(give(8), give(7))
	n.must(n.one.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
		if last, err := tx.LockTurns(ctx, 1, 7); last != 3 || err != nil {
			t.Errorf("the last turn was %d's, %v; want 3", last, err)
		}
		return nil
	}))
}

// TestHastenedJobsAreDone: a job that is hastened while another node does it is
// there anew, and one that is done while it is hastened finds why.
func TestHastenedJobsAreDone(t *testing.T) {
	t.Parallel()
	n := openNodes(t)
	j := store.Job{AccountID: 1, Kind: "k", Key: "1", RunAt: 5}
	hasten := func(at core.Time) func(ctx context.Context, tx store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			again := j
			again.RunAt = at
			if err := tx.PutSetting(ctx, "why", "because"); err != nil {
				return err
			}
			return tx.HastenJob(ctx, again)
		}
	}
	why := ""
	do := func(ctx context.Context, tx store.Tx) error {
		held, err := tx.FinishJob(ctx, j)
		if err != nil {
			return err
		}
		if !held {
			t.Error("the claim is lost")
		}
		why, _, err = tx.FindSetting(ctx, "why")
		if err != nil {
			return err
		}
		again := j
		again.RunAt = 100
		return tx.PutJob(ctx, again)
	}
	find := func() store.Job {
		found, _, err := n.one.FindJob(t.Context(), 1, "k", "1")
		n.must(err)
		return found
	}
	n.must(n.one.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error { return tx.PutJob(ctx, j) }))
	j = find()
	n.meet(hasten(4), do)
	if why != "because" {
		t.Error("the job was done without what hastened it")
	}
	j = find()
	n.meet(do, hasten(3))
	if got := find(); got.RunAt != 3 {
		t.Errorf("the job is to be done at %d, want 3", got.RunAt)
	}
}
