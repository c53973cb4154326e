package inbox

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// State is an inbox with all that belongs to it.
type State struct {
	core.Inbox
	SubInboxes []core.SubInbox // by id
	AgentIDs   []int64         // its members, by id; none: everybody works in it
	Open       bool            // it works at this time: see core.Inbox.IsOpen
}

// statesOf returns the states of inboxes of one account.
func statesOf(ctx context.Context, r store.Reader, account int64, inboxes []core.Inbox, now core.Time) ([]State, error) {
	a, err := r.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	parts, err := store.All(ctx, account, store.MaxIDs, r.PageSubInboxes, func(i *core.SubInbox) int64 { return i.ID })
	if err != nil {
		return nil, err
	}
	of := map[int64][]core.SubInbox{}
	for _, p := range parts {
		of[p.InboxID] = append(of[p.InboxID], p)
	}
	ids := make([]int64, len(inboxes))
	for i := range inboxes {
		ids[i] = inboxes[i].ID
	}
	members, err := r.InboxMembers(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	states := make([]State, len(inboxes))
	for i, inbox := range inboxes {
		states[i] = State{Inbox: inbox, SubInboxes: of[inbox.ID], AgentIDs: members[inbox.ID], Open: inbox.IsOpen(&a, now)}
	}
	return states, nil
}

// stateOf returns the state of one inbox.
func stateOf(ctx context.Context, r store.Reader, account, id int64, now core.Time) (State, error) {
	i, err := r.Inbox(ctx, account, id)
	if err != nil {
		return State{}, err
	}
	states, err := statesOf(ctx, r, account, []core.Inbox{i}, now)
	if err != nil {
		return State{}, err
	}
	return states[0], nil
}

// State returns an inbox with all that belongs to it.
func (s *Reads) State(ctx context.Context, account, id int64) (State, error) {
	state, err := stateOf(ctx, s.store, account, id, s.clock())
	if err != nil {
		return State{}, fmt.Errorf("read inbox: %w", err)
	}
	return state, nil
}

// PageStates returns at most limit inboxes in sight with ids above after, by id.
func (s *Reads) PageStates(ctx context.Context, account int64, sight Sight, after int64, limit int) ([]State, error) {
	inboxes, err := store.All(ctx, account, store.MaxIDs, func(ctx context.Context, account, from int64, n int) ([]core.Inbox, error) {
		return s.store.PageInboxes(ctx, account, max(from, after), n)
	}, func(i *core.Inbox) int64 { return i.ID })
	if err != nil {
		return nil, fmt.Errorf("page inboxes: %w", err)
	}
	var seen []core.Inbox
	for i := range inboxes {
		if sight.Sees(inboxes[i].ID) && len(seen) < min(limit, store.MaxIDs) {
			seen = append(seen, inboxes[i])
		}
	}
	states, err := statesOf(ctx, s.store, account, seen, s.clock())
	if err != nil {
		return nil, fmt.Errorf("page inboxes: %w", err)
	}
	return states, nil
}
