package live

import "parley/internal/core"

// Bus carries between the nodes of an installation what their hubs need of each
// other. What it loses costs time, never an event: hubs read the log.
type Bus interface {
	// Wake returns a channel that is closed once the account's log may have
	// grown. Readers take the channel, read, and then wait on it.
	Wake(account int64) <-chan struct{}
	// Publish hands a signal to the hubs of all nodes, this one's too. It does
	// not wait for them.
	Publish(s Signal)
	// Receive names who is handed the signals. It is called once, before
	// anything is published.
	Receive(to func(s Signal))
}

// local is the bus of a single node.
type local struct {
	log interface {
		Committed(account int64) <-chan struct{}
	}
	to func(s Signal)
}

// Wake implements Bus.
func (l *local) Wake(account int64) <-chan struct{} { return l.log.Committed(account) }

// Publish implements Bus.
func (l *local) Publish(s Signal) { l.to(s) }

// Receive implements Bus.
func (l *local) Receive(to func(s Signal)) { l.to = to }

// Signal is what the hub tells beside the log. Nobody keeps it. One of its
// members is set.
type Signal struct {
	AccountID int64
	Typing    *Typing
	Presence  *Presence
}

// Typing tells that somebody began to type in a conversation, or stopped.
type Typing struct {
	ConversationID, ContactID, InboxID int64
	Who                                core.Actor
	On                                 bool
}

// Presence tells who is online. Between nodes it is a promise of one of them
// until a time; to subscriptions, a change.
type Presence struct {
	Node   string
	People []Person
	Until  core.Time // unset in a change
	Online bool      // in a change
}

// Person is somebody who can be online.
type Person struct {
	Who     core.Actor
	InboxID int64 // where a contact came in; 0 = nowhere in particular
}

// Name is the signal's type on wires: "typing" or "presence".
func (s *Signal) Name() string {
	if s.Typing != nil {
		return "typing"
	}
	return "presence"
}
