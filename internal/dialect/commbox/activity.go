package commbox

import (
	"strconv"

	"parley/internal/core"
)

// CommBox's numbers of activity types that this server has (OpenAPI 2.07,
// object activity types).
const (
	typeRemark          = 1
	typeStatusChange    = 2
	typeStreamChange    = 5
	typeAssignChange    = 6
	typeUpdateObjectTag = 7
	typeFollowUp        = 8
	typeCustom          = 12

	typeParticipantChange = 19
)

// toActivity converts a note or an activity. A note is CommBox's remark, which
// stands among the activities and nowhere else.
func toActivity(l *core.Line) activity {
	e := &l.Entry
	kind, data := activityData(e)
	return activity{
		ObjectID: strconv.FormatInt(e.ConversationID, 10), User: toActor(l),
		Type: kind, Data: data, CreatedTime: stamp(e.CreatedAt),
	}
}

// activityData returns type and data of an entry; the keys of data are those
// that CommBox sends with each type to its webhooks. Codes that have no type
// of their own are custom activities with their wording, else their parameters
// as they are, else the code.
func activityData(e *core.Entry) (kind int64, data string) {
	if e.Kind == core.Note {
		return typeRemark, textData(e.Text())
	}
	params := extension(e.Params)
	switch e.Code {
	case core.ActivityStatusChanged:
		if until, ok := params.number("snoozed_until"); ok && params.member("status_code") == "" {
			b := text(nil, `{"text":`, "")
			return typeFollowUp, string(append(text(b, `,"scheduledTime":`, core.Time(until).Std().Format(hookFollowUpLayout)), '}'))
		}
		return typeStatusChange, string(append(number(nil, `{"statusId":`, changedStatus(e)), '}'))
	case core.ActivityAssigneeChanged:
		var manager int64
		if e.Sender.Type == core.ActorAgent {
			manager = e.Sender.ID
		}
		assignee, _ := params.number("assignee_id")
		b := number(nil, `{"managerId":`, manager)
		return typeAssignChange, string(append(number(b, `,"assignedManagerId":`, assignee), '}'))
	case core.ActivityLabelAdded, core.ActivityLabelRemoved:
		label, _ := params.number("label_id")
		b := number(nil, `{"tagId":`, label)
		b = number(b, `,"objectId":`, e.ConversationID)
		b = flag(b, `,"isRemoveTag":`, e.Code == core.ActivityLabelRemoved)
		return typeUpdateObjectTag, string(append(text(b, `,"name":`, params.text("title")), '}'))
	case core.ActivityInboxChanged:
		b := []byte{'{'}
		parts := params.member("from_sub") != ""
		if parts {
			b = append(text(b, `"oldObjectSubstreamName":`, params.text("from_sub")), ',')
		}
		b = text(b, `"oldObjectStreamName":`, params.text("from"))
		b = text(b, `,"newObjectStreamName":`, params.text("to"))
		if parts {
			b = text(b, `,"newObjectSubstreamName":`, params.text("to_sub"))
		}
		return typeStreamChange, string(append(b, '}'))
	}
	switch {
	case e.Code == core.ActivityParticipantAdded, e.Code == core.ActivityParticipantRemoved:
		action := "addParticipant"
		if e.Code == core.ActivityParticipantRemoved {
			action = "removeParticipant"
		}
		b := text(nil, `{"action":`, action)
		if e.Sender.Type == core.ActorAgent {
			b = number(b, `,"performingAgentId":`, e.Sender.ID)
		}
		return typeParticipantChange, string(append(text(append(b, `,"isAgent":true`...), `,"addedParticipantName":`, params.text("name")), '}'))
	case e.Code == core.ActivityCustom && params.text("source") != "":
		b := text(nil, `{"text":`, e.Text())
		return typeCustom, string(append(text(b, `,"source":`, params.text("source")), '}'))
	case e.Content != "" || e.Code == core.ActivityImported:
		return typeCustom, textData(e.Text())
	case e.Params != "":
		return typeCustom, string(e.Params)
	}
	return typeCustom, textData(e.Code)
}

// changedStatus is the number of the status that a change of status led to.
func changedStatus(e *core.Entry) int64 {
	params := extension(e.Params)
	if code, ok := params.number("status_code"); ok && code != 0 {
		return code
	}
	return defaultStatus(core.Status(params.text("status")))
}

// textData is the data of a remark or of wording.
func textData(s string) string { return string(append(text(nil, `{"text":`, s), '}')) }

// toActor converts who did it.
func toActor(l *core.Line) activityActor {
	nobody := nullable{Null: true}
	switch {
	case l.Agent != nil:
		first, last := agentNames(l.Agent)
		return activityActor{
			ID: l.Agent.ID, FirstName: nullable{Text: first}, LastName: nullable{Text: last},
			Identity: activityIdentity{IdentityID: l.Agent.IdentityID, ThumbnailURL: orNull(l.Agent.AvatarURL)},
		}
	case l.Contact != nil:
		first, last := contactNames(l.Contact)
		a := activityActor{ID: l.Contact.ID, FirstName: orNull(first), LastName: orNull(last), Identity: activityIdentity{ThumbnailURL: nobody}}
		if l.Identity != nil {
			a.Identity = activityIdentity{IdentityID: l.Identity.ID, ThumbnailURL: orNull(l.Identity.AvatarURL)}
		}
		return a
	}
	return activityActor{FirstName: nobody, LastName: nobody, Identity: activityIdentity{ThumbnailURL: nobody}}
}
