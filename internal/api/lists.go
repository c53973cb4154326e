package api

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/service/search"
)

// Lists of conversations: of one contact, and as agents look at them.

// The orders of conversations, as cursors name them.
const (
	byCreated order = iota + 2
	byMessage
	byActivity
	byUpdate
	byEntry    // of messages: newest first
	byDocument // of what a search finds: newest first
)

// ConversationList is a page of a list of conversations.
type ConversationList struct {
	Data       []Conversation `json:"data"`
	NextCursor *string        `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one. A page may hold fewer than the limit, even none, before the last."`
}

// ContactConversationList is a page of a contact's conversations.
type ContactConversationList struct {
	Data        []Conversation `json:"data"`
	NextCursor  *string        `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one. A page may hold fewer than the limit, even none, before the last."`
	Total       *int64         `json:"total" doc:"How many conversations match, whatever the page; null beside text."`
	UnreadTotal int64          `json:"unread_total" doc:"How many messages the contact has not read in all of its conversations, whatever the filters."`
}

// ContactConversations asks for conversations of a contact.
type ContactConversations struct {
	ByContact
	PageOf

	Unread bool     `query:"unread" doc:"Only those with something that the contact has not read."`
	Status []string `query:"status" enum:"open,pending,snoozed,resolved" maxItems:"4" doc:"Any of these, separated by commas."`
	Inbox  int64    `query:"inbox" minimum:"1" maximum:"9007199254740991"`
	Label  int64    `query:"label" minimum:"1" maximum:"9007199254740991" doc:"Not for customers."`
	Text   string   `query:"text" maxLength:"500" doc:"Only those in whose messages, for staff also notes, this is found: see search. The one with the newest hit is first."`
}

// ConversationView asks for conversations as agents look at them.
type ConversationView struct {
	PageOf

	View      string   `query:"view" enum:"all,mine,unassigned,participating" default:"all" doc:"mine and participating are an agent's: that of the token, or agent."`
	Agent     int64    `query:"agent" minimum:"1" maximum:"9007199254740991" doc:"For an account's token: whose view."`
	Status    []string `query:"status" enum:"open,pending,snoozed,resolved" maxItems:"4" doc:"Any of these, separated by commas."`
	Inbox     int64    `query:"inbox" minimum:"1" maximum:"9007199254740991"`
	SubInbox  int64    `query:"sub_inbox" minimum:"1" maximum:"9007199254740991"`
	Channel   string   `query:"channel" maxLength:"100"`
	Label     int64    `query:"label" minimum:"1" maximum:"9007199254740991"`
	Team      int64    `query:"team" minimum:"1" maximum:"9007199254740991"`
	Assignee  int64    `query:"assignee" minimum:"1" maximum:"9007199254740991" doc:"An agent or a bot."`
	Contact   string   `query:"contact" maxLength:"2100"`
	Unread    string   `query:"unread" enum:"agents,mine,contact" doc:"Only those with something that these have not read."`
	Order     string   `query:"order" enum:"activity,message,created,updated" doc:"activity without it; updated needs an inbox or a contact. Not beside text."`
	Ascending bool     `query:"ascending" doc:"Oldest first. Not beside text."`
	Text      string   `query:"text" maxLength:"500" doc:"Only those in whose messages or notes this is found: see search. The one with the newest hit is first."`
}

// ConversationCounts are numbers of conversations.
type ConversationCounts struct {
	All           int64        `json:"all"`
	Mine          *int64       `json:"mine" doc:"Of the agent; null without one."`
	Unassigned    int64        `json:"unassigned"`
	Participating *int64       `json:"participating" doc:"Which are not resolved; null without an agent."`
	Unread        UnreadCounts `json:"unread"`
	ByStatus      StatusCounts `json:"by_status"`
	ByInbox       []InboxCount `json:"by_inbox"`
}

