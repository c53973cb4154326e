package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"parley/internal/core"
	"parley/internal/store"
)

// closing is the order of closing: open ones come as closed latest. An index
// is made on this very expression.
const closing = "(CASE WHEN c.closed_at = 0 THEN 9223372036854775807 ELSE c.closed_at END)"

var countAllSQL = "SELECT conversation_count FROM accounts WHERE id = $1"

// The columns of each part of a thread. What an outer join may leave out reads
// as zero values.
var (
	threadColumns   = conversationTable.list("t")
	contactColumns  = contactTable.list("p") + ", (SELECT COUNT(*) FROM identities n WHERE n.account_id = p.account_id AND n.contact_id = p.id)"
	identityColumns = identityTable.list("d")
	inboxColumns    = inboxTable.list("i")
	primaryColumns  = entryTable.outerList("m")
	lastColumns     = entryTable.outerList("l") + ", " + agentTable.outerList("a") + ", " + identityTable.outerList("s")
	agentColumns    = "COALESCE(o.uuid, ''), COALESCE(b.uuid, '')"
)

// The joins of each part. Every one names the account, so that related rows of
// an account may live on one node.
const (
	contactJoin  = " JOIN contacts p ON p.account_id = t.account_id AND p.id = t.contact_id"
	identityJoin = " JOIN identities d ON d.account_id = t.account_id AND d.id = t.identity_id"
	inboxJoin    = " JOIN inboxes i ON i.account_id = t.account_id AND i.id = t.inbox_id"
	primaryJoin  = " LEFT JOIN entries m ON m.account_id = t.account_id AND m.id = t.primary_message_id"
	// %s is the pointer to the entry. A sender of the other type has no row in
	// the table that is joined: contacts and agents share one id space.
	lastJoin = " LEFT JOIN entries l ON l.account_id = t.account_id AND l.id = t.%s" +
		" LEFT JOIN agents a ON a.account_id = l.account_id AND a.id = l.sender_id AND l.sender_type = 'agent'" +
		" LEFT JOIN identities s ON l.sender_type = 'contact' AND s.account_id = l.account_id" +
		" AND s.id = CASE WHEN l.sender_identity_id = 0 THEN t.identity_id ELSE l.sender_identity_id END"
	agentJoin = " LEFT JOIN agents o ON o.account_id = t.account_id AND o.id = t.owner_id" +
		" LEFT JOIN agents b ON b.account_id = t.account_id AND b.id = t.bot_id"
)

// threadRow is a line of ListThreads. Which parts it holds is said by with.
type threadRow struct {
	with           store.Parts
	conversation   conversationRow
	contact        contactRow
	identityCount  int64
	identity       identityRow
	inbox          inboxRow
	primary        entryRow
	last           entryRow
	author         agentRow
	sender         identityRow
	ownerID, botID string
}

func withLast(with store.Parts) bool {
	return with&(store.WithLast|store.WithLastListed) != 0
}

// maxThreadColumns is how many columns a line has at most, or a few more.
const maxThreadColumns = 224

// targets has the order of threadSelect.
func (r *threadRow) targets() []any {
	if r.with == 0 {
		return r.conversation.targets()
	}
	t := append(make([]any, 0, maxThreadColumns), r.conversation.targets()...)
	// The contact also stands in for the author of the last entry.
	if r.with&store.WithContact != 0 || withLast(r.with) {
		t = append(append(t, r.contact.targets()...), &r.identityCount)
	}
	if r.with&store.WithIdentity != 0 {
		t = append(t, r.identity.targets()...)
	}
	if r.with&store.WithInbox != 0 {
		t = append(t, r.inbox.targets()...)
	}
	if r.with&store.WithPrimary != 0 {
		t = append(t, r.primary.targets()...)
	}
	if withLast(r.with) {
		t = append(append(append(t, r.last.targets()...), r.author.targets()...), r.sender.targets()...)
	}
	if r.with&store.WithAgents != 0 {
		t = append(t, &r.ownerID, &r.botID)
	}
	return t
}

func (r *threadRow) value() core.Thread {
	t := core.Thread{Conversation: r.conversation.value(), OwnerUUID: r.ownerID, BotUUID: r.botID}
	if r.with&store.WithContact != 0 {
		t.Contact, t.IdentityCount = r.contact.value(), r.identityCount
	}
	if r.with&store.WithIdentity != 0 {
		t.Identity = r.identity.value()
	}
	if r.with&store.WithInbox != 0 {
		t.Inbox = r.inbox.value()
	}
	if r.primary.ID != 0 {
		primary := r.primary.value()
		t.Primary = &primary
	}
	if r.last.ID != 0 {
		t.Last = r.line()
	}
	return t
}

