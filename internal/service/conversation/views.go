package conversation

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// Whose says which conversations a view holds.
type Whose int

// The views.
const (
	Everybodys    Whose = iota // all of them
	Mine                       // the agent is in charge of
	Nobodys                    // neither an agent nor a bot is in charge of
	Participating              // the agent takes part in
)

// CursorOf says whose reading a view is about.
type CursorOf = store.CursorOf

// ThreadPage is one page of a list.
type ThreadPage = store.ThreadPage

// View selects conversations as agents look at them: those that match every
// field that is set.
type View struct {
	Sight   Sight
	Whose   Whose
	AgentID int64 // of Mine and Participating

	InboxID    int64
	SubInboxID int64
	ContactID  int64
	TeamID     int64
	AssigneeID int64 // an agent or a bot
	LabelID    int64
	Channels   []core.Channel
	Statuses   []core.Status
	// ConversationIDs wants any of these, at most store.MaxIDs; none = all.
	ConversationIDs []int64
	Unread          *CursorOf // with something that this reader has not read

	// Order is ByID, ByCreation, ByLastMessage or ByLastActivity; with InboxID or
	// ContactID any.
	Order Order
	Desc  bool
	From  *Place // where the list goes on; nil = from its beginning
	Limit int    // at most; must be positive
	With  Parts
}

// ListView returns one page of a view. The page may hold fewer threads than the
// limit, even none, and yet have a Next: see store.Conversations.PageThreads.
func (s *Reads) ListView(ctx context.Context, account int64, v View) (ThreadPage, error) {
	q := store.ThreadQuery{
		InboxID: v.InboxID, SubInboxID: v.SubInboxID, ContactID: v.ContactID, TeamID: v.TeamID, AssigneeID: v.AssigneeID, LabelID: v.LabelID,
		Channels: v.Channels, Statuses: v.Statuses, ConversationIDs: v.ConversationIDs, Unread: v.Unread,
		Order: v.Order, Desc: v.Desc, From: v.From, Limit: v.Limit, Scan: maxScan, With: v.With,
	}
	switch v.Whose {
	case Everybodys:
	case Mine:
		if v.AssigneeID != 0 && v.AssigneeID != v.AgentID {
			return ThreadPage{}, nil
		}
		q.AssigneeID = v.AgentID
	case Nobodys:
		q.Unassigned = true
	case Participating:
		q.ParticipantID = v.AgentID
	}
	if v.AgentID == 0 && (v.Whose == Mine || v.Whose == Participating) {
		return ThreadPage{}, core.Refuse("view", "needs an agent")
	}
	if !narrow(v.Sight, &q) {
		return ThreadPage{}, nil
	}
	return s.page(ctx, account, q)
}

// CountsQuery selects what Counts counts: what matches every field that is set.
type CountsQuery struct {
	Sight    Sight
	AgentID  int64 // whose conversations are the agent's own; 0 = nobody's
	InboxID  int64
	TeamID   int64
	Statuses []core.Status // any of them; none = all
}

// Counts are numbers of conversations.
type Counts struct {
	All, Mine, Unassigned int64
	// Participating counts what is not resolved.
	Participating int64
	// AgentsUnread have something that the agents together have not read.
	AgentsUnread int64
	// MineUnread have something that the agent has not read. They are those of
	// store.Conversations.AgentUnread that are seen, whatever else the query
	// selects.
	MineUnread int64
	ByStatus   map[core.Status]int64
	ByInbox    []InboxCounts // in order of the inbox's id; without empty ones
}

// InboxCounts are numbers of conversations of one inbox.
type InboxCounts struct {
	InboxID          int64
	All, Open        int64
	Mine, Unassigned int64
}

