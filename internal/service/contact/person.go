package contact

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"github.com/google/uuid"
	"github.com/nyaruka/phonenumbers"

	"parley/internal/core"
	"parley/internal/store"
)

// Claim says who a person is: by an identity, or by an address. The caller
// vouches for it: a server's token, an agent, a channel. What an anonymous
// visitor says of itself is no claim.
type Claim struct {
	IdentityID int64 // 0: by the contact or the address
	// ContactID names a contact, 0: by the address. The identity is the one that
	// has a door into the inbox, else the contact's oldest, else a new one.
	ContactID, InboxID int64
	// ProviderType and Address name an identity that is known or new; without
	// an address a new visitor comes.
	ProviderType int64
	Address      string
	Profile      Profile
}

// Profile is what is known of a person; "" is nothing.
type Profile struct {
	Identifier, Email, Phone, Phone2                   string
	Name, FirstName, LastName, Gender, Locale, Remarks string
	Birthday                                           string
	Ext                                                core.JSON // members to set
}

// Resolve returns the contact and the identity that the claim means, inside a
// command of the account: a known identity; else one for a contact who is known
// by identifier, e-mail or phone; else one for a new contact. What the profile
// says fills what is empty; keys that another contact holds are left to it. An
// identity that the account does not have is core.Invalid, and so are an actor who
// is another contact and an ext that core.CheckObject refuses.
func Resolve(ctx context.Context, tx store.Tx, account int64, claim Claim, actor core.Actor, now core.Time) (core.Contact, core.Identity, error) {
	p := claim.Profile.normal()
	if err := core.CheckObject("ext", p.Ext, core.MaxObjectBytes); err != nil {
		return core.Contact{}, core.Identity{}, err
	}
	identity, known, err := findIdentity(ctx, tx, account, &claim)
	if err != nil {
		return core.Contact{}, core.Identity{}, err
	}
	if !known {
		p = p.withAddress(claim.ProviderType, claim.Address)
	}
	contact, err := findContact(ctx, tx, account, &claim, &p, identity)
	if err != nil {
		return core.Contact{}, core.Identity{}, err
	}
	if actor.Type == core.ActorContact && actor.ID != 0 && actor.ID != contact.ID {
		return core.Contact{}, core.Identity{}, core.Refuse("actor", "the contact is not part of the conversation")
	}
	if err := keep(ctx, tx, account, &contact, &p, actor, now); err != nil {
		return core.Contact{}, core.Identity{}, err
	}
	if known {
		return contact, identity, nil
	}
	if actor.Type == core.ActorContact {
		actor.ID = contact.ID
	}
	identity = core.Identity{
		AccountID: account, ContactID: contact.ID, ProviderType: claim.ProviderType, Address: claim.Address,
		FirstName: p.FirstName, LastName: p.LastName, CreatedAt: now,
	}
	if err := insertIdentity(ctx, tx, &identity, actor, now); err != nil {
		return core.Contact{}, core.Identity{}, err
	}
	return contact, identity, nil
}

// findContact returns the contact who is claimed, the zero Contact when it is a
// new one. One that the account does not have is core.Invalid.
func findContact(ctx context.Context, tx store.Tx, account int64, claim *Claim, p *Profile, known core.Identity) (core.Contact, error) {
	if known.ID != 0 {
		return tx.Contact(ctx, account, known.ContactID)
	}
	if claim.ContactID == 0 {
		return findByKeys(ctx, tx, account, p)
	}
	c, err := tx.Contact(ctx, account, claim.ContactID)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = core.Refuse("contact", fmt.Sprintf("there is no contact %d", claim.ContactID))
	}
	return c, err
}

// ofContact returns the identity through which a contact speaks in an inbox.
func ofContact(ctx context.Context, tx store.Tx, account int64, claim *Claim) (core.Identity, bool, error) {
	all, err := tx.ListIdentities(ctx, account, claim.ContactID, 0, store.MaxIDs)
	if err != nil || len(all) == 0 {
		return core.Identity{}, false, err
	}
	for i := range all {
		if _, ok, err := tx.FindContactInbox(ctx, account, all[i].ID, claim.InboxID); ok || err != nil {
			return all[i].Identity, ok, err
		}
	}
	return all[0].Identity, true, nil
}

