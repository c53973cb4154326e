package api

import (
	"cmp"

	"parley/internal/core"
)

// Sender is who wrote a message.
type Sender struct {
	Type      string  `json:"type" enum:"contact,agent,bot,system"`
	ID        *int64  `json:"id" doc:"The contact's or the agent's; null for the system."`
	Name      *string `json:"name" doc:"What customers are shown of agents is the display name, where there is one."`
	AvatarURL *string `json:"avatar_url"`
}

// toSender shows who wrote a line.
func toSender(v view, l *core.Line) Sender {
	s := Sender{Type: string(l.Entry.Sender.Type), ID: orNull(l.Entry.Sender.ID)}
	switch {
	case l.Agent != nil:
		if l.Agent.Type == core.Bot {
			s.Type = "bot"
		}
		s.Name, s.AvatarURL = orNull(agentName(v, l.Agent)), orNull(l.Agent.AvatarURL)
	case l.Contact != nil:
		s.Name, s.AvatarURL = orNull(l.Contact.FullName()), orNull(l.Contact.AvatarURL)
	}
	return s
}

// agentName is what an agent is called.
func agentName(v view, a *core.Agent) string {
	if v.customer {
		return cmp.Or(a.DisplayName, a.Name)
	}
	return a.Name
}

// SenderInput says in whose name a thing is done.
type SenderInput struct {
	Type string `json:"type" enum:"contact,agent,system" doc:"A bot is an agent."`
	ID   *int64 `json:"id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"Which agent; for a contact it may be left out: the conversation's."`
}

// sender returns in whose name the caller acts. An account's token says it where
// something is said or begun; an agent acts as itself, a customer, too.
func (c *caller) sender(in *SenderInput, needed bool) (core.Actor, error) {
	self := c.actor()
	if in == nil {
		if needed && c.isAccount() {
			return core.Actor{}, core.Refuse("sender", "an account's token says who it is")
		}
		return self, nil
	}
	asked := core.Actor{Type: core.ActorType(in.Type), ID: valueOf(in.ID)}
	switch {
	case c.isAccount():
		if asked.Type == core.ActorAgent && asked.ID == 0 {
			return core.Actor{}, core.Refuse("sender/id", "it is needed")
		}
		if asked.Type == core.ActorSystem {
			asked.ID = 0
		}
		return asked, nil
	case asked.Type == self.Type && (asked.ID == self.ID || asked.ID == 0 && asked.Type == core.ActorContact):
		return self, nil
	}
	return core.Actor{}, &core.Error{Kind: core.Forbidden, Field: "sender", Message: "the token speaks for nobody else"}
}

// isAccount tells that the caller is the account itself.
func (c *caller) isAccount() bool { return c.AgentID == 0 && c.Customer == nil }
