package core

import (
	"cmp"
	"slices"
)

// Unassigned tells whether the conversation is open and nobody is in charge of
// it, neither a person nor a bot.
func (c *Conversation) Unassigned() bool {
	return c.Status == Open && c.AssigneeID == 0 && c.AssigneeBotID == 0
}

// Candidate is an agent who may be given conversations, and the open ones that
// the agent is in charge of already.
type Candidate struct {
	Agent Agent
	// Chats are those in chats, Others those elsewhere, Here those in the inbox
	// that gives (each of which is among the Chats or the Others).
	Chats, Others, Here int64
}

// Turns gives the conversations of an inbox to agents, one after the other.
type Turns struct {
	Chat bool  // the inbox's Channel.IsChat: which capacity counts
	Most int64 // InboxRules.MaxAssigned
	// Last is the agent who had the last turn, 0 = nobody yet. The agent need
	// not be a candidate any more.
	Last       int64
	Candidates []Candidate // in order of the agent's id
}

// Next takes the turn of the next agent who is online and has room, and counts
// the conversation as the agent's. With a team, only its members have turns. It
// returns nil, and nobody's turn is over, when there is no such agent.
//
// Turns go by the agent's id: after the highest comes the lowest. Who is passed
// over for want of room waits for the next round. Bots and deleted agents have
// no turns.
func (t *Turns) Next(team *Team) *Agent {
	after, _ := slices.BinarySearchFunc(t.Candidates, t.Last+1, func(c Candidate, id int64) int {
		return cmp.Compare(c.Agent.ID, id)
	})
	for i := range t.Candidates {
		c := &t.Candidates[(after+i)%len(t.Candidates)]
		if !t.has(c) || team != nil && !slices.Contains(team.AgentIDs, c.Agent.ID) {
			continue
		}
		if t.Chat {
			c.Chats++
		} else {
			c.Others++
		}
		c.Here++
		t.Last = c.Agent.ID
		return &c.Agent
	}
	return nil
}

// has tells whether the candidate has turns, and room for a conversation.
func (t *Turns) has(c *Candidate) bool {
	capacity, held := c.Agent.AsyncCapacity, c.Others
	if t.Chat {
		capacity, held = c.Agent.SyncCapacity, c.Chats
	}
	return c.Agent.HasTurns() && (capacity == 0 || held < capacity) && (t.Most == 0 || c.Here < t.Most)
}

// HasTurns tells whether the agent is one whom inboxes give conversations to: a
// person who is online.
func (a *Agent) HasTurns() bool {
	return a.Type == Person && a.Availability == Online && !a.DeletedAt.IsSet()
}