func (r *threadRow) line() *core.Line {
	l := &core.Line{Entry: r.last.value()}
	if r.author.ID != 0 {
		author := r.author.value()
		l.Agent = &author
	}
	if l.Entry.Sender.Type == core.ActorContact {
		contact := r.contact.value()
		l.Contact = &contact
	}
	if r.sender.ID != 0 {
		sender := r.sender.value()
		l.Identity = &sender
	}
	return l
}

// threadFrame is what stands before and behind the page's conditions.
type threadFrame struct{ before, behind string }

var (
	threadFramesMu sync.Mutex
	threadFrames   = map[store.Parts]threadFrame{} // guarded by threadFramesMu; there are few sets of parts
)

// frameOf returns the frame for a set of parts: long texts, made once.
func frameOf(with store.Parts) threadFrame {
	threadFramesMu.Lock()
	defer threadFramesMu.Unlock()
	f, ok := threadFrames[with]
	if !ok {
		columns, joins := threadParts(with)
		f = threadFrame{
			"SELECT " + columns + " FROM (SELECT c.account_id, c.id FROM conversations c",
			") page JOIN conversations t ON t.account_id = page.account_id AND t.id = page.id" + joins,
		}
		threadFrames[with] = f
	}
	return f
}

// threadParts are the columns and joins of what a thread brings along.
func threadParts(with store.Parts) (columns, joins string) {
	columns = threadColumns
	part := func(list, join string) {
		columns += ", " + list
		joins += join
	}
	if with&store.WithContact != 0 || withLast(with) {
		part(contactColumns, contactJoin)
	}
	if with&store.WithIdentity != 0 {
		part(identityColumns, identityJoin)
	}
	if with&store.WithInbox != 0 {
		part(inboxColumns, inboxJoin)
	}
	if with&store.WithPrimary != 0 {
		part(primaryColumns, primaryJoin)
	}
	switch {
	case with&store.WithLastListed != 0:
		part(lastColumns, fmt.Sprintf(lastJoin, "last_listed_id"))
	case with&store.WithLast != 0:
		part(lastColumns, fmt.Sprintf(lastJoin, "last_message_id"))
	}
	if with&store.WithAgents != 0 {
		part(agentColumns, agentJoin)
	}
	return columns, joins
}

// threadSQL is the statement of ListThreads around the page's conditions.
//
// The page is cut before anything is joined to it, not even its own rows: an
// index gives its order and often all of it, rows that an offset skips cost no
// join, and a planner that must guess how many rows a filter leaves cannot
// choose to read whole tables. Nothing but the page leads to the rows: were
// they also said to be the account's, a planner could begin with all of those.
// The outer order is left to sortThreads.
func threadSQL(with store.Parts, page string) string {
	f := frameOf(with)
	return f.before + page + f.behind
}

// where is a condition under construction: its text and the values it binds.
type where struct {
	text strings.Builder
	args []any
}

