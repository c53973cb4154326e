package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/event"
)

var listEventsSQL = `SELECT account_id, seq, epoch, type, at, actor_type, actor_id, actor_identity_id, contact_id, conversation_id, inbox_id, payload
	FROM events WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`

const eventColumns = 12

// eventSizes are the numbers of events that one statement stores, largest
// first.
var eventSizes = [...]int{16, 4, 1}

var insertEventsSQL = func() map[int]string {
	texts := map[int]string{}
	for _, size := range eventSizes {
		values := make([]string, size)
		for i := range values {
			values[i] = "(" + placeholders(i*eventColumns+1, eventColumns) + ")"
		}
		texts[size] = "INSERT INTO events (account_id, seq, epoch, type, at, actor_type, actor_id, actor_identity_id, contact_id, conversation_id, inbox_id, payload) VALUES " +
			strings.Join(values, ", ")
	}
	return texts
}()

type eventRow struct {
	core.Event
	payload string
}

func (r *eventRow) targets() []any {
	e := &r.Event
	return []any{
		&e.AccountID, &e.Seq, &e.Epoch, &e.Type, &e.At, &e.Actor.Type, &e.Actor.ID, &e.Actor.IdentityID,
		&e.ContactID, &e.ConversationID, &e.InboxID, &r.payload,
	}
}

func (r *eventRow) value() eventRow { return *r }

// ListEvents implements store.Events.
func (r reader) ListEvents(ctx context.Context, account, after int64, limit int) ([]core.Event, error) {
	found, err := page(ctx, r.checked, new(eventRow), limit, listEventsSQL, account, after)
	if err != nil {
		return nil, err
	}
	events := make([]core.Event, len(found))
	for i := range found {
		e := found[i].Event
		if e.Data, err = event.Decode(e.Type, found[i].payload); err != nil {
			return nil, fmt.Errorf("event %d of account %d: %w", e.Seq, account, err)
		}
		events[i] = e
	}
	return events, nil
}

// insertEvents stores the events of one account under the sequence numbers
// from firstSeq on. The caller has raised the account's event_seq in the same
// transaction.
func (s *Store) insertEvents(ctx context.Context, q Querier, account, firstSeq int64, epoch string, events []core.Event) error {
	c := checked{q: q, classify: s.engine.Classify}
	var args []any
	for _, size := range eventSizes {
		for len(events) >= size {
			args = args[:0]
			for i := range size {
				e := &events[i]
				payload, err := event.Encode(e.Data)
				if err != nil {
					return fmt.Errorf("event %s: %w", e.Type, err)
				}
				args = append(args, account, firstSeq+int64(i), epoch, string(e.Type), e.At, string(e.Actor.Type), e.Actor.ID, e.Actor.IdentityID,
					e.ContactID, e.ConversationID, e.InboxID, payload)
			}
			if _, err := c.exec(ctx, insertEventsSQL[size], args...); err != nil {
				return err
			}
			events, firstSeq = events[size:], firstSeq+int64(size)
		}
	}
	return nil
}
