package chatwoot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"parley/internal/core"
	"parley/internal/service/file"
	"parley/internal/service/person"
	"parley/internal/store"
	"parley/internal/webhook"
)

// WebhookFormat puts events into the bodies that account webhooks get. It is
// safe for concurrent use.
type WebhookFormat struct {
	store  store.Reader
	people *person.Reads
	links  *file.Links // nil: files have no addresses
}

var _ webhook.HeaderFormat = (*WebhookFormat)(nil)

// NewWebhookFormat returns a format that reads from st what events do not carry.
// links may be nil: then stored files have no addresses.
func NewWebhookFormat(st store.Reader, links *file.Links) *WebhookFormat {
	if links != nil {
		st = links.Reader(st)
	}
	return &WebhookFormat{store: st, people: person.NewReads(st), links: links}
}

// Header implements webhook.HeaderFormat: what is accepted, and the signature of
// later releases of the server, whose key is the secret as it is shown.
func (f *WebhookFormat) Header(h http.Header, s *webhook.Sending) {
	at := strconv.FormatInt(s.At, 10)
	mac := hmac.New(sha256.New, []byte(s.Secret))
	_, _ = mac.Write([]byte(at + "." + s.Body)) // it never fails
	h.Set("Accept", "application/json")
	h.Set("X-Chatwoot-Timestamp", at)
	h.Set("X-Chatwoot-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	h.Set("X-Chatwoot-Delivery", s.MessageID)
}

// Body implements webhook.Format.
func (f *WebhookFormat) Body(ctx context.Context, account int64, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	v, err := f.event(ctx, account, e)
	if err != nil || v == nil {
		return "", nil, false, err
	}
	if body, err = marshal(v); err != nil {
		return "", nil, false, fmt.Errorf("encode the body of %s: %w", e.Type, err)
	}
	return "application/json", body, true, nil
}

// event returns one of the bodies of wire_webhooks.go, nil where the server has
// no webhook event for what happened. A thing that an event tells of and that is
// not there any more is shown as the event has it.
func (f *WebhookFormat) event(ctx context.Context, account int64, e *core.Event) (any, error) {
	switch e.Type {
	case core.ConversationCreated, core.ConversationUpdated:
		return bodyOf(e, func(d core.ConversationChange) (any, error) {
			return f.conversationEvent(ctx, account, e.Type, &d)
		})
	case core.MessageCreated, core.NoteCreated:
		return bodyOf(e, func(d core.EntryChange) (any, error) { return f.messageEvent(ctx, account, eventMessageCreated, &d) })
	case core.MessageUpdated, core.MessageDeleted, core.NoteUpdated, core.NoteDeleted:
		return bodyOf(e, func(d core.EntryChange) (any, error) { return f.messageEvent(ctx, account, eventMessageUpdated, &d) })
	case core.ContactCreated:
		return bodyOf(e, func(d core.Contact) (any, error) { return f.contactEvent(ctx, account, &d) })
	case core.ContactUpdated:
		return bodyOf(e, func(d core.ContactChange) (any, error) { return f.contactChanged(ctx, account, &d.Contact, d.Before) })
	case core.ContactMerged:
		return bodyOf(e, func(d core.ContactMerge) (any, error) { return f.contactChanged(ctx, account, &d.Contact, d.Before) })
	case core.InboxCreated:
		return bodyOf(e, func(d core.Inbox) (any, error) { return f.inboxEvent(ctx, account, &d) })
	case core.InboxUpdated:
		return bodyOf(e, func(d core.InboxChange) (any, error) { return f.inboxChanged(ctx, account, &d) })
	case core.WebhookTested:
		return &testEvent{Event: eventTested}, nil
	case core.AccountCreated, core.AccountUpdated, core.AccountImported,
		core.AgentCreated, core.AgentUpdated, core.AgentDeleted,
		core.ProfileCreated, core.ProfileUpdated, core.ProfileDeleted,
		core.TokenCreated, core.TokenUpdated, core.TokenRevoked,
		core.TeamCreated, core.TeamUpdated, core.TeamDeleted,
		core.LabelGroupCreated, core.LabelGroupUpdated, core.LabelGroupDeleted,
		core.LabelCreated, core.LabelUpdated, core.LabelDeleted,
		core.SubInboxCreated, core.SubInboxUpdated,
		core.IdentityCreated, core.IdentityUpdated, core.IdentityMoved,
		core.ContactInboxCreated, core.ContactInboxUpdated,
		core.ConversationRead, // told to sockets alone
		core.ActivityCreated,  // never sent
		core.AttributeDefinitionCreated, core.AttributeDefinitionUpdated, core.AttributeDefinitionDeleted,
		core.CannedResponseCreated, core.CannedResponseUpdated, core.CannedResponseDeleted,
		core.WebhookCreated, core.WebhookUpdated, core.WebhookDeleted, core.WebhookPaused:
		return nil, nil //nolint:nilnil // no body
	}
	return nil, fmt.Errorf("the dialect does not know what %q is", e.Type)
}

// bodyOf has render put the payload of an event into a body.
func bodyOf[T core.EventData](e *core.Event, render func(d T) (any, error)) (any, error) {
	d, ok := e.Data.(T)
	if !ok {
		return nil, fmt.Errorf("the payload of %s is a %T", e.Type, e.Data)
	}
	return render(d)
}

func (f *WebhookFormat) conversationEvent(ctx context.Context, account int64, typ core.EventType, d *core.ConversationChange) (any, error) {
	c := &d.Conversation
	event, changed := eventConversationCreated, []changedAttribute(nil)
	if typ == core.ConversationUpdated {
		var err error
		if event, changed, err = f.changeOf(ctx, account, d); err != nil || event == "" {
			return nil, err
		}
	}
	p := f.push(account)
	shown, err := p.conversation(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	told := conversationEvent{conversationPush: shown, Event: event}
	if event == eventConversationCreated {
		return &told, nil
	}
	return &conversationChanged{conversationEvent: told, ChangedAttributes: changed}, nil
}

// changeOf says which event an update is, "" when it is none: what only this
// server knows has changed. A status is an event of its own, whatever changed
// with it: of the two that the server sends then, an event here has one.
func (f *WebhookFormat) changeOf(ctx context.Context, account int64, d *core.ConversationChange) (event string, changed []changedAttribute, err error) {
	has := func(field string) bool { return slices.Contains(d.Changed, field) }
	c, b := &d.Conversation, &d.Before
	if has(core.FieldStatus) && b.Status != c.Status {
		return eventStatusChanged, nil, nil
	}
	if !b.Known() {
		for _, field := range [...]string{
			core.FieldSnoozedUntil, core.FieldPriority, core.FieldAssignee, core.FieldTeam, core.FieldLabels, core.FieldCustomAttributes, core.FieldInbox,
		} {
			if has(field) {
				return eventConversationUpdated, nil, nil
			}
		}
		return "", nil, nil
	}
	is, err := f.columns(ctx, account, c)
	if err != nil {
		return "", nil, err
	}
	was := is
	was.UpdatedAt = nullTime(b.UpdatedAt)
	if has(core.FieldTeam) {
		was.TeamID = nullInt(b.TeamID)
	}
	if has(core.FieldAssignee) {
		was.AssigneeID, was.AssigneeBotID = nullInt(b.AssigneeID), nullInt(b.AssigneeBotID)
	}
	if has(core.FieldSnoozedUntil) {
		was.SnoozedUntil = nullTime(b.SnoozedUntil)
	}
	if has(core.FieldPriority) {
		was.Priority = nullString(b.Priority)
	}
	if has(core.FieldCustomAttributes) {
		was.CustomAttributes = object(b.CustomAttributes)
	}
	// Of these attributes the server tells the language alone.
	const language = "conversation_language"
	if has(core.FieldAdditionalAttributes) && b.AdditionalAttributes.Member(language) != c.AdditionalAttributes.Member(language) {
		was.AdditionalAttributes = object(b.AdditionalAttributes)
	}
	if d.FromInboxID != 0 {
		was.InboxID = d.FromInboxID
	}
	if has(core.FieldLabels) {
		if was.LabelList, err = f.titles(ctx, account, b.LabelIDs); err != nil {
			return "", nil, err
		}
	}
	if changed = changesOf(was, is); len(changed) == 0 {
		return "", nil, nil
	}
	return eventConversationUpdated, changed, nil
}

func (f *WebhookFormat) columns(ctx context.Context, account int64, c *core.Conversation) (conversationColumns, error) {
	labels, err := f.titles(ctx, account, c.LabelIDs)
	return conversationColumns{
		TeamID: nullInt(c.TeamID), AssigneeID: nullInt(c.AssigneeID), AssigneeBotID: nullInt(c.AssigneeBotID),
		SnoozedUntil: nullTime(c.SnoozedUntil), CustomAttributes: object(c.CustomAttributes), LabelList: labels,
		Priority: nullString(c.Priority), AdditionalAttributes: object(c.AdditionalAttributes), InboxID: c.InboxID, UpdatedAt: nullTime(c.UpdatedAt),
	}, err
}

func (f *WebhookFormat) messageEvent(ctx context.Context, account int64, event string, d *core.EntryChange) (any, error) {
	if d.Entry.Kind == core.Activity {
		return nil, nil //nolint:nilnil // never sent
	}
	p := f.push(account)
	a, err := p.account(ctx)
	if err != nil {
		return nil, err
	}
	inbox, err := p.inbox(ctx, d.Conversation.InboxID)
	if err != nil {
		return nil, err
	}
	line, err := p.line(ctx, &d.Conversation, &d.Entry, slices.Clone(d.Attachments))
	if err != nil {
		return nil, err
	}
	conversation, err := p.conversation(ctx, &d.Conversation, line)
	if err != nil {
		return nil, err
	}
	m := toMessage(d.Conversation.DisplayID, line, deletedText(a.Locale))
	content, err := rendered(string(m.Content), inbox.Channel)
	if err != nil {
		return nil, err
	}
	return &messageEvent{
		Account: namedBody{a.ID, a.Name}, ContentAttributes: m.ContentAttributes, ContentType: m.ContentType, Content: nullString(content),
		Conversation: conversation, CreatedAt: nullTime(line.Entry.CreatedAt), ID: m.ID, Inbox: namedBody{inbox.ID, inbox.Name},
		MessageType: typeNames[m.MessageType], Private: line.Entry.Kind == core.Note, Sender: toWebhookSender(line, &a, m.Sender),
		SourceID: nullString(line.Entry.ExternalID), Attachments: m.Attachments, Event: event,
	}, nil
}

func (f *WebhookFormat) contactEvent(ctx context.Context, account int64, c *core.Contact) (any, error) {
	a, err := f.push(account).account(ctx)
	return &contactEvent{contactWebhook: toContactWebhook(c, &a), Event: eventContactCreated}, err
}

// contactChanged is nil where nothing has changed that the server knows
// (server). A picture is none of the attributes: with it they hold updated_at
// alone.
func (f *WebhookFormat) contactChanged(ctx context.Context, account int64, c, before *core.Contact) (any, error) {
	var changed []changedAttribute
	if before != nil {
		is, err := f.titles(ctx, account, c.LabelIDs)
		if err != nil {
			return nil, err
		}
		was, err := f.titles(ctx, account, before.LabelIDs)
		if err != nil {
			return nil, err
		}
		changed = changesOf(toContactColumns(before, was), toContactColumns(c, is))
		if len(changed) == 0 && before.AvatarURL == c.AvatarURL {
			return nil, nil //nolint:nilnil // no body
		}
		if len(changed) == 0 {
			changed = []changedAttribute{updated(before.UpdatedAt, c.UpdatedAt)}
		}
	}
	a, err := f.push(account).account(ctx)
	return &contactChanged{contactEvent: contactEvent{contactWebhook: toContactWebhook(c, &a), Event: eventContactUpdated}, ChangedAttributes: changed}, err
}

func (f *WebhookFormat) inboxEvent(ctx context.Context, account int64, i *core.Inbox) (any, error) {
	a, err := f.push(account).account(ctx)
	return &inboxEvent{inboxSettings: toInboxSettings(i, &a), Channel: toChannel(i), Event: eventInboxCreated}, err
}

// inboxChanged is nil where nothing has changed that the server knows: keys and
// members are not told.
func (f *WebhookFormat) inboxChanged(ctx context.Context, account int64, d *core.InboxChange) (any, error) {
	a, err := f.push(account).account(ctx)
	if err != nil {
		return nil, err
	}
	is, changed := toInboxSettings(&d.Inbox, &a), []changedAttribute(nil)
	if d.Before != nil {
		changed = changesOf(inboxColumns{d.Before.Name, toInboxSettings(d.Before, &a)}, inboxColumns{d.Inbox.Name, is})
		if len(changed) == 0 {
			return nil, nil //nolint:nilnil // no body
		}
	}
	return &inboxChanged{
		inboxEvent: inboxEvent{inboxSettings: is, Channel: toChannel(&d.Inbox), Event: eventInboxUpdated}, ChangedAttributes: changed,
	}, nil
}

// titles returns the titles of labels, in their order; those that are deleted
// are left out.
func (f *WebhookFormat) titles(ctx context.Context, account int64, ids []int64) ([]string, error) {
	titles := []string{}
	if len(ids) == 0 {
		return titles, nil
	}
	labels, err := f.store.LabelsByID(ctx, account, ids[:min(len(ids), store.MaxIDs)])
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	for _, id := range ids {
		i := slices.IndexFunc(labels, func(l core.Label) bool { return l.ID == id && !l.DeletedAt.IsSet() })
		if i >= 0 {
			titles = append(titles, labels[i].Title)
		}
	}
	return titles, nil
}
