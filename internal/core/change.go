package core

import (
	"cmp"
	"slices"
)

// Change is what a rule did to a conversation.
type Change struct {
	// Fields names what changed, as events do; none: the rule had nothing to
	// do, and nothing is to be stored.
	Fields []string
	// Code and Params are the activity that tells agents of it; "" = they are
	// not told.
	Code   string
	Params JSON
	// Cause says why, of what nobody asked for by name; "" = the actor did.
	Cause string
}

// Happened tells whether anything changed.
func (ch Change) Happened() bool { return len(ch.Fields) > 0 }

// The names of fields that changes give.
const (
	FieldStatus               = "status"
	FieldSnoozedUntil         = "snoozed_until"
	FieldArchived             = "archived_at"
	FieldPriority             = "priority"
	FieldAssignee             = "assignee"
	FieldTeam                 = "team"
	FieldLabels               = "labels"
	FieldInbox                = "inbox"
	FieldSubject              = "subject"
	FieldParticipants         = "participants"
	FieldCustomAttributes     = "custom_attributes"
	FieldAdditionalAttributes = "additional_attributes"
	FieldExt                  = "ext"
)

// NewStatus is what a status is changed to.
type NewStatus struct {
	Status Status
	Code   int64  // CommBox's exact code, 0 = the default of Status
	Until  Time   // with Snoozed: unset = until somebody wakes it
	Cause  string // of what happened by itself; "" = the actor wanted it
}

// SetStatus changes the status. What a dialect keeps beside the old one goes:
// it would say something else than the status does. Resolving stamps the
// closing and ends the waiting; every other status takes the closing back.
func SetStatus(c *Conversation, to NewStatus, at Time) (Change, error) {
	if !to.Status.Valid() {
		return Change{}, Refuse("status", "a status is open, pending, snoozed or resolved")
	}
	if to.Status != Snoozed {
		to.Until = 0
	}
	var ch Change
	if c.Status != to.Status || c.StatusCode != to.Code {
		ch.Fields = append(ch.Fields, FieldStatus)
	}
	if c.SnoozedUntil != to.Until {
		ch.Fields = append(ch.Fields, FieldSnoozedUntil)
	}
	if !ch.Happened() {
		return ch, nil
	}
	switch {
	case to.Status != Resolved:
		c.ClosedAt = 0
	case c.Status != Resolved:
		c.ClosedAt, c.WaitingSince = at, 0
	}
	if to.Status != Resolved && c.ArchivedAt.IsSet() {
		c.ArchivedAt = 0
		ch.Fields = append(ch.Fields, FieldArchived)
	}
	if ext := withoutStatus(c.Ext); ext != c.Ext {
		c.Ext = ext
		ch.Fields = append(ch.Fields, FieldExt)
	}
	c.Status, c.StatusCode, c.SnoozedUntil = to.Status, to.Code, to.Until
	c.CustomerUpdatedAt = c.CustomerUpdatedAt.Later(at)
	p := params{}.text("status", string(to.Status))
	if to.Code != 0 {
		p = p.number("status_code", to.Code)
	}
	if to.Until.IsSet() {
		p = p.number("snoozed_until", int64(to.Until))
	}
	if to.Cause != "" {
		p = p.text("cause", to.Cause)
	}
	ch.Code, ch.Params, ch.Cause = ActivityStatusChanged, p.json, to.Cause
	return touched(c, ch, at), nil
}

// withoutStatus removes the member status of every dialect's part of ext.
func withoutStatus(ext JSON) JSON {
	w := ext.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		part := ext[m.value:m.end]
		if without := part.Without("status"); without != part {
			ext = ext[:m.value] + without + ext[m.end:]
			w = ext.walk()
		}
	}
	return ext
}

// Reopen is what a message of a contact who is not blocked does to the status:
// a resolved or snoozed conversation is open again. A pending one stays with
// whoever it waits for.
func Reopen(c *Conversation, e *Entry, at Time) Change {
	if e.Kind != Message || e.Sender.Type != ActorContact {
		return Change{}
	}
	if c.Status != Resolved && c.Status != Snoozed {
		return Change{}
	}
	ch, _ := SetStatus(c, NewStatus{Status: Open, Cause: CauseMessage}, at) // Open is valid
	return ch
}

// SetPriority changes the priority; "" takes it away.
func SetPriority(c *Conversation, priority string, at Time) (Change, error) {
	switch priority {
	case "", "low", "medium", "high", "urgent":
	default:
		return Change{}, Refuse("priority", "a priority is low, medium, high, urgent or none")
	}
	if c.Priority == priority {
		return Change{}, nil
	}
	c.Priority = priority
	p := params{}.text("priority", priority)
	return touched(c, Change{Fields: []string{FieldPriority}, Code: ActivityPriorityChanged, Params: p.json}, at), nil
}

// Assign puts an agent in charge, a person or a bot; nil is nobody. One takes
// over from the other. cause is why it happened by itself, "" = the actor wanted
// it.
func Assign(c *Conversation, a *Agent, cause string, at Time) Change {
	var person, bot int64
	switch {
	case a == nil:
	case a.Type == Bot:
		bot = a.ID
	default:
		person = a.ID
	}
	if c.AssigneeID == person && c.AssigneeBotID == bot {
		return Change{}
	}
	c.LastAssigneeID = cmp.Or(person, bot, c.AssigneeID, c.AssigneeBotID, c.LastAssigneeID)
	c.AssigneeID, c.AssigneeBotID = person, bot
	p := params{}.number("assignee_id", person+bot) // one of them is 0
	if cause != "" {
		p = p.text("cause", cause)
	}
	return touched(c, Change{Fields: []string{FieldAssignee}, Code: ActivityAssigneeChanged, Params: p.json, Cause: cause}, at)
}

