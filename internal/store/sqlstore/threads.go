package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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
	threadColumns   = conversationTable.list("c")
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
	contactJoin  = " JOIN contacts p ON p.account_id = c.account_id AND p.id = c.contact_id"
	identityJoin = " JOIN identities d ON d.account_id = c.account_id AND d.id = c.identity_id"
	inboxJoin    = " JOIN inboxes i ON i.account_id = c.account_id AND i.id = c.inbox_id"
	primaryJoin  = " LEFT JOIN entries m ON m.account_id = c.account_id AND m.id = c.primary_message_id"
	// %s is the pointer to the entry. A sender of the other type has no row in
	// the table that is joined: contacts and agents share one id space.
	lastJoin = " LEFT JOIN entries l ON l.account_id = c.account_id AND l.id = c.%s" +
		" LEFT JOIN agents a ON a.account_id = l.account_id AND a.id = l.sender_id AND l.sender_type = 'agent'" +
		" LEFT JOIN identities s ON l.sender_type = 'contact' AND s.account_id = l.account_id" +
		" AND s.id = CASE WHEN l.sender_identity_id = 0 THEN c.identity_id ELSE l.sender_identity_id END"
	agentJoin = " LEFT JOIN agents o ON o.account_id = c.account_id AND o.id = c.owner_id" +
		" LEFT JOIN agents b ON b.account_id = c.account_id AND b.id = c.bot_id"
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

// targets has the order of threadSelect.
func (r *threadRow) targets() []any {
	t := r.conversation.targets()
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

// threadSelect is everything up to WHERE.
func threadSelect(with store.Parts, channels bool) string {
	columns, joins := threadColumns, ""
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
	switch {
	case with&store.WithInbox != 0:
		part(inboxColumns, inboxJoin)
	case channels:
		joins += inboxJoin
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
	return "SELECT " + columns + " FROM conversations c" + joins
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

// filter adds the conditions of q that name rows by id. It has the order of
// shapeOf.
func (w *where) filter(account int64, q *store.ThreadQuery) {
	w.text.WriteString(" WHERE c.account_id = " + w.bind(account))
	for _, f := range idFilters(q) {
		w.equal(f.column, f.id)
	}
}

type idFilter struct {
	column string
	id     int64
}

func idFilters(q *store.ThreadQuery) [9]idFilter {
	return [...]idFilter{
		{"c.id", q.ConversationID},
		{"c.display_id", q.DisplayID},
		{"c.identity_id", q.IdentityID},
		{"c.contact_id", q.ContactID},
		{"c.contact_inbox_id", q.ContactInboxID},
		{"c.inbox_id", q.InboxID},
		{"c.sub_inbox_id", q.SubInboxID},
		{"c.owner_id", q.OwnerID},
		{"c.bot_id", q.BotID},
	}
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

// ext adds the comparison of a member of ext, and what stands in for it where
// it is absent.
func (w *where) ext(engine Engine, m store.ExtMatch) {
	member := engine.JSONText("c.ext", m.Path)
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
	w.text.WriteString(" ORDER BY ")
	for i, key := range orders[q.Order] {
		if i > 0 {
			w.text.WriteString(", ")
		}
		w.text.WriteString(key + direction)
	}
	w.text.WriteString(" LIMIT " + w.bind(q.Limit) + " OFFSET " + w.bind(q.Offset))
}

func usesChannels(q *store.ThreadQuery) bool {
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

// ListThreads implements store.Conversations.
func (r reader) ListThreads(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	if err := checkThreadQuery(&q); err != nil {
		return nil, err
	}
	var w where
	w.filter(account, &q)
	w.states(q.States)
	for _, m := range q.Ext {
		w.ext(r.engine, m)
	}
	w.order(&q)
	threads, err := r.threads(ctx, q.With, threadSelect(q.With, usesChannels(&q))+w.text.String(), w.args)
	if err != nil {
		return nil, err
	}
	return threads, r.addAttachments(ctx, account, threads)
}

func (r reader) threads(ctx context.Context, with store.Parts, sql string, args []any) ([]core.Thread, error) {
	rows, err := r.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := threadRow{with: with}
	targets := row.targets()
	var all []core.Thread
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
	var w where
	w.filter(account, &q)
	w.states(q.States)
	for _, m := range q.Ext {
		w.ext(r.engine, m)
	}
	sql := countAllSQL
	if len(w.args) > 1 || r.inTx {
		sql = "SELECT COUNT(*) FROM conversations c"
		if usesChannels(&q) {
			sql += inboxJoin
		}
		sql += w.text.String()
	}
	n, _, err := find(ctx, r.checked, new(number), sql, w.args...)
	return n, err
}
