package webhook

import (
	"context"
	"fmt"
	"log/slog"

	"parley/internal/core"
	"parley/internal/store"
)

// plan makes deliveries of the next events of the log. It reports whether there
// may be more. That nothing was wanted is not stored at once: it is found out
// again where that is lost.
func (w *work) plan(ctx context.Context) (bool, error) {
	if w.more || w.stale || w.queue.size >= window {
		return false, nil
	}
	page, err := w.read(ctx)
	if err != nil {
		return false, fmt.Errorf("read the log: %w", err)
	}
	now := w.clock()
	var made []core.Delivery
	for i := range page.Events {
		v, wanted, err := w.render(ctx, &page.Events[i], now)
		if err != nil {
			return false, err
		}
		if wanted {
			made = append(made, v)
		}
	}
	before := w.position.Seq
	w.position.Seq = max(before, page.Next)
	if len(made) > 0 {
		err := w.save(ctx, func(ctx context.Context, tx store.Tx, current bool) error {
			if !current {
				return nil // it goes on elsewhere
			}
			return tx.InsertDeliveries(ctx, made)
		})
		if err != nil || w.stale {
			return false, err
		}
	}
	for i := range made {
		w.last = made[i].Seq
		if made[i].State != core.DeliveryOpen {
			continue
		}
		made[i].Body = "" // it is read again when it is sent
		w.queue.add(&made[i])
	}
	return !page.End && w.position.Seq > before, nil
}

// read reads the next events of the types that the webhook names. At the end of
// the log it goes on after all that was looked at, so that what is not wanted
// leaves nothing to be looked at again.
func (w *work) read(ctx context.Context) (store.EventPage, error) {
	q := store.EventQuery{After: w.position.Seq, Types: w.hook.Types(), Limit: planned, Scan: looked}
	var head int64
	if q.Types != nil {
		// Before the events: what is stored after it is not passed over.
		a, err := w.store.Account(ctx, w.account)
		if err != nil {
			return store.EventPage{}, err
		}
		head = a.EventSeq
	}
	page, err := w.store.ListEventsOf(ctx, w.account, q)
	if page.End {
		page.Next = max(page.Next, head)
	}
	return page, err
}

// render makes a delivery of an event, unless the webhook does not hear of it
// or its format has nothing for it.
func (w *work) render(ctx context.Context, e *core.Event, now core.Time) (v core.Delivery, wanted bool, err error) {
	if !w.hook.Wants(e) {
		return v, false, nil
	}
	contentType, body, ok, err := w.body(ctx, e)
	if err == nil && !ok {
		return v, false, nil
	}
	if err != nil && (core.KindOf(err) == core.Unavailable || ctx.Err() != nil) {
		return v, false, fmt.Errorf("render event %d: %w", e.Seq, err)
	}
	v = core.Delivery{
		AccountID: w.account, WebhookID: w.id, Seq: e.Seq, MessageID: messageID(e, w.id), EventType: e.Type, ConversationID: e.ConversationID,
		ContentType: contentType, Body: string(body), State: core.DeliveryOpen, NextAt: now, CreatedAt: now,
	}
	if err != nil {
		w.log.ErrorContext(ctx, "an event cannot be rendered", slog.Int64("account_id", w.account), slog.Int64("webhook_id", w.id),
			slog.Int64("seq", e.Seq), slog.Any("error", err))
		v.ContentType, v.Body, v.State, v.NextAt, v.FinishedAt = "", "", core.DeliveryFailed, 0, now
	}
	return v, true, nil
}

// body renders an event in the webhook's format. A test is sent whatever the
// format knows.
func (w *work) body(ctx context.Context, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	format := w.formats[w.hook.Format]
	if format == nil {
		return "", nil, false, fmt.Errorf("there is no format %q", w.hook.Format)
	}
	contentType, body, ok, err = format.Body(ctx, w.account, e)
	if err == nil && !ok && e.Type == core.WebhookTested {
		return "application/json", []byte(`{"type":"` + string(e.Type) + `"}`), true, nil
	}
	return contentType, body, ok, err
}
