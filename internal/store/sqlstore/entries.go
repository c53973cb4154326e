package sqlstore

import (
	"context"
	"fmt"
	"math"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	entries              = newSharedSource(entryTable, SpaceEntry)
	entrySQL             = entryTable.selectFrom("WHERE account_id = $1 AND id = $2")
	entryByUUIDSQL       = entryTable.selectFrom("WHERE account_id = $1 AND uuid = $2")
	entryByExternalIDSQL = entryTable.selectFrom("WHERE account_id = $1 AND conversation_id = $2 AND external_id = $3 AND external_id <> ''")
	updateEntryFields    = entryTable.updateAll("uuid", "conversation_id", "position")
	entryOfSQL           = "SELECT 1 FROM entries WHERE account_id = $1 AND id = $2 AND conversation_id = $3"

	attachments           = newSource(attachmentTable)
	attachmentSQL         = attachmentTable.selectFrom("WHERE account_id = $1 AND id = $2")
	attachmentsByEntrySQL = attachmentTexts()
)

func attachmentTexts() map[int]string {
	texts := map[int]string{}
	for _, size := range idSizes {
		texts[size] = attachmentTable.selectFrom("WHERE account_id = $1 AND message_id IN (" + placeholders(2, size) + ") ORDER BY message_id, id")
	}
	return texts
}

// Entry implements store.Entries.
func (r reader) Entry(ctx context.Context, account, id int64) (core.Entry, error) {
	return get(ctx, r.checked, new(entryRow), "entry", entrySQL, account, id)
}

// ListEntries implements store.Entries.
func (r reader) ListEntries(ctx context.Context, account int64, q store.EntryQuery) ([]core.Entry, error) {
	if len(q.ConversationIDs) == 0 {
		return nil, nil
	}
	if err := checkIDCount(q.ConversationIDs); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		return nil, core.Refuse("limit", "must be positive")
	}
	before := q.Before
	if before == 0 {
		before = math.MaxInt64
	}
	args := []any{account, q.After, before, q.Limit}
	conversations := padded(q.ConversationIDs)
	var b strings.Builder
	b.WriteString("WHERE account_id = $1 AND position > $2 AND position < $3 AND ")
	in(&b, &args, "conversation_id", conversations)
	if len(q.Kinds) > 0 {
		kinds := make([]any, 0, 3)
		for _, k := range q.Kinds {
			kinds = append(kinds, string(k))
		}
		// There are three kinds: always three, so that there is one text.
		for len(kinds) < 3 {
			kinds = append(kinds, kinds[0])
		}
		b.WriteString(" AND ")
		in(&b, &args, "kind", kinds)
	}
	if q.ListedOnly {
		b.WriteString(" AND listed = 1")
	}
	b.WriteString(" ORDER BY ")
	if len(conversations) > 1 {
		// For one conversation the order by it would say nothing, and hide
		// from a planner that the index has the order.
		b.WriteString("conversation_id, ")
	}
	b.WriteString("position")
	if q.Desc {
		b.WriteString(" DESC")
	}
	b.WriteString(" LIMIT $4")
	return list(ctx, r.checked, new(entryRow), entryTable.selectFrom(b.String()), args...)
}

// in writes "column = $n" or "column IN ($n, ...)" and appends the values.
func in(b *strings.Builder, args *[]any, column string, values []any) {
	if len(values) == 1 {
		fmt.Fprintf(b, "%s = $%d", column, len(*args)+1)
	} else {
		fmt.Fprintf(b, "%s IN (%s)", column, placeholders(len(*args)+1, len(values)))
	}
	*args = append(*args, values...)
}

func checkIDCount(ids []int64) error {
	if len(ids) > store.MaxIDs {
		return core.Refuse("", fmt.Sprintf("more than %d ids", store.MaxIDs))
	}
	return nil
}

// FindEntryByUUID implements store.Entries.
func (r reader) FindEntryByUUID(ctx context.Context, account int64, uuid string) (core.Entry, bool, error) {
	return find(ctx, r.checked, new(entryRow), entryByUUIDSQL, account, uuid)
}

// FindEntryByExternalID implements store.Entries.
func (r reader) FindEntryByExternalID(ctx context.Context, account, conversation int64, externalID string) (core.Entry, bool, error) {
	return find(ctx, r.checked, new(entryRow), entryByExternalIDSQL, account, conversation, externalID)
}

// Attachment implements store.Entries.
func (r reader) Attachment(ctx context.Context, account, id int64) (core.Attachment, error) {
	return get(ctx, r.checked, new(attachmentRow), "attachment", attachmentSQL, account, id)
}

// Attachments implements store.Entries.
func (r reader) Attachments(ctx context.Context, account int64, messageIDs []int64) ([]core.Attachment, error) {
	return listByIDs(ctx, r.checked, new(attachmentRow), attachmentsByEntrySQL, account, messageIDs)
}

// NextEntryID implements store.Tx.
func (t *tx) NextEntryID(ctx context.Context) (int64, error) {
	next, err := t.engine.NextID(ctx, t.q, SpaceEntry)
	if err != nil {
		return 0, t.classify(err)
	}
	t.passed(SpaceEntry, next) // storing the entry need not lift anything
	return next, nil
}

// InsertEntry implements store.Tx.
func (t *tx) InsertEntry(ctx context.Context, e *core.Entry) error {
	if e.ID == 0 || e.Position <= 0 {
		return core.Refuse("", "an entry needs an id and a position before it is stored")
	}
	v := *e
	v.UUID = t.give(v.UUID)
	if _, err := t.exec(ctx, entries.insertSQL, entryArgs(&v)...); err != nil {
		return err
	}
	if err := t.lift(ctx, SpaceEntry, v.ID); err != nil {
		return err
	}
	if err := t.indexEntry(ctx, &v); err != nil {
		return err
	}
	*e = v
	return nil
}

// UpdateEntry implements store.Tx.
func (t *tx) UpdateEntry(ctx context.Context, e core.Entry) error {
	args := entryArgs(&e)
	if err := checkArgs(args); err != nil {
		return err
	}
	if err := t.reindexEntry(ctx, &e); err != nil {
		return err
	}
	return t.set(ctx, "entry", updateEntryFields, args)
}

// InsertAttachment implements store.Tx.
func (t *tx) InsertAttachment(ctx context.Context, a *core.Attachment) error {
	args := attachmentArgs(a)
	if err := checkArgs(args); err != nil {
		return err
	}
	// A foreign key would take an index over every entry on one engine, and
	// would not see that the entry is one of the conversation.
	_, ok, err := find(ctx, t.checked, new(number), entryOfSQL, a.AccountID, a.MessageID, a.ConversationID)
	if err != nil {
		return err
	}
	if !ok {
		return core.Refuse("message_id", "message not found in the conversation")
	}
	id, err := t.insert(ctx, attachments, args)
	if err != nil {
		return err
	}
	a.ID = id
	return nil
}
