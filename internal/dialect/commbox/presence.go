package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
)

// presenceCalls are the availability of those who work here.
func (d *dialect) presenceCalls() []call {
	return []call{
		{method: "GET", path: "/managers/presence", serve: d.listPresences},
		{method: "GET", path: "/managers/{MANAGER_ID}/presence", serve: d.getPresence},
		{method: "POST", path: "/managers/{MANAGER_ID}/presence/{ACTIVITY_ID}", serve: d.setPresence},
	}
}

// presenceItem is an item of Get Presence List. Its id is that of the type:
// accounts have no statuses of their own.
type presenceItem struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	PresenceType int64  `json:"presenceType"`
}

// managerPresence is the presence of one manager, whose keys are written
// otherwise (OpenAPI 2.07).
type managerPresence struct {
	PresenceType int64  `json:"presence_type"`
	TypeID       int64  `json:"type_id"`
	Name         string `json:"name"`
}

// presences are the types, and what they are here.
var presences = []struct {
	presenceItem
	availability core.Availability
}{
	{presenceItem{presenceActive, "Active", presenceActive}, core.Online},
	{presenceItem{presenceBusy, "Busy", presenceBusy}, core.Busy},
	{presenceItem{presenceAway, "Away", presenceAway}, core.Offline},
}

// toPresence converts how an agent is there.
func toPresence(a *core.Agent) managerPresence {
	is := presence(a)
	p := managerPresence{PresenceType: is, TypeID: is}
	for _, of := range presences {
		if of.ID == is {
			p.Name = of.Name
		}
	}
	return p
}

// listPresences serves GET /managers/presence.
func (d *dialect) listPresences(w http.ResponseWriter, r *http.Request, _ auth.Principal) error {
	all := make([]presenceItem, len(presences))
	for i, p := range presences {
		all[i] = p.presenceItem
	}
	return d.answer(w, r, success, all)
}

// getPresence serves GET /managers/{MANAGER_ID}/presence.
func (d *dialect) getPresence(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	m, err := d.accounts.Member(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toPresence(&m.Agent))
}

// setPresence serves POST /managers/{MANAGER_ID}/presence/{ACTIVITY_ID}, whose
// last id is one of the presence list.
func (d *dialect) setPresence(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	chosen, err := pathID(r, "ACTIVITY_ID")
	if err != nil {
		return err
	}
	for _, p := range presences {
		if p.ID != chosen {
			continue
		}
		a, err := d.accounts.SetAvailability(r.Context(), actor(caller), caller.AccountID, id, p.availability)
		if err != nil {
			return err
		}
		return d.answer(w, r, success, toPresence(&a))
	}
	return core.Absent("presence")
}
