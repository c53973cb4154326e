package event

import (
	"fmt"

	"parley/internal/core"
)

// side is a side of a conversation as text.
type side core.Side

// MarshalText implements encoding.TextMarshaler.
func (s side) MarshalText() ([]byte, error) {
	switch core.Side(s) {
	case core.ContactSide:
		return []byte("contact"), nil
	case core.AgentSide:
		return []byte("agent"), nil
	}
	return nil, fmt.Errorf("%d is no side", s)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *side) UnmarshalText(text []byte) error {
	switch string(text) {
	case "contact":
		*s = side(core.ContactSide)
	case "agent":
		*s = side(core.AgentSide)
	default:
		return fmt.Errorf("%q is no side", text)
	}
	return nil
}

type actor struct {
	Type       core.ActorType `json:"type,omitempty"`
	ID         int64          `json:"id,omitempty"`
	IdentityID int64          `json:"identity_id,omitempty"`
}

// conversation adds to the fields what they cannot write down themselves.
type conversation struct {
	conversationFields
	OpenedBy side `json:"opened_by"`
}

func fromConversation(v core.Conversation) conversation {
	return conversation{conversationFields: conversationFields(v), OpenedBy: side(v.OpenedBy)}
}

func (w *conversation) record() core.Conversation {
	v := core.Conversation(w.conversationFields)
	v.OpenedBy = core.Side(w.OpenedBy)
	return v
}

// entry adds to the fields what they cannot write down themselves.
type entry struct {
	entryFields
	Sender actor `json:"sender"`
}

func fromEntry(v core.Entry) entry {
	return entry{entryFields: entryFields(v), Sender: actor(v.Sender)}
}

func (w *entry) record() core.Entry {
	v := core.Entry(w.entryFields)
	v.Sender = core.Actor(w.Sender)
	return v
}

type conversationChange struct {
	Conversation conversation `json:"conversation"`
	Changed      []string     `json:"changed,omitempty"`
	Cause        string       `json:"cause,omitempty"`
	FromInboxID  int64        `json:"from_inbox_id,omitempty"`
	Before       before       `json:"before,omitzero"`
}

type before struct {
	Status               core.Status `json:"status,omitempty"`
	SnoozedUntil         core.Time   `json:"snoozed_until,omitempty"`
	Priority             string      `json:"priority,omitempty"`
	AssigneeID           int64       `json:"assignee_id,omitempty"`
	AssigneeBotID        int64       `json:"assignee_bot_id,omitempty"`
	TeamID               int64       `json:"team_id,omitempty"`
	LabelIDs             []int64     `json:"label_ids,omitempty"`
	CustomAttributes     core.JSON   `json:"custom_attributes,omitempty"`
	AdditionalAttributes core.JSON   `json:"additional_attributes,omitempty"`
	UpdatedAt            core.Time   `json:"updated_at,omitempty"`
}

func fromConversationChange(v core.ConversationChange) *conversationChange {
	return &conversationChange{
		Conversation: fromConversation(v.Conversation), Changed: v.Changed, Cause: v.Cause, FromInboxID: v.FromInboxID, Before: before(v.Before),
	}
}

func (w *conversationChange) core() core.EventData {
	return core.ConversationChange{
		Conversation: w.Conversation.record(), Changed: w.Changed, Cause: w.Cause, FromInboxID: w.FromInboxID, Before: core.Before(w.Before),
	}
}

type entryChange struct {
	Entry        entry        `json:"entry"`
	Attachments  []attachment `json:"attachments,omitempty"`
	Conversation conversation `json:"conversation"`
}

func fromEntryChange(v core.EntryChange) *entryChange {
	w := &entryChange{Entry: fromEntry(v.Entry), Conversation: fromConversation(v.Conversation)}
	for _, a := range v.Attachments {
		w.Attachments = append(w.Attachments, attachment(a))
	}
	return w
}

func (w *entryChange) core() core.EventData {
	v := core.EntryChange{Entry: w.Entry.record(), Conversation: w.Conversation.record()}
	for _, a := range w.Attachments {
		v.Attachments = append(v.Attachments, core.Attachment(a))
	}
	return v
}

