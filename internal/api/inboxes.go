package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/core"
	"parley/internal/service/inbox"
)

// Inbox is a configured end of a channel.
type Inbox struct {
	ID            int64      `json:"id"`
	UUID          string     `json:"uuid"`
	Name          string     `json:"name"`
	Channel       string     `json:"channel" doc:"web, api, email, sms, whatsapp, or what an import brought."`
	Open          bool       `json:"open" doc:"It works at this time."`
	SubInboxes    []SubInbox `json:"sub_inboxes"`
	Greeting      *string    `json:"greeting" doc:"Said when a contact speaks first and nobody has answered."`
	Timezone      *string    `json:"timezone" doc:"An IANA name; null: the account's."`
	WorkingHours  Objects    `json:"working_hours" doc:"The hours of each day; none: it is always open."`
	Settings      Object     `json:"settings"`
	Identifier    *string    `json:"identifier" doc:"Names an api inbox in the client API."`
	HMACMandatory bool       `json:"hmac_mandatory"`
	AgentIDs      []int64    `json:"agent_ids" doc:"Who works in it and sees it; nobody named: everybody."`
	CreatedAt     Time       `json:"created_at"`
	UpdatedAt     Time       `json:"updated_at"`
}

// KeyedInbox is an inbox with its keys.
type KeyedInbox struct {
	Inbox
	WebsiteToken *string `json:"website_token" doc:"Names a web inbox."`
	HMACToken    *string `json:"hmac_token" doc:"A secret: what it signs is believed."`
}

// Objects is a list of JSON objects, as it was given.
type Objects core.JSON

// MarshalJSON implements json.Marshaler. What was never given is [].
func (o Objects) MarshalJSON() ([]byte, error) { return []byte(core.JSON(o).Or("[]")), nil }

// Schema implements huma.SchemaProvider.
func (Objects) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
}

// DayHours are the hours of a day of the week. A day that closes before it opens
// closes on the next one.
type DayHours struct {
	DayOfWeek    int  `json:"day_of_week" minimum:"0" maximum:"6" doc:"0 is Sunday."`
	ClosedAllDay bool `json:"closed_all_day,omitempty"`
	OpenAllDay   bool `json:"open_all_day,omitempty"`
	OpenHour     *int `json:"open_hour,omitempty" nullable:"true" minimum:"0" maximum:"24"`
	OpenMinutes  *int `json:"open_minutes,omitempty" nullable:"true" minimum:"0" maximum:"59"`
	CloseHour    *int `json:"close_hour,omitempty" nullable:"true" minimum:"0" maximum:"24"`
	CloseMinutes *int `json:"close_minutes,omitempty" nullable:"true" minimum:"0" maximum:"59"`
}

// hoursOf is what is stored of the hours of days; "" for none.
func hoursOf(days []DayHours) (core.JSON, error) {
	if len(days) == 0 {
		return "", nil
	}
	text, err := json.Marshal(days)
	if err != nil {
		return "", fmt.Errorf("encode working hours: %w", err)
	}
	return core.JSON(text), nil
}

// InboxInput is what an inbox is made of.
type InboxInput struct {
	Name          string     `json:"name" minLength:"1" maxLength:"255" doc:"No other inbox of the account has it."`
	Channel       string     `json:"channel" enum:"web,api,email,sms,whatsapp"`
	Identifier    *string    `json:"identifier,omitempty" nullable:"true" maxLength:"255" doc:"No other inbox of the installation has it. One is made for an api inbox without."`
	Greeting      *string    `json:"greeting,omitempty" nullable:"true" maxLength:"65536"`
	Timezone      *string    `json:"timezone,omitempty" nullable:"true" maxLength:"80"`
	WorkingHours  []DayHours `json:"working_hours,omitempty" maxItems:"50"`
	Settings      Object     `json:"settings,omitempty"`
	HMACMandatory bool       `json:"hmac_mandatory,omitempty"`
}

// InboxPatch is a change of an inbox.
type InboxPatch struct {
	Name          Optional[string]     `json:"name,omitzero" minLength:"1" maxLength:"255"`
	Greeting      Optional[string]     `json:"greeting,omitzero" nullable:"true" maxLength:"65536"`
	Timezone      Optional[string]     `json:"timezone,omitzero" nullable:"true" maxLength:"80"`
	WorkingHours  Optional[[]DayHours] `json:"working_hours,omitzero" maxItems:"50" doc:"All days from now on."`
	Settings      Optional[Object]     `json:"settings,omitzero" doc:"Members to set, such as enable_auto_assignment; one that is null goes."`
	HMACMandatory Optional[bool]       `json:"hmac_mandatory,omitzero"`
}

