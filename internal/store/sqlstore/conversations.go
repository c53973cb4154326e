package sqlstore

import (
	"context"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	conversations            = newSource(conversationTable)
	conversationSQL          = conversationTable.selectFrom("WHERE account_id = $1 AND id = $2")
	conversationByUUIDSQL    = conversationTable.selectFrom("WHERE account_id = $1 AND uuid = $2")
	conversationByDisplaySQL = conversationTable.selectFrom("WHERE account_id = $1 AND display_id = $2")
	conversationUpdates      = []update{
		// What a read moves, then what an entry moves: neither touches a
		// reference, and a read touches hardly an index. Both are looked for
		// before the whole row is written.
		conversationTable.update(readColumns...),
		conversationTable.update(slices.Concat(readColumns, entryColumns)...),
		conversationTable.updateAll("uuid", "display_id"),
	}
	nextDisplayIDSQL = "UPDATE accounts SET last_display_id = last_display_id + 1 WHERE id = $1 RETURNING last_display_id"
	liftDisplayIDSQL = "UPDATE accounts SET last_display_id = $2 WHERE id = $1 AND last_display_id < $2"

	// The status stands in the text, as the index's condition does.
	listIdleSQL = `SELECT id FROM conversations WHERE account_id = $1 AND inbox_id = $2 AND status = 'open' AND last_activity_at < $3
		ORDER BY last_activity_at, id LIMIT $4`

	readCursorSQL  = readCursorTable.selectFrom("WHERE account_id = $1 AND conversation_id = $2 AND agent_id = $3")
	readCursorsSQL = bySizes(func(size int) string {
		return readCursorTable.selectFrom("WHERE account_id = $1 AND agent_id = $2 AND conversation_id IN (" + placeholders(3, size) + ")")
	})
	putReadCursorSQL = readCursorTable.insert() + ` ON CONFLICT (account_id, conversation_id, agent_id)
		DO UPDATE SET entry_id = excluded.entry_id, seq = excluded.seq`

	// The condition on the two columns is the one of the index that holds only
	// rows with unread messages.
	contactUnreadSQL = `SELECT CAST(COALESCE(SUM(c.agent_seq - c.contact_cursor), 0) AS bigint) FROM conversations c
		WHERE c.account_id = $1 AND c.identity_id = $2 AND c.agent_seq > c.contact_cursor`

	// The columns are those of an index, in its order, so that the groups come
	// out of it one after the other.
	countStatesSQL = `SELECT c.inbox_id, COALESCE(c.sub_inbox_id, 0), c.status, c.status_code, COUNT(*) FROM conversations c
		WHERE c.account_id = $1 GROUP BY c.inbox_id, c.sub_inbox_id, c.status, c.status_code`
)

var (
	readColumns = []string{
		"contact_last_seen_at", "agent_last_seen_at", "contact_cursor", "agent_cursor", "contact_read_id", "agent_read_id", "updated_at",
	}
	entryColumns = []string{
		"primary_message_id", "last_position", "message_count", "last_message_id", "last_listed_id", "agent_seq", "contact_seq", "first_response_at",
		"last_response_at", "waiting_since", "last_message_at", "last_activity_at", "customer_updated_at",
	}
)

// Conversation implements store.Conversations.
func (r reader) Conversation(ctx context.Context, account, id int64) (core.Conversation, error) {
	return get(ctx, r.checked, new(conversationRow), "conversation", conversationSQL, account, id)
}

// FindConversationByUUID implements store.Conversations.
func (r reader) FindConversationByUUID(ctx context.Context, account int64, uuid string) (core.Conversation, bool, error) {
	return find(ctx, r.checked, new(conversationRow), conversationByUUIDSQL, account, uuid)
}

// FindConversationByDisplayID implements store.Conversations.
func (r reader) FindConversationByDisplayID(ctx context.Context, account, displayID int64) (core.Conversation, bool, error) {
	return find(ctx, r.checked, new(conversationRow), conversationByDisplaySQL, account, displayID)
}

// ContactUnread implements store.Conversations.
func (r reader) ContactUnread(ctx context.Context, account, identity int64, channels ...core.Channel) (int64, error) {
	args := []any{account, identity}
	sql := contactUnreadSQL
	if len(channels) > 0 {
		var b strings.Builder
		b.WriteString(contactUnreadSQL)
		b.WriteString(" AND c.inbox_id IN (SELECT i.id FROM inboxes i WHERE i.account_id = $1 AND ")
		in(&b, &args, "i.channel", textValues(channels))
		b.WriteString(")")
		sql = b.String()
	}
	n, _, err := find(ctx, r.checked, new(number), sql, args...)
	return n, err
}

// stateCountRow is a line of CountStates.
type stateCountRow struct{ store.StateCount }

