package store

import (
	"context"
	"strconv"

	"parley/internal/core"
)

// DeliverJob is the kind of job that sends a webhook's events; its key is the
// webhook's id.
const DeliverJob = "webhook.deliver"

// DeliverOf returns the job that sends the webhook's events at the time given.
func DeliverOf(account, webhook int64, at core.Time) Job {
	return Job{AccountID: account, Kind: DeliverJob, Key: strconv.FormatInt(webhook, 10), RunAt: at}
}

// WebhookPosition is how far a webhook has come. Every webhook has one from its
// beginning, at the newest event of then.
type WebhookPosition struct {
	AccountID int64
	WebhookID int64
	Seq       int64 // the last event that became a delivery, or was not wanted
	// Revision rises with each change of the webhook, and when deliveries are
	// opened again: whoever sends reads anew.
	Revision int64
	// Failures counts the failed attempts since one was successful, or since
	// nothing was left to be sent; FailingSince is when the first of them was.
	// Nothing is sent before RetryAt.
	Failures     int64
	FailingSince core.Time
	RetryAt      core.Time
}

// DeliveryQuery says which deliveries of a webhook to list: those that match
// every field that is set.
type DeliveryQuery struct {
	State  core.DeliveryState
	Type   core.EventType
	From   core.Time // of CreatedAt
	To     core.Time // of CreatedAt, exclusive
	After  int64     // a seq, exclusive
	Before int64     // a seq, exclusive
	Limit  int       // at most; must be positive
}

// Webhooks reads webhooks and what was sent to them.
type Webhooks interface {
	Webhook(ctx context.Context, account, id int64) (core.Webhook, error)
	FindWebhookByURL(ctx context.Context, account int64, url string) (core.Webhook, bool, error)
	WebhookPosition(ctx context.Context, account, id int64) (WebhookPosition, error)
	// ListBehindWebhooks returns at most limit positions, of all accounts and in
	// no particular order: those of active webhooks whose log has gone on, whose
	// RetryAt has come, and whose DeliverJob is neither due nor held.
	ListBehindWebhooks(ctx context.Context, now core.Time, limit int) ([]WebhookPosition, error)
	// ListDeliveries returns deliveries without their bodies, the newest event
	// first.
	ListDeliveries(ctx context.Context, account, webhook int64, q DeliveryQuery) ([]core.Delivery, error)
	// ListOpenDeliveries returns at most limit open deliveries of events after
	// the seq, without their bodies, the oldest event first.
	ListOpenDeliveries(ctx context.Context, account, webhook, after int64, limit int) ([]core.Delivery, error)
	Delivery(ctx context.Context, account, webhook, seq int64) (core.Delivery, error)
	// DeliveriesBySeq returns those that exist with their bodies, in no
	// particular order. It takes at most MaxIDs numbers.
	DeliveriesBySeq(ctx context.Context, account, webhook int64, seqs []int64) ([]core.Delivery, error)
	// ListAttempts returns at most limit attempts of a delivery after the number,
	// the first one first.
	ListAttempts(ctx context.Context, account, webhook, seq, after int64, limit int) ([]core.Attempt, error)
}

// WebhookWrites changes webhooks and what was sent to them.
type WebhookWrites interface {
	// InsertWebhook also stores its position.
	InsertWebhook(ctx context.Context, w *core.Webhook) error
	// UpdateWebhook stores the whole row and raises the position's revision.
	UpdateWebhook(ctx context.Context, w core.Webhook) error
	// DeleteWebhook removes the webhook and its position. Its deliveries go when
	// their time comes.
	DeleteWebhook(ctx context.Context, account, id int64) error
	// RestartWebhook forgets the failures and raises the revision; the position
	// moves to seq.
	RestartWebhook(ctx context.Context, account, id, seq int64) error
	// AdvanceWebhook stores the position where its revision is still the stored
	// one, and reports whether it was: a webhook that is gone or was changed keeps
	// what it has.
	AdvanceWebhook(ctx context.Context, p WebhookPosition) (ok bool, err error)
	InsertDeliveries(ctx context.Context, deliveries []core.Delivery) error
	// UpdateDeliveries stores what attempts change: state, status, attempts,
	// failures, next and finishing time. One that is gone is passed over.
	UpdateDeliveries(ctx context.Context, deliveries []core.Delivery) error
	InsertAttempts(ctx context.Context, attempts []core.Attempt) error
	// OpenDeliveries opens deliveries again, to be tried at the time given, raises
	// the position's revision and returns how many they were: at most q.Limit of
	// those that match q, have a body and are not open; with open, of the open
	// ones as well.
	OpenDeliveries(ctx context.Context, account, webhook int64, q DeliveryQuery, open bool, at core.Time) (int, error)
	// PruneDeliveries removes the account's oldest deliveries that were made
	// before the time, at most limit of them, with their attempts, and returns
	// how many. Open ones of active webhooks stay unless they were made before
	// openBefore.
	PruneDeliveries(ctx context.Context, account int64, before, openBefore core.Time, limit int) (int, error)
}
