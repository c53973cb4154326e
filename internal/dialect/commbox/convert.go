package commbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
)

// statuses are CommBox's fourteen statuses with the core status that each of
// them is a shade of (OpenAPI 2.07, object statuses; there is no 12).
var statuses = map[int64]core.Status{
	1: core.Open, 6: core.Open, 8: core.Open, 11: core.Open,
	3: core.Pending, 7: core.Pending, 15: core.Pending,
	9: core.Snoozed, 10: core.Snoozed,
	2: core.Resolved, 4: core.Resolved, 5: core.Resolved, 13: core.Resolved, 14: core.Resolved,
}

// defaultStatus is the number that stands for a core status which has no code
// beside it.
func defaultStatus(s core.Status) int64 {
	switch s {
	case core.Open:
		return 1
	case core.Pending:
		return 15
	case core.Snoozed:
		return 10
	case core.Resolved:
		return 2
	}
	return 1
}

func statusID(c *core.Conversation) int64 {
	return cmp.Or(c.StatusCode, defaultStatus(c.Status))
}

// emptyContent is the content of what has none (V2).
const emptyContent = "{}"

// toObject converts what is the same on every operation: keys 1 to 28 without
// the items of childs and activityLogs.
func toObject(t *core.Thread) object {
	c := &t.Conversation
	ext := extensionOf(c.Ext)
	kind, _ := ext.number("type")
	module, _ := ext.number("module_id")
	first, last := objectNames(t)
	assignee := cmp.Or(c.AssigneeID, c.AssigneeBotID)
	o := object{
		ObjectID: c.ID, StreamID: c.InboxID, SubStreamID: c.SubInboxID,
		StreamProviderID: ext.text("provider_address"), StreamProviderType: providerType(ext),
		UserIdentity: c.IdentityID, FirstName: first, LastName: last, ModuleID: module,
		UserStreamProviderID: t.Identity.Address, UserStreamProviderType: t.Identity.ProviderType,
		Content:     cmp.Or(ext.content(), emptyContent),
		CreatedTime: stamp(c.CreatedAt), UpdatedTime: stamp(c.CustomerUpdatedAt), ClosedTime: stamp(c.ClosedAt),
		FirstResponseTime: stamp(c.FirstResponseAt), LastResponseTime: stamp(c.LastResponseAt),
		StatusID: statusID(c), AssignedManagerID: assignee, LastAssignedManagerID: cmp.Or(c.LastAssigneeID, assignee),
		Type: kind, User: toCustomer(&t.Contact, t.IdentityCount), IsManager: c.OpenedBy == core.AgentSide,
		TagsObjectID: c.LabelIDs,
	}
	if t.Primary != nil {
		o.Message = t.Primary.Text()
	}
	return o
}

// childCount is the number of an object's childs: the conversation's public
// messages, without the primary one when that is not listed, as it is in
// conversations that CommBox's clients create. Other messages that are not
// listed, which only imports make, are counted too: nothing keeps their number.
func childCount(t *core.Thread) int64 {
	n := t.Conversation.MessageCount
	if t.Primary != nil && !t.Primary.Listed {
		n--
	}
	return max(n, 0)
}

// providerType is the provider of a conversation and of its messages.
func providerType(conversation extension) int64 {
	n, _ := conversation.number("provider_type")
	return n
}

// objectNames returns the names at the object's own level: the identity's,
// else the contact's, else, for the first name alone, the e-mail ("When not
// provided, system will use the email address", Get Object).
func objectNames(t *core.Thread) (first, last string) {
	mail := cmp.Or(t.Contact.Email, t.Identity.Email)
	if mail == "" && t.Identity.ProviderType == core.MailProvider {
		mail = t.Identity.Address
	}
	contactFirst, contactLast := contactNames(&t.Contact)
	return cmp.Or(t.Identity.FirstName, contactFirst, mail), cmp.Or(t.Identity.LastName, contactLast)
}

// contactNames returns first and last name of a contact. One that has only a
// full name shows it whole as first name: where to cut it nobody knows.
func contactNames(c *core.Contact) (first, last string) {
	if c.FirstName == "" && c.LastName == "" {
		return c.Name, ""
	}
	return c.FirstName, c.LastName
}

func toCustomer(c *core.Contact, identities int64) customer {
	first, last := contactNames(c)
	return customer{
		ID: c.ID, UniqueID: c.Identifier, Phone1: wirePhone(c.Phone), Phone2: wirePhone(c.Phone2), Email: c.Email,
		FirstName: first, LastName: last, Gender: c.Gender, NumberIdentities: identities,
		Locale: c.Locale, Birthday: c.Birthday, Remarks: c.Remarks,
		Content: cmp.Or(extensionOf(c.Ext).content(), emptyContent),
	}
}