type readChange struct {
	Reader       side         `json:"reader"`
	AgentID      int64        `json:"agent_id,omitempty"`
	Cursor       *readCursor  `json:"cursor,omitempty"`
	Marked       bool         `json:"marked,omitempty"`
	FromSeq      int64        `json:"from_seq,omitempty"`
	Conversation conversation `json:"conversation"`
}

func fromReadChange(v core.ReadChange) *readChange {
	w := &readChange{Reader: side(v.Reader), AgentID: v.AgentID, Marked: v.Marked, FromSeq: v.FromSeq, Conversation: fromConversation(v.Conversation)}
	if v.Cursor != nil {
		cursor := readCursor(*v.Cursor)
		w.Cursor = &cursor
	}
	return w
}

func (w *readChange) core() core.EventData {
	v := core.ReadChange{Reader: core.Side(w.Reader), AgentID: w.AgentID, Marked: w.Marked, FromSeq: w.FromSeq, Conversation: w.Conversation.record()}
	if w.Cursor != nil {
		cursor := core.ReadCursor(*w.Cursor)
		v.Cursor = &cursor
	}
	return v
}

type imported struct {
	Account account `json:"account"`
	Records int64   `json:"records"`
}

func fromImport(v core.Import) *imported {
	return &imported{Account: account(v.Account), Records: v.Records}
}

func (w *imported) core() core.EventData {
	return core.Import{Account: core.Account(w.Account), Records: w.Records}
}

type conversationFields struct {
	ID                   int64       `json:"id"`
	UUID                 string      `json:"uuid,omitempty"`
	AccountID            int64       `json:"account_id,omitempty"`
	DisplayID            int64       `json:"display_id,omitempty"`
	InboxID              int64       `json:"inbox_id,omitempty"`
	SubInboxID           int64       `json:"sub_inbox_id,omitempty"`
	ContactID            int64       `json:"contact_id,omitempty"`
	IdentityID           int64       `json:"identity_id,omitempty"`
	ContactInboxID       int64       `json:"contact_inbox_id,omitempty"`
	Status               core.Status `json:"status,omitempty"`
	StatusCode           int64       `json:"status_code,omitempty"`
	ArchivedAt           core.Time   `json:"archived_at,omitempty"`
	Priority             string      `json:"priority,omitempty"`
	Subject              string      `json:"subject,omitempty"`
	OpenedBy             core.Side   `json:"-"` // see conversation
	ExternalID           string      `json:"external_id,omitempty"`
	LabelIDs             []int64     `json:"label_ids,omitempty"`
	AssigneeID           int64       `json:"assignee_id,omitempty"`
	LastAssigneeID       int64       `json:"last_assignee_id,omitempty"`
	AssigneeBotID        int64       `json:"assignee_bot_id,omitempty"`
	OwnerID              int64       `json:"owner_id,omitempty"`
	BotID                int64       `json:"bot_id,omitempty"`
	TeamID               int64       `json:"team_id,omitempty"`
	ParticipantIDs       []int64     `json:"participant_ids,omitempty"`
	CustomAttributes     core.JSON   `json:"custom_attributes,omitempty"`
	AdditionalAttributes core.JSON   `json:"additional_attributes,omitempty"`
	Ext                  core.JSON   `json:"ext,omitempty"`
	PrimaryMessageID     int64       `json:"primary_message_id,omitempty"`
	SnoozedUntil         core.Time   `json:"snoozed_until,omitempty"`
	ContactLastSeenAt    core.Time   `json:"contact_last_seen_at,omitempty"`
	AgentLastSeenAt      core.Time   `json:"agent_last_seen_at,omitempty"`
	CreatedAt            core.Time   `json:"created_at,omitempty"`
	LastPosition         int64       `json:"last_position,omitempty"`
	MessageCount         int64       `json:"message_count,omitempty"`
	LastMessageID        int64       `json:"last_message_id,omitempty"`
	LastListedID         int64       `json:"last_listed_id,omitempty"`
	AgentSeq             int64       `json:"agent_seq,omitempty"`
	ContactSeq           int64       `json:"contact_seq,omitempty"`
	ContactCursor        int64       `json:"contact_cursor,omitempty"`
	AgentCursor          int64       `json:"agent_cursor,omitempty"`
	ContactReadID        int64       `json:"contact_read_id,omitempty"`
	AgentReadID          int64       `json:"agent_read_id,omitempty"`
	FirstResponseAt      core.Time   `json:"first_response_at,omitempty"`
	LastResponseAt       core.Time   `json:"last_response_at,omitempty"`
	ClosedAt             core.Time   `json:"closed_at,omitempty"`
	WaitingSince         core.Time   `json:"waiting_since,omitempty"`
	LastMessageAt        core.Time   `json:"last_message_at,omitempty"`
	LastActivityAt       core.Time   `json:"last_activity_at,omitempty"`
	CustomerUpdatedAt    core.Time   `json:"customer_updated_at,omitempty"`
	UpdatedAt            core.Time   `json:"updated_at,omitempty"`
}

