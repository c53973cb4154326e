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
}

// NewRunner returns a runner of the kinds of job that have handlers. Others
// are left to whoever knows them.
func NewRunner(st store.Store, clock core.Clock, log *slog.Logger, handlers map[string]Handler) *Runner {
	return &Runner{store: st, clock: clock, log: log, handlers: handlers}
}

// Run does jobs as their time comes, until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := r.Work(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "jobs are not done", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Work does all jobs whose time has come, and returns when there are none left.
// A job that fails is logged and tried again later; an error is one of the
// database.
func (r *Runner) Work(ctx context.Context) error {
	for {
		due, err := r.store.ListDueJobs(ctx, r.clock(), claimed)
		if err != nil {
			return fmt.Errorf("list jobs: %w", err)
		}
		done := 0
		for i := range due {
			if r.handlers[due[i].Kind] == nil {
				continue
			}
			ok, err := r.do(ctx, due[i])
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

// errLost ends the transaction of work whose claim no longer holds.
var errLost = errors.New("the job is another's")

// do claims a job and does it. It reports whether it was this node's to do.
func (r *Runner) do(ctx context.Context, j store.Job) (bool, error) {
	mine := false
	err := r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) (err error) {
		claim := j // the command may be run again
		if mine, err = tx.ClaimJob(ctx, &claim, r.clock()+lease); mine {
			j = claim
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim job: %w", err)
	}
	if !mine {
		return false, nil
	}
	err = r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) error {
		held, err := tx.FinishJob(ctx, j)
		if err == nil && !held {
			err = errLost
		}
		if err != nil {
			return err
		}
		return r.handlers[j.Kind](ctx, tx, j)
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errLost), ctx.Err() != nil:
		return false, nil //nolint:nilerr // it was another's, or it is too late to do it here
	case core.KindOf(err) == core.Unavailable:
		return false, fmt.Errorf("do job: %w", err) // the lease runs out, and it is tried again
	}
	r.log.ErrorContext(ctx, "job failed", slog.String("kind", j.Kind), slog.String("key", j.Key),
		slog.Int64("account_id", j.AccountID), slog.Int64("attempts", j.Attempts+1), slog.Any("error", err))
	j.RunAt = r.clock() + delay(j.Attempts)
	j.Attempts++
	err = r.store.InTx(ctx, j.AccountID, func(ctx context.Context, tx store.Tx) error { return tx.DelayJob(ctx, j) })
	if err != nil {
		return false, fmt.Errorf("delay job: %w", err)
	}
	return true, nil
}

// delay is how long a job waits that failed after so many attempts before.
func delay(attempts int64) core.Time {
	d := firstDelay
	for range min(attempts, 16) {
		d *= 2
	}
	return min(d, maxDelay)
}
