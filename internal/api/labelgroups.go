package api

import (
	"context"

	"parley/internal/core"
)

// LabelGroup gathers labels.
type LabelGroup struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	CreatedAt Time   `json:"created_at"`
}

// LabelGroupInput is what a label group is made of.
type LabelGroupInput struct {
	Name string `json:"name" minLength:"1" maxLength:"255" doc:"No other label group of the account has it."`
}

// LabelGroupPatch is a change of a label group.
type LabelGroupPatch struct {
	Name Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"255"`
}

func toLabelGroup(g *core.LabelGroup) LabelGroup {
	return LabelGroup{ID: g.ID, Name: g.Name, CreatedAt: Time(g.CreatedAt)}
}

func showLabelGroup(g core.LabelGroup, err error) (reply[LabelGroup], error) {
	return reply[LabelGroup]{body: toLabelGroup(&g), record: g, location: address("/v1/label_groups/", g.ID)}, err
}

func (a *API) labelGroupOperations() {
	n := names{unique: "name"}
	read(a, op{path: "/v1/label_groups", id: "listLabelGroups", tag: "Labels", summary: "List the label groups"}, a.listLabelGroups)
	read(a, op{path: "/v1/label_groups/{id}", id: "getLabelGroup", tag: "Labels", summary: "Read a label group"}, a.getLabelGroup)
	create(a, op{path: "/v1/label_groups", id: "createLabelGroup", tag: "Labels", summary: "Make a label group", permit: core.PermitLabels, names: n}, a.createLabelGroup)
	update(a, op{method: "PATCH", path: "/v1/label_groups/{id}", id: "updateLabelGroup", tag: "Labels", summary: "Rename a label group", permit: core.PermitLabels, names: n}, a.updateLabelGroup)
	remove(a, op{path: "/v1/label_groups/{id}", id: "deleteLabelGroup", tag: "Labels", summary: "Delete a label group and its labels", permit: core.PermitLabels}, a.deleteLabelGroup)
}

// listLabelGroups serves GET /v1/label_groups.
func (a *API) listLabelGroups(ctx context.Context, c *caller, in *PageOf) (reply[List[LabelGroup]], error) {
	return listByID(in, "label_groups", func(after int64, limit int) ([]core.LabelGroup, error) {
		return a.labels.PageGroups(ctx, c.AccountID, after, limit)
	}, func(g *core.LabelGroup) int64 { return g.ID }, toLabelGroup)
}

// getLabelGroup serves GET /v1/label_groups/{id}.
func (a *API) getLabelGroup(ctx context.Context, c *caller, in *ByID) (reply[LabelGroup], error) {
	return showLabelGroup(a.labels.Group(ctx, c.AccountID, in.ID))
}

// createLabelGroup serves POST /v1/label_groups.
func (a *API) createLabelGroup(ctx context.Context, c *caller, in *Creation[LabelGroupInput]) (reply[LabelGroup], error) {
	return showLabelGroup(a.labels.CreateGroup(ctx, c.actor(), c.AccountID, in.Body.Name, c.again))
}

// updateLabelGroup serves PATCH /v1/label_groups/{id}.
func (a *API) updateLabelGroup(ctx context.Context, c *caller, in *Change[LabelGroupPatch]) (reply[LabelGroup], error) {
	may := unchanged[core.LabelGroup](c)
	return showLabelGroup(a.labels.UpdateGroup(ctx, c.actor(), c.AccountID, in.ID, func(g *core.LabelGroup) error {
		if err := may.Of(*g); err != nil {
			return err
		}
		return in.Body.Name.changeTo(&g.Name, "name")
	}))
}

// deleteLabelGroup serves DELETE /v1/label_groups/{id}.
func (a *API) deleteLabelGroup(ctx context.Context, c *caller, in *ByID) error {
	return a.labels.DeleteGroup(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.LabelGroup](c))
}
