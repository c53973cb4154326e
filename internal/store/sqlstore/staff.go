package sqlstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	profiles            = newSource(profileTable)
	profileSQL          = profileTable.selectFrom("WHERE account_id = $1 AND id = $2")
	profileByUniqueName = profileTable.selectFrom("WHERE account_id = $1 AND unique_name = $2")
	updateProfileFields = profileTable.updateAll()
	deleteProfileSQL    = "DELETE FROM profiles WHERE account_id = $1 AND id = $2"

	// In the order of the index, whichever that is.
	ofAssigneeSQL    = "SELECT id FROM conversations WHERE account_id = $1 AND assignee_id = $2 LIMIT $3"
	ofAssigneeBotSQL = "SELECT id FROM conversations WHERE account_id = $1 AND assignee_bot_id = $2 LIMIT $3"
	ofParticipantSQL = "SELECT id FROM conversations WHERE account_id = $1 AND participant_ids <> '' AND status <> 'resolved'" +
		" AND COALESCE(assignee_id, 0) <> $2 AND COALESCE(assignee_bot_id, 0) <> $2" + listed("participant_ids", "$3") + " LIMIT $4"
	ofTeamSQL = "SELECT id FROM conversations WHERE account_id = $1 AND team_id = $2 LIMIT $3"
	// One status at a time, so that the rows come in the order of the groups.
	countAssigneeSQL    = countAssigned("assignee_id")
	countAssigneeBotSQL = countAssigned("assignee_bot_id")
)

func countAssigned(column string) string {
	return "SELECT inbox_id, count(*), count(*) FILTER (WHERE waiting_since <> 0) FROM conversations" +
		" WHERE account_id = $1 AND " + column + " = $2 AND status = $3 GROUP BY inbox_id"
}

// Profile implements store.Agents.
func (r reader) Profile(ctx context.Context, account, id int64) (core.Profile, error) {
	return get(ctx, r.checked, new(profileRow), "profile", profileSQL, account, id)
}

// FindProfileByUniqueName implements store.Agents.
func (r reader) FindProfileByUniqueName(ctx context.Context, account int64, uniqueName string) (core.Profile, bool, error) {
	return find(ctx, r.checked, new(profileRow), profileByUniqueName, account, uniqueName)
}

// InsertProfile implements store.Tx.
func (t *tx) InsertProfile(ctx context.Context, p *core.Profile) error {
	id, err := t.insert(ctx, profiles, profileArgs(p))
	if err != nil {
		return err
	}
	p.ID = id
	return nil
}

// UpdateProfile implements store.Tx.
func (t *tx) UpdateProfile(ctx context.Context, p core.Profile) error {
	return t.set(ctx, "profile", updateProfileFields, profileArgs(&p))
}

// DeleteProfile implements store.Tx.
func (t *tx) DeleteProfile(ctx context.Context, account, id int64) error {
	return t.remove(ctx, "profile", deleteProfileSQL, account, id)
}

// ConversationsOfAgent implements store.Conversations.
func (r reader) ConversationsOfAgent(ctx context.Context, account, agent int64, limit int) ([]int64, error) {
	var ids []int64
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{ofAssigneeSQL, []any{account, agent}},
		{ofAssigneeBotSQL, []any{account, agent}},
		{ofParticipantSQL, []any{account, agent, listedPattern(agent)}},
	} {
		if len(ids) == limit {
			break
		}
		more, err := page(ctx, r.checked, new(number), limit-len(ids), q.sql, q.args...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

// ConversationsOfTeam implements store.Conversations.
func (r reader) ConversationsOfTeam(ctx context.Context, account, team int64, limit int) ([]int64, error) {
	return page(ctx, r.checked, new(number), limit, ofTeamSQL, account, team)
}

// CountAssigned implements store.Conversations.
func (r reader) CountAssigned(ctx context.Context, account, agent int64) ([]store.Assigned, error) {
	sums := map[int64]store.Assigned{}
	for _, sql := range []string{countAssigneeSQL, countAssigneeBotSQL} {
		for _, status := range []core.Status{core.Open, core.Pending, core.Snoozed} {
			rows, err := list(ctx, r.checked, new(assignedRow), sql, account, agent, string(status))
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				sum := sums[row.InboxID]
				sums[row.InboxID] = store.Assigned{InboxID: row.InboxID, Count: sum.Count + row.Count, Waiting: sum.Waiting + row.Waiting}
			}
		}
	}
	all := slices.Collect(maps.Values(sums))
	slices.SortFunc(all, func(a, b store.Assigned) int { return cmp.Compare(a.InboxID, b.InboxID) })
	return all, nil
}

type assignedRow struct{ store.Assigned }

func (r *assignedRow) targets() []any        { return []any{&r.InboxID, &r.Count, &r.Waiting} }
func (r *assignedRow) value() store.Assigned { return r.Assigned }
