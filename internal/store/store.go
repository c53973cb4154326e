package store

import (
	"context"

	"parley/internal/core"
)

// Store is one database.
type Store interface {
	Reader

	// InTx is the only door to a write. It runs fn in a transaction and
	// returns when that is durable: nil means that the work survives kill -9
	// and power loss.
	//
	// Commands that wait at the same moment share one transaction (per
	// database on SQLite, per account on PostgreSQL), so fn must decide before
	// it writes: return an error first, write last. When a statement fails, or
	// fn returns an error after it wrote, the shared transaction is rolled
	// back and every command of it is run again alone; so fn may be called
	// more than once and must have no effect but through tx. A command that
	// fails leaves nothing and harms no other.
	//
	// The transaction runs on the writer's own context. When ctx ends before
	// fn has begun, fn is not run and ctx's error comes back; once begun, the
	// command is carried to its end. When InTx returns ctx's error the command
	// had no effect.
	//
	// account is the account that fn works for, 0 for work that belongs to
	// none (creating one, settings of the installation).
	InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx Tx) error) error

	// View runs fn on one unchanging state of the database.
	View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error

	// Dump writes one state of the whole database into dir, a folder that is
	// empty: everything that was committed before the call is in it. Writers go
	// on meanwhile. The files are complete, but maybe not yet on the disk, when
	// it returns.
	Dump(ctx context.Context, dir string) (Dump, error)

	// Analyze tells the database's planner how much there is of what. Whoever
	// has stored very many rows at once calls it: until the database does so
	// by itself, minutes later, its guesses may make reads a hundred times as
	// dear. A failure loses nothing but that.
	Analyze(ctx context.Context) error

	// Ready reports whether the database answers and its schema is current.
	Ready(ctx context.Context) error

	// Committed returns a channel that is closed after the next commit that
	// added events to the account's log, on this process. Readers of the log
	// take the channel, read, and then wait on it.
	Committed(account int64) <-chan struct{}

	// OnCommitted has fn told, in place of who was told before, of every commit
	// of this process that added events: the accounts whose logs grew. Callers
	// are answered after it, so fn must not block; several goroutines may call
	// it at once, and it must not keep the slice.
	OnCommitted(fn func(accounts []int64))

	// Close waits for commands that have begun and releases the database.
	Close() error
}

