package api

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/service/account"
)

// Password is a password as it is sent. It is no part of the hash by which a
// repeated request is known: no quick hash of a password is ever stored.
type Password string

// MarshalJSON implements json.Marshaler.
func (Password) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

// AgentInput is what an agent is made of.
type AgentInput struct {
	Type          string    `json:"type,omitempty" enum:"person,bot" default:"person" doc:"A bot has no email, user_name, password and role."`
	Name          *string   `json:"name,omitempty" nullable:"true" minLength:"1" maxLength:"255" doc:"Needed without first_name and last_name, which make it else."`
	FirstName     *string   `json:"first_name,omitempty" nullable:"true" maxLength:"255"`
	LastName      *string   `json:"last_name,omitempty" nullable:"true" maxLength:"255"`
	DisplayName   *string   `json:"display_name,omitempty" nullable:"true" maxLength:"255" doc:"What contacts see; null: the name."`
	Description   *string   `json:"description,omitempty" nullable:"true" maxLength:"65535"`
	Email         *string   `json:"email,omitempty" nullable:"true" maxLength:"255" doc:"A person needs one, which no other agent of the account has."`
	UserName      *string   `json:"user_name,omitempty" nullable:"true" maxLength:"255" doc:"No other agent of the account has it."`
	Password      *Password `json:"password,omitempty" nullable:"true" maxLength:"1024" doc:"Kept as a hash; no door takes passwords yet."`
	Role          *string   `json:"role,omitempty" nullable:"true" enum:"administrator,agent" doc:"agent, where none is given."`
	AvatarURL     *string   `json:"avatar_url,omitempty" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
	SyncCapacity  *int64    `json:"sync_capacity,omitempty" nullable:"true" minimum:"1" maximum:"1000000" doc:"How many chats at the same time; null: no limit."`
	AsyncCapacity *int64    `json:"async_capacity,omitempty" nullable:"true" minimum:"1" maximum:"1000000" doc:"How many other conversations at the same time; null: no limit."`
	TeamID        *int64    `json:"team_id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"A team of the account to join."`
}