// AssignTeam puts a team in charge; nil is none.
func AssignTeam(c *Conversation, t *Team, at Time) Change {
	if t == nil {
		t = &Team{}
	}
	if c.TeamID == t.ID {
		return Change{}
	}
	c.TeamID = t.ID
	p := params{}.number("team_id", t.ID).text("name", t.Name)
	return touched(c, Change{Fields: []string{FieldTeam}, Code: ActivityTeamChanged, Params: p.json}, at)
}

// MaxLabels is how many labels a conversation or a contact carries at most.
const MaxLabels = 100

// AddLabel puts the label behind those that the conversation carries.
func AddLabel(c *Conversation, l *Label, at Time) (Change, error) {
	if slices.Contains(c.LabelIDs, l.ID) {
		return Change{}, nil
	}
	if len(c.LabelIDs) >= MaxLabels {
		return Change{}, Refuse("labels", "the conversation carries too many labels")
	}
	c.LabelIDs = append(slices.Clone(c.LabelIDs), l.ID)
	return labelled(c, l, ActivityLabelAdded, at), nil
}

// RemoveLabel takes the label off.
func RemoveLabel(c *Conversation, l *Label, at Time) Change {
	i := slices.Index(c.LabelIDs, l.ID)
	if i < 0 {
		return Change{}
	}
	c.LabelIDs = slices.Delete(slices.Clone(c.LabelIDs), i, i+1)
	return labelled(c, l, ActivityLabelRemoved, at)
}

func labelled(c *Conversation, l *Label, code string, at Time) Change {
	c.CustomerUpdatedAt = c.CustomerUpdatedAt.Later(at)
	p := params{}.number("label_id", l.ID).text("title", l.Title)
	return touched(c, Change{Fields: []string{FieldLabels}, Code: code, Params: p.json}, at)
}

// Place is an inbox and, where it is meant, one of its parts.
type Place struct {
	Inbox    Inbox
	SubInbox SubInbox // the zero value: the inbox itself
}

// Move puts the conversation into another inbox or another part of its own.
// door is the identity's contact inbox there, 0 = none.
func Move(c *Conversation, from, to *Place, door int64, at Time) Change {
	if c.InboxID == to.Inbox.ID && c.SubInboxID == to.SubInbox.ID {
		return Change{}
	}
	if c.InboxID != to.Inbox.ID {
		c.ContactInboxID = door
	}
	c.InboxID, c.SubInboxID = to.Inbox.ID, to.SubInbox.ID
	c.CustomerUpdatedAt = c.CustomerUpdatedAt.Later(at)
	p := params{}.text("from", from.Inbox.Name).text("to", to.Inbox.Name)
	if from.SubInbox.ID != 0 || to.SubInbox.ID != 0 {
		p = p.text("from_sub", from.SubInbox.Name).text("to_sub", to.SubInbox.Name)
	}
	return touched(c, Change{Fields: []string{FieldInbox}, Code: ActivityInboxChanged, Params: p.json}, at)
}

// SetSubject changes the subject. Agents are not told: they see it.
func SetSubject(c *Conversation, subject string, at Time) Change {
	return set(c, &c.Subject, subject, FieldSubject, at)
}

// SetCustomAttributes replaces the custom attributes.
func SetCustomAttributes(c *Conversation, attributes JSON, at Time) Change {
	return set(c, &c.CustomAttributes, attributes, FieldCustomAttributes, at)
}

// SetAdditionalAttributes replaces the additional attributes.
func SetAdditionalAttributes(c *Conversation, attributes JSON, at Time) Change {
	return set(c, &c.AdditionalAttributes, attributes, FieldAdditionalAttributes, at)
}

// SetExt replaces what dialects keep with the conversation. shown tells whether
// the customer's side may see the difference.
func SetExt(c *Conversation, ext JSON, shown bool, at Time) Change {
	ch := set(c, &c.Ext, ext, FieldExt, at)
	if ch.Happened() && shown {
		c.CustomerUpdatedAt = c.CustomerUpdatedAt.Later(at)
	}
	return ch
}

func set[T comparable](c *Conversation, field *T, value T, name string, at Time) Change {
	if *field == value {
		return Change{}
	}
	*field = value
	return touched(c, Change{Fields: []string{name}}, at)
}

// MaxParticipants is how many agents take part in a conversation at most.
const MaxParticipants = 100

// AddParticipant has an agent take part.
func AddParticipant(c *Conversation, a *Agent, at Time) (Change, error) {
	if slices.Contains(c.ParticipantIDs, a.ID) {
		return Change{}, nil
	}
	if len(c.ParticipantIDs) >= MaxParticipants {
		return Change{}, Refuse("participants", "too many agents take part")
	}
	c.ParticipantIDs = append(slices.Clone(c.ParticipantIDs), a.ID)
	return participates(c, a, ActivityParticipantAdded, at), nil
}

// RemoveParticipant has an agent, who may be deleted, take part no longer.
func RemoveParticipant(c *Conversation, a *Agent, at Time) Change {
	i := slices.Index(c.ParticipantIDs, a.ID)
	if i < 0 {
		return Change{}
	}
	c.ParticipantIDs = slices.Delete(slices.Clone(c.ParticipantIDs), i, i+1)
	return participates(c, a, ActivityParticipantRemoved, at)
}

func participates(c *Conversation, a *Agent, code string, at Time) Change {
	p := params{}.number("agent_id", a.ID).text("name", a.Name)
	return touched(c, Change{Fields: []string{FieldParticipants}, Code: code, Params: p.json}, at)
}

// touched stamps a change.
func touched(c *Conversation, ch Change, at Time) Change {
	c.UpdatedAt = c.UpdatedAt.Later(at)
	return ch
}
