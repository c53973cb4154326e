package interchange

import (
	"fmt"
	"reflect"

	"parley/internal/core"
	"parley/internal/store"
)

// kind names a kind of record.
type kind int

// The kinds, in the order in which an export writes them.
const (
	kindInstallation kind = iota
	kindAccount
	kindProfile
	kindAgent
	kindToken
	kindTeam
	kindLabelGroup
	kindLabel
	kindInbox
	kindSubInbox
	kindCannedResponse
	kindAttributeDefinition
	kindWebhook
	kindContact
	kindIdentity
	kindContactInbox
	kindConversation
	kindMessage
	kindActivity
	kindAttachment
	kindReadCursor
	kindCount
)

// kindInfo is what the code must know of a kind.
type kindInfo struct {
	name   string // in the file
	plural string // in the summary
	plan   *plan
	blank  func() record
}

var kinds = [kindCount]kindInfo{
	kindInstallation:        infoOf[installationRecord]("installation", "installations"),
	kindAccount:             infoOf[accountRecord]("account", "accounts"),
	kindProfile:             infoOf[profileRecord]("profile", "profiles"),
	kindAgent:               infoOf[agentRecord]("agent", "agents"),
	kindToken:               infoOf[tokenRecord]("token", "tokens"),
	kindTeam:                infoOf[teamRecord]("team", "teams"),
	kindLabelGroup:          infoOf[labelGroupRecord]("label_group", "label_groups"),
	kindLabel:               infoOf[labelRecord]("label", "labels"),
	kindInbox:               infoOf[inboxRecord]("inbox", "inboxes"),
	kindSubInbox:            infoOf[subInboxRecord]("sub_inbox", "sub_inboxes"),
	kindCannedResponse:      infoOf[cannedResponseRecord]("canned_response", "canned_responses"),
	kindAttributeDefinition: infoOf[attributeDefinitionRecord]("attribute_definition", "attribute_definitions"),
	kindWebhook:             infoOf[webhookRecord]("webhook", "webhooks"),
	kindContact:             infoOf[contactRecord]("contact", "contacts"),
	kindIdentity:            infoOf[identityRecord]("identity", "identities"),
	kindContactInbox:        infoOf[contactInboxRecord]("contact_inbox", "contact_inboxes"),
	kindConversation:        infoOf[conversationRecord]("conversation", "conversations"),
	kindMessage:             infoOf[messageRecord]("message", "messages"),
	kindActivity:            infoOf[activityRecord]("activity", "activities"),
	kindAttachment:          infoOf[attachmentRecord]("attachment", "attachments"),
	kindReadCursor:          infoOf[readCursorRecord]("read_cursor", "read_cursors"),
}

// recordOf is a pointer to T that is a record.
type recordOf[T any] interface {
	*T
	record
}

func infoOf[T any, P recordOf[T]](name, plural string) kindInfo {
	return kindInfo{name: name, plural: plural, plan: newPlan(reflect.TypeFor[T]()), blank: func() record { return P(new(T)) }}
}

// String returns the kind's name.
func (k kind) String() string { return kinds[k].name }

// place is an id in the file, and the space that it belongs to; id 0 = none.
type place struct {
	space store.IDSpace
	id    int64
}

// record is one line of a file: a pointer to one of the structs below.
type record interface {
	kind() kind
	// self is the record's own id, 0 when the file gives none. Records that
	// have no id at all return the zero place.
	self() place
	// home says whose the record is: the account itself, or the parent that
	// belongs to it. The zero place: nobody's.
	home() place
}

// decodeRecord reads the text of one line.
func decodeRecord(text []byte, members []member) (record, []member, error) {
	if err := checkText(text); err != nil {
		return nil, members, err
	}
	members, err := scanObject(text, 0, members)
	if err != nil {
		return nil, members, err
	}
	if len(members) == 0 || members[0].key != "kind" {
		return nil, members, errKindFirst
	}
	var name string
	if err := (&field{maxBytes: maxNameBytes}).decodeText(&name, members[0].value); err != nil {
		return nil, members, fmt.Errorf("kind %w", err)
	}
	for k := range kinds {
		if kinds[k].name != name {
			continue
		}
		r := kinds[k].blank()
		if err := kinds[k].plan.decode(reflect.ValueOf(r).Elem(), members[1:]); err != nil {
			return nil, members, fmt.Errorf("%s: %w", name, err)
		}
		return r, members, nil
	}
	return nil, members, fmt.Errorf("unknown kind %s", shown(name))
}

