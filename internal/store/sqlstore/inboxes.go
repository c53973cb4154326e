package sqlstore

import (
	"context"

	"parley/internal/core"
)

var (
	inboxes                = newSource(inboxTable)
	inboxSQL               = inboxTable.selectFrom("WHERE account_id = $1 AND id = $2")
	inboxByNameSQL         = inboxTable.selectFrom("WHERE account_id = $1 AND name = $2")
	findInboxIdentifierSQL = "SELECT account_id, inbox_id FROM inbox_identifiers WHERE identifier = $1"
	findInboxAccountSQL    = "SELECT account_id, inbox_id FROM inbox_ids WHERE inbox_id = $1"
	putInboxAccountSQL     = "INSERT INTO inbox_ids (inbox_id, account_id) VALUES ($1, $2)"
	putInboxIdentifierSQL  = "INSERT INTO inbox_identifiers (identifier, account_id, inbox_id) VALUES ($1, $2, $3)"
	dropInboxIdentifierSQL = "DELETE FROM inbox_identifiers WHERE identifier = $1 AND account_id = $2 AND inbox_id = $3"
	updateInboxFields      = inboxTable.updateAll("uuid")
	updateSubInboxName     = subInboxTable.update("name")
	subInboxes             = newSource(subInboxTable)
	subInboxSQL            = subInboxTable.selectFrom("WHERE account_id = $1 AND id = $2")
	subInboxByNameSQL      = subInboxTable.selectFrom("WHERE account_id = $1 AND inbox_id = $2 AND name = $3")
)

// Inbox implements store.Inboxes.
func (r reader) Inbox(ctx context.Context, account, id int64) (core.Inbox, error) {
	return get(ctx, r.checked, new(inboxRow), "inbox", inboxSQL, account, id)
}

// FindInbox implements store.Inboxes.
func (r reader) FindInbox(ctx context.Context, id int64) (core.Inbox, bool, error) {
	return r.foundInbox(ctx, findInboxAccountSQL, id)
}

// foundInbox reads the inbox to which a look-up table leads.
func (r reader) foundInbox(ctx context.Context, lookUp string, key any) (core.Inbox, bool, error) {
	at, ok, err := find(ctx, r.checked, new(pair), lookUp, key)
	if err != nil || !ok {
		return core.Inbox{}, false, err
	}
	return find(ctx, r.checked, new(inboxRow), inboxSQL, at.a, at.b)
}

// FindInboxByIdentifier implements store.Inboxes. "" is never stored in the
// look-up table.
func (r reader) FindInboxByIdentifier(ctx context.Context, identifier string) (core.Inbox, bool, error) {
	return r.foundInbox(ctx, findInboxIdentifierSQL, identifier)
}

// FindInboxByName implements store.Inboxes.
func (r reader) FindInboxByName(ctx context.Context, account int64, name string) (core.Inbox, bool, error) {
	return find(ctx, r.checked, new(inboxRow), inboxByNameSQL, account, name)
}

// SubInbox implements store.Inboxes.
func (r reader) SubInbox(ctx context.Context, account, id int64) (core.SubInbox, error) {
	return get(ctx, r.checked, new(subInboxRow), "sub-inbox", subInboxSQL, account, id)
}

// FindSubInboxByName implements store.Inboxes.
func (r reader) FindSubInboxByName(ctx context.Context, account, inbox int64, name string) (core.SubInbox, bool, error) {
	return find(ctx, r.checked, new(subInboxRow), subInboxByNameSQL, account, inbox, name)
}

// InsertInbox implements store.Tx.
func (t *tx) InsertInbox(ctx context.Context, i *core.Inbox) error {
	v := *i
	v.UUID = t.give(v.UUID)
	id, err := t.insert(ctx, inboxes, inboxArgs(&v))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, putInboxAccountSQL, id, v.AccountID); err != nil {
		return err
	}
	if v.Identifier != "" {
		if _, err := t.exec(ctx, putInboxIdentifierSQL, v.Identifier, v.AccountID, id); err != nil {
			return err
		}
	}
	v.ID = id
	*i = v
	return nil
}

// UpdateInbox implements store.Tx.
func (t *tx) UpdateInbox(ctx context.Context, i core.Inbox) error {
	before, err := t.Inbox(ctx, i.AccountID, i.ID)
	if err != nil {
		return err
	}
	if err := t.set(ctx, "inbox", updateInboxFields, inboxArgs(&i)); err != nil || i.Identifier == before.Identifier {
		return err
	}
	if before.Identifier != "" {
		if _, err := t.exec(ctx, dropInboxIdentifierSQL, before.Identifier, i.AccountID, i.ID); err != nil {
			return err
		}
	}
	if i.Identifier != "" {
		_, err = t.exec(ctx, putInboxIdentifierSQL, i.Identifier, i.AccountID, i.ID)
	}
	return err
}

// UpdateSubInbox implements store.Tx.
func (t *tx) UpdateSubInbox(ctx context.Context, s core.SubInbox) error {
	return t.set(ctx, "sub-inbox", updateSubInboxName, subInboxArgs(&s))
}

// InsertSubInbox implements store.Tx.
func (t *tx) InsertSubInbox(ctx context.Context, s *core.SubInbox) error {
	id, err := t.insert(ctx, subInboxes, subInboxArgs(s))
	if err != nil {
		return err
	}
	s.ID = id
	return nil
}
