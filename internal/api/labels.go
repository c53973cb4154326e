package api

import (
	"context"
	"strconv"

	"parley/internal/core"
)

// Label is a word tied to conversations or contacts.
type Label struct {
	ID          int64   `json:"id"`
	Title       string  `json:"title"`
	GroupID     *int64  `json:"group_id" doc:"The label group; null: none."`
	Color       *string `json:"color"`
	Description *string `json:"description"`
	Type        *int64  `json:"type" doc:"A number of the caller's own; null: none."`
	CreatedAt   Time    `json:"created_at"`
}

// LabelInput is what a label is made of.
type LabelInput struct {
	Title       string  `json:"title" minLength:"1" maxLength:"255" doc:"No other label of the account has it."`
	GroupID     *int64  `json:"group_id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"A label group of the account."`
	Color       *string `json:"color,omitempty" nullable:"true" pattern:"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" doc:"#rgb or #rrggbb."`
	Description *string `json:"description,omitempty" nullable:"true" maxLength:"65535"`
	Type        *int64  `json:"type,omitempty" nullable:"true" minimum:"1" maximum:"2147483647"`
}

// LabelPatch is a change of a label.
type LabelPatch struct {
	Title       Optional[string] `json:"title,omitzero" minLength:"1" maxLength:"255"`
	GroupID     Optional[int64]  `json:"group_id,omitzero" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	Color       Optional[string] `json:"color,omitzero" nullable:"true" pattern:"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" doc:"#rgb or #rrggbb."`
	Description Optional[string] `json:"description,omitzero" nullable:"true" maxLength:"65535"`
	Type        Optional[int64]  `json:"type,omitzero" nullable:"true" minimum:"1" maximum:"2147483647"`
}

func toLabel(l *core.Label) Label {
	return Label{
		ID: l.ID, Title: l.Title, GroupID: orNull(l.GroupID), Color: orNull(l.Color), Description: orNull(l.Description),
		Type: orNull(l.Type), CreatedAt: Time(l.CreatedAt),
	}
}

func showLabel(l core.Label, err error) (reply[Label], error) {
	return reply[Label]{body: toLabel(&l), record: l, location: address("/v1/labels/", l.ID)}, err
}

// address is the path of a thing.
func address(list string, id int64) string { return list + strconv.FormatInt(id, 10) }

func (a *API) labelOperations() {
	n := names{unique: "title", fields: map[string]string{"name": "title", "group": "group_id"}}
	read(a, op{path: "/v1/labels", id: "listLabels", tag: "Labels", summary: "List the labels"}, a.listLabels)
	read(a, op{path: "/v1/labels/{id}", id: "getLabel", tag: "Labels", summary: "Read a label"}, a.getLabel)
	create(a, op{path: "/v1/labels", id: "createLabel", tag: "Labels", summary: "Make a label", permit: core.PermitLabels, names: n}, a.createLabel)
	update(a, op{method: "PATCH", path: "/v1/labels/{id}", id: "updateLabel", tag: "Labels", summary: "Change a label", permit: core.PermitLabels, names: n}, a.updateLabel)
	remove(a, op{path: "/v1/labels/{id}", id: "deleteLabel", tag: "Labels", summary: "Delete a label", permit: core.PermitLabels}, a.deleteLabel)
}

// listLabels serves GET /v1/labels.
func (a *API) listLabels(ctx context.Context, c *caller, in *PageOf) (reply[List[Label]], error) {
	return listByID(in, "labels", func(after int64, limit int) ([]core.Label, error) {
		return a.labels.Page(ctx, c.AccountID, after, limit)
	}, func(l *core.Label) int64 { return l.ID }, toLabel)
}

// getLabel serves GET /v1/labels/{id}.
func (a *API) getLabel(ctx context.Context, c *caller, in *ByID) (reply[Label], error) {
	return showLabel(a.labels.Label(ctx, c.AccountID, in.ID))
}

// createLabel serves POST /v1/labels.
func (a *API) createLabel(ctx context.Context, c *caller, in *Creation[LabelInput]) (reply[Label], error) {
	b := &in.Body
	return showLabel(a.labels.Create(ctx, c.actor(), core.Label{
		AccountID: c.AccountID, Title: b.Title, GroupID: valueOf(b.GroupID), Type: valueOf(b.Type),
		Color: valueOf(b.Color), Description: valueOf(b.Description),
	}, c.again))
}

// updateLabel serves PATCH /v1/labels/{id}.
func (a *API) updateLabel(ctx context.Context, c *caller, in *Change[LabelPatch]) (reply[Label], error) {
	may, b := unchanged[core.Label](c), &in.Body
	return showLabel(a.labels.Update(ctx, c.actor(), c.AccountID, in.ID, func(l *core.Label) error {
		if err := may.Of(*l); err != nil {
			return err
		}
		b.GroupID.change(&l.GroupID)
		b.Color.change(&l.Color)
		b.Description.change(&l.Description)
		b.Type.change(&l.Type)
		return b.Title.changeTo(&l.Title, "title")
	}))
}

// deleteLabel serves DELETE /v1/labels/{id}.
func (a *API) deleteLabel(ctx context.Context, c *caller, in *ByID) error {
	return a.labels.Delete(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Label](c))
}