var errKindFirst = fmt.Errorf("the first key must be %q", "kind")

// appendRecord appends the record's line, without its line break.
func appendRecord(b []byte, r record) []byte {
	info := &kinds[r.kind()]
	return info.plan.append(b, info.name, reflect.ValueOf(r).Elem())
}

// party is who said or did something.
type party struct {
	Type       string `json:"type" rule:"required,full,one=contact|agent|system"`
	ID         int64  `json:"id" rule:"id"`
	IdentityID int64  `json:"identity_id" rule:"id"`
	given      bool
}

type installationRecord struct {
	IDKey string `json:"id_key" rule:"required,full"`
}

type accountRecord struct {
	ID        int64     `json:"id" rule:"id"`
	UUID      string    `json:"uuid" rule:"uuid"`
	Name      string    `json:"name" rule:"required,keep"`
	Locale    string    `json:"locale"`
	Timezone  string    `json:"timezone"`
	Settings  core.JSON `json:"settings"`
	CreatedAt instant   `json:"created_at"`
	UpdatedAt instant   `json:"updated_at"`
}

type profileRecord struct {
	ID          int64    `json:"id" rule:"id"`
	AccountID   int64    `json:"account_id" rule:"required,id"`
	Name        string   `json:"name" rule:"required,keep"`
	UniqueName  string   `json:"unique_name" rule:"required,full,key"`
	Permissions []string `json:"permissions"`
	CreatedAt   instant  `json:"created_at"`
}

type agentRecord struct {
	ID            int64     `json:"id" rule:"id"`
	UUID          string    `json:"uuid" rule:"uuid"`
	AccountID     int64     `json:"account_id" rule:"required,id"`
	Type          string    `json:"type" rule:"one=person|bot"`
	Name          string    `json:"name" rule:"required,keep"`
	FirstName     string    `json:"first_name"`
	LastName      string    `json:"last_name"`
	DisplayName   string    `json:"display_name"`
	Description   string    `json:"description" rule:"text"`
	Email         string    `json:"email" rule:"key"`
	PasswordHash  string    `json:"password_hash"`
	Role          *string   `json:"role" rule:"one=administrator|agent"`
	IdentityID    int64     `json:"identity_id" rule:"id"`
	ProviderType  int64     `json:"provider_type"`
	Address       string    `json:"address" rule:"key"`
	AvatarURL     string    `json:"avatar_url" rule:"url"`
	Availability  string    `json:"availability" rule:"one=online|busy|offline"`
	UserName      string    `json:"user_name" rule:"key"`
	SyncCapacity  int64     `json:"sync_capacity" rule:"count"`
	AsyncCapacity int64     `json:"async_capacity" rule:"count"`
	ProfileIDs    []int64   `json:"profile_ids"`
	Ext           core.JSON `json:"ext"`
	CreatedAt     instant   `json:"created_at"`
	UpdatedAt     instant   `json:"updated_at"`
	DeletedAt     instant   `json:"deleted_at"`
}

type tokenRecord struct {
	ID        int64    `json:"id" rule:"id"`
	AccountID int64    `json:"account_id" rule:"required,id"`
	Name      string   `json:"name" rule:"required,full,key"`
	AgentID   int64    `json:"agent_id" rule:"id"`
	Token     string   `json:"token"`
	TokenHash string   `json:"token_hash"`
	Scopes    []string `json:"scopes" rule:"one=read|write|admin"`
	ExpiresAt instant  `json:"expires_at"`
	RevokedAt instant  `json:"revoked_at"`
	CreatedAt instant  `json:"created_at"`
}

type teamRecord struct {
	ID        int64   `json:"id" rule:"id"`
	AccountID int64   `json:"account_id" rule:"required,id"`
	Name      string  `json:"name" rule:"required,full,key"`
	AgentIDs  []int64 `json:"agent_ids"`
	CreatedAt instant `json:"created_at"`
}

type labelGroupRecord struct {
	ID        int64   `json:"id" rule:"id"`
	AccountID int64   `json:"account_id" rule:"required,id"`
	Name      string  `json:"name" rule:"required,full,key"`
	CreatedAt instant `json:"created_at"`
}

