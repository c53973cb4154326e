package search

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

// backfilledAtOnce bounds how long one transaction keeps others waiting.
const backfilledAtOnce = 250

// Backfill indexes what was stored without an index: by a version that had
// none, or by an import.
type Backfill struct{ clock core.Clock }

// NewBackfill returns the backfill that works by clock.
func NewBackfill(clock core.Clock) *Backfill { return &Backfill{clock: clock} }

// Handlers returns what does the job, inside the transaction that removes it.
func (b *Backfill) Handlers() map[string]func(ctx context.Context, tx store.Tx, j store.Job) error {
	return map[string]func(ctx context.Context, tx store.Tx, j store.Job) error{store.BackfillJob: b.fill}
}

// fill indexes some, and puts a job for what comes next. One that begins anew
// comes past all that others would, so they end.
func (b *Backfill) fill(ctx context.Context, tx store.Tx, j store.Job) error {
	if j.Key == "" {
		others, err := tx.ListJobs(ctx, j.AccountID, store.BackfillJob)
		if err != nil {
			return err
		}
		for _, other := range others {
			if err := tx.DeleteJob(ctx, j.AccountID, store.BackfillJob, other.Key); err != nil {
				return err
			}
		}
	}
	next, err := tx.Backfill(ctx, j.AccountID, j.Key, backfilledAtOnce)
	if err != nil || next == "" {
		return err
	}
	return tx.PutJob(ctx, store.Job{AccountID: j.AccountID, Kind: store.BackfillJob, Key: next, RunAt: b.clock()})
}
