package contact

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// NewIdentity is an address by which a contact is reached, and how the contact
// is called there; "" is nothing.
type NewIdentity struct {
	ProviderType int64
	Address      string // must be given
	IdentityChanges

	Repeat *repeat.Key // of AddIdentity; nil: the command may not be asked again
}

// IdentityChanges says how a contact is called at an address; nil leaves things
// as they are, and "" empties them.
type IdentityChanges struct {
	FirstName, LastName, Email, UserName, AvatarURL *string
	If                                              core.Check[core.Identity] // of a change
}

// apply sets what is given.
func (in *IdentityChanges) apply(i *core.Identity) {
	for _, set := range []struct{ to, from *string }{
		{&i.FirstName, in.FirstName},
		{&i.LastName, in.LastName},
		{&i.Email, in.Email},
		{&i.UserName, in.UserName},
		{&i.AvatarURL, in.AvatarURL},
	} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
}

// AddIdentity gives a contact another address, in the actor's name. One that is
// somebody's already, this contact's too, is core.Conflict; a contact that the
// account does not have is core.NotFound.
func (s *Writes) AddIdentity(ctx context.Context, account, id int64, actor core.Actor, in NewIdentity) (core.Identity, error) {
	i, err := repeat.Made(ctx, s.store, s.clock, account, in.Repeat, func(ctx context.Context, tx store.Tx) (core.Identity, int64, error) {
		c, err := tx.Contact(ctx, account, id)
		if err != nil {
			return core.Identity{}, 0, err
		}
		if err := refuseAddresses(ctx, tx, account, []NewIdentity{in}); err != nil {
			return core.Identity{}, 0, err
		}
		now := s.clock()
		i := in.of(&c, now)
		err = insertIdentity(ctx, tx, &i, actor, now)
		return i, i.ID, err
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Identity, error) {
		return tx.Identity(ctx, account, id)
	})
	if err != nil {
		return core.Identity{}, fmt.Errorf("add identity: %w", err)
	}
	return i, nil
}

// of is the identity as one of the contact.
func (in *NewIdentity) of(c *core.Contact, now core.Time) core.Identity {
	i := core.Identity{AccountID: c.AccountID, ContactID: c.ID, ProviderType: in.ProviderType, Address: in.Address, CreatedAt: now}
	in.apply(&i)
	return i
}

// refuseAddresses refuses addresses that cannot be given to a contact.
func refuseAddresses(ctx context.Context, tx store.Tx, account int64, all []NewIdentity) error {
	type place struct {
		provider int64
		address  string
	}
	seen := map[place]bool{}
	for n := range all {
		in := &all[n]
		if in.Address == "" {
			return core.Refuse("address", "is missing")
		}
		if len(in.Address) > store.MaxKeyBytes {
			return core.Refuse("address", fmt.Sprintf("it has at most %d bytes", store.MaxKeyBytes))
		}
		_, taken, err := tx.FindIdentityByAddress(ctx, account, in.ProviderType, in.Address)
		if err != nil {
			return err
		}
		at := place{in.ProviderType, in.Address}
		if taken || seen[at] {
			return takenKey("address")
		}
		seen[at] = true
	}
	return nil
}

// insertIdentity stores an identity and tells of it. An address of mail is an
// e-mail, too.
func insertIdentity(ctx context.Context, tx store.Tx, i *core.Identity, actor core.Actor, now core.Time) error {
	if i.ProviderType == core.MailProvider && i.Email == "" {
		i.Email = strings.ToLower(i.Address)
	}
	if err := tx.InsertIdentity(ctx, i); err != nil {
		return err
	}
	tx.Emit(core.Event{AccountID: i.AccountID, Type: core.IdentityCreated, At: now, Actor: actor, ContactID: i.ContactID, Data: *i})
	return nil
}

// ChangeIdentity changes how a contact is called at an address, in the actor's
// name, and returns the identity. One that the account does not have is
// core.NotFound. Without a difference nothing is stored and told.
func (s *Writes) ChangeIdentity(ctx context.Context, account, id int64, actor core.Actor, in IdentityChanges) (core.Identity, error) {
	var i core.Identity
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		var err error
		if i, err = tx.Identity(ctx, account, id); err != nil {
			return err
		}
		if err := in.If.Of(i); err != nil {
			return err
		}
		before := i
		in.apply(&i)
		if i == before {
			return nil
		}
		if err := tx.UpdateIdentity(ctx, i); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: account, Type: core.IdentityUpdated, At: s.clock(), Actor: actor, ContactID: i.ContactID, Data: i})
		return nil
	})
	if err != nil {
		return core.Identity{}, fmt.Errorf("change identity: %w", err)
	}
	return i, nil
}