// AgentPatch is a change of an agent.
type AgentPatch struct {
	Name          Optional[string]   `json:"name,omitzero" minLength:"1" maxLength:"255"`
	FirstName     Optional[string]   `json:"first_name,omitzero" nullable:"true" maxLength:"255" doc:"The name follows, unless it is sent as well."`
	LastName      Optional[string]   `json:"last_name,omitzero" nullable:"true" maxLength:"255" doc:"The name follows, unless it is sent as well."`
	DisplayName   Optional[string]   `json:"display_name,omitzero" nullable:"true" maxLength:"255"`
	Description   Optional[string]   `json:"description,omitzero" nullable:"true" maxLength:"65535"`
	Email         Optional[string]   `json:"email,omitzero" nullable:"true" maxLength:"255"`
	UserName      Optional[string]   `json:"user_name,omitzero" nullable:"true" maxLength:"255"`
	Password      Optional[Password] `json:"password,omitzero" nullable:"true" maxLength:"1024" doc:"Kept as a hash; no door takes passwords yet. null: none."`
	Role          Optional[string]   `json:"role,omitzero" enum:"administrator,agent"`
	Availability  Optional[string]   `json:"availability,omitzero" enum:"online,busy,offline"`
	AvatarURL     Optional[string]   `json:"avatar_url,omitzero" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
	SyncCapacity  Optional[int64]    `json:"sync_capacity,omitzero" nullable:"true" minimum:"1" maximum:"1000000"`
	AsyncCapacity Optional[int64]    `json:"async_capacity,omitzero" nullable:"true" minimum:"1" maximum:"1000000"`
}

// AgentProfiles are the profiles of an agent.
type AgentProfiles struct {
	ProfileIDs []int64 `json:"profile_ids" maxItems:"100" minimum:"1" maximum:"9007199254740991" doc:"The agent's only ones from now on, each once."`
}

// AgentsOf asks for a page of the agents that match everything that is given.
type AgentsOf struct {
	PageOf
	Type         string `query:"type" enum:"person,bot"`
	TeamID       int64  `query:"team" minimum:"1" maximum:"9007199254740991" doc:"The id of a team whose members to list."`
	Availability string `query:"availability" enum:"online,busy,offline"`
}

// agentState is what a body shows of an agent.
func agentState(m *account.Member) core.EventData {
	var teams strings.Builder
	for _, t := range m.Teams {
		fmt.Fprint(&teams, " ", t.ID)
	}
	return extended{m.Agent, teams.String()}
}

func showAgent(m account.Member, err error) (reply[Agent], error) {
	return reply[Agent]{body: toAgent(&m), record: agentState(&m), location: address("/v1/agents/", m.ID)}, err
}

func (a *API) agentOperations() {
	read(a, op{path: "/v1/agents", id: "listAgents", tag: "Agents", summary: "List the agents"}, a.listAgents)
	read(a, op{path: "/v1/agents/{id}", id: "getAgent", tag: "Agents", summary: "Read an agent"}, a.getAgent)
	create(a, op{path: "/v1/agents", id: "createAgent", tag: "Agents", summary: "Make an agent", permit: core.PermitStaff}, a.createAgent)
	update(a, op{method: "PATCH", path: "/v1/agents/{id}", id: "updateAgent", tag: "Agents", summary: "Change an agent; oneself without any permission: availability and avatar_url"}, a.updateAgent)
	update(a, op{method: "PUT", path: "/v1/agents/{id}/profiles", id: "setAgentProfiles", tag: "Agents", summary: "Set an agent's profiles", permit: core.PermitStaff}, a.setAgentProfiles)
	remove(a, op{path: "/v1/agents/{id}", id: "deleteAgent", tag: "Agents", summary: "Delete an agent, whose conversations are nobody's then", permit: core.PermitStaff}, a.deleteAgent)
}

// listAgents serves GET /v1/agents.
func (a *API) listAgents(ctx context.Context, c *caller, in *AgentsOf) (reply[List[Agent]], error) {
	q := account.MemberQuery{Type: core.AgentType(in.Type), TeamID: in.TeamID, Availability: core.Availability(in.Availability)}
	list := fmt.Sprintf("agents\x00%s\x00%d\x00%s", q.Type, q.TeamID, q.Availability)
	return listByID(&in.PageOf, list, func(after int64, limit int) ([]account.Member, error) {
		return a.accounts.PageMembers(ctx, c.AccountID, q, after, limit)
	}, func(m *account.Member) int64 { return m.ID }, toAgent)
}

// getAgent serves GET /v1/agents/{id}.
func (a *API) getAgent(ctx context.Context, c *caller, in *ByID) (reply[Agent], error) {
	return showAgent(a.accounts.Member(ctx, c.AccountID, in.ID))
}

// createAgent serves POST /v1/agents.
func (a *API) createAgent(ctx context.Context, c *caller, in *Creation[AgentInput]) (reply[Agent], error) {
	b := &in.Body
	made, err := a.accounts.CreateAgent(ctx, account.NewAgent{
		AccountID: c.AccountID, Type: core.AgentType(b.Type), Name: valueOf(b.Name), FirstName: valueOf(b.FirstName), LastName: valueOf(b.LastName),
		DisplayName: valueOf(b.DisplayName), Description: valueOf(b.Description), AvatarURL: valueOf(b.AvatarURL),
		Email: valueOf(b.Email), UserName: valueOf(b.UserName), Password: string(valueOf(b.Password)), Role: core.Role(valueOf(b.Role)),
		TeamID: valueOf(b.TeamID), SyncCapacity: valueOf(b.SyncCapacity), AsyncCapacity: valueOf(b.AsyncCapacity), By: c.actor(),
	}, c.again)
	if err != nil {
		return reply[Agent]{}, err
	}
	return showAgent(a.accounts.Member(ctx, c.AccountID, made.ID))
}

// updateAgent serves PATCH /v1/agents/{id}.
func (a *API) updateAgent(ctx context.Context, c *caller, in *Change[AgentPatch]) (reply[Agent], error) {
	b := &in.Body
	if c.AgentID != in.ID || !b.own() {
		if err := a.may(ctx, c, &op{permit: core.PermitStaff}); err != nil {
			return reply[Agent]{}, err
		}
	}
	for member, null := range map[string]bool{"name": b.Name.Null, "role": b.Role.Null, "availability": b.Availability.Null} {
		if null {
			return reply[Agent]{}, core.Refuse(member, "it cannot be null")
		}
	}
	return a.changeAgent(ctx, c, in.ID, account.AgentChange{
		Name: b.Name.pointer(), FirstName: b.FirstName.pointer(), LastName: b.LastName.pointer(), DisplayName: b.DisplayName.pointer(),
		Description: b.Description.pointer(), AvatarURL: b.AvatarURL.pointer(), Email: b.Email.pointer(), UserName: b.UserName.pointer(),
		Password: (*string)(b.Password.pointer()), Role: (*core.Role)(b.Role.pointer()), Availability: (*core.Availability)(b.Availability.pointer()),
		SyncCapacity: b.SyncCapacity.pointer(), AsyncCapacity: b.AsyncCapacity.pointer(),
	})
}

// own tells whether the change is one that agents may make of themselves.
func (p *AgentPatch) own() bool {
	rest := *p
	rest.Availability, rest.AvatarURL = Optional[string]{}, Optional[string]{}
	return rest == AgentPatch{}
}

// setAgentProfiles serves PUT /v1/agents/{id}/profiles.
func (a *API) setAgentProfiles(ctx context.Context, c *caller, in *Change[AgentProfiles]) (reply[Agent], error) {
	return a.changeAgent(ctx, c, in.ID, account.AgentChange{ProfileIDs: &in.Body.ProfileIDs})
}

func (a *API) changeAgent(ctx context.Context, c *caller, id int64, change account.AgentChange) (reply[Agent], error) {
	change.May = unchangedAs(c, agentState)
	if _, err := a.accounts.UpdateAgent(ctx, c.actor(), c.AccountID, id, change); err != nil {
		return reply[Agent]{}, err
	}
	return showAgent(a.accounts.Member(ctx, c.AccountID, id))
}

// deleteAgent serves DELETE /v1/agents/{id}. The agent's tokens end at once.
func (a *API) deleteAgent(ctx context.Context, c *caller, in *ByID) error {
	err := a.accounts.DeleteAgent(ctx, c.actor(), c.AccountID, in.ID, unchangedAs(c, agentState))
	a.gate.Forget() // also when only a part was done
	return err
}