// bind adds a value and returns its placeholder.
func (w *where) bind(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// equal adds a condition on a column when the id is not 0.
func (w *where) equal(column string, id int64) {
	if id != 0 {
		w.text.WriteString(" AND " + column + " = " + w.bind(id))
	}
}

// conditions adds what selects the threads of q, whatever its paging.
func (w *where) conditions(engine Engine, account int64, q *store.ThreadQuery) {
	if usesChannels(q) {
		w.text.WriteString(" JOIN inboxes i ON i.account_id = c.account_id AND i.id = c.inbox_id")
	}
	w.text.WriteString(" WHERE c.account_id = " + w.bind(account))
	w.equal("c.id", q.ConversationID)
	w.equal("c.display_id", q.DisplayID)
	w.equal("c.identity_id", q.IdentityID)
	w.equal("c.contact_id", q.ContactID)
	w.equal("c.contact_inbox_id", q.ContactInboxID)
	// An identity has few conversations and an inbox many: beside an identity
	// the plus hides the inbox from the choice of an index.
	inbox := "c.inbox_id"
	if q.IdentityID != 0 || q.ContactID != 0 || q.ContactInboxID != 0 || q.OwnerID != 0 || q.BotID != 0 {
		inbox = "+c.inbox_id"
	}
	w.equal(inbox, q.InboxID)
	w.equal("+c.sub_inbox_id", q.SubInboxID) // the one index that has it gives no order
	w.equal("c.owner_id", q.OwnerID)
	w.equal("c.bot_id", q.BotID)
	w.channels(q.Channels)
	w.states(q.States)
	for _, m := range q.Ext {
		w.ext(engine, m)
	}
	if q.Range.By != store.ByID {
		key := orders[q.Range.By][0]
		w.text.WriteString(" AND " + key + " >= " + w.bind(q.Range.From) + " AND " + key + " <= " + w.bind(q.Range.To))
	}
}

// channels adds "an inbox of one of the channels".
func (w *where) channels(channels []core.Channel) {
	if len(channels) == 0 {
		return
	}
	or := " AND ("
	for _, ch := range channels {
		w.text.WriteString(or + "i.channel = " + w.bind(string(ch)))
		or = " OR "
	}
	w.text.WriteString(")")
}

// states adds "one of the pairs", padded like ids so that there are few texts.
func (w *where) states(states []store.State) {
	if len(states) == 0 {
		return
	}
	size := len(states)
	for _, s := range idSizes {
		if s >= size {
			size = s
			break
		}
	}
	w.text.WriteString(" AND (")
	for i := range size {
		s := states[min(i, len(states)-1)]
		if i > 0 {
			w.text.WriteString(" OR ")
		}
		w.text.WriteString("(c.status = " + w.bind(string(s.Status)) + " AND c.status_code = " + w.bind(s.Code) + ")")
	}
	w.text.WriteString(")")
}

// indexedExt is the member of ext that has an index, over its first
// indexedRunes characters.
var indexedExt = []string{"commbox", "provider_address"}

const indexedRunes = 255

// firstRunes returns the first n characters of s, as SQL's substr does.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// ext adds the comparison of a member of ext, and what stands in for it where
// it is absent.
func (w *where) ext(engine Engine, m store.ExtMatch) {
	member := engine.JSONText("c.ext", m.Path)
	if slices.Equal(m.Path, indexedExt) {
		w.text.WriteString(" AND substr(" + member + ", 1, " + strconv.Itoa(indexedRunes) + ") = " + w.bind(firstRunes(m.Value, indexedRunes)))
	}
	w.text.WriteString(" AND (" + member + " = " + w.bind(m.Value))
	if len(m.OrStatuses)+len(m.OrChannels) > 0 {
		w.text.WriteString(" OR (" + member + " IS NULL AND (")
		or := ""
		for _, s := range m.OrStatuses {
			w.text.WriteString(or + "c.status = " + w.bind(string(s)))
			or = " OR "
		}
		for _, ch := range m.OrChannels {
			w.text.WriteString(or + "i.channel = " + w.bind(string(ch)))
			or = " OR "
		}
		w.text.WriteString("))")
	}
	w.text.WriteString(")")
}

// orders are the sort keys before creation and id, which break ties.
var orders = map[store.Order][]string{
	store.ByID:             {"c.id"},
	store.ByLastMessage:    {"c.last_message_at", "c.created_at", "c.id"},
	store.ByLastActivity:   {"c.last_activity_at", "c.created_at", "c.id"},
	store.ByCreation:       {"c.created_at", "c.id"},
	store.ByClosing:        {closing, "c.created_at", "c.id"},
	store.ByCustomerUpdate: {"c.customer_updated_at", "c.created_at", "c.id"},
}

// order adds the paging: all keys in the list's direction.
func (w *where) order(q *store.ThreadQuery) {
	direction, beyond := "", " > "
	if q.Desc {
		direction, beyond = " DESC", " < "
	}
	if q.After != 0 {
		w.text.WriteString(" AND c.id" + beyond + w.bind(q.After))
	}
	if q.ConversationID == 0 && q.DisplayID == 0 { // else there is one row at most
		w.text.WriteString(" ORDER BY ")
		for i, key := range orders[q.Order] {
			if i > 0 {
				w.text.WriteString(", ")
			}
			w.text.WriteString(key + direction)
		}
	}
	w.text.WriteString(" LIMIT " + w.limit(q.Limit))
	if q.Offset != 0 {
		w.text.WriteString(" OFFSET " + w.bind(q.Offset))
	}
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

func usesChannels(q *store.ThreadQuery) bool {
	if len(q.Channels) > 0 {
		return true
	}
	for _, m := range q.Ext {
		if len(m.OrChannels) > 0 {
			return true
		}
	}
	return false
}

// checkThreadQuery refuses what has no meaning.
func checkThreadQuery(q *store.ThreadQuery) error {
	if _, ok := orders[q.Order]; !ok {
		return core.Refuse("order", "unknown")
	}
	if err := checkRange(q.Range); err != nil {
		return err
	}
	if q.Limit <= 0 {
		return core.Refuse("limit", "must be positive")
	}
	if q.Offset < 0 {
		return core.Refuse("offset", "must not be negative")
	}
	if q.After != 0 && q.Order != store.ByID {
		return core.Refuse("after", "needs the order by id")
	}
	if len(q.States) > store.MaxIDs {
		return core.Refuse("states", "too many")
	}
	return nil
}

func checkRange(r store.Range) error {
	if _, ok := orders[r.By]; !ok {
		return core.Refuse("range", "unknown order")
	}
	return nil
}

// ListThreads implements store.Conversations.
func (r reader) ListThreads(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	if err := checkThreadQuery(&q); err != nil {
		return nil, err
	}
	var w where
	w.conditions(r.engine, account, &q)
	w.order(&q)
	threads, err := r.threads(ctx, q.With, q.Limit, threadSQL(q.With, w.text.String()), w.args)
	if err != nil {
		return nil, err
	}
	sortThreads(threads, &q)
	threads = threads[:min(len(threads), q.Limit)]
	return threads, r.addAttachments(ctx, account, threads)
}

// sortThreads puts the page into the order of q.
func sortThreads(threads []core.Thread, q *store.ThreadQuery) {
	slices.SortFunc(threads, func(a, b core.Thread) int {
		n := compareKeys(q.Order, &a.Conversation, &b.Conversation)
		if q.Desc {
			return -n
		}
		return n
	})
}

// compareKeys compares by the keys of orders.
func compareKeys(order store.Order, a, b *core.Conversation) int {
	key, tied := 0, cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	switch order {
	case store.ByID:
		return cmp.Compare(a.ID, b.ID)
	case store.ByCreation:
	case store.ByLastMessage:
		key = cmp.Compare(a.LastMessageAt, b.LastMessageAt)
	case store.ByLastActivity:
		key = cmp.Compare(a.LastActivityAt, b.LastActivityAt)
	case store.ByCustomerUpdate:
		key = cmp.Compare(a.CustomerUpdatedAt, b.CustomerUpdatedAt)
	case store.ByClosing:
		key = cmp.Compare(closedAt(a), closedAt(b))
	}
	return cmp.Or(key, tied)
}

// closedAt is closing.
func closedAt(c *core.Conversation) core.Time {
	if c.ClosedAt == 0 {
		return math.MaxInt64
	}
	return c.ClosedAt
}

// sizeHint is the room of a page at first: threads are large, to copy and to
// leave unused.
const sizeHint = 6

func (r reader) threads(ctx context.Context, with store.Parts, limit int, sql string, args []any) ([]core.Thread, error) {
	rows, err := r.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := threadRow{with: with}
	targets := row.targets()
	all := make([]core.Thread, 0, min(limit, sizeHint))
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, r.classify(err)
		}
		all = append(all, row.value())
	}
	if err := rows.Err(); err != nil {
		return nil, r.classify(err)
	}
	return all, nil
}

