package chatwoot

import "encoding/json"

// The bodies of webhooks (server: they are in no published document). Fields
// stand in the order in which they are sent. encoding/json writes them.

// The names of events (server). Others of the server's have no like here, or are
// told while they last only: see README.md.
const (
	eventConversationCreated = "conversation_created"
	eventConversationUpdated = "conversation_updated"
	eventStatusChanged       = "conversation_status_changed"
	eventMessageCreated      = "message_created"
	eventMessageUpdated      = "message_updated"
	eventContactCreated      = "contact_created"
	eventContactUpdated      = "contact_updated"
	eventInboxCreated        = "inbox_created"
	eventInboxUpdated        = "inbox_updated"
	eventTested              = "webhook_tested" // ours
)

// namedBody is a thing with its name.
type namedBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// conversationPush is a conversation as sockets and webhooks tell of it (server:
// another form than that of lists).
type conversationPush struct {
	ID                   int64      `json:"id"` // the number in the account
	InboxID              int64      `json:"inbox_id"`
	Channel              string     `json:"channel"` // see channelName
	Status               string     `json:"status"`
	Priority             nullString `json:"priority"`
	Labels               []string   `json:"labels"`    // titles; [] without any
	CanReply             bool       `json:"can_reply"` // true: this server closes no conversation to agents (ours)
	AdditionalAttributes object     `json:"additional_attributes"`
	CustomAttributes     object     `json:"custom_attributes"`
	// ContactInbox is null when the conversation has none (ours).
	ContactInbox *contactInboxPush `json:"contact_inbox"`
	// Messages is the last message that is public, alone; [] without one
	// (server).
	Messages            []messagePush `json:"messages"`
	Meta                metaPush      `json:"meta"`
	UnreadCount         int64         `json:"unread_count"`  // of the agents together, at most 10 (server)
	SnoozedUntil        nullTime      `json:"snoozed_until"` // ISO (server)
	FirstReplyCreatedAt nullTime      `json:"first_reply_created_at"`
	WaitingSince        int64         `json:"waiting_since"`        // Unix seconds; 0 = nobody waits (server)
	AgentLastSeenAt     int64         `json:"agent_last_seen_at"`   // Unix seconds; 0 = never (server)
	ContactLastSeenAt   int64         `json:"contact_last_seen_at"` // as agent_last_seen_at
	LastActivityAt      int64         `json:"last_activity_at"`     // Unix seconds (server)
	Timestamp           int64         `json:"timestamp"`            // last_activity_at again (server)
	CreatedAt           int64         `json:"created_at"`
	UpdatedAt           decimal       `json:"updated_at"` // Unix seconds with a fraction (server)
}

// contactInboxPush is the contact's door (server: the whole row).
type contactInboxPush struct {
	ID           int64    `json:"id"`
	ContactID    int64    `json:"contact_id"`
	InboxID      int64    `json:"inbox_id"`
	SourceID     string   `json:"source_id"`
	CreatedAt    nullTime `json:"created_at"`
	UpdatedAt    nullTime `json:"updated_at"` // created_at again: nothing of it changes with a time (ours)
	HMACVerified bool     `json:"hmac_verified"`
	// PubsubToken is always null: with it a receiver could listen as the contact
	// (ours; server: the token).
	PubsubToken *struct{} `json:"pubsub_token"`
}

// metaPush is who takes part in a conversation (server).
type metaPush struct {
	Sender       *contactSender `json:"sender"`        // null when the contact is not known any more (ours)
	Assignee     any            `json:"assignee"`      // *userSender, *botSender or null
	AssigneeType nullString     `json:"assignee_type"` // User, AgentBot or null
	Team         *namedBody     `json:"team"`
	HMACVerified bool           `json:"hmac_verified"`
}

