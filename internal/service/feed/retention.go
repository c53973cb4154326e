package feed

import (
	"context"
	"fmt"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// The kinds of jobs.
const (
	// ScheduleJob has the log of every account looked at; there is one for the
	// whole installation.
	ScheduleJob = "events.schedule"
	// PruneJob removes an account's events that are past their time.
	PruneJob = "events.prune"
)

// Bounds of the jobs.
const (
	pruneEvery = core.Time(time.Hour / time.Microsecond)
	// prunedAtOnce bounds how long one transaction keeps others waiting.
	prunedAtOnce = 2000
	pageRows     = 500
	// openKept is how long a delivery that an active webhook has still to send
	// stays at least. It is tried for three days once its turn has come.
	openKept = core.Time(30 * 24 * time.Hour / time.Microsecond)
)

// Retention removes events that are older than readers may fall behind, and the
// deliveries to webhooks of before that time, with their attempts. What an
// active webhook has still to send stays for thirty days at least: the log
// waits for such a webhook, and what it became does as well. It is safe for
// concurrent use.
type Retention struct {
	clock core.Clock
	keep  core.Time
}

// NewRetention returns what keeps events for the time given, 0 = for ever.
func NewRetention(clock core.Clock, keep time.Duration) *Retention {
	return &Retention{clock: clock, keep: core.Time(keep / time.Microsecond)}
}

// Handlers returns what does each kind of job, inside the transaction that
// removes it.
func (r *Retention) Handlers() map[string]func(ctx context.Context, tx store.Tx, j store.Job) error {
	return map[string]func(ctx context.Context, tx store.Tx, j store.Job) error{ScheduleJob: r.schedule, PruneJob: r.prune}
}

// Begin has the logs looked at now.
func (r *Retention) Begin(ctx context.Context, st store.Store) error {
	err := st.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error {
		return tx.PutJob(ctx, store.Job{Kind: ScheduleJob, RunAt: r.clock()})
	})
	if err != nil {
		return fmt.Errorf("begin retention: %w", err)
	}
	return nil
}

// schedule puts a job for each account, and itself for later. Where events are
// kept for ever it ends.
func (r *Retention) schedule(ctx context.Context, tx store.Tx, j store.Job) error {
	if r.keep == 0 {
		return nil
	}
	accounts, err := store.All(ctx, 0, pageRows, func(ctx context.Context, _, after int64, limit int) ([]core.Account, error) {
		return tx.ListAccounts(ctx, after, limit)
	}, func(a *core.Account) int64 { return a.ID })
	if err != nil {
		return err
	}
	now := r.clock()
	for i := range accounts {
		if err := tx.PutJob(ctx, store.Job{AccountID: accounts[i].ID, Kind: PruneJob, RunAt: now}); err != nil {
			return err
		}
	}
	j.RunAt, j.Attempts = now+pruneEvery, 0
	return tx.PutJob(ctx, j)
}

// prune removes some of what is past its time, and puts itself again when there
// is more.
func (r *Retention) prune(ctx context.Context, tx store.Tx, j store.Job) error {
	if r.keep == 0 {
		return nil
	}
	now := r.clock()
	events, err := tx.PruneEvents(ctx, j.AccountID, now-r.keep, prunedAtOnce)
	if err != nil {
		return err
	}
	deliveries, err := tx.PruneDeliveries(ctx, j.AccountID, now-r.keep, now-max(r.keep, openKept), prunedAtOnce)
	if err != nil || max(events, deliveries) < prunedAtOnce {
		return err
	}
	j.RunAt, j.Attempts = now, 0
	return tx.PutJob(ctx, j)
}
