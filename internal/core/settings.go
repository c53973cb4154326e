package core

import (
	"strconv"
	"time"
)

// InboxRules are what an inbox does by itself, as its settings say. Members
// that say nothing sensible say nothing.
type InboxRules struct {
	// Greeting is said when the contact speaks first and nobody has answered:
	// the inbox's greeting, unless the setting greeting_enabled is false.
	Greeting string
	// OutOfOffice is said when the contact speaks while the inbox is closed, at
	// most once a day (setting out_of_office_message).
	OutOfOffice string
	// ResolveAfter is how long an open conversation may be silent before it is
	// resolved (setting auto_resolve_minutes); 0 = for ever.
	ResolveAfter time.Duration
	// Assigns tells whether agents are given the inbox's conversations by turns
	// (setting enable_auto_assignment): see Turns.
	Assigns bool
	// MaxAssigned is how many open conversations of the inbox an agent is given
	// at most (setting max_assignment_limit); 0 = no limit but the agent's own.
	MaxAssigned int64
}

// maxResolveMinutes is a hundred years.
const maxResolveMinutes = 100 * 366 * 24 * 60

// Rules returns what the inbox does by itself.
func (i *Inbox) Rules() InboxRules {
	r := InboxRules{
		Greeting: i.Greeting, OutOfOffice: i.Settings.Member("out_of_office_message").Text(),
		Assigns: i.Settings.Member("enable_auto_assignment") == "true",
	}
	if i.Settings.Member("greeting_enabled") == "false" {
		r.Greeting = ""
	}
	minutes, err := strconv.ParseInt(string(i.Settings.Member("auto_resolve_minutes")), 10, 64)
	if err == nil && minutes > 0 && minutes <= maxResolveMinutes {
		r.ResolveAfter = time.Duration(minutes) * time.Minute
	}
	most, err := strconv.ParseInt(string(i.Settings.Member("max_assignment_limit")), 10, 64)
	if err == nil && most > 0 {
		r.MaxAssigned = most
	}
	return r
}

// officeSilence is how long after an agent's answer nobody is told that the
// office is closed: somebody is there after all.
const officeSilence = Time(5 * time.Minute / time.Microsecond)

// Greets tells whether a message of the contact, the newest of c, is answered
// with the inbox's greeting.
func (r *InboxRules) Greets(c *Conversation) bool {
	return r.Greeting != "" && c.AgentSeq == 0
}

// SaysClosed tells whether a message of the contact may be answered with the
// note that the inbox is closed, at a time at which it is: not while an agent
// answers, and not when that was said already, at told, on the same day in the
// place.
func (r *InboxRules) SaysClosed(c *Conversation, told, now Time, place *time.Location) bool {
	switch {
	case r.OutOfOffice == "":
		return false
	case c.LastResponseAt.IsSet() && now-c.LastResponseAt < officeSilence:
		return false
	case !told.IsSet():
		return true
	}
	y1, m1, d1 := told.Std().In(place).Date()
	y2, m2, d2 := now.Std().In(place).Date()
	return y1 != y2 || m1 != m2 || d1 != d2
}
