package commbox

import (
	"net/http"
	"strconv"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/account"
)

// staffCalls are those who work here, and what they are in charge of. Changing
// who is in charge of what is among the calls of objects.
func (d *dialect) staffCalls() []call {
	return []call{
		{method: "GET", path: "/managers", serve: d.listManagers},
		{method: "POST", path: "/managers", serve: d.createManager, admin: true},
		{method: "GET", path: "/managers/{MANAGER_ID}", serve: d.getManager},
		{method: "POST", path: "/managers/{MANAGER_ID}", serve: d.updateManager, admin: true},
		{method: "DELETE", path: "/managers/{MANAGER_ID}", serve: d.deleteManager, admin: true},
		{method: "GET", path: "/managers/{MANAGER_ID}/stats", serve: d.getManagerStats},
		{method: "GET", path: "/managers/{MANAGER_ID}/assignments", serve: d.listAssignments},
	}
}

// manager is the one of Get Manager: the keys of the schema, in its order.
type manager struct {
	ID               int64  `json:"id"`
	Content          string `json:"content"` // JSON text inside a string
	IdentityID       int64  `json:"identityId"`
	StreamProviderID string `json:"streamProviderId"` // the address, usually the e-mail
	managerCommon
	MultiReplyAccess string `json:"multiReplyAccess"`
}

// managerItem is an item of Get Managers: without content and multiReplyAccess,
// and with the ids of all teams.
type managerItem struct {
	ID               int64  `json:"id"`
	IdentityID       int64  `json:"identityId"`
	StreamProviderID string `json:"streamProviderId"`
	managerStart
	Team string `json:"team"` // comma list
	managerEnd
}

// managerCommon is what both have, which the team's ids part in the list.
type managerCommon struct {
	managerStart
	managerEnd
}

type managerStart struct {
	ThumbnailURL *string `json:"thumbnailUrl"`
	BrandID      int64   `json:"brandId"`
	PermissionID int64   `json:"permissionId"`
	FirstName    string  `json:"firstName"`
	LastName     string  `json:"lastName"`
	Email        string  `json:"email"`
	UserName     string  `json:"userName"`
}

type managerEnd struct {
	TeamID   int64  `json:"teamId"` // the first one, 0 = none
	TeamName string `json:"teamName"`
	Profiles string `json:"profiles"` // comma list of ids
	MaxSync  *int64 `json:"maxSyncObjectsAssignments"`
	MaxAsync *int64 `json:"maxAsyncObjectsAssignments"`
}

func toManagerCommon(m *account.Member) managerCommon {
	first, last := agentNames(&m.Agent)
	c := managerCommon{
		managerStart: managerStart{
			ThumbnailURL: known(m.AvatarURL), BrandID: m.AccountID, PermissionID: permission(&m.Agent),
			FirstName: first, LastName: last, Email: m.Email, UserName: m.UserName,
		},
		managerEnd: managerEnd{Profiles: commaList(m.ProfileIDs), MaxSync: limit(m.SyncCapacity), MaxAsync: limit(m.AsyncCapacity)},
	}
	if len(m.Teams) > 0 {
		c.TeamID, c.TeamName = m.Teams[0].ID, m.Teams[0].Name
	}
	return c
}

func toManager(m *account.Member) manager {
	ext := extensionOf(m.Ext)
	return manager{
		ID: m.ID, Content: core.JSON(ext.content()).Or("{}"), IdentityID: m.IdentityID, StreamProviderID: m.Address,
		managerCommon: toManagerCommon(m), MultiReplyAccess: ext.text("multi_reply_access"),
	}
}

func toManagerItem(m *account.Member) managerItem {
	common := toManagerCommon(m)
	teams := make([]int64, len(m.Teams))
	for i, t := range m.Teams {
		teams[i] = t.ID
	}
	return managerItem{
		ID: m.ID, IdentityID: m.IdentityID, StreamProviderID: m.Address,
		managerStart: common.managerStart, Team: commaList(teams), managerEnd: common.managerEnd,
	}
}

// limit is a capacity, null without one.
func limit(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// commaList is "1,2,3".
func commaList(ids []int64) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	return b.String()
}

