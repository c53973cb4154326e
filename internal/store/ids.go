package store

import "context"

// IDSpace names a set of rows whose ids are unique together, over all
// accounts.
type IDSpace string

// The spaces of ids.
const (
	PersonIDs              IDSpace = "person"   // contacts and agents
	IdentityIDs            IDSpace = "identity" // identities of contacts and of agents
	EntryIDs               IDSpace = "entry"    // messages, notes and activities
	AccountIDs             IDSpace = "accounts"
	TokenIDs               IDSpace = "tokens"
	ProfileIDs             IDSpace = "profiles"
	TeamIDs                IDSpace = "teams"
	LabelGroupIDs          IDSpace = "label_groups"
	LabelIDs               IDSpace = "labels"
	InboxIDs               IDSpace = "inboxes"
	SubInboxIDs            IDSpace = "sub_inboxes"
	ContactInboxIDs        IDSpace = "contact_inboxes"
	ConversationIDs        IDSpace = "conversations"
	AttachmentIDs          IDSpace = "attachments"
	CannedResponseIDs      IDSpace = "canned_responses"
	AttributeDefinitionIDs IDSpace = "attribute_definitions"
	WebhookIDs             IDSpace = "webhooks"
)

// IDs looks ids up without knowing whose they are. Only an import has to: a
// file gives ids, and names parents by id alone. Nothing that answers a client
// may ask here.
type IDs interface {
	// OwnersByID returns the account of each of the ids that a row of the
	// space has, in all accounts; an account owns itself. It takes at most
	// MaxIDs ids. Ids that are free are absent from the result.
	OwnersByID(ctx context.Context, space IDSpace, ids []int64) (map[int64]int64, error)
}
