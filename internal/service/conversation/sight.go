package conversation

import (
	"slices"

	"parley/internal/service/inbox"
	"parley/internal/store"
)

// Sight is which inboxes somebody sees: at most store.MaxIDs of them, or all.
type Sight = inbox.Sight

// blind tells that nothing at all is seen.
func blind(s Sight) bool { return !s.All && len(s.InboxIDs) == 0 }

// inSight is the sight as queries have it, none = all. It has no meaning for who
// sees nothing.
func inSight(s Sight) []int64 {
	if s.All {
		return nil
	}
	return s.InboxIDs
}

// narrow leaves of q what is seen; false means nothing. A single inbox leads to
// its conversations by an index.
func narrow(s Sight, q *store.ThreadQuery) bool {
	switch {
	case s.All:
	case blind(s):
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
