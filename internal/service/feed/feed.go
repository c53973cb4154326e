package feed

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Bounds of a page.
const (
	// MaxLimit is how many events a page holds at most.
	MaxLimit = 500
	// scanned is how many events are looked at for a page at most.
	scanned = 5000
)

// Position is a place in an account's log: after the event Seq. An event that a
// page shows stands at its own number, in the epoch of the page's next position.
type Position struct {
	Epoch string
	Seq   int64
}

// Query says which events to list. The filters narrow what the viewer may see.
type Query struct {
	After *Position        // nil = from the oldest that is kept
	Types []core.EventType // any of these; none = every type
	// ContactID and ConversationID want events about this contact, this
	// conversation; 0 = any.
	ContactID, ConversationID int64
	Limit                     int // from 1 to MaxLimit
}

// Reason is why a position is of no use any more.
type Reason string

// The reasons.
const (
	OtherEpoch Reason = "epoch"     // an import or a restore began another history
	TooOld     Reason = "retention" // what came after it is not kept any more
	Unknown    Reason = "unknown"   // the log has not come that far
	Moved      Reason = "moved"     // conversations became this contact's that were another's
)

// Resync is the error of a reader that cannot go on from where it was: it reads
// anew what there is, and goes on from Next.
type Resync struct {
	Reason Reason
	Next   Position // the head, as of before that reading
}

// Error implements error.
func (r *Resync) Error() string { return "the log cannot be followed from there: " + string(r.Reason) }

// Feed reads the event log for viewers.
type Feed struct{ store store.Store }

// New returns the feed of st.
func New(st store.Store) *Feed { return &Feed{store: st} }

// Page returns events that the viewer may see, in order, and where the log goes
// on. A page may be short, or empty, before the head: its work is bounded, and
// what is filtered away is passed over. At the head the next position is the
// head's, so what is not for the viewer is not looked at again.
//
// A position that the log cannot be followed from is a *Resync.
func (f *Feed) Page(ctx context.Context, v Viewer, q Query) (events []core.Event, next Position, err error) {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return nil, Position{}, core.Refuse("limit", fmt.Sprintf("a page holds 1 to %d events", MaxLimit))
	}
	err = f.store.View(ctx, func(ctx context.Context, r store.Reader) error {
		events, next, err = page(ctx, r, v, q)
		return err
	})
	if err != nil {
		return nil, Position{}, fmt.Errorf("read events: %w", err)
	}
	return events, next, nil
}

func page(ctx context.Context, r store.Reader, v Viewer, q Query) ([]core.Event, Position, error) {
	account, err := r.Account(ctx, v.AccountID)
	if err != nil {
		return nil, Position{}, err
	}
	first, err := r.FirstEventSeq(ctx, v.AccountID)
	if err != nil {
		return nil, Position{}, err
	}
	head := Position{account.Epoch, account.EventSeq}
	after := first - 1
	if q.After != nil {
		if why := lost(*q.After, head, first); why != "" {
			return nil, Position{}, &Resync{why, head}
		}
		after = q.After.Seq
	}
	wanted, ok := v.narrow(q)
	if !ok {
		return nil, head, nil
	}
	wanted.After = after
	found, err := r.ListEventsOf(ctx, v.AccountID, wanted)
	if err != nil {
		return nil, Position{}, err
	}
	next := Position{account.Epoch, found.Next}
	if found.End {
		next = head
	}
	// From the beginning there is nothing that the viewer could have missed.
	if q.After != nil && v.moved(found.Events) {
		return nil, Position{}, &Resync{Moved, head}
	}
	events, err := v.seen(ctx, r, found.Events, q)
	return events, next, err
}

// lost says why the log cannot be followed from a position, "" when it can.
func lost(at, head Position, first int64) Reason {
	switch {
	case at.Epoch != head.Epoch:
		return OtherEpoch
	case at.Seq > head.Seq:
		return Unknown
	case at.Seq < first-1:
		return TooOld
	}
	return ""
}