// wirePhone is a phone number "without leading + or 00" (V2's field table).
func wirePhone(phone string) string { return strings.TrimPrefix(phone, "+") }

// toChild converts a message without its author. A deleted one keeps its place
// and shows neither text nor what hung on it.
func toChild(l *core.Line, provider int64) child {
	e := &l.Entry
	c := child{
		ID: e.ID, ObjectID: e.ConversationID, Message: e.Text(), CreatedTime: stamp(e.CreatedAt),
		StreamProviderType: provider, Content: emptyContent,
	}
	ext := extensionOf(e.Ext)
	kind, typed := ext.number("type")
	c.Type = kind
	if e.IsDeleted() {
		return c
	}
	shown := l.Attachments
	if content := ext.content(); content != "" {
		// It tells of attachments that came along with it, but not of those that
		// were uploaded beside it.
		c.Content = content
		shown = slices.DeleteFunc(slices.Clone(shown), func(a core.Attachment) bool { return !a.IsStored() })
	}
	if len(shown) > 0 {
		c.Content = withAttachments(c.Content, shown)
	}
	if !typed && len(l.Attachments) > 0 {
		c.Type = attachmentType(&l.Attachments[0])
	}
	return c
}

// attachmentType returns the child type of a message that came through another
// dialect, by its first attachment (OpenAPI 2.07, object types; Create Child
// calls 4 a file).
func attachmentType(a *core.Attachment) int64 {
	switch a.FileType {
	case "fallback":
		return 1
	case "image":
		return 2
	case "video":
		return 3
	case "audio":
		return 6
	case "location":
		return 7
	case "contact":
		return 14
	}
	return 4
}

// withAttachments lists attachments in a child's content, as CommBox's own do:
// path, name and size of each (observed). A place has its coordinates besides,
// since nothing else says where it is. Where a file lies on this server's disk
// is not told. What the content itself says of attachments stays.
func withAttachments(content string, attachments []core.Attachment) string {
	if core.JSON(content).Member("attachments") != "" {
		return content
	}
	b := []byte{'['}
	for i := range attachments {
		a := &attachments[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = text(b, `{"path":`, a.URL)
		b = text(b, `,"name":`, cmp.Or(a.Name, a.FallbackTitle))
		b = number(b, `,"size":`, a.SizeBytes)
		if a.FileType == "location" {
			b = strconv.AppendFloat(append(b, `,"latitude":`...), a.Latitude, 'f', -1, 64)
			b = strconv.AppendFloat(append(b, `,"longitude":`...), a.Longitude, 'f', -1, 64)
		}
		b = append(b, '}')
	}
	return string(core.JSON(content).With("attachments", core.JSON(append(b, ']'))))
}

// toAuthor converts who said a line. What neither a known agent nor a contact
// said is the system's: a business-side author without an id, since no source
// shows one. encryptedID gives an agent's opaque id.
func toAuthor(l *core.Line, encryptedID func(agent int64) string) author {
	switch {
	case l.Agent != nil:
		first, last := agentNames(l.Agent)
		return author{
			ID: l.Agent.ID, ManagerID: l.Agent.ID, IsManager: true, EncryptedID: nullable{Text: encryptedID(l.Agent.ID)},
			Identity: &compactIdentity{
				ID: l.Agent.IdentityID, StreamProviderID: l.Agent.Address, StreamProviderType: l.Agent.ProviderType,
				FirstName: nullable{Text: first}, LastName: nullable{Text: last}, ThumbnailURL: nullable{Text: l.Agent.AvatarURL},
			},
		}
	case l.Contact != nil:
		a := author{ID: l.Contact.ID, EncryptedID: nullable{Null: true}}
		if i := l.Identity; i != nil {
			a.Identity = &compactIdentity{
				ID: i.ID, StreamProviderID: i.Address, StreamProviderType: i.ProviderType,
				FirstName: orNull(i.FirstName), LastName: orNull(i.LastName), ThumbnailURL: orNull(i.AvatarURL),
			}
		}
		return a
	}
	return author{IsManager: true, EncryptedID: nullable{Null: true}}
}

// orNull is s, or null when s is not known.
func orNull(s string) nullable { return nullable{Null: s == "", Text: s} }

// agentNames returns first and last name of an agent. One without either, such
// as most bots, shows the name that contacts see as first name (V2: "AI
// Agent").
func agentNames(a *core.Agent) (first, last string) {
	if a.FirstName == "" && a.LastName == "" {
		return cmp.Or(a.DisplayName, a.Name), ""
	}
	return a.FirstName, a.LastName
}
