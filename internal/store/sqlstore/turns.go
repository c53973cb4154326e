package sqlstore

import (
	"context"

	"parley/internal/store"
)

var (
	// waitingOrder is the key of the index conversations_unassigned, written as
	// the index has it.
	waitingOrder = "(CASE WHEN waiting_since = 0 THEN 9223372036854775807 ELSE waiting_since END)"
	// unassigned are the conversations that the index holds.
	unassigned        = "FROM conversations WHERE account_id = $1 AND inbox_id = $2 AND status = 'open' AND assignee_id IS NULL AND assignee_bot_id IS NULL"
	hasUnassignedSQL  = "SELECT id " + unassigned + " ORDER BY COALESCE(team_id, 0), " + waitingOrder + ", id LIMIT 1" // by the index, whatever statistics say
	listUnassignedSQL = "SELECT id, waiting_since " + unassigned + " AND COALESCE(team_id, 0) = $3 ORDER BY " + waitingOrder + ", id LIMIT $4"

	// A write, so that there is a row to hold: one transaction after the other
	// passes here.
	lockTurnsSQL = "INSERT INTO turns (account_id, inbox_id, agent_id) VALUES ($1, 0, 0) ON CONFLICT (account_id, inbox_id) DO UPDATE SET agent_id = 0"
	findTurnSQL  = "SELECT agent_id FROM turns WHERE account_id = $1 AND inbox_id = $2"
	putTurnSQL   = "INSERT INTO turns (account_id, inbox_id, agent_id) VALUES ($1, $2, $3) ON CONFLICT (account_id, inbox_id) DO UPDATE SET agent_id = excluded.agent_id"
)

// countOpenSQL counts for as many agents as the key says.
var countOpenSQL = func() map[int]string {
	texts := map[int]string{}
	for _, size := range idSizes {
		texts[size] = "SELECT assignee_id, inbox_id, (SELECT channel FROM inboxes i WHERE i.account_id = $1 AND i.id = inbox_id), count(*)" +
			" FROM conversations WHERE account_id = $1 AND assignee_id IN (" + placeholders(2, size) + ") AND status = 'open' GROUP BY assignee_id, inbox_id"
	}
	return texts
}()

type openCountRow struct{ store.OpenCount }

func (r *openCountRow) targets() []any         { return []any{&r.AgentID, &r.InboxID, &r.Channel, &r.Count} }
func (r *openCountRow) value() store.OpenCount { return r.OpenCount }

type unassignedRow struct{ store.Unassigned }

func (r *unassignedRow) targets() []any          { return []any{&r.ID, &r.WaitingSince} }
func (r *unassignedRow) value() store.Unassigned { return r.Unassigned }

// CountOpen implements store.Conversations.
func (r reader) CountOpen(ctx context.Context, account int64, agents []int64) ([]store.OpenCount, error) {
	return listByIDs(ctx, r.checked, new(openCountRow), countOpenSQL, account, agents)
}

// HasUnassigned implements store.Conversations.
func (r reader) HasUnassigned(ctx context.Context, account, inbox int64) (bool, error) {
	_, found, err := find(ctx, r.checked, new(number), hasUnassignedSQL, account, inbox)
	return found, err
}

// ListUnassigned implements store.Conversations.
func (r reader) ListUnassigned(ctx context.Context, account, inbox, team int64, limit int) ([]store.Unassigned, error) {
	return page(ctx, r.checked, new(unassignedRow), limit, listUnassignedSQL, account, inbox, team)
}

// LockTurns implements store.Tx.
func (t *tx) LockTurns(ctx context.Context, account, inbox int64) (int64, error) {
	if _, err := t.exec(ctx, lockTurnsSQL, account); err != nil {
		return 0, err
	}
	agent, _, err := find(ctx, t.checked, new(number), findTurnSQL, account, inbox)
	return agent, err
}

// PutTurn implements store.Tx.
func (t *tx) PutTurn(ctx context.Context, account, inbox, agent int64) error {
	_, err := t.exec(ctx, putTurnSQL, account, inbox, agent)
	return err
}
