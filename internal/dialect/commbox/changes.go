package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/conversation"
)

// changeCalls are the writes of conversations.
func (d *dialect) changeCalls() []call {
	return []call{
		{method: "POST", path: "/streams/{STREAM_ID}/objects", serve: d.createObject, files: true},
		{method: "POST", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}/child", serve: d.createChild, files: true},
		{method: "POST", path: "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/child", serve: d.createChild, files: true},
		{method: "POST", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}/tags/{TAG_ID}", serve: d.tagObject},
		{method: "DELETE", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}/tags/{TAG_ID}", serve: d.tagObject},
		{method: "POST", path: "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/tags/{TAG_ID}", serve: d.tagObject},
		{method: "DELETE", path: "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/tags/{TAG_ID}", serve: d.tagObject},
		{method: "POST", path: "/objects/{OBJECT_ID}/status/{STATUS_ID}", serve: d.setStatus},
		{method: "PATCH", path: "/objects/{OBJECT_ID}/stream", serve: d.setStream},
		{method: "POST", path: "/objects/{OBJECT_ID}/content", serve: d.setContent},
		{method: "POST", path: "/objects/{OBJECT_ID}/activitylog", serve: d.addActivity},
		{method: "POST", path: "/objects/{OBJECT_ID}/remarks", serve: d.addRemark},
		{method: "POST", path: "/objects/{OBJECT_ID}/indicators", serve: d.setIndicator},
		{method: "DELETE", path: "/objects/{OBJECT_ID}/indicators/{INDICATOR_ID}", serve: d.deleteIndicator},
		{method: "POST", path: "/managers/{MANAGER_ID}/assignments", serve: d.assign},
		{method: "DELETE", path: "/managers/{MANAGER_ID}/assignments", serve: d.assign},
		{method: "POST", path: "/users/{USER_ID}", serve: d.updateUser},
	}
}

// change changes the conversation in the caller's name and answers with data
// null.
func (d *dialect) change(w http.ResponseWriter, r *http.Request, caller auth.Principal, id int64, in conversation.Changes) error {
	if id > core.MaxID {
		return core.Absent("object")
	}
	if _, err := d.changes.Change(r.Context(), caller.AccountID, id, actor(caller), in); err != nil {
		return err
	}
	return d.answer(w, r, success, nil)
}

// setStatus serves POST /objects/{OBJECT_ID}/status/{STATUS_ID}.
func (d *dialect) setStatus(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id, code := p.pathID("OBJECT_ID"), p.pathID("STATUS_ID")
	if p.err != nil {
		return p.err
	}
	status, err := newStatus(code)
	if err != nil {
		return err
	}
	return d.change(w, r, caller, id, conversation.Changes{Status: &status})
}

// setContent serves POST /objects/{OBJECT_ID}/content. What is sent is merged
// into the content, member by member: the platform's own members, such as
// guidRT, would be lost otherwise. Nothing sent changes nothing.
func (d *dialect) setContent(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id := p.pathID("OBJECT_ID")
	if p.err != nil {
		return p.err
	}
	var patch wireObject
	if err := readBody(r, &patch); err != nil {
		return err
	}
	return d.change(w, r, caller, id, conversation.Changes{ExtShown: true, Ext: func(ext core.JSON) (core.JSON, error) {
		if core.JSON(patch).Members() == 0 {
			return ext, nil
		}
		return withContent(ext, core.JSON(extensionOf(ext).content()).Merge(core.JSON(patch))), nil
	}})
}

// addActivity serves POST /objects/{OBJECT_ID}/activitylog: a custom activity
// with the client's own words.
func (d *dialect) addActivity(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	return d.addLine(w, r, caller, "commbox add activity", func(b *newLine) conversation.NewEntry {
		in := conversation.NewEntry{Kind: core.Activity, Code: core.ActivityCustom, Content: b.Text.S}
		if b.Source.S != "" {
			in.Params = core.JSON("").With("source", core.Quote(b.Source.S))
		}
		return in
	})
}

// addRemark serves POST /objects/{OBJECT_ID}/remarks: a note, which CommBox
// lists among the activities.
func (d *dialect) addRemark(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	return d.addLine(w, r, caller, "commbox add remark", func(b *newLine) conversation.NewEntry {
		return conversation.NewEntry{Kind: core.Note, Content: b.Text.S}
	})
}

