package store

import "context"

// Members reads which agents work in which inboxes: see docs/adr/0020.
type Members interface {
	// InboxMembers returns the agents who are members of each of the inboxes, by
	// the agent's id; an inbox that has none is not in the map. It takes at most
	// MaxIDs ids.
	InboxMembers(ctx context.Context, account int64, inboxes []int64) (map[int64][]int64, error)
	// InboxesOfAgent returns the ids of the inboxes that the agent is a member
	// of, in order.
	InboxesOfAgent(ctx context.Context, account, agent int64) ([]int64, error)
	// InboxesInSight returns, in order, the ids of the inboxes that the agent is a
	// member of and of those that have no members. all tells that these are all
	// inboxes of the account; then there are no ids.
	InboxesInSight(ctx context.Context, account, agent int64) (ids []int64, all bool, err error)
}

// MemberWrites changes who works where.
type MemberWrites interface {
	// SetInboxMembers makes the agents, each named once, the inbox's only
	// members; none: it has no members.
	SetInboxMembers(ctx context.Context, account, inbox int64, agents []int64) error
}
