package chatwoot

import (
	"encoding/json"
	"strings"

	"parley/internal/core"
)

// toConversation converts everything but the messages and the contact.
func toConversation(c *core.Conversation) conversationBody {
	return conversationBody{
		ID:                c.DisplayID,
		UUID:              c.UUID,
		InboxID:           c.InboxID,
		ContactLastSeenAt: c.ContactLastSeenAt.Unix(),
		Status:            string(c.Status),
		AgentLastSeenAt:   c.AgentLastSeenAt.Unix(),
	}
}

// toMessage converts a message of the conversation with the display id.
// deletedText stands in place of what a tombstone said: it keeps its sender,
// type and time, and loses the rest (server).
func toMessage(displayID int64, l *core.Line, deletedText string) messageBody {
	e := &l.Entry
	m := messageBody{
		ID:                e.ID,
		Content:           nullString(e.Content),
		MessageType:       messageType(e),
		ContentType:       e.ContentType,
		ContentAttributes: object(e.ContentAttributes),
		CreatedAt:         e.CreatedAt.Unix(),
		ConversationID:    displayID,
		Sender:            toSender(l),
	}
	if e.IsDeleted() {
		m.Content, m.ContentType, m.ContentAttributes = nullString(deletedText), "", `{"deleted":true}`
	} else if len(l.Attachments) > 0 {
		m.Attachments = make([]any, len(l.Attachments))
		for i := range l.Attachments {
			m.Attachments[i] = toAttachment(&l.Attachments[i])
		}
	}
	if m.ContentType == "" {
		m.ContentType = "text"
	}
	return m
}

// messageType returns the number of a message's type.
func messageType(e *core.Entry) int64 {
	if e.Sender.Type == core.ActorContact {
		return typeIncoming
	}
	switch e.Origin {
	case core.OriginTemplate, core.OriginChannel:
		return typeTemplate
	case core.OriginPerson, core.OriginBot, core.OriginAutomation, core.OriginCampaign:
	}
	return typeOutgoing
}

// toSender returns one of the sender types, nil when the message names nobody:
// templates and what automation says have no sender (server), nor has a
// message whose author is not known.
func toSender(l *core.Line) any {
	if l.Entry.Sender.Type == core.ActorContact {
		if l.Contact == nil {
			return nil
		}
		return toContactSender(l.Contact)
	}
	switch l.Entry.Origin {
	case core.OriginTemplate, core.OriginAutomation, core.OriginChannel:
		return nil
	case core.OriginPerson, core.OriginBot, core.OriginCampaign:
	}
	a := l.Agent
	switch {
	case a == nil:
		return nil
	case a.Type != core.Bot:
		return &userSender{
			ID: a.ID, Name: a.Name, AvatarURL: a.AvatarURL, Thumbnail: a.AvatarURL, Type: senderTypeUser,
			AvailableName: availableName(a),
		}
	case isAssistant(&l.Entry):
		return &assistantSender{
			ID: a.ID, Name: a.Name, AvatarURL: a.AvatarURL, Type: senderTypeAssistant,
			Description: nullString(a.Description), CreatedAt: nullTime(a.CreatedAt),
		}
	}
	return &botSender{ID: a.ID, Name: a.Name, AvatarURL: a.AvatarURL, Type: senderTypeBot}
}

// isAssistant tells whether a bot's message was taken over from a Chatwoot
// where the built-in assistant wrote it: ext.chatwoot.sender_type keeps what
// that server calls the author. Every other bot is an agent bot (ours).
func isAssistant(e *core.Entry) bool {
	if !strings.Contains(string(e.Ext), `"chatwoot"`) {
		return false
	}
	var ext struct {
		Chatwoot struct {
			SenderType string `json:"sender_type"`
		} `json:"chatwoot"`
	}
	return json.Unmarshal([]byte(e.Ext), &ext) == nil && ext.Chatwoot.SenderType == "Captain::Assistant"
}

func toContactSender(c *core.Contact) *contactSender {
	return &contactSender{
		ID:                   c.ID,
		Name:                 contactName(c),
		Thumbnail:            c.AvatarURL,
		Type:                 senderTypeContact,
		Email:                nullString(c.Email),
		PhoneNumber:          nullString(c.Phone),
		Identifier:           nullString(c.Identifier),
		Blocked:              c.Blocked,
		AdditionalAttributes: object(c.AdditionalAttributes),
		CustomAttributes:     object(c.CustomAttributes),
	}
}

// contactName is the name that goes beside last_name: the whole name where one
// was given, else the first name.
func contactName(c *core.Contact) string {
	if c.Name != "" {
		return c.Name
	}
	return c.FirstName
}

