package core_test

import (
	"maps"

	"parley/internal/core"
)

// model is a conversation kept the naive way: what was said, in order, and for
// each reader the set of things it has read. Every number is found by looking
// at everything. It shares no code with the rules that it checks.
type model struct {
	created core.Time
	said    []saying
	contact map[int]bool // indexes into said that the contact has read
	shared  map[int]bool // that the agents together have read
	own     map[int64]map[int]bool
}

// saying is one thing that was said or done.
type saying struct {
	id        int64
	public    bool // neither note nor activity
	byContact bool
	counts    bool
	listed    bool
	isAnswer  bool // a person or a bot said it
	at        core.Time
}

func newModel(created core.Time) *model {
	return &model{created: created, contact: map[int]bool{}, shared: map[int]bool{}, own: map[int64]map[int]bool{}}
}

// say adds s; agent is who wrote it, 0 when it was no agent.
func (m *model) say(s saying, agent int64) {
	m.said = append(m.said, s)
	last := len(m.said) - 1
	if s.public && s.byContact {
		m.read(m.contact, last)
	}
	if s.public && agent != 0 {
		m.read(m.ownOf(agent), last)
	}
}

// ownOf returns what the agent has read; who never read anything of its own
// has read what the agents together have.
func (m *model) ownOf(agent int64) map[int]bool {
	if m.own[agent] == nil {
		m.own[agent] = maps.Clone(m.shared)
	}
	return m.own[agent]
}

// read marks everything up to and including index last.
func (m *model) read(who map[int]bool, last int) {
	for i := 0; i <= last; i++ {
		who[i] = true
	}
}

// unreadAfter takes everything after index last back; -1 takes all.
func (m *model) unreadAfter(who map[int]bool, last int) {
	for i := range m.said {
		if i > last {
			delete(who, i)
		}
	}
}

// readUntil marks what was said until at, and stops at the first thing that
// the reader would count and that is newer.
func (m *model) readUntil(who map[int]bool, forContact bool, at core.Time) {
	for i, s := range m.said {
		if m.matters(s, forContact) && s.at > at {
			return
		}
		who[i] = true
	}
}

// matters tells whether s can be unread for the contact, else for the agents.
func (m *model) matters(s saying, forContact bool) bool {
	return s.public && s.counts && s.byContact != forContact
}

func (m *model) unread(who map[int]bool, forContact bool) int64 {
	var n int64
	for i, s := range m.said {
		if m.matters(s, forContact) && !who[i] {
			n++
		}
	}
	return n
}

// unreadOf is one agent's own count.
func (m *model) unreadOf(agent int64) int64 {
	if own, ok := m.own[agent]; ok {
		return m.unread(own, false)
	}
	return m.unread(m.shared, false)
}

// facts are what a conversation derives from its entries.
type facts struct {
	Position, MessageCount      int64
	LastMessage, LastListed     int64
	FromAgents, FromContact     int64 // how many matter to the other side
	LastMessageAt, LastActivity core.Time
	FirstResponse, LastResponse core.Time
	WaitingSince                core.Time
}

// facts recounts everything. All times of the model are set.
func (m *model) facts() facts {
	f := facts{Position: int64(len(m.said)), LastMessageAt: m.created, LastActivity: m.created}
	lastAnswer := -1
	for i, s := range m.said {
		f.LastActivity = max(f.LastActivity, s.at)
		if !s.public {
			continue
		}
		f.MessageCount++
		f.LastMessage, f.LastMessageAt = s.id, s.at
		if s.listed {
			f.LastListed = s.id
		}
		if !s.counts {
			continue
		}
		if s.byContact {
			f.FromContact++
			continue
		}
		f.FromAgents++
		if !s.isAnswer {
			continue
		}
		if lastAnswer < 0 {
			f.FirstResponse, f.LastResponse = s.at, s.at
		}
		lastAnswer = i
		f.FirstResponse = min(f.FirstResponse, s.at)
		f.LastResponse = max(f.LastResponse, s.at)
	}
	for _, s := range m.said[lastAnswer+1:] {
		if s.public && s.byContact && s.counts && (f.WaitingSince == 0 || s.at < f.WaitingSince) {
			f.WaitingSince = s.at
		}
	}
	return f
}

// factsOf reads the same from a conversation that the rules kept.
func factsOf(c *core.Conversation) facts {
	return facts{
		Position: c.LastPosition, MessageCount: c.MessageCount,
		LastMessage: c.LastMessageID, LastListed: c.LastListedID,
		FromAgents: c.AgentSeq, FromContact: c.ContactSeq,
		LastMessageAt: c.LastMessageAt, LastActivity: c.LastActivityAt,
		FirstResponse: c.FirstResponseAt, LastResponse: c.LastResponseAt,
		WaitingSince: c.WaitingSince,
	}
}
