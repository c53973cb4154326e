package sqlstore

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	contacts               = newSharedSource(contactTable, SpacePerson)
	contactSQL             = contactTable.selectFrom("WHERE account_id = $1 AND id = $2")
	contactByUUIDSQL       = contactTable.selectFrom("WHERE account_id = $1 AND uuid = $2")
	contactByIdentifierSQL = contactTable.selectFrom("WHERE account_id = $1 AND identifier = $2 AND identifier <> ''")
	contactByEmailSQL      = contactTable.selectFrom("WHERE account_id = $1 AND email = $2 AND email <> ''")
	contactByPhoneSQL      = contactTable.selectFrom("WHERE account_id = $1 AND phone = $2 AND phone <> ''")
	updateContactFields    = contactTable.updateAll("uuid")
	// touchContact is what a message of the contact moves.
	touchContact = contactTable.update("last_activity_at")

	deleteContactSQL = "DELETE FROM contacts WHERE account_id = $1 AND id = $2"
	// What hangs on an identity moves with it.
	moveIdentitySQL       = "UPDATE identities SET contact_id = $4 WHERE account_id = $1 AND id = $2 AND contact_id = $3"
	moveContactInboxesSQL = "UPDATE contact_inboxes SET contact_id = $4 WHERE account_id = $1 AND identity_id = $2 AND contact_id = $3"
	moveEntriesSQL        = `UPDATE entries SET sender_id = $4 WHERE account_id = $1 AND sender_type = 'contact' AND sender_id = $3
		AND conversation_id IN (SELECT c.id FROM conversations c WHERE c.account_id = $1 AND c.identity_id = $2)`
	moveConversationsSQL = "UPDATE conversations SET contact_id = $4 WHERE account_id = $1 AND identity_id = $2 AND contact_id = $3"

	identities           = newSharedSource(identityTable, SpaceIdentity)
	identitySQL          = identityTable.selectFrom("WHERE account_id = $1 AND id = $2")
	identityByUUIDSQL    = identityTable.selectFrom("WHERE account_id = $1 AND uuid = $2")
	identityByAddressSQL = identityTable.selectFrom("WHERE account_id = $1 AND provider_type = $2 AND address = $3")
	updateIdentityFields = identityTable.updateAll("uuid", "contact_id", "provider_type", "address")
	countIdentitiesSQL   = "SELECT COUNT(*) FROM identities WHERE account_id = $1 AND contact_id = $2"
	listIdentitiesSQL    = "SELECT " + identityTable.list("d") +
		", (SELECT COUNT(*) FROM conversations c WHERE c.account_id = d.account_id AND c.identity_id = d.id)" +
		" FROM identities d WHERE d.account_id = $1 AND d.contact_id = $2 AND d.id > $3 ORDER BY d.id LIMIT $4"

	contactInboxes           = newSource(contactInboxTable)
	contactInboxSQL          = contactInboxTable.selectFrom("WHERE account_id = $1 AND id = $2")
	contactInboxBySourceSQL  = contactInboxTable.selectFrom("WHERE account_id = $1 AND inbox_id = $2 AND source_id = $3")
	findContactInboxSQL      = contactInboxTable.selectFrom("WHERE account_id = $1 AND identity_id = $2 AND inbox_id = $3 ORDER BY created_at, id LIMIT 1")
	updateContactInboxFields = contactInboxTable.updateAll()
)

// Contact implements store.Contacts.
func (r reader) Contact(ctx context.Context, account, id int64) (core.Contact, error) {
	return get(ctx, r.checked, new(contactRow), "contact", contactSQL, account, id)
}

// FindContactByUUID implements store.Contacts.
func (r reader) FindContactByUUID(ctx context.Context, account int64, uuid string) (core.Contact, bool, error) {
	return find(ctx, r.checked, new(contactRow), contactByUUIDSQL, account, uuid)
}

// FindContactByIdentifier implements store.Contacts.
func (r reader) FindContactByIdentifier(ctx context.Context, account int64, identifier string) (core.Contact, bool, error) {
	return find(ctx, r.checked, new(contactRow), contactByIdentifierSQL, account, identifier)
}

// FindContactByEmail implements store.Contacts.
func (r reader) FindContactByEmail(ctx context.Context, account int64, email string) (core.Contact, bool, error) {
	return find(ctx, r.checked, new(contactRow), contactByEmailSQL, account, email)
}

// FindContactByPhone implements store.Contacts.
func (r reader) FindContactByPhone(ctx context.Context, account int64, phone string) (core.Contact, bool, error) {
	return find(ctx, r.checked, new(contactRow), contactByPhoneSQL, account, phone)
}

// InsertContact implements store.Tx.
func (t *tx) InsertContact(ctx context.Context, c *core.Contact) error {
	v := *c
	v.UUID = t.give(v.UUID)
	args := contactArgs(&v)
	if err := checkArgs(args); err != nil {
		return err
	}
	if err := t.refuseTaken(ctx, personTakenSQL, "person id", v.AccountID, v.ID); err != nil {
		return err
	}
	id, err := t.insert(ctx, contacts, args)
	if err != nil {
		return err
	}
	v.ID = id
	if v.Known() && !t.unindexed {
		t.reindexContact(v.AccountID, v.ID)
	}
	*c = v
	return nil
}

// Contact implements store.Contacts, and notes what the command has read.
func (t *tx) Contact(ctx context.Context, account, id int64) (core.Contact, error) {
	c, err := t.reader.Contact(ctx, account, id)
	if err == nil {
		if t.contacts == nil {
			t.contacts = map[int64][]any{}
		}
		t.contacts[c.ID] = contactArgs(&c)
	}
	return c, err
}

