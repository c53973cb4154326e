package commbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/service/file"
	people "parley/internal/service/person"
	"parley/internal/store"
)

// WebhookForm is one of the two forms that CommBox sends its webhooks in.
type WebhookForm int

// The forms.
const (
	WebhookXML  WebhookForm = iota // the classic one
	WebhookJSON                    // the newer one
)

// WebhookFormat puts events into the bodies that CommBox sends to its webhooks.
// It is safe for concurrent use.
type WebhookFormat struct {
	store  store.Reader
	people *people.Reads
	links  *file.Links
	form   WebhookForm
}

// NewWebhookFormat returns a format that reads from st what events do not
// carry. links gives files their addresses; nil: they have none.
func NewWebhookFormat(st store.Reader, links *file.Links, form WebhookForm) *WebhookFormat {
	return &WebhookFormat{store: st, people: people.NewReads(st), links: links, form: form}
}

// hook is what an event is to CommBox: the name of an event of one of its
// subscriptions, which also names the element that holds the data.
type hook struct {
	subscription, name string
	data               any // nil: none
}

// tells says what each type of event is to CommBox. A type of nil is nothing
// there: CommBox has no such event, or what it is about no counterpart.
var tells = map[core.EventType]func(f *WebhookFormat, ctx context.Context, account int64, e *core.Event) (*hook, error){
	core.ConversationCreated: (*WebhookFormat).newObject,
	core.MessageCreated:      (*WebhookFormat).newChild,
	core.NoteCreated:         (*WebhookFormat).newActivity, // remarks live among the activities
	core.ActivityCreated:     (*WebhookFormat).newActivity,
	// Every other change is told by the activity that it leaves.
	core.ConversationUpdated: (*WebhookFormat).taggedObject,
	core.ContactCreated:      (*WebhookFormat).newUser,
	core.ContactUpdated:      (*WebhookFormat).changedUser,
	core.ContactMerged:       (*WebhookFormat).mergedUser,
	core.IdentityCreated:     (*WebhookFormat).changedIdentity,
	core.IdentityUpdated:     (*WebhookFormat).changedIdentity,
	core.IdentityMoved:       (*WebhookFormat).movedIdentity,
	core.LabelCreated:        (*WebhookFormat).newTag,
	core.LabelUpdated:        (*WebhookFormat).newTag,
	core.WebhookTested:       (*WebhookFormat).test,

	core.AccountCreated: nil, core.AccountUpdated: nil, core.AccountImported: nil,
	core.AgentCreated: nil, core.AgentUpdated: nil, core.AgentDeleted: nil,
	core.ProfileCreated: nil, core.ProfileUpdated: nil, core.ProfileDeleted: nil,
	core.TokenCreated: nil, core.TokenUpdated: nil, core.TokenRevoked: nil,
	core.TeamCreated: nil, core.TeamUpdated: nil, core.TeamDeleted: nil,
	core.LabelGroupCreated: nil, core.LabelGroupUpdated: nil, core.LabelGroupDeleted: nil, core.LabelDeleted: nil,
	core.InboxCreated: nil, core.InboxUpdated: nil, core.SubInboxCreated: nil, core.SubInboxUpdated: nil,
	core.ContactInboxCreated: nil, core.ContactInboxUpdated: nil,
	core.ConversationRead: nil,
	core.MessageUpdated:   nil, core.MessageDeleted: nil, core.NoteUpdated: nil, core.NoteDeleted: nil,
	core.AttributeDefinitionCreated: nil, core.AttributeDefinitionUpdated: nil, core.AttributeDefinitionDeleted: nil,
	core.CannedResponseCreated: nil, core.CannedResponseUpdated: nil, core.CannedResponseDeleted: nil,
	core.WebhookCreated: nil, core.WebhookUpdated: nil, core.WebhookDeleted: nil, core.WebhookPaused: nil,
}

// Body implements webhook.Format: one body for an event that CommBox has, none
// for others.
func (f *WebhookFormat) Body(ctx context.Context, account int64, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	tell := tells[e.Type]
	if tell == nil {
		return "", nil, false, nil
	}
	h, err := tell(f, ctx, account, e)
	if err != nil || h == nil {
		return "", nil, false, err
	}
	a, err := f.store.Account(ctx, account)
	if err != nil {
		return "", nil, false, fmt.Errorf("read account: %w", err)
	}
	if f.form == WebhookJSON {
		body, err = h.json(a.Name)
		return "application/json", body, err == nil, err
	}
	body, err = h.xml(a.Name)
	return "application/xml; charset=utf-8", body, err == nil, err
}

