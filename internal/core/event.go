package core

// EventType names what happened.
type EventType string

// The types of events. Every change that a client could care about is one of
// them.
const (
	AccountCreated             EventType = "account.created"
	AccountUpdated             EventType = "account.updated"
	AccountImported            EventType = "account.imported"
	AgentCreated               EventType = "agent.created"
	AgentUpdated               EventType = "agent.updated"
	AgentDeleted               EventType = "agent.deleted"
	ProfileCreated             EventType = "profile.created"
	ProfileUpdated             EventType = "profile.updated"
	ProfileDeleted             EventType = "profile.deleted"
	TokenCreated               EventType = "token.created"
	TokenUpdated               EventType = "token.updated"
	TokenRevoked               EventType = "token.revoked"
	TeamCreated                EventType = "team.created"
	TeamUpdated                EventType = "team.updated"
	TeamDeleted                EventType = "team.deleted"
	LabelGroupCreated          EventType = "label_group.created"
	LabelGroupUpdated          EventType = "label_group.updated"
	LabelGroupDeleted          EventType = "label_group.deleted"
	LabelCreated               EventType = "label.created"
	LabelUpdated               EventType = "label.updated"
	LabelDeleted               EventType = "label.deleted"
	InboxCreated               EventType = "inbox.created"
	InboxUpdated               EventType = "inbox.updated"
	SubInboxCreated            EventType = "sub_inbox.created"
	SubInboxUpdated            EventType = "sub_inbox.updated"
	ContactCreated             EventType = "contact.created"
	ContactUpdated             EventType = "contact.updated"
	ContactMerged              EventType = "contact.merged"
	IdentityCreated            EventType = "identity.created"
	IdentityUpdated            EventType = "identity.updated"
	IdentityMoved              EventType = "identity.moved"
	ContactInboxCreated        EventType = "contact_inbox.created"
	ContactInboxUpdated        EventType = "contact_inbox.updated"
	ConversationCreated        EventType = "conversation.created"
	ConversationUpdated        EventType = "conversation.updated"
	ConversationRead           EventType = "conversation.read"
	MessageCreated             EventType = "message.created"
	MessageUpdated             EventType = "message.updated"
	MessageDeleted             EventType = "message.deleted"
	NoteCreated                EventType = "note.created"
	NoteUpdated                EventType = "note.updated"
	NoteDeleted                EventType = "note.deleted"
	ActivityCreated            EventType = "activity.created"
	CannedResponseCreated      EventType = "canned_response.created"
	CannedResponseUpdated      EventType = "canned_response.updated"
	CannedResponseDeleted      EventType = "canned_response.deleted"
	AttributeDefinitionCreated EventType = "attribute_definition.created"
	AttributeDefinitionUpdated EventType = "attribute_definition.updated"
	AttributeDefinitionDeleted EventType = "attribute_definition.deleted"
	WebhookCreated             EventType = "webhook.created"
	WebhookUpdated             EventType = "webhook.updated"
	WebhookDeleted             EventType = "webhook.deleted"
	WebhookPaused              EventType = "webhook.paused"
	WebhookTested              EventType = "webhook.tested"
)

// EventTypes returns every type of event.
func EventTypes() []EventType {
	return []EventType{
		AccountCreated, AccountUpdated, AccountImported,
		AgentCreated, AgentUpdated, AgentDeleted,
		ProfileCreated, ProfileUpdated, ProfileDeleted,
		TokenCreated, TokenUpdated, TokenRevoked,
		TeamCreated, TeamUpdated, TeamDeleted,
		LabelGroupCreated, LabelGroupUpdated, LabelGroupDeleted,
		LabelCreated, LabelUpdated, LabelDeleted,
		InboxCreated, InboxUpdated,
		SubInboxCreated, SubInboxUpdated,
		ContactCreated, ContactUpdated, ContactMerged,
		IdentityCreated, IdentityUpdated, IdentityMoved,
		ContactInboxCreated, ContactInboxUpdated,
		ConversationCreated, ConversationUpdated, ConversationRead,
		MessageCreated, MessageUpdated, MessageDeleted,
		NoteCreated, NoteUpdated, NoteDeleted,
		ActivityCreated,
		CannedResponseCreated, CannedResponseUpdated, CannedResponseDeleted,
		AttributeDefinitionCreated, AttributeDefinitionUpdated, AttributeDefinitionDeleted,
		WebhookCreated, WebhookUpdated, WebhookDeleted, WebhookPaused, WebhookTested,
	}
}

// Event is one change, as the log keeps it. Seq is gap-free per account and in
// commit order; the store gives it, and Epoch, when it commits.
type Event struct {
	AccountID int64
	Seq       int64
	Epoch     string
	Type      EventType
	At        Time
	Actor     Actor
	// The subjects, for readers that filter; 0 = none.
	ContactID      int64
	ConversationID int64
	InboxID        int64
	Data           EventData
}