type labelRecord struct {
	ID          int64     `json:"id" rule:"id"`
	AccountID   int64     `json:"account_id" rule:"required,id"`
	Title       string    `json:"title" rule:"required,full,key"`
	GroupID     int64     `json:"group_id" rule:"id"`
	Type        int64     `json:"type"`
	Color       string    `json:"color"`
	Description string    `json:"description" rule:"text"`
	Ext         core.JSON `json:"ext"`
	CreatedAt   instant   `json:"created_at"`
}

type inboxRecord struct {
	ID            int64     `json:"id" rule:"id"`
	UUID          string    `json:"uuid" rule:"uuid"`
	AccountID     int64     `json:"account_id" rule:"required,id"`
	Name          string    `json:"name" rule:"required,full,key"`
	Channel       string    `json:"channel" rule:"required,full,key"`
	Identifier    string    `json:"identifier" rule:"key"`
	WebsiteToken  string    `json:"website_token" rule:"key"`
	HMACToken     string    `json:"hmac_token" rule:"key"`
	HMACMandatory bool      `json:"hmac_mandatory"`
	Greeting      string    `json:"greeting" rule:"text"`
	Timezone      string    `json:"timezone"`
	WorkingHours  core.JSON `json:"working_hours" rule:"array"`
	Settings      core.JSON `json:"settings"`
	AgentIDs      []int64   `json:"agent_ids"`
	CreatedAt     instant   `json:"created_at"`
	UpdatedAt     instant   `json:"updated_at"`
}

type subInboxRecord struct {
	ID      int64  `json:"id" rule:"id"`
	InboxID int64  `json:"inbox_id" rule:"required,id"`
	Name    string `json:"name" rule:"required,full,key"`
}

type cannedResponseRecord struct {
	ID        int64   `json:"id" rule:"id"`
	AccountID int64   `json:"account_id" rule:"required,id"`
	ShortCode string  `json:"short_code" rule:"required,full,key"`
	Content   string  `json:"content" rule:"required,keep,text"`
	CreatedAt instant `json:"created_at"`
	UpdatedAt instant `json:"updated_at"`
}

type attributeDefinitionRecord struct {
	ID          int64    `json:"id" rule:"id"`
	AccountID   int64    `json:"account_id" rule:"required,id"`
	AppliesTo   string   `json:"applies_to" rule:"required,full,one=contact|conversation"`
	Key         string   `json:"key" rule:"required,full,key"`
	Name        string   `json:"name" rule:"required,full"`
	Description string   `json:"description" rule:"text"`
	Type        string   `json:"type" rule:"required,full,one=text|number|link|date|list|checkbox"`
	Options     []string `json:"options"`
	Pattern     string   `json:"pattern"`
	PatternHint string   `json:"pattern_hint"`
	CreatedAt   instant  `json:"created_at"`
	UpdatedAt   instant  `json:"updated_at"`
}

type webhookRecord struct {
	ID        int64    `json:"id" rule:"id"`
	AccountID int64    `json:"account_id" rule:"required,id"`
	URL       string   `json:"url" rule:"required,full,key"`
	Events    []string `json:"events"`
	Format    string   `json:"format"`
	Secret    string   `json:"secret"`
	// FormerSecret signs as well until FormerUntil.
	FormerSecret string  `json:"former_secret"`
	FormerUntil  instant `json:"former_until"`
	Enabled      *bool   `json:"enabled"`
	PausedAt     instant `json:"paused_at"`
	PausedReason string  `json:"paused_reason"`
	CreatedAt    instant `json:"created_at"`
	UpdatedAt    instant `json:"updated_at"`
}

