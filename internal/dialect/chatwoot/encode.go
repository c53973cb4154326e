package chatwoot

import (
	"bytes"

	"parley/internal/core"
	"parley/internal/httpx"
)

// The appenders write the structs of wire.go by hand: the list is the dialect's
// hottest body, and its messages stream. A test holds each against
// encoding/json's output of the same value, with SetEscapeHTML(false).

// appendConversationHead writes a conversation up to the opening bracket of
// its messages.
func appendConversationHead(b []byte, c *conversationBody) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendInt(b, c.ID)
	b = append(b, `,"uuid":`...)
	b = httpx.AppendString(b, c.UUID)
	b = append(b, `,"inbox_id":`...)
	b = httpx.AppendInt(b, c.InboxID)
	b = append(b, `,"contact_last_seen_at":`...)
	b = httpx.AppendInt(b, c.ContactLastSeenAt)
	b = append(b, `,"status":`...)
	b = httpx.AppendString(b, c.Status)
	b = append(b, `,"agent_last_seen_at":`...)
	b = httpx.AppendInt(b, c.AgentLastSeenAt)
	return append(b, `,"messages":[`...)
}

// appendConversationTail closes the messages and adds the contact.
func appendConversationTail(b []byte, c *contactBody) []byte {
	b = append(b, `],"contact":`...)
	b = appendContact(b, c)
	return append(b, '}')
}

