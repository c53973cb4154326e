package interchange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// newSourceID returns a random UUID.
func newSourceID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // crypto/rand.Read never fails
	return formatUUID(u)
}

// formatUUID writes a UUID of version 4.
func formatUUID(u [16]byte) string {
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func (a *applier) inbox(ctx context.Context, l *line, r *inboxRecord) (bool, error) {
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "inbox",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Inbox(ctx, a.account, r.ID)
			return isSame(sameUUID(r.UUID, held.UUID, r.Name == held.Name), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			held, ok, err := a.tx.FindInboxByName(ctx, a.account, r.Name)
			return found(held.ID, keyOfName, ok, err)
		},
		keyed: true,
	})
	if err != nil || v.exists {
		return false, err
	}
	members, err := a.agentRefs(ctx, "agent_ids", r.AgentIDs)
	if err != nil {
		return false, err
	}
	inbox := r.inbox(a.im.now)
	inbox.ID, inbox.AccountID = v.id, a.account
	if inbox.Identifier != "" {
		if _, taken, err := a.tx.FindInboxByIdentifier(ctx, inbox.Identifier); err != nil || taken {
			return false, errors.Join(err, errTakenInAny)
		}
	}
	inbox.MakeKeys()
	if err := a.tx.InsertInbox(ctx, &inbox); err != nil {
		return false, err
	}
	if len(members) > 0 {
		if err := a.tx.SetInboxMembers(ctx, a.account, inbox.ID, members); err != nil {
			return false, err
		}
	}
	return true, a.assigned(ctx, r.self(), inbox.ID)
}

func (a *applier) subInbox(ctx context.Context, l *line, r *subInboxRecord) (bool, error) {
	inbox, err := a.inAccount(ctx, "inbox_id", place{store.InboxIDs, r.InboxID})
	if err != nil {
		return false, err
	}
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "sub-inbox",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.SubInbox(ctx, a.account, r.ID)
			return isSame(held.InboxID == inbox && held.Name == r.Name, err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			held, ok, err := a.tx.FindSubInboxByName(ctx, a.account, inbox, r.Name)
			return found(held.ID, keyOfName, ok, err)
		},
	})
	if err != nil || v.exists {
		return false, err
	}
	sub := r.subInbox()
	sub.ID, sub.AccountID, sub.InboxID = v.id, a.account, inbox
	if err := a.tx.InsertSubInbox(ctx, &sub); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), sub.ID)
}

func (a *applier) contact(ctx context.Context, l *line, r *contactRecord) (bool, error) {
	contact := r.contact(a.im.now, nil)
	contact.AccountID = a.account
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "contact",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Contact(ctx, a.account, r.ID)
			return isSame(sameUUID(r.UUID, held.UUID, sameContact(&contact, &held)), err)
		},
		natural: func(ctx context.Context) (int64, string, error) { return a.naturalContact(ctx, &contact) },
		keys:    "an identifier, an email or a phone",
		keyed:   contact.Identifier != "" || contact.Email != "" || contact.Phone != "",
		first:   firstKey(&contact),
		uuid:    &contact.UUID,
	})
	if err != nil || v.exists {
		return false, err
	}
	contact.ID = v.id
	if contact.LabelIDs, err = a.labelRefs(ctx, r.Labels); err != nil {
		return false, err
	}
	if err := a.tx.InsertContact(ctx, &contact); err != nil {
		return false, err
	}
	if !r.LastActivityAt.given {
		if err := a.tx.PutStaged(ctx, a.account, stagedHeard, contact.ID, ""); err != nil {
			return false, err
		}
	}
	a.known[place{store.PersonIDs, contact.ID}] = true
	return true, a.assigned(ctx, r.self(), contact.ID)
}

// sameContact compares the first natural key that the record gives.
func sameContact(given, held *core.Contact) bool {
	switch {
	case given.Identifier != "":
		return given.Identifier == held.Identifier
	case given.Email != "":
		return given.Email == held.Email
	case given.Phone != "":
		return given.Phone == held.Phone
	}
	return true
}

// firstKey is the natural key that says who the contact is.
func firstKey(c *core.Contact) string {
	switch {
	case c.Identifier != "":
		return keyOfIdentifier
	case c.Email != "":
		return keyOfEmail
	case c.Phone != "":
		return keyOfPhone
	}
	return keyOfUUID
}

// naturalContact looks for each natural key in turn: all are unique, so that
// any of them shows who has it.
func (a *applier) naturalContact(ctx context.Context, c *core.Contact) (int64, string, error) {
	for _, by := range [...]struct {
		key, value string
		find       func(ctx context.Context, account int64, value string) (core.Contact, bool, error)
	}{
		{keyOfIdentifier, c.Identifier, a.tx.FindContactByIdentifier},
		{keyOfEmail, c.Email, a.tx.FindContactByEmail},
		{keyOfPhone, c.Phone, a.tx.FindContactByPhone},
		{keyOfUUID, c.UUID, a.tx.FindContactByUUID},
	} {
		if by.value == "" {
			continue
		}
		if held, ok, err := by.find(ctx, a.account, by.value); ok || err != nil {
			return found(held.ID, by.key, ok, err)
		}
	}
	return 0, "", nil
}

