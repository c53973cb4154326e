package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

const (
	start  = core.Time(1_800_000_000_000_000)
	second = core.Time(time.Second / time.Microsecond)
)

// world is a store with an account and one job, and a clock that tests set.
type world struct {
	*testing.T
	st      store.Store
	account int64
	now     atomic.Int64
}

func each(t *testing.T, run func(x *world)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := &world{T: t, st: testserver.Open(t, engine)}
			x.now.Store(int64(start))
			a := core.Account{Name: "Acme", CreatedAt: start, UpdatedAt: start}
			err := x.st.InTx(t.Context(), 0, func(ctx context.Context, tx store.Tx) error { return tx.InsertAccount(ctx, &a) })
			if err != nil {
				t.Fatal(err)
			}
			x.account = a.ID
			x.inTx(func(ctx context.Context, tx store.Tx) error {
				return tx.PutJob(ctx, store.Job{AccountID: a.ID, Kind: "call", Key: "1", RunAt: start})
			})
			run(x)
		})
	}
}

func (x *world) clock() core.Time { return core.Time(x.now.Load()) }

func (x *world) inTx(fn func(ctx context.Context, tx store.Tx) error) {
	x.Helper()
	if err := x.st.InTx(x.Context(), x.account, fn); err != nil {
		x.Fatal(err)
	}
}

// node returns a runner that has the job done by do.
func (x *world) node(do job.Outside) *job.Runner {
	return job.NewRunner(x.st, x.clock, testserver.Log(x.T), nil, map[string]job.Outside{"call": do})
}

func (x *world) work(r *job.Runner) {
	x.Helper()
	if err := r.Work(x.Context()); err != nil {
		x.Fatal(err)
	}
}

// job returns the job as it is stored; there is false when it is done.
func (x *world) job() (j store.Job, there bool) {
	x.Helper()
	j, there, err := x.st.FindJob(x.Context(), x.account, "call", "1")
	if err != nil {
		x.Fatal(err)
	}
	return j, there
}

func (x *world) setting(name string) string {
	x.Helper()
	value, _, err := x.st.FindSetting(x.Context(), name)
	if err != nil {
		x.Fatal(err)
	}
	return value
}

func put(name, value string) func(ctx context.Context, tx store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error { return tx.PutSetting(ctx, name, value) }
}

// TestOutside: what ends a job is stored with its end, and says when it is to be
// done again.
func TestOutside(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		calls := 0
		node := x.node(func(ctx context.Context, c *job.Claim) (job.End, error) {
			calls++
			if c.Left() != 30*time.Second || c.Job().Key != "1" {
				x.Errorf("%v left of %+v", c.Left(), c.Job())
			}
			x.now.Add(int64(20 * second))
			if err := c.InTx(ctx, put("said", "half")); err != nil {
				return nil, err
			}
			if c.Left() != 30*time.Second {
				x.Errorf("%v left after a transaction", c.Left())
			}
			if calls == 3 {
				return nil, nil
			}
			return func(ctx context.Context, tx store.Tx) (core.Time, error) {
				return x.clock() + core.Time(calls-1)*second, put("said", "all")(ctx, tx)
			}, nil
		})
		x.work(node) // again at once, then a second later
		if j, _ := x.job(); calls != 2 || j.RunAt != x.clock()+second || j.LeaseUntil != 0 || x.setting("said") != "all" {
			x.Errorf("%d calls, %+v, said %q", calls, j, x.setting("said"))
		}
		x.now.Add(int64(second))
		x.work(node)
		if _, there := x.job(); there || calls != 3 || x.setting("said") != "half" {
			x.Errorf("there still: %t, %d calls, said %q", there, calls, x.setting("said"))
		}
	})
}

// TestOutsideTakenOver: a node that is back after its lease stores nothing.
func TestOutsideTakenOver(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		for name, finish := range map[string]func(ctx context.Context, c *job.Claim) (job.End, error){
			"in a transaction": func(ctx context.Context, c *job.Claim) (job.End, error) { return nil, c.InTx(ctx, put("said", "late")) },
			"at its end": func(context.Context, *job.Claim) (job.End, error) {
				return func(ctx context.Context, tx store.Tx) (core.Time, error) { return 0, put("said", "late")(ctx, tx) }, nil
			},
			"with an error": func(context.Context, *job.Claim) (job.End, error) { return nil, errors.New("the call failed") },
		} {
			other := x.node(func(ctx context.Context, c *job.Claim) (job.End, error) {
				return func(ctx context.Context, tx store.Tx) (core.Time, error) {
					return x.clock() + 1, put("said", "in time")(ctx, tx)
				}, nil
			})
			x.work(x.node(func(ctx context.Context, c *job.Claim) (job.End, error) {
				x.now.Add(int64(31 * second)) // it slept
				x.work(other)                 //nolint:contextcheck // it has a context of its own
				return finish(ctx, c)
			}))
			if j, there := x.job(); !there || j.Attempts != 0 || x.setting("said") != "in time" {
				x.Errorf("%s: %+v, said %q", name, j, x.setting("said"))
			}
			x.now.Add(1)
		}
	})
}

