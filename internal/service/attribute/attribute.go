// Package attribute holds the use cases around the definitions of custom
// attributes, and holds what is written against them.
//
// All of it is safe for concurrent use.
package attribute

import (
	"context"
	"fmt"
	"reflect"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Definitions reads and changes attribute definitions.
type Definitions struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Definitions { return &Definitions{store: st, clock: clock} }

// Page returns at most limit definitions with ids above after, by id.
func (s *Definitions) Page(ctx context.Context, account, after int64, limit int) ([]core.AttributeDefinition, error) {
	rows, err := s.store.PageAttributeDefinitions(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page attribute definitions: %w", err)
	}
	return rows, nil
}

// Definition returns a definition.
func (s *Definitions) Definition(ctx context.Context, account, id int64) (core.AttributeDefinition, error) {
	d, err := s.store.AttributeDefinition(ctx, account, id)
	if err != nil {
		return core.AttributeDefinition{}, fmt.Errorf("read attribute definition: %w", err)
	}
	return d, nil
}

// maxDefinitions is how many definitions may apply to contacts, and how many
// to conversations: each write of attributes reads them all.
const maxDefinitions = 500

// Create makes a definition of all that d says but its id and its times, in d's
// account. A key that another definition has is core.Conflict. again makes the
// command one that may be asked again; nil: it may not.
func (s *Definitions) Create(
	ctx context.Context, by core.Actor, d core.AttributeDefinition, again *repeat.Key,
) (core.AttributeDefinition, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, d.AccountID, again, func(ctx context.Context, tx store.Tx) (core.AttributeDefinition, int64, error) {
		made := d
		made.ID, made.CreatedAt = 0, s.clock()
		made.UpdatedAt, made.Options = made.CreatedAt, orNil(made.Options)
		if err := made.Check(); err != nil {
			return core.AttributeDefinition{}, 0, err
		}
		if err := refuseTaken(ctx, tx, &made); err != nil {
			return core.AttributeDefinition{}, 0, err
		}
		if err := tx.InsertAttributeDefinition(ctx, &made); err != nil {
			return core.AttributeDefinition{}, 0, err
		}
		tx.Emit(told(core.AttributeDefinitionCreated, made.CreatedAt, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.AttributeDefinition, error) {
		return tx.AttributeDefinition(ctx, d.AccountID, id)
	})
	if err != nil {
		return core.AttributeDefinition{}, fmt.Errorf("create attribute definition: %w", err)
	}
	return made, nil
}

// refuseTaken refuses a key that has a definition, and one definition too many.
func refuseTaken(ctx context.Context, r store.Attributes, d *core.AttributeDefinition) error {
	held, err := r.AttributeDefinitions(ctx, d.AccountID, d.AppliesTo)
	if err != nil {
		return err
	}
	for i := range held {
		if held[i].Key == d.Key {
			return core.TakenField("key", "the key "+d.Key)
		}
	}
	if len(held) >= maxDefinitions {
		return core.Refuse("", fmt.Sprintf("%d definitions are as many as there may be", maxDefinitions))
	}
	return nil
}

// Update has change alter a definition, and stores what comes out: all but what
// the definition applies to and its key, which stay. Values that are there stay,
// too. change may be called more than once, each time with the definition as it
// is, and may refuse. A change that alters nothing is no event.
func (s *Definitions) Update(
	ctx context.Context, by core.Actor, account, id int64, change func(d *core.AttributeDefinition) error,
) (core.AttributeDefinition, error) {
	var d core.AttributeDefinition
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.AttributeDefinition(ctx, account, id)
		if err != nil {
			return err
		}
		d = before
		if err := change(&d); err != nil {
			return err
		}
		d.ID, d.AccountID, d.AppliesTo, d.Key = before.ID, before.AccountID, before.AppliesTo, before.Key
		d.CreatedAt, d.UpdatedAt, d.Options = before.CreatedAt, before.UpdatedAt, orNil(d.Options)
		if reflect.DeepEqual(before, d) {
			return nil
		}
		if err := d.Check(); err != nil {
			return err
		}
		d.UpdatedAt = s.clock()
		if err := tx.UpdateAttributeDefinition(ctx, d); err != nil {
			return err
		}
		tx.Emit(told(core.AttributeDefinitionUpdated, d.UpdatedAt, by, d))
		return nil
	})
	if err != nil {
		return core.AttributeDefinition{}, fmt.Errorf("update attribute definition: %w", err)
	}
	return d, nil
}

// Delete deletes a definition. The values stay, and may be anything from then
// on.
func (s *Definitions) Delete(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.AttributeDefinition]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		d, err := tx.AttributeDefinition(ctx, account, id)
		if err == nil {
			err = may.Of(d)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteAttributeDefinition(ctx, account, id); err != nil {
			return err
		}
		tx.Emit(told(core.AttributeDefinitionDeleted, s.clock(), by, d))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete attribute definition: %w", err)
	}
	return nil
}

// orNil returns a list as the store does, which keeps none that is empty.
func orNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func told(typ core.EventType, at core.Time, by core.Actor, d core.AttributeDefinition) core.Event {
	return core.Event{AccountID: d.AccountID, Type: typ, At: at, Actor: by, Data: d}
}

// Check refuses what is written to the attributes of a contact or a
// conversation when the account's definitions do not allow it: see
// core.CheckAttributes; nil is nothing written. Whoever lets definitions rule
// calls it in the command, before the command writes.
func Check(ctx context.Context, r store.Attributes, account int64, to core.AppliesTo, before core.JSON, written ...*core.JSON) error {
	var definitions []core.AttributeDefinition
	for _, object := range written {
		if object == nil || object.Members() == 0 {
			continue
		}
		var err error
		if definitions == nil {
			definitions, err = r.AttributeDefinitions(ctx, account, to)
		}
		if err == nil {
			err = core.CheckAttributes(definitions, before, *object)
		}
		if err != nil {
			return fmt.Errorf("check attributes: %w", err)
		}
	}
	return nil
}