// findIdentity returns the identity that is claimed. A claim without an address
// is given one that nobody has.
func findIdentity(ctx context.Context, tx store.Tx, account int64, claim *Claim) (core.Identity, bool, error) {
	if claim.IdentityID != 0 {
		i, err := tx.Identity(ctx, account, claim.IdentityID)
		if err != nil && core.KindOf(err) == core.NotFound {
			err = core.Refuse("identity", fmt.Sprintf("there is no identity %d", claim.IdentityID))
		}
		return i, true, err
	}
	if claim.ContactID != 0 {
		if i, ok, err := ofContact(ctx, tx, account, claim); ok || err != nil {
			return i, ok, err
		}
	}
	if claim.Address == "" {
		claim.ProviderType, claim.Address = core.AnonymousProvider, uuid.NewString()
		return core.Identity{}, false, nil
	}
	if len(claim.Address) > store.MaxKeyBytes {
		return core.Identity{}, false, core.Refuse("address", fmt.Sprintf("it has at most %d bytes", store.MaxKeyBytes))
	}
	return tx.FindIdentityByAddress(ctx, account, claim.ProviderType, claim.Address)
}

// findByKeys returns the contact who holds one of the keys, the zero Contact
// when nobody does. Of two who have different identifiers neither is the other,
// whatever e-mail or phone they share.
func findByKeys(ctx context.Context, tx store.Tx, account int64, p *Profile) (core.Contact, error) {
	for _, find := range []func() (core.Contact, bool, error){
		func() (core.Contact, bool, error) { return tx.FindContactByIdentifier(ctx, account, p.Identifier) },
		func() (core.Contact, bool, error) { return tx.FindContactByEmail(ctx, account, p.Email) },
		func() (core.Contact, bool, error) { return tx.FindContactByPhone(ctx, account, p.Phone) },
	} {
		c, ok, err := find()
		if err != nil {
			return core.Contact{}, err
		}
		if ok && (p.Identifier == "" || c.Identifier == "" || c.Identifier == p.Identifier) {
			return c, nil
		}
	}
	return core.Contact{}, nil
}

// keep stores what the profile adds to the contact, or the contact itself when
// it is new.
func keep(ctx context.Context, tx store.Tx, account int64, c *core.Contact, p *Profile, actor core.Actor, now core.Time) error {
	before := *c
	if err := freeKeys(ctx, tx, account, c.ID, p); err != nil {
		return err
	}
	p.fill(c)
	told := core.Event{AccountID: account, At: now, Actor: actor}
	if c.ID == 0 {
		c.AccountID, c.CreatedAt, c.UpdatedAt, c.LastActivityAt = account, now, now, now
		if err := tx.InsertContact(ctx, c); err != nil {
			return err
		}
		told.Type, told.Data = core.ContactCreated, *c
	} else {
		if sameContact(&before, c) {
			return nil
		}
		c.UpdatedAt = c.UpdatedAt.Later(now)
		if err := tx.UpdateContact(ctx, *c); err != nil {
			return err
		}
		told.Type, told.Data = core.ContactUpdated, core.ContactChange{Contact: *c, Before: &before}
	}
	told.ContactID = c.ID
	if actor.Type == core.ActorContact {
		told.Actor.ID = c.ID
	}
	tx.Emit(told)
	return nil
}

// freeKeys empties the keys that another contact than the one with the id
// holds.
func freeKeys(ctx context.Context, tx store.Tx, account, id int64, p *Profile) error {
	for _, key := range []struct {
		value *string
		find  func(ctx context.Context, account int64, key string) (core.Contact, bool, error)
	}{
		{&p.Identifier, tx.FindContactByIdentifier}, {&p.Email, tx.FindContactByEmail}, {&p.Phone, tx.FindContactByPhone},
	} {
		holder, ok, err := key.find(ctx, account, *key.value)
		if err != nil {
			return err
		}
		if ok && holder.ID != id {
			*key.value = ""
		}
	}
	return nil
}