func (r *stateCountRow) targets() []any {
	return []any{&r.InboxID, &r.SubInboxID, &r.State.Status, &r.State.Code, &r.Count}
}

func (r *stateCountRow) value() store.StateCount { return r.StateCount }

// CountStates implements store.Conversations.
func (r reader) CountStates(ctx context.Context, account int64) ([]store.StateCount, error) {
	return list(ctx, r.checked, new(stateCountRow), countStatesSQL, account)
}

// textValues turns named texts into values to bind.
func textValues[S ~string](texts []S) []any {
	values := make([]any, len(texts))
	for i, t := range texts {
		values[i] = string(t)
	}
	return values
}

// ListIdle implements store.Conversations.
func (r reader) ListIdle(ctx context.Context, account, inbox int64, before core.Time, limit int) ([]int64, error) {
	return list(ctx, r.checked, new(number), listIdleSQL, account, inbox, before, limit)
}

// ReadCursors implements store.Conversations.
func (r reader) ReadCursors(ctx context.Context, account, agent int64, conversations []int64) ([]core.ReadCursor, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	if err := checkIDCount(conversations); err != nil {
		return nil, err
	}
	given := padded(conversations)
	return list(ctx, r.checked, new(readCursorRow), readCursorsSQL[len(given)], append([]any{account, agent}, given...)...)
}

// FindReadCursor implements store.Conversations.
func (r reader) FindReadCursor(ctx context.Context, account, conversation, agent int64) (core.ReadCursor, bool, error) {
	return find(ctx, r.checked, new(readCursorRow), readCursorSQL, account, conversation, agent)
}

// InsertConversation implements store.Tx.
func (t *tx) InsertConversation(ctx context.Context, c *core.Conversation) error {
	v := *c
	v.UUID = t.give(v.UUID)
	// Before the first statement: taking a display id is a write already.
	if err := checkArgs(conversationArgs(&v)); err != nil {
		return err
	}
	if v.DisplayID == 0 {
		next, ok, err := find(ctx, t.checked, new(number), nextDisplayIDSQL, v.AccountID)
		if err != nil {
			return err
		}
		if !ok {
			return core.Refuse("account_id", "account not found")
		}
		v.DisplayID = next
	} else if _, err := t.exec(ctx, liftDisplayIDSQL, v.AccountID, v.DisplayID); err != nil {
		return err
	}
	id, err := t.insert(ctx, conversations, conversationArgs(&v))
	if err != nil {
		return err
	}
	t.addConversations(v.AccountID, 1)
	v.ID = id
	t.tally(&v)
	*c = v
	return nil
}

// LockConversation implements store.Tx.
func (t *tx) LockConversation(ctx context.Context, account, id int64) (core.Conversation, error) {
	c, err := get(ctx, t.checked, new(conversationRow), "conversation", conversationSQL+t.engine.ForUpdate(), account, id)
	if err == nil {
		t.remember(&c)
		t.meet(&c)
	}
	return c, err
}

// remember notes what the conversation's row holds.
func (t *tx) remember(c *core.Conversation) {
	if t.locked == nil {
		t.locked = map[int64][]any{}
	}
	t.locked[c.ID] = conversationArgs(c)
}

// UpdateConversation implements store.Tx. Of a row that the command has locked
// it writes no more columns than it must: every column that is named costs the
// indexes and references that it is part of, changed or not.
func (t *tx) UpdateConversation(ctx context.Context, c core.Conversation) error {
	if _, met := t.tallied[c.ID]; !met {
		old, err := t.Conversation(ctx, c.AccountID, c.ID)
		if err != nil {
			return err
		}
		t.meet(&old)
	}
	args := conversationArgs(&c)
	u := conversationUpdates[len(conversationUpdates)-1]
	if old, ok := t.locked[c.ID]; ok {
		u = narrowest(conversationUpdates, old, args)
	}
	if err := t.set(ctx, "conversation", u, args); err != nil {
		return err
	}
	t.remember(&c)
	t.tally(&c)
	return nil
}

// narrowest returns the first update that writes all that differs between two
// rows, the last one when none does.
func narrowest(updates []update, old, row []any) update {
	last := updates[len(updates)-1]
	for _, u := range updates {
		if covers(u, last, old, row) {
			return u
		}
	}
	return last
}

// covers tells whether u writes all that differs between two rows, of what all
// writes.
func covers(u, all update, old, row []any) bool {
	for _, at := range all.pick {
		if old[at] != row[at] && !slices.Contains(u.pick, at) {
			return false
		}
	}
	return true
}

// PutReadCursor implements store.Tx.
func (t *tx) PutReadCursor(ctx context.Context, r core.ReadCursor) error {
	_, err := t.exec(ctx, putReadCursorSQL, id(r.AccountID), id(r.ConversationID), id(r.AgentID), id(r.EntryID), r.Seq)
	return err
}