// Tx reads and writes inside one command.
//
// Insert methods give an id (and a UUID, where the type has one and it is "")
// when the value has none, and keep the given one otherwise, lifting the
// sequence above it. They write the value back through the pointer. A taken id
// or unique value is core.Conflict, a reference to an absent row
// core.Invalid: both as an error of a failed statement. Update methods return
// core.NotFound for a row that the account does not have, and never move one to
// another account or id.
type Tx interface {
	Reader

	PutSetting(ctx context.Context, name, value string) error

	InsertAccount(ctx context.Context, a *core.Account) error
	// UpdateAccount stores name, locale, timezone, settings, epoch and
	// updated_at; counters move only with what they count.
	UpdateAccount(ctx context.Context, a core.Account) error
	InsertAgent(ctx context.Context, a *core.Agent) error
	// UpdateAgent stores the whole row, the uuid too; an IdentityID of 0 takes a
	// new id.
	UpdateAgent(ctx context.Context, a core.Agent) error
	InsertProfile(ctx context.Context, p *core.Profile) error
	// UpdateProfile, UpdateTeam, UpdateLabelGroup, UpdateLabel,
	// UpdateCannedResponse and UpdateAttributeDefinition store the whole row.
	UpdateProfile(ctx context.Context, p core.Profile) error
	// DeleteProfile, DeleteTeam, DeleteLabelGroup, DeleteCannedResponse and
	// DeleteAttributeDefinition remove the row, and return core.NotFound where there is none. What refers to a team or a group must be
	// gone before: else core.Invalid, as an error of a failed statement. Agents
	// list the ids of their profiles, which nothing checks.
	DeleteProfile(ctx context.Context, account, id int64) error
	InsertToken(ctx context.Context, t *core.Token) error
	// UpdateToken stores everything but the hash.
	UpdateToken(ctx context.Context, t core.Token) error
	InsertTeam(ctx context.Context, t *core.Team) error
	UpdateTeam(ctx context.Context, t core.Team) error
	DeleteTeam(ctx context.Context, account, id int64) error
	InsertLabelGroup(ctx context.Context, g *core.LabelGroup) error
	UpdateLabelGroup(ctx context.Context, g core.LabelGroup) error
	DeleteLabelGroup(ctx context.Context, account, id int64) error
	InsertLabel(ctx context.Context, l *core.Label) error
	UpdateLabel(ctx context.Context, l core.Label) error
	InsertInbox(ctx context.Context, i *core.Inbox) error
	// UpdateInbox stores everything but the uuid. A new identifier is found at
	// once, and the old one no more.
	UpdateInbox(ctx context.Context, i core.Inbox) error
	InsertSubInbox(ctx context.Context, s *core.SubInbox) error
	// UpdateSubInbox stores the name.
	UpdateSubInbox(ctx context.Context, s core.SubInbox) error
	InsertContact(ctx context.Context, c *core.Contact) error
	// UpdateContact stores everything but the uuid. Of a contact that the command
	// has read, and of which only LastActivityAt differs, it stores that alone.
	UpdateContact(ctx context.Context, c core.Contact) error
	// DeleteContact removes a contact that has no identity any more.
	DeleteContact(ctx context.Context, account, id int64) error
	InsertIdentity(ctx context.Context, i *core.Identity) error
	// UpdateIdentity stores everything but the uuid, the address with its
	// provider type and the contact.
	UpdateIdentity(ctx context.Context, i core.Identity) error
	// MoveIdentity makes the identity one of another contact, and with it its
	// contact inboxes, its conversations and what the contact said in them.
	MoveIdentity(ctx context.Context, account, identity, from, to int64) error
	InsertContactInbox(ctx context.Context, ci *core.ContactInbox) error
	// UpdateContactInbox stores the whole row.
	UpdateContactInbox(ctx context.Context, ci core.ContactInbox) error
	InsertCannedResponse(ctx context.Context, c *core.CannedResponse) error
	UpdateCannedResponse(ctx context.Context, c core.CannedResponse) error
	DeleteCannedResponse(ctx context.Context, account, id int64) error
	InsertAttributeDefinition(ctx context.Context, d *core.AttributeDefinition) error
	UpdateAttributeDefinition(ctx context.Context, d core.AttributeDefinition) error
	DeleteAttributeDefinition(ctx context.Context, account, id int64) error

	// LiftIDs raises the sequence of PersonIDs, IdentityIDs or EntryIDs so that
	// id is never given out. Inserting a given id does that too; a command that
	// inserts many lifts to the highest first, and pays for it once.
	LiftIDs(ctx context.Context, space IDSpace, id int64) error

	// InsertConversation gives a display id too when it is 0: the next of the
	// account.
	InsertConversation(ctx context.Context, c *core.Conversation) error
	// LockConversation reads the conversation and holds its row until the
	// transaction ends: positions and sequences are given under this lock.
	LockConversation(ctx context.Context, account, id int64) (core.Conversation, error)
	// UpdateConversation stores everything but the uuid and the display id. A
	// row that the command has locked costs least.
	UpdateConversation(ctx context.Context, c core.Conversation) error
	// NextEntryID takes an id for an entry to come: core.Append needs it.
	NextEntryID(ctx context.Context) (int64, error)
	// InsertEntry needs ID and Position: see NextEntryID, LockConversation and
	// core.Append.
	InsertEntry(ctx context.Context, e *core.Entry) error
	// UpdateEntry stores everything but the uuid, the conversation and the
	// position.
	UpdateEntry(ctx context.Context, e core.Entry) error
	// InsertAttachment does not touch the entry's count: the caller stores it
	// with the entry.
	InsertAttachment(ctx context.Context, a *core.Attachment) error
	PutReadCursor(ctx context.Context, r core.ReadCursor) error
	// PutUpload notes a file. A key that is noted already is core.Conflict.
	PutUpload(ctx context.Context, u Upload) error
	// TakeUpload forgets a file, and tells whether it was noted: by the message
	// that carries it from now on, or by whoever removed it.
	TakeUpload(ctx context.Context, account int64, key string) (bool, error)

	// LockTurns returns which agent was the last to be given a conversation by
	// the inbox, 0 = nobody yet, and holds all turns of the account until the
	// transaction ends: what it counts of the agents' conversations afterwards
	// holds, but for what others give them by name.
	LockTurns(ctx context.Context, account, inbox int64) (agent int64, err error)
	// PutTurn stores whose turn was the last.
	PutTurn(ctx context.Context, account, inbox, agent int64) error

	MemberWrites
	Repeats
	JobWrites
	WebhookWrites
	Staging
	SearchWrites

	// Emit adds events to the log. They get their sequence numbers at the end
	// of the transaction.
	Emit(events ...core.Event)
	// PruneEvents removes the oldest events of the account's log up to the first
	// that happened at before or later, or that an active webhook has not come to
	// (see core.Webhook.Active), at most limit of them, and returns how many. What
	// is kept has no gap: see Events.FirstEventSeq.
	PruneEvents(ctx context.Context, account int64, before core.Time, limit int) (int, error)
}

// Repeats remembers what must not happen twice: see docs/adr/0010.
type Repeats interface {
	// FindAnswer returns the request that the caller made before under this
	// operation and key, however old it is: those past their time are forgotten
	// by the next PutAnswer.
	FindAnswer(ctx context.Context, account int64, caller, operation, key string) (AnsweredRequest, bool, error)
	// PutAnswer forgets the account's requests that were made before oldest, and
	// stores r. One that is there already, or that another node stores at this
	// moment, is core.Conflict.
	PutAnswer(ctx context.Context, r AnsweredRequest, oldest core.Time) error
	// FindReceived returns the entry that a channel's message became, by the
	// channel's name for it.
	FindReceived(ctx context.Context, account, inbox int64, externalID string) (entry int64, ok bool, err error)
	// PutReceived notes it, for ever. A name that is taken is core.Conflict.
	PutReceived(ctx context.Context, account, inbox int64, externalID string, entry int64) error
}

// AnsweredRequest is a command that a caller gave a key, and how it ended.
type AnsweredRequest struct {
	AccountID int64
	Caller    string // who asked, as the door names callers
	Operation string
	Key       string // the caller's; unique for caller and operation
	Hash      string // of what was asked
	Answer    string // what the command gave
	CreatedAt core.Time
}

// Staging keeps what an import has to remember between two batches, so that
// its memory does not grow with the file and a stopped one can go on.
type Staging interface {
	// PutStaged stores text under (account, kind, key), over an older one.
	PutStaged(ctx context.Context, account int64, kind string, key int64, text string) error
	FindStaged(ctx context.Context, account int64, kind string, key int64) (text string, ok bool, err error)
	// ClearStaged removes all that was staged for the account.
	ClearStaged(ctx context.Context, account int64) error
}
