package commbox

import (
	"cmp"
	"net/http"
	"strconv"

	"parley/internal/auth"
	"parley/internal/core"
)

// tagCalls are the labels and their groups.
func (d *dialect) tagCalls() []call {
	return []call{
		{method: "GET", path: "/tags", serve: d.listTags},
		{method: "POST", path: "/tags", serve: d.createTag, admin: true},
		{method: "POST", path: "/tags/{TAG_ID}", serve: d.updateTag, admin: true},
		{method: "DELETE", path: "/tags/{TAG_ID}", serve: d.deleteTag, admin: true},
		{method: "GET", path: "/tags/groups", serve: d.listTagGroups},
		{method: "POST", path: "/tags/groups", serve: d.createTagGroup, admin: true},
		{method: "POST", path: "/tags/groups/{TAGS_GROUP_ID}", serve: d.renameTagGroup, admin: true},
		{method: "DELETE", path: "/tags/groups/{TAGS_GROUP_ID}", serve: d.deleteTagGroup, admin: true},
	}
}

// tag is an item of Get Tags. The first three keys are the published ones,
// identityId being the tag's name; the others are what was written.
type tag struct {
	ID               int64  `json:"id"`
	IdentityID       string `json:"identityId"`
	StreamProviderID null   `json:"streamProviderId"`
	Name             string `json:"name"`
	Type             int64  `json:"type"`
	TagGroupID       int64  `json:"tagGroupId"` // 0 = none
	ObjectTag        bool   `json:"objectTag"`
	UserTag          bool   `json:"userTag"`
	ChildTag         bool   `json:"childTag"`
}

// plainTag is the type of a tag whose type nobody gave (OpenAPI 2.07, Create
// Tag).
const plainTag = 1

func toTag(l *core.Label) tag {
	ext := extensionOf(l.Ext)
	return tag{
		ID: l.ID, IdentityID: l.Title, Name: l.Title, Type: cmp.Or(l.Type, plainTag), TagGroupID: l.GroupID,
		ObjectTag: ext.flag("object_tag", true), UserTag: ext.flag("user_tag", true), ChildTag: ext.flag("child_tag", false),
	}
}

// tagGroup is an item of Get Tag Groups. The documents call brandId a text and
// show a number.
type tagGroup struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	BrandID int64  `json:"brandId"`
}

// tagBody is what Create and Update Tag are sent. Update names the group with
// blanks in the schema and without in the sample.
type tagBody struct {
	Name          wireText
	Type          wireInt
	TagGroupID    wireInt
	SpacedGroupID wireInt `json:"Tag Group Id"`
	ObjectTag     wireBool
	UserTag       wireBool
	ChildTag      wireBool
}

// check refuses numbers that nothing can have.
func (b *tagBody) check() error {
	if !b.TagGroupID.Set {
		b.TagGroupID = b.SpacedGroupID
	}
	if b.Type.N < 0 || b.TagGroupID.N < 0 || b.TagGroupID.N > core.MaxID {
		return core.Refuse("body", "a number is out of range")
	}
	return nil
}

// apply writes what was sent into the label, and refuses nothing.
func (b *tagBody) apply(l *core.Label) error {
	if b.Name.Set {
		l.Title = b.Name.S
	}
	if b.Type.Set {
		l.Type = b.Type.N
	}
	if b.TagGroupID.Set {
		l.GroupID = b.TagGroupID.N
	}
	for _, flag := range []struct {
		name  string
		value wireBool
	}{{"object_tag", b.ObjectTag}, {"user_tag", b.UserTag}, {"child_tag", b.ChildTag}} {
		if flag.value.Set {
			l.Ext = extend(l.Ext, flag.name, core.JSON(strconv.FormatBool(flag.value.V)))
		}
	}
	return nil
}

// listTags serves GET /tags.
func (d *dialect) listTags(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	labels, err := d.labels.List(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	tags := make([]tag, len(labels))
	for i := range labels {
		tags[i] = toTag(&labels[i])
	}
	return d.answer(w, r, success, tags)
}

// createTag serves POST /tags.
func (d *dialect) createTag(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	var body tagBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	l := core.Label{AccountID: caller.AccountID, Type: plainTag}
	_ = body.apply(&l)
	made, err := d.labels.Create(r.Context(), actor(caller), l, nil)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, madeID{made.ID})
}

// updateTag serves POST /tags/{TAG_ID}. An empty body changes nothing.
func (d *dialect) updateTag(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TAG_ID")
	if err != nil {
		return err
	}
	var body tagBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	if _, err := d.labels.Update(r.Context(), actor(caller), caller.AccountID, id, body.apply); err != nil {
		return err
	}
	return d.answer(w, r, success, noID{})
}

// deleteTag serves DELETE /tags/{TAG_ID}.
func (d *dialect) deleteTag(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TAG_ID")
	if err != nil {
		return err
	}
	if err := d.labels.Delete(r.Context(), actor(caller), caller.AccountID, id, nil); err != nil {
		return err
	}
	return d.answer(w, r, success, noID{})
}

// listTagGroups serves GET /tags/groups.
func (d *dialect) listTagGroups(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	groups, err := d.labels.ListGroups(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	all := make([]tagGroup, len(groups))
	for i, g := range groups {
		all[i] = tagGroup{ID: g.ID, Name: g.Name, BrandID: g.AccountID}
	}
	return d.answer(w, r, success, all)
}

// groupBody is what Create and Update Tag Group are sent.
type groupBody struct{ Name wireText }

// createTagGroup serves POST /tags/groups.
func (d *dialect) createTagGroup(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	var body groupBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	made, err := d.labels.CreateGroup(r.Context(), actor(caller), caller.AccountID, body.Name.S, nil)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, madeID{made.ID})
}

// renameTagGroup serves POST /tags/groups/{TAGS_GROUP_ID}. The name is all that
// there is to change, so it is needed.
func (d *dialect) renameTagGroup(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TAGS_GROUP_ID")
	if err != nil {
		return err
	}
	var body groupBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	_, err = d.labels.UpdateGroup(r.Context(), actor(caller), caller.AccountID, id, func(g *core.LabelGroup) error {
		g.Name = body.Name.S
		return nil
	})
	if err != nil {
		return err
	}
	return d.answer(w, r, success, noID{})
}

// deleteTagGroup serves DELETE /tags/groups/{TAGS_GROUP_ID}: the group's tags
// go, too.
func (d *dialect) deleteTagGroup(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	id, err := pathID(r, "TAGS_GROUP_ID")
	if err != nil {
		return err
	}
	if err := d.labels.DeleteGroup(r.Context(), actor(caller), caller.AccountID, id, nil); err != nil {
		return err
	}
	return d.answer(w, r, success, noID{})
}

// pathID reads the one id that a path has. One that nothing can have is absent.
func pathID(r *http.Request, name string) (int64, error) {
	p := params{request: r}
	id := p.pathID(name)
	if p.err == nil && id > core.MaxID {
		return 0, core.Absent(name)
	}
	return id, p.err
}
