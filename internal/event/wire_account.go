package event

import "parley/internal/core"

// The structs below have the fields of their namesakes in core, so that one
// converts to the other and a field that is missing here does not compile.

type account struct {
	ID                int64     `json:"id"`
	UUID              string    `json:"uuid,omitempty"`
	Name              string    `json:"name,omitempty"`
	Locale            string    `json:"locale,omitempty"`
	Timezone          string    `json:"timezone,omitempty"`
	Settings          core.JSON `json:"settings,omitempty"`
	Epoch             string    `json:"epoch,omitempty"`
	EventSeq          int64     `json:"event_seq,omitempty"`
	LastDisplayID     int64     `json:"last_display_id,omitempty"`
	ConversationCount int64     `json:"conversation_count,omitempty"`
	CreatedAt         core.Time `json:"created_at,omitempty"`
	UpdatedAt         core.Time `json:"updated_at,omitempty"`
}

func (w *account) core() core.EventData { return core.Account(*w) }

type agent struct {
	ID            int64             `json:"id"`
	UUID          string            `json:"uuid,omitempty"`
	AccountID     int64             `json:"account_id,omitempty"`
	Type          core.AgentType    `json:"type,omitempty"`
	Name          string            `json:"name,omitempty"`
	FirstName     string            `json:"first_name,omitempty"`
	LastName      string            `json:"last_name,omitempty"`
	DisplayName   string            `json:"display_name,omitempty"`
	Description   string            `json:"description,omitempty"`
	Email         string            `json:"email,omitempty"`
	PasswordHash  string            `json:"-"` // a secret
	Role          core.Role         `json:"role,omitempty"`
	IdentityID    int64             `json:"identity_id,omitempty"`
	ProviderType  int64             `json:"provider_type,omitempty"`
	Address       string            `json:"address,omitempty"`
	AvatarURL     string            `json:"avatar_url,omitempty"`
	Availability  core.Availability `json:"availability,omitempty"`
	UserName      string            `json:"user_name,omitempty"`
	SyncCapacity  int64             `json:"sync_capacity,omitempty"`
	AsyncCapacity int64             `json:"async_capacity,omitempty"`
	ProfileIDs    []int64           `json:"profile_ids,omitempty"`
	Ext           core.JSON         `json:"ext,omitempty"`
	CreatedAt     core.Time         `json:"created_at,omitempty"`
	UpdatedAt     core.Time         `json:"updated_at,omitempty"`
	DeletedAt     core.Time         `json:"deleted_at,omitempty"`
}

func (w *agent) core() core.EventData { return core.Agent(*w) }

type profile struct {
	ID          int64     `json:"id"`
	AccountID   int64     `json:"account_id,omitempty"`
	Name        string    `json:"name,omitempty"`
	UniqueName  string    `json:"unique_name,omitempty"`
	Permissions []string  `json:"permissions,omitempty"`
	CreatedAt   core.Time `json:"created_at,omitempty"`
}

func (w *profile) core() core.EventData { return core.Profile(*w) }

type token struct {
	ID        int64        `json:"id"`
	AccountID int64        `json:"account_id,omitempty"`
	Name      string       `json:"name,omitempty"`
	AgentID   int64        `json:"agent_id,omitempty"`
	Hash      string       `json:"-"` // a secret
	Scopes    []core.Scope `json:"scopes,omitempty"`
	ExpiresAt core.Time    `json:"expires_at,omitempty"`
	RevokedAt core.Time    `json:"revoked_at,omitempty"`
	CreatedAt core.Time    `json:"created_at,omitempty"`
}

func (w *token) core() core.EventData { return core.Token(*w) }

type team struct {
	ID        int64     `json:"id"`
	AccountID int64     `json:"account_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	AgentIDs  []int64   `json:"agent_ids,omitempty"`
	CreatedAt core.Time `json:"created_at,omitempty"`
}

func (w *team) core() core.EventData { return core.Team(*w) }

type labelGroup struct {
	ID        int64     `json:"id"`
	AccountID int64     `json:"account_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	CreatedAt core.Time `json:"created_at,omitempty"`
}

func (w *labelGroup) core() core.EventData { return core.LabelGroup(*w) }