type contactRecord struct {
	ID                   int64      `json:"id" rule:"id"`
	UUID                 string     `json:"uuid" rule:"uuid"`
	AccountID            int64      `json:"account_id" rule:"required,id"`
	Name                 string     `json:"name"`
	FirstName            string     `json:"first_name"`
	MiddleName           string     `json:"middle_name"`
	LastName             string     `json:"last_name"`
	Email                string     `json:"email" rule:"key"`
	Phone                string     `json:"phone" rule:"key"`
	Phone2               string     `json:"phone2" rule:"key"`
	Identifier           string     `json:"identifier" rule:"key"`
	ContactType          string     `json:"contact_type" rule:"one=visitor|lead|customer"`
	CountryCode          string     `json:"country_code"`
	Location             string     `json:"location"`
	CompanyID            int64      `json:"company_id" rule:"count"`
	Locale               string     `json:"locale"`
	Gender               string     `json:"gender"`
	Birthday             string     `json:"birthday"`
	Remarks              string     `json:"remarks" rule:"text"`
	Blocked              bool       `json:"blocked"`
	AvatarURL            string     `json:"avatar_url" rule:"url"`
	Labels               []labelRef `json:"labels"`
	CustomAttributes     core.JSON  `json:"custom_attributes"`
	AdditionalAttributes core.JSON  `json:"additional_attributes"`
	Ext                  core.JSON  `json:"ext"`
	LastActivityAt       instant    `json:"last_activity_at"`
	CreatedAt            instant    `json:"created_at"`
	UpdatedAt            instant    `json:"updated_at"`
}

type identityRecord struct {
	ID           int64     `json:"id" rule:"id"`
	UUID         string    `json:"uuid" rule:"uuid"`
	ContactID    int64     `json:"contact_id" rule:"required,id"`
	ProviderType int64     `json:"provider_type"`
	Address      string    `json:"address" rule:"required,full,key"`
	FirstName    string    `json:"first_name"`
	LastName     string    `json:"last_name"`
	Email        string    `json:"email" rule:"key"`
	UserName     string    `json:"user_name"`
	AvatarURL    string    `json:"avatar_url" rule:"url"`
	Ext          core.JSON `json:"ext"`
	CreatedAt    instant   `json:"created_at"`
}

type contactInboxRecord struct {
	ID           int64   `json:"id" rule:"id"`
	IdentityID   int64   `json:"identity_id" rule:"required,id"`
	InboxID      int64   `json:"inbox_id" rule:"required,id"`
	SourceID     string  `json:"source_id" rule:"required,full,key"`
	PubsubToken  string  `json:"pubsub_token" rule:"key"`
	HMACVerified bool    `json:"hmac_verified"`
	CreatedAt    instant `json:"created_at"`
}

type conversationRecord struct {
	ID                   int64      `json:"id" rule:"id"`
	UUID                 string     `json:"uuid" rule:"uuid"`
	DisplayID            int64      `json:"display_id" rule:"id"`
	InboxID              int64      `json:"inbox_id" rule:"required,id"`
	SubInboxID           int64      `json:"sub_inbox_id" rule:"id"`
	IdentityID           int64      `json:"identity_id" rule:"required,id"`
	ContactInboxID       int64      `json:"contact_inbox_id" rule:"id"`
	Status               string     `json:"status" rule:"one=open|pending|snoozed|resolved"`
	StatusCode           int64      `json:"status_code"`
	ArchivedAt           instant    `json:"archived_at"`
	Priority             string     `json:"priority" rule:"one=low|medium|high|urgent"`
	Subject              string     `json:"subject" rule:"text"`
	OpenedBy             string     `json:"opened_by" rule:"one=contact|agent"`
	ExternalID           string     `json:"external_id" rule:"key"`
	Labels               []labelRef `json:"labels"`
	AssigneeID           int64      `json:"assignee_id" rule:"id"`
	LastAssigneeID       int64      `json:"last_assignee_id" rule:"id"`
	AssigneeBotID        int64      `json:"assignee_bot_id" rule:"id"`
	OwnerID              int64      `json:"owner_id" rule:"id"`
	BotID                int64      `json:"bot_id" rule:"id"`
	TeamID               int64      `json:"team_id" rule:"id"`
	ParticipantIDs       []int64    `json:"participant_ids"`
	CustomAttributes     core.JSON  `json:"custom_attributes"`
	AdditionalAttributes core.JSON  `json:"additional_attributes"`
	Ext                  core.JSON  `json:"ext"`
	PrimaryMessageID     *int64     `json:"primary_message_id" rule:"count"`
	ContactLastSeenAt    instant    `json:"contact_last_seen_at"`
	AgentLastSeenAt      instant    `json:"agent_last_seen_at"`
	ContactReadMessageID *int64     `json:"contact_read_message_id" rule:"count"`
	AgentReadMessageID   *int64     `json:"agent_read_message_id" rule:"count"`
	SnoozedUntil         instant    `json:"snoozed_until"`
	FirstResponseAt      instant    `json:"first_response_at"`
	LastResponseAt       instant    `json:"last_response_at"`
	ClosedAt             instant    `json:"closed_at"`
	WaitingSince         instant    `json:"waiting_since"`
	CreatedAt            instant    `json:"created_at"`
	CustomerUpdatedAt    instant    `json:"customer_updated_at"`
	UpdatedAt            instant    `json:"updated_at"`
}