// texts pairs the texts of a profile with those of a contact.
func (p *Profile) texts(c *core.Contact) [][2]*string {
	return [][2]*string{
		{&c.Identifier, &p.Identifier},
		{&c.Email, &p.Email},
		{&c.Phone, &p.Phone},
		{&c.Phone2, &p.Phone2},
		{&c.Name, &p.Name},
		{&c.FirstName, &p.FirstName},
		{&c.LastName, &p.LastName},
		{&c.Gender, &p.Gender},
		{&c.Locale, &p.Locale},
		{&c.Remarks, &p.Remarks},
		{&c.Birthday, &p.Birthday},
	}
}

// fill sets what the contact lacks.
func (p *Profile) fill(c *core.Contact) {
	for _, pair := range p.texts(c) {
		if *pair[0] == "" {
			*pair[0] = *pair[1]
		}
	}
	if c.Ext == "" {
		c.Ext = p.Ext
	}
}

func sameContact(a, b *core.Contact) bool {
	var pa, pb Profile
	left, right := pa.texts(a), pb.texts(b)
	for i := range left {
		if *left[i][0] != *right[i][0] {
			return false
		}
	}
	return a.Ext == b.Ext
}

// normal returns the profile with its keys in the form in which they are
// compared.
func (p Profile) normal() Profile {
	p.Email = strings.ToLower(strings.TrimSpace(p.Email))
	p.Phone, p.Phone2 = NormalPhone(p.Phone), NormalPhone(p.Phone2)
	p.Identifier = strings.TrimSpace(p.Identifier)
	return p
}

// The provider types whose addresses are phone numbers (numbers of CommBox's
// list): telephone and the two kinds of WhatsApp.
const (
	telephoneProvider     = 5
	whatsAppProvider      = 7
	whatsAppCloudProvider = 16
)

// withAddress returns the profile with what the address says.
func (p Profile) withAddress(provider int64, address string) Profile {
	switch provider {
	case core.MailProvider:
		if a, err := mail.ParseAddress(address); err == nil && a.Address == address && p.Email == "" {
			p.Email = strings.ToLower(address)
		}
	case telephoneProvider, whatsAppProvider, whatsAppCloudProvider:
		// Some channels put more behind the number: "972505555555_by".
		number, _, _ := strings.Cut(address, "_")
		if phone := NormalPhone(number); p.Phone == "" && strings.HasPrefix(phone, "+") {
			p.Phone = phone
		}
	}
	return p
}

// NormalPhone returns a phone number in the form of E.164, with the + that
// clients leave out. What is no number with a country code is returned as it
// is: a wrong number is better than none.
func NormalPhone(phone string) string {
	phone = strings.TrimSpace(phone)
	if phone == "" {
		return ""
	}
	international := strings.TrimPrefix(phone, "00")
	if !strings.HasPrefix(international, "+") {
		international = "+" + international
	}
	n, err := phonenumbers.Parse(international, "")
	if err != nil {
		return phone
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// DoorIn returns the identity's door into an inbox, making one when there is
// none, inside a command of the account.
func DoorIn(ctx context.Context, tx store.Tx, i core.Identity, inbox int64, actor core.Actor, now core.Time) (core.ContactInbox, error) {
	ci, ok, err := tx.FindContactInbox(ctx, i.AccountID, i.ID, inbox)
	if ok || err != nil {
		return ci, err
	}
	ci = core.ContactInbox{
		AccountID: i.AccountID, IdentityID: i.ID, ContactID: i.ContactID, InboxID: inbox,
		SourceID: uuid.NewString(), PubsubToken: core.NewKey(), CreatedAt: now,
	}
	if err := tx.InsertContactInbox(ctx, &ci); err != nil {
		return core.ContactInbox{}, err
	}
	tx.Emit(core.Event{
		AccountID: i.AccountID, Type: core.ContactInboxCreated, At: now, Actor: actor,
		ContactID: i.ContactID, InboxID: inbox, Data: ci,
	})
	return ci, nil
}
