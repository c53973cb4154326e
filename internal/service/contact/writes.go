package contact

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"parley/internal/core"
	"parley/internal/service/attribute"
	"parley/internal/service/repeat"
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
	MiddleName, CountryCode, Location, AvatarURL       *string
	ContactType                                        *string // see core.Contact
	Birthday                                           *string
	CompanyID                                          *int64
	Blocked                                            *bool
	// Custom attributes: the whole object; or members to set, of which those
	// that are null are taken away.
	CustomAttributes, PatchCustomAttributes *core.JSON
	// Defined has the account's attribute definitions rule what is written to
	// the custom attributes; without it they may be anything.
	Defined bool
	// AddLabels and RemoveLabels are ids of labels of the account; SetLabels are
	// all that the contact is to have.
	AddLabels, RemoveLabels []int64
	SetLabels               *[]int64
	// Ext returns what dialects keep with the contact from what it is.
	Ext func(ext core.JSON) core.JSON
	If  core.Check[core.Contact] // of a change
}

// NewContact is what a contact is made of.
type NewContact struct {
	Changes

	Addresses []NewIdentity
	Repeat    *repeat.Key // nil: the command may not be asked again
}

// Create makes a contact with its addresses, in the actor's name, and returns
// both. Unlike Resolve it finds nobody: a key that another contact holds and an
// address that is somebody's are core.Conflict.
func (s *Writes) Create(ctx context.Context, account int64, actor core.Actor, in NewContact) (core.Contact, []core.Identity, error) {
	var identities []core.Identity
	c, err := repeat.Made(ctx, s.store, s.clock, account, in.Repeat, func(ctx context.Context, tx store.Tx) (core.Contact, int64, error) {
		c, made, err := s.create(ctx, tx, account, actor, &in)
		identities = made
		return c, c.ID, err
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Contact, error) {
		uses, err := tx.ListIdentities(ctx, account, id, 0, store.MaxIDs)
		if err != nil {
			return core.Contact{}, err
		}
		for i := range uses {
			identities = append(identities, uses[i].Identity)
		}
		return tx.Contact(ctx, account, id)
	})
	if err != nil {
		return core.Contact{}, nil, fmt.Errorf("create contact: %w", err)
	}
	return c, identities, nil
}

// create is Create inside a command.
func (s *Writes) create(ctx context.Context, tx store.Tx, account int64, actor core.Actor, in *NewContact) (core.Contact, []core.Identity, error) {
	now := s.clock()
	c := core.Contact{AccountID: account, CreatedAt: now, UpdatedAt: now, LastActivityAt: now}
	if err := in.judge(ctx, tx, &c); err != nil {
		return core.Contact{}, nil, err
	}
	if err := in.apply(ctx, tx, &c); err != nil {
		return core.Contact{}, nil, err
	}
	if err := refuseTaken(ctx, tx, &core.Contact{}, &c); err != nil {
		return core.Contact{}, nil, err
	}
	if err := refuseAddresses(ctx, tx, account, in.Addresses); err != nil {
		return core.Contact{}, nil, err
	}
	if err := tx.InsertContact(ctx, &c); err != nil {
		return core.Contact{}, nil, err
	}
	tx.Emit(core.Event{AccountID: account, Type: core.ContactCreated, At: now, Actor: actor, ContactID: c.ID, Data: c})
	identities := make([]core.Identity, len(in.Addresses))
	for n := range in.Addresses {
		identities[n] = in.Addresses[n].of(&c, now)
		if err := insertIdentity(ctx, tx, &identities[n], actor, now); err != nil {
			return core.Contact{}, nil, err
		}
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
		if err := in.If.Of(c); err != nil {
			return err
		}
		if err := in.judge(ctx, tx, &c); err != nil {
			return err
		}
		before := c
		if err := in.apply(ctx, tx, &c); err != nil {
			return err
		}
		if reflect.DeepEqual(before, c) {
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
		tx.Emit(core.Event{AccountID: account, Type: core.ContactUpdated, At: now, Actor: actor, ContactID: c.ID, Data: core.ContactChange{Contact: c, Before: &before}})
		return nil
	})
	if err != nil {
		return core.Contact{}, fmt.Errorf("change contact: %w", err)
	}
	return c, nil
}

