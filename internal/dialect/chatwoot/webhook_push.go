package chatwoot

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
)

// push shows what one event of an account is about. Rows that are gone are not
// shown; only an account that is gone is an error.
type push struct {
	*WebhookFormat
	id int64 // the account's
}

func (f *WebhookFormat) push(account int64) *push { return &push{f, account} }

func (p *push) account(ctx context.Context) (core.Account, error) {
	a, err := p.store.Account(ctx, p.id)
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// inbox returns an inbox, with nothing but the id when it is gone.
func (p *push) inbox(ctx context.Context, id int64) (core.Inbox, error) {
	i, err := found(p.store.Inbox(ctx, p.id, id))
	if err != nil || i == nil {
		return core.Inbox{ID: id}, err
	}
	return *i, nil
}

// found is nil for a row that is gone.
func found[T any](v T, err error) (*T, error) {
	switch {
	case err == nil:
		return &v, nil
	case core.KindOf(err) == core.NotFound:
		return nil, nil //nolint:nilnil // there is none
	}
	return nil, err
}

// contact returns a contact, or the one who took over its identity.
func (p *push) contact(ctx context.Context, id, identity int64) (*core.Contact, error) {
	return found(p.people.Contact(ctx, p.id, id, identity))
}

func (p *push) agent(ctx context.Context, id int64) (*core.Agent, error) {
	if id == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	return found(p.store.Agent(ctx, p.id, id))
}

// line shows an entry with its author. One that was deleted since is a
// tombstone.
func (p *push) line(ctx context.Context, c *core.Conversation, e *core.Entry, files []core.Attachment) (*core.Line, error) {
	l := &core.Line{Entry: *e, Attachments: files}
	if p.links != nil {
		p.links.Fill(l.Attachments)
	}
	if !e.IsDeleted() {
		now, err := found(p.store.Entry(ctx, p.id, e.ID))
		if err != nil {
			return nil, err
		}
		if now != nil {
			l.Entry.DeletedAt = now.DeletedAt
		}
	}
	return l, p.author(ctx, c, l)
}

func (p *push) author(ctx context.Context, c *core.Conversation, l *core.Line) (err error) {
	switch sender := l.Entry.Sender; sender.Type {
	case core.ActorContact:
		identity := sender.IdentityID
		if identity == 0 {
			identity = c.IdentityID
		}
		l.Contact, err = p.contact(ctx, sender.ID, identity)
	case core.ActorAgent:
		l.Agent, err = p.agent(ctx, sender.ID)
	case core.ActorSystem:
	}
	return err
}

// last returns the newest public message, nil without one. told is the message
// that the event is about; nil: it is about none.
func (p *push) last(ctx context.Context, c *core.Conversation, told *core.Line) (*core.Line, error) {
	if c.LastMessageID == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	if told != nil && told.Entry.ID == c.LastMessageID {
		return told, nil
	}
	e, err := found(p.store.Entry(ctx, p.id, c.LastMessageID))
	if e == nil || err != nil {
		return nil, err
	}
	l := &core.Line{Entry: *e}
	if e.AttachmentCount > 0 {
		if l.Attachments, err = p.store.Attachments(ctx, p.id, []int64{e.ID}); err != nil {
			return nil, err
		}
	}
	return l, p.author(ctx, c, l)
}

// maxUnread is the highest count that is shown (server).
const maxUnread = 10

// conversation shows a conversation as an event left it, with its people,
// labels and last message as they are now.
func (p *push) conversation(ctx context.Context, c *core.Conversation, told *core.Line) (shown conversationPush, err error) {
	shown = conversationPush{
		ID: c.DisplayID, InboxID: c.InboxID, Status: string(c.Status), Priority: nullString(c.Priority), CanReply: true,
		AdditionalAttributes: object(c.AdditionalAttributes), CustomAttributes: object(c.CustomAttributes),
		UnreadCount: min(c.AgentUnread(), maxUnread), SnoozedUntil: nullTime(c.SnoozedUntil), FirstReplyCreatedAt: nullTime(c.FirstResponseAt),
		WaitingSince: c.WaitingSince.Unix(), AgentLastSeenAt: c.AgentLastSeenAt.Unix(), ContactLastSeenAt: c.ContactLastSeenAt.Unix(),
		LastActivityAt: c.LastActivityAt.Unix(), Timestamp: c.LastActivityAt.Unix(), CreatedAt: c.CreatedAt.Unix(),
		UpdatedAt: decimal(float64(c.UpdatedAt) / 1e6), Messages: []messagePush{},
	}
	inbox, err := p.inbox(ctx, c.InboxID)
	if err != nil {
		return shown, err
	}
	shown.Channel = channelName(inbox.Channel)
	if shown.Labels, err = p.titles(ctx, p.id, c.LabelIDs); err != nil {
		return shown, err
	}
	source, err := p.door(ctx, c, &shown)
	if err != nil {
		return shown, err
	}
	if err := p.meta(ctx, c, &shown.Meta); err != nil {
		return shown, err
	}
	last, err := p.last(ctx, c, told)
	if last == nil || err != nil {
		return shown, err
	}
	a, err := p.account(ctx)
	if err != nil {
		return shown, err
	}
	shown.Messages = append(shown.Messages, toMessagePush(c, last, deletedText(a.Locale), source))
	return shown, nil
}

// door fills in the contact's door, and returns its source id.
func (p *push) door(ctx context.Context, c *core.Conversation, shown *conversationPush) (source string, err error) {
	if c.ContactInboxID == 0 {
		return "", nil
	}
	ci, err := found(p.store.ContactInbox(ctx, p.id, c.ContactInboxID))
	if ci == nil || err != nil {
		return "", err
	}
	shown.ContactInbox = &contactInboxPush{
		ID: ci.ID, ContactID: ci.ContactID, InboxID: ci.InboxID, SourceID: ci.SourceID,
		CreatedAt: nullTime(ci.CreatedAt), UpdatedAt: nullTime(ci.CreatedAt), HMACVerified: ci.HMACVerified,
	}
	shown.Meta.HMACVerified = ci.HMACVerified
	return ci.SourceID, nil
}

// meta fills in who takes part.
func (p *push) meta(ctx context.Context, c *core.Conversation, m *metaPush) error {
	contact, err := p.contact(ctx, c.ContactID, c.IdentityID)
	if err != nil {
		return err
	}
	if contact != nil {
		m.Sender = toContactSender(contact)
	}
	a, err := p.agent(ctx, c.AssigneeID+c.AssigneeBotID) // one of them is 0
	if err != nil {
		return err
	}
	if a != nil {
		l := core.Line{Entry: core.Entry{Sender: core.Actor{Type: core.ActorAgent}, Origin: core.OriginPerson}, Agent: a}
		m.Assignee = toSender(&l)
		m.AssigneeType = senderClass(m.Assignee)
	}
	if c.TeamID == 0 {
		return nil
	}
	t, err := found(p.store.Team(ctx, p.id, c.TeamID))
	if t != nil {
		m.Team = &namedBody{t.ID, t.Name}
	}
	return err
}

// toMessagePush converts a message inside its conversation.
func toMessagePush(c *core.Conversation, l *core.Line, deletedText, source string) messagePush {
	e, m := &l.Entry, toMessage(c.DisplayID, l, deletedText)
	shown := messagePush{
		ID: m.ID, Content: m.Content, AccountID: e.AccountID, InboxID: c.InboxID, ConversationID: m.ConversationID, MessageType: m.MessageType,
		CreatedAt: m.CreatedAt, UpdatedAt: nullTime(e.UpdatedAt), Private: e.Kind == core.Note, Status: e.DeliveryStatus,
		SourceID: nullString(e.ExternalID), ContentType: m.ContentType, ContentAttributes: m.ContentAttributes,
		SenderType: senderClass(m.Sender), ProcessedMessageContent: m.Content,
		Conversation: conversationHint{
			AssigneeID: nullInt(c.AssigneeID), UnreadCount: min(c.AgentUnread(), maxUnread), LastActivityAt: c.LastActivityAt.Unix(),
			ContactInbox: sourceHint{nullString(source)},
		},
		Attachments: m.Attachments, Sender: m.Sender,
	}
	if m.Sender != nil {
		shown.SenderID = nullInt(senderID(l))
	}
	if shown.Status == "" {
		shown.Status = "sent"
	}
	return shown
}

// senderID is the id of who is shown.
func senderID(l *core.Line) int64 {
	if l.Contact != nil {
		return l.Contact.ID
	}
	return l.Agent.ID
}

// senderClass is what the server calls the kind of a sender, "" without one.
func senderClass(sender any) nullString {
	switch sender.(type) {
	case *contactSender:
		return "Contact"
	case *userSender:
		return "User"
	case *botSender:
		return "AgentBot"
	case *assistantSender:
		return "Captain::Assistant"
	}
	return ""
}

// channelName is what the server calls a channel (server: the class of its row).
// One that is not known is named alike (ours).
func channelName(c core.Channel) string {
	switch c {
	case "":
		return ""
	case core.ChannelWeb:
		return "Channel::WebWidget"
	case core.ChannelWhatsApp:
		return "Channel::Whatsapp"
	case "facebook":
		return "Channel::FacebookPage"
	case core.ChannelAPI, core.ChannelEmail, core.ChannelSMS:
	}
	return "Channel::" + strings.ToUpper(string(c[:1])) + string(c[1:])
}