type messageRecord struct {
	ID                int64     `json:"id" rule:"id"`
	UUID              string    `json:"uuid" rule:"uuid"`
	ConversationID    int64     `json:"conversation_id" rule:"required,id"`
	Sender            party     `json:"sender" rule:"required"`
	Visibility        string    `json:"visibility" rule:"one=public|note"`
	Origin            string    `json:"origin" rule:"one=person|bot|automation|template|campaign|channel"`
	Listed            *bool     `json:"listed"`
	Counts            *bool     `json:"counts"`
	Position          int64     `json:"position" rule:"id"`
	Content           string    `json:"content" rule:"text"`
	ContentType       string    `json:"content_type"`
	ContentAttributes core.JSON `json:"content_attributes"`
	Ext               core.JSON `json:"ext"`
	ExternalID        string    `json:"external_id" rule:"key"`
	Status            string    `json:"status" rule:"one=sent|delivered|read|failed"`
	DeletedAt         instant   `json:"deleted_at"`
	CreatedAt         instant   `json:"created_at"`
	UpdatedAt         instant   `json:"updated_at"`
}

type activityRecord struct {
	ID             int64     `json:"id" rule:"id"`
	UUID           string    `json:"uuid" rule:"uuid"`
	ConversationID int64     `json:"conversation_id" rule:"required,id"`
	Code           string    `json:"code" rule:"required,full,key"`
	Params         core.JSON `json:"params"`
	Actor          party     `json:"actor"`
	Text           string    `json:"text" rule:"text"`
	Ext            core.JSON `json:"ext"`
	Position       int64     `json:"position" rule:"id"`
	DeletedAt      instant   `json:"deleted_at"`
	CreatedAt      instant   `json:"created_at"`
	UpdatedAt      instant   `json:"updated_at"`
}

type attachmentRecord struct {
	ID              int64     `json:"id" rule:"id"`
	MessageID       int64     `json:"message_id" rule:"required,id"`
	FileType        *string   `json:"file_type"`
	Name            string    `json:"name"`
	URL             string    `json:"url" rule:"url"`
	Path            string    `json:"path" rule:"url"`
	MIME            string    `json:"mime"`
	SizeBytes       int64     `json:"size_bytes" rule:"count"`
	Width           int64     `json:"width" rule:"count"`
	Height          int64     `json:"height" rule:"count"`
	ThumbnailURL    string    `json:"thumbnail_url" rule:"url"`
	Latitude        float64   `json:"latitude"`
	Longitude       float64   `json:"longitude"`
	FallbackTitle   string    `json:"fallback_title"`
	TranscribedText string    `json:"transcribed_text" rule:"text"`
	Meta            core.JSON `json:"meta"`
	CreatedAt       instant   `json:"created_at"`
}

type readCursorRecord struct {
	ConversationID int64 `json:"conversation_id" rule:"required,id"`
	AgentID        int64 `json:"agent_id" rule:"required,id"`
	MessageID      int64 `json:"message_id" rule:"required,count,keep"`
}

func (*installationRecord) kind() kind        { return kindInstallation }
func (*accountRecord) kind() kind             { return kindAccount }
func (*profileRecord) kind() kind             { return kindProfile }
func (*agentRecord) kind() kind               { return kindAgent }
func (*tokenRecord) kind() kind               { return kindToken }
func (*teamRecord) kind() kind                { return kindTeam }
func (*labelGroupRecord) kind() kind          { return kindLabelGroup }
func (*labelRecord) kind() kind               { return kindLabel }
func (*inboxRecord) kind() kind               { return kindInbox }
func (*subInboxRecord) kind() kind            { return kindSubInbox }
func (*cannedResponseRecord) kind() kind      { return kindCannedResponse }
func (*attributeDefinitionRecord) kind() kind { return kindAttributeDefinition }
func (*webhookRecord) kind() kind             { return kindWebhook }
func (*contactRecord) kind() kind             { return kindContact }
func (*identityRecord) kind() kind            { return kindIdentity }
func (*contactInboxRecord) kind() kind        { return kindContactInbox }
func (*conversationRecord) kind() kind        { return kindConversation }
func (*messageRecord) kind() kind             { return kindMessage }
func (*activityRecord) kind() kind            { return kindActivity }
func (*attachmentRecord) kind() kind          { return kindAttachment }
func (*readCursorRecord) kind() kind          { return kindReadCursor }