// hear notes a message of a contact.
func (a *applier) hear(contact int64, at core.Time) {
	a.heard[contact] = a.heard[contact].Later(at)
}

// flushHeard moves the last activity of the contacts that were heard.
func (a *applier) flushHeard(ctx context.Context) error {
	for _, id := range sortedKeys(a.heard) {
		if _, derived, err := a.tx.FindStaged(ctx, a.account, stagedHeard, id); err != nil || !derived {
			if err != nil {
				return err
			}
			continue
		}
		contact, err := a.tx.Contact(ctx, a.account, id)
		if err != nil {
			return err
		}
		if later := contact.LastActivityAt.Later(a.heard[id]); later != contact.LastActivityAt {
			contact.LastActivityAt = later
			if err := a.tx.UpdateContact(ctx, contact); err != nil {
				return err
			}
		}
	}
	return nil
}

// contactRef resolves a reference to a contact.
func (a *applier) contactRef(ctx context.Context, key string, id int64) (int64, error) {
	to, err := a.resolve(ctx, store.PersonIDs, id)
	if err != nil {
		return 0, err
	}
	ok, err := a.exists(ctx, place{store.PersonIDs, to}, func(ctx context.Context) error {
		_, err := a.tx.Contact(ctx, a.account, to)
		return err
	})
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", key, missing("contact", id))
	}
	return to, err
}

func (a *applier) identity(ctx context.Context, l *line, r *identityRecord) (bool, error) {
	contact, err := a.contactRef(ctx, "contact_id", r.ContactID)
	if err != nil {
		return false, err
	}
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "identity",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Identity(ctx, a.account, r.ID)
			byKey := held.ContactID == contact && held.ProviderType == r.ProviderType && held.Address == r.Address
			return isSame(sameUUID(r.UUID, held.UUID, byKey), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			if held, ok, err := a.tx.FindIdentityByAddress(ctx, a.account, r.ProviderType, r.Address); ok || err != nil {
				if err == nil && held.ContactID != contact {
					err = fmt.Errorf("the address belongs to identity %d of another contact", held.ID)
				}
				return found(held.ID, keyOfAddress, ok, err)
			}
			if r.UUID == "" {
				return 0, "", nil
			}
			held, ok, err := a.tx.FindIdentityByUUID(ctx, a.account, r.UUID)
			return found(held.ID, keyOfUUID, ok, err)
		},
		keyed: true,
	})
	if err != nil || v.exists {
		return false, err
	}
	identity := r.identity(a.im.now)
	identity.ID, identity.AccountID, identity.ContactID = v.id, a.account, contact
	if err := a.tx.InsertIdentity(ctx, &identity); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), identity.ID)
}

// identityRef resolves a reference to a contact's identity.
func (a *applier) identityRef(ctx context.Context, id int64) (core.Identity, error) {
	to, err := a.resolve(ctx, store.IdentityIDs, id)
	if err != nil {
		return core.Identity{}, err
	}
	identity, err := a.tx.Identity(ctx, a.account, to)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = fmt.Errorf("identity_id: %w", missing("identity", id))
	}
	return identity, err
}

func (a *applier) contactInbox(ctx context.Context, l *line, r *contactInboxRecord) (bool, error) {
	identity, err := a.identityRef(ctx, r.IdentityID)
	if err != nil {
		return false, err
	}
	inbox, err := a.inAccount(ctx, "inbox_id", place{store.InboxIDs, r.InboxID})
	if err != nil {
		return false, err
	}
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "contact inbox",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.ContactInbox(ctx, a.account, r.ID)
			return isSame(held.IdentityID == identity.ID && held.InboxID == inbox && held.SourceID == r.SourceID, err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			held, ok, err := a.tx.FindContactInboxBySource(ctx, a.account, inbox, r.SourceID)
			if ok && err == nil && held.IdentityID != identity.ID {
				err = fmt.Errorf("the source_id belongs to contact inbox %d of another identity", held.ID)
			}
			return found(held.ID, keyOfSource, ok, err)
		},
		keyed: true,
	})
	if err != nil || v.exists {
		return false, err
	}
	ci := r.contactInbox(a.im.now)
	ci.ID, ci.AccountID, ci.InboxID = v.id, a.account, inbox
	ci.IdentityID, ci.ContactID = identity.ID, identity.ContactID
	if ci.PubsubToken == "" {
		ci.PubsubToken = core.NewKey()
	}
	if err := a.tx.InsertContactInbox(ctx, &ci); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), ci.ID)
}
