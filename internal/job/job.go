// Package job does durable work: things that are to happen at a time, also
// when the server was away at that time, and once, however many nodes there
// are.
//
// A job is claimed under a lease, so that nodes do not work on the same one,
// and done in one transaction that also removes it: whoever comes back after
// its lease finds another fence, and nothing of its work is stored.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// Bounds of the work.
const (
	// claimed is how many jobs are taken at once.
	claimed = 64
	// lease is how long a node may work on what it has taken.
	lease = core.Time(30 * time.Second / time.Microsecond)
	// firstDelay and maxDelay bound how long a job that failed waits: twice as
	// long each time.
	firstDelay = core.Time(10 * time.Second / time.Microsecond)
	maxDelay   = core.Time(time.Hour / time.Microsecond)
	// pollEvery is how often it is looked for jobs, other nodes' among them.
	pollEvery = time.Second
)

// Handler does a job inside the transaction that removes it. It may put the
// same job again, for later.
type Handler = func(ctx context.Context, tx store.Tx, j store.Job) error

// Runner does jobs. It is safe for concurrent use.
type Runner struct {
	store    store.Store
	clock    core.Clock
	log      *slog.Logger
	handlers map[string]Handler // by kind
	outside  map[string]Outside // by kind
	inside   []string           // the kinds of handlers
	kinds    []string           // all of them
	hurried  chan struct{}      // holds a value when there is something to do at once
	slots    chan struct{}      // holds a value for each job that is done outside
	running  sync.WaitGroup     // one for each of them
}

// NewRunner returns a runner of the kinds of job that have handlers, either in
// the transaction or outside. Others are left to whoever knows them.
func NewRunner(st store.Store, clock core.Clock, log *slog.Logger, handlers map[string]Handler, outside map[string]Outside) *Runner {
	inside := slices.Collect(maps.Keys(handlers))
	return &Runner{
		store: st, clock: clock, log: log, handlers: handlers, outside: outside,
		inside: inside, kinds: slices.AppendSeq(slices.Clone(inside), maps.Keys(outside)),
		hurried: make(chan struct{}, 1), slots: make(chan struct{}, outsideAtOnce),
	}
}

// Run does jobs as their time comes, until ctx ends and all that were begun
// have ended.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	defer r.running.Wait()
	for {
		if err := r.pass(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "jobs are not done", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-r.hurried:
		case <-tick.C:
		}
	}
}

// Hurry has Run look for jobs at once. It does not wait.
func (r *Runner) Hurry() {
	select {
	case r.hurried <- struct{}{}:
	default:
	}
}

// Work does all jobs whose time has come, and returns when there are none left.
// A job that fails is logged and tried again later; an error is one of the
// database.
func (r *Runner) Work(ctx context.Context) error {
	for {
		err := r.pass(ctx)
		r.running.Wait()
		if err != nil {
			return err
		}
		// What was done outside may have put itself again.
		due, err := r.due(ctx)
		if err != nil || len(due) == 0 || ctx.Err() != nil {
			return err
		}
	}
}

// due lists jobs that this runner can do. Those that wait for a slot are left
// out, however many they are: others do not wait behind them.
func (r *Runner) due(ctx context.Context) ([]store.Job, error) {
	kinds := r.kinds
	if len(r.slots) == cap(r.slots) {
		kinds = r.inside
	}
	due, err := r.store.ListDueJobs(ctx, kinds, r.clock(), claimed)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return due, nil
}

// pass does all jobs whose time has come, but only begins those that are done
// outside.
func (r *Runner) pass(ctx context.Context) error {
	for {
		due, err := r.due(ctx)
		if err != nil {
			return err
		}
		done := 0
		for i := range due {
			do := r.do
			if r.handlers[due[i].Kind] == nil {
				do = r.begin
			}
			ok, err := do(ctx, due[i])
			if err != nil {
				return err
			}
			if ok {
				done++
			}
		}
		// A job may have put itself again, for now. A page of which nothing could
		// be done is not asked for again.
		if done == 0 {
			return nil
		}
	}
}

// ErrLost ends the transaction of work whose claim no longer holds.
var ErrLost = errors.New("the job is another's")

// claim takes a job, and reports whether it is this node's to do.
func (r *Runner) claim(ctx context.Context, j store.Job) (taken store.Job, mine bool, err error) {
	err = r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) (err error) {
		taken = j // the command may be run again
		mine, err = tx.ClaimJob(ctx, &taken, r.clock()+lease)
		return err
	})
	if err != nil {
		return taken, false, fmt.Errorf("claim job: %w", err)
	}
	return taken, mine, nil
}

// do claims a job and does it. It reports whether it was this node's to do.
func (r *Runner) do(ctx context.Context, j store.Job) (bool, error) {
	j, mine, err := r.claim(ctx, j)
	if err != nil || !mine {
		return false, err
	}
	err = r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) error {
		held, err := tx.FinishJob(ctx, j)
		if err == nil && !held {
			err = ErrLost
		}
		if err != nil {
			return err
		}
		return r.handlers[j.Kind](ctx, tx, j)
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrLost), ctx.Err() != nil:
		return false, nil //nolint:nilerr // it was another's, or it is too late to do it here
	case core.KindOf(err) == core.Unavailable:
		return false, fmt.Errorf("do job: %w", err) // the lease runs out, and it is tried again
	}
	return true, r.failed(ctx, j, err)
}

// failed logs why a claimed job was not done, and has it tried again later.
func (r *Runner) failed(ctx context.Context, j store.Job, why error) error {
	r.log.ErrorContext(ctx, "job failed", slog.String("kind", j.Kind), slog.String("key", j.Key),
		slog.Int64("account_id", j.AccountID), slog.Int64("attempts", j.Attempts+1), slog.Any("error", why))
	j.RunAt = r.clock() + delay(j.Attempts)
	j.Attempts++
	err := r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) error { return tx.DelayJob(ctx, j) })
	if err != nil {
		return fmt.Errorf("delay job: %w", err)
	}
	return nil
}

// delay is how long a job waits that failed after so many attempts before.
func delay(attempts int64) core.Time {
	d := firstDelay
	for range min(attempts, 16) {
		d *= 2
	}
	return min(d, maxDelay)
}
