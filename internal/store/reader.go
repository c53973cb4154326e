package store

import (
	"context"

	"parley/internal/core"
)

// Reader is everything that can be read. The Store itself reads what was last
// committed; a Tx also sees what it wrote.
type Reader interface {
	Installation
	Accounts
	Agents
	Tokens
	Labels
	Attributes
	Inboxes
	Members
	Contacts
	Conversations
	Entries
	Uploads
	Events
	Page
	Jobs
	Webhooks
	IDs
	Search
}

// Installation reads settings of the whole installation, such as the key of
// opaque ids.
type Installation interface {
	// Setting returns the value stored under name.
	FindSetting(ctx context.Context, name string) (value string, ok bool, err error)
}

// Accounts reads accounts.
type Accounts interface {
	Account(ctx context.Context, id int64) (core.Account, error)
	FindAccountByUUID(ctx context.Context, uuid string) (core.Account, bool, error)
	// ListAccounts orders by id and returns at most limit accounts with an id
	// greater than after.
	ListAccounts(ctx context.Context, after int64, limit int) ([]core.Account, error)
}

// Agents reads agents and their profiles. Deleted agents are read by id and by
// UUID, and are in pages: see core.Agent.DeletedAt.
type Agents interface {
	Agent(ctx context.Context, account, id int64) (core.Agent, error)
	// AgentsByID returns those of the ids that exist, in no particular order.
	// It takes at most MaxIDs ids.
	AgentsByID(ctx context.Context, account int64, ids []int64) ([]core.Agent, error)
	FindAgentByUUID(ctx context.Context, account int64, uuid string) (core.Agent, bool, error)
	FindAgentByIdentity(ctx context.Context, account, identity int64) (core.Agent, bool, error)
	FindAgentByEmail(ctx context.Context, account int64, email string) (core.Agent, bool, error)
	FindAgentByUserName(ctx context.Context, account int64, userName string) (core.Agent, bool, error)
	Profile(ctx context.Context, account, id int64) (core.Profile, error)
	FindProfileByUniqueName(ctx context.Context, account int64, uniqueName string) (core.Profile, bool, error)
}

// Tokens finds credentials.
type Tokens interface {
	Token(ctx context.Context, account, id int64) (core.Token, error)
	// FindTokenByHash looks in all accounts: the token says which one it is.
	// Expired and revoked tokens are found too; the caller judges.
	FindTokenByHash(ctx context.Context, hash string) (core.Token, bool, error)
	FindTokenByName(ctx context.Context, account int64, name string) (core.Token, bool, error)
}

// Labels reads labels, and the other named lists of an account.
type Labels interface {
	// Label returns core.NotFound for a deleted label, too.
	Label(ctx context.Context, account, id int64) (core.Label, error)
	// LabelsByID returns those of the ids that exist, deleted ones among them,
	// in no particular order. It takes at most MaxIDs ids.
	LabelsByID(ctx context.Context, account int64, ids []int64) ([]core.Label, error)
	// FindLabelByTitle passes over deleted labels.
	FindLabelByTitle(ctx context.Context, account int64, title string) (core.Label, bool, error)
	// LabelsOfGroup returns at most limit labels of the group, by id.
	LabelsOfGroup(ctx context.Context, account, group int64, limit int) ([]core.Label, error)
	LabelGroup(ctx context.Context, account, id int64) (core.LabelGroup, error)
	FindLabelGroupByName(ctx context.Context, account int64, name string) (core.LabelGroup, bool, error)
	Team(ctx context.Context, account, id int64) (core.Team, error)
	FindTeamByName(ctx context.Context, account int64, name string) (core.Team, bool, error)
	CannedResponse(ctx context.Context, account, id int64) (core.CannedResponse, error)
	FindCannedResponse(ctx context.Context, account int64, shortCode string) (core.CannedResponse, bool, error)
}

// Attributes reads the definitions of custom attributes.
type Attributes interface {
	AttributeDefinition(ctx context.Context, account, id int64) (core.AttributeDefinition, error)
	FindAttributeDefinition(ctx context.Context, account int64, to core.AppliesTo, key string) (core.AttributeDefinition, bool, error)
	// AttributeDefinitions returns all that apply to contacts, or to
	// conversations, by key. An account has few.
	AttributeDefinitions(ctx context.Context, account int64, to core.AppliesTo) ([]core.AttributeDefinition, error)
}

