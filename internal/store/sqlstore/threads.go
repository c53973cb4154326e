package sqlstore

import (
	"context"
	"fmt"
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

// checkThreadQuery refuses what has no meaning.
func checkThreadQuery(q *store.ThreadQuery) error {
	if _, ok := orders[q.Order]; !ok {
		return core.Refuse("order", "unknown")
	}
	if err := checkFilters(q); err != nil {
		return err
	}
	if q.Limit <= 0 {
		return core.Refuse("limit", "must be positive")
	}
	if q.Offset < 0 {
		return core.Refuse("offset", "must not be negative")
	}
	if q.Scan != 0 {
		return core.Refuse("scan", "is of pages alone")
	}
	return nil
}

// checkFilters refuses filters without a meaning.
func checkFilters(q *store.ThreadQuery) error {
	if _, ok := orders[q.Range.By]; !ok {
		return core.Refuse("range", "unknown order")
	}
	if len(q.States) > store.MaxIDs {
		return core.Refuse("states", "too many")
	}
	if len(q.InboxIDs) > store.MaxIDs {
		return core.Refuse("inboxes", "too many")
	}
	if len(q.ConversationIDs) > store.MaxIDs {
		return core.Refuse("conversations", "too many")
	}
	for _, status := range q.Statuses {
		if !status.Valid() {
			return core.Refuse("statuses", "unknown status")
		}
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
	if err := checkFilters(&q); err != nil {
		return 0, err
	}
	var w where
	w.conditions(r.engine, account, &q)
	sql := countAllSQL
	if w.filtered() || r.inTx {
		sql = "SELECT COUNT(*) FROM conversations c" + w.text.String()
	}
	n, _, err := find(ctx, r.checked, new(number), sql, w.args...)
	return n, err
}
