package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/live"
	"parley/internal/live/sse"
	"parley/internal/live/ws"
	"parley/internal/service/feed"
)

// EventList is a page of the event log.
type EventList struct {
	Data       []Event `json:"data"`
	NextCursor string  `json:"next_cursor" doc:"Where the log goes on: always there, also on an empty page."`
}

// EventsOf asks for events.
type EventsOf struct {
	After        string   `query:"after" maxLength:"256" doc:"A cursor: what came after it. Without it a page begins with the oldest event that is kept, and a stream with what happens from now on."`
	Types        []string `query:"types" maxItems:"100" doc:"Any of these, separated by commas: message.created ..."`
	Contact      string   `query:"contact" maxLength:"2100" doc:"About this contact only."`
	Conversation string   `query:"conversation" maxLength:"64" doc:"About this conversation only."`
	Limit        int      `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"Of a page: how many at most. One may hold fewer, even none, before the end."`
}

// TimelineOf asks for what happened in a conversation.
type TimelineOf struct {
	ByRef

	Types  []string `query:"types" maxItems:"100" doc:"Any of these, separated by commas."`
	Limit  int      `query:"limit" default:"50" minimum:"1" maximum:"500"`
	Cursor string   `query:"cursor" maxLength:"256"`
}

// TypingInput tells that somebody types.
type TypingInput struct {
	Typing bool         `json:"typing" doc:"Say it again every few seconds; after six seconds it is over."`
	Sender *SenderInput `json:"sender,omitempty" doc:"Who; an account's token must say."`
}

// PresentList is who is online.
type PresentList struct {
	Agents   []int64 `json:"agents"`
	Contacts []int64 `json:"contacts"`
}

func (a *API) eventOperations() {
	const tag = "Events"
	read(a, op{path: "/v1/events", id: "listEvents", tag: tag, summary: "Read the event log, or follow it as text/event-stream", customers: true, streams: true}, a.listEvents)
	read(a, op{path: "/v1/events/ws", id: "openSocket", tag: tag, summary: "Follow the event log over a WebSocket", customers: true, streams: true}, a.openSocket)
	read(a, op{path: "/v1/contacts/{ref}/unread/stream", id: "streamUnread", tag: "Contacts", summary: "Follow how much a contact has not read, as text/event-stream", customers: true, streams: true}, a.streamUnread)
	read(a, op{path: "/v1/conversations/{id}/timeline", id: "listTimeline", tag: "Conversations", summary: "List what happened in a conversation, by whom and why, newest first"}, a.listTimeline)
	read(a, op{path: "/v1/presence", id: "getPresence", tag: tag, summary: "Who is online?"}, a.getPresence)
	act(a, op{path: "/v1/conversations/{id}/typing", id: "setTyping", tag: "Conversations", summary: "Tell that somebody types", customers: true, status: http.StatusNoContent}, a.setTyping)
}

// nobody is the contact of a customer whom nobody knows: it has no events.
const nobody = -1

// viewer says what of the log the caller sees.
func (a *API) viewer(ctx context.Context, c *caller) (feed.Viewer, error) {
	v := feed.Viewer{AccountID: c.AccountID, AgentID: c.AgentID}
	if c.Customer != nil {
		if v.ContactID = c.Customer.ContactID; v.ContactID == 0 {
			v.ContactID = nobody
		}
		return v, nil
	}
	if c.AgentID == 0 {
		return v, nil
	}
	seen, err := a.sight(ctx, c)
	if err != nil {
		return v, err
	}
	if !seen.All {
		v.InboxIDs = append([]int64{}, seen.InboxIDs...) // not nil, which is all
	}
	v.Staff, err = a.accounts.May(ctx, c.AccountID, c.AgentID, core.PermitStaff)
	v.Staff = v.Staff && c.Can(core.ScopeAdmin)
	return v, err
}

// eventTypes reads names of types.
func eventTypes(names []string) ([]core.EventType, error) {
	all := make([]core.EventType, 0, len(names))
	for _, name := range names {
		if !slices.Contains(core.EventTypes(), core.EventType(name)) {
			return nil, inQuery("types", "there is no such type of event")
		}
		all = append(all, core.EventType(name))
	}
	return all, nil
}

