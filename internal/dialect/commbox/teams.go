package commbox

import (
	"cmp"
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
)

// teamCalls are the teams.
func (d *dialect) teamCalls() []call {
	return []call{
		{method: "GET", path: "/managers/teams", serve: d.listTeams},
		{method: "POST", path: "/managers/teams", serve: d.createTeam, admin: true},
		{method: "GET", path: "/managers/teams/{TEAM_ID}", serve: d.listTeam},
		{method: "POST", path: "/managers/teams/{TEAM_ID}", serve: d.renameTeam, admin: true},
		{method: "DELETE", path: "/managers/teams/{TEAM_ID}", serve: d.deleteTeam, admin: true},
	}
}

// team is an item of Get Teams.
type team struct {
	TeamID int64  `json:"teamId"`
	Name   string `json:"name"`
}

// listTeams serves GET /managers/teams. Its documents call Name needed, which
// for all teams makes no sense: where it is sent, teams of that name alone are
// listed.
func (d *dialect) listTeams(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	name := p.query.Get("Name")
	if p.err != nil {
		return p.err
	}
	teams, err := d.accounts.ListTeams(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	all := []team{}
	for _, t := range teams {
		if name == "" || t.Name == name {
			all = append(all, team{TeamID: t.ID, Name: t.Name})
		}
	}
	return d.answer(w, r, okay, all)
}

// teamName reads a team's name: from the query, as Create Team has it, or from
// a body. What Update Team takes is not published.
func teamName(r *http.Request) (string, error) {
	p := readParams(r)
	if p.err != nil {
		return "", p.err
	}
	var body struct{ Name wireText }
	if err := readBody(r, &body); err != nil {
		return "", err
	}
	return cmp.Or(p.query.Get("Name"), body.Name.S), nil
}

// createTeam serves POST /managers/teams.
func (d *dialect) createTeam(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	name, err := teamName(r)
	if err != nil {
		return err
	}
	made, err := d.accounts.CreateTeam(r.Context(), actor(caller), core.Team{AccountID: caller.AccountID, Name: name}, nil)
	if err != nil {
		return err
	}
	return d.answer(w, r, okay, madeID{made.ID})
}

// listTeam serves GET /managers/teams/{TEAM_ID}: its members.
func (d *dialect) listTeam(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TEAM_ID")
	if err != nil {
		return err
	}
	members, err := d.accounts.MembersOfTeam(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toStaffItems(members))
}

// renameTeam serves POST /managers/teams/{TEAM_ID}.
func (d *dialect) renameTeam(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TEAM_ID")
	if err != nil {
		return err
	}
	name, err := teamName(r)
	if err != nil {
		return err
	}
	_, err = d.accounts.UpdateTeam(r.Context(), actor(caller), caller.AccountID, id, func(t *core.Team) error {
		t.Name = name
		return nil
	})
	if err != nil {
		return err
	}
	return d.answer(w, r, success, "")
}

// deleteTeam serves DELETE /managers/teams/{TEAM_ID}.
func (d *dialect) deleteTeam(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TEAM_ID")
	if err != nil {
		return err
	}
	if err := d.accounts.DeleteTeam(r.Context(), actor(caller), caller.AccountID, id, nil); err != nil {
		return err
	}
	return d.answer(w, r, success, "")
}