func (d *dialect) addLine(
	w http.ResponseWriter, r *http.Request, caller auth.Principal, operation string, entry func(*newLine) conversation.NewEntry,
) error {
	p := readParams(r)
	id := p.pathID("OBJECT_ID")
	if p.err != nil {
		return p.err
	}
	var body newLine
	if err := readBody(r, &body); err != nil {
		return err
	}
	if body.Text.S == "" {
		return core.Refuse("Text", "is missing")
	}
	if id > core.MaxID {
		return core.Absent("object")
	}
	in := entry(&body)
	in.ConversationID, in.Repeat = id, repeatOf(r, caller, operation, id, body)
	var err error
	if in.Sender, err = d.author(r, caller, body.ManagerID); err != nil {
		return err
	}
	if in.Sender.Type == core.ActorContact {
		in.Sender = actor(caller)
	}
	if _, err := d.changes.Append(r.Context(), caller.AccountID, in); err != nil {
		return err
	}
	return d.answer(w, r, success, nil)
}

// maxIndicators bounds the indicators of one object.
const maxIndicators = 50

// setIndicator serves POST /objects/{OBJECT_ID}/indicators: an icon on the
// head of the conversation, as agents see it. One of the same id is replaced.
func (d *dialect) setIndicator(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id := p.pathID("OBJECT_ID")
	if p.err != nil {
		return p.err
	}
	var b newIndicator
	if err := readBody(r, &b); err != nil {
		return err
	}
	switch {
	case b.IndicatorID.S == "":
		return core.Refuse("IndicatorId", "is missing")
	case b.DisplayClass.S == "" && b.Icon.S == "":
		return core.Refuse("DisplayClass", "an icon or the class of one is needed")
	}
	indicator := core.JSON("")
	for _, m := range []struct {
		name string
		text wireText
	}{{"title", b.Title}, {"display_class", b.DisplayClass}, {"icon", b.Icon}, {"link", b.Link}} {
		if m.text.S != "" {
			indicator = indicator.With(m.name, core.Quote(m.text.S))
		}
	}
	return d.change(w, r, caller, id, conversation.Changes{Ext: func(ext core.JSON) (core.JSON, error) {
		all := ext.Member("commbox").Member("indicators")
		if all.Member(b.IndicatorID.S) == "" && all.Members() >= maxIndicators {
			return "", core.Refuse("IndicatorId", "the object has too many indicators")
		}
		return withIndicators(ext, all.With(b.IndicatorID.S, indicator)), nil
	}})
}

// deleteIndicator serves DELETE /objects/{OBJECT_ID}/indicators/{INDICATOR_ID}.
func (d *dialect) deleteIndicator(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id, name := p.pathID("OBJECT_ID"), r.PathValue("INDICATOR_ID")
	if p.err != nil {
		return p.err
	}
	return d.change(w, r, caller, id, conversation.Changes{Ext: func(ext core.JSON) (core.JSON, error) {
		all := ext.Member("commbox").Member("indicators")
		if all.Member(name) == "" {
			return "", core.Absent("indicator")
		}
		return withIndicators(ext, all.Without(name)), nil
	}})
}

func withIndicators(ext, all core.JSON) core.JSON {
	return ext.With("commbox", ext.Member("commbox").With("indicators", all))
}

// tagObject serves POST and DELETE /streams/{STREAM_ID}/objects/{OBJECT_ID}/tags/{TAG_ID}
// and their forms with the conversation's address at its provider. A tag that
// the object has already, or lacks already, is no failure.
func (d *dialect) tagObject(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	find := d.objectIn(p, caller)
	tag := p.pathID("TAG_ID")
	if p.err != nil {
		return p.err
	}
	thread, err := find(r)
	if err != nil {
		return err
	}
	if tag > core.MaxID {
		return core.Absent("tag")
	}
	in := conversation.Changes{AddLabels: []int64{tag}}
	if r.Method == http.MethodDelete {
		in = conversation.Changes{RemoveLabels: []int64{tag}}
	}
	return inPath(d.change(w, r, caller, thread.Conversation.ID, in), "labels")
}

// assign serves POST and DELETE /managers/{MANAGER_ID}/assignments?objectId=:
// the agent is in charge of the object, or no longer. Unassigning one who is
// not in charge is refused.
func (d *dialect) assign(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	manager, object := p.pathID("MANAGER_ID"), p.number("objectId", 0, 1)
	if object == 0 {
		p.refuse("objectId")
	}
	if p.err != nil {
		return p.err
	}
	if manager > core.MaxID {
		return core.Absent("manager")
	}
	agent, err := d.people.Agent(r.Context(), caller.AccountID, manager)
	if err != nil {
		return err
	}
	in := conversation.Changes{AssigneeID: &agent.ID}
	if r.Method == http.MethodDelete {
		in = conversation.Changes{UnassignID: &agent.ID}
	}
	return d.change(w, r, caller, object, in)
}