// addAttachments fills the attachments of the last entries that have some.
func (r reader) addAttachments(ctx context.Context, account int64, threads []core.Thread) error {
	var ids []int64
	for i := range threads {
		if l := threads[i].Last; l != nil && l.Entry.AttachmentCount > 0 {
			ids = append(ids, l.Entry.ID)
		}
	}
	of := map[int64][]core.Attachment{}
	for len(ids) > 0 {
		n := min(len(ids), store.MaxIDs)
		found, err := r.Attachments(ctx, account, ids[:n])
		if err != nil {
			return err
		}
		for _, a := range found {
			of[a.MessageID] = append(of[a.MessageID], a)
		}
		ids = ids[n:]
	}
	for i := range threads {
		if l := threads[i].Last; l != nil {
			l.Attachments = of[l.Entry.ID]
		}
	}
	return nil
}

// CountThreads implements store.Conversations.
func (r reader) CountThreads(ctx context.Context, account int64, q store.ThreadQuery) (int64, error) {
	if err := checkRange(q.Range); err != nil {
		return 0, err
	}
	var w where
	w.conditions(r.engine, account, &q)
	sql := countAllSQL
	if len(w.args) > 1 || r.inTx {
		sql = "SELECT COUNT(*) FROM conversations c" + w.text.String()
	}
	n, _, err := find(ctx, r.checked, new(number), sql, w.args...)
	return n, err
}
