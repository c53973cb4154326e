// Package webhook sends events to webhooks. It reads the event log for each
// webhook, makes a delivery of each event that is wanted, with the body as it
// is sent from then on, and sends deliveries until they arrive or are given up.
//
// A webhook is worked for by one node at a time, under the claim of a job
// (store.DeliverJob) with its fence: what a node stores after it has lost the
// claim is refused. Deliveries arrive at least once, those of a conversation in
// the order of its events; each keeps its message id, by which receivers tell
// repetitions. A receiver that is slow or dead holds up nobody but itself.
//
// All of it is safe for concurrent use.
package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/store"
)

// Format renders events for one kind of receiver. It must be safe for
// concurrent use.
type Format interface {
	// Body returns what is sent for the event of the account; ok is false when the
	// format has nothing for it. An error that is core.Unavailable is tried
	// again; any other is the event's own, which is then noted as failed.
	Body(ctx context.Context, account int64, e *core.Event) (contentType string, body []byte, ok bool, err error)
}

// HeaderFormat is a Format whose receivers look for headers beside those of
// Standard Webhooks.
type HeaderFormat interface {
	Format
	// Header adds the headers of one attempt. Those of every format stand above
	// it: it cannot change them.
	Header(h http.Header, s *Sending)
}

// Sending is an attempt that is about to be made.
type Sending struct {
	MessageID string
	At        int64 // Unix seconds, as they are signed
	Body      string
	Secret    string // the webhook's present one; a former one signs for Standard Webhooks alone
}

// Options is what a Deliverer works with. All of it is needed but Linger.
type Options struct {
	Store   store.Store
	Clock   core.Clock
	Log     *slog.Logger
	Client  *http.Client      // see safehttp; its Timeout bounds an attempt
	Formats map[string]Format // by name
	// Linger is how long a node goes on listening for a webhook to which nothing
	// is to be sent: until then the next event leaves at once, later it may take
	// a second.
	Linger time.Duration
}

// Deliverer sends events to webhooks.
type Deliverer struct {
	store   store.Store
	clock   core.Clock
	log     *slog.Logger
	client  *http.Client
	formats map[string]Format
	linger  time.Duration
}

// New returns a deliverer. It sends when a runner does its jobs (see Outside),
// and those are put by Watch.
func New(o Options) *Deliverer {
	return &Deliverer{store: o.Store, clock: o.Clock, log: o.Log, client: o.Client, formats: o.Formats, linger: o.Linger}
}

// Outside returns what does each kind of job.
func (d *Deliverer) Outside() map[string]job.Outside {
	return map[string]job.Outside{store.DeliverJob: d.deliver}
}

// Bounds of the watch.
const (
	watchEvery = time.Second
	foundRows  = 500
)

// Watch finds webhooks that have something to send and that nobody works for,
// and has runners do it, until ctx ends. hurry is called when there is something
// to do.
func (d *Deliverer) Watch(ctx context.Context, hurry func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		n, err := d.Find(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "webhooks are not looked after", slog.Any("error", err))
		}
		if n > 0 {
			hurry()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Find looks once, and returns how many webhooks it found.
func (d *Deliverer) Find(ctx context.Context) (int, error) {
	now := d.clock()
	behind, err := d.store.ListBehindWebhooks(ctx, now, foundRows)
	if err != nil {
		return 0, fmt.Errorf("list webhooks: %w", err)
	}
	for _, p := range behind {
		err := d.store.InTx(ctx, p.AccountID, func(ctx context.Context, tx store.Tx) error {
			return tx.HastenJob(ctx, store.DeliverOf(p.AccountID, p.WebhookID, now))
		})
		if err != nil {
			return 0, fmt.Errorf("begin to deliver: %w", err)
		}
	}
	return len(behind), nil
}
