// Package webhook holds the use cases around webhooks: what they are, what was
// sent to them, and sending it again. The sending itself is internal/webhook's.
//
// All of it is safe for concurrent use.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"time"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Bounds of webhooks.
const (
	// MaxWebhooks is how many webhooks an account has at most.
	MaxWebhooks = 50
	// MaxOverlap is how long a former secret signs at most.
	MaxOverlap = 7 * 24 * time.Hour

	maxURLBytes = 2048
	secretBytes = 32
	pageRows    = 500
)

// Options says what webhooks may be.
type Options struct {
	// Formats are the names of the formats that there are; the first one is a
	// webhook's that names none.
	Formats []string
	// Types are the types of events that may be named.
	Types []core.EventType
	// Plain allows addresses without TLS.
	Plain bool
}

// Webhooks reads and changes webhooks, and what was sent to them.
type Webhooks struct {
	store store.Store
	clock core.Clock
	o     Options
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock, o Options) *Webhooks {
	return &Webhooks{store: st, clock: clock, o: o}
}

// Page returns at most limit webhooks with ids above after, by id.
func (s *Webhooks) Page(ctx context.Context, account, after int64, limit int) ([]core.Webhook, error) {
	rows, err := s.store.PageWebhooks(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page webhooks: %w", err)
	}
	return rows, nil
}

// Webhook returns a webhook.
func (s *Webhooks) Webhook(ctx context.Context, account, id int64) (core.Webhook, error) {
	w, err := s.store.Webhook(ctx, account, id)
	if err != nil {
		return core.Webhook{}, fmt.Errorf("read webhook: %w", err)
	}
	return w, nil
}

// Create makes a webhook of w's URL, events, format and whether it is enabled,
// in w's account, with a new secret. Without events it hears all. An address
// that another webhook has is core.Conflict. k may be nil; a repeated request
// gets the webhook as it is now.
func (s *Webhooks) Create(ctx context.Context, by core.Actor, w core.Webhook, k *repeat.Key) (core.Webhook, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, w.AccountID, k, func(ctx context.Context, tx store.Tx) (core.Webhook, int64, error) {
		now := s.clock()
		made := core.Webhook{
			AccountID: w.AccountID, URL: w.URL, Events: w.Events, Format: w.Format, Secret: newSecret(), Enabled: w.Enabled, CreatedAt: now, UpdatedAt: now,
		}
		if len(made.Events) == 0 {
			made.Events = []string{core.AllEvents}
		}
		if made.Format == "" {
			made.Format = s.o.Formats[0]
		}
		if err := s.check(ctx, tx, &made); err != nil {
			return made, 0, err
		}
		if all, err := tx.PageWebhooks(ctx, w.AccountID, 0, MaxWebhooks); err != nil || len(all) == MaxWebhooks {
			if err == nil {
				err = core.Refuse("", fmt.Sprintf("an account has at most %d webhooks", MaxWebhooks))
			}
			return made, 0, err
		}
		if err := tx.InsertWebhook(ctx, &made); err != nil {
			return made, 0, err
		}
		tx.Emit(webhookEvent(core.WebhookCreated, now, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Webhook, error) {
		return tx.Webhook(ctx, w.AccountID, id)
	})
	if err != nil {
		return core.Webhook{}, fmt.Errorf("create webhook: %w", err)
	}
	return made, nil
}

// newSecret is 32 random bytes in the form of Standard Webhooks.
func newSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// check refuses a webhook that cannot be stored as it is.
func (s *Webhooks) check(ctx context.Context, r store.Reader, w *core.Webhook) error {
	if len(w.URL) > maxURLBytes {
		return core.Refuse("url", fmt.Sprintf("has at most %d bytes", maxURLBytes))
	}
	if err := core.CheckWebhookURL(w.URL, s.o.Plain); err != nil {
		return err
	}
	if !slices.Contains(s.o.Formats, w.Format) {
		return core.Refuse("format", "there is no such format")
	}
	if len(w.Events) == 0 {
		return core.Refuse("events", "names at least one type")
	}
	for i, e := range w.Events {
		if e != core.AllEvents && !slices.Contains(s.o.Types, core.EventType(e)) || slices.Contains(w.Events[:i], e) {
			return core.Refuse("events", "are different types of events, or "+core.AllEvents)
		}
	}
	held, taken, err := r.FindWebhookByURL(ctx, w.AccountID, w.URL)
	if err == nil && taken && held.ID != w.ID {
		err = core.Taken("the url")
	}
	return err
}

// Update has change alter the webhook's URL, events, format and whether it is
// enabled, and stores what comes out. change may be called more than once, each
// time with the webhook as it is, and may refuse; whatever else it alters stays.
// A change that alters nothing is no event.
//
// A webhook that is enabled hears of what happens from then on; one that is not
// keeps what was to be sent, for when it is enabled again.
func (s *Webhooks) Update(ctx context.Context, by core.Actor, account, id int64, change func(w *core.Webhook) error) (core.Webhook, error) {
	w, err := s.change(ctx, by, account, id, core.WebhookUpdated, func(ctx context.Context, tx store.Tx, w *core.Webhook) error {
		before, wanted := *w, *w
		wanted.Events = slices.Clone(w.Events)
		if err := change(&wanted); err != nil {
			return err
		}
		w.URL, w.Events, w.Format, w.Enabled = wanted.URL, wanted.Events, wanted.Format, wanted.Enabled
		if err := s.check(ctx, tx, w); err != nil {
			return err
		}
		if !w.Enabled || before.Enabled {
			return nil
		}
		a, err := tx.Account(ctx, account)
		if err != nil {
			return err
		}
		return s.restart(ctx, tx, w, a.EventSeq)
	})
	if err != nil {
		return core.Webhook{}, fmt.Errorf("update webhook: %w", err)
	}
	return w, nil
}

// change has alter alter a webhook and stores it.
func (s *Webhooks) change(
	ctx context.Context, by core.Actor, account, id int64, typ core.EventType, alter func(ctx context.Context, tx store.Tx, w *core.Webhook) error,
) (core.Webhook, error) {
	var w core.Webhook
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.Webhook(ctx, account, id)
		if err != nil {
			return err
		}
		w = before
		if err := alter(ctx, tx, &w); err != nil || reflect.DeepEqual(w, before) {
			return err
		}
		w.UpdatedAt = s.clock()
		if err := tx.UpdateWebhook(ctx, w); err != nil {
			return err
		}
		tx.Emit(webhookEvent(typ, w.UpdatedAt, by, w))
		return nil
	})
	return w, err
}

