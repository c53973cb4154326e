package sqlstore

import (
	"context"

	"parley/internal/core"
)

var attributeDefinitionTable = newTable("attribute_definitions", `id int, account_id int, applies_to text, key text, name text,
	description text, type text, options text, pattern text, pattern_hint text, created_at int, updated_at int`)

type attributeDefinitionRow struct {
	core.AttributeDefinition
	options string
}

func (r *attributeDefinitionRow) targets() []any {
	d := &r.AttributeDefinition
	return []any{
		&d.ID, &d.AccountID, &d.AppliesTo, &d.Key, &d.Name, &d.Description, &d.Type, &r.options, &d.Pattern, &d.PatternHint,
		&d.CreatedAt, &d.UpdatedAt,
	}
}

func (r *attributeDefinitionRow) value() core.AttributeDefinition {
	r.Options = parseTexts[string](r.options)
	return r.AttributeDefinition
}

func attributeDefinitionArgs(d *core.AttributeDefinition) []any {
	return []any{
		id(d.ID), id(d.AccountID), keyText(d.AppliesTo), keyText(d.Key), d.Name, d.Description, string(d.Type), texts(d.Options),
		d.Pattern, d.PatternHint, d.CreatedAt, d.UpdatedAt,
	}
}

var (
	attributeDefinitions   = newSource(attributeDefinitionTable)
	attributeDefinitionSQL = attributeDefinitionTable.selectFrom("WHERE account_id = $1 AND id = $2")
	attributeByKeySQL      = attributeDefinitionTable.selectFrom("WHERE account_id = $1 AND applies_to = $2 AND key = $3")
	attributesOfSQL        = attributeDefinitionTable.selectFrom("WHERE account_id = $1 AND applies_to = $2 ORDER BY key")
	updateAttributeFields  = attributeDefinitionTable.updateAll()
	deleteAttributeSQL     = "DELETE FROM attribute_definitions WHERE account_id = $1 AND id = $2"
)

// AttributeDefinition implements store.Attributes.
func (r reader) AttributeDefinition(ctx context.Context, account, id int64) (core.AttributeDefinition, error) {
	return get(ctx, r.checked, new(attributeDefinitionRow), "attribute definition", attributeDefinitionSQL, account, id)
}

// FindAttributeDefinition implements store.Attributes.
func (r reader) FindAttributeDefinition(ctx context.Context, account int64, to core.AppliesTo, key string) (core.AttributeDefinition, bool, error) {
	return find(ctx, r.checked, new(attributeDefinitionRow), attributeByKeySQL, account, string(to), key)
}

// AttributeDefinitions implements store.Attributes.
func (r reader) AttributeDefinitions(ctx context.Context, account int64, to core.AppliesTo) ([]core.AttributeDefinition, error) {
	return list(ctx, r.checked, new(attributeDefinitionRow), attributesOfSQL, account, string(to))
}

// PageAttributeDefinitions implements store.Page.
func (r reader) PageAttributeDefinitions(ctx context.Context, account, after int64, limit int) ([]core.AttributeDefinition, error) {
	return page(ctx, r.checked, new(attributeDefinitionRow), limit, pageAttributeDefinitionsSQL, account, after)
}

// InsertAttributeDefinition implements store.Tx.
func (t *tx) InsertAttributeDefinition(ctx context.Context, d *core.AttributeDefinition) error {
	id, err := t.insert(ctx, attributeDefinitions, attributeDefinitionArgs(d))
	if err != nil {
		return err
	}
	d.ID = id
	return nil
}

// UpdateAttributeDefinition implements store.Tx.
func (t *tx) UpdateAttributeDefinition(ctx context.Context, d core.AttributeDefinition) error {
	return t.set(ctx, "attribute definition", updateAttributeFields, attributeDefinitionArgs(&d))
}

// DeleteAttributeDefinition implements store.Tx.
func (t *tx) DeleteAttributeDefinition(ctx context.Context, account, id int64) error {
	return t.remove(ctx, "attribute definition", deleteAttributeSQL, account, id)
}