// InboxKeys are keys to make anew.
type InboxKeys struct {
	Keys []string `json:"keys" minItems:"1" maxItems:"3" enum:"identifier,website_token,hmac_token" doc:"Each that is named means nothing from then on."`
}

// InboxAgents are the members of an inbox.
type InboxAgents struct {
	AgentIDs []int64 `json:"agent_ids" maxItems:"1000" minimum:"1" maximum:"9007199254740991" doc:"Who works in it and sees it, each once; nobody named: everybody."`
}

func toInbox(s *inbox.State) Inbox {
	shown := Inbox{
		ID: s.ID, UUID: s.UUID, Name: s.Name, Channel: string(s.Channel), Open: s.Open, SubInboxes: make([]SubInbox, 0, len(s.SubInboxes)),
		Greeting: orNull(s.Greeting), Timezone: orNull(s.Timezone), WorkingHours: Objects(s.WorkingHours), Settings: Object(s.Settings),
		Identifier: orNull(s.Identifier), HMACMandatory: s.HMACMandatory, AgentIDs: orEmpty(s.AgentIDs),
		CreatedAt: Time(s.CreatedAt), UpdatedAt: Time(s.UpdatedAt),
	}
	for i := range s.SubInboxes {
		shown.SubInboxes = append(shown.SubInboxes, toSubInbox(&s.SubInboxes[i]))
	}
	return shown
}

// inboxState is what a body shows of an inbox.
func inboxState(s *inbox.State) core.EventData {
	return extended{core.InboxChange{Inbox: s.Inbox, AgentIDs: s.AgentIDs}, fmt.Sprint(s.Open, s.SubInboxes)}
}

func showInbox(s inbox.State, err error) (reply[Inbox], error) {
	if err != nil {
		return reply[Inbox]{}, err
	}
	return reply[Inbox]{body: toInbox(&s), record: inboxState(&s)}, nil
}

func showKeys(s inbox.State, err error) (reply[KeyedInbox], error) {
	if err != nil {
		return reply[KeyedInbox]{}, err
	}
	return reply[KeyedInbox]{
		body:     KeyedInbox{Inbox: toInbox(&s), WebsiteToken: orNull(s.WebsiteToken), HMACToken: orNull(s.HMACToken)},
		record:   inboxState(&s),
		location: address("/v1/inboxes/", s.ID),
	}, nil
}

func showMembers(s inbox.State, err error) (reply[InboxAgents], error) {
	return reply[InboxAgents]{body: InboxAgents{AgentIDs: orEmpty(s.AgentIDs)}, record: inboxState(&s)}, err
}

func (a *API) inboxOperations() {
	const list, one, agents, tag = "/v1/inboxes", "/v1/inboxes/{id}", "/v1/inboxes/{id}/agents", "Inboxes"
	read(a, op{path: list, id: "listInboxes", tag: tag, summary: "List the inboxes that the caller sees"}, a.listInboxes)
	read(a, op{path: one, id: "getInbox", tag: tag, summary: "Read an inbox"}, a.getInbox)
	create(a, op{path: list, id: "createInbox", tag: tag, summary: "Make an inbox", permit: core.PermitStaff}, a.createInbox)
	update(a, op{method: "PATCH", path: one, id: "updateInbox", tag: tag, summary: "Change an inbox", permit: core.PermitStaff}, a.updateInbox)
	update(a, op{method: "POST", path: "/v1/inboxes/{id}/rotate_keys", id: "rotateInboxKeys", tag: tag, summary: "Make keys of an inbox anew", permit: core.PermitStaff, conditional: true}, a.rotateInboxKeys)
	read(a, op{path: agents, id: "listInboxAgents", tag: tag, summary: "Read who works in an inbox"}, a.listInboxAgents)
	update(a, op{method: "PUT", path: agents, id: "setInboxAgents", tag: tag, summary: "Set who works in an inbox", permit: core.PermitStaff}, a.setInboxAgents)
}