// staffItem is an item of the lists of a team's and a profile's people, whose
// keys begin with capitals (OpenAPI 2.07).
type staffItem struct {
	ID         int64  `json:"Id"`
	FirstName  string `json:"FirstName"`
	LastName   string `json:"LastName"`
	Permission int64  `json:"Permission"`
	Email      string `json:"Email"`
	UserName   string `json:"UserName"`
	TeamID     int64  `json:"TeamId"`
}

func toStaffItems(members []account.Member) []staffItem {
	all := make([]staffItem, len(members))
	for i := range members {
		m := &members[i]
		c := toManagerCommon(m)
		all[i] = staffItem{
			ID: m.ID, FirstName: c.FirstName, LastName: c.LastName, Permission: c.PermissionID, Email: m.Email, UserName: m.UserName, TeamID: c.TeamID,
		}
	}
	return all
}

// managerBody is what Create and Update Manager are sent.
type managerBody struct {
	FirstName, LastName, Email, Password, UserName wireText
	IsAdmin                                        wireBool
	PermissionID                                   wireInt
	TeamID                                         wireInt
}

// role is what IsAdmin and PermissionId say together; nil when neither is sent.
// IsAdmin counts first: Create Manager asks for it.
func (b *managerBody) role() (*core.Role, error) {
	admin := b.IsAdmin.V
	if b.PermissionID.Set {
		switch b.PermissionID.N {
		case permissionAgent, permissionAdmin:
		default:
			return nil, core.Refuse("PermissionId", "not a permission of managers")
		}
	}
	switch {
	case b.IsAdmin.Set:
	case b.PermissionID.Set:
		admin = b.PermissionID.N == permissionAdmin
	default:
		return nil, nil
	}
	role := core.Member
	if admin {
		role = core.Administrator
	}
	return &role, nil
}

// team returns the team's id, which may be 0.
func (b *managerBody) team() (int64, error) {
	if b.TeamID.N < 0 || b.TeamID.N > core.MaxID {
		return 0, core.Refuse("TeamId", "the number is out of range")
	}
	return b.TeamID.N, nil
}