// UpdateContact implements store.Tx. Every message of a contact moves its last
// activity: that alone leaves indexes and documents as they are.
func (t *tx) UpdateContact(ctx context.Context, c core.Contact) error {
	args := contactArgs(&c)
	if was, read := t.contacts[c.ID]; read && covers(touchContact, updateContactFields, was, args) {
		t.contacts[c.ID] = args
		return t.set(ctx, "contact", touchContact, args)
	}
	t.reindexContact(c.AccountID, c.ID)
	delete(t.contacts, c.ID)
	return t.set(ctx, "contact", updateContactFields, args)
}

// DeleteContact implements store.Tx.
func (t *tx) DeleteContact(ctx context.Context, account, id int64) error {
	n, err := t.exec(ctx, deleteContactSQL, account, id)
	if err == nil && n == 0 {
		err = core.Absent("contact")
	}
	t.reindexContact(account, id)
	return err
}

// MoveIdentity implements store.Tx.
func (t *tx) MoveIdentity(ctx context.Context, account, identity, from, to int64) error {
	n, err := t.exec(ctx, moveIdentitySQL, account, identity, from, to)
	if err != nil {
		return err
	}
	if n == 0 {
		return core.Absent("identity")
	}
	t.reindexContact(account, from)
	t.reindexContact(account, to)
	for _, sql := range []string{moveContactInboxesSQL, moveEntriesSQL, moveConversationsSQL} {
		if _, err := t.exec(ctx, sql, account, identity, from, to); err != nil {
			return err
		}
	}
	return nil
}

// Identity implements store.Contacts.
func (r reader) Identity(ctx context.Context, account, id int64) (core.Identity, error) {
	return get(ctx, r.checked, new(identityRow), "identity", identitySQL, account, id)
}

// FindIdentityByUUID implements store.Contacts.
func (r reader) FindIdentityByUUID(ctx context.Context, account int64, uuid string) (core.Identity, bool, error) {
	return find(ctx, r.checked, new(identityRow), identityByUUIDSQL, account, uuid)
}

// FindIdentityByAddress implements store.Contacts.
func (r reader) FindIdentityByAddress(ctx context.Context, account, providerType int64, address string) (core.Identity, bool, error) {
	return find(ctx, r.checked, new(identityRow), identityByAddressSQL, account, providerType, address)
}

// CountIdentities implements store.Contacts.
func (r reader) CountIdentities(ctx context.Context, account, contact int64) (int64, error) {
	n, _, err := find(ctx, r.checked, new(number), countIdentitiesSQL, account, contact)
	return n, err
}

// InsertIdentity implements store.Tx.
func (t *tx) InsertIdentity(ctx context.Context, i *core.Identity) error {
	v := *i
	v.UUID = t.give(v.UUID)
	args := identityArgs(&v)
	if err := checkArgs(args); err != nil {
		return err
	}
	if err := t.refuseTaken(ctx, identityTakenSQL, "identity id", v.AccountID, v.ID); err != nil {
		return err
	}
	id, err := t.insert(ctx, identities, args)
	if err != nil {
		return err
	}
	v.ID = id
	if isSearched(&v) {
		t.reindexContact(v.AccountID, v.ContactID)
	}
	*i = v
	return nil
}

// UpdateIdentity implements store.Tx.
func (t *tx) UpdateIdentity(ctx context.Context, i core.Identity) error {
	t.reindexContact(i.AccountID, i.ContactID)
	return t.set(ctx, "identity", updateIdentityFields, identityArgs(&i))
}

// identityUseRow is a line of ListIdentities.
type identityUseRow struct {
	identity      identityRow
	conversations int64
}

func (r *identityUseRow) targets() []any { return append(r.identity.targets(), &r.conversations) }

func (r *identityUseRow) value() store.IdentityUse {
	return store.IdentityUse{Identity: r.identity.value(), Conversations: r.conversations}
}

// ListIdentities implements store.Contacts.
func (r reader) ListIdentities(ctx context.Context, account, contact, after int64, limit int) ([]store.IdentityUse, error) {
	return page(ctx, r.checked, new(identityUseRow), limit, listIdentitiesSQL, account, contact, after)
}

// ContactInbox implements store.Contacts.
func (r reader) ContactInbox(ctx context.Context, account, id int64) (core.ContactInbox, error) {
	return get(ctx, r.checked, new(contactInboxRow), "contact inbox", contactInboxSQL, account, id)
}

// FindContactInboxBySource implements store.Contacts.
func (r reader) FindContactInboxBySource(ctx context.Context, account, inbox int64, sourceID string) (core.ContactInbox, bool, error) {
	return find(ctx, r.checked, new(contactInboxRow), contactInboxBySourceSQL, account, inbox, sourceID)
}

// FindContactInbox implements store.Contacts.
func (r reader) FindContactInbox(ctx context.Context, account, identity, inbox int64) (core.ContactInbox, bool, error) {
	return find(ctx, r.checked, new(contactInboxRow), findContactInboxSQL, account, identity, inbox)
}

// InsertContactInbox implements store.Tx.
func (t *tx) InsertContactInbox(ctx context.Context, ci *core.ContactInbox) error {
	id, err := t.insert(ctx, contactInboxes, contactInboxArgs(ci))
	if err != nil {
		return err
	}
	ci.ID = id
	return nil
}

// UpdateContactInbox implements store.Tx.
func (t *tx) UpdateContactInbox(ctx context.Context, ci core.ContactInbox) error {
	return t.set(ctx, "contact inbox", updateContactInboxFields, contactInboxArgs(&ci))
}