// Inboxes reads inboxes.
type Inboxes interface {
	Inbox(ctx context.Context, account, id int64) (core.Inbox, error)
	// FindInbox looks in all accounts, for credentials that name nothing but an
	// inbox.
	FindInbox(ctx context.Context, id int64) (core.Inbox, bool, error)
	// FindInboxByIdentifier looks in all accounts: an identifier says which
	// account it belongs to. "" finds nothing.
	FindInboxByIdentifier(ctx context.Context, identifier string) (core.Inbox, bool, error)
	FindInboxByName(ctx context.Context, account int64, name string) (core.Inbox, bool, error)
	SubInbox(ctx context.Context, account, id int64) (core.SubInbox, error)
	FindSubInboxByName(ctx context.Context, account, inbox int64, name string) (core.SubInbox, bool, error)
}

// Contacts reads contacts, their identities and contact inboxes.
type Contacts interface {
	Contact(ctx context.Context, account, id int64) (core.Contact, error)
	FindContactByUUID(ctx context.Context, account int64, uuid string) (core.Contact, bool, error)
	// The three natural keys. "" finds nothing.
	FindContactByIdentifier(ctx context.Context, account int64, identifier string) (core.Contact, bool, error)
	FindContactByEmail(ctx context.Context, account int64, email string) (core.Contact, bool, error)
	FindContactByPhone(ctx context.Context, account int64, phone string) (core.Contact, bool, error)

	Identity(ctx context.Context, account, id int64) (core.Identity, error)
	FindIdentityByUUID(ctx context.Context, account int64, uuid string) (core.Identity, bool, error)
	FindIdentityByAddress(ctx context.Context, account, providerType int64, address string) (core.Identity, bool, error)
	// ListIdentities returns at most limit identities of the contact with an
	// id greater than after, in order of id, each with the number of its
	// conversations.
	ListIdentities(ctx context.Context, account, contact, after int64, limit int) ([]IdentityUse, error)
	// CountIdentities returns how many identities the contact has.
	CountIdentities(ctx context.Context, account, contact int64) (int64, error)

	ContactInbox(ctx context.Context, account, id int64) (core.ContactInbox, error)
	FindContactInboxBySource(ctx context.Context, account, inbox int64, sourceID string) (core.ContactInbox, bool, error)
	// FindContactInbox returns the identity's oldest door into the inbox.
	FindContactInbox(ctx context.Context, account, identity, inbox int64) (core.ContactInbox, bool, error)
}

// IdentityUse is an identity and how many conversations it has.
type IdentityUse struct {
	core.Identity
	Conversations int64
}

// MaxIDs is how many ids one call takes.
const MaxIDs = 500

// MaxKeyBytes is the length of the longest text that an index holds: names,
// addresses, e-mails, identifiers, source and external ids, URLs of webhooks,
// UUIDs. A longer one is core.Invalid, because not every engine can store it.
const MaxKeyBytes = 2048

