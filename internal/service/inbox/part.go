package inbox

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// PageParts returns at most limit parts of an inbox with ids above after, by id;
// core.NotFound when the account has no such inbox.
func (s *Reads) PageParts(ctx context.Context, account, inbox, after int64, limit int) ([]core.SubInbox, error) {
	state, err := s.State(ctx, account, inbox)
	if err != nil {
		return nil, err
	}
	var parts []core.SubInbox
	for _, p := range state.SubInboxes {
		if p.ID > after && len(parts) < limit {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// CreatePart makes a part of an inbox. A name that another part of the inbox has
// is core.Conflict. again makes the command one that may be asked again; nil: it
// may not.
func (s *Inboxes) CreatePart(ctx context.Context, by core.Actor, p core.SubInbox, again *repeat.Key) (core.SubInbox, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, p.AccountID, again, func(ctx context.Context, tx store.Tx) (core.SubInbox, int64, error) {
		made := core.SubInbox{AccountID: p.AccountID, InboxID: p.InboxID, Name: p.Name}
		if _, err := tx.Inbox(ctx, p.AccountID, p.InboxID); err != nil {
			return core.SubInbox{}, 0, err
		}
		if err := checkPart(ctx, tx, &made); err != nil {
			return core.SubInbox{}, 0, err
		}
		if err := tx.InsertSubInbox(ctx, &made); err != nil {
			return core.SubInbox{}, 0, err
		}
		tx.Emit(s.partEvent(core.SubInboxCreated, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.SubInbox, error) {
		return tx.SubInbox(ctx, p.AccountID, id)
	})
	if err != nil {
		return core.SubInbox{}, fmt.Errorf("create sub-inbox: %w", err)
	}
	return made, nil
}

// UpdatePart has change alter the name of a part of an inbox, and stores what
// comes out. change may be called more than once, and may refuse. A change that
// alters nothing is no event.
func (s *Inboxes) UpdatePart(
	ctx context.Context, by core.Actor, which core.SubInbox, change func(p *core.SubInbox) error,
) (core.SubInbox, error) {
	var p core.SubInbox
	err := s.store.InTx(ctx, which.AccountID, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.SubInbox(ctx, which.AccountID, which.ID)
		if err == nil && before.InboxID != which.InboxID {
			err = core.Absent("sub-inbox")
		}
		if err != nil {
			return err
		}
		now := before
		if err := change(&now); err != nil {
			return err
		}
		p = before
		if p.Name = now.Name; p == before {
			return nil
		}
		if err := checkPart(ctx, tx, &p); err != nil {
			return err
		}
		if err := tx.UpdateSubInbox(ctx, p); err != nil {
			return err
		}
		tx.Emit(s.partEvent(core.SubInboxUpdated, by, p))
		return nil
	})
	if err != nil {
		return core.SubInbox{}, fmt.Errorf("update sub-inbox: %w", err)
	}
	return p, nil
}

func checkPart(ctx context.Context, r store.Reader, p *core.SubInbox) error {
	if err := core.CheckName(p.Name); err != nil {
		return err
	}
	held, taken, err := r.FindSubInboxByName(ctx, p.AccountID, p.InboxID, p.Name)
	if err == nil && taken && held.ID != p.ID {
		err = core.TakenField("name", "the name "+p.Name)
	}
	return err
}

func (s *Inboxes) partEvent(typ core.EventType, by core.Actor, p core.SubInbox) core.Event {
	return core.Event{AccountID: p.AccountID, Type: typ, At: s.clock(), Actor: orSystem(by), InboxID: p.InboxID, Data: p}
}
