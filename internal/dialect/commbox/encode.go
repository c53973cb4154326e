package commbox

import (
	"strconv"

	"parley/internal/core"
	"parley/internal/httpx"
)

// The appenders below write what encoding/json would write of the same value
// with SetEscapeHTML(false), which a test checks: messages are HTML and are
// sent as they are stored, because clients compare the text.

// text, number and flag append a key, which needs no escaping, and its value.
// The key is given with its comma or bracket: `,"id":`.
func text(b []byte, key, value string) []byte { return httpx.AppendString(append(b, key...), value) }

func number(b []byte, key string, n int64) []byte { return strconv.AppendInt(append(b, key...), n, 10) }

func flag(b []byte, key string, v bool) []byte { return strconv.AppendBool(append(b, key...), v) }

func instant(b []byte, key string, t stamp) []byte { return t.appendJSON(append(b, key...)) }

func optional(b []byte, key string, v nullable) []byte {
	if v.Null {
		return append(append(b, key...), "null"...)
	}
	return text(b, key, v.Text)
}

// entityLayout is the layout of an entity's times (V2).
const entityLayout = `"2006-01-02T15:04:05Z"`

func (t stamp) appendJSON(b []byte) []byte {
	if !core.Time(t).IsSet() {
		return append(b, "null"...)
	}
	return core.Time(t).Std().AppendFormat(b, entityLayout)
}

// appendHead appends the object up to the opening bracket of its childs.
func (o *object) appendHead(b []byte) []byte {
	b = number(b, `{"objectId":`, o.ObjectID)
	b = number(b, `,"streamId":`, o.StreamID)
	b = number(b, `,"subStreamId":`, o.SubStreamID)
	b = text(b, `,"streamProviderId":`, o.StreamProviderID)
	b = number(b, `,"streamProviderType":`, o.StreamProviderType)
	b = number(b, `,"user_identity":`, o.UserIdentity)
	b = text(b, `,"firstName":`, o.FirstName)
	b = text(b, `,"lastName":`, o.LastName)
	b = number(b, `,"moduleId":`, o.ModuleID)
	b = text(b, `,"userStreamProviderId":`, o.UserStreamProviderID)
	b = number(b, `,"userStreamProviderType":`, o.UserStreamProviderType)
	b = text(b, `,"content":`, o.Content)
	b = text(b, `,"message":`, o.Message)
	b = instant(b, `,"createdTime":`, o.CreatedTime)
	b = instant(b, `,"updatedTime":`, o.UpdatedTime)
	b = instant(b, `,"closedTime":`, o.ClosedTime)
	if o.CloseTime != nil {
		b = instant(b, `,"closeTime":`, *o.CloseTime)
	}
	b = instant(b, `,"firstResponseTime":`, o.FirstResponseTime)
	b = instant(b, `,"lastResponseTime":`, o.LastResponseTime)
	if o.PriorityTime != nil {
		b = instant(b, `,"priorityTime":`, *o.PriorityTime)
	}
	b = number(b, `,"statusId":`, o.StatusID)
	b = number(b, `,"assignedManagerId":`, o.AssignedManagerID)
	b = number(b, `,"lastAssignedManagerId":`, o.LastAssignedManagerID)
	b = number(b, `,"type":`, o.Type)
	if o.NumTags != nil {
		b = number(b, `,"numTags":`, *o.NumTags)
	}
	if o.NumChilds != nil {
		b = number(b, `,"numChilds":`, *o.NumChilds)
	}
	b = o.User.appendJSON(append(b, `,"user":`...))
	b = flag(b, `,"isManager":`, o.IsManager)
	return append(b, `,"childs":[`...)
}

// appendActivities closes the childs and opens the activity logs.
func appendActivities(b []byte) []byte { return append(b, `],"activityLogs":[`...) }