// Conversations reads threads.
type Conversations interface {
	Conversation(ctx context.Context, account, id int64) (core.Conversation, error)
	FindConversationByUUID(ctx context.Context, account int64, uuid string) (core.Conversation, bool, error)
	FindConversationByDisplayID(ctx context.Context, account, displayID int64) (core.Conversation, bool, error)
	// ListThreads returns the threads that match q in q's order.
	ListThreads(ctx context.Context, account int64, q ThreadQuery) ([]core.Thread, error)
	// PageThreads returns the page of ListThreads that begins behind q.From,
	// and where the next one begins. What a page costs is bounded by q.Scan,
	// whatever q selects: a page may hold fewer threads than q.Limit, even none,
	// and yet have a Next.
	//
	// A walk from Next to Next shows every thread exactly once that matches and
	// does not move in the order meanwhile. In the order of creation none moves.
	// Of those that move, one may be missing or come again.
	//
	// The orders by closing and by customer update go through an inbox or a
	// contact: without one they are core.Invalid.
	PageThreads(ctx context.Context, account int64, q ThreadQuery) (ThreadPage, error)
	// CountThreads returns how many threads match q, whatever its paging. For
	// a query without any filter it is the account's kept counter.
	CountThreads(ctx context.Context, account int64, q ThreadQuery) (int64, error)
	// ContactUnread sums the contact's unread messages over the identity's
	// conversations in inboxes of the given channels, all when none are given.
	// It reads only conversations with unread messages.
	ContactUnread(ctx context.Context, account, identity int64, channels ...core.Channel) (int64, error)
	// ContactUnreadByConversation counts the unread messages of a contact in
	// each conversation, in one read of an index. ok is false when the account
	// has no such contact.
	ContactUnreadByConversation(ctx context.Context, account int64, q UnreadQuery) (unread ContactUnread, ok bool, err error)
	// AgentUnread counts what an agent has not read, by the agent's own cursor or
	// the shared one, in conversations that are not resolved and that the agent
	// is in charge of, as assignee or as assignee bot, or takes part in. It reads
	// an index entry for each of those, and for each that anybody takes part in.
	AgentUnread(ctx context.Context, account int64, q AgentUnreadQuery) (Unread, error)
	// CountStates returns how many conversations the account has in each state
	// of each sub-inbox, in no particular order and without empty ones. It
	// reads one small index row for each conversation.
	CountStates(ctx context.Context, account int64) ([]StateCount, error)
	// ListTallies returns how many conversations the account has of each inbox,
	// status, assignee and team, in no particular order and without empty ones.
	// The counts are kept: it reads a row for each. They follow a transaction at
	// its end.
	ListTallies(ctx context.Context, account int64) ([]Tally, error)
	// ConversationsOfAgent returns the ids of at most limit conversations that
	// the agent is in charge of, as assignee or as assignee bot, whatever their
	// status, or takes part in while they are not resolved; each once.
	ConversationsOfAgent(ctx context.Context, account, agent int64, limit int) ([]int64, error)
	// ConversationsOfTeam returns the ids of at most limit conversations that
	// were given to the team.
	ConversationsOfTeam(ctx context.Context, account, team int64, limit int) ([]int64, error)
	// CountAssigned counts the conversations that the agent is in charge of and
	// that are not resolved, by inbox, in order of the inbox's id. It reads an
	// index alone.
	CountAssigned(ctx context.Context, account, agent int64) ([]Assigned, error)
	// CountOpen counts the open conversations that each of the agents is in
	// charge of as assignee, by inbox, in no particular order and without empty
	// ones. It takes at most MaxIDs ids, and reads an index and the inboxes.
	CountOpen(ctx context.Context, account int64, agents []int64) ([]OpenCount, error)
	// HasUnassigned tells whether an open conversation of the inbox is nobody's:
	// see core.Conversation.Unassigned.
	HasUnassigned(ctx context.Context, account, inbox int64) (bool, error)
	// ListUnassigned returns at most limit of those that were given to the team,
	// 0 = to none: by WaitingSince and id, behind all others those whose contact
	// does not wait.
	ListUnassigned(ctx context.Context, account, inbox, team int64, limit int) ([]Unassigned, error)
	// ListIdle returns the ids of at most limit open conversations of the inbox
	// whose newest entry is older than before, the oldest first.
	ListIdle(ctx context.Context, account, inbox int64, before core.Time, limit int) ([]int64, error)
	// FindReadCursor returns the agent's own cursor.
	FindReadCursor(ctx context.Context, account, conversation, agent int64) (core.ReadCursor, bool, error)
	// ReadCursors returns those that the agent has of the conversations, in no
	// particular order. It takes at most MaxIDs ids.
	ReadCursors(ctx context.Context, account, agent int64, conversations []int64) ([]core.ReadCursor, error)
}

// Assigned is how many conversations of an inbox an agent is in charge of.
type Assigned struct {
	InboxID int64
	Count   int64
	Waiting int64 // of them: with a message of the contact that nobody has answered
}

// OpenCount is how many open conversations of an inbox an agent is in charge of.
type OpenCount struct {
	AgentID int64
	InboxID int64
	Channel core.Channel // the inbox's
	Count   int64
}

// Unassigned is a conversation that is open and nobody's.
type Unassigned struct {
	ID           int64
	WaitingSince core.Time
}

// Order is how threads stand in a list. Ties are broken by creation, then by
// id, both in the direction of the list.
type Order int

// The orders.
const (
	ByID             Order = iota // by id alone
	ByLastMessage                 // last public message, else creation
	ByLastActivity                // newest entry, else creation
	ByCreation                    // creation
	ByClosing                     // closing; open ones come as closed latest
	ByCustomerUpdate              // CustomerUpdatedAt
)

