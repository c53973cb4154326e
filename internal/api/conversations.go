package api

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
)

// Conversation is a thread between a contact and the account.
type Conversation struct {
	ID                   int64                  `json:"id"`
	UUID                 string                 `json:"uuid"`
	DisplayID            Shown[int64]           `json:"display_id,omitzero" doc:"Its number in the account."`
	Status               string                 `json:"status" enum:"open,pending,snoozed,resolved"`
	Subject              *string                `json:"subject"`
	Priority             Shown[*string]         `json:"priority,omitzero" doc:"low, medium, high, urgent, or null."`
	InboxID              int64                  `json:"inbox_id"`
	SubInboxID           Shown[*int64]          `json:"sub_inbox_id,omitzero"`
	Channel              string                 `json:"channel" doc:"The inbox's."`
	ContactID            int64                  `json:"contact_id"`
	IdentityID           int64                  `json:"identity_id"`
	OpenedBy             string                 `json:"opened_by" enum:"contact,agent"`
	LabelIDs             Shown[[]int64]         `json:"label_ids,omitzero"`
	Assignee             Shown[Maybe[Assignee]] `json:"assignee,omitzero" doc:"Who is in charge."`
	TeamID               Shown[*int64]          `json:"team_id,omitzero"`
	ParticipantIDs       Shown[[]int64]         `json:"participant_ids,omitzero" doc:"Agents who take part."`
	OwnerID              Shown[*int64]          `json:"owner_id,omitzero"`
	CustomAttributes     Shown[Object]          `json:"custom_attributes,omitzero"`
	AdditionalAttributes Shown[Object]          `json:"additional_attributes,omitzero"`
	SnoozedUntil         Shown[*Time]           `json:"snoozed_until,omitzero"`
	ArchivedAt           Shown[*Time]           `json:"archived_at,omitzero"`
	LastMessage          Shown[Maybe[Message]]  `json:"last_message,omitzero" doc:"The newest message; notes and activities are none. Absent in events."`
	MessageCount         int64                  `json:"message_count" doc:"Messages, deleted ones included."`
	Unread               Unread                 `json:"unread"`
	ContactLastSeenAt    *Time                  `json:"contact_last_seen_at" nullable:"true"`
	AgentLastSeenAt      Shown[*Time]           `json:"agent_last_seen_at,omitzero"`
	ContactReadMessageID *int64                 `json:"contact_read_message_id" doc:"Up to which message the contact has read."`
	AgentReadMessageID   Shown[*int64]          `json:"agent_read_message_id,omitzero" doc:"Up to which one the agents together have."`
	FirstResponseAt      Shown[*Time]           `json:"first_response_at,omitzero"`
	LastResponseAt       Shown[*Time]           `json:"last_response_at,omitzero"`
	WaitingSince         Shown[*Time]           `json:"waiting_since,omitzero" doc:"Since when the contact waits for an answer."`
	ClosedAt             *Time                  `json:"closed_at" nullable:"true"`
	LastMessageAt        Time                   `json:"last_message_at" doc:"When the newest message was written; of none: when the conversation began."`
	LastActivityAt       Shown[Time]            `json:"last_activity_at,omitzero"`
	CreatedAt            Time                   `json:"created_at"`
	UpdatedAt            Shown[Time]            `json:"updated_at,omitzero"`
}

// Unread is how many messages are unread, exactly.
type Unread struct {
	Contact int64         `json:"contact" doc:"By the contact."`
	Agents  Shown[int64]  `json:"agents,omitzero" doc:"By the agents together."`
	Mine    Shown[*int64] `json:"mine,omitzero" doc:"By the agent who asks; null for an account's token."`
}

// Assignee is who is in charge.
type Assignee struct {
	Type string `json:"type" enum:"agent,bot"`
	ID   int64  `json:"id"`
}

