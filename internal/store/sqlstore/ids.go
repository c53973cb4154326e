package sqlstore

import (
	"context"
	"slices"
	"strings"

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
	store.AccountIDs, store.ProfileIDs, store.TokenIDs, store.TeamIDs, store.LabelGroupIDs, store.LabelIDs, store.InboxIDs, store.SubInboxIDs,
	store.ContactInboxIDs, store.ConversationIDs, store.AttachmentIDs, store.CannedResponseIDs, store.AttributeDefinitionIDs,
	store.WebhookIDs,
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
// there is no index on the id alone: every account is asked for every id by its
// key. The OFFSET keeps the planner from joining another way, which would walk
// all rows of the account.
func (r reader) ownersSQL(h holder, n int) string {
	switch {
	case h.table == "accounts":
		return "SELECT id, id FROM accounts WHERE id IN (" + placeholders(1, n) + ")"
	case r.engine.PerAccount():
		values := strings.ReplaceAll(placeholders(1, n), ", ", "::bigint), (")
		return "SELECT t.taken, a.id FROM accounts a CROSS JOIN (VALUES (" + values + "::bigint)) AS v (id) CROSS JOIN LATERAL (SELECT " +
			h.column + " AS taken FROM " + h.table + " WHERE account_id = a.id AND " + h.column + " = v.id OFFSET 0) t"
	}
	return "SELECT " + h.column + ", account_id FROM " + h.table + " WHERE " + h.column + " IN (" + placeholders(1, n) + ")"
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
	return t.lift(ctx, SpaceIdentity, a.IdentityID)
}

// LiftIDs implements store.Tx. The contract names the shared spaces as this
// package does.
func (t *tx) LiftIDs(ctx context.Context, space store.IDSpace, id int64) error {
	if holders[space] == nil {
		return core.Refuse("space", "not a shared space of ids")
	}
	return t.lift(ctx, Space(space), id)
}

// lift raises a sequence, unless this command has done so.
func (t *tx) lift(ctx context.Context, space Space, id int64) error {
	if id <= t.lifted[space] {
		return nil
	}
	if err := t.engine.Lift(ctx, t.q, space, id); err != nil {
		return t.classify(err)
	}
	t.passed(space, id)
	return nil
}

// passed notes that a sequence has passed id.
func (t *tx) passed(space Space, id int64) {
	if t.lifted == nil {
		t.lifted = map[Space]int64{}
	}
	t.lifted[space] = max(t.lifted[space], id)
}
