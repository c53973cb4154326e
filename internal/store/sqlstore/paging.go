package sqlstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// orders are the sort keys of each order. Creation and id break ties.
var orders = map[store.Order][]string{
	store.ByID:             {"c.id"},
	store.ByLastMessage:    {"c.last_message_at", "c.created_at", "c.id"},
	store.ByLastActivity:   {"c.last_activity_at", "c.created_at", "c.id"},
	store.ByCreation:       {"c.created_at", "c.id"},
	store.ByClosing:        {closing, "c.created_at", "c.id"},
	store.ByCustomerUpdate: {"c.customer_updated_at", "c.created_at", "c.id"},
}

// order adds the paging: where the page begins, its order, its length.
func (w *where) order(q *store.ThreadQuery) {
	w.from(q)
	w.sort(q)
	w.text.WriteString(" LIMIT " + w.limit(q.Limit))
	if q.Offset != 0 {
		w.text.WriteString(" OFFSET " + w.bind(q.Offset))
	}
}

// from adds that rows stand behind the query's place.
func (w *where) from(q *store.ThreadQuery) {
	switch {
	case q.From == nil:
	case q.Desc:
		w.compare(q.Order, " < ", q.From)
	default:
		w.compare(q.Order, " > ", q.From)
	}
}

// upTo adds that rows stand before the end or at it.
//
// It says so of the first key alone, too, with the other bound beside: PostgreSQL
// guesses well how few rows that leaves, and would take a third of the account
// for a comparison of several keys.
func (w *where) upTo(q *store.ThreadQuery, end *store.Place) {
	key, first, last := orders[q.Order][0], int64(math.MinInt64), placeKeys(q.Order, end)[0]
	sign := " <= "
	if q.Desc {
		first, sign = math.MaxInt64, " >= "
	}
	if q.From != nil {
		first = placeKeys(q.Order, q.From)[0]
	}
	w.compare(q.Order, sign, end)
	w.text.WriteString(" AND " + key + " BETWEEN " + w.bind(min(first, last)) + " AND " + w.bind(max(first, last)))
}

// placeKeys are a place's values of the keys.
func placeKeys(order store.Order, p *store.Place) []int64 {
	all := []int64{int64(p.Key), int64(p.CreatedAt), p.ID}
	return all[len(all)-len(orders[order]):]
}

// compare adds a comparison of the order's keys with a place.
func (w *where) compare(order store.Order, sign string, with *store.Place) {
	var places []string
	for _, v := range placeKeys(order, with) {
		places = append(places, w.bind(v))
	}
	w.text.WriteString(" AND (" + strings.Join(orders[order], ", ") + ")" + sign + "(" + strings.Join(places, ", ") + ")")
}

// sort adds the order: all keys in the list's direction.
func (w *where) sort(q *store.ThreadQuery) {
	if q.ConversationID != 0 || q.DisplayID != 0 {
		return // there is one row at most
	}
	direction := ""
	if q.Desc {
		direction = " DESC"
	}
	w.text.WriteString(" ORDER BY " + strings.Join(orders[q.Order], direction+", ") + direction)
}

// limitSizes are the limits that stand in the text: PostgreSQL plans a limit
// that it does not know for a tenth of the table. Callers ask for one more than
// they show.
var limitSizes = [...]int{1, 2, 6, 11, 21, 26, 51, 101, 201, 501, 1001}

// limit is a limit of at least n.
func (w *where) limit(n int) string {
	for _, size := range limitSizes {
		if size >= n {
			return strconv.Itoa(size)
		}
	}
	return w.bind(n)
}

// sortThreads puts the page into the order of q.
func sortThreads(threads []core.Thread, q *store.ThreadQuery) {
	slices.SortFunc(threads, func(a, b core.Thread) int {
		n := comparePlaces(store.PlaceOf(q.Order, &a.Conversation), store.PlaceOf(q.Order, &b.Conversation))
		if q.Desc {
			return -n
		}
		return n
	})
}

func comparePlaces(a, b store.Place) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// placeRow is the place of a row.
type placeRow struct{ store.Place }

func (r *placeRow) targets() []any     { return []any{&r.Key, &r.CreatedAt, &r.ID} }
func (r *placeRow) value() store.Place { return r.Place }

