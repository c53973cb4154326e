package store

import (
	"cmp"

	"parley/internal/core"
)

// TallyKey is what conversations have in common that are counted together.
type TallyKey struct {
	InboxID    int64
	Status     core.Status
	AssigneeID int64 // the assignee, else the assignee bot; 0 = nobody
	TeamID     int64 // 0 = none
}

// TallyOf is the key under which a conversation is counted.
func TallyOf(c *core.Conversation) TallyKey {
	return TallyKey{c.InboxID, c.Status, cmp.Or(c.AssigneeID, c.AssigneeBotID), c.TeamID}
}

// Tally is how many conversations there are under a key.
type Tally struct {
	TallyKey
	Count int64
}