// inboxInSight returns an inbox that the caller sees.
func (a *API) inboxInSight(ctx context.Context, c *caller, id int64) (inbox.State, error) {
	sight, err := a.sights.Of(ctx, c.AccountID, c.AgentID)
	if err != nil {
		return inbox.State{}, err
	}
	if !sight.Sees(id) {
		return inbox.State{}, core.Absent("inbox")
	}
	return a.inboxReads.State(ctx, c.AccountID, id)
}

// listInboxes serves GET /v1/inboxes.
func (a *API) listInboxes(ctx context.Context, c *caller, in *PageOf) (reply[List[Inbox]], error) {
	return listByID(in, "inboxes", func(after int64, limit int) ([]inbox.State, error) {
		sight, err := a.sights.Of(ctx, c.AccountID, c.AgentID)
		if err != nil {
			return nil, err
		}
		return a.inboxReads.PageStates(ctx, c.AccountID, sight, after, limit)
	}, func(s *inbox.State) int64 { return s.ID }, toInbox)
}

// getInbox serves GET /v1/inboxes/{id}.
func (a *API) getInbox(ctx context.Context, c *caller, in *ByID) (reply[Inbox], error) {
	return showInbox(a.inboxInSight(ctx, c, in.ID))
}

// createInbox serves POST /v1/inboxes.
func (a *API) createInbox(ctx context.Context, c *caller, in *Creation[InboxInput]) (reply[KeyedInbox], error) {
	b := &in.Body
	hours, err := hoursOf(b.WorkingHours)
	if err != nil {
		return reply[KeyedInbox]{}, err
	}
	made, err := a.inboxes.Create(ctx, inbox.NewInbox{
		AccountID: c.AccountID, Name: b.Name, Channel: core.Channel(b.Channel), Identifier: valueOf(b.Identifier), Greeting: valueOf(b.Greeting),
		Timezone: valueOf(b.Timezone), WorkingHours: hours, Settings: core.JSON(b.Settings), HMACMandatory: b.HMACMandatory, By: c.actor(),
	}, c.again)
	if err != nil {
		return reply[KeyedInbox]{}, err
	}
	return showKeys(a.inboxReads.State(ctx, c.AccountID, made.ID))
}

// updateInbox serves PATCH /v1/inboxes/{id}.
func (a *API) updateInbox(ctx context.Context, c *caller, in *Change[InboxPatch]) (reply[Inbox], error) {
	b := &in.Body
	hours, err := hoursOf(b.WorkingHours.Value)
	if err == nil && b.HMACMandatory.Null {
		err = core.Refuse("hmac_mandatory", "it cannot be null")
	}
	if err != nil {
		return reply[Inbox]{}, err
	}
	return showInbox(a.inboxes.Update(ctx, c.actor(), c.AccountID, in.ID, unchangedAs(c, inboxState), func(i *core.Inbox) error {
		b.Greeting.change(&i.Greeting)
		b.Timezone.change(&i.Timezone)
		b.HMACMandatory.change(&i.HMACMandatory)
		patch(&i.Settings, b.Settings)
		if b.WorkingHours.Set {
			i.WorkingHours = hours
		}
		return b.Name.changeTo(&i.Name, "name")
	}))
}

// rotateInboxKeys serves POST /v1/inboxes/{id}/rotate_keys. What the old keys
// signed is refused at once.
func (a *API) rotateInboxKeys(ctx context.Context, c *caller, in *Change[InboxKeys]) (reply[KeyedInbox], error) {
	keys := make([]inbox.Key, len(in.Body.Keys))
	for i, key := range in.Body.Keys {
		keys[i] = inbox.Key(key)
	}
	out, err := showKeys(a.inboxes.RotateKeys(ctx, c.actor(), c.AccountID, in.ID, unchangedAs(c, inboxState), keys))
	a.gate.Forget()
	return out, err
}

// listInboxAgents serves GET /v1/inboxes/{id}/agents.
func (a *API) listInboxAgents(ctx context.Context, c *caller, in *ByID) (reply[InboxAgents], error) {
	return showMembers(a.inboxInSight(ctx, c, in.ID))
}

// setInboxAgents serves PUT /v1/inboxes/{id}/agents.
func (a *API) setInboxAgents(ctx context.Context, c *caller, in *Change[InboxAgents]) (reply[InboxAgents], error) {
	return showMembers(a.inboxes.SetMembers(ctx, c.actor(), c.AccountID, in.ID, unchangedAs(c, inboxState), in.Body.AgentIDs))
}
