package sqlstore

import (
	"context"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// holder is a column that takes its ids from a space.
type holder struct{ table, column string }

// holders are the columns of each space. The spaces that are not listed belong
// to one table of their name.
var holders = map[store.IDSpace][]holder{
	store.PersonIDs:   {{"contacts", "id"}, {"agents", "id"}},
	store.IdentityIDs: {{"identities", "id"}, {"agents", "identity_id"}},
	store.EntryIDs:    {{"entries", "id"}},
}

var ownTables = []store.IDSpace{
	store.AccountIDs, store.TokenIDs, store.TeamIDs, store.LabelGroupIDs, store.LabelIDs, store.InboxIDs, store.SubInboxIDs,
	store.ContactInboxIDs, store.ConversationIDs, store.AttachmentIDs, store.CannedResponseIDs, store.WebhookIDs,
}

// OwnersByID implements store.IDs.
func (r reader) OwnersByID(ctx context.Context, space store.IDSpace, ids []int64) (map[int64]int64, error) {
	columns := holders[space]
	if slices.Contains(ownTables, space) {
		columns = []holder{{string(space), "id"}}
	}
	if columns == nil {
		return nil, core.Refuse("space", "unknown space of ids")
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := checkIDCount(ids); err != nil {
		return nil, err
	}
	given := padded(ids)
	owners := map[int64]int64{}
	for _, h := range columns {
		rows, err := list(ctx, r.checked, new(pair), r.ownersSQL(h, len(given)), given...)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			owners[row.a] = row.b
		}
	}
	return owners, nil
}

// ownersSQL reads ids and their accounts. Where keys lead with the account
// there is no index on the id alone: every account is asked by its key. The
// OFFSET keeps the planner from joining the other way round, which would read
// the whole table.
func (r reader) ownersSQL(h holder, n int) string {
	in := " IN (" + placeholders(1, n) + ")"
	switch {
	case h.table == "accounts":
		return "SELECT id, id FROM accounts WHERE id" + in
	case r.engine.PerAccount():
		return "SELECT t.taken, a.id FROM accounts a CROSS JOIN LATERAL (SELECT " + h.column + " AS taken FROM " + h.table +
			" WHERE account_id = a.id AND " + h.column + in + " OFFSET 0) t"
	}
	return "SELECT " + h.column + ", account_id FROM " + h.table + " WHERE " + h.column + in
}

var updateAgentFields = agentTable.updateAll()

// UpdateAgent implements store.Tx.
func (t *tx) UpdateAgent(ctx context.Context, a core.Agent) error {
	if err := checkArgs(agentArgs(&a)); err != nil {
		return err
	}
	if a.IdentityID == 0 {
		next, err := t.engine.NextID(ctx, t.q, SpaceIdentity)
		if err != nil {
			return t.classify(err)
		}
		a.IdentityID = next
	}
	if err := t.set(ctx, "agent", updateAgentFields, agentArgs(&a)); err != nil {
		return err
	}
	if err := t.engine.Lift(ctx, t.q, SpaceIdentity, a.IdentityID); err != nil {
		return t.classify(err)
	}
	return nil
}