// messagePush is a message inside a conversation: all columns of the row, and
// more (server).
type messagePush struct {
	ID                      int64            `json:"id"`
	Content                 nullString       `json:"content"` // as it was written
	AccountID               int64            `json:"account_id"`
	InboxID                 int64            `json:"inbox_id"`
	ConversationID          int64            `json:"conversation_id"` // the number in the account
	MessageType             int64            `json:"message_type"`    // a number here (server)
	CreatedAt               int64            `json:"created_at"`      // Unix seconds (server)
	UpdatedAt               nullTime         `json:"updated_at"`      // ISO (server)
	Private                 bool             `json:"private"`
	Status                  string           `json:"status"` // sent, delivered, read or failed
	SourceID                nullString       `json:"source_id"`
	ContentType             string           `json:"content_type"`
	ContentAttributes       object           `json:"content_attributes"`
	SenderType              nullString       `json:"sender_type"` // Contact, User, AgentBot, Captain::Assistant or null
	SenderID                nullInt          `json:"sender_id"`
	ExternalSourceIDs       object           `json:"external_source_ids"`       // always {} (ours)
	AdditionalAttributes    object           `json:"additional_attributes"`     // always {} (ours)
	ProcessedMessageContent nullString       `json:"processed_message_content"` // content again: no quotes are cut (ours)
	Sentiment               object           `json:"sentiment"`                 // always {} (server: without its add-on)
	Conversation            conversationHint `json:"conversation"`
	Attachments             []any            `json:"attachments,omitempty"` // as in lists; left out when there is none
	Sender                  any              `json:"sender,omitempty"`      // as in lists; left out when there is none
}

// conversationHint is what a message tells of its conversation (server).
type conversationHint struct {
	AssigneeID     nullInt    `json:"assignee_id"`
	UnreadCount    int64      `json:"unread_count"`
	LastActivityAt int64      `json:"last_activity_at"`
	ContactInbox   sourceHint `json:"contact_inbox"`
}

// sourceHint names the contact's door.
type sourceHint struct {
	SourceID nullString `json:"source_id"`
}

// conversationEvent is a conversation that begins. It has no account and no
// inbox object (server).
type conversationEvent struct {
	conversationPush

	Event string `json:"event"`
}

// conversationChanged is a conversation that changed.
type conversationChanged struct {
	conversationEvent

	// ChangedAttributes is null for a status (server), and where it is not known
	// what was before (ours).
	ChangedAttributes []changedAttribute `json:"changed_attributes"`
}

// changedAttribute has one member, named as the attribute (server).
type changedAttribute map[string]changedValue

type changedValue struct {
	Previous any `json:"previous_value"`
	Current  any `json:"current_value"`
}

// conversationColumns are the attributes of a conversation whose changes are
// told (server; but inbox_id, which does not change there, ours). Times are ISO.
type conversationColumns struct {
	TeamID               nullInt    `json:"team_id"`
	AssigneeID           nullInt    `json:"assignee_id"`
	AssigneeBotID        nullInt    `json:"assignee_agent_bot_id"`
	SnoozedUntil         nullTime   `json:"snoozed_until"`
	CustomAttributes     object     `json:"custom_attributes"`
	LabelList            []string   `json:"label_list"`
	Priority             nullString `json:"priority"`
	AdditionalAttributes object     `json:"additional_attributes"`
	InboxID              int64      `json:"inbox_id"`
	UpdatedAt            nullTime   `json:"updated_at"`
}

// messageEvent is a message or a private note (server).
type messageEvent struct {
	Account              namedBody        `json:"account"`
	AdditionalAttributes object           `json:"additional_attributes"` // always {} (ours)
	ContentAttributes    object           `json:"content_attributes"`
	ContentType          string           `json:"content_type"`
	Content              nullString       `json:"content"` // as the channel shows it: see rendered
	Conversation         conversationPush `json:"conversation"`
	CreatedAt            nullTime         `json:"created_at"` // ISO here (server)
	ID                   int64            `json:"id"`
	Inbox                namedBody        `json:"inbox"`
	MessageType          string           `json:"message_type"` // a word here: incoming, outgoing or template (server)
	Private              bool             `json:"private"`
	Sender               any              `json:"sender"` // *contactWebhook, *userWebhook, *botWebhook, *assistantSender or null (server)
	SourceID             nullString       `json:"source_id"`
	Attachments          []any            `json:"attachments,omitempty"` // left out when there is none (server)
	Event                string           `json:"event"`
}

