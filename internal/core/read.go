package core

// ReadUpTo moves the contact's cursor (ContactSide) or the agents' shared one
// (AgentSide) up to and including e, an entry of c. A cursor never goes back:
// late, repeated and reordered reads are harmless. It reports whether the
// cursor moved.
func ReadUpTo(c *Conversation, reader Side, e *Entry) bool {
	if reader == ContactSide {
		if e.AgentSeq <= c.ContactCursor {
			return false
		}
		c.ContactCursor, c.ContactReadID = e.AgentSeq, e.ID
		return true
	}
	if e.ContactSeq <= c.AgentCursor {
		return false
	}
	c.AgentCursor, c.AgentReadID = e.ContactSeq, e.ID
	return true
}

// Seen stamps an explicit read at the time given; the stamp never goes back.
func Seen(c *Conversation, reader Side, at Time) {
	if reader == ContactSide {
		c.ContactLastSeenAt = c.ContactLastSeenAt.Later(at)
		return
	}
	c.AgentLastSeenAt = c.AgentLastSeenAt.Later(at)
}

// MarkUnread lowers a cursor so that everything after last, an entry of c, is
// unread; nil makes everything unread. It is the only rule that lowers one,
// and it never raises one. It reports whether the cursor moved.
func MarkUnread(c *Conversation, reader Side, last *Entry) bool {
	var seq, id int64
	if last != nil {
		id = last.ID
		seq = last.ContactSeq
		if reader == ContactSide {
			seq = last.AgentSeq
		}
	}
	if reader == ContactSide {
		if seq >= c.ContactCursor {
			return false
		}
		c.ContactCursor, c.ContactReadID = seq, id
		return true
	}
	if seq >= c.AgentCursor {
		return false
	}
	c.AgentCursor, c.AgentReadID = seq, id
	return true
}

// OwnCursor returns the cursor with which an agent begins who has none yet: it
// stands where the shared one does, so that an agent's first own read, however
// late, makes nothing unread that was not before.
func OwnCursor(c *Conversation, agentID int64) ReadCursor {
	return ReadCursor{
		AccountID:      c.AccountID,
		ConversationID: c.ID,
		AgentID:        agentID,
		EntryID:        c.AgentReadID,
		Seq:            c.AgentCursor,
	}
}

// ReadTo moves one agent's cursor up to and including e; like ReadUpTo it
// never goes back. It reports whether the cursor moved.
func (r *ReadCursor) ReadTo(e *Entry) bool {
	if e.ContactSeq <= r.Seq {
		return false
	}
	r.Seq, r.EntryID = e.ContactSeq, e.ID
	return true
}

// MarkUnread lowers one agent's cursor so that everything after last is unread
// for that agent; nil makes everything unread. Like the function of that name
// it never raises the cursor. It reports whether the cursor moved.
func (r *ReadCursor) MarkUnread(last *Entry) bool {
	var seq, id int64
	if last != nil {
		seq, id = last.ContactSeq, last.ID
	}
	if seq >= r.Seq {
		return false
	}
	r.Seq, r.EntryID = seq, id
	return true
}

// ReplyCursor tells whose own cursor the entry moves: that of the agent who
// wrote a public message. The second result is false for everything else. Who
// has no cursor yet begins with OwnCursor, and keeps it from then on even when
// the reply moves it no further.
func ReplyCursor(e *Entry) (agentID int64, ok bool) {
	if e.Kind != Message || e.Sender.Type != ActorAgent || e.Sender.ID == 0 {
		return 0, false
	}
	return e.Sender.ID, true
}

// CountsFor tells whether e is a message that the given reader can have
// unread: public, counted and of the other side.
func CountsFor(e *Entry, reader Side) bool {
	return e.Kind == Message && e.Counts && e.Sender.Side() != reader
}

// PrefixNotNewer returns the last entry of the longest beginning of entries,
// which stand in order of position, in which no message that counts for the
// reader was created after at; nil when there is no such entry. A cursor set
// by a time stops there: a late arrival with an old time cannot hide what came
// before it. An unset time is before everything.
func PrefixNotNewer(entries []Entry, reader Side, at Time) *Entry {
	if !at.IsSet() {
		return nil
	}
	var last *Entry
	for i := range entries {
		e := &entries[i]
		if CountsFor(e, reader) && e.CreatedAt > at {
			break
		}
		last = e
	}
	return last
}