type label struct {
	ID          int64     `json:"id"`
	AccountID   int64     `json:"account_id,omitempty"`
	Title       string    `json:"title,omitempty"`
	GroupID     int64     `json:"group_id,omitempty"`
	Type        int64     `json:"type,omitempty"`
	Color       string    `json:"color,omitempty"`
	Description string    `json:"description,omitempty"`
	Ext         core.JSON `json:"ext,omitempty"`
	CreatedAt   core.Time `json:"created_at,omitempty"`
	DeletedAt   core.Time `json:"deleted_at,omitempty"`
}

func (w *label) core() core.EventData { return core.Label(*w) }

type cannedResponse struct {
	ID        int64     `json:"id"`
	AccountID int64     `json:"account_id,omitempty"`
	ShortCode string    `json:"short_code,omitempty"`
	Content   string    `json:"content,omitempty"`
	CreatedAt core.Time `json:"created_at,omitempty"`
	UpdatedAt core.Time `json:"updated_at,omitempty"`
}

func (w *cannedResponse) core() core.EventData { return core.CannedResponse(*w) }

type attributeDefinition struct {
	ID          int64              `json:"id"`
	AccountID   int64              `json:"account_id,omitempty"`
	AppliesTo   core.AppliesTo     `json:"applies_to,omitempty"`
	Key         string             `json:"key,omitempty"`
	Name        string             `json:"name,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        core.AttributeType `json:"type,omitempty"`
	Options     []string           `json:"options,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	PatternHint string             `json:"pattern_hint,omitempty"`
	CreatedAt   core.Time          `json:"created_at,omitempty"`
	UpdatedAt   core.Time          `json:"updated_at,omitempty"`
}

func (w *attributeDefinition) core() core.EventData { return core.AttributeDefinition(*w) }

type webhook struct {
	ID           int64     `json:"id"`
	AccountID    int64     `json:"account_id,omitempty"`
	URL          string    `json:"url,omitempty"`
	Events       []string  `json:"events,omitempty"`
	Format       string    `json:"format,omitempty"`
	Secret       string    `json:"-"` // a secret
	CreatedAt    core.Time `json:"created_at,omitempty"`
	FormerSecret string    `json:"-"` // a secret
	FormerUntil  core.Time `json:"former_until,omitempty"`
	Enabled      bool      `json:"enabled,omitempty"`
	PausedAt     core.Time `json:"paused_at,omitempty"`
	PausedReason string    `json:"paused_reason,omitempty"`
	UpdatedAt    core.Time `json:"updated_at,omitempty"`
}

func (w *webhook) core() core.EventData { return core.Webhook(*w) }

type inbox struct {
	ID            int64        `json:"id"`
	UUID          string       `json:"uuid,omitempty"`
	AccountID     int64        `json:"account_id,omitempty"`
	Name          string       `json:"name,omitempty"`
	Channel       core.Channel `json:"channel,omitempty"`
	Identifier    string       `json:"identifier,omitempty"`
	WebsiteToken  string       `json:"-"` // a secret
	HMACToken     string       `json:"-"` // a secret
	HMACMandatory bool         `json:"hmac_mandatory,omitempty"`
	Greeting      string       `json:"greeting,omitempty"`
	Timezone      string       `json:"timezone,omitempty"`
	WorkingHours  core.JSON    `json:"working_hours,omitempty"`
	Settings      core.JSON    `json:"settings,omitempty"`
	CreatedAt     core.Time    `json:"created_at,omitempty"`
	UpdatedAt     core.Time    `json:"updated_at,omitempty"`
}

func (w *inbox) core() core.EventData { return core.Inbox(*w) }

type inboxChange struct {
	inbox
	AgentIDs []int64 `json:"agent_ids,omitempty"`
	Before   *inbox  `json:"before,omitempty"`
}

func (w *inboxChange) core() core.EventData {
	return core.InboxChange{Inbox: core.Inbox(w.inbox), AgentIDs: w.AgentIDs, Before: (*core.Inbox)(w.Before)}
}

type subInbox struct {
	ID        int64  `json:"id"`
	AccountID int64  `json:"account_id,omitempty"`
	InboxID   int64  `json:"inbox_id,omitempty"`
	Name      string `json:"name,omitempty"`
}

