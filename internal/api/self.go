package api

import (
	"cmp"
	"context"
	"strconv"

	"parley/internal/core"
	"parley/internal/service/account"
)

// Me is who calls.
type Me struct {
	Type      string         `json:"type" enum:"account,agent,customer" doc:"What the token stands for."`
	AccountID int64          `json:"account_id"`
	Agent     Maybe[Agent]   `json:"agent" doc:"The agent whom the token stands for; null for the account's."`
	Contact   Maybe[Contact] `json:"contact" doc:"The customer; null for staff, and while nobody of that name is known."`
	Scopes    []string       `json:"scopes" enum:"read,write,admin"`
	ExpiresAt *Time          `json:"expires_at" nullable:"true" doc:"When the token ends; null: never."`
}

func (a *API) selfOperations() {
	read(a, op{path: "/v1/me", id: "getMe", tag: "Self", summary: "Who calls, and what may they do?", customers: true}, a.getMe)
}

// getMe serves GET /v1/me.
func (a *API) getMe(ctx context.Context, c *caller, _ *empty) (reply[Me], error) {
	me := Me{Type: "account", AccountID: c.AccountID, Scopes: []string{}, ExpiresAt: timeOrNull(c.ExpiresAt)}
	for _, s := range []core.Scope{core.ScopeRead, core.ScopeWrite, core.ScopeAdmin} {
		if c.Can(s) {
			me.Scopes = append(me.Scopes, string(s))
		}
	}
	if c.Customer != nil {
		return a.customerIsMe(ctx, c, me)
	}
	if c.AgentID == 0 {
		return reply[Me]{body: me}, nil
	}
	m, err := a.accounts.Member(ctx, c.AccountID, c.AgentID)
	if err != nil {
		return reply[Me]{}, err
	}
	me.Type = "agent"
	agent := toAgent(&m)
	me.Agent = Maybe[Agent]{&agent}
	return reply[Me]{body: me}, nil
}

// customerIsMe answers a customer.
func (a *API) customerIsMe(ctx context.Context, c *caller, me Me) (reply[Me], error) {
	me.Type = "customer"
	if c.Customer.ContactID != 0 {
		who, err := a.contacts.Find(ctx, c.AccountID, strconv.FormatInt(c.Customer.ContactID, 10))
		if err != nil {
			return reply[Me]{}, err
		}
		shown := toContact(c.view(), &who, nil)
		me.Contact = Maybe[Contact]{&shown}
	}
	return reply[Me]{body: me}, nil
}

// Agent is a person or a bot as a member of the account.
type Agent struct {
	ID            int64   `json:"id"`
	UUID          string  `json:"uuid"`
	Type          string  `json:"type" enum:"person,bot"`
	Name          string  `json:"name"`
	FirstName     *string `json:"first_name"`
	LastName      *string `json:"last_name"`
	DisplayName   *string `json:"display_name" doc:"What contacts see; null: the name."`
	Description   *string `json:"description"`
	Email         *string `json:"email"`
	UserName      *string `json:"user_name"`
	Role          *string `json:"role" doc:"administrator or agent; null for bots."`
	IdentityID    int64   `json:"identity_id"`
	Availability  string  `json:"availability" enum:"online,busy,offline"`
	AvatarURL     *string `json:"avatar_url"`
	SyncCapacity  *int64  `json:"sync_capacity" doc:"How many chats at the same time; null: no limit."`
	AsyncCapacity *int64  `json:"async_capacity" doc:"How many other conversations at the same time; null: no limit."`
	TeamIDs       []int64 `json:"team_ids"`
	ProfileIDs    []int64 `json:"profile_ids"`
	CreatedAt     Time    `json:"created_at"`
	UpdatedAt     Time    `json:"updated_at"`
}

func toAgent(m *account.Member) Agent {
	a := Agent{
		ID: m.ID, UUID: m.UUID, Type: string(m.Type), Name: m.Name, FirstName: orNull(m.FirstName), LastName: orNull(m.LastName),
		DisplayName: orNull(m.DisplayName), Description: orNull(m.Description), Email: orNull(m.Email), UserName: orNull(m.UserName),
		Role: orNull(string(m.Role)), IdentityID: m.IdentityID, Availability: string(cmp.Or(m.Availability, core.Offline)),
		AvatarURL: orNull(m.AvatarURL), SyncCapacity: orNull(m.SyncCapacity), AsyncCapacity: orNull(m.AsyncCapacity),
		TeamIDs: make([]int64, 0, len(m.Teams)), ProfileIDs: orEmpty(m.ProfileIDs), CreatedAt: Time(m.CreatedAt), UpdatedAt: Time(m.UpdatedAt),
	}
	for _, t := range m.Teams {
		a.TeamIDs = append(a.TeamIDs, t.ID)
	}
	return a
}
