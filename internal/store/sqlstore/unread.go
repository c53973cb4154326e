package sqlstore

import (
	"context"

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
		unread.Unread = sumUnread(rows, q.Limit)
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
func sumUnread(rows []unreadRow, limit int) store.Unread {
	told := min(len(rows), limit)
	unread := store.Unread{Conversations: make([]store.UnreadCount, told), More: told < len(rows)}
	for i := range rows {
		unread.Total += rows[i].Count
		if i < told {
			unread.Conversations[i] = rows[i].UnreadCount
		}
	}
	return unread
}