// query reads what is asked of the log.
func (a *API) query(ctx context.Context, c *caller, in *EventsOf) (q feed.Query, err error) {
	q.Limit = in.Limit
	if q.Types, err = eventTypes(in.Types); err != nil {
		return q, err
	}
	if q.After, err = a.position(c, in.After, "after"); err != nil {
		return q, err
	}
	if in.Contact != "" && !c.isNobody(in.Contact) {
		who, err := a.contact(ctx, c, in.Contact)
		if err != nil {
			return q, absentQuery(err, "contact")
		}
		q.ContactID = who.ID
	}
	if in.Conversation != "" {
		t, err := a.thread(ctx, c, in.Conversation)
		if err != nil {
			return q, absentQuery(err, "conversation")
		}
		q.ConversationID = t.Conversation.ID
	}
	return q, nil
}

// position reads a cursor of the log, nil for none.
func (a *API) position(c *caller, text, name string) (*feed.Position, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no cursor is no place
	}
	p, ok := a.cursors.Open(c.AccountID, text)
	if !ok {
		return nil, &refusal{kind: badCursor, detail: "it is none of this log", faults: []Fault{
			{In: "query", Pointer: "/" + name, Detail: "it is none of this log", Code: codeInvalid},
		}}
	}
	return &p, nil
}

// lost makes a problem of a place from which the log cannot be followed.
func (a *API) lost(c *caller, err error) error {
	var r *feed.Resync
	if !errors.As(err, &r) {
		return err
	}
	return &refusal{
		kind: resync, detail: "read anew what there is, and go on from next_cursor",
		next: a.cursors.Seal(c.AccountID, r.Next), reason: string(r.Reason),
	}
}

// wantsStream tells whether the client asks for server-sent events.
func wantsStream(r http.Header) bool {
	return strings.Contains(r.Get("Accept"), "text/event-stream")
}

// listEvents serves GET /v1/events.
func (a *API) listEvents(ctx context.Context, c *caller, in *EventsOf) (reply[EventList], error) {
	if last := c.header.Get("Last-Event-ID"); last != "" && wantsStream(c.header) {
		in.After = last
	}
	q, err := a.query(ctx, c, in)
	if err != nil {
		return reply[EventList]{}, err
	}
	if wantsStream(c.header) {
		return reply[EventList]{stream: func(w http.ResponseWriter, r *http.Request) error { return a.follow(w, r, c, q) }}, nil
	}
	v, err := a.viewer(ctx, c)
	if err != nil {
		return reply[EventList]{}, err
	}
	events, next, err := a.feed.Page(ctx, v, q)
	if err != nil {
		return reply[EventList]{}, a.lost(c, err)
	}
	list := EventList{Data: make([]Event, 0, len(events)), NextCursor: a.cursors.Seal(c.AccountID, next)}
	for i := range events {
		shown, err := a.render.event(ctx, &events[i], c.view())
		if err != nil {
			return reply[EventList]{}, err
		}
		list.Data = append(list.Data, shown)
	}
	return reply[EventList]{body: list}, nil
}

// request is a subscription that the caller asks for.
func (a *API) request(c *caller, q feed.Query) live.Request {
	r := live.Request{
		AccountID: c.AccountID, TokenID: c.TokenID, Query: q, Signals: true,
		Access: func(ctx context.Context) (live.Access, error) {
			p, err := a.gate.Recheck(ctx, c.credential)
			if err != nil {
				return live.Access{}, err
			}
			a.sights.Forget(c.AccountID, c.AgentID)
			now := *c
			now.Principal = p
			v, err := a.viewer(ctx, &now)
			return live.Access{Viewer: v, Expires: p.ExpiresAt}, err
		},
	}
	switch {
	case c.Customer != nil && c.Customer.ContactID != 0:
		r.Person = live.Person{Who: core.Actor{Type: core.ActorContact, ID: c.Customer.ContactID}, InboxID: c.Customer.InboxID}
	case c.AgentID != 0:
		r.Person = live.Person{Who: core.Actor{Type: core.ActorAgent, ID: c.AgentID}}
	}
	return r
}

// follow streams the log.
func (a *API) follow(w http.ResponseWriter, r *http.Request, c *caller, q feed.Query) error {
	done, err := a.streams.open(c)
	if err != nil {
		return err
	}
	defer done()
	k := sse.NewWaker()
	asked := a.request(c, q)
	asked.Notify = k.Notify
	sub, err := a.hub.Subscribe(r.Context(), asked)
	if err != nil {
		return err
	}
	defer sub.Close()
	return sse.Serve(w, r, sub, k, sse.Options{})
}