// EventData is the payload: the new state that the event left, or the last one
// of what was deleted. One of Account, Agent, Profile, Token, Team, LabelGroup, Label, Inbox, InboxChange, SubInbox, Contact, ContactChange, Identity,
// ContactInbox, ContactMerge, CannedResponse, AttributeDefinition, Webhook (the record itself), ConversationChange,
// EntryChange, ReadChange or Import.
type EventData interface{ eventData() }

// ConversationChange is the payload of conversation events: the whole new
// state and, for an update, the names of the fields that changed.
type ConversationChange struct {
	Conversation Conversation
	Changed      []string
	// Cause says why, where nobody asked for it by name: one of the constants
	// that begin with Cause; "" = the actor wanted it.
	Cause string
	// FromInboxID is the inbox that the conversation left; 0 = it stayed.
	FromInboxID int64
	// Before is what an update changed, as it was.
	Before Before
}

// Before is what a change took from a conversation. Only fields that changed
// are set. Events of former versions have none: see Known.
type Before struct {
	Status               Status
	SnoozedUntil         Time
	Priority             string
	AssigneeID           int64
	AssigneeBotID        int64
	TeamID               int64
	LabelIDs             []int64
	CustomAttributes     JSON
	AdditionalAttributes JSON
	UpdatedAt            Time // always
}

// Known tells whether anything is known of the time before.
func (b *Before) Known() bool { return b.UpdatedAt.IsSet() }

// BeforeOf returns what was, of the fields that changed.
func BeforeOf(was *Conversation, changed []string) Before {
	b := Before{UpdatedAt: was.UpdatedAt}
	for _, field := range changed {
		switch field {
		case FieldStatus:
			b.Status = was.Status
		case FieldSnoozedUntil:
			b.SnoozedUntil = was.SnoozedUntil
		case FieldPriority:
			b.Priority = was.Priority
		case FieldAssignee:
			b.AssigneeID, b.AssigneeBotID = was.AssigneeID, was.AssigneeBotID
		case FieldTeam:
			b.TeamID = was.TeamID
		case FieldLabels:
			b.LabelIDs = was.LabelIDs
		case FieldCustomAttributes:
			b.CustomAttributes = was.CustomAttributes
		case FieldAdditionalAttributes:
			b.AdditionalAttributes = was.AdditionalAttributes
		}
	}
	return b
}

// EntryChange is the payload of message, note and activity events: the entry,
// its attachments, and its conversation after the change. What kind of entry
// it is Entry.Kind alone tells: until there were types for it, edits and
// deletions of notes went out as message.updated and message.deleted.
type EntryChange struct {
	Entry        Entry
	Attachments  []Attachment
	Conversation Conversation
}

// ReadChange is the payload of conversation.read: who read (an agent's own
// cursor when AgentID is set) and the conversation with both unread counts.
type ReadChange struct {
	Reader  Side
	AgentID int64
	Cursor  *ReadCursor // the agent's own cursor, when it moved
	// Marked tells that the reader took something back: from here on it is
	// unread. Else something was read, or seen again.
	Marked bool
	// FromSeq is where the reader's cursor stood before, in the other side's
	// sequence.
	FromSeq      int64
	Conversation Conversation
}

// InboxChange is the payload of inbox.updated: the inbox as it is now, and who
// works in it. Nobody named: everybody does.
type InboxChange struct {
	Inbox
	AgentIDs []int64
	Before   *Inbox // as it was, but for its keys; nil = not known, in events of former versions
}

// ContactChange is the payload of contact.updated: the contact as it is now.
type ContactChange struct {
	Contact
	Before *Contact // as it was; nil = not known, in events of former versions
}

// IdentityMove is the payload of identity.moved: the identity as it is now, and
// the contact that it left.
type IdentityMove struct {
	Identity      Identity
	FromContactID int64
}

// ContactMerge is the payload of contact.merged: the contact as it is now, and
// the one that is no more. Its identities were moved before, each with an
// identity.moved, and with an identity move its conversations, contact inboxes
// and messages.
type ContactMerge struct {
	Contact Contact
	Merged  Contact  // as it was
	Before  *Contact // Contact as it was; nil = not known, in events of former versions
}

// Import is the payload of account.imported: replaying the log starts from an
// export taken at this event.
type Import struct {
	Account Account
	Records int64 // how many records the import stored
}

func (Account) eventData()             {}
func (Agent) eventData()               {}
func (Profile) eventData()             {}
func (Token) eventData()               {}
func (Team) eventData()                {}
func (LabelGroup) eventData()          {}
func (Label) eventData()               {}
func (Inbox) eventData()               {}
func (InboxChange) eventData()         {}
func (SubInbox) eventData()            {}
func (Contact) eventData()             {}
func (ContactChange) eventData()       {}
func (Identity) eventData()            {}
func (IdentityMove) eventData()        {}
func (ContactInbox) eventData()        {}
func (ContactMerge) eventData()        {}
func (CannedResponse) eventData()      {}
func (AttributeDefinition) eventData() {}
func (Webhook) eventData()             {}
func (ConversationChange) eventData()  {}
func (EntryChange) eventData()         {}
func (ReadChange) eventData()          {}
func (Import) eventData()              {}
