package conversation

import "parley/internal/store"

// The queries of Reads, for callers that know only use cases: doors import no
// store.
type (
	// Query selects threads: see store.ThreadQuery.
	Query = store.ThreadQuery
	// State is a status together with the exact code kept beside it.
	State = store.State
	// Order is how threads stand in a list.
	Order = store.Order
	// Place is where a list of threads goes on.
	Place = store.Place
	// Range bounds one of the times that threads are ordered by.
	Range = store.Range
	// Parts says what a thread brings along beside the conversation.
	Parts = store.Parts
)

// The orders.
const (
	ByID             = store.ByID
	ByLastMessage    = store.ByLastMessage
	ByLastActivity   = store.ByLastActivity
	ByCreation       = store.ByCreation
	ByClosing        = store.ByClosing
	ByCustomerUpdate = store.ByCustomerUpdate
)

// The parts.
const (
	WithContact    = store.WithContact
	WithIdentity   = store.WithIdentity
	WithInbox      = store.WithInbox
	WithPrimary    = store.WithPrimary
	WithLast       = store.WithLast
	WithLastListed = store.WithLastListed
	WithAgents     = store.WithAgents
)