// UnreadCounts are numbers of conversations with something unread.
type UnreadCounts struct {
	Agents int64  `json:"agents" doc:"By the agents together."`
	Mine   *int64 `json:"mine" doc:"By the agent, of those that it is in charge of or takes part in, whatever the filters; null without one."`
}

// StatusCounts are numbers of conversations by status.
type StatusCounts struct {
	Open     int64 `json:"open"`
	Pending  int64 `json:"pending"`
	Snoozed  int64 `json:"snoozed"`
	Resolved int64 `json:"resolved"`
}

// InboxCount are numbers of conversations of an inbox.
type InboxCount struct {
	InboxID    int64  `json:"inbox_id"`
	All        int64  `json:"all"`
	Open       int64  `json:"open"`
	Mine       *int64 `json:"mine"`
	Unassigned int64  `json:"unassigned"`
}

// CountsOf asks for counts.
type CountsOf struct {
	Agent  int64    `query:"agent" minimum:"1" maximum:"9007199254740991" doc:"For an account's token: whose own ones are counted."`
	Status []string `query:"status" enum:"open,pending,snoozed,resolved" maxItems:"4" doc:"Any of these, separated by commas."`
	Inbox  int64    `query:"inbox" minimum:"1" maximum:"9007199254740991"`
	Team   int64    `query:"team" minimum:"1" maximum:"9007199254740991"`
}

func (a *API) listOperations() {
	const tag = "Conversations"
	read(a, op{path: "/v1/contacts/{ref}/conversations", id: "listContactConversations", tag: tag, summary: "List a contact's conversations, newest message first", customers: true}, a.listContactConversations)
	read(a, op{path: "/v1/conversations", id: "listConversations", tag: tag, summary: "List conversations"}, a.listConversations)
	read(a, op{path: "/v1/conversations/counts", id: "countConversations", tag: tag, summary: "Count conversations, exactly"}, a.countConversations)
}

func statuses(names []string) []core.Status {
	var all []core.Status
	for _, name := range names {
		all = append(all, core.Status(name))
	}
	return all
}

// number64 names a filter in the hash of cursors.
func number64(n int64) string { return strconv.FormatInt(n, 10) }

// nextOf is the cursor of a place in a list of conversations, nil at its end.
func nextOf(o order, filter uint32, next *conversation.Place) *string {
	if next == nil {
		return nil
	}
	text := place{order: o, filter: filter, keys: []int64{int64(next.Key), int64(next.CreatedAt), next.ID}}.cursor()
	return &text
}

// from is the place where a list of conversations goes on, nil at its beginning.
func (p *PageOf) from(o order, filter uint32) (*conversation.Place, error) {
	if p.Cursor == "" {
		return nil, nil //nolint:nilnil // the beginning is no place
	}
	at, err := p.place(o, filter, 3)
	if err != nil {
		return nil, err
	}
	return &conversation.Place{Key: core.Time(at.keys[0]), CreatedAt: core.Time(at.keys[1]), ID: at.keys[2]}, nil
}

// shownThreads shows threads to the caller.
func (a *API) shownThreads(ctx context.Context, c *caller, threads []core.Thread) ([]Conversation, error) {
	mine, err := a.own(ctx, c, threads)
	if err != nil {
		return nil, err
	}
	v := c.view()
	shown := make([]Conversation, len(threads))
	for i := range threads {
		shown[i] = toConversation(v, &threads[i])
		shown[i].Unread.Mine = forStaff(v, mine[i])
	}
	return shown, nil
}

