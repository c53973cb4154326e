package conversation

import (
	"slices"

	"parley/internal/store"
)

// Sight is which inboxes somebody sees. The zero value sees nothing.
type Sight struct {
	All      bool
	InboxIDs []int64 // without All; at most store.MaxIDs
}

// blind tells that nothing at all is seen.
func (s Sight) blind() bool { return !s.All && len(s.InboxIDs) == 0 }

// inboxes is the sight as queries have it, none = all. It has no meaning for who
// sees nothing.
func (s Sight) inboxes() []int64 {
	if s.All {
		return nil
	}
	return s.InboxIDs
}

// narrow leaves of q what is seen; false means nothing. A single inbox leads to
// its conversations by an index.
func (s Sight) narrow(q *store.ThreadQuery) bool {
	switch {
	case s.All:
	case s.blind():
		return false
	case q.InboxID != 0:
		return slices.Contains(s.InboxIDs, q.InboxID)
	case len(s.InboxIDs) == 1:
		q.InboxID = s.InboxIDs[0]
	default:
		q.InboxIDs = s.InboxIDs
	}
	return true
}

// sees tells whether the inbox is seen.
func (s Sight) sees(inbox int64) bool { return s.All || slices.Contains(s.InboxIDs, inbox) }