// contactWebhook is a contact (server). As a sender it has no type.
type contactWebhook struct {
	Account              namedBody  `json:"account"`
	AdditionalAttributes object     `json:"additional_attributes"`
	Avatar               string     `json:"avatar"` // "" without a picture
	CustomAttributes     object     `json:"custom_attributes"`
	Email                nullString `json:"email"`
	ID                   int64      `json:"id"`
	Identifier           nullString `json:"identifier"`
	Name                 string     `json:"name"`
	PhoneNumber          nullString `json:"phone_number"`
	Thumbnail            string     `json:"thumbnail"` // avatar again (server)
	Blocked              bool       `json:"blocked"`
}

// userWebhook is a person of the team as a sender (server).
type userWebhook struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Email nullString `json:"email"`
	Type  string     `json:"type"`
}

// botWebhook is a bot as a sender (server).
type botWebhook struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// contactEvent is a contact that is new.
type contactEvent struct {
	contactWebhook

	Event string `json:"event"`
}

// contactChanged is a contact that changed.
type contactChanged struct {
	contactEvent

	ChangedAttributes []changedAttribute `json:"changed_attributes"` // null where it is not known what was before (ours)
}

// contactColumns are the attributes of a contact whose changes are told
// (server). Times are ISO.
type contactColumns struct {
	Name                 string     `json:"name"`
	Email                nullString `json:"email"`
	PhoneNumber          nullString `json:"phone_number"`
	Identifier           nullString `json:"identifier"`
	Blocked              bool       `json:"blocked"`
	AdditionalAttributes object     `json:"additional_attributes"`
	CustomAttributes     object     `json:"custom_attributes"`
	ContactType          string     `json:"contact_type"`
	CountryCode          nullString `json:"country_code"`
	LastName             string     `json:"last_name"`
	MiddleName           string     `json:"middle_name"`
	Location             nullString `json:"location"`
	CompanyID            nullInt    `json:"company_id"`
	LabelList            []string   `json:"label_list"`
	UpdatedAt            nullTime   `json:"updated_at"`
}

// inboxSettings is an inbox, of which not even the id is told (server), as far
// as this server does what they say: see toInboxSettings.
type inboxSettings struct {
	AllowMessagesAfterResolved bool            `json:"allow_messages_after_resolved"`
	LockToSingleConversation   bool            `json:"lock_to_single_conversation"`
	AutoAssignmentConfig       object          `json:"auto_assignment_config"`
	EnableAutoAssignment       bool            `json:"enable_auto_assignment"`
	EnableEmailCollect         bool            `json:"enable_email_collect"`
	GreetingEnabled            bool            `json:"greeting_enabled"`
	GreetingMessage            nullString      `json:"greeting_message"`
	CSATSurveyEnabled          bool            `json:"csat_survey_enabled"`
	BusinessName               nullString      `json:"business_name"`
	SenderNameType             string          `json:"sender_name_type"`
	Timezone                   string          `json:"timezone"`
	OutOfOfficeMessage         nullString      `json:"out_of_office_message"`
	WorkingHoursEnabled        bool            `json:"working_hours_enabled"`
	WorkingHours               json.RawMessage `json:"working_hours"` // [] without any
	CreatedAt                  nullTime        `json:"created_at"`
	UpdatedAt                  nullTime        `json:"updated_at"`
}

// inboxColumns are the attributes of an inbox whose changes are told.
type inboxColumns struct {
	Name string `json:"name"`
	inboxSettings
}

// channelBody is the inbox's channel (server: the whole row, which differs by
// channel). Keys are not told: they are null (ours).
type channelBody struct {
	ID            int64      `json:"id"` // the inbox's: it has no other (ours)
	AccountID     int64      `json:"account_id"`
	Identifier    nullString `json:"identifier"`
	HMACToken     *struct{}  `json:"hmac_token"`
	HMACMandatory bool       `json:"hmac_mandatory"`
	CreatedAt     nullTime   `json:"created_at"`
	UpdatedAt     nullTime   `json:"updated_at"`
}

// inboxEvent is an inbox that is new.
type inboxEvent struct {
	inboxSettings

	Channel channelBody `json:"channel"`
	Event   string      `json:"event"`
}

// inboxChanged is an inbox that changed.
type inboxChanged struct {
	inboxEvent

	ChangedAttributes []changedAttribute `json:"changed_attributes"` // null where it is not known what was before (ours)
}

// testEvent is a test of a webhook (ours).
type testEvent struct {
	Event string `json:"event"`
}
