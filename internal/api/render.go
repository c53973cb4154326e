package api

import (
	"context"
	"time"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/memo"
	"parley/internal/service/feed"
	"parley/internal/service/file"
	"parley/internal/store"
)

// Event is one change that was made, in the order of the log.
type Event struct {
	ID             string       `json:"id" doc:"The cursor behind it: drop repeats by it, and go on from it."`
	Type           string       `json:"type" example:"message.created"`
	At             Time         `json:"at"`
	Actor          Shown[Actor] `json:"actor,omitzero" doc:"Who did it."`
	ContactID      *int64       `json:"contact_id"`
	ConversationID *int64       `json:"conversation_id"`
	InboxID        *int64       `json:"inbox_id"`
	Data           EventData    `json:"data" doc:"What a client needs to know of the new state: by type."`
}

// Actor is who did something.
type Actor struct {
	Type string  `json:"type" enum:"contact,agent,system"`
	ID   *int64  `json:"id"`
	Name *string `json:"name"`
}

// EventData is what an event tells.
type EventData struct {
	Message       *Message      `json:"message,omitempty" doc:"Of message, note and activity events."`
	Conversation  *Conversation `json:"conversation,omitempty" doc:"As the event left it, with both unread counts."`
	Changed       []string      `json:"changed,omitempty" doc:"Which fields of the conversation changed."`
	Cause         *string       `json:"cause,omitempty" doc:"Why, where nobody asked for it by name: message, snooze_over, idle, turn, agent_deleted, team_deleted."`
	FromInboxID   *int64        `json:"from_inbox_id,omitempty" doc:"The inbox that the conversation left."`
	Reader        *EventReader  `json:"reader,omitempty" doc:"Of conversation.read: who has read."`
	Marked        *bool         `json:"marked,omitempty" doc:"Of conversation.read: something was marked unread."`
	Contact       *Contact      `json:"contact,omitempty"`
	Identity      *Identity     `json:"identity,omitempty"`
	FromContactID *int64        `json:"from_contact_id,omitempty" doc:"Whose the identity was; or the contact that was merged."`
	Record        *EventRecord  `json:"record,omitempty" doc:"Another thing of the account that changed: read it anew."`
}

// EventReader is who has read a conversation.
type EventReader struct {
	Type string `json:"type" enum:"contact,agents,agent"`
	ID   *int64 `json:"id" doc:"Which agent, for agent."`
}

// EventRecord names a thing of the account.
type EventRecord struct {
	Type string `json:"type" enum:"account,agent,profile,token,team,label_group,label,inbox,sub_inbox,contact_inbox,canned_response,attribute_definition,webhook,import"`
	ID   *int64 `json:"id"`
	Name string `json:"name"`
}

// Renderer shows events. It is safe for concurrent use.
type Renderer struct {
	store   store.Reader
	links   *file.Links // nil: files have no addresses
	cursors *feed.Cursors
	clock   core.Clock

	agents   *memo.Memo[name, *core.Agent]
	contacts *memo.Memo[name, *core.Contact]
	inboxes  *memo.Memo[name, *core.Inbox]
}

// NewRenderer returns a renderer that looks names up in st.
func NewRenderer(st store.Reader, links *file.Links, cursors *feed.Cursors, clock core.Clock) *Renderer {
	return &Renderer{
		store: st, links: links, cursors: cursors, clock: clock,
		agents: memo.New[name, *core.Agent](namesFor), contacts: memo.New[name, *core.Contact](namesFor), inboxes: memo.New[name, *core.Inbox](namesFor),
	}
}

var _ live.Renderer = (*Renderer)(nil)

// Event implements live.Renderer.
func (r *Renderer) Event(ctx context.Context, e *core.Event, v live.View, past bool) ([]byte, error) {
	// What is told as it happens was not deleted since.
	shown, err := r.show(ctx, e, view{customer: v == live.ContactView}, past || r.clock()-e.At > oldAfter)
	if err != nil {
		return nil, err
	}
	return encode(shown)
}