// Parts says what a thread brings along beside the conversation.
type Parts int

// The parts.
const (
	WithContact    Parts = 1 << iota // Contact and IdentityCount
	WithIdentity                     // Identity
	WithInbox                        // Inbox
	WithPrimary                      // Primary
	WithLast                         // Last: the newest public message and its author
	WithLastListed                   // Last: the newest listed message and its author
	WithAgents                       // OwnerUUID and BotUUID
)

// ThreadQuery selects threads of one account: those that match every field
// that is set.
type ThreadQuery struct {
	ConversationID int64
	DisplayID      int64
	IdentityID     int64
	ContactID      int64
	ContactInboxID int64
	InboxID        int64
	SubInboxID     int64
	OwnerID        int64
	BotID          int64
	TeamID         int64
	// AssigneeID is in charge, as assignee or as assignee bot.
	AssigneeID int64
	// Unassigned matches threads that neither an agent nor a bot is in charge
	// of, whatever their status.
	Unassigned bool
	// ParticipantID takes part.
	ParticipantID int64
	// LabelID is among the labels as stored; no index leads there.
	LabelID int64
	// InboxIDs matches any of the inboxes; none = all. At most MaxIDs.
	InboxIDs []int64
	// ConversationIDs matches any of them; none = all. At most MaxIDs. ByID is
	// the order in which they are found quickly.
	ConversationIDs []int64
	// Channels matches inboxes of any of them.
	Channels []core.Channel
	// Statuses matches any of them, whatever the code.
	Statuses []core.Status
	// States matches any of the pairs.
	States []State
	// Unread, when set, matches threads with something unread.
	Unread *CursorOf
	// Ext matches all of them.
	Ext []ExtMatch
	// Range bounds one of the times that threads are ordered by. In the order
	// by that time no more is walked than the page; in another one, all that
	// the range holds.
	Range Range

	Order Order
	Desc  bool
	// From is the place behind which the list goes on, in its direction; nil =
	// from its beginning.
	From   *Place
	Limit  int // at most; must be positive
	Offset int // not of PageThreads
	// Scan, of PageThreads alone, is how many rows a page looks at at most for
	// what no index leads to; must be positive there.
	Scan int
	With Parts
}

// State is a status together with the exact code kept beside it.
type State struct {
	Status core.Status
	Code   int64
}

// Range bounds the time that By orders by, both ends included. With By ByID,
// as in the zero value, it bounds nothing. Open conversations are in no range
// of ByClosing that ends before the end of time.
type Range struct {
	By       Order
	From, To core.Time
}

// StateCount is how many conversations of one state there are in a sub-inbox.
type StateCount struct {
	InboxID    int64
	SubInboxID int64 // 0 = in none
	State      State
	Count      int64
}

// ExtMatch compares the text of one member of a conversation's ext with a
// value. A conversation whose ext lacks the member (or has null there) matches
// by its core status or its inbox's channel instead.
//
// So that every engine can look into it, a conversation's ext must be valid
// JSON, nested at most 500 deep, without \u0000 and halves of surrogate pairs
// in its texts; others are core.Invalid when they are stored.
type ExtMatch struct {
	Path       []string // from ext's root, such as uncodie, status
	Value      string
	OrStatuses []core.Status
	OrChannels []core.Channel
}

// Entries reads messages, notes, activities and attachments.
type Entries interface {
	Entry(ctx context.Context, account, id int64) (core.Entry, error)
	// ListEntries returns the entries that match q, ordered by conversation id
	// and then by position, in q's direction of position.
	ListEntries(ctx context.Context, account int64, q EntryQuery) ([]core.Entry, error)
	FindEntryByUUID(ctx context.Context, account int64, uuid string) (core.Entry, bool, error)
	FindEntryByExternalID(ctx context.Context, account, conversation int64, externalID string) (core.Entry, bool, error)
	Attachment(ctx context.Context, account, id int64) (core.Attachment, error)
	// Attachments returns those of the messages, by message and then by id. It
	// takes at most MaxIDs ids.
	Attachments(ctx context.Context, account int64, messageIDs []int64) ([]core.Attachment, error)
}