// listManagers serves GET /managers.
func (d *dialect) listManagers(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	members, err := d.accounts.ListMembers(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	items := make([]managerItem, len(members))
	for i := range members {
		items[i] = toManagerItem(&members[i])
	}
	return d.answer(w, r, success, items)
}

// createManager serves POST /managers. Names, e-mail, password and IsAdmin are
// needed (OpenAPI 2.07).
func (d *dialect) createManager(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	var body managerBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	role, err := body.role()
	if err != nil {
		return err
	}
	team, err := body.team()
	if err != nil {
		return err
	}
	if body.FirstName.S == "" || body.LastName.S == "" || body.Password.S == "" || !body.IsAdmin.Set {
		return core.Refuse("body", "names, password and IsAdmin are needed")
	}
	made, err := d.accounts.CreateAgent(r.Context(), account.NewAgent{
		AccountID: caller.AccountID, FirstName: body.FirstName.S, LastName: body.LastName.S, Email: body.Email.S, UserName: body.UserName.S,
		Password: body.Password.S, Role: *role, TeamID: team, By: actor(caller),
	}, nil)
	if err != nil {
		return err
	}
	return d.answer(w, r, okay, madeID{made.ID})
}

// getManager serves GET /managers/{MANAGER_ID}.
func (d *dialect) getManager(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	m, err := d.accounts.Member(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toManager(&m))
}

// updateManager serves POST /managers/{MANAGER_ID}: any subset of what Create
// Manager takes. What is null or left out stays; an empty password does, too.
func (d *dialect) updateManager(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	var body managerBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	change := account.AgentChange{
		FirstName: given(body.FirstName), LastName: given(body.LastName), Email: given(body.Email), UserName: given(body.UserName),
	}
	if body.Password.S != "" {
		change.Password = &body.Password.S
	}
	if change.Role, err = body.role(); err != nil {
		return err
	}
	if body.TeamID.Set {
		team, err := body.team()
		if err != nil {
			return err
		}
		change.TeamID = &team
	}
	if _, err := d.accounts.UpdateAgent(r.Context(), actor(caller), caller.AccountID, id, change); err != nil {
		return err
	}
	return d.answer(w, r, okay, madeID{id})
}

// given is the text that was sent, nil for none.
func given(t wireText) *string {
	if !t.Set {
		return nil
	}
	return &t.S
}

// deleteManager serves DELETE /managers/{MANAGER_ID}. The agent's keys end at
// once.
func (d *dialect) deleteManager(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	err = d.accounts.DeleteAgent(r.Context(), actor(caller), caller.AccountID, id, nil)
	d.gate.Forget()
	if err != nil {
		return err
	}
	return d.answer(w, r, success, madeID{id})
}

// managerStats are the counters of Get Manager Stats. Sync is chat; NoResponse
// waits for the agent.
type managerStats struct {
	ID                     int64 `json:"id"`
	AsyncAssignedNoReply   int64 `json:"AsyncAssignedNoResponse"`
	AsyncAssignedInProcess int64 `json:"AsyncAssignedInProccess"` // sic
	SyncAssignedNoReply    int64 `json:"SyncAssignedNoResponse"`
	SyncAssignedInProcess  int64 `json:"SyncAssignedInProccess"` // sic
	FaceToFaceStatus       bool  `json:"FaceToFaceStatus"`       // in a call: there are none here
	TotalAsyncAssigned     int64 `json:"TotalAsyncAssigned"`
	TotalSyncAssigned      int64 `json:"TotalSyncAssigned"`
}

// getManagerStats serves GET /managers/{MANAGER_ID}/stats.
func (d *dialect) getManagerStats(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	loads, err := d.accounts.ListLoads(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	s := managerStats{ID: id}
	for _, l := range loads {
		if l.Inbox.Channel.IsChat() {
			s.SyncAssignedNoReply += l.Waiting
			s.TotalSyncAssigned += l.Count
		} else {
			s.AsyncAssignedNoReply += l.Waiting
			s.TotalAsyncAssigned += l.Count
		}
	}
	s.SyncAssignedInProcess = s.TotalSyncAssigned - s.SyncAssignedNoReply
	s.AsyncAssignedInProcess = s.TotalAsyncAssigned - s.AsyncAssignedNoReply
	return d.answer(w, r, success, s)
}

// assignment is an item of Get Manager Assignments: how much of one kind of
// channel the agent is in charge of. The numbers of StreamTypeId are not
// published. The sample has 10 beside the mailbox; elsewhere it is the module's
// number here.
type assignment struct {
	Count            int64  `json:"AssignedObjectsCount"`
	StreamTypeID     int64  `json:"StreamTypeId"`
	ModuleID         int64  `json:"ModuleId"`
	ModuleUniqueName string `json:"ModuleUniqueName"`
}

// assignmentOf is an empty count of what comes through a channel, by the module
// that serves it (OpenAPI 2.07, ModuleType).
func assignmentOf(ch core.Channel) assignment {
	switch ch {
	case core.ChannelWeb, core.ChannelAPI:
		return assignment{StreamTypeID: 9, ModuleID: 9, ModuleUniqueName: "chat"}
	case core.ChannelEmail:
		return assignment{StreamTypeID: 10, ModuleID: 6, ModuleUniqueName: "mailbox_connector"}
	case core.ChannelSMS:
		return assignment{StreamTypeID: 14, ModuleID: 14, ModuleUniqueName: "sms"}
	case core.ChannelWhatsApp:
		return assignment{StreamTypeID: 13, ModuleID: 13, ModuleUniqueName: "whatsapp"}
	}
	return assignment{ModuleUniqueName: "general"}
}

// listAssignments serves GET /managers/{MANAGER_ID}/assignments, by module in
// order of their first inbox.
func (d *dialect) listAssignments(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "MANAGER_ID")
	if err != nil {
		return err
	}
	loads, err := d.accounts.ListLoads(r.Context(), caller.AccountID, id)
	if err != nil {
		return err
	}
	all := []assignment{}
	at := map[int64]int{}
	for _, l := range loads {
		empty := assignmentOf(l.Inbox.Channel)
		i, known := at[empty.ModuleID]
		if !known {
			i = len(all)
			at[empty.ModuleID] = i
			all = append(all, empty)
		}
		all[i].Count += l.Count
	}
	return d.answer(w, r, success, all)
}