func (*installationRecord) self() place          { return place{} }
func (r *accountRecord) self() place             { return place{store.AccountIDs, r.ID} }
func (r *profileRecord) self() place             { return place{store.ProfileIDs, r.ID} }
func (r *agentRecord) self() place               { return place{store.PersonIDs, r.ID} }
func (r *tokenRecord) self() place               { return place{store.TokenIDs, r.ID} }
func (r *teamRecord) self() place                { return place{store.TeamIDs, r.ID} }
func (r *labelGroupRecord) self() place          { return place{store.LabelGroupIDs, r.ID} }
func (r *labelRecord) self() place               { return place{store.LabelIDs, r.ID} }
func (r *inboxRecord) self() place               { return place{store.InboxIDs, r.ID} }
func (r *subInboxRecord) self() place            { return place{store.SubInboxIDs, r.ID} }
func (r *cannedResponseRecord) self() place      { return place{store.CannedResponseIDs, r.ID} }
func (r *attributeDefinitionRecord) self() place { return place{store.AttributeDefinitionIDs, r.ID} }
func (r *webhookRecord) self() place             { return place{store.WebhookIDs, r.ID} }
func (r *contactRecord) self() place             { return place{store.PersonIDs, r.ID} }
func (r *identityRecord) self() place            { return place{store.IdentityIDs, r.ID} }
func (r *contactInboxRecord) self() place        { return place{store.ContactInboxIDs, r.ID} }
func (r *conversationRecord) self() place        { return place{store.ConversationIDs, r.ID} }
func (r *messageRecord) self() place             { return place{store.EntryIDs, r.ID} }
func (r *activityRecord) self() place            { return place{store.EntryIDs, r.ID} }
func (r *attachmentRecord) self() place          { return place{store.AttachmentIDs, r.ID} }
func (*readCursorRecord) self() place            { return place{} }

func (*installationRecord) home() place          { return place{} }
func (*accountRecord) home() place               { return place{} }
func (r *profileRecord) home() place             { return place{store.AccountIDs, r.AccountID} }
func (r *agentRecord) home() place               { return place{store.AccountIDs, r.AccountID} }
func (r *tokenRecord) home() place               { return place{store.AccountIDs, r.AccountID} }
func (r *teamRecord) home() place                { return place{store.AccountIDs, r.AccountID} }
func (r *labelGroupRecord) home() place          { return place{store.AccountIDs, r.AccountID} }
func (r *labelRecord) home() place               { return place{store.AccountIDs, r.AccountID} }
func (r *inboxRecord) home() place               { return place{store.AccountIDs, r.AccountID} }
func (r *subInboxRecord) home() place            { return place{store.InboxIDs, r.InboxID} }
func (r *cannedResponseRecord) home() place      { return place{store.AccountIDs, r.AccountID} }
func (r *attributeDefinitionRecord) home() place { return place{store.AccountIDs, r.AccountID} }
func (r *webhookRecord) home() place             { return place{store.AccountIDs, r.AccountID} }
func (r *contactRecord) home() place             { return place{store.AccountIDs, r.AccountID} }
func (r *identityRecord) home() place            { return place{store.PersonIDs, r.ContactID} }
func (r *contactInboxRecord) home() place        { return place{store.IdentityIDs, r.IdentityID} }
func (r *conversationRecord) home() place        { return place{store.IdentityIDs, r.IdentityID} }
func (r *messageRecord) home() place             { return place{store.ConversationIDs, r.ConversationID} }

func (r *activityRecord) home() place   { return place{store.ConversationIDs, r.ConversationID} }
func (r *attachmentRecord) home() place { return place{store.EntryIDs, r.MessageID} }
func (r *readCursorRecord) home() place { return place{store.ConversationIDs, r.ConversationID} }
