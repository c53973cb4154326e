package interchange

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// titles are the titles of labels, by id; "" is that of a deleted one.
type titles map[int64]string

// titlesOf reads the titles of the labels that some rows carry.
func (ex *exporter) titlesOf(ctx context.Context, ids map[int64]struct{}) (titles, error) {
	all := sortedKeys(ids)
	found := titles{}
	for len(all) > 0 {
		n := min(len(all), store.MaxIDs)
		labels, err := ex.r.LabelsByID(ctx, ex.account, all[:n])
		if err != nil {
			return nil, err
		}
		for i := range labels {
			found[labels[i].ID] = labels[i].Title
			if labels[i].DeletedAt.IsSet() {
				found[labels[i].ID] = ""
			}
		}
		all = all[n:]
	}
	return found, nil
}

// refs names labels by their titles, in the order of ids, without those that
// were deleted. A label that does not exist keeps its number: an export shows
// what is there.
func (t titles) refs(ids []int64) []labelRef {
	var refs []labelRef
	for _, id := range ids {
		title, exists := t[id]
		switch {
		case !exists:
			refs = append(refs, labelRef{id: id})
		case title != "":
			refs = append(refs, labelRef{title: title})
		}
	}
	return refs
}

func addAll(set map[int64]struct{}, ids []int64) {
	for _, id := range ids {
		set[id] = struct{}{}
	}
}

func (ex *exporter) contacts(ctx context.Context) error {
	id := func(c *core.Contact) int64 { return c.ID }
	return walk(ctx, ex.account, pageBodies, ex.r.PageContacts, id, func(ctx context.Context, rows []core.Contact) error {
		labelled := map[int64]struct{}{}
		for i := range rows {
			addAll(labelled, rows[i].LabelIDs)
		}
		titles, err := ex.titlesOf(ctx, labelled)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := ex.write(contactOf(&rows[i], titles.refs(rows[i].LabelIDs))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (ex *exporter) conversations(ctx context.Context) error {
	id := func(c *core.Conversation) int64 { return c.ID }
	return walk(ctx, ex.account, pageBodies, ex.r.PageConversations, id, func(ctx context.Context, rows []core.Conversation) error {
		labelled := map[int64]struct{}{}
		for i := range rows {
			addAll(labelled, rows[i].LabelIDs)
		}
		titles, err := ex.titlesOf(ctx, labelled)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := ex.write(conversationOf(&rows[i], titles.refs(rows[i].LabelIDs))); err != nil {
				return err
			}
			if err := ex.conversationParts(ctx, rows[i].ID); err != nil {
				return fmt.Errorf("conversation %d: %w", rows[i].ID, err)
			}
		}
		return nil
	})
}

// conversationParts writes what belongs to a conversation: its entries in
// their order, each with its attachments, and the agents' own cursors.
func (ex *exporter) conversationParts(ctx context.Context, id int64) error {
	page := func(ctx context.Context, account, after int64, limit int) ([]core.Entry, error) {
		return ex.r.ListEntries(ctx, account, store.EntryQuery{ConversationIDs: []int64{id}, After: after, Limit: limit})
	}
	position := func(e *core.Entry) int64 { return e.Position }
	if err := walk(ctx, ex.account, pageBodies, page, position, ex.entries); err != nil {
		return err
	}
	cursors := func(ctx context.Context, account, after int64, limit int) ([]core.ReadCursor, error) {
		return ex.r.PageReadCursors(ctx, account, id, after, limit)
	}
	return table(ctx, ex, cursors, func(c *core.ReadCursor) int64 { return c.AgentID }, func(c *core.ReadCursor) record {
		return &readCursorRecord{ConversationID: c.ConversationID, AgentID: c.AgentID, MessageID: c.EntryID}
	})
}

func (ex *exporter) entries(ctx context.Context, rows []core.Entry) error {
	var with []int64
	for i := range rows {
		if rows[i].AttachmentCount > 0 {
			with = append(with, rows[i].ID)
		}
	}
	attachments := map[int64][]core.Attachment{}
	if len(with) > 0 {
		found, err := ex.r.Attachments(ctx, ex.account, with)
		if err != nil {
			return err
		}
		for i := range found {
			attachments[found[i].MessageID] = append(attachments[found[i].MessageID], found[i])
		}
	}
	for i := range rows {
		if err := ex.write(entryOf(&rows[i])); err != nil {
			return err
		}
		of := attachments[rows[i].ID]
		for i := range of {
			if err := ex.write(attachmentOf(&of[i])); err != nil {
				return err
			}
		}
	}
	return nil
}
