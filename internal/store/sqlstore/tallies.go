package sqlstore

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	listTalliesSQL = "SELECT inbox_id, status, assignee_id, team_id, n FROM conversation_tallies WHERE account_id = $1 AND n <> 0"
	addTallySQL    = "INSERT INTO conversation_tallies (account_id, inbox_id, status, assignee_id, team_id, n) VALUES ($1, $2, $3, $4, $5, $6)" +
		" ON CONFLICT (account_id, inbox_id, status, assignee_id, team_id) DO UPDATE SET n = conversation_tallies.n + excluded.n"
)

// tallyKey is a key of one account.
type tallyKey struct {
	account int64
	store.TallyKey
}

type tallyRow struct{ store.Tally }

func (r *tallyRow) targets() []any {
	return []any{&r.InboxID, &r.Status, &r.AssigneeID, &r.TeamID, &r.Count}
}

func (r *tallyRow) value() store.Tally { return r.Tally }

// ListTallies implements store.Conversations.
func (r reader) ListTallies(ctx context.Context, account int64) ([]store.Tally, error) {
	return list(ctx, r.checked, new(tallyRow), listTalliesSQL, account)
}

// meet notes where a stored conversation is counted.
func (t *tx) meet(c *core.Conversation) {
	if t.tallied == nil {
		t.tallied = map[int64]store.TallyKey{}
	}
	t.tallied[c.ID] = store.TallyOf(c)
}

// tally notes that a conversation is counted under its key from now on, and no
// longer where it was met.
func (t *tx) tally(c *core.Conversation) {
	key := store.TallyOf(c)
	was, met := t.tallied[c.ID]
	if met && was == key {
		return
	}
	if t.tallies == nil {
		t.tallies = map[tallyKey]int64{}
	}
	if met {
		t.tallies[tallyKey{c.AccountID, was}]--
	}
	t.tallies[tallyKey{c.AccountID, key}]++
	t.meet(c)
}

// addTallies changes the counts of an account whose row is held.
func addTallies(ctx context.Context, q Querier, account int64, by map[store.TallyKey]int64) error {
	for key, n := range by {
		if n == 0 {
			continue
		}
		if _, err := q.Exec(ctx, addTallySQL, account, key.InboxID, string(key.Status), key.AssigneeID, key.TeamID, n); err != nil {
			return fmt.Errorf("count conversations of account %d: %w", account, err)
		}
	}
	return nil
}
