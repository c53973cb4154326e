// Package label holds the use cases around labels and their groups.
//
// All of it is safe for concurrent use.
package label

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Labels reads and changes labels and their groups.
type Labels struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Labels {
	return &Labels{store: st, clock: clock}
}

// pageRows is how many rows are read at once.
const pageRows = 500

// List returns the account's labels by id.
func (s *Labels) List(ctx context.Context, account int64) ([]core.Label, error) {
	all, err := store.All(ctx, account, pageRows, s.store.PageLabels, func(l *core.Label) int64 { return l.ID })
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return all, nil
}

// Page returns at most limit labels with ids above after, by id.
func (s *Labels) Page(ctx context.Context, account, after int64, limit int) ([]core.Label, error) {
	rows, err := s.store.PageLabels(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page labels: %w", err)
	}
	return rows, nil
}

// Label returns a label; a deleted one is core.NotFound.
func (s *Labels) Label(ctx context.Context, account, id int64) (core.Label, error) {
	l, err := s.store.Label(ctx, account, id)
	if err != nil {
		return core.Label{}, fmt.Errorf("read label: %w", err)
	}
	return l, nil
}

// Create makes a label of l's title, group, type, color, description and ext,
// in l's account, and returns it. A title that another label has is
// core.Conflict. again makes the command one that may be asked again; nil: it
// may not.
func (s *Labels) Create(ctx context.Context, by core.Actor, l core.Label, again *repeat.Key) (core.Label, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, l.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Label, int64, error) {
		made := l
		made.ID, made.CreatedAt, made.DeletedAt = 0, s.clock(), 0
		if err := check(ctx, tx, &made); err != nil {
			return core.Label{}, 0, err
		}
		if err := tx.InsertLabel(ctx, &made); err != nil {
			return core.Label{}, 0, err
		}
		tx.Emit(labelEvent(core.LabelCreated, made.CreatedAt, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Label, error) {
		return tx.Label(ctx, l.AccountID, id)
	})
	if err != nil {
		return core.Label{}, fmt.Errorf("create label: %w", err)
	}
	return made, nil
}

// Update has change alter the label, and stores what comes out. change may be
// called more than once, each time with the label as it is, and may refuse; the
// id and the times stay whatever it does. A change that alters nothing is no
// event.
func (s *Labels) Update(ctx context.Context, by core.Actor, account, id int64, change func(l *core.Label) error) (core.Label, error) {
	var l core.Label
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.Label(ctx, account, id)
		if err != nil {
			return err
		}
		l = before
		if err := change(&l); err != nil {
			return err
		}
		l.ID, l.AccountID, l.CreatedAt, l.DeletedAt = before.ID, before.AccountID, before.CreatedAt, before.DeletedAt
		if l == before {
			return nil
		}
		if err := check(ctx, tx, &l); err != nil {
			return err
		}
		if err := tx.UpdateLabel(ctx, l); err != nil {
			return err
		}
		tx.Emit(labelEvent(core.LabelUpdated, s.clock(), by, l))
		return nil
	})
	if err != nil {
		return core.Label{}, fmt.Errorf("update label: %w", err)
	}
	return l, nil
}

// check refuses a label that cannot be stored as it is.
func check(ctx context.Context, r store.Reader, l *core.Label) error {
	if err := core.CheckName(l.Title); err != nil {
		return err
	}
	if l.GroupID != 0 {
		if _, err := r.LabelGroup(ctx, l.AccountID, l.GroupID); err != nil {
			return refuseAbsent(err, "group", "there is no such label group")
		}
	}
	held, taken, err := r.FindLabelByTitle(ctx, l.AccountID, l.Title)
	if err == nil && taken && held.ID != l.ID {
		err = core.Taken("the title " + l.Title)
	}
	return err
}

// refuseAbsent turns core.NotFound of something that was only referred to into
// core.Invalid.
func refuseAbsent(err error, field, message string) error {
	if core.KindOf(err) == core.NotFound {
		return core.Refuse(field, message)
	}
	return err
}

// Delete deletes a label. It costs one row, however many conversations and
// contacts carry the label: reads pass over a deleted one.
func (s *Labels) Delete(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Label]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		l, err := tx.Label(ctx, account, id)
		if err == nil {
			err = may.Of(l)
		}
		if err != nil {
			return err
		}
		return s.remove(ctx, tx, by, &l)
	})
	if err != nil {
		return fmt.Errorf("delete label: %w", err)
	}
	return nil
}

// remove marks a label as deleted. It leaves its group, which may go too.
func (s *Labels) remove(ctx context.Context, tx store.Tx, by core.Actor, l *core.Label) error {
	l.GroupID, l.DeletedAt = 0, s.clock()
	if err := tx.UpdateLabel(ctx, *l); err != nil {
		return err
	}
	tx.Emit(labelEvent(core.LabelDeleted, l.DeletedAt, by, *l))
	return nil
}

func labelEvent(typ core.EventType, at core.Time, by core.Actor, l core.Label) core.Event {
	return core.Event{AccountID: l.AccountID, Type: typ, At: at, Actor: by, Data: l}
}