// restart begins sending anew after the event seq, what is open first.
func (s *Webhooks) restart(ctx context.Context, tx store.Tx, w *core.Webhook, seq int64) error {
	now := s.clock()
	if err := tx.RestartWebhook(ctx, w.AccountID, w.ID, seq); err != nil {
		return err
	}
	q := store.DeliveryQuery{State: core.DeliveryOpen, Limit: maxOpened}
	if _, err := tx.OpenDeliveries(ctx, w.AccountID, w.ID, q, true, now); err != nil {
		return err
	}
	return tx.HastenJob(ctx, store.DeliverOf(w.AccountID, w.ID, now))
}

// Delete deletes a webhook. What was to be sent is not sent.
func (s *Webhooks) Delete(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Webhook]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		w, err := tx.Webhook(ctx, account, id)
		if err == nil {
			err = may.Of(w)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteWebhook(ctx, account, id); err != nil {
			return err
		}
		tx.Emit(webhookEvent(core.WebhookDeleted, s.clock(), by, w))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete webhook: %w", err)
	}
	return nil
}

// RotateSecret gives the webhook a new secret. The present one signs beside it
// for the overlap, so that the receiver can change over; one that was former
// then is forgotten. may may refuse.
func (s *Webhooks) RotateSecret(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Webhook], overlap time.Duration) (core.Webhook, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return core.Webhook{}, core.Refuse("overlap", fmt.Sprintf("is at most %s", MaxOverlap))
	}
	w, err := s.change(ctx, by, account, id, core.WebhookUpdated, func(_ context.Context, _ store.Tx, w *core.Webhook) error {
		if err := may.Of(*w); err != nil {
			return err
		}
		w.FormerSecret, w.FormerUntil = "", 0
		if overlap > 0 {
			w.FormerSecret, w.FormerUntil = w.Secret, s.clock()+core.Time(overlap/time.Microsecond)
		}
		w.Secret = newSecret()
		return nil
	})
	if err != nil {
		return core.Webhook{}, fmt.Errorf("rotate secret: %w", err)
	}
	return w, nil
}

// Resume has a paused webhook go on where it stood, as far as the log goes
// back. One that is not paused stays as it is. may may refuse.
func (s *Webhooks) Resume(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Webhook]) (core.Webhook, error) {
	w, err := s.change(ctx, by, account, id, core.WebhookUpdated, func(ctx context.Context, tx store.Tx, w *core.Webhook) error {
		if err := may.Of(*w); err != nil || !w.PausedAt.IsSet() {
			return err
		}
		w.PausedAt, w.PausedReason = 0, ""
		position, err := tx.WebhookPosition(ctx, account, id)
		if err != nil {
			return err
		}
		return s.restart(ctx, tx, w, position.Seq)
	})
	if err != nil {
		return core.Webhook{}, fmt.Errorf("resume webhook: %w", err)
	}
	return w, nil
}

// Test has an event sent that tells of nothing but the test: core.WebhookTested,
// to this webhook alone and whatever else it hears. A webhook that nothing is
// sent to is core.Conflict. may may refuse.
func (s *Webhooks) Test(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Webhook]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		w, err := tx.Webhook(ctx, account, id)
		if err == nil {
			err = may.Of(w)
		}
		if err != nil {
			return err
		}
		if !w.Active() {
			return &core.Error{Kind: core.Conflict, Message: "nothing is sent to the webhook: it is paused or not enabled"}
		}
		tx.Emit(webhookEvent(core.WebhookTested, s.clock(), by, w))
		return nil
	})
	if err != nil {
		return fmt.Errorf("test webhook: %w", err)
	}
	return nil
}

func webhookEvent(typ core.EventType, at core.Time, by core.Actor, w core.Webhook) core.Event {
	w.Secret, w.FormerSecret = "", ""
	return core.Event{AccountID: w.AccountID, Type: typ, At: at, Actor: by, Data: w}
}