func appendMessage(b []byte, m *messageBody) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendInt(b, m.ID)
	b = append(b, `,"content":`...)
	b = httpx.AppendStringOrNull(b, string(m.Content))
	b = append(b, `,"message_type":`...)
	b = httpx.AppendInt(b, m.MessageType)
	b = append(b, `,"content_type":`...)
	b = httpx.AppendString(b, m.ContentType)
	b = append(b, `,"content_attributes":`...)
	b = appendObject(b, m.ContentAttributes)
	b = append(b, `,"created_at":`...)
	b = httpx.AppendInt(b, m.CreatedAt)
	b = append(b, `,"conversation_id":`...)
	b = httpx.AppendInt(b, m.ConversationID)
	for i, a := range m.Attachments {
		if i == 0 {
			b = append(b, `,"attachments":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendAttachment(b, a)
	}
	if len(m.Attachments) > 0 {
		b = append(b, ']')
	}
	if m.Sender != nil {
		b = append(b, `,"sender":`...)
		b = appendSender(b, m.Sender)
	}
	return append(b, '}')
}

// appendSender writes any of the sender types.
func appendSender(b []byte, sender any) []byte {
	switch s := sender.(type) {
	case *contactSender:
		return appendContactSender(b, s)
	case *userSender:
		b = appendSenderHead(b, s.ID, s.Name)
		b = append(b, `,"avatar_url":`...)
		b = httpx.AppendString(b, s.AvatarURL)
		b = append(b, `,"thumbnail":`...)
		b = httpx.AppendString(b, s.Thumbnail)
		b = appendType(b, s.Type)
		b = append(b, `,"available_name":`...)
		b = httpx.AppendString(b, s.AvailableName)
		return append(b, `,"availability_status":null}`...)
	case *botSender:
		b = appendSenderHead(b, s.ID, s.Name)
		b = append(b, `,"avatar_url":`...)
		b = httpx.AppendString(b, s.AvatarURL)
		b = appendType(b, s.Type)
		return append(b, '}')
	case *assistantSender:
		b = appendSenderHead(b, s.ID, s.Name)
		b = append(b, `,"avatar_url":`...)
		b = httpx.AppendString(b, s.AvatarURL)
		b = appendType(b, s.Type)
		b = append(b, `,"description":`...)
		b = httpx.AppendStringOrNull(b, string(s.Description))
		b = append(b, `,"created_at":`...)
		b = appendTime(b, s.CreatedAt)
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendSenderHead writes what every sender begins with.
func appendSenderHead(b []byte, id int64, name string) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendInt(b, id)
	b = append(b, `,"name":`...)
	return httpx.AppendString(b, name)
}

func appendType(b []byte, t string) []byte {
	b = append(b, `,"type":`...)
	return httpx.AppendString(b, t)
}

func appendContactSender(b []byte, s *contactSender) []byte {
	b = appendSenderHead(b, s.ID, s.Name)
	b = append(b, `,"thumbnail":`...)
	b = httpx.AppendString(b, s.Thumbnail)
	b = appendType(b, s.Type)
	b = append(b, `,"email":`...)
	b = httpx.AppendStringOrNull(b, string(s.Email))
	b = append(b, `,"phone_number":`...)
	b = httpx.AppendStringOrNull(b, string(s.PhoneNumber))
	b = append(b, `,"identifier":`...)
	b = httpx.AppendStringOrNull(b, string(s.Identifier))
	b = append(b, `,"blocked":`...)
	b = httpx.AppendBool(b, s.Blocked)
	b = append(b, `,"additional_attributes":`...)
	b = appendObject(b, s.AdditionalAttributes)
	b = append(b, `,"custom_attributes":`...)
	b = appendObject(b, s.CustomAttributes)
	return append(b, '}')
}

// appendAttachment writes any of the attachment types.
func appendAttachment(b []byte, attachment any) []byte {
	switch a := attachment.(type) {
	case *fileAttachment:
		b = appendFile(b, a)
	case *audioAttachment:
		b = appendFile(b, &a.fileAttachment)
		b = append(b, `,"transcribed_text":`...)
		b = httpx.AppendString(b, a.TranscribedText)
	case *locationAttachment:
		b = appendAttachmentHead(b, &a.attachmentHead)
		b = appendDataURL(b, a.DataURL)
		b = append(b, `,"coordinates_lat":`...)
		b = appendDecimal(b, a.CoordinatesLat)
		b = append(b, `,"coordinates_long":`...)
		b = appendDecimal(b, a.CoordinatesLong)
		b = appendFallbackTitle(b, a.FallbackTitle)
	case *fallbackAttachment:
		b = appendAttachmentHead(b, &a.attachmentHead)
		b = appendDataURL(b, a.DataURL)
		b = appendFallbackTitle(b, a.FallbackTitle)
	case *contactAttachment:
		b = appendAttachmentHead(b, &a.attachmentHead)
		b = appendFallbackTitle(b, a.FallbackTitle)
		b = append(b, `,"meta":`...)
		b = appendObject(b, a.Meta)
	case *embedAttachment:
		b = appendAttachmentHead(b, &a.attachmentHead)
		b = appendDataURL(b, a.DataURL)
	default:
		return append(b, "null"...)
	}
	return append(b, '}')
}

func appendAttachmentHead(b []byte, a *attachmentHead) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendInt(b, a.ID)
	b = append(b, `,"message_id":`...)
	b = httpx.AppendInt(b, a.MessageID)
	b = append(b, `,"file_type":`...)
	b = httpx.AppendString(b, a.FileType)
	b = append(b, `,"account_id":`...)
	return httpx.AppendInt(b, a.AccountID)
}

func appendDataURL(b []byte, url nullString) []byte {
	b = append(b, `,"data_url":`...)
	return httpx.AppendStringOrNull(b, string(url))
}

func appendFallbackTitle(b []byte, title nullString) []byte {
	b = append(b, `,"fallback_title":`...)
	return httpx.AppendStringOrNull(b, string(title))
}

// appendFile writes a stored file without its closing brace.
func appendFile(b []byte, a *fileAttachment) []byte {
	b = appendAttachmentHead(b, &a.attachmentHead)
	b = append(b, `,"extension":null,"data_url":`...)
	b = httpx.AppendString(b, a.DataURL)
	b = append(b, `,"thumb_url":`...)
	b = httpx.AppendString(b, a.ThumbURL)
	b = append(b, `,"file_size":`...)
	b = httpx.AppendInt(b, a.FileSize)
	b = append(b, `,"width":`...)
	b = httpx.AppendIntOrNull(b, int64(a.Width))
	b = append(b, `,"height":`...)
	return httpx.AppendIntOrNull(b, int64(a.Height))
}

func appendContact(b []byte, c *contactBody) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendInt(b, c.ID)
	b = append(b, `,"name":`...)
	b = httpx.AppendString(b, c.Name)
	b = append(b, `,"email":`...)
	b = httpx.AppendStringOrNull(b, string(c.Email))
	b = append(b, `,"phone_number":`...)
	b = httpx.AppendStringOrNull(b, string(c.PhoneNumber))
	b = append(b, `,"identifier":`...)
	b = httpx.AppendStringOrNull(b, string(c.Identifier))
	b = append(b, `,"blocked":`...)
	b = httpx.AppendBool(b, c.Blocked)
	b = append(b, `,"additional_attributes":`...)
	b = appendObject(b, c.AdditionalAttributes)
	b = append(b, `,"custom_attributes":`...)
	b = appendObject(b, c.CustomAttributes)
	b = append(b, `,"contact_type":`...)
	b = httpx.AppendString(b, c.ContactType)
	b = append(b, `,"country_code":`...)
	b = httpx.AppendStringOrNull(b, string(c.CountryCode))
	b = append(b, `,"last_activity_at":`...)
	b = appendTime(b, c.LastActivityAt)
	b = append(b, `,"created_at":`...)
	b = appendTime(b, c.CreatedAt)
	b = append(b, `,"updated_at":`...)
	b = appendTime(b, c.UpdatedAt)
	b = append(b, `,"last_name":`...)
	b = httpx.AppendString(b, c.LastName)
	b = append(b, `,"middle_name":`...)
	b = httpx.AppendString(b, c.MiddleName)
	b = append(b, `,"location":`...)
	b = httpx.AppendStringOrNull(b, string(c.Location))
	b = append(b, `,"account_id":`...)
	b = httpx.AppendInt(b, c.AccountID)
	b = append(b, `,"company_id":`...)
	b = httpx.AppendIntOrNull(b, int64(c.CompanyID))
	b = append(b, `,"label_list":[`...)
	for i, title := range c.LabelList {
		if i > 0 {
			b = append(b, ',')
		}
		b = httpx.AppendString(b, title)
	}
	return append(b, `]}`...)
}

func appendErrorBody(b []byte, e errorBody) []byte {
	b = append(b, `{"status":`...)
	b = httpx.AppendInt(b, int64(e.Status))
	b = append(b, `,"error":`...)
	b = httpx.AppendString(b, e.Error)
	return append(b, '}')
}

func appendRefusal(b []byte, r refusal) []byte {
	b = append(b, `{"error":`...)
	b = httpx.AppendString(b, r.Error)
	return append(b, '}')
}

func appendObject(b []byte, o object) []byte { return append(b, core.JSON(o).Or("{}")...) }

// isoMillis is the layout of a nullTime.
const isoMillis = "2006-01-02T15:04:05.000Z"

func appendTime(b []byte, t nullTime) []byte {
	at := core.Time(t)
	if !at.IsSet() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = at.Std().AppendFormat(b, isoMillis)
	return append(b, '"')
}

func appendDecimal(b []byte, d decimal) []byte {
	begin := len(b)
	b = httpx.AppendFloat(b, float64(d))
	if !bytes.ContainsAny(b[begin:], ".e") {
		b = append(b, ".0"...)
	}
	return b
}
