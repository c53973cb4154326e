package integrity

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// checkEvents proves that the log holds the account's first_event_seq to its
// event_seq without a gap, nothing older, and that every event can be read.
func (c *check) checkEvents(ctx context.Context) error {
	first, err := c.r.FirstEventSeq(ctx, c.account.ID)
	if err != nil {
		return fmt.Errorf("read first event: %w", err)
	}
	if first < 1 || first > c.account.EventSeq+1 {
		c.fault("account", c.account.ID, "first_event_seq is %d, outside 1 to %d", first, c.account.EventSeq+1)
		first = 1
	}
	// One that cannot be read is told below, or is older than all that is read.
	older, err := c.r.ListEventsOf(ctx, c.account.ID, store.EventQuery{Limit: 1, Scan: 1})
	if err == nil && len(older.Events) > 0 && older.Events[0].Seq < first {
		c.fault("event", older.Events[0].Seq, "is older than the account's first_event_seq %d", first)
	}
	last := first - 1
	limit := pageEvents
	for {
		events, err := c.r.ListEvents(ctx, c.account.ID, last, limit)
		switch {
		case err == nil:
			last = c.follow(last, events)
			if len(events) < limit {
				c.endOfLog(last)
				return nil
			}
		case !c.alive(ctx, err):
			return fmt.Errorf("list events: %w", err)
		case limit > 1:
			// One event of the page cannot be read: go step by step to it.
			limit = 1
		default:
			last++
			c.sum.Events++
			c.fault("event", last, "cannot be read: %v", err)
			limit = pageEvents
		}
	}
}

// alive tells whether a failed read may be the event's own fault: the account
// can still be read.
func (c *check) alive(ctx context.Context, err error) bool {
	if ctx.Err() != nil || core.KindOf(err) == core.Unavailable {
		return false
	}
	_, err = c.r.Account(ctx, c.account.ID)
	return err == nil
}

// follow reports gaps before and between events, and returns the last number.
func (c *check) follow(last int64, events []core.Event) int64 {
	c.sum.Events += int64(len(events))
	for i := range events {
		seq := events[i].Seq
		if seq > last+1 {
			c.missing(last+1, min(seq-1, c.account.EventSeq))
		}
		if seq > c.account.EventSeq {
			c.fault("event", seq, "is past the account's event_seq %d", c.account.EventSeq)
		}
		last = seq
	}
	return last
}

// endOfLog reports what is missing at the end.
func (c *check) endOfLog(last int64) {
	if last < c.account.EventSeq {
		c.missing(last+1, c.account.EventSeq)
	}
}

func (c *check) missing(from, to int64) {
	switch {
	case from == to:
		c.fault("event", from, "is missing")
	case from < to:
		c.fault("event", from, "is missing, with all up to %d", to)
	}
}
