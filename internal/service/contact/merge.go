package contact

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// maxMoved bounds how many identities one command moves: others wait meanwhile.
const maxMoved = 1000

// Merge makes two contacts one: what other has comes to base, and other is no
// more. The caller vouches that both are the same person; nobody merges on a
// visitor's word. may, which may be nil, is asked about base as it is before. A
// contact that the account does not have is core.NotFound.
func (s *Writes) Merge(ctx context.Context, account, base, other int64, actor core.Actor, may core.Check[core.Contact]) (core.Contact, error) {
	if base == other {
		return core.Contact{}, core.Refuse("contact", "a contact cannot be merged with itself")
	}
	var c core.Contact
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		if c, err = tx.Contact(ctx, account, base); err != nil {
			return err
		}
		if err := may.Of(c); err != nil {
			return err
		}
		merged, err := tx.Contact(ctx, account, other)
		if err != nil {
			return err
		}
		moving, err := tx.ListIdentities(ctx, account, other, 0, maxMoved+1)
		if err != nil {
			return err
		}
		if len(moving) > maxMoved {
			return core.Refuse("contact", fmt.Sprintf("it has more than %d identities", maxMoved))
		}
		now := s.clock()
		for i := range moving {
			if err := move(ctx, tx, moving[i].Identity, base, actor, now); err != nil {
				return err
			}
		}
		// Its keys are free before base takes them.
		if err := tx.DeleteContact(ctx, account, other); err != nil {
			return err
		}
		before := c
		core.MergeContacts(&c, &merged, now)
		if err := tx.UpdateContact(ctx, c); err != nil {
			return err
		}
		tx.Emit(core.Event{
			AccountID: account, Type: core.ContactMerged, At: now, Actor: actor, ContactID: c.ID,
			Data: core.ContactMerge{Contact: c, Merged: merged, Before: &before},
		})
		return nil
	})
	if err != nil {
		return core.Contact{}, fmt.Errorf("merge contacts: %w", err)
	}
	return c, nil
}

// MoveIdentity makes an identity one of another contact, with its
// conversations, and returns it. Where it is already nothing happens. may, which
// may be nil, is asked about the identity as it is before.
func (s *Writes) MoveIdentity(ctx context.Context, account, identity, to int64, actor core.Actor, may core.Check[core.Identity]) (core.Identity, error) {
	var i core.Identity
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		if i, err = tx.Identity(ctx, account, identity); err != nil {
			return err
		}
		if err := may.Of(i); err != nil {
			return err
		}
		if _, err := tx.Contact(ctx, account, to); err != nil {
			return err
		}
		if i.ContactID == to {
			return nil
		}
		if err := move(ctx, tx, i, to, actor, s.clock()); err != nil {
			return err
		}
		i.ContactID = to
		return nil
	})
	if err != nil {
		return core.Identity{}, fmt.Errorf("move identity: %w", err)
	}
	return i, nil
}

func move(ctx context.Context, tx store.Tx, i core.Identity, to int64, actor core.Actor, now core.Time) error {
	if err := tx.MoveIdentity(ctx, i.AccountID, i.ID, i.ContactID, to); err != nil {
		return err
	}
	moved := core.IdentityMove{Identity: i, FromContactID: i.ContactID}
	moved.Identity.ContactID = to
	tx.Emit(core.Event{AccountID: i.AccountID, Type: core.IdentityMoved, At: now, Actor: actor, ContactID: to, Data: moved})
	return nil
}