// Signal implements live.Renderer.
func (r *Renderer) Signal(s *live.Signal, v live.View) ([]byte, error) {
	if y := s.Typing; y != nil {
		return encode(struct {
			ConversationID int64  `json:"conversation_id"`
			Type           string `json:"type"`
			ID             int64  `json:"id"`
			Typing         bool   `json:"typing"`
		}{y.ConversationID, string(y.Who.Type), y.Who.ID, y.On})
	}
	type person struct {
		Type string `json:"type"`
		ID   int64  `json:"id"`
	}
	people := []person{}
	for _, p := range s.Presence.People {
		people = append(people, person{string(p.Who.Type), p.Who.ID})
	}
	return encode(struct {
		Online bool     `json:"online"`
		People []person `json:"people"`
	}{s.Presence.Online, people})
}

// event shows an event of the past.
func (r *Renderer) event(ctx context.Context, e *core.Event, v view) (Event, error) {
	return r.show(ctx, e, v, true)
}

// show shows an event. past tells that what was said may have been deleted
// since: then it is not shown.
func (r *Renderer) show(ctx context.Context, e *core.Event, v view, past bool) (Event, error) {
	shown := Event{
		ID: r.cursors.Seal(e.AccountID, feed.Position{Epoch: e.Epoch, Seq: e.Seq}), Type: string(e.Type), At: Time(e.At),
		ContactID: orNull(e.ContactID), ConversationID: orNull(e.ConversationID), InboxID: orNull(e.InboxID),
	}
	if !v.customer {
		actor, err := r.actor(ctx, e)
		if err != nil {
			return Event{}, err
		}
		shown.Actor = always(actor)
	}
	d, err := e.Data, error(nil)
	if change, ok := d.(core.EntryChange); ok && past {
		d, err = r.present(ctx, &change)
	}
	if err != nil {
		return Event{}, err
	}
	shown.Data, err = r.data(ctx, d, v)
	return shown, err
}

// actor shows who did it.
func (r *Renderer) actor(ctx context.Context, e *core.Event) (Actor, error) {
	shown := Actor{Type: string(e.Actor.Type), ID: orNull(e.Actor.ID)}
	l := core.Line{Entry: core.Entry{AccountID: e.AccountID, Sender: e.Actor}}
	err := r.author(ctx, &l)
	switch {
	case l.Agent != nil:
		shown.Name = orNull(l.Agent.Name)
	case l.Contact != nil:
		shown.Name = orNull(l.Contact.FullName())
	}
	return shown, err
}

// data shows what an event tells.
func (r *Renderer) data(ctx context.Context, data core.EventData, v view) (EventData, error) {
	switch d := data.(type) {
	case core.EntryChange:
		return r.entry(ctx, &d, v)
	case core.ConversationChange:
		c, err := r.conversation(ctx, &d.Conversation, v)
		if v.customer {
			return EventData{Conversation: c}, err
		}
		return EventData{Conversation: c, Changed: d.Changed, Cause: orNull(d.Cause), FromInboxID: orNull(d.FromInboxID)}, err
	case core.ReadChange:
		c, err := r.conversation(ctx, &d.Conversation, v)
		who := EventReader{Type: "contact"}
		switch {
		case d.AgentID != 0:
			who = EventReader{Type: "agent", ID: &d.AgentID}
		case d.Reader == core.AgentSide:
			who.Type = "agents"
		}
		return EventData{Conversation: c, Reader: &who, Marked: &d.Marked}, err
	case core.Contact:
		c := toContact(v, &d, d.LabelIDs)
		return EventData{Contact: &c}, nil
	case core.ContactChange:
		return r.data(ctx, d.Contact, v)
	case core.ContactMerge:
		c := toContact(v, &d.Contact, d.Contact.LabelIDs)
		return EventData{Contact: &c, FromContactID: orNull(d.Merged.ID)}, nil
	case core.Identity:
		i := toIdentity(&d)
		return EventData{Identity: &i}, nil
	case core.IdentityMove:
		i := toIdentity(&d.Identity)
		return EventData{Identity: &i, FromContactID: orNull(d.FromContactID)}, nil
	}
	record := recordOfEvent(data)
	return EventData{Record: &record}, nil
}

