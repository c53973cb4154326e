package core

// Status is where a conversation stands.
type Status string

// The statuses.
const (
	Open     Status = "open"
	Pending  Status = "pending"
	Snoozed  Status = "snoozed"
	Resolved Status = "resolved"
)

// Valid tells whether s is one of the four statuses.
func (s Status) Valid() bool {
	switch s {
	case Open, Pending, Snoozed, Resolved:
		return true
	}
	return false
}

// Side is one of the two sides of a conversation.
type Side int

// The sides. Everything that speaks for the account is on the agents' side:
// people, bots, automation, the channel.
const (
	ContactSide Side = iota
	AgentSide
)

// Conversation is a thread between a contact and the account.
//
// The fields from LastPosition on are derived from the entries by the rules of
// this package; a store never computes them another way.
type Conversation struct {
	ID                   int64
	UUID                 string
	AccountID            int64
	DisplayID            int64 // per account from 1
	InboxID              int64
	SubInboxID           int64 // 0 = none
	ContactID            int64 // the identity's contact
	IdentityID           int64
	ContactInboxID       int64
	Status               Status
	StatusCode           int64 // CommBox's exact code, 0 = the default of Status
	ArchivedAt           Time
	Priority             string // low, medium, high, urgent or ""
	Subject              string
	OpenedBy             Side
	ExternalID           string
	LabelIDs             []int64 // in the order they were given
	AssigneeID           int64   // 0 = none
	LastAssigneeID       int64
	AssigneeBotID        int64
	OwnerID              int64
	BotID                int64 // the serving bot
	TeamID               int64
	ParticipantIDs       []int64 // agents who take part, in the order they joined
	CustomAttributes     JSON    // object
	AdditionalAttributes JSON    // object
	Ext                  JSON    // object: what only one dialect knows, by dialect
	// PrimaryMessageID names the message that stands for the conversation: the
	// first one that counts, unless another was named.
	PrimaryMessageID int64
	SnoozedUntil     Time
	// ContactLastSeenAt and AgentLastSeenAt are stamps of explicit reads.
	ContactLastSeenAt Time
	AgentLastSeenAt   Time
	CreatedAt         Time

	// LastPosition is the position of the newest entry, 0 without entries.
	LastPosition int64
	// MessageCount is the number of public messages, tombstones included.
	MessageCount int64
	// LastMessageID is the newest public message; LastListedID the newest that
	// is listed. 0 = none.
	LastMessageID int64
	LastListedID  int64
	// AgentSeq counts what the contact should read, ContactSeq what the agents
	// should read. See Append.
	AgentSeq   int64
	ContactSeq int64
	// ContactCursor is how far in AgentSeq the contact has read, AgentCursor
	// how far in ContactSeq the agents together have. The ReadIDs name the
	// entries up to which that was, 0 = nothing.
	ContactCursor int64
	AgentCursor   int64
	ContactReadID int64
	AgentReadID   int64
	// FirstResponseAt and LastResponseAt: the oldest and newest creation among
	// public, counted messages of people and bots. WaitingSince: the oldest
	// creation among the contact's counted messages after the last of those.
	FirstResponseAt Time
	LastResponseAt  Time
	ClosedAt        Time
	WaitingSince    Time
	// LastMessageAt is the creation of LastMessageID, CreatedAt without one.
	LastMessageAt Time
	// LastActivityAt is the newest creation among all entries.
	LastActivityAt Time
	// CustomerUpdatedAt moves with customer messages, status, labels, content
	// and inbox; UpdatedAt with every change.
	CustomerUpdatedAt Time
	UpdatedAt         Time
}

// ContactUnread is the number of messages that the contact has not read.
func (c *Conversation) ContactUnread() int64 { return c.AgentSeq - c.ContactCursor }

// AgentUnread is the number of messages that the agents together have not read.
func (c *Conversation) AgentUnread() int64 { return c.ContactSeq - c.AgentCursor }

// OwnUnread is the number of messages that one agent has not read: by the
// agent's own cursor, or by the shared one when own is nil.
func (c *Conversation) OwnUnread(own *ReadCursor) int64 {
	if own == nil {
		return c.AgentUnread()
	}
	return c.ContactSeq - own.Seq
}

// ReadCursor is how far one agent has read. Without one the agents' shared
// cursor stands in.
type ReadCursor struct {
	AccountID      int64
	ConversationID int64
	AgentID        int64
	EntryID        int64 // the entry up to which the agent has read, 0 = nothing
	Seq            int64 // that entry's ContactSeq
}
