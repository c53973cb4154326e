package commbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	people "parley/internal/service/person"
)

// userCalls are the reads of users.
func (d *dialect) userCalls() []call {
	return []call{
		{method: "GET", path: "/users", serve: d.findUser},
		{method: "GET", path: "/users/{USER_ID}", serve: d.getUser},
		{method: "GET", path: "/users/identities/{USER_IDENTITY_ID}/objects", serve: d.listIdentityObjects},
	}
}

// getUser serves GET /users/{USER_ID}: a customer or one of the staff. With an
// address in the query the id in the path says nothing; callers write 0 there.
func (d *dialect) getUser(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	at, byAddress := p.address("streamProviderId", "streamProviderType")
	id := p.pathNumber("USER_ID")
	if id == 0 && !byAddress {
		p.refuse("USER_ID")
	}
	if p.err != nil {
		return p.err
	}
	var found people.Person
	var err error
	switch {
	case byAddress:
		found, err = d.people.PersonAt(r.Context(), caller.AccountID, at.ProviderType, at.Text)
	case id > core.MaxID:
		return core.Absent("user")
	default:
		found, err = d.people.Person(r.Context(), caller.AccountID, id)
	}
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toPerson(&found))
}

// findUser serves GET /users: the user that an address belongs to.
func (d *dialect) findUser(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	at, ok := p.address("streamProviderId", "streamProviderType")
	if !ok {
		p.refuse("streamProviderId")
	}
	if p.err != nil {
		return p.err
	}
	found, err := d.people.PersonAt(r.Context(), caller.AccountID, at.ProviderType, at.Text)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, toPerson(&found))
}

// What a user may do (OpenAPI 2.07, user permissions).
const (
	permissionNone     = 0
	permissionCustomer = 1
	permissionAgent    = 2
	permissionAdmin    = 3
	permissionBot      = 5
)

// permission is what an agent may do.
func permission(a *core.Agent) int64 {
	switch {
	case a.Type == core.Bot:
		return permissionBot
	case a.Role == core.Administrator:
		return permissionAdmin
	}
	return permissionAgent
}

func toPerson(p *people.Person) person {
	if p.Agent != nil {
		return toStaff(p)
	}
	c := p.Contact
	first, last := contactNames(c)
	v := person{
		ID: c.ID, FirstName: first, LastName: last, Gender: c.Gender, Phone1: wirePhone(c.Phone), Phone2: known(wirePhone(c.Phone2)),
		UniqueID: c.Identifier, Email: c.Email, Content: cmp.Or(extensionOf(c.Ext).content(), emptyContent), PermissionID: permissionCustomer,
		NumIdentities: p.IdentityCount, NumObjects: p.Conversations, Locale: c.Locale, Remarks: c.Remarks,
		UserTags: userTags(p.Labels), Identities: make([]personIdentity, len(p.Identities)),
	}
	if c.Blocked {
		v.PermissionID = permissionNone
	}
	for n := range p.Identities {
		i := &p.Identities[n]
		v.Identities[n] = personIdentity{
			ID: i.ID, UserID: c.ID, NumObjects: i.Conversations, UserName: known(i.UserName), StreamProviderEmail: i.Email,
			StreamProviderID: i.Address, StreamProviderType: i.ProviderType, FirstName: i.FirstName, LastName: i.LastName,
			ThumbnailURL: known(i.AvatarURL), Content: cmp.Or(extensionOf(i.Ext).content(), emptyContent),
		}
	}
	return v
}

// toStaff converts an agent, whose one identity owns no conversations.
func toStaff(p *people.Person) person {
	a := p.Agent
	first, last := agentNames(a)
	return person{
		ID: a.ID, FirstName: first, LastName: last, Email: a.Email, Content: emptyContent, PermissionID: permission(a), NumIdentities: 1,
		UserTags: userTags(nil), TeamID: p.TeamID,
		Identities: []personIdentity{{
			ID: a.IdentityID, UserID: a.ID, StreamProviderEmail: a.Email, StreamProviderID: a.Address, StreamProviderType: a.ProviderType,
			FirstName: first, LastName: last, ThumbnailURL: known(a.AvatarURL), Content: emptyContent,
		}},
	}
}

// userTags is a list of labels as JSON text.
func userTags(labels []people.Label) string {
	tags := make([]personTag, len(labels))
	for i, l := range labels {
		tags[i] = personTag{ID: l.ID, Name: l.Title, GroupName: l.Group}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tags); err != nil {
		panic("encode tags: " + err.Error()) // numbers and texts always encode
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// known is s, or null when s is not known.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