// toConversation shows a thread.
func toConversation(v view, t *core.Thread) Conversation {
	c := &t.Conversation
	shown := Conversation{
		ID: c.ID, UUID: c.UUID, DisplayID: forStaff(v, c.DisplayID), Status: string(c.Status), Subject: orNull(c.Subject),
		Priority: forStaff(v, orNull(c.Priority)), InboxID: c.InboxID, SubInboxID: forStaff(v, orNull(c.SubInboxID)), Channel: string(t.Inbox.Channel),
		ContactID: c.ContactID, IdentityID: c.IdentityID, OpenedBy: sideName(c.OpenedBy), LabelIDs: forStaff(v, orEmpty(c.LabelIDs)),
		Assignee: forStaff(v, Maybe[Assignee]{assignee(c)}), TeamID: forStaff(v, orNull(c.TeamID)),
		ParticipantIDs: forStaff(v, orEmpty(c.ParticipantIDs)), OwnerID: forStaff(v, orNull(c.OwnerID)),
		CustomAttributes:     forStaff(v, Object(c.CustomAttributes)),
		AdditionalAttributes: forStaff(v, Object(c.AdditionalAttributes)),
		SnoozedUntil:         forStaff(v, timeOrNull(c.SnoozedUntil)), ArchivedAt: forStaff(v, timeOrNull(c.ArchivedAt)),
		MessageCount: c.MessageCount, Unread: Unread{Contact: c.ContactUnread(), Agents: forStaff(v, c.AgentUnread())},
		ContactLastSeenAt: timeOrNull(c.ContactLastSeenAt), AgentLastSeenAt: forStaff(v, timeOrNull(c.AgentLastSeenAt)),
		ContactReadMessageID: orNull(c.ContactReadID), AgentReadMessageID: forStaff(v, orNull(c.AgentReadID)),
		FirstResponseAt: forStaff(v, timeOrNull(c.FirstResponseAt)), LastResponseAt: forStaff(v, timeOrNull(c.LastResponseAt)),
		WaitingSince: forStaff(v, timeOrNull(c.WaitingSince)), ClosedAt: timeOrNull(c.ClosedAt),
		LastMessageAt: Time(c.LastMessageAt), LastActivityAt: forStaff(v, Time(c.LastActivityAt)),
		CreatedAt: Time(c.CreatedAt), UpdatedAt: forStaff(v, Time(c.UpdatedAt)),
	}
	var last Maybe[Message]
	if t.Last != nil {
		m := toMessage(v, t.Last)
		last.Value = &m
	}
	shown.LastMessage = always(last)
	return shown
}

func sideName(s core.Side) string {
	if s == core.ContactSide {
		return "contact"
	}
	return "agent"
}

// assignee is who is in charge, nil for nobody. A person comes before a bot.
func assignee(c *core.Conversation) *Assignee {
	switch {
	case c.AssigneeID != 0:
		return &Assignee{"agent", c.AssigneeID}
	case c.AssigneeBotID != 0:
		return &Assignee{"bot", c.AssigneeBotID}
	}
	return nil
}

