package store

import (
	"context"

	"parley/internal/core"
)

// DocumentKind says what a document of the search index is about.
type DocumentKind string

// The kinds of documents. Tombstones and entries without a word have none, nor
// have contacts of whom nothing is known.
const (
	MessageDocument DocumentKind = "message"
	NoteDocument    DocumentKind = "note"
	ContactDocument DocumentKind = "contact"
)

// Search finds messages, notes and contacts by their words: see docs/adr/0017.
// The index is part of every write: what was committed is found, unless it is
// still to be filled in (see BackfillJob).
type Search interface {
	// Search returns documents that match q, newest first. What it costs is
	// bounded by q.Scan, however few match: a page may be short, and even empty,
	// before the end.
	Search(ctx context.Context, account int64, q SearchQuery) (SearchPage, error)
	// EntriesByID and ContactsByID return those of the ids that exist, in no
	// particular order. They take at most MaxIDs ids.
	EntriesByID(ctx context.Context, account int64, ids []int64) ([]core.Entry, error)
	ContactsByID(ctx context.Context, account int64, ids []int64) ([]core.Contact, error)

	// CountDocuments returns how many documents the account has.
	CountDocuments(ctx context.Context, account int64) (int64, error)
	// MisindexedEntries returns the ids of those of the entries whose document is
	// missing, or there although it should not be, and how many of them have one;
	// deep looks into the index, too, whether it finds each by its words. It takes
	// at most MaxIDs entries.
	MisindexedEntries(ctx context.Context, account int64, entries []core.Entry, deep bool) (wrong []int64, documents int, err error)
	// MisindexedContacts is the same for contacts.
	MisindexedContacts(ctx context.Context, account int64, contacts []core.Contact, deep bool) (wrong []int64, documents int, err error)
}

// SearchQuery says what to search for: documents that hold all terms, or the
// ending of a phone number, and lie within all bounds.
type SearchQuery struct {
	Terms []SearchTerm
	// PhoneEnding finds contacts, whatever the terms are, with a phone number
	// that ends so; digits, "" = none. Without it there must be a term.
	PhoneEnding string
	Kinds       []DocumentKind // any of these; none = every kind

	// AllInboxes finds what was said in every inbox. Without it only what was
	// said in conversations that are in one of InboxIDs now is found, at most
	// MaxIDs; contacts are in no inbox and always found.
	AllInboxes bool
	InboxIDs   []int64
	// IdentityIDs and ConversationID, where given, find only what was said in
	// conversations of one of these identities, at most MaxIDs, and in this
	// conversation, and no contacts.
	IdentityIDs    []int64
	ConversationID int64
	From, To       core.Time // when it was made: From is in, To is not; 0 = no bound

	Before int64 // a Document.ID: only older ones; 0 = from the newest
	Limit  int   // documents at most; must be positive
	Scan   int   // how many candidates are looked at, about: an index may look at some more at once; must be positive
}

// SearchTerm is a token, as package fold makes them, or the beginning of one.
type SearchTerm struct {
	Token  string
	Prefix bool
}

// Document is a hit.
type Document struct {
	// ID orders documents by when what they are about was made: see ADR 0017.
	ID             int64
	Kind           DocumentKind
	RefID          int64 // of the entry or the contact
	ConversationID int64 // 0 for a contact
}

// SearchPage is what Search found.
type SearchPage struct {
	Documents []Document
	// Next is the SearchQuery.Before of the page that follows; 0 = there is
	// none.
	Next int64
	// Looked is how many candidates were looked at; see SearchQuery.Scan.
	Looked int
}

// BackfillJob is the kind of job that fills in what the search index does not
// hold yet; there is one for an account while something is missing. Its key is
// where the work goes on: see SearchWrites.Backfill.
const BackfillJob = "search.backfill"

// SearchWrites changes what is found. Entries, contacts and identities are
// indexed where they are stored; this is for the rest.
type SearchWrites interface {
	// IndexLater leaves what this command stores after the call out of the index,
	// so that an import is as quick as without one. The command puts the account's
	// BackfillJob.
	IndexLater()
	// Backfill indexes what is not yet: some of the account's contacts, entries
	// and conversations, at most limit of them, newest first. from is "" at the
	// beginning, and afterwards what the call before returned, which is "" at the
	// end.
	Backfill(ctx context.Context, account int64, from string, limit int) (next string, err error)
}