// recordOfEvent names the thing that an event is about.
func recordOfEvent(data core.EventData) EventRecord {
	named := func(kind string, id int64, name string) EventRecord {
		return EventRecord{Type: kind, ID: orNull(id), Name: name}
	}
	switch d := data.(type) {
	case core.Account:
		return named("account", d.ID, d.Name)
	case core.Agent:
		return named("agent", d.ID, d.Name)
	case core.Profile:
		return named("profile", d.ID, d.Name)
	case core.Token:
		return named("token", d.ID, d.Name)
	case core.Team:
		return named("team", d.ID, d.Name)
	case core.LabelGroup:
		return named("label_group", d.ID, d.Name)
	case core.Label:
		return named("label", d.ID, d.Title)
	case core.Inbox:
		return named("inbox", d.ID, d.Name)
	case core.InboxChange:
		return named("inbox", d.Inbox.ID, d.Inbox.Name)
	case core.SubInbox:
		return named("sub_inbox", d.ID, d.Name)
	case core.ContactInbox:
		return named("contact_inbox", d.ID, "")
	case core.CannedResponse:
		return named("canned_response", d.ID, d.ShortCode)
	case core.AttributeDefinition:
		return named("attribute_definition", d.ID, d.Key)
	case core.Webhook:
		return named("webhook", d.ID, d.URL)
	}
	return EventRecord{Type: "import"}
}

// oldAfter is the age at which an event that is told as it happens is too late for
// that: what it tells of may have been deleted since.
const oldAfter = core.Time(time.Minute / time.Microsecond)

// present makes a tombstone of an entry that was deleted since.
func (r *Renderer) present(ctx context.Context, d *core.EntryChange) (core.EntryChange, error) {
	now, err := r.store.Entry(ctx, d.Entry.AccountID, d.Entry.ID)
	if err != nil && core.KindOf(err) != core.NotFound {
		return core.EntryChange{}, err
	}
	if !d.Entry.IsDeleted() {
		d.Entry.DeletedAt = now.DeletedAt
	}
	return *d, nil
}

// entry shows a message, a note or an activity.
func (r *Renderer) entry(ctx context.Context, d *core.EntryChange, v view) (EventData, error) {
	l := core.Line{Entry: d.Entry, Attachments: d.Attachments}
	if r.links != nil {
		r.links.Fill(l.Attachments)
	}
	if err := r.author(ctx, &l); err != nil {
		return EventData{}, err
	}
	c, err := r.conversation(ctx, &d.Conversation, v)
	m := toMessage(v, &l)
	return EventData{Message: &m, Conversation: c}, err
}

// author finds who wrote a line.
func (r *Renderer) author(ctx context.Context, l *core.Line) (err error) {
	account, id := l.Entry.AccountID, l.Entry.Sender.ID
	switch {
	case id == 0:
	case l.Entry.Sender.Type == core.ActorAgent:
		l.Agent, err = named(r.agents, r.clock(), account, id, func() (core.Agent, error) { return r.store.Agent(ctx, account, id) })
	case l.Entry.Sender.Type == core.ActorContact:
		l.Contact, err = named(r.contacts, r.clock(), account, id, func() (core.Contact, error) { return r.store.Contact(ctx, account, id) })
	}
	return err
}

// conversation shows the conversation of an event: what an event left does not
// know the newest message.
func (r *Renderer) conversation(ctx context.Context, c *core.Conversation, v view) (*Conversation, error) {
	t := core.Thread{Conversation: *c}
	i, err := named(r.inboxes, r.clock(), c.AccountID, c.InboxID, func() (core.Inbox, error) { return r.store.Inbox(ctx, c.AccountID, c.InboxID) })
	if i != nil {
		t.Inbox = *i
	}
	shown := toConversation(v, &t)
	shown.LastMessage = Shown[Maybe[Message]]{}
	return &shown, err
}

// namesFor is for how long names of agents, contacts and inboxes are remembered:
// each event needs them.
const namesFor = core.Time(2 * time.Second / time.Microsecond)

// name is a thing of an account.
type name struct{ account, id int64 }

// named looks a thing up; nil is what is not there any more. Nobody may change
// it.
func named[T any](m *memo.Memo[name, *T], now core.Time, account, id int64, read func() (T, error)) (value *T, err error) {
	value, _, err = m.Get(now, name{account, id}, func() (*T, bool, error) {
		v, err := read()
		switch {
		case err != nil && core.KindOf(err) == core.NotFound:
			return nil, true, nil
		case err != nil:
			return nil, false, err
		}
		return &v, true, nil
	})
	return value, err
}