// appendTail appends the object from the closing bracket of its activity logs.
func (o *object) appendTail(b []byte) []byte {
	b = append(b, `],"tagsObjectId":[`...)
	for i, id := range o.TagsObjectID {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	b = append(b, `],"customerParticipants":[]`...)
	if o.UnreadMessages != nil {
		b = number(b, `,"unreadMessages":`, *o.UnreadMessages)
	}
	return append(b, '}')
}

func (c *customer) appendJSON(b []byte) []byte {
	b = number(b, `{"id":`, c.ID)
	b = append(b, `,"managerId":null`...)
	b = flag(b, `,"isManager":`, c.IsManager)
	b = append(b, `,"encryptedId":null,"identity":null`...)
	b = c.appendProfile(b)
	b = text(b, `,"content":`, c.Content)
	return append(b, '}')
}

// appendTranscriptJSON appends the keys that a transcript has of its customer.
func (c *customer) appendTranscriptJSON(b []byte) []byte {
	return append(c.appendProfile(number(b, `{"id":`, c.ID)), '}')
}

// appendProfile appends the keys from uniqueId up to remarks.
func (c *customer) appendProfile(b []byte) []byte {
	b = text(b, `,"uniqueId":`, c.UniqueID)
	b = text(b, `,"phone1":`, c.Phone1)
	b = text(b, `,"phone2":`, c.Phone2)
	b = text(b, `,"email":`, c.Email)
	b = text(b, `,"firstName":`, c.FirstName)
	b = text(b, `,"lastName":`, c.LastName)
	b = text(b, `,"gender":`, c.Gender)
	b = number(b, `,"numberIdentities":`, c.NumberIdentities)
	b = text(b, `,"locale":`, c.Locale)
	b = text(b, `,"birthday":`, c.Birthday)
	return text(b, `,"remarks":`, c.Remarks)
}

// appendJSON appends the child; user is its author as JSON, made once and used
// for all that the author said.
func (c *child) appendJSON(b, user []byte) []byte {
	b = number(b, `{"id":`, c.ID)
	b = number(b, `,"objectId":`, c.ObjectID)
	if c.ObjectIDAlias != 0 {
		b = number(b, `,"object_id":`, c.ObjectIDAlias)
	}
	b = text(b, `,"content":`, c.Content)
	b = text(b, `,"message":`, c.Message)
	b = instant(b, `,"createdTime":`, c.CreatedTime)
	b = number(b, `,"streamProviderType":`, c.StreamProviderType)
	b = number(b, `,"type":`, c.Type)
	b = append(append(b, `,"user":`...), user...)
	return append(b, '}')
}

func (a *author) appendJSON(b []byte) []byte {
	b = number(b, `{"id":`, a.ID)
	b = number(b, `,"managerId":`, a.ManagerID)
	b = flag(b, `,"isManager":`, a.IsManager)
	b = optional(b, `,"encryptedId":`, a.EncryptedID)
	b = append(b, `,"identity":`...)
	if a.Identity == nil {
		b = append(b, "null"...)
	} else {
		b = a.Identity.appendJSON(b)
	}
	b = append(b, `,"uniqueId":null,"phone1":null,"phone2":null,"email":null,"firstName":null,"lastName":null,"gender":null`...)
	b = number(b, `,"numberIdentities":`, a.NumberIdentities)
	return append(b, `,"locale":null,"birthday":null,"remarks":null,"content":null}`...)
}

func (i *compactIdentity) appendJSON(b []byte) []byte {
	b = number(b, `{"id":`, i.ID)
	b = text(b, `,"streamProviderId":`, i.StreamProviderID)
	b = number(b, `,"streamProviderType":`, i.StreamProviderType)
	b = optional(b, `,"firstName":`, i.FirstName)
	b = optional(b, `,"lastName":`, i.LastName)
	b = optional(b, `,"thumbnailUrl":`, i.ThumbnailURL)
	return append(b, '}')
}

func (a *activity) appendJSON(b []byte) []byte {
	b = text(b, `{"objectId":`, a.ObjectID)
	b = number(b, `,"user":{"id":`, a.User.ID)
	b = optional(b, `,"first_name":`, a.User.FirstName)
	b = optional(b, `,"last_name":`, a.User.LastName)
	b = number(b, `,"identity":{"identityId":`, a.User.Identity.IdentityID)
	b = optional(b, `,"thumbnailUrl":`, a.User.Identity.ThumbnailURL)
	b = number(b, `}},"type":`, a.Type)
	b = text(b, `,"data":`, a.Data)
	b = instant(b, `,"createdTime":`, a.CreatedTime)
	return append(b, '}')
}
