package chatwoot

import (
	"context"
	"net/http"

	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// pageThreads is how many conversations one read brings.
const pageThreads = 50

// listConversations serves GET and HEAD
// /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations:
// all conversations of this contact inbox, or, when it is HMAC-verified, of the
// contact in every inbox of the account (server); of every status, ordered by
// the id that the store gave them (ours; server: no order is stated), with
// every message that the contact may see.
func (h *handler) listConversations(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	door, err := h.door(r)
	if err != nil {
		return err
	}
	// The log's version is read before the conversations, so a tag made of it
	// can only be too old: it never hides a change.
	account, err := h.Contacts.Account(ctx, door.Inbox.AccountID)
	if err != nil {
		return err
	}
	tag := logTag(account, r.URL.EscapedPath())
	if matches(r, tag) {
		notModified(w, tag)
		return nil
	}
	s := httpx.NewStream(w, r, http.StatusOK, contentType)
	s.BeforeHeader = func(whole []byte) (done bool) {
		if whole != nil {
			tag = bodyTag(whole)
		}
		if matches(r, tag) {
			notModified(w, tag)
			return true
		}
		setValidators(w, tag)
		if r.Method == http.MethodHead && whole == nil {
			w.WriteHeader(http.StatusOK) // the rest would be made for nobody
			return true
		}
		return false
	}
	l := lister{handler: h, account: account.ID, query: listQuery(door), deletedText: deletedText(account.Locale)}
	if err := l.write(ctx, s); err != nil {
		return err
	}
	return s.Finish()
}

// door finds who is asking. Only api inboxes have one here (server). An inbox
// with mandatory HMAC opens its conversations to verified contact inboxes only
// (ours).
func (h *handler) door(r *http.Request) (contact.Door, error) {
	inboxIdentifier, err := pathText(r, "inbox_identifier")
	if err != nil {
		return contact.Door{}, err
	}
	sourceID, err := pathText(r, "contact_identifier")
	if err != nil {
		return contact.Door{}, err
	}
	door, err := h.Contacts.Door(r.Context(), inboxIdentifier, sourceID)
	if err != nil {
		return contact.Door{}, err
	}
	if door.Inbox.Channel != core.ChannelAPI {
		return contact.Door{}, core.Absent("inbox")
	}
	if door.Inbox.HMACMandatory && !door.ContactInbox.HMACVerified {
		return contact.Door{}, errHMAC
	}
	return door, nil
}

// listQuery selects what the door shows.
func listQuery(door contact.Door) store.ThreadQuery {
	q := store.ThreadQuery{Order: store.ByID, Limit: pageThreads, With: store.WithContact | store.WithIdentity}
	if door.ContactInbox.HMACVerified {
		q.ContactID = door.ContactInbox.ContactID
	} else {
		q.ContactInboxID = door.ContactInbox.ID
	}
	return q
}

// lister writes one answer.
type lister struct {
	*handler
	account     int64
	query       store.ThreadQuery
	deletedText string

	labels []string // titles of the labels of the contact, which all conversations share
	count  int      // conversations begun
}

// write appends the array, page of conversations by page of conversations. No
// database connection is held while the client reads.
func (l *lister) write(ctx context.Context, s *httpx.Stream) error {
	if err := s.Append(func(b []byte) []byte { return append(b, '[') }); err != nil {
		return err
	}
	for {
		threads, err := l.Conversations.List(ctx, l.account, l.query)
		if err != nil {
			return err
		}
		if l.labels == nil && len(threads) > 0 {
			if l.labels, err = l.Contacts.LabelTitles(ctx, l.account, threads[0].Contact.LabelIDs); err != nil {
				return err
			}
		}
		if err := l.writeThreads(ctx, s, threads); err != nil {
			return err
		}
		if len(threads) < l.query.Limit {
			return s.Append(func(b []byte) []byte { return append(b, ']') })
		}
		l.query.From = &conversation.Place{ID: threads[len(threads)-1].Conversation.ID}
	}
}

func (l *lister) writeThreads(ctx context.Context, s *httpx.Stream, threads []core.Thread) error {
	begun := -1    // the thread whose head is written
	comma := false // whether a message of it is
	public := conversation.HistoryQuery{Kinds: []core.EntryKind{core.Message}}
	for page, err := range l.Conversations.History(ctx, l.account, threads, public) {
		if err != nil {
			return err
		}
		t := &threads[page.Thread]
		if page.Thread != begun {
			begun, comma = page.Thread, false
			if err := l.writeHead(s, &t.Conversation); err != nil {
				return err
			}
		}
		for i := range page.Lines {
			// One by one: a message may be long, and a page of them longer.
			m := toMessage(t.Conversation.DisplayID, &page.Lines[i], l.deletedText)
			err := s.Append(func(b []byte) []byte {
				if comma {
					b = append(b, ',')
				}
				return appendMessage(b, &m)
			})
			if err != nil {
				return err
			}
			comma = true
		}
		if page.End {
			c := toContact(&t.Contact, l.labels)
			if err := s.Append(func(b []byte) []byte { return appendConversationTail(b, &c) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *lister) writeHead(s *httpx.Stream, c *core.Conversation) error {
	head := toConversation(c)
	return s.Append(func(b []byte) []byte {
		if l.count++; l.count > 1 {
			b = append(b, ',')
		}
		return appendConversationHead(b, &head)
	})
}
