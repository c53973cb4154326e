package sqlstore

import (
	"context"

	"parley/internal/core"
)

var (
	labels            = newSource(labelTable)
	labelSQL          = labelTable.selectFrom("WHERE account_id = $1 AND id = $2 AND deleted_at = 0")
	labelsByIDSQL     = byIDs(labelTable)
	labelByTitleSQL   = labelTable.selectFrom("WHERE account_id = $1 AND title = $2 AND deleted_at = 0")
	labelsOfGroupSQL  = labelTable.selectFrom("WHERE account_id = $1 AND group_id = $2 AND deleted_at = 0 ORDER BY id LIMIT $3")
	updateLabelFields = labelTable.updateAll()
	labelGroups       = newSource(labelGroupTable)
	labelGroupSQL     = labelGroupTable.selectFrom("WHERE account_id = $1 AND name = $2")
	groupByIDSQL      = labelGroupTable.selectFrom("WHERE account_id = $1 AND id = $2")
	updateGroupFields = labelGroupTable.updateAll()
	deleteGroupSQL    = "DELETE FROM label_groups WHERE account_id = $1 AND id = $2"
	teams             = newSource(teamTable)
	teamByIDSQL       = teamTable.selectFrom("WHERE account_id = $1 AND id = $2")
	updateTeamFields  = teamTable.updateAll()
	deleteTeamSQL     = "DELETE FROM teams WHERE account_id = $1 AND id = $2"
	teamByNameSQL     = teamTable.selectFrom("WHERE account_id = $1 AND name = $2")
	cannedResponses   = newSource(cannedResponseTable)
	cannedResponseSQL = cannedResponseTable.selectFrom("WHERE account_id = $1 AND short_code = $2")
	cannedByIDSQL     = cannedResponseTable.selectFrom("WHERE account_id = $1 AND id = $2")
	updateCanned      = cannedResponseTable.updateAll()
	deleteCannedSQL   = "DELETE FROM canned_responses WHERE account_id = $1 AND id = $2"
)

// Label implements store.Labels.
func (r reader) Label(ctx context.Context, account, id int64) (core.Label, error) {
	return get(ctx, r.checked, new(labelRow), "label", labelSQL, account, id)
}

// LabelsOfGroup implements store.Labels.
func (r reader) LabelsOfGroup(ctx context.Context, account, group int64, limit int) ([]core.Label, error) {
	return page(ctx, r.checked, new(labelRow), limit, labelsOfGroupSQL, account, group)
}

// LabelGroup implements store.Labels.
func (r reader) LabelGroup(ctx context.Context, account, id int64) (core.LabelGroup, error) {
	return get(ctx, r.checked, new(labelGroupRow), "label group", groupByIDSQL, account, id)
}

// Team implements store.Labels.
func (r reader) Team(ctx context.Context, account, id int64) (core.Team, error) {
	return get(ctx, r.checked, new(teamRow), "team", teamByIDSQL, account, id)
}

// LabelsByID implements store.Labels.
func (r reader) LabelsByID(ctx context.Context, account int64, ids []int64) ([]core.Label, error) {
	return listByIDs(ctx, r.checked, new(labelRow), labelsByIDSQL, account, ids)
}

// FindLabelByTitle implements store.Labels.
func (r reader) FindLabelByTitle(ctx context.Context, account int64, title string) (core.Label, bool, error) {
	return find(ctx, r.checked, new(labelRow), labelByTitleSQL, account, title)
}

// FindLabelGroupByName implements store.Labels.
func (r reader) FindLabelGroupByName(ctx context.Context, account int64, name string) (core.LabelGroup, bool, error) {
	return find(ctx, r.checked, new(labelGroupRow), labelGroupSQL, account, name)
}

// FindTeamByName implements store.Labels.
func (r reader) FindTeamByName(ctx context.Context, account int64, name string) (core.Team, bool, error) {
	return find(ctx, r.checked, new(teamRow), teamByNameSQL, account, name)
}

// CannedResponse implements store.Labels.
func (r reader) CannedResponse(ctx context.Context, account, id int64) (core.CannedResponse, error) {
	return get(ctx, r.checked, new(cannedResponseRow), "canned response", cannedByIDSQL, account, id)
}

// FindCannedResponse implements store.Labels.
func (r reader) FindCannedResponse(ctx context.Context, account int64, shortCode string) (core.CannedResponse, bool, error) {
	return find(ctx, r.checked, new(cannedResponseRow), cannedResponseSQL, account, shortCode)
}

// InsertTeam implements store.Tx.
func (t *tx) InsertTeam(ctx context.Context, v *core.Team) error {
	id, err := t.insert(ctx, teams, teamArgs(v))
	if err != nil {
		return err
	}
	v.ID = id
	return nil
}

// UpdateTeam implements store.Tx.
func (t *tx) UpdateTeam(ctx context.Context, v core.Team) error {
	return t.set(ctx, "team", updateTeamFields, teamArgs(&v))
}

// DeleteTeam implements store.Tx.
func (t *tx) DeleteTeam(ctx context.Context, account, id int64) error {
	return t.remove(ctx, "team", deleteTeamSQL, account, id)
}

// InsertLabelGroup implements store.Tx.
func (t *tx) InsertLabelGroup(ctx context.Context, g *core.LabelGroup) error {
	id, err := t.insert(ctx, labelGroups, labelGroupArgs(g))
	if err != nil {
		return err
	}
	g.ID = id
	return nil
}

// UpdateLabelGroup implements store.Tx.
func (t *tx) UpdateLabelGroup(ctx context.Context, g core.LabelGroup) error {
	return t.set(ctx, "label group", updateGroupFields, labelGroupArgs(&g))
}

// DeleteLabelGroup implements store.Tx.
func (t *tx) DeleteLabelGroup(ctx context.Context, account, id int64) error {
	return t.remove(ctx, "label group", deleteGroupSQL, account, id)
}

// InsertLabel implements store.Tx.
func (t *tx) InsertLabel(ctx context.Context, l *core.Label) error {
	id, err := t.insert(ctx, labels, labelArgs(l))
	if err != nil {
		return err
	}
	l.ID = id
	return nil
}

// UpdateLabel implements store.Tx.
func (t *tx) UpdateLabel(ctx context.Context, l core.Label) error {
	return t.set(ctx, "label", updateLabelFields, labelArgs(&l))
}

// InsertCannedResponse implements store.Tx.
func (t *tx) InsertCannedResponse(ctx context.Context, c *core.CannedResponse) error {
	id, err := t.insert(ctx, cannedResponses, cannedResponseArgs(c))
	if err != nil {
		return err
	}
	c.ID = id
	return nil
}

// UpdateCannedResponse implements store.Tx.
func (t *tx) UpdateCannedResponse(ctx context.Context, c core.CannedResponse) error {
	return t.set(ctx, "canned response", updateCanned, cannedResponseArgs(&c))
}

// DeleteCannedResponse implements store.Tx.
func (t *tx) DeleteCannedResponse(ctx context.Context, account, id int64) error {
	return t.remove(ctx, "canned response", deleteCannedSQL, account, id)
}
