package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/event"
	"parley/internal/store"
)

const (
	eventColumns  = "account_id, seq, epoch, type, at, actor_type, actor_id, actor_identity_id, contact_id, conversation_id, inbox_id, payload"
	eventCount    = 12 // columns of an event
	selectEvents  = "SELECT " + eventColumns + " FROM events WHERE account_id = $1 AND seq > $2"
	listEventsSQL = selectEvents + " ORDER BY seq LIMIT $3"
	// What is about no conversation is not in the index, and a planner believes
	// that only where the text says so.
	listEventsBeforeSQL = "SELECT " + eventColumns + " FROM events WHERE account_id = $1 AND conversation_id <> 0 AND conversation_id = $2 AND seq < $3 " +
		"ORDER BY seq DESC LIMIT $4"
	// lastLookedAtSQL counts in the index alone.
	lastLookedAtSQL = "SELECT seq FROM events WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT 1 OFFSET $3"
)

// eventSizes are the numbers of events that one statement stores, largest
// first.
var eventSizes = [...]int{16, 4, 1}

var insertEventsSQL = func() map[int]string {
	texts := map[int]string{}
	for _, size := range eventSizes {
		values := make([]string, size)
		for i := range values {
			values[i] = "(" + placeholders(i*eventCount+1, eventCount) + ")"
		}
		texts[size] = "INSERT INTO events (" + eventColumns + ") VALUES " +
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
	return decoded(found)
}

// ListEventsBefore implements store.Events.
func (r reader) ListEventsBefore(ctx context.Context, account, conversation, before int64, limit int) ([]core.Event, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	found, err := page(ctx, r.checked, new(eventRow), limit, listEventsBeforeSQL, account, conversation, before)
	if err != nil {
		return nil, err
	}
	return decoded(found)
}

// decoded reads the payloads.
func decoded(found []eventRow) ([]core.Event, error) {
	events := make([]core.Event, len(found))
	for i := range found {
		var err error
		if events[i], err = found[i].decoded(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// decoded reads the payload.
func (r *eventRow) decoded() (core.Event, error) {
	e := r.Event
	var err error
	if e.Data, err = event.Decode(e.Type, r.payload); err != nil {
		return core.Event{}, fmt.Errorf("event %d of account %d: %w", e.Seq, e.AccountID, err)
	}
	return e, nil
}

// FirstEventSeq implements store.Events.
func (r reader) FirstEventSeq(ctx context.Context, account int64) (int64, error) {
	return get(ctx, r.checked, new(number), "account", "SELECT first_event_seq FROM accounts WHERE id = $1", account)
}

// PruneEvents implements store.Tx. The account's row is changed where its other
// counters are, at the end: it is taken last.
func (t *tx) PruneEvents(ctx context.Context, account int64, before core.Time, limit int) (int, error) {
	first, err := t.FirstEventSeq(ctx, account)
	if err != nil {
		return 0, err
	}
	oldest, err := page(ctx, t.checked, new(pair), limit, "SELECT seq, at FROM events WHERE account_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3", account, first)
	if err != nil {
		return 0, err
	}
	position, held, err := find(ctx, t.checked, new(number), oldestPositionSQL, account)
	if err != nil {
		return 0, err
	}
	n := slices.IndexFunc(oldest, func(e pair) bool { return core.Time(e.b) >= before || held && e.a > position })
	if n < 0 {
		n = len(oldest)
	}
	if n == 0 {
		return 0, nil
	}
	kept := oldest[n-1].a + 1
	if _, err := t.exec(ctx, "DELETE FROM events WHERE account_id = $1 AND seq < $2", account, kept); err != nil {
		return 0, err
	}
	if t.kept == nil {
		t.kept = map[int64]int64{}
	}
	t.kept[account] = kept
	return n, nil
}

// typeSizes are the lengths that lists of types are padded to, so that there
// are few statement texts.
var typeSizes = [...]int{1, 4, 16, 64}

// ListEventsOf implements store.Events.
func (r reader) ListEventsOf(ctx context.Context, account int64, q store.EventQuery) (store.EventPage, error) {
	switch {
	case q.Limit <= 0 || q.Scan <= 0:
		return store.EventPage{}, core.Refuse("limit", "must be positive")
	case len(q.Types) > typeSizes[len(typeSizes)-1]:
		return store.EventPage{}, core.Refuse("types", "too many at once")
	case len(q.Types) > 0 && q.ContactID == 0 && q.ConversationID == 0:
		return r.eventsOfTypes(ctx, account, q)
	}
	// An index leads to the events of a subject. Given types as well, planners
	// leave it; and of one subject's events few are of other types.
	p := store.EventPage{Next: q.After}
	sql, args := eventsOfSubject(account, q)
	for looked := 0; looked < q.Scan; {
		limit := min(q.Limit, q.Scan-looked)
		args[1] = p.Next
		found, err := page(ctx, r.checked, new(eventRow), limit, sql, args...)
		if err != nil {
			return store.EventPage{}, err
		}
		for i := range found {
			p.Next = found[i].Seq
			if len(q.Types) > 0 && !slices.Contains(q.Types, found[i].Type) {
				continue
			}
			e, err := found[i].decoded()
			if err != nil {
				return store.EventPage{}, err
			}
			if p.Events = append(p.Events, e); len(p.Events) == q.Limit {
				return p, nil
			}
		}
		if len(found) < limit {
			p.End = true
			return p, nil
		}
		looked += limit
	}
	return p, nil
}

// eventsOfTypes lists events of some types, whatever they are about. Those of
// others are passed over by the database.
func (r reader) eventsOfTypes(ctx context.Context, account int64, q store.EventQuery) (store.EventPage, error) {
	last, bounded, err := find(ctx, r.checked, new(number), lastLookedAtSQL, account, q.After, q.Scan-1)
	if err != nil {
		return store.EventPage{}, err
	}
	if !bounded {
		last = math.MaxInt64
	}
	args := []any{account, q.After, last}
	var b strings.Builder
	b.WriteString(selectEvents + " AND seq <= $3 AND ")
	in(&b, &args, "type", paddedTypes(q.Types))
	fmt.Fprintf(&b, " ORDER BY seq LIMIT $%d", len(args)+1)
	found, err := page(ctx, r.checked, new(eventRow), q.Limit, b.String(), args...)
	if err != nil {
		return store.EventPage{}, err
	}
	p := store.EventPage{Next: q.After}
	if p.Events, err = decoded(found); err != nil {
		return store.EventPage{}, err
	}
	switch n := len(found); {
	case n == q.Limit:
		p.Next = found[n-1].Seq
	case bounded:
		p.Next = last
	default:
		// Later ones may have been stored meanwhile: only what was seen counts.
		p.End = true
		if n > 0 {
			p.Next = found[n-1].Seq
		}
	}
	return p, nil
}

// eventsOfSubject is the statement that lists the events of the query's
// contact and conversation, without its limit, and what it binds; the second
// value is the seq to go on after. The indexes leave out events about nothing,
// and a planner believes that only where the text says so.
func eventsOfSubject(account int64, q store.EventQuery) (sql string, args []any) {
	args = []any{account, q.After}
	sql = selectEvents
	for _, s := range []struct {
		column string
		id     int64
	}{{"conversation_id", q.ConversationID}, {"contact_id", q.ContactID}} {
		if s.id != 0 {
			args = append(args, s.id)
			sql += fmt.Sprintf(" AND %[1]s <> 0 AND %[1]s = $%[2]d", s.column, len(args))
		}
	}
	return sql + fmt.Sprintf(" ORDER BY seq LIMIT $%d", len(args)+1), args
}

// paddedTypes returns the types, the last one repeated up to the next fixed
// length.
func paddedTypes(types []core.EventType) []any {
	i, _ := slices.BinarySearch(typeSizes[:], len(types))
	values := make([]any, typeSizes[i])
	for i := range values {
		values[i] = string(types[min(i, len(types)-1)])
	}
	return values
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