// errCame ends a stream for a customer whom somebody knows by now: the client
// comes back as that contact.
var errCame = errors.New("the customer has a contact now")

// streamUnread serves GET /v1/contacts/{ref}/unread/stream.
func (a *API) streamUnread(ctx context.Context, c *caller, in *UnreadOf) (reply[UnreadTotal], error) {
	if !c.isNobody(in.Ref) {
		who, err := a.contact(ctx, c, in.Ref)
		if err != nil {
			return reply[UnreadTotal]{}, err
		}
		in.Ref = strconv.FormatInt(who.ID, 10)
	}
	return reply[UnreadTotal]{stream: func(w http.ResponseWriter, r *http.Request) error { return a.followUnread(w, r, c, in) }}, nil
}

// followUnread streams what a contact has not read.
func (a *API) followUnread(w http.ResponseWriter, r *http.Request, c *caller, in *UnreadOf) error {
	done, err := a.streams.open(c)
	if err != nil {
		return err
	}
	defer done()
	asked := a.request(c, feed.Query{})
	asked.Signals, asked.Person = false, live.Person{}
	unknown := c.isNobody(in.Ref)
	if unknown {
		// Only the server looks: it waits for the contact to be made.
		asked.Query.Types = []core.EventType{core.ContactCreated, core.ContactUpdated}
		access := asked.Access
		asked.Access = func(ctx context.Context) (live.Access, error) {
			got, err := access(ctx)
			got.Viewer.ContactID = 0
			return got, err
		}
	} else if asked.Query.ContactID, err = strconv.ParseInt(in.Ref, 10, 64); err != nil {
		return err
	}
	k := sse.NewWaker()
	asked.Notify = k.Notify
	sub, err := a.hub.Subscribe(r.Context(), asked)
	if err != nil {
		return err
	}
	defer sub.Close()
	return sse.ServeState(w, r, sub, k, "unread", func(ctx context.Context) ([]byte, error) {
		if unknown {
			if p, err := a.gate.Recheck(ctx, c.credential); err != nil || p.Customer.ContactID != 0 {
				return nil, errors.Join(errCame, err)
			}
		}
		unread, err := a.unread(ctx, c, in)
		if err != nil {
			return nil, err
		}
		return unread.appendJSON(nil), nil
	}, sse.Options{})
}

// openSocket serves GET /v1/events/ws.
func (a *API) openSocket(_ context.Context, c *caller, _ *empty) (reply[EventList], error) {
	return reply[EventList]{stream: func(w http.ResponseWriter, r *http.Request) error {
		done, err := a.streams.open(c)
		if err != nil {
			return err
		}
		request := httpx.CallOf(r.Context()).ID
		err = a.sockets.Serve(w, r, ws.Client{
			Expires: c.ExpiresAt,
			Gone:    done,
			Admit: func(ctx context.Context) error {
				_, err := a.again(ctx, c, core.ScopeRead)
				return err
			},
			Subscribe: func(ctx context.Context, f ws.Filter) (live.Request, error) {
				request, err := a.subscribe(ctx, c, f)
				return request, a.missed(c, err)
			},
			Typing: func(ctx context.Context, conversation int64, on bool) error {
				return a.missed(c, a.typed(ctx, c, conversation, on))
			},
			Acked: func(cursor string) (int64, bool) {
				p, ok := a.cursors.Open(c.AccountID, cursor)
				return p.Seq, ok
			},
			Problem: func(err error) []byte { return a.problem(err, "/v1/events/ws", request) },
		})
		if err != nil {
			done()
		}
		return err
	}}, nil
}

// again admits a caller who has stayed on a socket, and asks there for something
// that needs a scope: as often as with requests, and as who it is now.
func (a *API) again(ctx context.Context, c *caller, s core.Scope) (*caller, error) {
	p, err := a.gate.Again(ctx, c.Principal, c.credential)
	if err != nil {
		return nil, err
	}
	now := *c
	now.Principal = p
	return &now, now.needs(s)
}

// missed charges the caller of a socket for what does not exist.
func (a *API) missed(c *caller, err error) error {
	if core.KindOf(err) == core.NotFound {
		a.gate.Missed(c.Principal)
	}
	return err
}

