// Package search finds messages, notes and contacts by their words, and fills
// the index that finds them.
//
// All of it is safe for concurrent use.
package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/fold"
	"parley/internal/store"
)

// Bounds of a page.
const (
	// MaxLimit is how many hits a page holds at most.
	MaxLimit = 50
	// scanned is how many candidates are looked at for a page, in all rounds.
	scanned = 2000
	// rounds is how often the store is asked for a page at most: what it finds
	// is looked at again where the order of words counts.
	rounds = 5
	// maxIdentities is how many identities of a contact are searched, the oldest.
	maxIdentities = store.MaxIDs
)

// Query says what to search for, and what whoever asks may see.
type Query struct {
	Text string // as it was typed: see MaxWords
	// Kinds wants any of these; none = all. What a customer asks is for messages
	// alone.
	Kinds []store.DocumentKind
	// AllInboxes and InboxIDs are the sight of whoever asks: without AllInboxes
	// only what was said in conversations of these inboxes is found, at most
	// store.MaxIDs. Contacts are in everybody's sight.
	AllInboxes bool
	InboxIDs   []int64

	// The filters narrow what is in sight; 0 = any. What is said is filtered by
	// them, so contacts are found without them alone.
	ContactID      int64
	ConversationID int64
	InboxID        int64
	From, To       core.Time // when it was made: From is in, To is not; 0 = no bound

	Before int64 // a Page.Next; 0 = from the newest
	Limit  int   // from 1 to MaxLimit
}

// Hit is what was found: an entry or a contact.
type Hit struct {
	Kind    store.DocumentKind
	Entry   core.Entry   // of a message or a note
	Contact core.Contact // of a contact
	Snippet Snippet
}

// Page is what Find found, newest first.
type Page struct {
	Hits []Hit
	// Next is where the search goes on; 0 = there is no more. A page may be short,
	// and even empty, before the end.
	Next int64
	// Incomplete tells that older messages are still being indexed.
	Incomplete bool
}

// Searches searches for whoever asks.
type Searches struct{ store store.Store }

// New returns the searches of st.
func New(st store.Store) *Searches { return &Searches{store: st} }

// Find searches. It returns core.Invalid for a text without a word or with too
// many, and core.NotFound for a contact or a conversation that the account does
// not have.
func (s *Searches) Find(ctx context.Context, account int64, q Query) (Page, error) {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return Page{}, core.Refuse("limit", fmt.Sprintf("a page holds 1 to %d hits", MaxLimit))
	}
	asked, err := parse(q.Text)
	if err != nil {
		return Page{}, err
	}
	found, err := s.find(ctx, account, &q, &asked)
	if err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	jobs, err := s.store.ListJobs(ctx, account, store.BackfillJob)
	if err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	found.Incomplete = len(jobs) > 0
	return found, nil
}

func (s *Searches) find(ctx context.Context, account int64, q *Query, asked *parsed) (Page, error) {
	sq, possible, err := s.bounds(ctx, account, q)
	if err != nil || !possible {
		return Page{}, err
	}
	sq.Terms, sq.PhoneEnding = asked.terms(), asked.phoneEnding
	var p Page
	for range rounds {
		sq.Limit = q.Limit - len(p.Hits)
		found, err := s.store.Search(ctx, account, sq)
		if err != nil {
			return Page{}, err
		}
		if err := s.show(ctx, account, asked, found.Documents, &p); err != nil {
			return Page{}, err
		}
		p.Next, sq.Before = found.Next, found.Next
		sq.Scan -= found.Looked
		if p.Next == 0 || len(p.Hits) == q.Limit || sq.Scan <= 0 {
			break
		}
	}
	return p, nil
}

