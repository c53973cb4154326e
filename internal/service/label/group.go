package label

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/service/repeat"
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

// PageGroups returns at most limit label groups with ids above after, by id.
func (s *Labels) PageGroups(ctx context.Context, account, after int64, limit int) ([]core.LabelGroup, error) {
	rows, err := s.store.PageLabelGroups(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page label groups: %w", err)
	}
	return rows, nil
}

// Group returns a label group.
func (s *Labels) Group(ctx context.Context, account, id int64) (core.LabelGroup, error) {
	g, err := s.store.LabelGroup(ctx, account, id)
	if err != nil {
		return core.LabelGroup{}, fmt.Errorf("read label group: %w", err)
	}
	return g, nil
}

// CreateGroup makes a label group. A name that another one has is
// core.Conflict. again makes the command one that may be asked again; nil: it
// may not.
func (s *Labels) CreateGroup(ctx context.Context, by core.Actor, account int64, name string, again *repeat.Key) (core.LabelGroup, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, account, again, func(ctx context.Context, tx store.Tx) (core.LabelGroup, int64, error) {
		made := core.LabelGroup{AccountID: account, Name: name, CreatedAt: s.clock()}
		if err := checkGroup(ctx, tx, &made); err != nil {
			return core.LabelGroup{}, 0, err
		}
		if err := tx.InsertLabelGroup(ctx, &made); err != nil {
			return core.LabelGroup{}, 0, err
		}
		tx.Emit(groupEvent(core.LabelGroupCreated, made.CreatedAt, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.LabelGroup, error) {
		return tx.LabelGroup(ctx, account, id)
	})
	if err != nil {
		return core.LabelGroup{}, fmt.Errorf("create label group: %w", err)
	}
	return made, nil
}

// UpdateGroup has change alter the label group's name, and stores what comes
// out. change may be called more than once, each time with the group as it is,
// and may refuse. A change that alters nothing is no event.
func (s *Labels) UpdateGroup(
	ctx context.Context, by core.Actor, account, id int64, change func(g *core.LabelGroup) error,
) (core.LabelGroup, error) {
	var g core.LabelGroup
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.LabelGroup(ctx, account, id)
		if err != nil {
			return err
		}
		g = before
		if err := change(&g); err != nil {
			return err
		}
		g.ID, g.AccountID, g.CreatedAt = before.ID, before.AccountID, before.CreatedAt
		if g == before {
			return nil
		}
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
		return core.LabelGroup{}, fmt.Errorf("update label group: %w", err)
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
func (s *Labels) DeleteGroup(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.LabelGroup]) error {
	for done := false; !done; {
		err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
			done, err = s.deleteGroup(ctx, tx, by, account, id, may)
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
func (s *Labels) deleteGroup(
	ctx context.Context, tx store.Tx, by core.Actor, account, id int64, may core.Check[core.LabelGroup],
) (done bool, err error) {
	g, err := tx.LabelGroup(ctx, account, id)
	if err == nil {
		err = may.Of(g)
	}
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
