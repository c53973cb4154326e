package core

// Thread is a conversation with what lists print beside it. Only the parts
// that were asked for are filled; the others are zero.
type Thread struct {
	Conversation  Conversation
	Contact       Contact
	IdentityCount int64 // how many identities the contact has
	Identity      Identity
	Inbox         Inbox
	Primary       *Entry // nil when there is none
	Last          *Line  // nil when there is none
	OwnerUUID     string // "" = no owner
	BotUUID       string
}

// Line is an entry as it is shown: with its author and attachments.
type Line struct {
	Entry       Entry
	Agent       *Agent    // the author, when an agent said it
	Contact     *Contact  // the author, when the contact said it
	Identity    *Identity // the identity that the contact said it through
	Attachments []Attachment
}
