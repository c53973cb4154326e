package api

import (
	"context"

	"parley/internal/core"
)

// AttributeDefinition says what a custom attribute is.
type AttributeDefinition struct {
	ID          int64    `json:"id"`
	AppliesTo   string   `json:"applies_to" enum:"contact,conversation"`
	Key         string   `json:"key" doc:"The member of custom_attributes."`
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Type        string   `json:"type" enum:"text,number,link,date,list,checkbox"`
	Options     []string `json:"options" doc:"What a list is chosen from; empty for other types."`
	Pattern     *string  `json:"pattern"`
	PatternHint *string  `json:"pattern_hint"`
	CreatedAt   Time     `json:"created_at"`
	UpdatedAt   Time     `json:"updated_at"`
}

// AttributeDefinitionInput is what a definition is made of.
type AttributeDefinitionInput struct {
	AppliesTo   string   `json:"applies_to" enum:"contact,conversation"`
	Key         string   `json:"key" minLength:"1" maxLength:"128" pattern:"^[A-Za-z0-9_][A-Za-z0-9_.-]*$" doc:"The member of custom_attributes: no other definition of the account that applies to the same has it, and it stays."`
	Name        string   `json:"name" minLength:"1" maxLength:"255"`
	Description *string  `json:"description,omitempty" nullable:"true" maxLength:"2000"`
	Type        string   `json:"type" enum:"text,number,link,date,list,checkbox" doc:"A link begins with http:// or https://, a date is a day such as 2026-11-22, a list takes one of the options, a checkbox true or false."`
	Options     []string `json:"options,omitempty" maxItems:"200" doc:"Of a list: 1 to 200 different texts of at most 255 bytes."`
	Pattern     *string  `json:"pattern,omitempty" nullable:"true" maxLength:"500" doc:"Of a text or a link: a regular expression (RE2) that has to find something in the value, which then has at most 4096 bytes. ^ and $ make it fit the whole."`
	PatternHint *string  `json:"pattern_hint,omitempty" nullable:"true" maxLength:"255" doc:"What the pattern wants, for people."`
}

// AttributeDefinitionPatch is a change of a definition.
type AttributeDefinitionPatch struct {
	Name        Optional[string]   `json:"name,omitzero" minLength:"1" maxLength:"255"`
	Description Optional[string]   `json:"description,omitzero" nullable:"true" maxLength:"2000"`
	Type        Optional[string]   `json:"type,omitzero" enum:"text,number,link,date,list,checkbox"`
	Options     Optional[[]string] `json:"options,omitzero" nullable:"true" maxItems:"200" doc:"All of them."`
	Pattern     Optional[string]   `json:"pattern,omitzero" nullable:"true" maxLength:"500"`
	PatternHint Optional[string]   `json:"pattern_hint,omitzero" nullable:"true" maxLength:"255"`
}

func toAttributeDefinition(d *core.AttributeDefinition) AttributeDefinition {
	return AttributeDefinition{
		ID: d.ID, AppliesTo: string(d.AppliesTo), Key: d.Key, Name: d.Name, Description: orNull(d.Description), Type: string(d.Type),
		Options: orEmpty(d.Options), Pattern: orNull(d.Pattern), PatternHint: orNull(d.PatternHint),
		CreatedAt: Time(d.CreatedAt), UpdatedAt: Time(d.UpdatedAt),
	}
}

func showAttributeDefinition(d core.AttributeDefinition, err error) (reply[AttributeDefinition], error) {
	return reply[AttributeDefinition]{body: toAttributeDefinition(&d), record: d, location: address("/v1/attribute_definitions/", d.ID)}, err
}

func (a *API) attributeOperations() {
	const list, one, tag = "/v1/attribute_definitions", "/v1/attribute_definitions/{id}", "Attribute definitions"
	n := names{unique: "key"}
	read(a, op{path: list, id: "listAttributeDefinitions", tag: tag, summary: "List the attribute definitions"}, a.listAttributeDefinitions)
	read(a, op{path: one, id: "getAttributeDefinition", tag: tag, summary: "Read an attribute definition"}, a.getAttributeDefinition)
	create(a, op{path: list, id: "createAttributeDefinition", tag: tag, summary: "Define an attribute", permit: core.PermitLabels, names: n}, a.createAttributeDefinition)
	update(a, op{method: "PATCH", path: one, id: "updateAttributeDefinition", tag: tag, summary: "Change an attribute definition", permit: core.PermitLabels}, a.updateAttributeDefinition)
	remove(a, op{path: one, id: "deleteAttributeDefinition", tag: tag, summary: "Delete an attribute definition", permit: core.PermitLabels}, a.deleteAttributeDefinition)
}

// listAttributeDefinitions serves GET /v1/attribute_definitions.
func (a *API) listAttributeDefinitions(ctx context.Context, c *caller, in *PageOf) (reply[List[AttributeDefinition]], error) {
	return listByID(in, "attribute_definitions", func(after int64, limit int) ([]core.AttributeDefinition, error) {
		return a.attributes.Page(ctx, c.AccountID, after, limit)
	}, func(d *core.AttributeDefinition) int64 { return d.ID }, toAttributeDefinition)
}

// getAttributeDefinition serves GET /v1/attribute_definitions/{id}.
func (a *API) getAttributeDefinition(ctx context.Context, c *caller, in *ByID) (reply[AttributeDefinition], error) {
	return showAttributeDefinition(a.attributes.Definition(ctx, c.AccountID, in.ID))
}

// createAttributeDefinition serves POST /v1/attribute_definitions.
func (a *API) createAttributeDefinition(ctx context.Context, c *caller, in *Creation[AttributeDefinitionInput]) (reply[AttributeDefinition], error) {
	b := &in.Body
	return showAttributeDefinition(a.attributes.Create(ctx, c.actor(), core.AttributeDefinition{
		AccountID: c.AccountID, AppliesTo: core.AppliesTo(b.AppliesTo), Key: b.Key, Name: b.Name, Description: valueOf(b.Description),
		Type: core.AttributeType(b.Type), Options: b.Options, Pattern: valueOf(b.Pattern), PatternHint: valueOf(b.PatternHint),
	}, c.again))
}

// updateAttributeDefinition serves PATCH /v1/attribute_definitions/{id}.
func (a *API) updateAttributeDefinition(ctx context.Context, c *caller, in *Change[AttributeDefinitionPatch]) (reply[AttributeDefinition], error) {
	may, b := unchanged[core.AttributeDefinition](c), &in.Body
	return showAttributeDefinition(a.attributes.Update(ctx, c.actor(), c.AccountID, in.ID, func(d *core.AttributeDefinition) error {
		if err := may.Of(*d); err != nil {
			return err
		}
		if b.Type.Null {
			return core.Refuse("type", "it cannot be null")
		}
		if b.Type.Set {
			d.Type = core.AttributeType(b.Type.Value)
		}
		b.Description.change(&d.Description)
		b.Options.change(&d.Options)
		b.Pattern.change(&d.Pattern)
		b.PatternHint.change(&d.PatternHint)
		return b.Name.changeTo(&d.Name, "name")
	}))
}

// deleteAttributeDefinition serves DELETE /v1/attribute_definitions/{id}.
func (a *API) deleteAttributeDefinition(ctx context.Context, c *caller, in *ByID) error {
	return a.attributes.Delete(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.AttributeDefinition](c))
}
