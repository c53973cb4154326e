package feed

import (
	"context"
	"reflect"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// Viewer is who reads the log: a contact, an agent, or, with neither set, the
// account itself, which sees everything.
type Viewer struct {
	AccountID int64
	ContactID int64
	AgentID   int64
	// InboxIDs are the inboxes that the agent sees; nil = all of them.
	InboxIDs []int64
	// Staff tells that the agent may administer: tokens and webhooks are shown.
	Staff bool
}

// toContacts tells whether a contact may see events of the type at all. Which
// of them belong to the contact, Viewer.sees tells.
func toContacts(typ core.EventType) bool {
	switch typ {
	case core.MessageCreated, core.MessageUpdated, core.MessageDeleted,
		core.ConversationCreated, core.ConversationUpdated, core.ConversationRead,
		core.ContactUpdated, core.IdentityCreated, core.IdentityMoved, core.ContactMerged:
		return true
	case core.NoteCreated, core.NoteUpdated, core.NoteDeleted, core.ActivityCreated,
		core.AccountCreated, core.AccountUpdated, core.AccountImported,
		core.AgentCreated, core.AgentUpdated, core.AgentDeleted,
		core.ProfileCreated, core.ProfileUpdated, core.ProfileDeleted,
		core.TokenCreated, core.TokenUpdated, core.TokenRevoked,
		core.TeamCreated, core.TeamUpdated, core.TeamDeleted,
		core.LabelGroupCreated, core.LabelGroupUpdated, core.LabelGroupDeleted,
		core.LabelCreated, core.LabelUpdated, core.LabelDeleted,
		core.InboxCreated, core.InboxUpdated, core.SubInboxCreated, core.SubInboxUpdated, core.ContactCreated,
		core.IdentityUpdated, core.ContactInboxCreated, core.ContactInboxUpdated, core.CannedResponseCreated, core.CannedResponseUpdated, core.CannedResponseDeleted,
		core.AttributeDefinitionCreated, core.AttributeDefinitionUpdated, core.AttributeDefinitionDeleted,
		core.WebhookCreated, core.WebhookUpdated, core.WebhookDeleted, core.WebhookPaused, core.WebhookTested:
	}
	return false
}

// contactTypes are the types that toContacts allows.
var contactTypes = []core.EventType{
	core.MessageCreated, core.MessageUpdated, core.MessageDeleted, core.ConversationCreated, core.ConversationUpdated,
	core.ConversationRead, core.ContactUpdated, core.IdentityCreated, core.IdentityMoved, core.ContactMerged,
}

// toAgents tells whether an agent may see events of the type.
func (v *Viewer) toAgents(typ core.EventType) bool {
	switch typ {
	case core.TokenCreated, core.TokenUpdated, core.TokenRevoked,
		core.WebhookCreated, core.WebhookUpdated, core.WebhookDeleted, core.WebhookPaused, core.WebhookTested:
		return v.Staff
	case core.MessageCreated, core.MessageUpdated, core.MessageDeleted, core.NoteCreated, core.NoteUpdated, core.NoteDeleted, core.ActivityCreated,
		core.ConversationCreated, core.ConversationUpdated, core.ConversationRead,
		core.AccountCreated, core.AccountUpdated, core.AccountImported,
		core.AgentCreated, core.AgentUpdated, core.AgentDeleted,
		core.ProfileCreated, core.ProfileUpdated, core.ProfileDeleted,
		core.TeamCreated, core.TeamUpdated, core.TeamDeleted,
		core.LabelGroupCreated, core.LabelGroupUpdated, core.LabelGroupDeleted,
		core.LabelCreated, core.LabelUpdated, core.LabelDeleted,
		core.InboxCreated, core.InboxUpdated, core.SubInboxCreated, core.SubInboxUpdated,
		core.ContactCreated, core.ContactUpdated, core.ContactMerged, core.IdentityCreated, core.IdentityMoved, core.IdentityUpdated,
		core.ContactInboxCreated, core.ContactInboxUpdated,
		core.CannedResponseCreated, core.CannedResponseUpdated, core.CannedResponseDeleted,
		core.AttributeDefinitionCreated, core.AttributeDefinitionUpdated, core.AttributeDefinitionDeleted:
		return true
	}
	return false
}

// narrow is what to ask the store for; ok is false when nothing of it is for
// the viewer.
func (v *Viewer) narrow(q Query) (wanted store.EventQuery, ok bool) {
	wanted = store.EventQuery{Types: q.Types, ContactID: q.ContactID, ConversationID: q.ConversationID, Limit: q.Limit, Scan: scanned}
	if v.ContactID == 0 {
		return wanted, true
	}
	if q.ContactID != 0 && q.ContactID != v.ContactID {
		return wanted, false
	}
	// Whether conversations have come from another contact is always of
	// interest (see moved), whatever else is asked for: seen narrows.
	wanted.ContactID, wanted.ConversationID, wanted.Types = v.ContactID, 0, contactTypes
	return wanted, true
}

// moved tells that conversations became the contact's, whose events of before
// carry another contact.
func (v *Viewer) moved(events []core.Event) bool {
	return v.ContactID != 0 && slices.ContainsFunc(events, func(e core.Event) bool {
		return e.Type == core.IdentityMoved || e.Type == core.ContactMerged
	})
}

// Wants tells whether the viewer may see an event that has just happened, and
// asks for it. Of older ones Page decides: the conversation may be another
// contact's by now.
func (v *Viewer) Wants(e *core.Event, q Query) bool {
	return (len(q.Types) == 0 || slices.Contains(q.Types, e.Type)) &&
		(q.ContactID == 0 || e.ContactID == q.ContactID) &&
		(q.ConversationID == 0 || e.ConversationID == q.ConversationID) &&
		v.sees(e)
}

// InSight tells whether the viewer sees what is in the inbox; 0 = in none.
func (v *Viewer) InSight(inbox int64) bool {
	return v.InboxIDs == nil || inbox == 0 || slices.Contains(v.InboxIDs, inbox)
}

// seen returns the events that the viewer may see and asks for.
func (v *Viewer) seen(ctx context.Context, r store.Reader, events []core.Event, q Query) ([]core.Event, error) {
	var seen []core.Event
	owner := map[int64]int64{} // of conversations, as of now
	for i := range events {
		e := &events[i]
		if !v.Wants(e, q) {
			continue
		}
		if id := e.ConversationID; v.ContactID != 0 && id != 0 {
			if _, known := owner[id]; !known {
				c, err := r.Conversation(ctx, v.AccountID, id)
				if err != nil && core.KindOf(err) != core.NotFound {
					return nil, err
				}
				owner[id] = c.ContactID
			}
			if owner[id] != v.ContactID {
				continue
			}
		}
		seen = append(seen, *e)
	}
	return seen, nil
}

// sees tells whether the viewer may see the event.
func (v *Viewer) sees(e *core.Event) bool {
	switch {
	case v.ContactID != 0:
		return e.ContactID == v.ContactID && toContacts(e.Type) && forContact(e)
	case v.AgentID != 0:
		return v.toAgents(e.Type) && v.hears(e)
	}
	return true
}

// forContact tells whether the contact that the event is about may see it.
func forContact(e *core.Event) bool {
	switch data := e.Data.(type) {
	case core.EntryChange:
		return data.Entry.Kind == core.Message // older logs tell of edited notes as messages
	case core.ConversationChange:
		return e.Type == core.ConversationCreated || slices.ContainsFunc(data.Changed, shown)
	case core.ReadChange:
		return data.Reader == core.ContactSide
	case core.ContactChange:
		// Events of former versions do not tell what changed.
		return data.Before == nil || !reflect.DeepEqual(ownView(data.Contact), ownView(*data.Before))
	case core.Identity:
		return e.Type == core.IdentityCreated
	}
	return false
}

// ownView leaves of a contact what it sees of itself: not what staff note of it,
// and not when.
func ownView(c core.Contact) core.Contact {
	c.Remarks, c.Blocked, c.LabelIDs, c.CustomAttributes, c.AdditionalAttributes, c.Ext = "", false, nil, "", "", ""
	c.LastActivityAt, c.UpdatedAt = 0, 0
	return c
}

// shown tells whether contacts see the field of a conversation.
func shown(field string) bool {
	switch field {
	case core.FieldStatus, core.FieldSubject, core.FieldInbox, core.FieldArchived:
		return true
	}
	return false
}

// hears tells whether the event is of an inbox that the agent sees, or of none.
// That a conversation has left, they hear where it was.
func (v *Viewer) hears(e *core.Event) bool {
	if v.InSight(e.InboxID) {
		return true
	}
	change, ok := e.Data.(core.ConversationChange)
	return ok && change.FromInboxID != 0 && v.InSight(change.FromInboxID)
}