// typed is what a socket's client tells of itself.
func (a *API) typed(ctx context.Context, c *caller, conversation int64, on bool) error {
	c, err := a.again(ctx, c, core.ScopeWrite)
	if err != nil {
		return err
	}
	return a.typing(ctx, c, strconv.FormatInt(conversation, 10), c.actor(), on)
}

// subscribe is what a socket's client asks for.
func (a *API) subscribe(ctx context.Context, c *caller, f ws.Filter) (live.Request, error) {
	c, err := a.again(ctx, c, core.ScopeRead)
	if err != nil {
		return live.Request{}, err
	}
	in := EventsOf{After: f.After, Contact: f.Contact, Conversation: f.Conversation}
	for _, t := range f.Types {
		in.Types = append(in.Types, string(t))
	}
	q, err := a.query(ctx, c, &in)
	return a.request(c, q), err
}

// listTimeline serves GET /v1/conversations/{id}/timeline.
func (a *API) listTimeline(ctx context.Context, c *caller, in *TimelineOf) (reply[List[Event]], error) {
	t, err := a.thread(ctx, c, in.Ref)
	if err != nil {
		return reply[List[Event]]{}, err
	}
	q := feed.TimelineQuery{Limit: in.Limit}
	if q.Types, err = eventTypes(in.Types); err != nil {
		return reply[List[Event]]{}, err
	}
	if q.Before, err = a.position(c, in.Cursor, "cursor"); err != nil {
		return reply[List[Event]]{}, err
	}
	v, err := a.viewer(ctx, c)
	if err != nil {
		return reply[List[Event]]{}, err
	}
	found, next, err := a.feed.Timeline(ctx, v, t.Conversation.ID, q)
	if err != nil {
		return reply[List[Event]]{}, a.lost(c, err)
	}
	list := List[Event]{Data: make([]Event, 0, len(found))}
	for i := range found {
		shown, err := a.render.event(ctx, &found[i].Event, c.view())
		if err != nil {
			return reply[List[Event]]{}, err
		}
		list.Data = append(list.Data, shown)
	}
	if next != nil {
		text := a.cursors.Seal(c.AccountID, *next)
		list.NextCursor = &text
	}
	return reply[List[Event]]{body: list}, nil
}

// getPresence serves GET /v1/presence.
func (a *API) getPresence(ctx context.Context, c *caller, _ *empty) (reply[PresentList], error) {
	seen, err := a.sight(ctx, c)
	if err != nil {
		return reply[PresentList]{}, err
	}
	list := PresentList{Agents: []int64{}, Contacts: []int64{}}
	for _, p := range a.hub.Online(c.AccountID) {
		switch {
		case p.Who.Type == core.ActorAgent:
			list.Agents = append(list.Agents, p.Who.ID)
		case seen.Sees(p.InboxID):
			list.Contacts = append(list.Contacts, p.Who.ID)
		}
	}
	slices.Sort(list.Agents)
	slices.Sort(list.Contacts)
	return reply[PresentList]{body: list}, nil
}

// setTyping serves POST /v1/conversations/{id}/typing.
func (a *API) setTyping(ctx context.Context, c *caller, in *struct {
	ByRef
	Body TypingInput
},
) (reply[empty], error) {
	by, err := c.sender(in.Body.Sender, true)
	if err != nil {
		return reply[empty]{}, err
	}
	return reply[empty]{}, a.typing(ctx, c, in.Ref, by, in.Body.Typing)
}

// typing passes on that somebody types in a conversation.
func (a *API) typing(ctx context.Context, c *caller, ref string, by core.Actor, on bool) error {
	t, err := a.thread(ctx, c, ref)
	if err != nil {
		return err
	}
	switch by.Type {
	case core.ActorContact:
		if by.ID != 0 && by.ID != t.Conversation.ContactID {
			return core.Refuse("sender", "the contact is not part of the conversation")
		}
		by.ID = t.Conversation.ContactID
	case core.ActorAgent:
		if _, err := a.accounts.Member(ctx, c.AccountID, by.ID); err != nil {
			return core.Refuse("sender", "there is no such agent")
		}
	case core.ActorSystem:
		return core.Refuse("sender", "the system does not type")
	}
	a.hub.Typing(c.AccountID, live.Typing{
		ConversationID: t.Conversation.ID, ContactID: t.Conversation.ContactID, InboxID: t.Conversation.InboxID, Who: by, On: on,
	})
	return nil
}
