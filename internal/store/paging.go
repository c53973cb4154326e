package store

import (
	"math"

	"parley/internal/core"
)

// Place is where a list of threads goes on: the keys of one row in the list's
// order. A forged one is harmless: a list can only begin elsewhere with it.
type Place struct {
	Key       core.Time // the time that the order is by; 0 of ByID and ByCreation
	CreatedAt core.Time // 0 of ByID
	ID        int64
}

// PlaceOf is the place of a conversation in an order.
func PlaceOf(order Order, c *core.Conversation) Place {
	p := Place{CreatedAt: c.CreatedAt, ID: c.ID}
	switch order {
	case ByID:
		p.CreatedAt = 0
	case ByCreation:
	case ByLastMessage:
		p.Key = c.LastMessageAt
	case ByLastActivity:
		p.Key = c.LastActivityAt
	case ByCustomerUpdate:
		p.Key = c.CustomerUpdatedAt
	case ByClosing:
		if p.Key = c.ClosedAt; p.Key == 0 {
			p.Key = math.MaxInt64
		}
	}
	return p
}

// ThreadPage is one page of a list.
type ThreadPage struct {
	Threads []core.Thread
	// Next is where the list goes on; nil at its end.
	Next *Place
}

// CursorOf says whose reading: the contact's, the agents' together, or one
// agent's.
type CursorOf struct {
	Side core.Side
	// AgentID, with core.AgentSide: this agent's own cursor, or the shared one
	// where the agent has none. 0 = the shared one.
	AgentID int64
}

// UnreadQuery asks for the unread messages of one contact, who is named by
// ContactID or else by Identifier.
type UnreadQuery struct {
	ContactID  int64
	Identifier string
	// InboxIDs and Channels match conversations in any of these inboxes, in
	// inboxes of any of these channels; none = all. At most MaxIDs each.
	InboxIDs []int64
	Channels []core.Channel
	Limit    int // of the conversations that are told; must be positive
}

// AgentUnreadQuery says of whom and where to count what an agent has not read.
type AgentUnreadQuery struct {
	AgentID  int64
	InboxIDs []int64 // conversations in any of these; none = all. At most MaxIDs
	Limit    int     // of the conversations that are told; must be positive
}

// Unread is how much somebody has not read.
type Unread struct {
	// Total is the sum over all conversations, also those that are not told.
	Total int64
	// Conversations are those with something unread, newest public message
	// first, then by creation and id, newest first.
	Conversations []UnreadCount
	More          bool // there are others
}

// UnreadCount is how many messages of a conversation somebody has not read.
type UnreadCount struct {
	ConversationID int64
	Count          int64
}

// ContactUnread is a contact and what the contact has not read.
type ContactUnread struct {
	ContactID int64
	Unread
}