// xml returns the event as XML. There is no declaration in front, as there is
// none in CommBox's samples; without one XML is UTF-8. Characters that XML
// cannot hold become U+FFFD.
func (h *hook) xml(brand string) ([]byte, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	attr := func(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }
	event := xml.StartElement{
		Name: xml.Name{Local: "Event"},
		Attr: []xml.Attr{attr("Subscription", h.subscription), attr("Name", h.name), attr("Brand", brand)},
	}
	err := enc.EncodeToken(event)
	if err == nil && h.data != nil {
		err = enc.EncodeElement(h.data, xml.StartElement{Name: xml.Name{Local: h.subscription}})
	}
	if err == nil {
		err = enc.EncodeToken(event.End())
	}
	if err == nil {
		err = enc.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encode event as XML: %w", err)
	}
	return b.Bytes(), nil
}

// json returns the event as JSON, each subscription in the wrapper that CommBox
// shows it in: objects in a payload that is the object itself, which the event's
// names stand behind so that a receiver can tell; all others, as tags are, in an
// Event.
func (h *hook) json(brand string) ([]byte, error) {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false) // messages are HTML
	if h.data != nil {
		if err := enc.Encode(h.data); err != nil {
			return nil, fmt.Errorf("encode event as JSON: %w", err)
		}
	}
	members := bytes.TrimSpace(data.Bytes())
	names := text(nil, `"Subscription":`, h.subscription)
	names = text(names, `,"Name":`, h.name)
	names = text(names, `,"Brand":`, brand)
	if h.subscription == hookObjects {
		b := append([]byte(`{"payload":`), members[:len(members)-1]...)
		return append(append(append(b, ','), names...), `}}`...), nil
	}
	b := append([]byte(`{"Event":{`), names...)
	if h.data != nil {
		b = append(append(b, `,"`+h.subscription+`":`...), members...)
	}
	return append(b, `}}`...), nil
}

// The subscriptions, and the names of their events.
const (
	hookObjects = "Object"
	hookUsers   = "User"
	hookTagging = "Tag"
	// hookTests is not CommBox's: its console has nothing to test a webhook with.
	hookTests = "Webhook"

	onNew         = "OnNew"
	onNewChild    = "OnNewChild"
	onNewActivity = "OnNewActivity"
	onUpdate      = "OnUpdate"
	onUpdateTag   = "OnUpdateTag"
	onAdd         = "OnAdd"
	onTest        = "OnTest"
)

// dataOf returns the payload of an event.
func dataOf[T core.EventData](e *core.Event) (T, error) {
	v, ok := e.Data.(T)
	if !ok {
		return v, fmt.Errorf("an event %s has a payload %T", e.Type, e.Data)
	}
	return v, nil
}

// newObject tells of a new conversation. Its message is the one that was said
// with it, if any; whether that one is told as a child, too, newChild says.
func (f *WebhookFormat) newObject(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.ConversationChange](e)
	if err != nil {
		return nil, err
	}
	c := &d.Conversation
	t := core.Thread{Conversation: *c}
	if c.PrimaryMessageID != 0 {
		primary, err := f.store.Entry(ctx, account, c.PrimaryMessageID)
		switch {
		case err == nil:
			t.Primary = &primary
		case core.KindOf(err) != core.NotFound:
			return nil, fmt.Errorf("read primary message: %w", err)
		}
	}
	user, err := f.customer(ctx, account, c.ContactID, c.IdentityID)
	if err != nil {
		return nil, err
	}
	o := toObject(&t)
	return &hook{hookObjects, onNew, &hookNewObject{
		Message: o.Message, Content: hookContent(o.Content), ManagerID: digits(managerOf(e.Actor)), Snippet: snippet(o.Message), User: user,
		hookPlace: toHookPlace(c), Type: digits(o.Type), StatusID: digits(o.StatusID), CreateDate: c.CreatedAt.Std().Format(hookObjectLayout),
		StreamProviderID: o.StreamProviderID, StreamProviderType: providerName(o.StreamProviderType),
	}}, nil
}

