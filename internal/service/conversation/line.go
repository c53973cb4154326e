package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// IDOf returns the id of the conversation with a UUID; core.NotFound when the
// account has none.
func (s *Reads) IDOf(ctx context.Context, account int64, uuid string) (int64, error) {
	c, ok, err := s.store.FindConversationByUUID(ctx, account, uuid)
	if err != nil {
		return 0, fmt.Errorf("find conversation: %w", err)
	}
	if !ok {
		return 0, core.Absent("conversation")
	}
	return c.ID, nil
}

// Line returns an entry of a conversation with its author and attachments. The
// thread must carry Contact and Identity. An entry of another conversation is
// core.NotFound.
func (s *Reads) Line(ctx context.Context, t *core.Thread, entry int64) (core.Line, error) {
	account := t.Conversation.AccountID
	e, err := s.store.Entry(ctx, account, entry)
	if err != nil {
		return core.Line{}, fmt.Errorf("read entry: %w", err)
	}
	if e.ConversationID != t.Conversation.ID {
		return core.Line{}, core.Absent("entry")
	}
	h := history{store: s.store, account: account, agents: map[int64]*core.Agent{}}
	lines, err := h.lines(ctx, []core.Thread{*t}, []core.Entry{e})
	if err != nil {
		return core.Line{}, err
	}
	return lines[0], nil
}

// LineByUUID is Line for an entry with a UUID.
func (s *Reads) LineByUUID(ctx context.Context, t *core.Thread, uuid string) (core.Line, error) {
	e, ok, err := s.store.FindEntryByUUID(ctx, t.Conversation.AccountID, uuid)
	if err != nil {
		return core.Line{}, fmt.Errorf("find entry: %w", err)
	}
	if !ok {
		return core.Line{}, core.Absent("entry")
	}
	return s.Line(ctx, t, e.ID)
}

// LinesOf returns entries of the account's conversations, which may be of
// different ones, with their authors and attachments, in the order given. It
// takes at most store.MaxIDs entries.
func (s *Reads) LinesOf(ctx context.Context, account int64, entries []core.Entry) ([]core.Line, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(entries))
	for i := range entries {
		ids[i] = entries[i].ConversationID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	threads, err := s.List(ctx, account, store.ThreadQuery{ConversationIDs: ids, Limit: len(ids), With: store.WithContact | store.WithIdentity})
	if err != nil {
		return nil, err
	}
	h := history{store: s.store, account: account, agents: map[int64]*core.Agent{}}
	return h.lines(ctx, threads, entries)
}

// OwnUnread returns how many messages the agent has not read in each of the
// threads: by the agent's own cursor, or the shared one.
func (s *Reads) OwnUnread(ctx context.Context, account, agent int64, threads []core.Thread) ([]int64, error) {
	ids := make([]int64, len(threads))
	for i := range threads {
		ids[i] = threads[i].Conversation.ID
	}
	own := map[int64]*core.ReadCursor{}
	for len(ids) > 0 {
		some := ids[:min(len(ids), store.MaxIDs)]
		ids = ids[len(some):]
		cursors, err := s.store.ReadCursors(ctx, account, agent, some)
		if err != nil {
			return nil, fmt.Errorf("read cursors: %w", err)
		}
		for i := range cursors {
			own[cursors[i].ConversationID] = &cursors[i]
		}
	}
	unread := make([]int64, len(threads))
	for i := range threads {
		c := &threads[i].Conversation
		unread[i] = c.OwnUnread(own[c.ID])
	}
	return unread, nil
}