type entryFields struct {
	ID                int64          `json:"id"`
	UUID              string         `json:"uuid,omitempty"`
	AccountID         int64          `json:"account_id,omitempty"`
	ConversationID    int64          `json:"conversation_id,omitempty"`
	Position          int64          `json:"position,omitempty"`
	Kind              core.EntryKind `json:"kind,omitempty"`
	Sender            core.Actor     `json:"-"` // see entry
	Origin            core.Origin    `json:"origin,omitempty"`
	Listed            bool           `json:"listed,omitempty"`
	Counts            bool           `json:"counts,omitempty"`
	AgentSeq          int64          `json:"agent_seq,omitempty"`
	ContactSeq        int64          `json:"contact_seq,omitempty"`
	Content           string         `json:"content,omitempty"`
	ContentType       string         `json:"content_type,omitempty"`
	ContentAttributes core.JSON      `json:"content_attributes,omitempty"`
	Ext               core.JSON      `json:"ext,omitempty"`
	ExternalID        string         `json:"external_id,omitempty"`
	DeliveryStatus    string         `json:"delivery_status,omitempty"`
	AttachmentCount   int64          `json:"attachment_count,omitempty"`
	Code              string         `json:"code,omitempty"`
	Params            core.JSON      `json:"params,omitempty"`
	DeletedAt         core.Time      `json:"deleted_at,omitempty"`
	CreatedAt         core.Time      `json:"created_at,omitempty"`
	UpdatedAt         core.Time      `json:"updated_at,omitempty"`
}

type attachment struct {
	ID              int64     `json:"id"`
	AccountID       int64     `json:"account_id,omitempty"`
	ConversationID  int64     `json:"conversation_id,omitempty"`
	MessageID       int64     `json:"message_id,omitempty"`
	FileType        string    `json:"file_type,omitempty"`
	Name            string    `json:"name,omitempty"`
	URL             string    `json:"url,omitempty"`
	Path            string    `json:"path,omitempty"`
	MIME            string    `json:"mime,omitempty"`
	SizeBytes       int64     `json:"size_bytes,omitempty"`
	Width           int64     `json:"width,omitempty"`
	Height          int64     `json:"height,omitempty"`
	ThumbnailURL    string    `json:"thumbnail_url,omitempty"`
	Latitude        float64   `json:"latitude,omitempty"`
	Longitude       float64   `json:"longitude,omitempty"`
	FallbackTitle   string    `json:"fallback_title,omitempty"`
	TranscribedText string    `json:"transcribed_text,omitempty"`
	Meta            core.JSON `json:"meta,omitempty"`
	CreatedAt       core.Time `json:"created_at,omitempty"`
}

type readCursor struct {
	AccountID      int64 `json:"account_id,omitempty"`
	ConversationID int64 `json:"conversation_id,omitempty"`
	AgentID        int64 `json:"agent_id,omitempty"`
	EntryID        int64 `json:"entry_id,omitempty"`
	Seq            int64 `json:"seq,omitempty"`
}
