package store

import (
	"context"
	"strconv"

	"parley/internal/core"
)

// Job is work that is to be done at a time, once. There is at most one of an
// account, a kind and a key.
type Job struct {
	AccountID int64
	Kind      string
	Key       string // what it is about
	RunAt     core.Time
	Attempts  int64 // how often it was tried in vain
	// LeaseUntil and Fence tell who works on it: until then nobody else claims
	// it, and each claim raises the fence, so that whoever comes back too late
	// finds that the job is another's.
	LeaseUntil core.Time
	Fence      int64
}

// WakeJob is the kind of job that wakes a snoozed conversation; its key is the
// conversation's id.
const WakeJob = "conversation.wake"

// WakeOf returns the job that wakes the conversation, with its time when it is
// snoozed until one; ok is false when nothing is to wake it.
func WakeOf(c *core.Conversation) (j Job, ok bool) {
	j = Job{AccountID: c.AccountID, Kind: WakeJob, Key: strconv.FormatInt(c.ID, 10), RunAt: c.SnoozedUntil}
	return j, c.Status == core.Snoozed && c.SnoozedUntil.IsSet()
}

// AssignJob is the kind of job that gives an inbox's conversations that nobody
// is in charge of to agents; its key is the inbox's id.
const AssignJob = "inbox.assign"

// Jobs reads work that waits.
type Jobs interface {
	// ListDueJobs returns at most limit jobs of the kinds, of all accounts, whose
	// time has come and that nobody holds, those that wait longest first. Without
	// kinds there are none.
	ListDueJobs(ctx context.Context, kinds []string, now core.Time, limit int) ([]Job, error)
	// FindJob returns the job of that kind and key.
	FindJob(ctx context.Context, account int64, kind, key string) (Job, bool, error)
	// ListJobs returns the account's jobs of that kind, by key.
	ListJobs(ctx context.Context, account int64, kind string) ([]Job, error)
}

// JobWrites changes work that waits.
type JobWrites interface {
	// PutJob stores a job, over one of the same kind and key: it is nobody's
	// again, and a claim of the older one is void.
	PutJob(ctx context.Context, j Job) error
	// HastenJob has a job done at RunAt at the latest, storing it where there is
	// none. A claim goes on: whoever holds it begins after this transaction, and
	// so finds what this one stored, or has ended before it, and the job is
	// there anew. Unlike PutJob it can be called as often as one likes without
	// keeping the job from being done.
	HastenJob(ctx context.Context, j Job) error
	// ClaimJob takes a job until the time given and reports whether it is the
	// caller's; j gets the new lease and fence. Somebody else may have taken,
	// changed or done it since it was read.
	ClaimJob(ctx context.Context, j *Job, until core.Time) (bool, error)
	// RenewJob holds a claimed job until the time given, and reports whether the
	// claim still held; j gets the new lease. The row stays locked until the
	// transaction ends: what else is stored with it is stored under the claim.
	RenewJob(ctx context.Context, j *Job, until core.Time) (bool, error)
	// FinishJob removes a claimed job and reports whether the claim still held.
	// Called in the transaction that does the work, it makes the work happen
	// once: without it nothing of the work is stored.
	FinishJob(ctx context.Context, j Job) (bool, error)
	// DelayJob gives a claimed job back, to be run at RunAt, if the claim still
	// holds.
	DelayJob(ctx context.Context, j Job) error
	// DeleteJob removes the job of that kind and key, if there is one.
	DeleteJob(ctx context.Context, account int64, kind, key string) error
}
