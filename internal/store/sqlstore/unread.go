package sqlstore

import (
	"context"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// The outer join tells a contact without anything unread from one that is not
// there. The condition on the two columns is the one of the index, whose columns
// are all that is read of conversations.
const (
	unreadOfContactSQL = "SELECT p.id, COALESCE(c.id, 0), COALESCE(c.agent_seq - c.contact_cursor, 0) FROM contacts p" +
		" LEFT JOIN conversations c ON c.account_id = p.account_id AND c.contact_id = p.id AND c.agent_seq > c.contact_cursor"
	unreadOrder = " ORDER BY c.last_message_at DESC, c.created_at DESC, c.id DESC"
)

// The statuses stand in the text so that they lead into the indexes of what
// somebody is in charge of, and are the condition of that of what somebody takes
// part in.
const (
	unreadOfAgentSQL = "SELECT c.id, c.contact_seq - COALESCE(r.seq, c.agent_cursor), c.last_message_at, c.created_at FROM conversations c" +
		" LEFT JOIN read_cursors r ON r.account_id = c.account_id AND r.conversation_id = c.id AND r.agent_id = $2" +
		" WHERE c.account_id = $1 AND c.contact_seq > COALESCE(r.seq, c.agent_cursor)"
	inChargeSQL = " AND c.status IN ('open', 'pending', 'snoozed')"
)

// unreadOfAgent are the statements that each find some of what an agent has not
// read. One conversation may come from two.
var unreadOfAgent = []string{
	unreadOfAgentSQL + " AND c.assignee_id = $2" + inChargeSQL,
	unreadOfAgentSQL + " AND c.assignee_bot_id = $2" + inChargeSQL,
	unreadOfAgentSQL + " AND c.participant_ids <> '' AND c.status <> 'resolved'" + listed("c.participant_ids", "$3"),
}

// ownUnreadRow is a conversation with something that an agent has not read.
type ownUnreadRow struct {
	store.UnreadCount
	at store.Place
}

func (r *ownUnreadRow) targets() []any {
	return []any{&r.ConversationID, &r.Count, &r.at.Key, &r.at.CreatedAt}
}

func (r *ownUnreadRow) value() ownUnreadRow {
	r.at.ID = r.ConversationID
	return *r
}

// AgentUnread implements store.Conversations.
func (r reader) AgentUnread(ctx context.Context, account int64, q store.AgentUnreadQuery) (store.Unread, error) {
	switch {
	case q.Limit <= 0:
		return store.Unread{}, core.Refuse("limit", "must be positive")
	case len(q.InboxIDs) > store.MaxIDs:
		return store.Unread{}, core.Refuse("inboxes", "too many")
	}
	var rows []ownUnreadRow
	for i, sql := range unreadOfAgent {
		w := where{args: []any{account, q.AgentID}}
		if i == len(unreadOfAgent)-1 {
			w.args = append(w.args, listedPattern(q.AgentID))
		}
		w.text.WriteString(sql)
		w.anyOf(hidden("c.inbox_id"), q.InboxIDs)
		more, err := list(ctx, r.checked, new(ownUnreadRow), w.text.String(), w.args...)
		if err != nil {
			return store.Unread{}, err
		}
		rows = append(rows, more...)
	}
	slices.SortFunc(rows, func(a, b ownUnreadRow) int { return comparePlaces(b.at, a.at) })
	rows = slices.CompactFunc(rows, func(a, b ownUnreadRow) bool { return a.ConversationID == b.ConversationID })
	return sumUnread(rows, q.Limit, func(r ownUnreadRow) store.UnreadCount { return r.UnreadCount }), nil
}

// unreadRow is a contact and one of the conversations with something unread; its
// ConversationID is 0 when there is none.
type unreadRow struct {
	contact int64
	store.UnreadCount
}

func (r *unreadRow) targets() []any   { return []any{&r.contact, &r.ConversationID, &r.Count} }
func (r *unreadRow) value() unreadRow { return *r }

// ContactUnreadByConversation implements store.Conversations. All rows are read
// for the sake of the total: it is one read, and so exact.
func (r reader) ContactUnreadByConversation(ctx context.Context, account int64, q store.UnreadQuery) (store.ContactUnread, bool, error) {
	sql, args, err := unreadOfContact(account, &q)
	if err != nil {
		return store.ContactUnread{}, false, err
	}
	rows, err := list(ctx, r.checked, new(unreadRow), sql, args...)
	if err != nil || len(rows) == 0 {
		return store.ContactUnread{}, false, err
	}
	unread := store.ContactUnread{ContactID: rows[0].contact}
	if rows[0].ConversationID != 0 {
		unread.Unread = sumUnread(rows, q.Limit, func(r unreadRow) store.UnreadCount { return r.UnreadCount })
	}
	return unread, true, nil
}

func unreadOfContact(account int64, q *store.UnreadQuery) (sql string, args []any, err error) {
	switch {
	case q.Limit <= 0:
		return "", nil, core.Refuse("limit", "must be positive")
	case len(q.InboxIDs) > store.MaxIDs:
		return "", nil, core.Refuse("inboxes", "too many")
	}
	var w where
	w.text.WriteString(unreadOfContactSQL)
	who := " WHERE p.account_id = " + w.bind(account) + " AND p.id = "
	key := any(id(q.ContactID))
	if q.ContactID == 0 {
		// The first comparison is the condition of the index.
		who = " WHERE p.account_id = $1 AND p.identifier <> '' AND p.identifier = "
		key = q.Identifier
	}
	who += w.bind(key)
	w.anyOf(hidden("c.inbox_id"), q.InboxIDs)
	w.inboxOf(q.Channels)
	w.text.WriteString(who + unreadOrder)
	return w.text.String(), w.args, nil
}

// sumUnread tells at most limit of the conversations and sums all.
func sumUnread[T any](rows []T, limit int, count func(T) store.UnreadCount) store.Unread {
	told := min(len(rows), limit)
	unread := store.Unread{Conversations: make([]store.UnreadCount, told), More: told < len(rows)}
	for i := range rows {
		n := count(rows[i])
		unread.Total += n.Count
		if i < told {
			unread.Conversations[i] = n
		}
	}
	return unread
}