// Counts counts conversations exactly. It costs a few hundred kept counts, and
// the conversations with something unread.
func (s *Reads) Counts(ctx context.Context, account int64, q CountsQuery) (Counts, error) {
	tallies, err := s.store.ListTallies(ctx, account)
	if err != nil {
		return Counts{}, fmt.Errorf("list tallies: %w", err)
	}
	out := q.sum(tallies)
	find := store.ThreadQuery{InboxID: q.InboxID, TeamID: q.TeamID, Statuses: q.Statuses}
	if !narrow(q.Sight, &find) {
		return out, nil
	}
	find.Unread = &store.CursorOf{Side: core.AgentSide}
	if out.AgentsUnread, err = s.Count(ctx, account, find); err != nil || q.AgentID == 0 {
		return out, err
	}
	find.Unread, find.ParticipantID, find.Statuses = nil, q.AgentID, unresolved(q.Statuses)
	if len(find.Statuses) > 0 {
		if out.Participating, err = s.Count(ctx, account, find); err != nil {
			return out, err
		}
	}
	unread, err := s.store.AgentUnread(ctx, account, store.AgentUnreadQuery{AgentID: q.AgentID, InboxIDs: inSight(q.Sight), Limit: math.MaxInt32})
	if err != nil {
		return out, fmt.Errorf("count unread of agent: %w", err)
	}
	out.MineUnread = int64(len(unread.Conversations))
	return out, nil
}

// unresolved are the statuses of those, none = all, in which a conversation is
// not over.
func unresolved(statuses []core.Status) []core.Status {
	if len(statuses) == 0 {
		return []core.Status{core.Open, core.Pending, core.Snoozed}
	}
	return slices.DeleteFunc(slices.Clone(statuses), func(s core.Status) bool { return s == core.Resolved })
}

// sum adds up the tallies that the query selects.
func (q *CountsQuery) sum(tallies []store.Tally) Counts {
	out := Counts{ByStatus: map[core.Status]int64{}}
	inboxes := map[int64]*InboxCounts{}
	for _, t := range tallies {
		if !q.selects(t.TallyKey) {
			continue
		}
		of := inboxes[t.InboxID]
		if of == nil {
			of = &InboxCounts{InboxID: t.InboxID}
			inboxes[t.InboxID] = of
		}
		out.All += t.Count
		of.All += t.Count
		out.ByStatus[t.Status] += t.Count
		if t.Status == core.Open {
			of.Open += t.Count
		}
		switch t.AssigneeID {
		case 0:
			out.Unassigned += t.Count
			of.Unassigned += t.Count
		case q.AgentID:
			out.Mine += t.Count
			of.Mine += t.Count
		}
	}
	for _, id := range slices.Sorted(maps.Keys(inboxes)) {
		out.ByInbox = append(out.ByInbox, *inboxes[id])
	}
	return out
}

func (q *CountsQuery) selects(key store.TallyKey) bool {
	return q.Sight.Sees(key.InboxID) && (q.InboxID == 0 || q.InboxID == key.InboxID) && (q.TeamID == 0 || q.TeamID == key.TeamID) &&
		(len(q.Statuses) == 0 || slices.Contains(q.Statuses, key.Status))
}

// AgentUnread returns what an agent has not read in the inboxes that are seen: see
// store.Conversations.AgentUnread. An agent that the account does not have, or has no more, is
// core.NotFound.
func (s *Reads) AgentUnread(ctx context.Context, account, agent int64, sight Sight, limit int) (store.Unread, error) {
	a, err := s.store.Agent(ctx, account, agent)
	if err == nil && a.DeletedAt.IsSet() {
		err = core.Absent("agent")
	}
	if err != nil {
		return store.Unread{}, fmt.Errorf("read agent: %w", err)
	}
	if blind(sight) {
		return store.Unread{}, nil
	}
	unread, err := s.store.AgentUnread(ctx, account, store.AgentUnreadQuery{AgentID: agent, InboxIDs: inSight(sight), Limit: limit})
	if err != nil {
		return store.Unread{}, fmt.Errorf("count unread of agent: %w", err)
	}
	return unread, nil
}
