package core

// Begin fills what a new conversation derives from its creation.
func (c *Conversation) Begin() {
	if c.Status == "" {
		c.Status = Open
	}
	c.LastMessageAt = c.CreatedAt
	c.LastActivityAt = c.CreatedAt
	c.CustomerUpdatedAt = c.CreatedAt
	c.UpdatedAt = c.CreatedAt
}

// Append gives e the next position of c and moves what c derives from its
// entries. It is the only place where positions and sequences are given.
//
// A public message that counts takes the next place of its own side's
// sequence, so that it is unread for the other side; notes, activities and
// uncounted messages take none. A contact's message moves the contact's cursor
// over all that was said before it. An agent's own cursor is the caller's to
// move: see ReplyCursor.
//
// Stamps follow the entries' own times, so that late arrivals count as what
// they are: the first response is the one written first, the contact waits
// since the oldest message that no answer stands behind.
//
// Both values are changed. e.ID, e.CreatedAt and e.Sender must be set;
// e.UpdatedAt is e.CreatedAt when it is not.
func Append(c *Conversation, e *Entry) {
	c.LastPosition++
	e.AccountID = c.AccountID
	e.ConversationID = c.ID
	e.Position = c.LastPosition
	if e.UpdatedAt == 0 {
		e.UpdatedAt = e.CreatedAt
	}
	if e.Kind == Message {
		appendMessage(c, e)
	}
	e.AgentSeq = c.AgentSeq
	e.ContactSeq = c.ContactSeq
	if e.Kind == Message && e.Sender.Type == ActorContact {
		c.ContactCursor = c.AgentSeq
		c.ContactReadID = e.ID
	}
	c.LastActivityAt = c.LastActivityAt.Later(e.CreatedAt)
	// A late arrival is written long ago but changes c now: its UpdatedAt says so.
	c.UpdatedAt = c.UpdatedAt.Later(e.CreatedAt).Later(e.UpdatedAt)
}

func appendMessage(c *Conversation, e *Entry) {
	c.MessageCount++
	c.LastMessageID = e.ID
	c.LastMessageAt = e.CreatedAt
	if e.Listed {
		c.LastListedID = e.ID
	}
	if e.Counts && c.PrimaryMessageID == 0 {
		c.PrimaryMessageID = e.ID
	}
	if e.Sender.Type == ActorContact {
		c.CustomerUpdatedAt = c.CustomerUpdatedAt.Later(e.CreatedAt)
		if e.Counts {
			c.ContactSeq++
			c.WaitingSince = c.WaitingSince.Earlier(e.CreatedAt)
		}
		return
	}
	if e.Counts {
		c.AgentSeq++
	}
	if IsResponse(e) {
		c.FirstResponseAt = c.FirstResponseAt.Earlier(e.CreatedAt)
		c.LastResponseAt = c.LastResponseAt.Later(e.CreatedAt)
		c.WaitingSince = 0
	}
}

// IsResponse tells whether e answers the contact: a counted public message of
// a person or a bot. Templates, automation and campaigns are no answers.
func IsResponse(e *Entry) bool {
	if e.Kind != Message || !e.Counts || e.Sender.Type != ActorAgent {
		return false
	}
	switch e.Origin {
	case OriginAutomation, OriginTemplate, OriginCampaign, OriginChannel:
		return false
	case OriginPerson, OriginBot:
	}
	return true
}

// Delete makes e a tombstone at the time given. It keeps its position, its
// place in the sequence and its content at rest; readers see no text. It
// reports whether anything changed. at must be set.
func Delete(c *Conversation, e *Entry, at Time) bool {
	if e.IsDeleted() {
		return false
	}
	e.DeletedAt = at
	e.UpdatedAt = e.UpdatedAt.Later(at)
	c.UpdatedAt = c.UpdatedAt.Later(at)
	return true
}

// Edit replaces the text of a message or a note at the time given. It reports
// whether anything changed. at must be set.
func Edit(c *Conversation, e *Entry, content string, at Time) (bool, error) {
	switch {
	case e.Kind == Activity:
		return false, Refuse("entry", "activities are not edited")
	case e.IsDeleted():
		return false, Refuse("entry", "the message is deleted")
	case e.Content == content:
		return false, nil
	}
	e.Content = content
	e.UpdatedAt = e.UpdatedAt.Later(at)
	c.UpdatedAt = c.UpdatedAt.Later(at)
	return true, nil
}
