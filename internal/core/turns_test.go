package core

import (
	"slices"
	"testing"
)

// online is a person who is there, and takes so many chats and others.
func online(id, chats, others int64) Candidate {
	return Candidate{Agent: Agent{ID: id, Type: Person, Availability: Online, SyncCapacity: chats, AsyncCapacity: others}}
}

func with(c Candidate, change func(c *Candidate)) Candidate {
	change(&c)
	return c
}

func TestTurns(t *testing.T) {
	t.Parallel()
	team := &Team{ID: 1, AgentIDs: []int64{9, 3}}
	for name, c := range map[string]struct {
		turns Turns
		teams []*Team // of the conversations, one after the other
		want  []int64 // who gets them, 0 = nobody
	}{
		"nobody":              {Turns{Last: 5}, []*Team{nil}, []int64{0}},
		"from the first":      {Turns{Candidates: []Candidate{online(3, 0, 0), online(5, 0, 0), online(9, 0, 0)}}, make([]*Team, 4), []int64{3, 5, 9, 3}},
		"after the last":      {Turns{Last: 5, Candidates: []Candidate{online(3, 0, 0), online(5, 0, 0), online(9, 0, 0)}}, make([]*Team, 2), []int64{9, 3}},
		"after one of before": {Turns{Last: 4, Candidates: []Candidate{online(3, 0, 0), online(5, 0, 0)}}, make([]*Team, 2), []int64{5, 3}},
		"after the highest":   {Turns{Last: MaxID, Candidates: []Candidate{online(3, 0, 0), online(5, 0, 0)}}, make([]*Team, 1), []int64{3}},
		"one alone":           {Turns{Last: 3, Candidates: []Candidate{online(3, 0, 0)}}, make([]*Team, 2), []int64{3, 3}},
		"all but those who are there": {Turns{Candidates: []Candidate{
			with(online(1, 0, 0), func(c *Candidate) { c.Agent.Availability = Offline }),
			with(online(2, 0, 0), func(c *Candidate) { c.Agent.Availability = Busy }),
			with(online(3, 0, 0), func(c *Candidate) { c.Agent.Availability = "" }),
			with(online(4, 0, 0), func(c *Candidate) { c.Agent.Type = Bot }),
			with(online(5, 0, 0), func(c *Candidate) { c.Agent.DeletedAt = 1 }),
		}}, make([]*Team, 1), []int64{0}},
		"no limit without a capacity": {Turns{Chat: true, Candidates: []Candidate{with(online(3, 0, 1), func(c *Candidate) { c.Chats, c.Others = 1000, 1000 })}}, make([]*Team, 1), []int64{3}},
		"capacity of chats": {Turns{Chat: true, Candidates: []Candidate{
			online(3, 2, 9), with(online(5, 2, 9), func(c *Candidate) { c.Chats = 1 }), with(online(9, 2, 9), func(c *Candidate) { c.Chats = 2 }),
		}}, make([]*Team, 4), []int64{3, 5, 3, 0}},
		"capacity elsewhere": {Turns{Candidates: []Candidate{
			with(online(3, 1, 2), func(c *Candidate) { c.Chats = 5 }), with(online(5, 9, 1), func(c *Candidate) { c.Others = 3 }),
		}}, make([]*Team, 3), []int64{3, 3, 0}},
		"limit of the inbox": {Turns{Most: 2, Candidates: []Candidate{
			online(3, 0, 0), with(online(5, 0, 0), func(c *Candidate) { c.Here = 2 }), with(online(9, 0, 1), func(c *Candidate) { c.Others, c.Here = 0, 0 }),
		}}, make([]*Team, 4), []int64{3, 9, 3, 0}},
		"a team's members only": {
			Turns{Candidates: []Candidate{online(3, 0, 0), online(5, 0, 0), online(9, 0, 1)}},
			[]*Team{team, team, team, nil, {ID: 2}, team},
			[]int64{3, 9, 3, 5, 0, 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int64
			for _, team := range c.teams {
				last := c.turns.Last
				a := c.turns.Next(team)
				if a == nil {
					a = &Agent{}
					if c.turns.Last != last {
						t.Errorf("nobody's turn is over, and yet the last is %d instead of %d", c.turns.Last, last)
					}
				}
				got = append(got, a.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("turns of %v, want %v", got, c.want)
			}
		})
	}
}

func TestUnassigned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conversation Conversation
		want         bool
	}{
		{Conversation{Status: Open}, true},
		{Conversation{Status: Open, LastAssigneeID: 3, TeamID: 1}, true},
		{Conversation{Status: Open, AssigneeID: 3}, false},
		{Conversation{Status: Open, AssigneeBotID: 3}, false},
		{Conversation{Status: Pending}, false},
		{Conversation{Status: Snoozed}, false},
		{Conversation{Status: Resolved}, false},
	} {
		if got := c.conversation.Unassigned(); got != c.want {
			t.Errorf("%+v: %t", c.conversation, got)
		}
	}
}
