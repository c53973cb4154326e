package api

import (
	"context"

	"parley/internal/core"
)

// Team is a named group of agents.
type Team struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	AgentIDs  []int64 `json:"agent_ids"`
	CreatedAt Time    `json:"created_at"`
}

// TeamInput is what a team is made of.
type TeamInput struct {
	Name     string  `json:"name" minLength:"1" maxLength:"255" doc:"No other team of the account has it."`
	AgentIDs []int64 `json:"agent_ids,omitempty" maxItems:"1000" minimum:"1" maximum:"9007199254740991" doc:"Its members, each once."`
}

// TeamPatch is a change of a team.
type TeamPatch struct {
	Name     Optional[string]  `json:"name,omitzero" minLength:"1" maxLength:"255"`
	AgentIDs Optional[[]int64] `json:"agent_ids,omitzero" maxItems:"1000" minimum:"1" maximum:"9007199254740991" doc:"Its only members from now on, each once."`
}

// TeamMembers are the members of a team.
type TeamMembers struct {
	AgentIDs []int64 `json:"agent_ids" maxItems:"1000" minimum:"1" maximum:"9007199254740991" doc:"Its only members from now on, each once."`
}

func toTeam(t *core.Team) Team {
	return Team{ID: t.ID, Name: t.Name, AgentIDs: orEmpty(t.AgentIDs), CreatedAt: Time(t.CreatedAt)}
}

func showTeam(t core.Team, err error) (reply[Team], error) {
	return reply[Team]{body: toTeam(&t), record: t, location: address("/v1/teams/", t.ID)}, err
}

func (a *API) teamOperations() {
	n := names{unique: "name"}
	read(a, op{path: "/v1/teams", id: "listTeams", tag: "Teams", summary: "List the teams"}, a.listTeams)
	read(a, op{path: "/v1/teams/{id}", id: "getTeam", tag: "Teams", summary: "Read a team"}, a.getTeam)
	create(a, op{path: "/v1/teams", id: "createTeam", tag: "Teams", summary: "Make a team", permit: core.PermitStaff, names: n}, a.createTeam)
	update(a, op{method: "PATCH", path: "/v1/teams/{id}", id: "updateTeam", tag: "Teams", summary: "Change a team", permit: core.PermitStaff, names: n}, a.updateTeam)
	update(a, op{method: "PUT", path: "/v1/teams/{id}/agents", id: "setTeamAgents", tag: "Teams", summary: "Set a team's members", permit: core.PermitStaff}, a.setTeamAgents)
	remove(a, op{path: "/v1/teams/{id}", id: "deleteTeam", tag: "Teams", summary: "Delete a team", permit: core.PermitStaff}, a.deleteTeam)
}

// listTeams serves GET /v1/teams.
func (a *API) listTeams(ctx context.Context, c *caller, in *PageOf) (reply[List[Team]], error) {
	return listByID(in, "teams", func(after int64, limit int) ([]core.Team, error) {
		return a.accounts.PageTeams(ctx, c.AccountID, after, limit)
	}, func(t *core.Team) int64 { return t.ID }, toTeam)
}

// getTeam serves GET /v1/teams/{id}.
func (a *API) getTeam(ctx context.Context, c *caller, in *ByID) (reply[Team], error) {
	return showTeam(a.accounts.Team(ctx, c.AccountID, in.ID))
}

// createTeam serves POST /v1/teams.
func (a *API) createTeam(ctx context.Context, c *caller, in *Creation[TeamInput]) (reply[Team], error) {
	t := core.Team{AccountID: c.AccountID, Name: in.Body.Name, AgentIDs: in.Body.AgentIDs}
	return showTeam(a.accounts.CreateTeam(ctx, c.actor(), t, c.again))
}

// updateTeam serves PATCH /v1/teams/{id}.
func (a *API) updateTeam(ctx context.Context, c *caller, in *Change[TeamPatch]) (reply[Team], error) {
	return a.changeTeam(ctx, c, in.ID, func(t *core.Team) error {
		if err := in.Body.Name.changeTo(&t.Name, "name"); err != nil {
			return err
		}
		return in.Body.AgentIDs.changeTo(&t.AgentIDs, "agent_ids")
	})
}

// setTeamAgents serves PUT /v1/teams/{id}/agents.
func (a *API) setTeamAgents(ctx context.Context, c *caller, in *Change[TeamMembers]) (reply[Team], error) {
	return a.changeTeam(ctx, c, in.ID, func(t *core.Team) error {
		t.AgentIDs = in.Body.AgentIDs
		return nil
	})
}

func (a *API) changeTeam(ctx context.Context, c *caller, id int64, change func(t *core.Team) error) (reply[Team], error) {
	may := unchanged[core.Team](c)
	return showTeam(a.accounts.UpdateTeam(ctx, c.actor(), c.AccountID, id, func(t *core.Team) error {
		if err := may.Of(*t); err != nil {
			return err
		}
		return change(t)
	}))
}

// deleteTeam serves DELETE /v1/teams/{id}.
func (a *API) deleteTeam(ctx context.Context, c *caller, in *ByID) error {
	return a.accounts.DeleteTeam(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Team](c))
}
