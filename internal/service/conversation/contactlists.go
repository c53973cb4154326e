package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// maxScan is how many rows a page of a list looks at for what no index leads to.
const maxScan = 2000

// UnreadCount is how many messages of a conversation somebody has not read.
type UnreadCount = store.UnreadCount

// ContactUnread is a contact and what the contact has not read.
type ContactUnread = store.ContactUnread

// UnreadQuery asks for the unread messages of one contact.
type UnreadQuery struct {
	// The contact, by ContactID or else by Identifier.
	ContactID  int64
	Identifier string
	Sight      Sight
	Channels   []core.Channel // inboxes of any of these; none = all
	Limit      int            // of the conversations that are told; must be positive
}

// Unread returns what a contact has not read in the inboxes that are seen. A
// contact that the account does not have is core.NotFound; one without unread
// messages has none. It costs one read of an index.
func (s *Reads) Unread(ctx context.Context, account int64, q UnreadQuery) (ContactUnread, error) {
	find := store.UnreadQuery{ContactID: q.ContactID, Identifier: q.Identifier, InboxIDs: inSight(q.Sight), Channels: q.Channels, Limit: q.Limit}
	unread, ok, err := s.store.ContactUnreadByConversation(ctx, account, find)
	if err != nil {
		return ContactUnread{}, fmt.Errorf("count unread of contact: %w", err)
	}
	if !ok {
		return ContactUnread{}, core.Absent("contact")
	}
	if blind(q.Sight) {
		unread.Unread = store.Unread{}
	}
	return unread, nil
}

// ContactList selects conversations of one contact: those that match every
// field that is set.
type ContactList struct {
	Sight    Sight
	Unread   bool // with something that the contact has not read
	InboxID  int64
	LabelID  int64
	Statuses []core.Status // any of them

	From  *Place // where the list goes on; nil = from its beginning
	Limit int    // at most; must be positive
	With  Parts
}

// ContactPage is one page of a contact's conversations.
type ContactPage struct {
	Threads []core.Thread
	Next    *Place // where the list goes on; nil at its end
	Total   int64  // how many match, whatever the page
	// UnreadTotal is the number of messages that the contact has not read in
	// all conversations that are seen, whatever else the list selects.
	UnreadTotal int64
}

// OfContact returns conversations of one contact, newest public message first,
// then by creation and id, newest first. A contact that the account does not
// have is core.NotFound.
func (s *Reads) OfContact(ctx context.Context, account, contact int64, list ContactList) (ContactPage, error) {
	unread, err := s.Unread(ctx, account, UnreadQuery{ContactID: contact, Sight: list.Sight, Limit: 1})
	if err != nil {
		return ContactPage{}, err
	}
	out := ContactPage{UnreadTotal: unread.Total}
	q := store.ThreadQuery{
		ContactID: contact, InboxID: list.InboxID, LabelID: list.LabelID, Statuses: list.Statuses,
		Order: store.ByLastMessage, Desc: true, From: list.From, Limit: list.Limit, Scan: maxScan, With: list.With,
	}
	if list.Unread {
		q.Unread = &store.CursorOf{Side: core.ContactSide}
	}
	if !narrow(list.Sight, &q) {
		return out, nil
	}
	page, err := s.page(ctx, account, q)
	if err != nil {
		return ContactPage{}, err
	}
	out.Threads, out.Next = page.Threads, page.Next
	out.Total, err = s.total(ctx, account, q, page)
	return out, err
}

// page is store.Conversations.PageThreads without deleted labels.
func (s *Reads) page(ctx context.Context, account int64, q store.ThreadQuery) (store.ThreadPage, error) {
	page, err := s.store.PageThreads(ctx, account, q)
	if err != nil {
		return store.ThreadPage{}, fmt.Errorf("list conversations: %w", err)
	}
	return page, s.dropDeleted(ctx, account, page.Threads)
}

// total counts what q selects, unless the page is all of it.
func (s *Reads) total(ctx context.Context, account int64, q store.ThreadQuery, page store.ThreadPage) (int64, error) {
	if q.From == nil && page.Next == nil {
		return int64(len(page.Threads)), nil
	}
	return s.Count(ctx, account, q)
}
