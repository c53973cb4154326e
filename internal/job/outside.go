package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// outsideAtOnce bounds how many jobs of a node are done outside at a time.
const outsideAtOnce = 128

// Outside does a job whose effects are outside of the database, such as calling
// somebody, while the claim holds. It may take as long as it likes: each
// Claim.InTx renews the claim. Jobs of one runner are done side by side.
//
// It returns what ends the job, which is called in the transaction that gives
// the claim up and returns when the job is to be done again, 0 = never. A job
// that was hastened meanwhile looks there for what came. nil is never. When ctx
// ends, it returns soon; the job is then given back, for any node to go on with.
//
// Effects happen at least once: a node that dies leaves no note of its last
// ones, and the next holder repeats them.
type Outside = func(ctx context.Context, c *Claim) (end End, err error)

// End ends a job: see Outside.
type End = func(ctx context.Context, tx store.Tx) (next core.Time, err error)

// Claim is a job that this node holds. It is not safe for concurrent use.
type Claim struct {
	runner *Runner
	job    store.Job
}

// Job returns the job as it was claimed.
func (c *Claim) Job() store.Job { return c.job }

// Left returns how long nobody else takes the job.
func (c *Claim) Left() time.Duration {
	return time.Duration(c.job.LeaseUntil-c.runner.clock()) * time.Microsecond
}

// InTx is store.Store.InTx for work under the claim, which it renews: where the
// job is another's by now, fn is not called, nothing is stored and the error is
// ErrLost.
func (c *Claim) InTx(ctx context.Context, fn func(ctx context.Context, tx store.Tx) error) error {
	var held store.Job
	err := c.runner.store.InTx(ctx, c.job.AccountID, func(ctx context.Context, tx store.Tx) error {
		held = c.job // the command may be run again
		ok, err := tx.RenewJob(ctx, &held, c.runner.clock()+lease)
		if err == nil && !ok {
			err = ErrLost
		}
		if err != nil {
			return err
		}
		return fn(ctx, tx)
	})
	if err == nil {
		c.job = held
	}
	return err
}

// begin claims a job that is done outside and has it done. It reports whether
// it was this node's to do.
func (r *Runner) begin(ctx context.Context, j store.Job) (bool, error) {
	select {
	case r.slots <- struct{}{}:
	default:
		return false, nil // others have it, or it is found again
	}
	j, mine, err := r.claim(ctx, j)
	if err != nil || !mine {
		<-r.slots
		return false, err
	}
	r.running.Go(func() {
		defer func() {
			<-r.slots
			r.Hurry() // there may be more than there were slots
		}()
		r.doOutside(ctx, &Claim{runner: r, job: j})
	})
	return true, nil
}

func (r *Runner) doOutside(ctx context.Context, c *Claim) {
	end, err := r.guard(ctx, c)
	stopped := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		err = c.end(ctx, end)
	}
	switch {
	case err == nil, errors.Is(err, ErrLost):
		return
	case stopped:
		err = c.end(ctx, func(context.Context, store.Tx) (core.Time, error) { return r.clock(), nil })
	default:
		err = r.failed(ctx, c.job, err)
	}
	if err != nil && !errors.Is(err, ErrLost) {
		// The lease runs out, and it is tried again.
		r.log.WarnContext(ctx, "a job is not given back", slog.Any("error", err))
	}
}

// guard runs the handler; a panic is a failure with its trace.
func (r *Runner) guard(ctx context.Context, c *Claim) (end End, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a job: %v\n%s", p, debug.Stack())
		}
	}()
	return r.outside[c.job.Kind](ctx, c)
}

// end gives the claim up.
func (c *Claim) end(ctx context.Context, end End) error {
	return c.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		var next core.Time
		if end != nil {
			var err error
			if next, err = end(ctx, tx); err != nil {
				return err
			}
		}
		if !next.IsSet() {
			_, err := tx.FinishJob(ctx, c.job)
			return err
		}
		j := c.job
		j.RunAt, j.Attempts = next, 0
		return tx.DelayJob(ctx, j)
	})
}
