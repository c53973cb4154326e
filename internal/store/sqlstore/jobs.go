package sqlstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

var jobTable = newTable("jobs", "account_id int, kind text, key text, run_at int, attempts int, lease_until int, fence int")

type jobRow struct{ store.Job }

func (r *jobRow) targets() []any {
	j := &r.Job
	return []any{&j.AccountID, &j.Kind, &j.Key, &j.RunAt, &j.Attempts, &j.LeaseUntil, &j.Fence}
}

func (r *jobRow) value() store.Job { return r.Job }

var (
	// The fence goes on rising while the row lives, and begins anywhere, so that
	// a claim of before never meets the same number again.
	putJobSQL = jobTable.insert() + ` ON CONFLICT (account_id, kind, key) DO UPDATE SET
		run_at = excluded.run_at, attempts = excluded.attempts, lease_until = 0, fence = jobs.fence + 1`
	hastenJobSQL = jobTable.insert() + ` ON CONFLICT (account_id, kind, key) DO UPDATE SET
		run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END`
	listJobsSQL  = jobTable.selectFrom("WHERE account_id = $1 AND kind = $2 ORDER BY key")
	dueJobsSQL   = jobTable.selectFrom("WHERE run_at <= $1 AND lease_until <= $1 AND ")
	findJobSQL   = jobTable.selectFrom("WHERE account_id = $1 AND kind = $2 AND key = $3")
	claimJobSQL  = "UPDATE jobs SET lease_until = $5, fence = fence + 1 WHERE account_id = $1 AND kind = $2 AND key = $3 AND fence = $4"
	renewJobSQL  = "UPDATE jobs SET lease_until = $5 WHERE account_id = $1 AND kind = $2 AND key = $3 AND fence = $4"
	finishJobSQL = "DELETE FROM jobs WHERE account_id = $1 AND kind = $2 AND key = $3 AND fence = $4"
	delayJobSQL  = "UPDATE jobs SET run_at = $5, attempts = $6, lease_until = 0 WHERE account_id = $1 AND kind = $2 AND key = $3 AND fence = $4"
	deleteJobSQL = "DELETE FROM jobs WHERE account_id = $1 AND kind = $2 AND key = $3"
)

// ListDueJobs implements store.Jobs.
func (r reader) ListDueJobs(ctx context.Context, kinds []string, now core.Time, limit int) ([]store.Job, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	args := []any{now}
	var b strings.Builder
	b.WriteString(dueJobsSQL)
	in(&b, &args, "kind", textValues(kinds))
	fmt.Fprintf(&b, " ORDER BY run_at, account_id, kind, key LIMIT $%d", len(args)+1)
	return page(ctx, r.checked, new(jobRow), limit, b.String(), args...)
}

// FindJob implements store.Jobs.
func (r reader) FindJob(ctx context.Context, account int64, kind, key string) (store.Job, bool, error) {
	return find(ctx, r.checked, new(jobRow), findJobSQL, account, kind, key)
}

// ListJobs implements store.Jobs.
func (r reader) ListJobs(ctx context.Context, account int64, kind string) ([]store.Job, error) {
	return list(ctx, r.checked, new(jobRow), listJobsSQL, account, kind)
}

// PutJob implements store.JobWrites.
func (t *tx) PutJob(ctx context.Context, j store.Job) error {
	return t.storeJob(ctx, putJobSQL, j)
}

// HastenJob implements store.JobWrites. On PostgreSQL it waits for whoever is
// doing the job, and holds up whoever is about to.
func (t *tx) HastenJob(ctx context.Context, j store.Job) error {
	return t.storeJob(ctx, hastenJobSQL, j)
}

func (t *tx) storeJob(ctx context.Context, sql string, j store.Job) error {
	fence := rand.Int64N(1 << 52) //nolint:gosec // it is no secret
	_, err := t.exec(ctx, sql, id(j.AccountID), keyText(j.Kind), keyText(j.Key), j.RunAt, j.Attempts, core.Time(0), fence)
	return err
}

// ClaimJob implements store.JobWrites.
func (t *tx) ClaimJob(ctx context.Context, j *store.Job, until core.Time) (bool, error) {
	n, err := t.exec(ctx, claimJobSQL, j.AccountID, j.Kind, j.Key, j.Fence, until)
	if err != nil || n == 0 {
		return false, err
	}
	j.LeaseUntil = until
	j.Fence++
	return true, nil
}

// RenewJob implements store.JobWrites.
func (t *tx) RenewJob(ctx context.Context, j *store.Job, until core.Time) (bool, error) {
	n, err := t.exec(ctx, renewJobSQL, j.AccountID, j.Kind, j.Key, j.Fence, until)
	if err != nil || n == 0 {
		return false, err
	}
	j.LeaseUntil = until
	return true, nil
}

// FinishJob implements store.JobWrites.
func (t *tx) FinishJob(ctx context.Context, j store.Job) (bool, error) {
	n, err := t.exec(ctx, finishJobSQL, j.AccountID, j.Kind, j.Key, j.Fence)
	return n == 1, err
}

// DelayJob implements store.JobWrites.
func (t *tx) DelayJob(ctx context.Context, j store.Job) error {
	_, err := t.exec(ctx, delayJobSQL, j.AccountID, j.Kind, j.Key, j.Fence, j.RunAt, j.Attempts)
	return err
}

// DeleteJob implements store.JobWrites.
func (t *tx) DeleteJob(ctx context.Context, account int64, kind, key string) error {
	_, err := t.exec(ctx, deleteJobSQL, account, kind, key)
	return err
}