// availableName is what contacts are shown of an agent.
func availableName(a *core.Agent) string {
	if a.DisplayName != "" {
		return a.DisplayName
	}
	return a.Name
}

// toAttachment returns the attachment type of a's kind. A kind that the
// dialect does not know is a file (ours).
func toAttachment(a *core.Attachment) any {
	head := attachmentHead{ID: a.ID, MessageID: a.MessageID, FileType: a.FileType, AccountID: a.AccountID}
	url, title := nullString(a.URL), nullString(a.FallbackTitle)
	switch a.FileType {
	case "location":
		return &locationAttachment{
			attachmentHead: head, DataURL: url, FallbackTitle: title,
			CoordinatesLat: decimal(a.Latitude), CoordinatesLong: decimal(a.Longitude),
		}
	case "fallback":
		return &fallbackAttachment{attachmentHead: head, DataURL: url, FallbackTitle: title}
	case "contact":
		return &contactAttachment{attachmentHead: head, FallbackTitle: title, Meta: object(a.Meta)}
	case "embed":
		return &embedAttachment{attachmentHead: head, DataURL: url}
	case "audio":
		return &audioAttachment{fileAttachment: toFile(head, a), TranscribedText: a.TranscribedText}
	case "image", "video", "file", "share", "story_mention", "ig_reel", "ig_post", "ig_story":
	default:
		head.FileType = "file"
	}
	f := toFile(head, a)
	return &f
}

func toFile(head attachmentHead, a *core.Attachment) fileAttachment {
	return fileAttachment{
		attachmentHead: head, DataURL: a.URL, ThumbURL: thumbURL(a), FileSize: a.SizeBytes,
		Width: nullInt(a.Width), Height: nullInt(a.Height),
	}
}

// thumbURL is the picture's preview, the picture itself where there is none;
// "" for all other kinds (server).
func thumbURL(a *core.Attachment) string {
	switch {
	case a.FileType != "image":
		return ""
	case a.ThumbnailURL != "":
		return a.ThumbnailURL
	}
	return a.URL
}

// toContact converts the record of a contact with the titles of its labels.
func toContact(c *core.Contact, labels []string) contactBody {
	return contactBody{
		ID:                   c.ID,
		Name:                 contactName(c),
		Email:                nullString(c.Email),
		PhoneNumber:          nullString(c.Phone),
		Identifier:           nullString(c.Identifier),
		Blocked:              c.Blocked,
		AdditionalAttributes: object(c.AdditionalAttributes),
		CustomAttributes:     object(c.CustomAttributes),
		ContactType:          contactType(c),
		CountryCode:          nullString(c.CountryCode),
		LastActivityAt:       nullTime(c.LastActivityAt),
		CreatedAt:            nullTime(c.CreatedAt),
		UpdatedAt:            nullTime(c.UpdatedAt),
		LastName:             c.LastName,
		MiddleName:           c.MiddleName,
		Location:             nullString(c.Location),
		AccountID:            c.AccountID,
		CompanyID:            nullInt(c.CompanyID),
		LabelList:            labels,
	}
}

// contactType is visitor, lead or customer: what was given, else lead as soon
// as an e-mail, a phone or a social profile is known, else visitor (server).
func contactType(c *core.Contact) string {
	kind := c.Kind()
	if c.ContactType == "" && kind == "visitor" && hasSocialProfile(c.AdditionalAttributes) {
		return "lead"
	}
	return kind
}

// hasSocialProfile tells whether an attribute social_* holds something: not
// null, false, blank or empty (server).
func hasSocialProfile(attributes core.JSON) bool {
	if !strings.Contains(string(attributes), `"social_`) {
		return false
	}
	var members map[string]any
	if json.Unmarshal([]byte(attributes), &members) != nil {
		return false
	}
	for name, value := range members {
		if strings.HasPrefix(name, "social_") && present(value) {
			return true
		}
	}
	return false
}

// present tells whether a decoded JSON value holds something.
func present(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return strings.TrimSpace(v) != ""
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

// deletedTexts is what stands in place of a deleted message, by language
// (server: a fixed text in the account's language. The wording of en and pt is
// the server's, that of the others ours).
var deletedTexts = map[string]string{
	"ar": "تم حذف هذه الرسالة",
	"de": "Diese Nachricht wurde gelöscht",
	"en": "This message was deleted",
	"es": "Este mensaje fue eliminado",
	"fr": "Ce message a été supprimé",
	"he": "ההודעה נמחקה",
	"it": "Questo messaggio è stato eliminato",
	"pt": "Esta mensagem foi excluída",
}

// deletedText returns the text for a locale such as pt_BR; English where the
// language is not known.
func deletedText(locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if text, ok := deletedTexts[language]; ok {
		return text
	}
	return deletedTexts["en"]
}
