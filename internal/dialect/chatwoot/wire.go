package chatwoot

import "parley/internal/core"

// The bodies of this dialect. Fields stand in the order in which they are
// sent, which is the seed's everywhere: where a kind of sender or attachment
// has some of the keys of the seed's page only, those keep their order.
// encode.go writes them; the tags are what a test compares it with.

// object is a JSON object, sent as it was stored; {} when there is none
// (server).
type object core.JSON

// nullString is a text that is null when it is "" (server: such columns hold
// null, never "").
type nullString string

// nullInt is a number that is null when it is 0.
type nullInt int64

// nullTime is null when unset, else a time as a raw record prints it: ISO 8601,
// UTC, milliseconds, truncated (server).
type nullTime core.Time

// decimal is a number that always shows a fraction: 57.0, not 57 (server: a
// column of floats).
type decimal float64

// conversationBody is an element of the list.
type conversationBody struct {
	ID                int64  `json:"id"`   // the number in the account, from 1 (seed, server)
	UUID              string `json:"uuid"` // in the letter case it was given in (ours)
	InboxID           int64  `json:"inbox_id"`
	ContactLastSeenAt int64  `json:"contact_last_seen_at"` // Unix seconds (seed); 0 = never (server)
	Status            string `json:"status"`               // open, resolved, pending or snoozed (seed)
	AgentLastSeenAt   int64  `json:"agent_last_seen_at"`   // as contact_last_seen_at
	// Messages are all public ones: neither notes nor activities (server), in
	// the conversation's own order (ours; server: by time). [] without any.
	Messages []messageBody `json:"messages"`
	Contact  contactBody   `json:"contact"` // the whole record (seed)
}

// messageBody is a message as contacts see it.
type messageBody struct {
	ID                int64      `json:"id"`
	Content           nullString `json:"content"`            // a fixed text when deleted (server)
	MessageType       int64      `json:"message_type"`       // typeIncoming, typeOutgoing or typeTemplate (server)
	ContentType       string     `json:"content_type"`       // text by default (server)
	ContentAttributes object     `json:"content_attributes"` // {"deleted":true} when deleted (server)
	CreatedAt         int64      `json:"created_at"`         // Unix seconds (seed)
	ConversationID    int64      `json:"conversation_id"`    // the conversation's id as above (server)
	// Attachments is one of the attachment types below for each; the key is
	// left out when there is none (server).
	Attachments []any `json:"attachments,omitempty"`
	// Sender is one of the sender types below; the key is left out when the
	// message has none (server) or its author is not known (ours).
	Sender any `json:"sender,omitempty"`
}

// The values of message_type (server: integers everywhere on REST; 2, an
// activity, never reaches a contact).
const (
	typeIncoming = 0 // from the contact
	typeOutgoing = 1 // from an agent, a bot, a campaign or automation
	typeTemplate = 3 // automatic: greeting, out of office, channel notices
)

// The values of sender.type (server; the seed's page shows contact). A sender
// has the keys of its type only; the seed's page shows the union.
const (
	senderTypeContact   = "contact"
	senderTypeUser      = "user"
	senderTypeBot       = "agent_bot"
	senderTypeAssistant = "captain_assistant"
)

// contactSender is the contact as an author (server: ten keys).
type contactSender struct {
	ID                   int64      `json:"id"`
	Name                 string     `json:"name"`
	Thumbnail            string     `json:"thumbnail"` // "" without a picture (server)
	Type                 string     `json:"type"`
	Email                nullString `json:"email"`
	PhoneNumber          nullString `json:"phone_number"`
	Identifier           nullString `json:"identifier"`
	Blocked              bool       `json:"blocked"`
	AdditionalAttributes object     `json:"additional_attributes"`
	CustomAttributes     object     `json:"custom_attributes"`
}

// userSender is a person of the team (server: seven keys).
type userSender struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	AvatarURL     string `json:"avatar_url"` // "" without a picture (server)
	Thumbnail     string `json:"thumbnail"`  // the same picture (server)
	Type          string `json:"type"`
	AvailableName string `json:"available_name"` // the display name, else the name (server)
	// AvailabilityStatus is always null: it is not told to contacts (server).
	AvailabilityStatus *struct{} `json:"availability_status"`
}

