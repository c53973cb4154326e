package contact

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Writes changes contacts: one transaction a command.
type Writes struct {
	store store.Store
	clock core.Clock
}

// NewWrites returns the write use cases on st.
func NewWrites(st store.Store, clock core.Clock) *Writes { return &Writes{store: st, clock: clock} }

// Changes says what to change about a contact; nil leaves things as they are,
// and "" empties them.
type Changes struct {
	Identifier, Email, Phone, Phone2                   *string
	Name, FirstName, LastName, Gender, Locale, Remarks *string
	Birthday                                           *string
	Blocked                                            *bool
	CustomAttributes                                   *core.JSON
	// Ext returns what dialects keep with the contact from what it is.
	Ext func(ext core.JSON) core.JSON
}

// Create makes a contact with its addresses, in the actor's name, and returns
// both. Unlike Resolve it finds nobody: a key that another contact holds and an
// address that is somebody's are core.Conflict.
func (s *Writes) Create(ctx context.Context, account int64, actor core.Actor, in Changes, addresses []NewIdentity) (core.Contact, []core.Identity, error) {
	var c core.Contact
	var identities []core.Identity
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		now := s.clock()
		c = core.Contact{AccountID: account, CreatedAt: now, UpdatedAt: now, LastActivityAt: now}
		in.apply(&c)
		if err := refuseTaken(ctx, tx, &core.Contact{}, &c); err != nil {
			return err
		}
		if err := refuseAddresses(ctx, tx, account, addresses); err != nil {
			return err
		}
		if err := tx.InsertContact(ctx, &c); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: account, Type: core.ContactCreated, At: now, Actor: actor, ContactID: c.ID, Data: c})
		identities = make([]core.Identity, len(addresses))
		for n := range addresses {
			identities[n] = addresses[n].of(&c, now)
			if err := insertIdentity(ctx, tx, &identities[n], actor, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return core.Contact{}, nil, fmt.Errorf("create contact: %w", err)
	}
	return c, identities, nil
}

// Change changes a contact in the actor's name and returns it. A key that
// another contact holds is core.Conflict; a contact that the account does not
// have is core.NotFound. Without a difference nothing is stored and told.
func (s *Writes) Change(ctx context.Context, account, id int64, actor core.Actor, in Changes) (core.Contact, error) {
	var c core.Contact
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		var err error
		if c, err = tx.Contact(ctx, account, id); err != nil {
			return err
		}
		before := c
		in.apply(&c)
		if sameContact(&before, &c) && before.Blocked == c.Blocked && before.CustomAttributes == c.CustomAttributes {
			return nil
		}
		if err := refuseTaken(ctx, tx, &before, &c); err != nil {
			return err
		}
		now := s.clock()
		c.UpdatedAt = c.UpdatedAt.Later(now)
		if err := tx.UpdateContact(ctx, c); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: account, Type: core.ContactUpdated, At: now, Actor: actor, ContactID: c.ID, Data: c})
		return nil
	})
	if err != nil {
		return core.Contact{}, fmt.Errorf("change contact: %w", err)
	}
	return c, nil
}

// apply sets what is given, keys in the form in which they are compared.
func (in *Changes) apply(c *core.Contact) {
	for _, set := range []struct{ to, from *string }{
		{&c.Identifier, in.Identifier},
		{&c.Email, in.Email},
		{&c.Phone, in.Phone},
		{&c.Phone2, in.Phone2},
		{&c.Name, in.Name},
		{&c.FirstName, in.FirstName},
		{&c.LastName, in.LastName},
		{&c.Gender, in.Gender},
		{&c.Locale, in.Locale},
		{&c.Remarks, in.Remarks},
		{&c.Birthday, in.Birthday},
	} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	keys := Profile{Identifier: c.Identifier, Email: c.Email, Phone: c.Phone, Phone2: c.Phone2}.normal()
	c.Identifier, c.Email, c.Phone, c.Phone2 = keys.Identifier, keys.Email, keys.Phone, keys.Phone2
	if in.Blocked != nil {
		c.Blocked = *in.Blocked
	}
	if in.CustomAttributes != nil {
		c.CustomAttributes = *in.CustomAttributes
	}
	if in.Ext != nil {
		c.Ext = in.Ext(c.Ext)
	}
}

// refuseTaken refuses a key that is new to the contact and that another holds.
func refuseTaken(ctx context.Context, tx store.Tx, before, c *core.Contact) error {
	for _, key := range []struct {
		name, old, new string
		find           func(ctx context.Context, account int64, key string) (core.Contact, bool, error)
	}{
		{"identifier", before.Identifier, c.Identifier, tx.FindContactByIdentifier},
		{"email", before.Email, c.Email, tx.FindContactByEmail},
		{"phone", before.Phone, c.Phone, tx.FindContactByPhone},
	} {
		if key.new == "" || key.new == key.old {
			continue
		}
		holder, ok, err := key.find(ctx, c.AccountID, key.new)
		if err != nil {
			return err
		}
		if ok && holder.ID != c.ID {
			return core.Taken("the " + key.name)
		}
	}
	return nil
}
