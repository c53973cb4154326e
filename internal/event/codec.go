package event

import (
	"bytes"
	"encoding/json"
	"fmt"

	"parley/internal/core"
)

// Encode returns the payload of an event as JSON text. It fails with
// core.Invalid for a payload that is nil or holds a number that JSON cannot.
func Encode(data core.EventData) (string, error) {
	w := wire(data)
	if w == nil {
		return "", core.Refuse("", fmt.Sprintf("%T is no event payload", data))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // texts are read by programs, never by a page
	if err := enc.Encode(w); err != nil {
		return "", &core.Error{Kind: core.Invalid, Message: "the payload cannot be encoded", Err: err}
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// Decode is the opposite of Encode for an event of the given type. Fields that
// it does not know are left out: a later version may have written them.
func Decode(typ core.EventType, payload string) (core.EventData, error) {
	target := target(typ)
	if target == nil {
		return nil, fmt.Errorf("decode event: unknown type %q", typ)
	}
	if err := json.Unmarshal([]byte(payload), target); err != nil {
		return nil, fmt.Errorf("decode event %s: %w", typ, err)
	}
	return target.core(), nil
}

// payload is a pointer to one of the structs of this package.
type payload interface{ core() core.EventData }

// wire returns what is encoded for data, nil when it is none of the payloads.
func wire(data core.EventData) any {
	switch v := data.(type) {
	case core.Account:
		return account(v)
	case core.Agent:
		return agent(v)
	case core.Profile:
		return profile(v)
	case core.Token:
		return token(v)
	case core.Team:
		return team(v)
	case core.LabelGroup:
		return labelGroup(v)
	case core.Label:
		return label(v)
	case core.Inbox:
		return inbox(v)
	case core.InboxChange:
		return inboxChange{inbox: inbox(v.Inbox), AgentIDs: v.AgentIDs, Before: (*inbox)(v.Before)}
	case core.SubInbox:
		return subInbox(v)
	case core.Contact:
		return contact(v)
	case core.ContactChange:
		return contactChange{contact: contact(v.Contact), Before: (*contact)(v.Before)}
	case core.Identity:
		return identity(v)
	case core.IdentityMove:
		return identityMove{identity: identity(v.Identity), FromContactID: v.FromContactID}
	case core.ContactInbox:
		return contactInbox(v)
	case core.ContactMerge:
		return contactMerge{Contact: contact(v.Contact), Merged: contact(v.Merged), Before: (*contact)(v.Before)}
	case core.CannedResponse:
		return cannedResponse(v)
	case core.AttributeDefinition:
		return attributeDefinition(v)
	case core.Webhook:
		return webhook(v)
	case core.ConversationChange:
		return fromConversationChange(v)
	case core.EntryChange:
		return fromEntryChange(v)
	case core.ReadChange:
		return fromReadChange(v)
	case core.Import:
		return fromImport(v)
	}
	return nil
}

// target returns an empty payload of the type's kind, nil for an unknown type.
func target(typ core.EventType) payload {
	switch typ {
	case core.AccountCreated, core.AccountUpdated:
		return new(account)
	case core.AccountImported:
		return new(imported)
	case core.AgentCreated, core.AgentUpdated, core.AgentDeleted:
		return new(agent)
	case core.ProfileCreated, core.ProfileUpdated, core.ProfileDeleted:
		return new(profile)
	case core.TokenCreated, core.TokenUpdated, core.TokenRevoked:
		return new(token)
	case core.TeamCreated, core.TeamUpdated, core.TeamDeleted:
		return new(team)
	case core.LabelGroupCreated, core.LabelGroupUpdated, core.LabelGroupDeleted:
		return new(labelGroup)
	case core.LabelCreated, core.LabelUpdated, core.LabelDeleted:
		return new(label)
	case core.InboxCreated:
		return new(inbox)
	case core.InboxUpdated:
		return new(inboxChange)
	case core.SubInboxCreated, core.SubInboxUpdated:
		return new(subInbox)
	case core.ContactCreated:
		return new(contact)
	case core.ContactUpdated:
		return new(contactChange)
	case core.ContactMerged:
		return new(contactMerge)
	case core.IdentityCreated, core.IdentityUpdated:
		return new(identity)
	case core.IdentityMoved:
		return new(identityMove)
	case core.ContactInboxCreated, core.ContactInboxUpdated:
		return new(contactInbox)
	case core.ConversationCreated, core.ConversationUpdated:
		return new(conversationChange)
	case core.ConversationRead:
		return new(readChange)
	case core.MessageCreated, core.MessageUpdated, core.MessageDeleted, core.NoteCreated, core.NoteUpdated, core.NoteDeleted,
		core.ActivityCreated:
		return new(entryChange)
	case core.CannedResponseCreated, core.CannedResponseUpdated, core.CannedResponseDeleted:
		return new(cannedResponse)
	case core.AttributeDefinitionCreated, core.AttributeDefinitionUpdated, core.AttributeDefinitionDeleted:
		return new(attributeDefinition)
	case core.WebhookCreated, core.WebhookUpdated, core.WebhookDeleted, core.WebhookPaused, core.WebhookTested:
		return new(webhook)
	}
	return nil
}