// bounds returns where to search; possible is false where nothing can be.
func (s *Searches) bounds(ctx context.Context, account int64, q *Query) (sq store.SearchQuery, possible bool, err error) {
	sq = store.SearchQuery{
		Kinds: q.Kinds, AllInboxes: q.AllInboxes, InboxIDs: q.InboxIDs, ConversationID: q.ConversationID,
		From: q.From, To: q.To, Before: q.Before, Scan: scanned,
	}
	if q.InboxID != 0 {
		if !q.AllInboxes && !slices.Contains(q.InboxIDs, q.InboxID) {
			return sq, false, nil
		}
		sq.AllInboxes, sq.InboxIDs = false, []int64{q.InboxID}
		sq.Kinds = said(q.Kinds)
	}
	if q.ContactID != 0 {
		if _, err := s.store.Contact(ctx, account, q.ContactID); err != nil {
			return sq, false, err
		}
		identities, err := s.store.ListIdentities(ctx, account, q.ContactID, 0, maxIdentities)
		if err != nil || len(identities) == 0 {
			return sq, false, err
		}
		for i := range identities {
			sq.IdentityIDs = append(sq.IdentityIDs, identities[i].Identity.ID)
		}
	}
	if q.ConversationID != 0 {
		c, err := s.store.Conversation(ctx, account, q.ConversationID)
		if err != nil {
			return sq, false, err
		}
		if q.ContactID != 0 && c.ContactID != q.ContactID {
			return sq, false, nil
		}
		sq.IdentityIDs = []int64{c.IdentityID} // the index knows no conversations
	}
	return sq, len(q.Kinds) == 0 || len(sq.Kinds) > 0, nil
}

// said returns the kinds without contacts.
func said(kinds []store.DocumentKind) []store.DocumentKind {
	if len(kinds) == 0 {
		return []store.DocumentKind{store.MessageDocument, store.NoteDocument}
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k store.DocumentKind) bool { return k == store.ContactDocument })
}

// show reads what was found and adds what matches to the page. What has gone
// meanwhile is left out.
func (s *Searches) show(ctx context.Context, account int64, asked *parsed, docs []store.Document, p *Page) error {
	var entryIDs, contactIDs []int64
	for _, d := range docs {
		if d.Kind == store.ContactDocument {
			contactIDs = append(contactIDs, d.RefID)
		} else {
			entryIDs = append(entryIDs, d.RefID)
		}
	}
	entries, err := s.store.EntriesByID(ctx, account, entryIDs)
	if err != nil {
		return err
	}
	contacts, err := s.store.ContactsByID(ctx, account, contactIDs)
	if err != nil {
		return err
	}
	for _, d := range docs {
		hit := Hit{Kind: d.Kind}
		if d.Kind == store.ContactDocument {
			i := slices.IndexFunc(contacts, func(c core.Contact) bool { return c.ID == d.RefID })
			if i < 0 {
				continue
			}
			hit.Contact = contacts[i]
			ok, err := s.showContact(ctx, asked, &hit)
			if err != nil {
				return err
			}
			if ok {
				p.Hits = append(p.Hits, hit)
			}
			continue
		}
		i := slices.IndexFunc(entries, func(e core.Entry) bool { return e.ID == d.RefID })
		if i < 0 || entries[i].IsDeleted() {
			continue
		}
		hit.Entry = entries[i]
		text := fold.Plain(hit.Entry.Text())
		if asked.exact() || asked.matches([]string{text}) {
			hit.Snippet = asked.snippet(text)
			p.Hits = append(p.Hits, hit)
		}
	}
	return nil
}

// showContact tells whether the contact matches, and gives the hit the line of
// the contact that shows most of it, or the name.
func (s *Searches) showContact(ctx context.Context, asked *parsed, hit *Hit) (bool, error) {
	c := &hit.Contact
	lines := []string{c.FullName(), c.Name, strings.Join([]string{c.FirstName, c.MiddleName, c.LastName}, " "), c.Email, c.Phone, c.Phone2, c.Identifier}
	if !asked.exact() {
		identities, err := s.store.ListIdentities(ctx, c.AccountID, c.ID, 0, maxIdentities)
		if err != nil {
			return false, err
		}
		all := slices.Clone(lines)
		for i := range identities {
			n := &identities[i].Identity
			all = append(all, n.FirstName+" "+n.LastName, n.Email, n.UserName, n.Address)
		}
		if !asked.matches(all) && asked.phoneEnding == "" {
			return false, nil
		}
	}
	hit.Snippet = asked.snippet(lines[0])
	for _, line := range lines[1:] {
		if shown := asked.snippet(line); len(shown.Marks) > len(hit.Snippet.Marks) {
			hit.Snippet = shown
		}
	}
	for _, phone := range []string{c.Phone, c.Phone2} {
		if asked.phoneEnding != "" && strings.HasSuffix(phone, asked.phoneEnding) {
			hit.Snippet = Snippet{Text: phone, Marks: [][2]int{{len(phone) - len(asked.phoneEnding), len(phone)}}}
		}
	}
	return true, nil
}