// newChild tells of a message that stands among its object's childs. The primary
// message of an object that CommBox's clients made does not, unless they asked
// for it: OnNew alone has told of it.
func (f *WebhookFormat) newChild(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.EntryChange](e)
	if err != nil || !d.Entry.Listed {
		return nil, err
	}
	l, err := f.line(ctx, account, &d)
	if err != nil {
		return nil, err
	}
	sender := l.Entry.Sender
	user, err := f.author(ctx, account, sender, &d.Conversation)
	if err != nil {
		return nil, err
	}
	c := toChild(&l, providerType(extensionOf(d.Conversation.Ext)))
	o := &hookChildOf{hookPlace: toHookPlace(&d.Conversation)}
	o.Children.Child = hookChild{
		Message: c.Message, ManagerID: digits(managerOf(sender)), Content: hookContent(c.Content), Snippet: snippet(c.Message), User: user,
		ID: digits(c.ID), CreateDate: l.Entry.CreatedAt.Std().Format(hookEntryLayout), Type: digits(c.Type),
		StreamProviderID: l.Entry.ExternalID, StreamProviderType: providerName(c.StreamProviderType),
	}
	return &hook{hookObjects, onNewChild, o}, nil
}

// newActivity tells of a note or an activity.
func (f *WebhookFormat) newActivity(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.EntryChange](e)
	if err != nil {
		return nil, err
	}
	l, err := f.line(ctx, account, &d)
	if err != nil {
		return nil, err
	}
	actor, err := f.actor(ctx, account, l.Entry.Sender, &d.Conversation)
	if err != nil {
		return nil, err
	}
	kind, data := activityData(&l.Entry)
	o := &hookActivityOf{hookPlace: toHookPlace(&d.Conversation)}
	o.Activities.Activity = hookActivity{
		User: actor, Data: data, ID: digits(l.Entry.ID), Type: digits(kind), CreateDate: l.Entry.CreatedAt.Std().Format(hookEntryLayout),
	}
	return &hook{hookObjects, onNewActivity, o}, nil
}

// taggedObject tells of the labels that a conversation was given and lost.
func (f *WebhookFormat) taggedObject(_ context.Context, _ int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.ConversationChange](e)
	if err != nil {
		return nil, err
	}
	// Logs of former versions do not know what was before.
	if !d.Before.Known() || !slices.Contains(d.Changed, core.FieldLabels) {
		return nil, nil //nolint:nilnil // nothing is told
	}
	tags := toHookTags(d.Before.LabelIDs, d.Conversation.LabelIDs)
	if tags == nil {
		return nil, nil //nolint:nilnil // nothing is told
	}
	return &hook{hookObjects, onUpdateTag, &hookTagsOf{Tags: *tags, hookPlace: toHookPlace(&d.Conversation)}}, nil
}

// newTag tells of a label that is new or has changed. CommBox says that it tells
// of changes, too, but not how: their name is that of users.
func (f *WebhookFormat) newTag(_ context.Context, account int64, e *core.Event) (*hook, error) {
	l, err := dataOf[core.Label](e)
	if err != nil {
		return nil, err
	}
	name := onAdd
	if e.Type == core.LabelUpdated {
		name = onUpdate
	}
	t := toTag(&l)
	return &hook{hookTagging, name, &hookTag{
		EventName: name, TagID: digits(t.ID), GroupID: digits(t.TagGroupID), Name: t.Name, IsObject: trueFalse(t.ObjectTag), IsUser: trueFalse(t.UserTag),
		Type: digits(t.Type), Unit: digits(0), UnitValidationType: digits(0), RequestID: requestID(account, e),
	}}, nil
}

// test tells of nothing, in the form of everything else.
func (f *WebhookFormat) test(context.Context, int64, *core.Event) (*hook, error) {
	return &hook{subscription: hookTests, name: onTest}, nil
}

// line is the entry of an event with its attachments; one that was deleted since
// shows nothing any more.
func (f *WebhookFormat) line(ctx context.Context, account int64, d *core.EntryChange) (core.Line, error) {
	l := core.Line{Entry: d.Entry, Attachments: append([]core.Attachment(nil), d.Attachments...)}
	now, err := f.store.Entry(ctx, account, d.Entry.ID)
	if err != nil && core.KindOf(err) != core.NotFound {
		return core.Line{}, fmt.Errorf("read entry: %w", err)
	}
	l.Entry.DeletedAt = cmp.Or(l.Entry.DeletedAt, now.DeletedAt)
	if f.links != nil {
		f.links.Fill(l.Attachments)
	}
	return l, nil
}
