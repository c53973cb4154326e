package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/contact"
)

// updateUser serves POST /users/{USER_ID}: what is sent changes, "" empties,
// and of Content each member is set. Staff is changed among the managers.
func (d *dialect) updateUser(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id := p.pathID("USER_ID")
	if p.err != nil {
		return p.err
	}
	var body newUser
	if err := readBody(r, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	if id > core.MaxID {
		return core.Absent("user")
	}
	in := contact.Changes{
		Identifier: body.UniqueID.sent(), FirstName: body.FirstName.sent(), LastName: body.LastName.sent(),
		Phone: body.Phone1.sent(), Phone2: body.Phone2.sent(), Email: body.Email.sent(), Remarks: body.Remarks.sent(),
	}
	if body.Content != "" {
		in.Ext = func(ext core.JSON) core.JSON {
			return withContent(ext, core.JSON(extensionOf(ext).content()).Merge(core.JSON(body.Content)))
		}
	}
	if _, err := d.users.Change(r.Context(), caller.AccountID, id, actor(caller), in); err != nil {
		return err
	}
	return d.answer(w, r, success, struct {
		ID int64 `json:"Id"`
	}{id})
}

// sent is the text when there was one.
func (v *wireText) sent() *string {
	if !v.Set {
		return nil
	}
	return &v.S
}