// listContactConversations serves GET /v1/contacts/{ref}/conversations.
func (a *API) listContactConversations(ctx context.Context, c *caller, in *ContactConversations) (reply[ContactConversationList], error) {
	if c.Customer != nil && in.Label != 0 {
		return reply[ContactConversationList]{}, &core.Error{Kind: core.Forbidden, Message: "customers see no labels"}
	}
	if c.isNobody(in.Ref) {
		return reply[ContactConversationList]{body: ContactConversationList{Data: []Conversation{}, Total: new(int64)}}, nil
	}
	who, err := a.contact(ctx, c, in.Ref)
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	filter := filterOf("conversations of a contact", number64(who.ID), strconv.FormatBool(in.Unread), strings.Join(in.Status, ","), number64(in.Inbox), number64(in.Label))
	sight, err := a.sight(ctx, c)
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	if in.Text != "" {
		return a.contactText(ctx, c, in, who.ID, filter, sight)
	}
	from, err := in.from(byMessage, filter)
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	page, err := a.conversations.OfContact(ctx, c.AccountID, who.ID, conversation.ContactList{
		Sight: sight, Unread: in.Unread, InboxID: in.Inbox, LabelID: in.Label, Statuses: statuses(in.Status),
		From: from, Limit: in.Limit, With: shownParts,
	})
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	shown, err := a.shownThreads(ctx, c, page.Threads)
	return reply[ContactConversationList]{body: ContactConversationList{
		Data: shown, NextCursor: nextOf(byMessage, filter, page.Next), Total: &page.Total, UnreadTotal: page.UnreadTotal,
	}}, err
}

// orders are the orders of conversations by their names.
var orders = map[string]struct {
	order order
	by    conversation.Order
}{
	"activity": {byActivity, conversation.ByLastActivity},
	"message":  {byMessage, conversation.ByLastMessage},
	"created":  {byCreated, conversation.ByCreation},
	"updated":  {byUpdate, conversation.ByCustomerUpdate},
}

// views are the views by their names.
var views = map[string]conversation.Whose{
	"all": conversation.Everybodys, "mine": conversation.Mine, "unassigned": conversation.Nobodys, "participating": conversation.Participating,
}

// listConversations serves GET /v1/conversations.
func (a *API) listConversations(ctx context.Context, c *caller, in *ConversationView) (reply[ConversationList], error) {
	agent, err := c.whose(in.Agent)
	if err != nil {
		return reply[ConversationList]{}, err
	}
	by := orders[cmp.Or(in.Order, "activity")]
	v := conversation.View{
		Whose: views[in.View], AgentID: agent, InboxID: in.Inbox, SubInboxID: in.SubInbox, TeamID: in.Team, AssigneeID: in.Assignee,
		LabelID: in.Label, Statuses: statuses(in.Status), Order: by.by, Desc: !in.Ascending, Limit: in.Limit, With: shownParts,
	}
	if err := a.narrow(ctx, c, in, &v); err != nil {
		return reply[ConversationList]{}, err
	}
	filter := filterOf(
		"conversations", in.View, number64(agent), strings.Join(in.Status, ","), number64(in.Inbox), number64(in.SubInbox), in.Channel, number64(in.Label),
		number64(in.Team), number64(in.Assignee), number64(v.ContactID), in.Unread, strconv.FormatBool(in.Ascending),
	)
	if v.Sight, err = a.sight(ctx, c); err != nil {
		return reply[ConversationList]{}, err
	}
	if in.Text != "" {
		threads, next, err := a.withText(ctx, c, &in.PageOf, filter, search.Query{Text: in.Text}, v)
		if err != nil {
			return reply[ConversationList]{}, err
		}
		shown, err := a.shownThreads(ctx, c, threads)
		return reply[ConversationList]{body: ConversationList{Data: shown, NextCursor: next}}, err
	}
	if v.From, err = in.from(by.order, filter); err != nil {
		return reply[ConversationList]{}, err
	}
	page, err := a.conversations.ListView(ctx, c.AccountID, v)
	if err != nil {
		return reply[ConversationList]{}, err
	}
	shown, err := a.shownThreads(ctx, c, page.Threads)
	return reply[ConversationList]{body: ConversationList{Data: shown, NextCursor: nextOf(by.order, filter, page.Next)}}, err
}