// EntryQuery selects entries of some conversations of one account.
type EntryQuery struct {
	ConversationIDs []int64 // one to MaxIDs
	Kinds           []core.EntryKind
	ListedOnly      bool
	// After and Before bound the position, both exclusive; 0 = no bound. They
	// hold for every conversation of the query.
	After  int64
	Before int64
	Desc   bool // newest position first
	Limit  int  // at most, over all conversations; must be positive
}

// Uploads reads which files no message carries yet: see docs/adr/0012.
type Uploads interface {
	FindUpload(ctx context.Context, account int64, key string) (Upload, bool, error)
	// ListUploads returns at most limit of the account's uploads that were noted
	// before the time, the oldest first.
	ListUploads(ctx context.Context, account int64, before core.Time, limit int) ([]Upload, error)
}

// Upload is a file that is stored, or about to be, and that no message carries
// yet.
type Upload struct {
	AccountID int64
	Key       string // the file's, in the blob store
	CreatedAt core.Time
}

// Events reads the log.
type Events interface {
	// ListEvents returns at most limit events after seq, in order of seq.
	ListEvents(ctx context.Context, account, after int64, limit int) ([]core.Event, error)
	// ListEventsBefore returns at most limit events about the conversation before
	// a seq, the newest first; 0 = from the newest.
	ListEventsBefore(ctx context.Context, account, conversation, before int64, limit int) ([]core.Event, error)
	// FirstEventSeq returns the seq of the oldest event that is kept, one more
	// than the account's EventSeq when none is.
	FirstEventSeq(ctx context.Context, account int64) (int64, error)
	// ListEventsOf returns events that match q, in order of seq. What it costs
	// is bounded by q.Scan, however few of the log match.
	ListEventsOf(ctx context.Context, account int64, q EventQuery) (EventPage, error)
}

// EventQuery says which events of an account's log to list.
type EventQuery struct {
	After int64            // a seq; 0 = from the oldest that is kept
	Types []core.EventType // any of these; none = every type
	// ContactID and ConversationID want events about this contact, this
	// conversation; 0 = any.
	ContactID, ConversationID int64
	Limit                     int // events at most; must be positive
	// Scan is how many events of the contact and the conversation, or of the
	// account, are looked at for their type at most; must be positive.
	Scan int
}

// EventPage is what ListEventsOf found.
type EventPage struct {
	Events []core.Event
	// Next is where the list goes on: after it. No event of the query up to
	// there is missing; without any it is EventQuery.After, or further.
	Next int64
	// End tells that no event of the query came after Next. A page that is full
	// does not know.
	End bool
}

// Page lists whole tables of an account in order of id, at most limit rows
// with an id greater than after. Exports and doctors walk them.
type Page interface {
	PageAgents(ctx context.Context, account, after int64, limit int) ([]core.Agent, error)
	PageProfiles(ctx context.Context, account, after int64, limit int) ([]core.Profile, error)
	PageTokens(ctx context.Context, account, after int64, limit int) ([]core.Token, error)
	PageTeams(ctx context.Context, account, after int64, limit int) ([]core.Team, error)
	PageLabelGroups(ctx context.Context, account, after int64, limit int) ([]core.LabelGroup, error)
	// PageLabels passes over deleted labels.
	PageLabels(ctx context.Context, account, after int64, limit int) ([]core.Label, error)
	PageInboxes(ctx context.Context, account, after int64, limit int) ([]core.Inbox, error)
	PageSubInboxes(ctx context.Context, account, after int64, limit int) ([]core.SubInbox, error)
	PageContacts(ctx context.Context, account, after int64, limit int) ([]core.Contact, error)
	PageIdentities(ctx context.Context, account, after int64, limit int) ([]core.Identity, error)
	PageContactInboxes(ctx context.Context, account, after int64, limit int) ([]core.ContactInbox, error)
	PageConversations(ctx context.Context, account, after int64, limit int) ([]core.Conversation, error)
	PageCannedResponses(ctx context.Context, account, after int64, limit int) ([]core.CannedResponse, error)
	PageAttributeDefinitions(ctx context.Context, account, after int64, limit int) ([]core.AttributeDefinition, error)
	PageWebhooks(ctx context.Context, account, after int64, limit int) ([]core.Webhook, error)
	// PageReadCursors lists one conversation's cursors by agent.
	PageReadCursors(ctx context.Context, account, conversation, afterAgent int64, limit int) ([]core.ReadCursor, error)
}
