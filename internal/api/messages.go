package api

import (
	"cmp"
	"context"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// Message is a message, a note or an activity of a conversation.
type Message struct {
	ID                int64          `json:"id"`
	UUID              string         `json:"uuid"`
	ConversationID    int64          `json:"conversation_id"`
	Position          Shown[int64]   `json:"position,omitzero" doc:"Where it stands in the conversation, from 1 without a gap."`
	Kind              string         `json:"kind" enum:"message,note,activity" doc:"Customers are shown messages only."`
	Sender            Sender         `json:"sender"`
	Origin            Shown[*string] `json:"origin,omitzero" doc:"person, bot, automation, template, campaign or channel; null for activities."`
	Content           string         `json:"content" doc:"Empty for a deleted one."`
	ContentType       string         `json:"content_type"`
	ContentAttributes Object         `json:"content_attributes"`
	Attachments       []Attachment   `json:"attachments"`
	ExternalID        Shown[*string] `json:"external_id,omitzero" doc:"What the channel that brought it calls it."`
	Counts            Shown[bool]    `json:"counts,omitzero" doc:"Whether it counts as unread for the other side."`
	DeliveryStatus    string         `json:"delivery_status" enum:"sent,delivered,read,failed"`
	Code              Shown[*string] `json:"code,omitzero" doc:"Of an activity: what was done."`
	Params            Shown[Object]  `json:"params,omitzero" doc:"Of an activity: with what."`
	Edited            bool           `json:"edited"`
	DeletedAt         *Time          `json:"deleted_at" nullable:"true"`
	CreatedAt         Time           `json:"created_at"`
	UpdatedAt         Time           `json:"updated_at"`
}

// Attachment is a file, a place or a card that a message carries.
type Attachment struct {
	ID              int64    `json:"id"`
	FileType        string   `json:"file_type" doc:"image, audio, video, file, location, fallback, contact ..."`
	Name            *string  `json:"name"`
	URL             *string  `json:"url"`
	MIME            *string  `json:"mime"`
	SizeBytes       *int64   `json:"size_bytes"`
	Width           *int64   `json:"width" doc:"In pixels."`
	Height          *int64   `json:"height"`
	ThumbnailURL    *string  `json:"thumbnail_url"`
	Latitude        *float64 `json:"latitude"`
	Longitude       *float64 `json:"longitude"`
	FallbackTitle   *string  `json:"fallback_title"`
	TranscribedText *string  `json:"transcribed_text"`
	Meta            Object   `json:"meta"`
}

// toMessage shows a line.
func toMessage(v view, l *core.Line) Message {
	e := &l.Entry
	m := Message{
		ID: e.ID, UUID: e.UUID, ConversationID: e.ConversationID, Position: forStaff(v, e.Position), Kind: string(e.Kind),
		Sender: toSender(v, l), Origin: forStaff(v, orNull(string(e.Origin))),
		Content: e.Text(), ContentType: cmp.Or(e.ContentType, "text"), ContentAttributes: Object(e.ContentAttributes),
		Attachments: []Attachment{}, ExternalID: forStaff(v, orNull(e.ExternalID)), Counts: forStaff(v, e.Counts),
		DeliveryStatus: cmp.Or(e.DeliveryStatus, "sent"), Code: forStaff(v, orNull(e.Code)), Params: forStaff(v, Object(e.Params)),
		Edited:    !e.IsDeleted() && e.UpdatedAt > e.CreatedAt,
		DeletedAt: timeOrNull(e.DeletedAt), CreatedAt: Time(e.CreatedAt), UpdatedAt: Time(e.UpdatedAt),
	}
	if e.IsDeleted() { // a tombstone shows nothing that was said
		m.ContentAttributes = ""
		return m
	}
	for i := range l.Attachments {
		m.Attachments = append(m.Attachments, toAttachment(&l.Attachments[i]))
	}
	return m
}

func toAttachment(a *core.Attachment) Attachment {
	shown := Attachment{
		ID: a.ID, FileType: a.FileType, Name: orNull(a.Name), URL: orNull(a.URL), MIME: orNull(a.MIME), SizeBytes: orNull(a.SizeBytes),
		Width: orNull(a.Width), Height: orNull(a.Height), ThumbnailURL: orNull(a.ThumbnailURL),
		FallbackTitle: orNull(a.FallbackTitle), TranscribedText: orNull(a.TranscribedText), Meta: Object(a.Meta),
	}
	if a.Latitude != 0 || a.Longitude != 0 {
		shown.Latitude, shown.Longitude = &a.Latitude, &a.Longitude
	}
	return shown
}

// MessageInput is what a message or a note is made of.
type MessageInput struct {
	Kind              *string           `json:"kind,omitempty" enum:"message,note" doc:"message without it."`
	Content           string            `json:"content,omitempty" maxLength:"262144" doc:"Needed without attachments."`
	ContentType       *string           `json:"content_type,omitempty" maxLength:"100" doc:"text without it."`
	ContentAttributes *Object           `json:"content_attributes,omitempty"`
	Attachments       []AttachmentInput `json:"attachments,omitempty" maxItems:"20" doc:"Files that were uploaded."`
	ExternalID        *string           `json:"external_id,omitempty" minLength:"1" maxLength:"255" doc:"What the channel that brought it calls it: one that the inbox knows already is not stored again, and answers with the message of then."`
	Counts            *bool             `json:"counts,omitempty" doc:"Whether it is to count as unread; true without it. For accounts' tokens."`
	Sender            *SenderInput      `json:"sender,omitempty" doc:"Who says it; an account's token must say."`
}

// MessagePatch is a change of a message or a note.
type MessagePatch struct {
	Content string       `json:"content" maxLength:"262144"`
	Sender  *SenderInput `json:"sender,omitempty" doc:"Who does it; without it the token's agent, or the system."`
}

// ByMessage names a message in the path.
type ByMessage struct {
	ByRef
	Message string `path:"message" maxLength:"64" doc:"The message's id or UUID."`
}

func (a *API) messageOperations() {
	const tag, one = "Messages", "/v1/conversations/{id}/messages/{message}"
	n := names{fields: map[string]string{"actor": "sender", "files": "attachments", "upload_id": "attachments", "entry": "content"}}
	read(a, op{path: "/v1/conversations/{id}/messages", id: "listMessages", tag: tag, summary: "List what was said, newest first", customers: true}, a.listMessages)
	create(a, op{
		path: "/v1/conversations/{id}/messages", id: "createMessage", tag: tag, summary: "Say something", customers: true, forms: jsonOrFiles, names: n,
	}, a.createMessage)
	read(a, op{path: one, id: "getMessage", tag: tag, summary: "Read a message", customers: true}, a.getMessage)
	update(a, op{method: "PATCH", path: one, id: "updateMessage", tag: tag, summary: "Say it otherwise", names: n}, a.updateMessage)
	remove(a, op{path: one, id: "deleteMessage", tag: tag, summary: "Take a message back", names: n}, a.deleteMessage)
}

// entryRecord is what If-Match holds a message against.
func entryRecord(e *core.Entry) core.EventData { return core.EntryChange{Entry: *e} }

func showMessage(c *caller, l *core.Line, err error) (reply[Message], error) {
	if err != nil {
		return reply[Message]{}, err
	}
	return reply[Message]{
		body: toMessage(c.view(), l), record: entryRecord(&l.Entry), more: true,
		location: address(address("/v1/conversations/", l.Entry.ConversationID)+"/messages/", l.Entry.ID),
	}, nil
}

// createMessage serves POST /v1/conversations/{id}/messages.
func (a *API) createMessage(ctx context.Context, c *caller, in *struct {
	ByRef
	Body MessageInput
},
) (reply[Message], error) {
	b := &in.Body
	t, err := a.threadWith(ctx, c, in.Ref, spokenParts)
	if err != nil {
		return reply[Message]{}, err
	}
	by, err := c.sender(b.Sender, true)
	if err != nil {
		return reply[Message]{}, err
	}
	if err := b.check(c); err != nil {
		return reply[Message]{}, err
	}
	line := conversation.NewEntry{
		ConversationID: t.Conversation.ID, Kind: core.EntryKind(cmp.Or(valueOf(b.Kind), string(core.Message))), Sender: by,
		Content: b.Content, ContentType: valueOf(b.ContentType), Attributes: core.JSON(valueOf(b.ContentAttributes)),
		Uncounted: b.Counts != nil && !*b.Counts, ExternalID: valueOf(b.ExternalID), Repeat: c.again,
	}
	if line.Files, err = a.attached(c, b.Attachments); err != nil {
		return reply[Message]{}, err
	}
	if line.Content == "" && len(line.Files) == 0 {
		return reply[Message]{}, core.Refuse("content", "it is needed")
	}
	made, err := a.writes.Append(ctx, c.AccountID, line)
	if err != nil {
		return reply[Message]{}, err
	}
	if made.ConversationID != t.Conversation.ID {
		return reply[Message]{}, &core.Error{Kind: core.Conflict, Field: "external_id", Message: "the external_id is of a message of another conversation"}
	}
	l, err := a.conversations.Line(ctx, &t, made.ID)
	return showMessage(c, &l, err)
}

// check refuses what is not the caller's to say.
func (b *MessageInput) check(c *caller) error {
	for member, refused := range map[string]bool{
		"kind":        c.Customer != nil && valueOf(b.Kind) == string(core.Note),
		"external_id": c.Customer != nil && b.ExternalID != nil,
		"counts":      !c.isAccount() && b.Counts != nil,
	} {
		if refused {
			return &core.Error{Kind: core.Forbidden, Field: member, Message: "the caller does not set it"}
		}
	}
	return c.mayWrite(b.ContentType)
}

// mayWrite refuses a type of content that is not the caller's: customers write
// texts, and no forms, cards or mails that clients show as such.
func (c *caller) mayWrite(contentType *string) error {
	if t := valueOf(contentType); c.Customer != nil && t != "" && t != "text" && t != "markdown" {
		return &core.Error{Kind: core.Forbidden, Field: "content_type", Message: "customers write text and markdown"}
	}
	return nil
}

// firstMessage says what a conversation is to begin with.
func (a *API) firstMessage(_ context.Context, c *caller, b *FirstMessage) (*conversation.NewEntry, error) {
	if err := c.mayWrite(b.ContentType); err != nil {
		return nil, err
	}
	files, err := a.attached(c, b.Attachments)
	if err != nil {
		return nil, err
	}
	if b.Content == "" && len(files) == 0 {
		return nil, core.Refuse("message/content", "it is needed")
	}
	return &conversation.NewEntry{
		Content: b.Content, ContentType: valueOf(b.ContentType), Attributes: core.JSON(valueOf(b.ContentAttributes)), Files: files,
	}, nil
}

// message returns the conversation and the message that a path names.
func (a *API) message(ctx context.Context, c *caller, in *ByMessage) (core.Thread, core.Line, error) {
	t, err := a.threadWith(ctx, c, in.Ref, spokenParts)
	if err != nil {
		return core.Thread{}, core.Line{}, err
	}
	l, err := a.line(ctx, c, &t, in.Message)
	return t, l, err
}

// getMessage serves GET /v1/conversations/{id}/messages/{message}.
func (a *API) getMessage(ctx context.Context, c *caller, in *ByMessage) (reply[Message], error) {
	_, l, err := a.message(ctx, c, in)
	return showMessage(c, &l, err)
}

// updateMessage serves PATCH /v1/conversations/{id}/messages/{message}.
func (a *API) updateMessage(ctx context.Context, c *caller, in *struct {
	ByMessage
	Body MessagePatch
},
) (reply[Message], error) {
	t, l, err := a.message(ctx, c, &in.ByMessage)
	if err != nil {
		return reply[Message]{}, err
	}
	by, err := c.sender(in.Body.Sender, false)
	if err != nil {
		return reply[Message]{}, err
	}
	if in.Body.Content == "" && l.Entry.AttachmentCount == 0 {
		return reply[Message]{}, core.Refuse("content", "it is needed")
	}
	revision := conversation.Revision{ConversationID: t.Conversation.ID, EntryID: l.Entry.ID, Actor: by, If: unchangedAs(c, entryRecord)}
	if _, err := a.writes.EditMessage(ctx, c.AccountID, revision, in.Body.Content); err != nil {
		return reply[Message]{}, err
	}
	l, err = a.conversations.Line(ctx, &t, l.Entry.ID)
	return showMessage(c, &l, err)
}

// deleteMessage serves DELETE /v1/conversations/{id}/messages/{message}.
func (a *API) deleteMessage(ctx context.Context, c *caller, in *ByMessage) error {
	t, l, err := a.message(ctx, c, in)
	if err != nil {
		return err
	}
	_, err = a.writes.DeleteMessage(ctx, c.AccountID, conversation.Revision{
		ConversationID: t.Conversation.ID, EntryID: l.Entry.ID, Actor: c.actor(), If: unchangedAs(c, entryRecord),
	})
	return err
}
