package inbox

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// Reads answers questions about inboxes.
type Reads struct {
	store store.Reader
	clock core.Clock
}

// NewReads returns the read use cases on st.
func NewReads(st store.Reader, clock core.Clock) *Reads { return &Reads{store: st, clock: clock} }

// Listed is an inbox with its parts, by id.
type Listed struct {
	core.Inbox
	SubInboxes []core.SubInbox
}

// List returns all inboxes of an account, by id.
func (s *Reads) List(ctx context.Context, account int64) ([]Listed, error) {
	inboxes, err := store.All(ctx, account, store.MaxIDs, s.store.PageInboxes, func(i *core.Inbox) int64 { return i.ID })
	if err != nil {
		return nil, fmt.Errorf("list inboxes: %w", err)
	}
	parts, err := store.All(ctx, account, store.MaxIDs, s.store.PageSubInboxes, func(i *core.SubInbox) int64 { return i.ID })
	if err != nil {
		return nil, fmt.Errorf("list sub-inboxes: %w", err)
	}
	of := map[int64][]core.SubInbox{}
	for _, p := range parts {
		of[p.InboxID] = append(of[p.InboxID], p)
	}
	listed := make([]Listed, len(inboxes))
	for i, inbox := range inboxes {
		listed[i] = Listed{Inbox: inbox, SubInboxes: of[inbox.ID]}
	}
	return listed, nil
}

// StateCount is how many conversations of one state there are in a sub-inbox,
// 0 for those in none.
type StateCount struct {
	Inbox      core.Inbox
	SubInboxID int64
	Status     core.Status
	StatusCode int64
	Count      int64
}

// CountStates counts the account's conversations by inbox, sub-inbox and
// state, in no particular order and without empty ones.
func (s *Reads) CountStates(ctx context.Context, account int64) ([]StateCount, error) {
	counts, err := s.store.CountStates(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("count states: %w", err)
	}
	inboxes, err := store.All(ctx, account, store.MaxIDs, s.store.PageInboxes, func(i *core.Inbox) int64 { return i.ID })
	if err != nil {
		return nil, fmt.Errorf("list inboxes: %w", err)
	}
	byID := make(map[int64]core.Inbox, len(inboxes))
	for _, i := range inboxes {
		byID[i.ID] = i
	}
	out := make([]StateCount, len(counts))
	for i, c := range counts {
		out[i] = StateCount{Inbox: byID[c.InboxID], SubInboxID: c.SubInboxID, Status: c.State.Status, StatusCode: c.State.Code, Count: c.Count}
	}
	return out, nil
}

// Inbox returns an inbox; core.NotFound when the account has no such one.
func (s *Reads) Inbox(ctx context.Context, account, id int64) (core.Inbox, error) {
	i, err := s.store.Inbox(ctx, account, id)
	if err != nil {
		return core.Inbox{}, fmt.Errorf("read inbox: %w", err)
	}
	return i, nil
}

// Part returns a part of an inbox; core.NotFound when the inbox has no such
// one.
func (s *Reads) Part(ctx context.Context, account, inbox, id int64) (core.SubInbox, error) {
	part, err := s.store.SubInbox(ctx, account, id)
	if err != nil {
		return core.SubInbox{}, fmt.Errorf("read sub-inbox: %w", err)
	}
	if part.InboxID != inbox {
		return core.SubInbox{}, core.Absent("sub-inbox")
	}
	return part, nil
}

// Attendance says who could answer in an inbox now.
type Attendance struct {
	Open bool // the inbox works at this time: see core.Inbox.IsOpen
	// Agents are the inbox's members, by id, or all of the account where it has
	// none. A bot has no Availability and is always there.
	Agents []core.Agent
}

// Attendance returns who could answer in an inbox and, unless it is 0, one of
// its parts. Either one unknown, or a part of another inbox, is core.NotFound.
func (s *Reads) Attendance(ctx context.Context, account, inbox, subInbox int64) (Attendance, error) {
	i, err := s.Inbox(ctx, account, inbox)
	if err != nil {
		return Attendance{}, err
	}
	if subInbox != 0 {
		if _, err := s.Part(ctx, account, inbox, subInbox); err != nil {
			return Attendance{}, err
		}
	}
	a, err := s.store.Account(ctx, account)
	if err != nil {
		return Attendance{}, fmt.Errorf("read account: %w", err)
	}
	agents, err := store.All(ctx, account, store.MaxIDs, s.store.PageAgents, func(a *core.Agent) int64 { return a.ID })
	if err != nil {
		return Attendance{}, fmt.Errorf("list agents: %w", err)
	}
	members, err := s.store.InboxMembers(ctx, account, []int64{inbox})
	if err != nil {
		return Attendance{}, fmt.Errorf("read members: %w", err)
	}
	some := members[inbox]
	agents = slices.DeleteFunc(agents, func(a core.Agent) bool {
		return a.DeletedAt.IsSet() || len(some) > 0 && !slices.Contains(some, a.ID)
	})
	return Attendance{Open: i.IsOpen(&a, s.clock()), Agents: agents}, nil
}