func (w *subInbox) core() core.EventData { return core.SubInbox(*w) }

type contact struct {
	ID                   int64     `json:"id"`
	UUID                 string    `json:"uuid,omitempty"`
	AccountID            int64     `json:"account_id,omitempty"`
	Name                 string    `json:"name,omitempty"`
	FirstName            string    `json:"first_name,omitempty"`
	MiddleName           string    `json:"middle_name,omitempty"`
	LastName             string    `json:"last_name,omitempty"`
	Email                string    `json:"email,omitempty"`
	Phone                string    `json:"phone,omitempty"`
	Phone2               string    `json:"phone2,omitempty"`
	Identifier           string    `json:"identifier,omitempty"`
	ContactType          string    `json:"contact_type,omitempty"`
	CountryCode          string    `json:"country_code,omitempty"`
	Location             string    `json:"location,omitempty"`
	CompanyID            int64     `json:"company_id,omitempty"`
	Locale               string    `json:"locale,omitempty"`
	Gender               string    `json:"gender,omitempty"`
	Birthday             string    `json:"birthday,omitempty"`
	Remarks              string    `json:"remarks,omitempty"`
	Blocked              bool      `json:"blocked,omitempty"`
	AvatarURL            string    `json:"avatar_url,omitempty"`
	LabelIDs             []int64   `json:"label_ids,omitempty"`
	CustomAttributes     core.JSON `json:"custom_attributes,omitempty"`
	AdditionalAttributes core.JSON `json:"additional_attributes,omitempty"`
	Ext                  core.JSON `json:"ext,omitempty"`
	LastActivityAt       core.Time `json:"last_activity_at,omitempty"`
	CreatedAt            core.Time `json:"created_at,omitempty"`
	UpdatedAt            core.Time `json:"updated_at,omitempty"`
}

func (w *contact) core() core.EventData { return core.Contact(*w) }

type contactChange struct {
	contact
	Before *contact `json:"before,omitempty"`
}

func (w *contactChange) core() core.EventData {
	return core.ContactChange{Contact: core.Contact(w.contact), Before: (*core.Contact)(w.Before)}
}

type contactMerge struct {
	Contact contact  `json:"contact"`
	Merged  contact  `json:"merged"`
	Before  *contact `json:"before,omitempty"`
}

func (w *contactMerge) core() core.EventData {
	return core.ContactMerge{Contact: core.Contact(w.Contact), Merged: core.Contact(w.Merged), Before: (*core.Contact)(w.Before)}
}

type identity struct {
	ID           int64     `json:"id"`
	UUID         string    `json:"uuid,omitempty"`
	AccountID    int64     `json:"account_id,omitempty"`
	ContactID    int64     `json:"contact_id,omitempty"`
	ProviderType int64     `json:"provider_type,omitempty"`
	Address      string    `json:"address,omitempty"`
	FirstName    string    `json:"first_name,omitempty"`
	LastName     string    `json:"last_name,omitempty"`
	Email        string    `json:"email,omitempty"`
	UserName     string    `json:"user_name,omitempty"`
	AvatarURL    string    `json:"avatar_url,omitempty"`
	Ext          core.JSON `json:"ext,omitempty"`
	CreatedAt    core.Time `json:"created_at,omitempty"`
}

func (w *identity) core() core.EventData { return core.Identity(*w) }

type identityMove struct {
	identity
	FromContactID int64 `json:"from_contact_id,omitempty"`
}

func (w *identityMove) core() core.EventData {
	return core.IdentityMove{Identity: core.Identity(w.identity), FromContactID: w.FromContactID}
}

type contactInbox struct {
	ID           int64     `json:"id"`
	AccountID    int64     `json:"account_id,omitempty"`
	IdentityID   int64     `json:"identity_id,omitempty"`
	ContactID    int64     `json:"contact_id,omitempty"`
	InboxID      int64     `json:"inbox_id,omitempty"`
	SourceID     string    `json:"source_id,omitempty"`
	PubsubToken  string    `json:"-"` // a secret
	HMACVerified bool      `json:"hmac_verified,omitempty"`
	CreatedAt    core.Time `json:"created_at,omitempty"`
}

func (w *contactInbox) core() core.EventData { return core.ContactInbox(*w) }
