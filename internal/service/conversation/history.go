package conversation

import (
	"context"
	"fmt"
	"iter"

	"parley/internal/core"
	"parley/internal/store"
)

// pageEntries is how many entries one read brings. Between two pages no
// database connection is held, however slow the reader of the lines is.
const pageEntries = 200

// HistoryQuery says which lines of the threads are wanted.
type HistoryQuery struct {
	Kinds      []core.EntryKind // none = all
	ListedOnly bool
	Desc       bool // newest first
}

// Page is a run of lines of one thread.
type Page struct {
	Thread int // index into the threads that were given
	Lines  []core.Line
	End    bool // no line of this thread follows
}

// History yields the lines of the threads, thread by thread in the order
// given, in pages. Every thread gets at least one page, an empty one if need
// be, and its last page has End set. The threads must carry Contact and
// Identity.
//
// A failure is yielded once and ends the walk.
//
// What is read is bounded by each conversation's LastPosition as given:
// entries that come later do not show, so a long body ends. Threads with few
// entries share one read. Memory is bounded by one page, not by the history.
func (s *Reads) History(ctx context.Context, account int64, threads []core.Thread, q HistoryQuery) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		h := history{store: s.store, account: account, threads: threads, query: q, agents: map[int64]*core.Agent{}}
		for i := 0; i < len(threads); {
			next := i + 1
			total := threads[i].Conversation.LastPosition
			for next < len(threads) && next-i < maxBatchThreads && total+threads[next].Conversation.LastPosition <= pageEntries {
				total += threads[next].Conversation.LastPosition
				next++
			}
			var more bool
			if total <= pageEntries {
				more = h.batch(ctx, i, next, yield)
			} else {
				more = h.long(ctx, i, yield)
			}
			if !more {
				return
			}
			i = next
		}
	}
}

// maxBatchThreads is how many short threads one read covers.
const maxBatchThreads = 64

type history struct {
	store   store.Reader
	account int64
	threads []core.Thread
	query   HistoryQuery
	agents  map[int64]*core.Agent // authors met so far
}

func (h *history) entries(ctx context.Context, q store.EntryQuery) ([]core.Entry, error) {
	q.Kinds, q.ListedOnly, q.Desc = h.query.Kinds, h.query.ListedOnly, h.query.Desc
	entries, err := h.store.ListEntries(ctx, h.account, q)
	if err != nil {
		return nil, fmt.Errorf("list entries: %w", err)
	}
	return entries, nil
}

// batch yields the threads from i up to next, which together have at most one
// page of entries.
func (h *history) batch(ctx context.Context, i, next int, yield func(Page, error) bool) bool {
	var ids []int64
	bound := int64(0)
	for _, t := range h.threads[i:next] {
		if t.Conversation.LastPosition > 0 {
			ids = append(ids, t.Conversation.ID)
			bound = max(bound, t.Conversation.LastPosition)
		}
	}
	byThread := map[int64][]core.Line{}
	if len(ids) > 0 {
		// The bound holds for every thread, so newer entries of a shorter
		// thread may come along: the limit leaves no room to miss any.
		entries, err := h.entries(ctx, store.EntryQuery{ConversationIDs: ids, Before: bound + 1, Limit: len(ids) * int(bound)})
		if err != nil {
			yield(Page{}, err)
			return false
		}
		byThread, err = h.group(ctx, i, next, entries)
		if err != nil {
			yield(Page{}, err)
			return false
		}
	}
	for t := i; t < next; t++ {
		if !yield(Page{Thread: t, Lines: byThread[h.threads[t].Conversation.ID], End: true}, nil) {
			return false
		}
	}
	return true
}

// group turns entries of several threads into lines by conversation, without
// those past their thread's bound.
func (h *history) group(ctx context.Context, i, next int, entries []core.Entry) (map[int64][]core.Line, error) {
	lines, err := h.lines(ctx, h.threads[i:next], entries)
	if err != nil {
		return nil, err
	}
	byThread := make(map[int64][]core.Line, next-i)
	for _, l := range lines {
		id := l.Entry.ConversationID
		byThread[id] = append(byThread[id], l)
	}
	for _, t := range h.threads[i:next] {
		all := byThread[t.Conversation.ID]
		kept := all[:0]
		for _, l := range all {
			if l.Entry.Position <= t.Conversation.LastPosition {
				kept = append(kept, l)
			}
		}
		byThread[t.Conversation.ID] = kept
	}
	return byThread, nil
}

