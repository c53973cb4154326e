package feed

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// TimelineQuery says what of a conversation's past to list.
type TimelineQuery struct {
	Before *Position        // nil = from the newest
	Types  []core.EventType // any of these; none = every type
	Limit  int              // from 1 to MaxLimit
}

// Happening is an event in a conversation's timeline: what happened, and by
// whom, the event tells; why, and to what, the rest.
type Happening struct {
	core.Event
	// Cause is one of core's constants that begin with Cause; "" = the actor
	// wanted it.
	Cause   string
	Changed []string // fields of the conversation; none for other events
}

// Timeline returns what happened in a conversation, the newest first, and where
// older things begin; nil at the beginning of what is kept. A page may be short
// before that: its work is bounded.
//
// A conversation that the viewer does not see is core.NotFound. A place in
// another history of the log is a *Resync.
func (f *Feed) Timeline(ctx context.Context, v Viewer, conversation int64, q TimelineQuery) (found []Happening, next *Position, err error) {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return nil, nil, core.Refuse("limit", fmt.Sprintf("a page holds 1 to %d events", MaxLimit))
	}
	err = f.store.View(ctx, func(ctx context.Context, r store.Reader) error {
		found, next, err = timeline(ctx, r, v, conversation, q)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read timeline: %w", err)
	}
	return found, next, nil
}

func timeline(ctx context.Context, r store.Reader, v Viewer, conversation int64, q TimelineQuery) (found []Happening, next *Position, err error) {
	c, err := r.Conversation(ctx, v.AccountID, conversation)
	if err != nil {
		return nil, nil, err
	}
	if v.ContactID != 0 && v.ContactID != c.ContactID || !v.InSight(c.InboxID) {
		return nil, nil, core.Absent("conversation")
	}
	account, err := r.Account(ctx, v.AccountID)
	if err != nil {
		return nil, nil, err
	}
	at := Position{Epoch: account.Epoch}
	if q.Before != nil {
		if q.Before.Epoch != at.Epoch {
			return nil, nil, &Resync{OtherEpoch, Position{account.Epoch, account.EventSeq}}
		}
		at.Seq = q.Before.Seq
	}
	for looked := 0; looked < scanned; looked += q.Limit {
		events, err := r.ListEventsBefore(ctx, v.AccountID, conversation, at.Seq, q.Limit)
		if err != nil {
			return nil, nil, err
		}
		for i := range events {
			e := &events[i]
			at.Seq = e.Seq
			if !v.Wants(e, Query{Types: q.Types}) {
				continue
			}
			if found = append(found, happening(e)); len(found) == q.Limit {
				return found, &at, nil
			}
		}
		if len(events) < q.Limit {
			return found, nil, nil
		}
	}
	return found, &at, nil
}

// happening tells why something happened, and to what.
func happening(e *core.Event) Happening {
	h := Happening{Event: *e}
	if change, ok := e.Data.(core.ConversationChange); ok {
		h.Cause, h.Changed = change.Cause, slices.Clone(change.Changed)
	}
	return h
}
