package sqlstore

import (
	"context"
)

var (
	inboxMembersSQL = func() map[int]string {
		texts := map[int]string{}
		for _, size := range idSizes {
			texts[size] = "SELECT inbox_id, agent_id FROM inbox_members WHERE account_id = $1 AND inbox_id IN (" + placeholders(2, size) + ")" +
				" ORDER BY inbox_id, agent_id"
		}
		return texts
	}()
	inboxesOfAgentSQL = "SELECT inbox_id FROM inbox_members WHERE account_id = $1 AND agent_id = $2 ORDER BY inbox_id"
	isMember          = "EXISTS (SELECT 1 FROM inbox_members m WHERE m.account_id = $1 AND m.inbox_id = i.id AND m.agent_id = $2)"
	hasMembers        = "EXISTS (SELECT 1 FROM inbox_members m WHERE m.account_id = $1 AND m.inbox_id = i.id)"
	hiddenInboxSQL    = "SELECT i.id FROM inboxes i WHERE i.account_id = $1 AND " + hasMembers + " AND NOT " + isMember + " ORDER BY i.id LIMIT 1"
	inboxesInSightSQL = "SELECT i.id FROM inboxes i WHERE i.account_id = $1 AND (" + isMember + " OR NOT " + hasMembers + ") ORDER BY i.id"
	putMemberSQL      = "INSERT INTO inbox_members (account_id, inbox_id, agent_id) VALUES ($1, $2, $3)"
	clearMembersSQL   = "DELETE FROM inbox_members WHERE account_id = $1 AND inbox_id = $2"
)

// InboxMembers implements store.Members.
func (r reader) InboxMembers(ctx context.Context, account int64, inboxes []int64) (map[int64][]int64, error) {
	rows, err := listByIDs(ctx, r.checked, new(pair), inboxMembersSQL, account, inboxes)
	if err != nil {
		return nil, err
	}
	members := map[int64][]int64{}
	for _, row := range rows {
		members[row.a] = append(members[row.a], row.b)
	}
	return members, nil
}

// InboxesOfAgent implements store.Members.
func (r reader) InboxesOfAgent(ctx context.Context, account, agent int64) ([]int64, error) {
	return list(ctx, r.checked, new(number), inboxesOfAgentSQL, account, agent)
}

// InboxesInSight implements store.Members.
func (r reader) InboxesInSight(ctx context.Context, account, agent int64) ([]int64, bool, error) {
	_, hidden, err := find(ctx, r.checked, new(number), hiddenInboxSQL, account, agent)
	if err != nil || !hidden {
		return nil, err == nil, err
	}
	ids, err := list(ctx, r.checked, new(number), inboxesInSightSQL, account, agent)
	return ids, false, err
}

// SetInboxMembers implements store.MemberWrites.
func (t *tx) SetInboxMembers(ctx context.Context, account, inbox int64, agents []int64) error {
	if _, err := t.exec(ctx, clearMembersSQL, account, inbox); err != nil {
		return err
	}
	for _, agent := range agents {
		if _, err := t.exec(ctx, putMemberSQL, account, inbox, agent); err != nil {
			return err
		}
	}
	return nil
}
