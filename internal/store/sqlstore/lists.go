package sqlstore

import (
	"context"

	"parley/internal/core"
)

var (
	labels            = newSource(labelTable)
	labelsByIDSQL     = byIDs(labelTable)
	labelByTitleSQL   = labelTable.selectFrom("WHERE account_id = $1 AND title = $2")
	labelGroups       = newSource(labelGroupTable)
	labelGroupSQL     = labelGroupTable.selectFrom("WHERE account_id = $1 AND name = $2")
	teams             = newSource(teamTable)
	teamByNameSQL     = teamTable.selectFrom("WHERE account_id = $1 AND name = $2")
	cannedResponses   = newSource(cannedResponseTable)
	cannedResponseSQL = cannedResponseTable.selectFrom("WHERE account_id = $1 AND short_code = $2")
	webhooks          = newSource(webhookTable)
	webhookByURLSQL   = webhookTable.selectFrom("WHERE account_id = $1 AND url = $2")
)

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

// FindCannedResponse implements store.Labels.
func (r reader) FindCannedResponse(ctx context.Context, account int64, shortCode string) (core.CannedResponse, bool, error) {
	return find(ctx, r.checked, new(cannedResponseRow), cannedResponseSQL, account, shortCode)
}

// FindWebhookByURL implements store.Labels.
func (r reader) FindWebhookByURL(ctx context.Context, account int64, url string) (core.Webhook, bool, error) {
	return find(ctx, r.checked, new(webhookRow), webhookByURLSQL, account, url)
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

// InsertLabelGroup implements store.Tx.
func (t *tx) InsertLabelGroup(ctx context.Context, g *core.LabelGroup) error {
	id, err := t.insert(ctx, labelGroups, labelGroupArgs(g))
	if err != nil {
		return err
	}
	g.ID = id
	return nil
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

// InsertCannedResponse implements store.Tx.
func (t *tx) InsertCannedResponse(ctx context.Context, c *core.CannedResponse) error {
	id, err := t.insert(ctx, cannedResponses, cannedResponseArgs(c))
	if err != nil {
		return err
	}
	c.ID = id
	return nil
}

// InsertWebhook implements store.Tx.
func (t *tx) InsertWebhook(ctx context.Context, w *core.Webhook) error {
	id, err := t.insert(ctx, webhooks, webhookArgs(w))
	if err != nil {
		return err
	}
	w.ID = id
	return nil
}
