package label

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// ListGroups returns the account's label groups by id.
func (s *Labels) ListGroups(ctx context.Context, account int64) ([]core.LabelGroup, error) {
	all, err := store.All(ctx, account, pageRows, s.store.PageLabelGroups, func(g *core.LabelGroup) int64 { return g.ID })
	if err != nil {
		return nil, fmt.Errorf("list label groups: %w", err)
	}
	return all, nil
}

// CreateGroup makes a label group. A name that another one has is
// core.Conflict.
func (s *Labels) CreateGroup(ctx context.Context, by core.Actor, account int64, name string) (core.LabelGroup, error) {
	var made core.LabelGroup
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		made = core.LabelGroup{AccountID: account, Name: name, CreatedAt: s.clock()}
		if err := checkGroup(ctx, tx, &made); err != nil {
			return err
		}
		if err := tx.InsertLabelGroup(ctx, &made); err != nil {
			return err
		}
		tx.Emit(groupEvent(core.LabelGroupCreated, made.CreatedAt, by, made))
		return nil
	})
	if err != nil {
		return core.LabelGroup{}, fmt.Errorf("create label group: %w", err)
	}
	return made, nil
}

// RenameGroup gives a label group another name; its own is no event.
func (s *Labels) RenameGroup(ctx context.Context, by core.Actor, account, id int64, name string) (core.LabelGroup, error) {
	var g core.LabelGroup
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		if g, err = tx.LabelGroup(ctx, account, id); err != nil || g.Name == name {
			return err
		}
		g.Name = name
		if err := checkGroup(ctx, tx, &g); err != nil {
			return err
		}
		if err := tx.UpdateLabelGroup(ctx, g); err != nil {
			return err
		}
		tx.Emit(groupEvent(core.LabelGroupUpdated, s.clock(), by, g))
		return nil
	})
	if err != nil {
		return core.LabelGroup{}, fmt.Errorf("rename label group: %w", err)
	}
	return g, nil
}

func checkGroup(ctx context.Context, r store.Reader, g *core.LabelGroup) error {
	if err := core.CheckName(g.Name); err != nil {
		return err
	}
	held, taken, err := r.FindLabelGroupByName(ctx, g.AccountID, g.Name)
	if err == nil && taken && held.ID != g.ID {
		err = core.Taken("the name " + g.Name)
	}
	return err
}

// batch is how many rows one command changes, so that it holds up no others.
const batch = 100

// DeleteGroup deletes a label group and its labels. It does so in commands of
// bounded size; the group goes with the last of its labels. A call that fails
// on its way can be made again.
func (s *Labels) DeleteGroup(ctx context.Context, by core.Actor, account, id int64) error {
	for done := false; !done; {
		err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
			done, err = s.deleteGroup(ctx, tx, by, account, id)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete label group: %w", err)
		}
	}
	return nil
}

// deleteGroup deletes a batch of the group's labels, and the group when they
// are the last.
func (s *Labels) deleteGroup(ctx context.Context, tx store.Tx, by core.Actor, account, id int64) (done bool, err error) {
	g, err := tx.LabelGroup(ctx, account, id)
	if err != nil {
		return false, err
	}
	labels, err := tx.LabelsOfGroup(ctx, account, id, batch)
	if err != nil {
		return false, err
	}
	for i := range labels {
		if err := s.remove(ctx, tx, by, &labels[i]); err != nil {
			return false, err
		}
	}
	if len(labels) == batch {
		return false, nil
	}
	if err := tx.DeleteLabelGroup(ctx, account, id); err != nil {
		return false, err
	}
	tx.Emit(groupEvent(core.LabelGroupDeleted, s.clock(), by, g))
	return true, nil
}

func groupEvent(typ core.EventType, at core.Time, by core.Actor, g core.LabelGroup) core.Event {
	return core.Event{AccountID: g.AccountID, Type: typ, At: at, Actor: by, Data: g}
}