// narrow fills in the filters of a view that need a look.
func (a *API) narrow(ctx context.Context, c *caller, in *ConversationView, v *conversation.View) error {
	if v.AgentID == 0 && (v.Whose == conversation.Mine || v.Whose == conversation.Participating || in.Unread == "mine") {
		return inQuery("agent", "an account's token says whose view it is")
	}
	if in.Order == "updated" && in.Inbox == 0 && in.Contact == "" {
		return inQuery("order", "it needs an inbox or a contact")
	}
	if in.Text != "" && (in.Order != "" || in.Ascending) {
		return inQuery("order", "beside text the newest hit is first")
	}
	if in.Channel != "" {
		v.Channels = []core.Channel{core.Channel(in.Channel)}
	}
	switch in.Unread {
	case "agents":
		v.Unread = &conversation.CursorOf{Side: core.AgentSide}
	case "mine":
		v.Unread = &conversation.CursorOf{Side: core.AgentSide, AgentID: v.AgentID}
	case "contact":
		v.Unread = &conversation.CursorOf{Side: core.ContactSide}
	}
	if in.Contact == "" {
		return nil
	}
	who, err := a.contact(ctx, c, in.Contact)
	v.ContactID = who.ID
	return absentQuery(err, "contact")
}

// whose is the agent whose view the caller asks for, 0 = nobody's.
func (c *caller) whose(agent int64) (int64, error) {
	if c.AgentID != 0 && agent != 0 && agent != c.AgentID {
		return 0, &core.Error{Kind: core.Forbidden, Message: "the token sees its own agent's view"}
	}
	return max(agent, c.AgentID), nil
}

// inQuery refuses a parameter of the query.
func inQuery(name, detail string) *refusal {
	return &refusal{kind: invalid, detail: detail, faults: []Fault{{In: "query", Pointer: "/" + name, Detail: detail, Code: codeInvalid}}}
}

// absentQuery refuses a parameter that names what is not there, where that is
// what went wrong.
func absentQuery(err error, name string) error {
	if core.KindOf(err) != core.NotFound {
		return err
	}
	refused := inQuery(name, "there is no such "+name)
	refused.cause = err
	return refused
}

// countConversations serves GET /v1/conversations/counts.
func (a *API) countConversations(ctx context.Context, c *caller, in *CountsOf) (reply[ConversationCounts], error) {
	agent, err := c.whose(in.Agent)
	if err != nil {
		return reply[ConversationCounts]{}, err
	}
	sight, err := a.sight(ctx, c)
	if err != nil {
		return reply[ConversationCounts]{}, err
	}
	n, err := a.conversations.Counts(ctx, c.AccountID, conversation.CountsQuery{
		Sight: sight, AgentID: agent, InboxID: in.Inbox, TeamID: in.Team, Statuses: statuses(in.Status),
	})
	if err != nil {
		return reply[ConversationCounts]{}, err
	}
	of := func(count int64) *int64 {
		if agent == 0 {
			return nil
		}
		return &count
	}
	shown := ConversationCounts{
		All: n.All, Mine: of(n.Mine), Unassigned: n.Unassigned, Participating: of(n.Participating),
		Unread: UnreadCounts{Agents: n.AgentsUnread, Mine: of(n.MineUnread)},
		ByStatus: StatusCounts{
			Open: n.ByStatus[core.Open], Pending: n.ByStatus[core.Pending], Snoozed: n.ByStatus[core.Snoozed], Resolved: n.ByStatus[core.Resolved],
		},
		ByInbox: make([]InboxCount, 0, len(n.ByInbox)),
	}
	for _, i := range n.ByInbox {
		shown.ByInbox = append(shown.ByInbox, InboxCount{InboxID: i.InboxID, All: i.All, Open: i.Open, Mine: of(i.Mine), Unassigned: i.Unassigned})
	}
	return reply[ConversationCounts]{body: shown}, nil
}