// judge refuses what definitions do not allow.
func (in *Changes) judge(ctx context.Context, r store.Attributes, c *core.Contact) error {
	if !in.Defined {
		return nil
	}
	return attribute.Check(ctx, r, c.AccountID, core.AppliesToContact, c.CustomAttributes, in.CustomAttributes, in.PatchCustomAttributes)
}

// apply sets what is given, keys in the form in which they are compared. Labels
// that the account does not have are core.Invalid.
func (in *Changes) apply(ctx context.Context, r store.Labels, c *core.Contact) error {
	for _, set := range []struct{ to, from *string }{
		{&c.Identifier, in.Identifier},
		{&c.Email, in.Email},
		{&c.Phone, in.Phone},
		{&c.Phone2, in.Phone2},
		{&c.Name, in.Name},
		{&c.FirstName, in.FirstName},
		{&c.MiddleName, in.MiddleName},
		{&c.LastName, in.LastName},
		{&c.Gender, in.Gender},
		{&c.Locale, in.Locale},
		{&c.Remarks, in.Remarks},
		{&c.Birthday, in.Birthday},
		{&c.CountryCode, in.CountryCode},
		{&c.Location, in.Location},
		{&c.AvatarURL, in.AvatarURL},
		{&c.ContactType, in.ContactType},
	} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	keys := Profile{Identifier: c.Identifier, Email: c.Email, Phone: c.Phone, Phone2: c.Phone2}.normal()
	c.Identifier, c.Email, c.Phone, c.Phone2 = keys.Identifier, keys.Email, keys.Phone, keys.Phone2
	if in.CompanyID != nil {
		c.CompanyID = *in.CompanyID
	}
	if in.Blocked != nil {
		c.Blocked = *in.Blocked
	}
	if in.CustomAttributes != nil {
		c.CustomAttributes = *in.CustomAttributes
	}
	if in.PatchCustomAttributes != nil {
		c.CustomAttributes = c.CustomAttributes.Patch(*in.PatchCustomAttributes)
	}
	if len(c.Identifier) > store.MaxKeyBytes {
		return core.Refuse("identifier", fmt.Sprintf("it has at most %d bytes", store.MaxKeyBytes))
	}
	if in.CustomAttributes != nil || in.PatchCustomAttributes != nil {
		if err := core.CheckObject("custom_attributes", c.CustomAttributes, core.MaxObjectBytes); err != nil {
			return err
		}
	}
	if in.Ext != nil {
		c.Ext = in.Ext(c.Ext)
		if err := core.CheckObject("ext", c.Ext, core.MaxObjectBytes); err != nil {
			return err
		}
	}
	return in.label(ctx, r, c)
}

// label sets the contact's labels.
func (in *Changes) label(ctx context.Context, r store.Labels, c *core.Contact) error {
	labels := slices.Clone(c.LabelIDs)
	if in.SetLabels != nil {
		labels = nil
	}
	named := slices.Concat(in.AddLabels, valueOr(in.SetLabels))
	if len(named)+len(in.RemoveLabels) == 0 && in.SetLabels == nil {
		return nil
	}
	if len(named) > store.MaxIDs {
		return core.Refuse("labels", "too many at once")
	}
	found, err := r.LabelsByID(ctx, c.AccountID, named)
	if err != nil {
		return err
	}
	for _, id := range named {
		if !slices.ContainsFunc(found, func(l core.Label) bool { return l.ID == id && !l.DeletedAt.IsSet() }) {
			return core.Refuse("labels", "there is no such label")
		}
		if !slices.Contains(labels, id) {
			labels = append(labels, id)
		}
	}
	labels = slices.DeleteFunc(labels, func(id int64) bool { return slices.Contains(in.RemoveLabels, id) })
	if len(labels) > core.MaxLabels {
		return core.Refuse("labels", "the contact carries too many labels")
	}
	if !slices.Equal(labels, c.LabelIDs) {
		c.LabelIDs = labels
	}
	return nil
}

func valueOr(list *[]int64) []int64 {
	if list == nil {
		return nil
	}
	return *list
}

// takenKey is the error for a key that somebody else has.
func takenKey(name string) error {
	return &core.Error{Kind: core.Conflict, Field: name, Message: "the " + name + " is taken"}
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
			return takenKey(key.name)
		}
	}
	return nil
}
