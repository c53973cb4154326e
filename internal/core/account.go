package core

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// MaxID is the largest id: clients that keep numbers as doubles read every id
// exactly.
const MaxID = 1<<53 - 1

// maxNameBytes bounds the names that people give.
const maxNameBytes = 255

// CheckName refuses what cannot be the name of an account, an agent, an inbox
// or a token.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" {
		return Refuse("name", "a name is needed")
	}
	if len(name) > maxNameBytes {
		return Refuse("name", fmt.Sprintf("a name has at most %d bytes", maxNameBytes))
	}
	return nil
}

// CheckSettings refuses what cannot be the settings of an account or an inbox.
func CheckSettings(settings JSON) error {
	return CheckObject("settings", settings, maxSettingsBytes)
}

// Account is one tenant. Everything but the account itself belongs to one.
type Account struct {
	ID       int64
	UUID     string // any 8-4-4-4-12 form
	Name     string
	Locale   string // BCP 47 tag, "" = en
	Timezone string // IANA name, "" = UTC
	Settings JSON   // object
	// Epoch names this history of the event log; an import into the account
	// and a restore renew it, so that older cursors are noticed.
	Epoch string
	// EventSeq is the sequence number of the newest event.
	EventSeq int64
	// LastDisplayID is the highest display id given to a conversation.
	LastDisplayID int64
	// ConversationCount is the number of the account's conversations.
	ConversationCount int64
	CreatedAt         Time
	UpdatedAt         Time
}

// AgentType tells people from bots.
type AgentType string

// The types of agent.
const (
	Person AgentType = "person"
	Bot    AgentType = "bot"
)

// Role is what an agent may do in the account.
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	Member        Role = "agent"
)

// Agent is a person or a bot as member of one account. Agents and contacts
// share one id space, and so do their identities.
type Agent struct {
	ID           int64
	UUID         string
	AccountID    int64
	Type         AgentType
	Name         string
	FirstName    string
	LastName     string
	DisplayName  string // shown to contacts; "" = Name
	Description  string
	Email        string // lower case; unique in the account where given
	PasswordHash string // PHC string; a secret
	Role         Role
	IdentityID   int64  // the agent's own identity, always set once stored
	ProviderType int64  // type of the identity's address
	Address      string // the identity's address, often the e-mail, "" for bots
	AvatarURL    string
	Availability Availability
	UserName     string // what the agent signs in with, beside the e-mail; unique in the account where given
	// SyncCapacity and AsyncCapacity are how many conversations the agent takes
	// at the same time in chats and elsewhere; 0 = no limit.
	SyncCapacity  int64
	AsyncCapacity int64
	ProfileIDs    []int64
	Ext           JSON // object: what only one dialect knows, by dialect
	CreatedAt     Time
	UpdatedAt     Time
	// DeletedAt is set for an agent who is no longer a member. The row stays for
	// what the agent has said; it has no e-mail, user name or password any more.
	DeletedAt Time
}

// Availability is whether an agent can be given conversations; "" = Offline.
type Availability string

// The availabilities.
const (
	Online  Availability = "online"
	Busy    Availability = "busy"
	Offline Availability = "offline"
)

// Profile is a named set of permissions, which agents are given.
type Profile struct {
	ID          int64
	AccountID   int64
	Name        string
	UniqueName  string // unique in the account
	Permissions []string
	CreatedAt   Time
}

// The permissions of the profiles that an account begins with. PermitStaff and
// PermitLabels open what manages the account. Any other, which profiles may
// hold, too, is kept and opens nothing here.
const (
	PermitStaff       = "staff"       // agents, teams and profiles
	PermitLabels      = "labels"      // labels and their groups
	PermitAssignments = "assignments" // who is in charge of a conversation
	PermitAnswers     = "answers"     // conversations and what is said in them
	PermitReports     = "reports"     // figures
)

// DefaultProfiles are what an account begins with. The migration that brought
// profiles gave the same to the accounts that it found.
func DefaultProfiles() []Profile {
	return []Profile{
		{Name: "Administrator", UniqueName: "administrator", Permissions: []string{PermitStaff, PermitLabels, PermitAssignments, PermitAnswers, PermitReports}},
		{Name: "Supervisor", UniqueName: "supervisor", Permissions: []string{PermitLabels, PermitAssignments, PermitAnswers, PermitReports}},
		{Name: "Agent", UniqueName: "agent", Permissions: []string{PermitAnswers}},
	}
}

// Scope is one right of a token.
type Scope string

// The scopes. A token without any has all of them.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
	ScopeAdmin Scope = "admin"
)

// Token is a credential of an account, or of one of its agents. The token
// itself is never stored, only its hash.
type Token struct {
	ID        int64
	AccountID int64
	Name      string // unique in the account
	AgentID   int64  // 0: the account itself is the subject
	Hash      string // lower-case hex of the SHA-256 of the token's text
	Scopes    []Scope
	ExpiresAt Time // unset = never
	RevokedAt Time
	CreatedAt Time
}

// State is "valid", "expired" or "revoked".
func (t *Token) State(now Time) string {
	switch {
	case t.RevokedAt.IsSet():
		return "revoked"
	case !t.Valid(now):
		return "expired"
	}
	return "valid"
}

// Valid tells whether the token opens anything at the given time.
func (t *Token) Valid(now Time) bool {
	return !t.RevokedAt.IsSet() && (!t.ExpiresAt.IsSet() || now < t.ExpiresAt)
}

// Team is a named group of agents.
type Team struct {
	ID        int64
	AccountID int64
	Name      string // unique in the account
	AgentIDs  []int64
	CreatedAt Time
}

// LabelGroup gathers labels.
type LabelGroup struct {
	ID        int64
	AccountID int64
	Name      string // unique in the account
	CreatedAt Time
}

// Label marks conversations and contacts.
type Label struct {
	ID          int64
	AccountID   int64
	Title       string // unique among the account's labels that are not deleted
	GroupID     int64  // 0 = none
	Type        int64  // CommBox tag type number; 0 = not given
	Color       string
	Description string
	Ext         JSON // object: what only one dialect knows, by dialect
	CreatedAt   Time
	// DeletedAt is set for a label that is gone. Conversations and contacts may
	// still carry its id; whoever shows labels passes over it.
	DeletedAt Time
}

// CannedResponse is a text that agents insert by a short code.
type CannedResponse struct {
	ID        int64
	AccountID int64
	ShortCode string // unique in the account
	Content   string
	CreatedAt Time
	UpdatedAt Time
}

// NewEpoch returns a random name for a history of the event log.
func NewEpoch() string { return rand.Text() }
