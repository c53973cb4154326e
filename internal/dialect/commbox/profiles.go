package commbox

import (
	"net/http"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
)

// profileCalls are the profiles, and who has them.
func (d *dialect) profileCalls() []call {
	return []call{
		{method: "GET", path: "/managers/profiles", serve: d.listProfiles},
		{method: "GET", path: "/managers/profiles/{PROFILE_ID}", serve: d.listProfile},
		{method: "POST", path: "/managers/{MANAGER_ID}/profiles", serve: d.giveProfiles, admin: true},
		{method: "DELETE", path: "/managers/{MANAGER_ID}/profiles", serve: d.takeProfiles, admin: true},
		{method: "DELETE", path: "/managers/{MANAGER_ID}/profiles/{PROFILE_ID}", serve: d.takeProfile, admin: true},
	}
}

// profile is an item of Get Profiles, one of whose keys has a capital.
type profile struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	UniqueName string `json:"UniqueName"`
}

func toProfiles(profiles []core.Profile) []profile {
	all := make([]profile, len(profiles))
	for i, p := range profiles {
		all[i] = profile{ID: p.ID, Name: p.Name, UniqueName: p.UniqueName}
	}
	return all
}

// listProfiles serves GET /managers/profiles.
func (d *dialect) listProfiles(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	profiles, err := d.accounts.ListProfiles(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toProfiles(profiles))
}

// listProfile serves GET /managers/profiles/{PROFILE_ID}: who has it.
func (d *dialect) listProfile(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "PROFILE_ID")
	if err != nil {
		return err
	}
	members, err := d.accounts.MembersWithProfile(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toStaffItems(members))
}

// giveProfiles serves POST /managers/{MANAGER_ID}/profiles: add gives profiles
// beside those that the manager has, set in their place. Never both.
func (d *dialect) giveProfiles(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	p := readParams(r)
	if p.query.Get("add") == "" == (p.query.Get("set") == "") {
		p.refuse("add")
	}
	if p.err != nil {
		return p.err
	}
	give, list := d.accounts.AddProfiles, p.query.Get("add")
	if list == "" {
		give, list = d.accounts.SetProfiles, p.query.Get("set")
	}
	refs := strings.Split(list, ",")
	for i := range refs {
		refs[i] = strings.TrimSpace(refs[i])
	}
	has, err := give(r.Context(), actor(caller), caller.AccountID, id, refs)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toProfiles(has))
}

// takeProfiles serves DELETE /managers/{MANAGER_ID}/profiles: all of them.
func (d *dialect) takeProfiles(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	if _, err := d.accounts.SetProfiles(r.Context(), actor(caller), caller.AccountID, id, nil); err != nil {
		return err
	}
	return d.answer(w, r, success, "")
}

// takeProfile serves DELETE /managers/{MANAGER_ID}/profiles/{PROFILE_ID}.
func (d *dialect) takeProfile(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	profile, err := pathID(r, "PROFILE_ID")
	if err != nil {
		return err
	}
	if err := d.accounts.RemoveProfile(r.Context(), actor(caller), caller.AccountID, id, profile); err != nil {
		return err
	}
	return d.answer(w, r, success, "")
}