// botSender is a bot of the account (server: four keys).
type botSender struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	AvatarURL string `json:"avatar_url"`
	Type      string `json:"type"`
}

// assistantSender is the built-in assistant of a Chatwoot that a message was
// taken over from (server: six keys). See isAssistant.
type assistantSender struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	AvatarURL   string     `json:"avatar_url"`
	Type        string     `json:"type"`
	Description nullString `json:"description"`
	CreatedAt   nullTime   `json:"created_at"` // ISO, unlike the message's (server)
}

// attachmentHead is what every attachment begins with (server). The seed's
// page shows the union of the keys of all kinds.
type attachmentHead struct {
	ID        int64  `json:"id"`
	MessageID int64  `json:"message_id"`
	FileType  string `json:"file_type"`
	AccountID int64  `json:"account_id"`
}

// fileAttachment is a stored file: image, video, file, share, story_mention,
// ig_reel, ig_post, ig_story (server).
type fileAttachment struct {
	attachmentHead

	Extension *struct{} `json:"extension"` // always null (server: never filled)
	DataURL   string    `json:"data_url"`
	ThumbURL  string    `json:"thumb_url"` // "" unless an image (server)
	FileSize  int64     `json:"file_size"` // bytes
	Width     nullInt   `json:"width"`     // pixels; null while not known (server)
	Height    nullInt   `json:"height"`
}

// audioAttachment is a recording (server).
type audioAttachment struct {
	fileAttachment

	TranscribedText string `json:"transcribed_text"` // "" without one (server)
}

// locationAttachment is a place (server).
type locationAttachment struct {
	attachmentHead

	DataURL         nullString `json:"data_url"` // a link to a map
	CoordinatesLat  decimal    `json:"coordinates_lat"`
	CoordinatesLong decimal    `json:"coordinates_long"`
	FallbackTitle   nullString `json:"fallback_title"`
}

// fallbackAttachment is something that the channel could only name (server).
type fallbackAttachment struct {
	attachmentHead

	DataURL       nullString `json:"data_url"`
	FallbackTitle nullString `json:"fallback_title"`
}

// contactAttachment is a contact card (server).
type contactAttachment struct {
	attachmentHead

	FallbackTitle nullString `json:"fallback_title"`
	Meta          object     `json:"meta"`
}

// embedAttachment is a page shown in place (server).
type embedAttachment struct {
	attachmentHead

	DataURL nullString `json:"data_url"`
}

// contactBody is the whole record of a contact: the 19 keys of the seed. Types and
// nulls are the server's: it prints the row as it is, beside its labels.
type contactBody struct {
	ID                   int64      `json:"id"`
	Name                 string     `json:"name"` // "" when not known
	Email                nullString `json:"email"`
	PhoneNumber          nullString `json:"phone_number"` // E.164 with +
	Identifier           nullString `json:"identifier"`
	Blocked              bool       `json:"blocked"`
	AdditionalAttributes object     `json:"additional_attributes"`
	CustomAttributes     object     `json:"custom_attributes"`
	ContactType          string     `json:"contact_type"` // visitor, lead or customer
	CountryCode          nullString `json:"country_code"` // as stored (ours; server: from additional_attributes.country)
	LastActivityAt       nullTime   `json:"last_activity_at"`
	CreatedAt            nullTime   `json:"created_at"`
	UpdatedAt            nullTime   `json:"updated_at"`
	LastName             string     `json:"last_name"` // "" by default
	MiddleName           string     `json:"middle_name"`
	Location             nullString `json:"location"` // as stored (ours; server: from additional_attributes.city)
	AccountID            int64      `json:"account_id"`
	CompanyID            nullInt    `json:"company_id"`
	LabelList            []string   `json:"label_list"` // titles, in the order they were given; [] without any
}

// errorBody is the framework's default error: what is absent, malformed or
// broken (server).
type errorBody struct {
	Status int    `json:"status"`
	Error  string `json:"error"` // the status's name
}

// refusal is the body of a 401 (server: the widget's; see errHMAC).
type refusal struct {
	Error string `json:"error"`
}