// ConversationInput is what a conversation is made of.
type ConversationInput struct {
	Contact          *string       `json:"contact,omitempty" maxLength:"2100" doc:"With whom: an id, a UUID, or external:, email:, phone: or identity: and what it is called. Staff give this or an identity."`
	Identity         *AddressInput `json:"identity,omitempty" doc:"With whom, known or new: an address."`
	InboxID          *int64        `json:"inbox_id,omitempty" minimum:"1" maximum:"9007199254740991" doc:"Customers may leave it out: the inbox of their token."`
	SubInboxID       *int64        `json:"sub_inbox_id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	Subject          *string       `json:"subject,omitempty" nullable:"true" maxLength:"1000"`
	Status           *string       `json:"status,omitempty" enum:"open,pending,resolved" doc:"open without it."`
	Priority         *string       `json:"priority,omitempty" nullable:"true" enum:"low,medium,high,urgent"`
	CustomAttributes *Object       `json:"custom_attributes,omitempty"`
	Message          *FirstMessage `json:"message,omitempty" doc:"What is said first."`
	Sender           *SenderInput  `json:"sender,omitempty" doc:"Who begins it; an account's token must say."`
}

// AddressInput is an address of a contact.
type AddressInput struct {
	ProviderType int64   `json:"provider_type" minimum:"0" maximum:"2147483647" doc:"The number of the provider: 4 e-mail, 5 telephone, 6 visitor of a website, 7 WhatsApp ..."`
	Address      string  `json:"address" minLength:"1" maxLength:"2048" doc:"At most 2048 bytes of UTF-8."`
	Name         *string `json:"name,omitempty" nullable:"true" maxLength:"1000" doc:"Of a contact who is new."`
	Email        *string `json:"email,omitempty" nullable:"true" maxLength:"1000"`
}

// FirstMessage is what is said first.
type FirstMessage struct {
	Content           string            `json:"content,omitempty" maxLength:"262144" doc:"Needed without attachments."`
	ContentType       *string           `json:"content_type,omitempty" maxLength:"100" doc:"text without it."`
	ContentAttributes *Object           `json:"content_attributes,omitempty"`
	Attachments       []AttachmentInput `json:"attachments,omitempty" maxItems:"20"`
}

// ConversationPatch is a change of a conversation.
type ConversationPatch struct {
	Status           Optional[string]       `json:"status,omitzero" enum:"open,pending,snoozed,resolved"`
	SnoozedUntil     Optional[TimeInput]    `json:"snoozed_until,omitzero" doc:"With the status snoozed; without it until somebody writes."`
	Priority         Optional[string]       `json:"priority,omitzero" nullable:"true" enum:"low,medium,high,urgent"`
	AssigneeID       Optional[int64]        `json:"assignee_id,omitzero" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"An agent, a bot too; null: nobody."`
	TeamID           Optional[int64]        `json:"team_id,omitzero" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	InboxID          Optional[int64]        `json:"inbox_id,omitzero" minimum:"1" maximum:"9007199254740991" doc:"Moves it."`
	SubInboxID       Optional[int64]        `json:"sub_inbox_id,omitzero" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	Subject          Optional[string]       `json:"subject,omitzero" nullable:"true" maxLength:"1000"`
	Labels           Optional[LabelsInput]  `json:"labels,omitzero"`
	Participants     Optional[MembersInput] `json:"participants,omitzero"`
	CustomAttributes Optional[Object]       `json:"custom_attributes,omitzero" doc:"Members to set; those that are null are taken away."`
	Sender           *SenderInput           `json:"sender,omitempty" doc:"Who does it; without it the token's agent, or the system."`
}

// LabelsInput says which labels a thing is to have, by their ids.
type LabelsInput struct {
	Add    []int64  `json:"add,omitempty" maxItems:"100"`
	Remove []int64  `json:"remove,omitempty" maxItems:"100"`
	Set    *[]int64 `json:"set,omitempty" maxItems:"100" doc:"All that it is to have; not together with the others."`
}

// check refuses set beside the others.
func (l *LabelsInput) check() error {
	if l.Set != nil && len(l.Add)+len(l.Remove) > 0 {
		return core.Refuse("labels/set", "it stands alone")
	}
	return nil
}

// MembersInput says who is to take part, by the agents' ids.
type MembersInput struct {
	Add    []int64 `json:"add,omitempty" maxItems:"100"`
	Remove []int64 `json:"remove,omitempty" maxItems:"100"`
}

func (a *API) conversationOperations() {
	const tag = "Conversations"
	n := names{fields: map[string]string{
		"inbox": "inbox_id", "sub_inbox": "sub_inbox_id", "sub-inbox": "sub_inbox_id", "assignee": "assignee_id", "team": "team_id", "participant": "participants",
		"actor": "sender", "address": "identity/address", "files": "message/attachments", "content_type": "message/content_type", "content_attributes": "message/content_attributes", "snoozed_until": "snoozed_until",
	}}
	read(a, op{path: "/v1/conversations/{id}", id: "getConversation", tag: tag, summary: "Read a conversation", customers: true}, a.getConversation)
	create(a, op{path: "/v1/conversations", id: "createConversation", tag: tag, summary: "Begin a conversation", customers: true, names: n}, a.createConversation)
	update(a, op{method: "PATCH", path: "/v1/conversations/{id}", id: "updateConversation", tag: tag, summary: "Change a conversation", names: n}, a.updateConversation)
}

// recordOf is what If-Match holds a conversation against.
func recordOf(c *core.Conversation) core.EventData { return core.ConversationChange{Conversation: *c} }

// showConversation answers with a thread as the caller sees it.
func (a *API) showConversation(ctx context.Context, c *caller, t *core.Thread) (reply[Conversation], error) {
	shown := toConversation(c.view(), t)
	if c.Customer == nil {
		mine, err := a.own(ctx, c, []core.Thread{*t})
		if err != nil {
			return reply[Conversation]{}, err
		}
		shown.Unread.Mine = forStaff(c.view(), mine[0])
	}
	return reply[Conversation]{body: shown, record: recordOf(&t.Conversation), more: true, location: address("/v1/conversations/", t.Conversation.ID)}, nil
}

// own returns what the agent who calls has not read of each thread, nil for
// callers who are no agent.
func (a *API) own(ctx context.Context, c *caller, threads []core.Thread) ([]*int64, error) {
	mine := make([]*int64, len(threads))
	if c.AgentID == 0 {
		return mine, nil
	}
	unread, err := a.conversations.OwnUnread(ctx, c.AccountID, c.AgentID, threads)
	for i := range unread {
		mine[i] = &unread[i]
	}
	return mine, err
}

// getConversation serves GET /v1/conversations/{id}.
func (a *API) getConversation(ctx context.Context, c *caller, in *ByRef) (reply[Conversation], error) {
	t, err := a.thread(ctx, c, in.Ref)
	if err != nil {
		return reply[Conversation]{}, err
	}
	return a.showConversation(ctx, c, &t)
}

// createConversation serves POST /v1/conversations.
func (a *API) createConversation(ctx context.Context, c *caller, in *Creation[ConversationInput]) (reply[Conversation], error) {
	b := &in.Body
	by, err := c.sender(b.Sender, true)
	if err != nil {
		return reply[Conversation]{}, err
	}
	begin := conversation.NewConversation{
		Place: conversation.PlaceID{InboxID: valueOf(b.InboxID), SubInboxID: valueOf(b.SubInboxID)}, OpenedBy: by,
		Status: core.Status(valueOf(b.Status)), Subject: valueOf(b.Subject), Priority: valueOf(b.Priority),
		CustomAttributes: core.JSON(valueOf(b.CustomAttributes)), Defined: true, Repeat: c.again,
	}
	if c.Customer != nil {
		err = a.customerBegins(ctx, c, b, &begin)
	} else {
		begin.With, err = a.claim(ctx, c, b)
	}
	if err != nil {
		return reply[Conversation]{}, err
	}
	if err := a.mayBeginIn(ctx, c, begin.Place.InboxID); err != nil {
		return reply[Conversation]{}, err
	}
	if b.Message != nil {
		if begin.First, err = a.firstMessage(ctx, c, b.Message); err != nil {
			return reply[Conversation]{}, err
		}
	}
	made, err := a.writes.Start(ctx, c.AccountID, begin)
	if err != nil {
		return reply[Conversation]{}, err
	}
	if c.again != nil && c.again.Repeated { // it may have gone where the caller does not see it
		if err := a.reaches(ctx, c, &made.Conversation); err != nil {
			return reply[Conversation]{}, err
		}
	}
	return a.afterwards(ctx, c, made.Conversation.ID)
}

// mayBeginIn refuses an inbox that the caller does not see, as one that is not
// there.
func (a *API) mayBeginIn(ctx context.Context, c *caller, inbox int64) error {
	if inbox == 0 {
		return core.Refuse("inbox", "it is needed")
	}
	seen, err := a.sight(ctx, c)
	if err == nil && !seen.Sees(inbox) {
		err = core.Refuse("inbox", fmt.Sprintf("there is no inbox %d", inbox))
	}
	return err
}

// afterwards answers with the conversation as a command left it.
func (a *API) afterwards(ctx context.Context, c *caller, id int64) (reply[Conversation], error) {
	t, err := a.conversations.Thread(ctx, c.AccountID, id, shownParts)
	if err != nil {
		return reply[Conversation]{}, err
	}
	return a.showConversation(ctx, c, &t)
}

// claim says with whom staff begin a conversation.
func (a *API) claim(ctx context.Context, c *caller, b *ConversationInput) (contact.Claim, error) {
	switch {
	case b.Contact != nil && b.Identity != nil:
		return contact.Claim{}, core.Refuse("identity", "there is a contact already")
	case b.Contact != nil:
		who, err := a.contacts.Find(ctx, c.AccountID, *b.Contact)
		if err != nil && core.KindOf(err) == core.NotFound {
			err = core.Refuse("contact", "there is no such contact")
		}
		return contact.Claim{ContactID: who.ID, InboxID: valueOf(b.InboxID)}, err
	case b.Identity != nil:
		return contact.Claim{
			ProviderType: b.Identity.ProviderType, Address: b.Identity.Address,
			Profile: contact.Profile{Name: valueOf(b.Identity.Name), Email: valueOf(b.Identity.Email)},
		}, nil
	}
	return contact.Claim{}, core.Refuse("contact", "it is needed")
}

// customerBegins says how a customer begins a conversation: with the own contact,
// which may be new, in an inbox that customers read.
func (a *API) customerBegins(ctx context.Context, c *caller, b *ConversationInput, begin *conversation.NewConversation) error {
	for member, given := range map[string]bool{
		"contact": b.Contact != nil, "identity": b.Identity != nil, "sub_inbox_id": b.SubInboxID != nil, "status": b.Status != nil,
		"priority": b.Priority != nil, "custom_attributes": b.CustomAttributes != nil,
	} {
		if given {
			return &core.Error{Kind: core.Forbidden, Field: member, Message: "customers do not set it"}
		}
	}
	if begin.Place.InboxID == 0 {
		begin.Place.InboxID = c.Customer.InboxID
	}
	if begin.Place.InboxID != c.Customer.InboxID {
		inbox, err := a.inboxReads.Inbox(ctx, c.AccountID, begin.Place.InboxID)
		if err != nil && core.KindOf(err) != core.NotFound {
			return err
		}
		if err != nil || !inbox.Channel.IsChat() {
			return core.Refuse("inbox", "customers write in inboxes of websites and apps")
		}
	}
	who := c.Customer
	begin.OpenedBy.ID = 0 // whoever holds the address by then
	begin.With = contact.Claim{
		IdentityID: who.IdentityID, ContactID: who.ContactID, InboxID: begin.Place.InboxID,
		Profile: contact.Profile{Identifier: who.Identifier(), Name: who.Name, Email: who.Email, Phone: who.Phone, Locale: who.Locale},
	}
	return nil
}

// updateConversation serves PATCH /v1/conversations/{id}.
func (a *API) updateConversation(ctx context.Context, c *caller, in *struct {
	ByRef
	Body ConversationPatch
},
) (reply[Conversation], error) {
	t, err := a.thread(ctx, c, in.Ref)
	if err != nil {
		return reply[Conversation]{}, err
	}
	by, err := c.sender(in.Body.Sender, false)
	if err != nil {
		return reply[Conversation]{}, err
	}
	changes, err := in.Body.changes(&t.Conversation)
	if err != nil {
		return reply[Conversation]{}, err
	}
	changes.If = unchangedAs(c, recordOf)
	if _, err := a.writes.Change(ctx, c.AccountID, t.Conversation.ID, by, changes); err != nil {
		return reply[Conversation]{}, err
	}
	return a.afterwards(ctx, c, t.Conversation.ID)
}

// changes says what the patch changes of a conversation.
func (p *ConversationPatch) changes(c *core.Conversation) (conversation.Changes, error) {
	var in conversation.Changes
	for member, null := range map[string]bool{
		"status": p.Status.Null, "inbox_id": p.InboxID.Null, "labels": p.Labels.Null, "participants": p.Participants.Null, "custom_attributes": p.CustomAttributes.Null,
	} {
		if null {
			return in, core.Refuse(member, "it cannot be null")
		}
	}
	if p.Status.Set {
		in.Status = &core.NewStatus{Status: core.Status(p.Status.Value), Until: core.Time(p.SnoozedUntil.Value)}
	}
	if p.SnoozedUntil.Set && !p.SnoozedUntil.Null && p.Status.Value != string(core.Snoozed) {
		return in, core.Refuse("snoozed_until", "it goes with the status snoozed")
	}
	in.Priority, in.Subject = p.Priority.pointer(), p.Subject.pointer()
	in.AssigneeID, in.TeamID = p.AssigneeID.pointer(), p.TeamID.pointer()
	if p.InboxID.Set || p.SubInboxID.Set {
		in.Place = &conversation.PlaceID{InboxID: c.InboxID, SubInboxID: p.SubInboxID.Value}
		if p.InboxID.Set {
			in.Place.InboxID = p.InboxID.Value
		}
	}
	if err := p.Labels.Value.check(); err != nil {
		return in, err
	}
	in.AddLabels, in.RemoveLabels, in.SetLabels = p.Labels.Value.Add, p.Labels.Value.Remove, p.Labels.Value.Set
	in.AddParticipants, in.RemoveParticipants = p.Participants.Value.Add, p.Participants.Value.Remove
	if p.CustomAttributes.Set {
		patch := core.JSON(p.CustomAttributes.Value)
		in.PatchCustomAttributes, in.Defined = &patch, true
	}
	return in, nil
}