// PageThreads implements store.Conversations.
//
// What an index leads to is walked in order. When there are other filters, the
// end of the page's part of the walk is looked for first, by the index alone,
// and the filters are applied up to there. So nothing that stays where it is
// falls between two pages, though there are two statements.
func (r reader) PageThreads(ctx context.Context, account int64, q store.ThreadQuery) (store.ThreadPage, error) {
	if err := checkPage(&q); err != nil {
		return store.ThreadPage{}, err
	}
	lead, rest := split(&q)
	var w where
	w.account(account)
	w.equal("c.inbox_id", lead.InboxID)
	w.filters(&lead, shown)
	w.from(&q)
	walk := w.text.Len()
	w.equal(hidden("c.inbox_id"), rest.InboxID)
	w.filters(&rest, hidden)
	w.inboxOf(rest.Channels)
	var end *store.Place
	if w.text.Len() > walk {
		p, ok, err := r.scanEnd(ctx, account, &lead, q.Scan)
		if err != nil {
			return store.ThreadPage{}, err
		}
		if ok {
			end = &p
			w.upTo(&q, end)
		}
	}
	w.sort(&q)
	w.text.WriteString(" LIMIT " + w.limit(q.Limit+1))
	threads, err := r.threads(ctx, q.With, q.Limit+1, threadSQL(q.With, w.text.String()), w.args)
	if err != nil {
		return store.ThreadPage{}, err
	}
	sortThreads(threads, &q)
	if len(threads) > q.Limit {
		threads = threads[:q.Limit]
		last := store.PlaceOf(q.Order, &threads[q.Limit-1].Conversation)
		end = &last
	}
	return store.ThreadPage{Threads: threads, Next: end}, r.addAttachments(ctx, account, threads)
}

func checkPage(q *store.ThreadQuery) error {
	scan := q.Scan
	q.Scan = 0
	if err := checkThreadQuery(q); err != nil {
		return err
	}
	q.Scan = scan
	switch {
	case scan <= 0:
		return core.Refuse("scan", "must be positive")
	case q.Offset != 0:
		return core.Refuse("offset", "is not of pages")
	case len(q.Ext) > 0:
		return core.Refuse("ext", "is not of pages")
	}
	few := q.InboxID != 0 || q.IdentityID != 0 || q.ContactID != 0 || q.ContactInboxID != 0 || q.ConversationID != 0 || q.DisplayID != 0
	if (q.Order == store.ByClosing || q.Order == store.ByCustomerUpdate) && !few {
		return core.Refuse("order", "needs an inbox or a contact")
	}
	return nil
}

// scanEnd returns the place of the last of scan rows that lead selects; ok is
// false when there are fewer.
func (r reader) scanEnd(ctx context.Context, account int64, lead *store.ThreadQuery, scan int) (end store.Place, ok bool, err error) {
	var w where
	w.account(account)
	w.equal("c.inbox_id", lead.InboxID)
	w.filters(lead, shown)
	w.from(lead)
	w.sort(lead)
	w.text.WriteString(" LIMIT 1 OFFSET " + strconv.Itoa(scan-1))
	keys := append([]string{"0", "0"}, orders[lead.Order]...)
	sql := "SELECT " + strings.Join(keys[len(keys)-3:], ", ") + " FROM conversations c" + w.text.String()
	return find(ctx, r.checked, new(placeRow), sql, w.args...)
}

// split parts q into what an index leads to, in q's order where a list can be
// long, and the rest.
func split(q *store.ThreadQuery) (lead, rest store.ThreadQuery) {
	lead = store.ThreadQuery{Order: q.Order, Desc: q.Desc, From: q.From}
	rest = *q
	if q.Range.By == q.Order {
		lead.Range, rest.Range = q.Range, store.Range{}
	}
	byMessage, byActivity := q.Order == store.ByLastMessage, q.Order == store.ByLastActivity
	switch {
	case q.ConversationID != 0:
		lead.ConversationID, rest.ConversationID = q.ConversationID, 0
	case len(q.ConversationIDs) > 0:
		lead.ConversationIDs, rest.ConversationIDs = q.ConversationIDs, nil
	case q.DisplayID != 0:
		lead.DisplayID, rest.DisplayID = q.DisplayID, 0
	case q.IdentityID != 0:
		lead.IdentityID, rest.IdentityID = q.IdentityID, 0
	case q.ContactID != 0:
		lead.ContactID, rest.ContactID = q.ContactID, 0
		if byMessage && q.Unread != nil && q.Unread.Side == core.ContactSide {
			lead.Unread, rest.Unread = q.Unread, nil
		}
	case q.ContactInboxID != 0:
		lead.ContactInboxID, rest.ContactInboxID = q.ContactInboxID, 0
	case byMessage && q.OwnerID != 0:
		lead.OwnerID, rest.OwnerID = q.OwnerID, 0
	case byMessage && q.BotID != 0:
		lead.BotID, rest.BotID = q.BotID, 0
	case byActivity && indexed(q) && sharedUnread(q):
		lead.Unread, rest.Unread = q.Unread, nil
	case byActivity && indexed(q) && slices.Equal(q.Statuses, []core.Status{core.Open}):
		lead.Statuses, rest.Statuses = q.Statuses, nil
	case q.InboxID != 0 && q.Order != store.ByID && !byMessage:
		lead.InboxID, rest.InboxID = q.InboxID, 0
	}
	return lead, rest
}

// indexed tells whether the filters of q need no more than the columns of the
// indexes of what is open and what the agents have not read. Only then does
// SQLite, which knows of no statistics at first, prefer them to the longer index
// of the same order.
func indexed(q *store.ThreadQuery) bool {
	others := q.SubInboxID + q.OwnerID + q.BotID + q.ParticipantID + q.LabelID
	return others == 0 && len(q.States) == 0 && (q.Unread == nil || sharedUnread(q)) &&
		(q.Range.By == store.ByID || q.Range.By == q.Order)
}