// long yields one thread in pages.
func (h *history) long(ctx context.Context, i int, yield func(Page, error) bool) bool {
	c := h.threads[i].Conversation
	q := store.EntryQuery{ConversationIDs: []int64{c.ID}, Before: c.LastPosition + 1, Limit: pageEntries}
	for {
		entries, err := h.entries(ctx, q)
		if err != nil {
			yield(Page{}, err)
			return false
		}
		lines, err := h.lines(ctx, h.threads[i:i+1], entries)
		if err != nil {
			yield(Page{}, err)
			return false
		}
		end := len(entries) < pageEntries
		if !yield(Page{Thread: i, Lines: lines, End: end}, nil) {
			return false
		}
		if end {
			return true
		}
		last := entries[len(entries)-1].Position
		if h.query.Desc {
			q.Before = last
		} else {
			q.After = last
		}
	}
}

// lines adds authors and attachments to entries of the given threads.
func (h *history) lines(ctx context.Context, threads []core.Thread, entries []core.Entry) ([]core.Line, error) {
	if err := h.loadAgents(ctx, entries); err != nil {
		return nil, err
	}
	attachments, err := h.attachments(ctx, entries)
	if err != nil {
		return nil, err
	}
	byConversation := make(map[int64]*core.Thread, len(threads))
	for i := range threads {
		byConversation[threads[i].Conversation.ID] = &threads[i]
	}
	lines := make([]core.Line, len(entries))
	for i, e := range entries {
		lines[i] = core.Line{Entry: e, Attachments: attachments[e.ID]}
		switch e.Sender.Type {
		case core.ActorAgent:
			lines[i].Agent = h.agents[e.Sender.ID]
		case core.ActorContact:
			if err := h.contact(ctx, byConversation[e.ConversationID], &lines[i]); err != nil {
				return nil, err
			}
		case core.ActorSystem:
		}
	}
	return lines, nil
}

func (h *history) loadAgents(ctx context.Context, entries []core.Entry) error {
	var ids []int64
	for i := range entries {
		s := entries[i].Sender
		if s.Type != core.ActorAgent || s.ID == 0 {
			continue
		}
		if _, met := h.agents[s.ID]; !met {
			h.agents[s.ID] = nil
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	agents, err := h.store.AgentsByID(ctx, h.account, ids)
	if err != nil {
		return fmt.Errorf("read authors: %w", err)
	}
	for i := range agents {
		h.agents[agents[i].ID] = &agents[i]
	}
	return nil
}

// contact fills the author of a contact's line: the thread's contact and
// identity, unless the entry names another identity of the account.
func (h *history) contact(ctx context.Context, t *core.Thread, l *core.Line) error {
	l.Contact, l.Identity = &t.Contact, &t.Identity
	if id := l.Entry.Sender.IdentityID; id != 0 && id != t.Identity.ID {
		identity, err := h.store.Identity(ctx, h.account, id)
		if err != nil {
			return fmt.Errorf("read author's identity: %w", err)
		}
		l.Identity = &identity
	}
	if id := l.Entry.Sender.ID; id != 0 && id != t.Contact.ID {
		contact, err := h.store.Contact(ctx, h.account, id)
		if err != nil {
			return fmt.Errorf("read author: %w", err)
		}
		l.Contact = &contact
	}
	return nil
}

func (h *history) attachments(ctx context.Context, entries []core.Entry) (map[int64][]core.Attachment, error) {
	var ids []int64
	for i := range entries {
		if entries[i].AttachmentCount > 0 {
			ids = append(ids, entries[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := h.store.Attachments(ctx, h.account, ids)
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	byMessage := make(map[int64][]core.Attachment, len(ids))
	for _, a := range found {
		byMessage[a.MessageID] = append(byMessage[a.MessageID], a)
	}
	return byMessage, nil
}