func TestOutsideFails(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		for attempts, do := range []job.Outside{
			func(context.Context, *job.Claim) (job.End, error) { return nil, errors.New("the call failed") },
			func(context.Context, *job.Claim) (job.End, error) { panic("the call panicked") },
			func(context.Context, *job.Claim) (job.End, error) {
				return func(context.Context, store.Tx) (core.Time, error) { return 0, errors.New("the end failed") }, nil
			},
		} {
			before := x.clock()
			quiet := slog.New(slog.DiscardHandler) // a panic would fail the test
			x.work(job.NewRunner(x.st, x.clock, quiet, nil, map[string]job.Outside{"call": do}))
			j, there := x.job()
			if wait := j.RunAt - before; !there || j.Attempts != int64(attempts)+1 || wait != 10*second<<attempts || j.LeaseUntil != 0 {
				x.Errorf("%d: %+v after %d", attempts, j, wait)
			}
			x.now.Store(int64(j.RunAt))
		}
	})
}

// TestOutsideIsGivenBack: a node that stops leaves its jobs to others at once,
// and waits for what is under way.
func TestOutsideIsGivenBack(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		for _, failing := range []bool{false, true} {
			ctx, stop := context.WithCancel(x.Context())
			var ended atomic.Bool
			x.node(func(ctx context.Context, c *job.Claim) (job.End, error) {
				stop()
				<-ctx.Done()
				defer ended.Store(true)
				if failing {
					return nil, ctx.Err()
				}
				return func(context.Context, store.Tx) (core.Time, error) { return x.clock(), nil }, nil
			}).Run(ctx)
			if j, _ := x.job(); !ended.Load() || j.LeaseUntil != 0 || j.RunAt != x.clock() || j.Attempts != 0 {
				x.Errorf("ended: %t, %+v", ended.Load(), j)
			}
		}
	})
}

// TestOutsideSideBySide: a job that takes its time holds nobody up.
func TestOutsideSideBySide(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			return tx.PutJob(ctx, store.Job{AccountID: x.account, Kind: "call", Key: "2", RunAt: start + 1})
		})
		x.now.Add(1)
		second := make(chan struct{})
		x.work(x.node(func(_ context.Context, c *job.Claim) (job.End, error) {
			if c.Job().Key == "2" {
				close(second)
			}
			<-second
			return nil, nil
		}))
	})
}

// TestOutsideCrowd: jobs that are done outside and wait for others to end hold
// up none that is done in a transaction, even if they are older and many.
func TestOutsideCrowd(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		const crowd = 128 + 64 // all slots, and a whole page that waits for one
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			for i := range crowd - 1 { // there is one already
				if err := tx.PutJob(ctx, store.Job{AccountID: x.account, Kind: "call", Key: fmt.Sprint("more", i), RunAt: start}); err != nil {
					return err
				}
			}
			return tx.PutJob(ctx, store.Job{AccountID: x.account, Kind: "wake", Key: "1", RunAt: start + 1})
		})
		x.now.Add(1)
		var ended atomic.Int64
		woken := make(chan struct{})
		x.work(job.NewRunner(x.st, x.clock, testserver.Log(x.T), map[string]job.Handler{
			"wake": func(context.Context, store.Tx, store.Job) error {
				if n := ended.Load(); n > 0 {
					x.Errorf("it waited for %d others", n)
				}
				close(woken)
				return nil
			},
		}, map[string]job.Outside{"call": func(ctx context.Context, _ *job.Claim) (job.End, error) {
			defer ended.Add(1)
			select {
			case <-woken:
			case <-time.After(20 * time.Second): // so that the test ends where it fails
			}
			return nil, nil
		}}))
		if n := ended.Load(); n != crowd {
			x.Errorf("%d calls, want %d", n, crowd)
		}
	})
}

// TestHurry: nobody waits for the next look when there is something to do.
func TestHurry(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, stop := context.WithCancel(x.Context())
		defer stop()
		calls := 0
		var node *job.Runner
		node = x.node(func(context.Context, *job.Claim) (job.End, error) {
			if calls++; calls == 20 { // far less than twenty seconds
				stop()
			}
			node.Hurry()
			return func(context.Context, store.Tx) (core.Time, error) { return x.clock(), nil }, nil
		})
		node.Run(ctx)
		if calls < 20 {
			x.Errorf("%d calls", calls)
		}
	})
}
