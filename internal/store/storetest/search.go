package storetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// everywhere is a query for the tokens, separated by spaces, in all inboxes; a
// star makes one a beginning.
func everywhere(tokens string) store.SearchQuery {
	q := store.SearchQuery{AllInboxes: true, Limit: 100, Scan: 5000}
	for t := range strings.FieldsSeq(tokens) {
		token, prefix := strings.CutSuffix(t, "*")
		q.Terms = append(q.Terms, store.SearchTerm{Token: token, Prefix: prefix})
	}
	return q
}

// hits searches through all pages and returns what was found as "kind id".
func (e *env) hits(account int64, q store.SearchQuery) []string {
	e.Helper()
	all := []string{}
	for {
		p := must(e.st.Search(e.ctx, account, q))
		for i, d := range p.Documents {
			all = append(all, fmt.Sprint(d.Kind, " ", d.RefID))
			if i > 0 && d.ID >= p.Documents[i-1].ID {
				e.Errorf("document %d comes after %d", d.ID, p.Documents[i-1].ID)
			}
		}
		if p.Next == 0 {
			return all
		}
		if len(p.Documents) < q.Limit && p.Looked < q.Scan {
			fail("a page of %d that goes on looked at %d of %d", len(p.Documents), p.Looked, q.Scan)
		}
		if q.Before != 0 && p.Next >= q.Before {
			fail("a page before %d goes on before %d", q.Before, p.Next)
		}
		q.Before = p.Next
	}
}

// finds checks what a query finds, newest first.
func (e *env) finds(what string, account int64, q store.SearchQuery, want ...string) {
	e.Helper()
	e.same(what, e.hits(account, q), want)
}

func docOf(kind store.DocumentKind, id int64) string { return fmt.Sprint(kind, " ", id) }

// say appends messages to the conversation, a second apart from at on, and
// returns their documents.
func (e *env) say(c core.Conversation, at core.Time, kind core.EntryKind, texts ...string) []string {
	e.Helper()
	said := make([]string, len(texts))
	e.tx(c.AccountID, func(tx store.Tx) error {
		for i, text := range texts {
			v, _, err := Say(e.ctx, tx, c, core.Entry{
				Kind: kind, Sender: core.Actor{Type: core.ActorSystem}, Content: text, Listed: true, CreatedAt: at + core.Time(i)*second,
			})
			if err != nil {
				return err
			}
			said[i] = docOf(store.DocumentKind(kind), v.ID)
		}
		return nil
	})
	return said
}

// backfill fills the index to its end, a few at a time.
func (e *env) backfill(account int64, limit int) {
	e.Helper()
	for from := ""; ; {
		e.tx(account, func(tx store.Tx) (err error) {
			from, err = tx.Backfill(e.ctx, account, from, limit)
			return err
		})
		if from == "" {
			return
		}
	}
}

var searchChecks = []check{
	{"Search/finds words, beginnings and pairs of characters, newest first", func(e *env) {
		f := Seed(e, e.st)
		said := e.say(f.Ask, noon+10*hour, core.Message, "Crème brûlée!", "<p>the cr&egrave;me&nbsp;is <b>late</b></p>", "東京都へ行く", "creme late late", "日本", "·m1 ·a1", "?!")
		account := f.Account.ID
		words := map[string][]string{
			"creme":           {said[3], said[1], said[0]},
			"late creme":      {said[3], said[1]},
			"bru*":            {said[0]},
			"brulee*":         {said[0]},
			"bruleee*":        {},
			"bru":             {},
			"cre* la*":        {said[3], said[1]},
			"東京 京都":           {said[2]},
			"東*":              {said[2]},
			"本*":              {said[4]},
			"日*":              {said[4]},
			"m1":              {said[5]},
			"a*":              {said[5]},
			"egrave":          {},
			"hello":           {docOf(store.MessageDocument, f.Entries[f.Chat.ID][3].ID), docOf(store.MessageDocument, f.Entries[f.Chat.ID][0].ID)},
			"and or not near": {},
		}
		for tokens, want := range words {
			q := everywhere(tokens)
			if tokens == "a*" {
				q.IdentityIDs = []int64{f.VisitorWeb.ID}
				want = append(want, docOf(store.MessageDocument, f.Entries[f.Ask.ID][0].ID))
			}
			e.finds(tokens, account, q, want...)
		}
		for _, bad := range []string{"", `a"b`, "a'b", "a b", "A", "a*b", "a:b"} {
			_, err := e.st.Search(e.ctx, account, store.SearchQuery{Terms: []store.SearchTerm{{Token: bad}}, AllInboxes: true, Limit: 1, Scan: 1})
			e.kind(bad, err, core.Invalid)
		}
	}},
	{"Search/bounds", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		chat := e.say(f.Chat, noon+10*hour, core.Message, "zebra one", "zebra two")
		note := e.say(f.Chat, noon+11*hour, core.Note, "zebra note")
		mail := e.say(f.Invoice, noon+12*hour, core.Message, "zebra mail")
		ask := e.say(f.Ask, noon+13*hour, core.Message, "zebra ask")
		zebra := core.Contact{AccountID: account, Name: "Zebra", CreatedAt: noon + 14*hour}
		e.tx(account, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &zebra) })
		contact := docOf(store.ContactDocument, zebra.ID)
		all := slices.Concat([]string{contact}, ask, mail, note, []string{chat[1], chat[0]})
		cases := map[string]struct {
			set  func(q *store.SearchQuery)
			want []string
		}{
			"nothing":            {func(*store.SearchQuery) {}, all},
			"messages":           {func(q *store.SearchQuery) { q.Kinds = []store.DocumentKind{store.MessageDocument} }, slices.Concat(ask, mail, []string{chat[1], chat[0]})},
			"notes and contacts": {func(q *store.SearchQuery) { q.Kinds = []store.DocumentKind{store.ContactDocument, store.NoteDocument} }, slices.Concat([]string{contact}, note)},
			"an identity":        {func(q *store.SearchQuery) { q.IdentityIDs = []int64{f.AdaWeb.ID} }, slices.Concat(note, []string{chat[1], chat[0]})},
			"two identities":     {func(q *store.SearchQuery) { q.IdentityIDs = []int64{f.AdaMail.ID, f.VisitorWeb.ID} }, slices.Concat(ask, mail)},
			"a conversation":     {func(q *store.SearchQuery) { q.ConversationID = f.Invoice.ID }, mail},
			"contacts of none": {func(q *store.SearchQuery) {
				q.ConversationID, q.Kinds = f.Invoice.ID, []store.DocumentKind{store.ContactDocument}
			}, nil},
			"an inbox":           {func(q *store.SearchQuery) { q.AllInboxes, q.InboxIDs = false, []int64{f.Mail.ID} }, slices.Concat([]string{contact}, mail)},
			"two inboxes":        {func(q *store.SearchQuery) { q.AllInboxes, q.InboxIDs = false, []int64{f.Mail.ID, f.Web.ID} }, all},
			"no inbox":           {func(q *store.SearchQuery) { q.AllInboxes = false }, []string{contact}},
			"from":               {func(q *store.SearchQuery) { q.From = noon + 13*hour }, slices.Concat([]string{contact}, ask)},
			"to":                 {func(q *store.SearchQuery) { q.To = noon + 10*hour + second }, chat[:1]},
			"pages of one":       {func(q *store.SearchQuery) { q.Limit = 1 }, all},
			"candidates by twos": {func(q *store.SearchQuery) { q.Scan, q.AllInboxes, q.InboxIDs = 2, false, []int64{f.Mail.ID} }, slices.Concat([]string{contact}, mail)},
		}
		for what, c := range cases {
			q := everywhere("zebra")
			c.set(&q)
			e.finds(what, account, q, c.want...)
		}
		// The permission follows the conversation.
		e.tx(account, func(tx store.Tx) error {
			c, err := tx.LockConversation(e.ctx, account, f.Invoice.ID)
			c.InboxID, c.SubInboxID = f.Web.ID, 0
			return first(err, tx.UpdateConversation(e.ctx, c))
		})
		q := everywhere("zebra")
		q.AllInboxes, q.InboxIDs = false, []int64{f.Mail.ID}
		e.finds("an inbox that it has left", account, q, contact)
	}},
	{"Search/follows entries", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		said := e.say(f.Chat, noon+10*hour, core.Message, "giraffe", "elephant")
		id := f.Chat.ID
		list := must(e.st.ListEntries(e.ctx, account, store.EntryQuery{ConversationIDs: []int64{id}, Desc: true, Limit: 2}))
		change := func(n int, set func(v *core.Entry)) {
			v := list[n]
			set(&v)
			e.tx(account, func(tx store.Tx) error { return tx.UpdateEntry(e.ctx, v) })
			list[n] = v
		}
		change(1, func(v *core.Entry) { v.Content = "okapi" })
		e.finds("the old text", account, everywhere("giraffe"))
		e.finds("the new text", account, everywhere("okapi"), said[0])
		change(1, func(v *core.Entry) { v.DeliveryStatus = "read" })
		e.finds("another field", account, everywhere("okapi"), said[0])
		change(0, func(v *core.Entry) { v.DeletedAt = noon + 11*hour })
		e.finds("a tombstone", account, everywhere("elephant"))
		change(1, func(v *core.Entry) { v.Content = "" })
		e.finds("an empty text", account, everywhere("okapi"))
		if err := e.try(account, func(tx store.Tx) error {
			_, _, err := Say(e.ctx, tx, f.Chat, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorSystem}, Content: "lion", CreatedAt: noon})
			return first(err, errChanged)
		}); err == nil {
			e.Fatal("the command did not fail")
		}
		e.finds("what was rolled back", account, everywhere("lion"))
		e.same("documents", must(e.st.CountDocuments(e.ctx, account)), int64(6))
	}},
	{"Search/follows contacts and their identities", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		ada := docOf(store.ContactDocument, f.Ada.ID)
		for _, tokens := range []string{"ada lovelace", "lovel*", "example com ada", "441234567", "ada 1"} {
			q := everywhere(tokens)
			q.Kinds = []store.DocumentKind{store.ContactDocument}
			e.finds(tokens, account, q, ada)
		}
		e.finds("an address that says nothing", account, everywhere("visitor"))
		ending := everywhere("nobody")
		ending.PhoneEnding = "34567"
		e.finds("the end of a phone number", account, ending, ada)
		ending.PhoneEnding = "34566"
		e.finds("another end", account, ending)
		c := f.Ada
		c.LastName, c.Name = "King", "Ada King"
		e.tx(account, func(tx store.Tx) error { return tx.UpdateContact(e.ctx, c) })
		e.finds("the old name", account, everywhere("lovelace"))
		e.finds("the new name", account, everywhere("king"), ada)
		e.tx(account, func(tx store.Tx) error {
			c, err := tx.Contact(e.ctx, account, f.Ada.ID)
			c.LastActivityAt++
			return first(err, tx.UpdateContact(e.ctx, c))
		})
		e.same("a touch", must(e.st.Contact(e.ctx, account, f.Ada.ID)).LastActivityAt, f.Ada.LastActivityAt+1)
		e.tx(account, func(tx store.Tx) error {
			c, err := tx.Contact(e.ctx, account, f.Ada.ID)
			c.LastActivityAt, c.LastName, c.Name = c.LastActivityAt+1, "Byron", "Ada Byron"
			return first(err, tx.UpdateContact(e.ctx, c))
		})
		e.finds("a name beside a touch", account, everywhere("byron"), ada)
		other := core.Contact{AccountID: account, CreatedAt: noon + hour}
		mail := core.Identity{AccountID: account, ProviderType: 1, Address: "countess@example.com"}
		e.tx(account, func(tx store.Tx) error {
			err := tx.InsertContact(e.ctx, &other)
			mail.ContactID = other.ID
			return first(err, tx.InsertIdentity(e.ctx, &mail))
		})
		e.finds("an address", account, everywhere("countess"), docOf(store.ContactDocument, other.ID))
		e.tx(account, func(tx store.Tx) error {
			return first(tx.MoveIdentity(e.ctx, account, mail.ID, other.ID, f.Ada.ID), tx.DeleteContact(e.ctx, account, other.ID))
		})
		e.finds("an address that was moved", account, everywhere("countess"), ada)
		mail.UserName, mail.ContactID = "enchantress", f.Ada.ID
		e.tx(account, func(tx store.Tx) error { return tx.UpdateIdentity(e.ctx, mail) })
		e.finds("a user name", account, everywhere("enchantress"), ada)
	}},
	{"Search/keeps accounts apart", func(e *env) {
		f, g := Seed(e, e.st), Seed(e, e.st)
		mine, theirs := e.say(f.Chat, noon+10*hour, core.Message, "zebra"), e.say(g.Chat, noon+10*hour, core.Message, "zebra")
		for n := range 9 {
			e.finds("one", f.Account.ID, everywhere("zebra"), mine...)
			e.finds("the other", g.Account.ID, everywhere("zebra"), theirs...)
			if n < 8 { // so many that one is a small part of all
				Seed(e, e.st)
			}
		}
		q := everywhere("zebra")
		q.IdentityIDs = []int64{g.AdaWeb.ID}
		e.finds("another's identity", f.Account.ID, q)
		q = everywhere("zebra")
		q.ConversationID = g.Chat.ID
		e.finds("another's conversation", f.Account.ID, q)
		q = everywhere("zebra")
		q.AllInboxes, q.InboxIDs = false, []int64{g.Web.ID}
		e.finds("another's inbox", f.Account.ID, q)
		for _, id := range []int64{g.Entries[g.Chat.ID][0].ID} {
			if got := must(e.st.EntriesByID(e.ctx, f.Account.ID, []int64{id})); len(got) > 0 {
				e.Errorf("another's entry: %+v", got)
			}
		}
		if got := must(e.st.ContactsByID(e.ctx, f.Account.ID, []int64{g.Ada.ID})); len(got) > 0 {
			e.Errorf("another's contact: %+v", got)
		}
	}},
	{"Search/has a place for every time", func(e *env) {
		f := Seed(e, e.st)
		var want []string
		for _, at := range []core.Time{math.MinInt64, -62_135_596_800_000_001, -1, 0, 1, noon, 1 << 53, 253_402_300_799_999_999, math.MaxInt64} {
			want = append(want, e.say(f.Quiet, at, core.Message, "once")...)
			if at == math.MaxInt64 { // a second later is long ago
				break
			}
		}
		got := e.hits(f.Account.ID, everywhere("once"))
		slices.Sort(got[:3]) // what is behind the last time comes in no order
		slices.Sort(want[6:])
		slices.Reverse(want[:6])
		e.same("times", got, slices.Concat(want[6:], want[:6]))
		var texts []string
		for range 1500 {
			texts = append(texts, "flood")
		}
		e.tx(f.Account.ID, func(tx store.Tx) error {
			for range texts {
				if _, _, err := Say(e.ctx, tx, f.Quiet, core.Entry{Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}, Content: "flood", CreatedAt: noon}); err != nil {
					return err
				}
			}
			return nil
		})
		if got := len(e.hits(f.Account.ID, everywhere("flood"))); got != len(texts) {
			e.Errorf("of %d messages of one microsecond %d are found", len(texts), got)
		}
	}},
	{"Search/fills in what was stored without an index", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		before := e.say(f.Chat, noon+10*hour, core.Message, "walrus before")
		var late core.Contact
		var said []string
		e.tx(account, func(tx store.Tx) error {
			tx.IndexLater()
			late = core.Contact{AccountID: account, Name: "Walrus", CreatedAt: noon + 20*hour}
			if err := tx.InsertContact(e.ctx, &late); err != nil {
				return err
			}
			for i := range 7 {
				c := []core.Conversation{f.Chat, f.Ask, f.Invoice}[i%3]
				v, _, err := Say(e.ctx, tx, c, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorSystem}, Content: "walrus", CreatedAt: noon + 11*hour + core.Time(i)*second})
				if err != nil {
					return err
				}
				said = append(said, docOf(store.MessageDocument, v.ID))
			}
			return nil
		})
		e.finds("meanwhile", account, everywhere("walrus"), before...)
		entries := must(e.st.ListEntries(e.ctx, account, store.EntryQuery{ConversationIDs: []int64{f.Ask.ID}, Limit: 10}))
		if wrong, _, err := e.st.MisindexedEntries(e.ctx, account, entries, true); err != nil || len(wrong) != 2 {
			e.Errorf("entries without a document: %v", wrong)
		}
		for range 2 { // and again, which changes nothing
			e.backfill(account, 3)
			slices.Sort(said)
			got := e.hits(account, everywhere("walrus"))
			slices.Sort(got)
			want := slices.Concat([]string{docOf(store.ContactDocument, late.ID)}, said, before)
			slices.Sort(want)
			e.same("afterwards", got, want)
		}
		if wrong, _, err := e.st.MisindexedEntries(e.ctx, account, entries, true); err != nil || len(wrong) > 0 {
			e.Errorf("entries without a document: %v", wrong)
		}
		if wrong, _, err := e.st.MisindexedContacts(e.ctx, account, []core.Contact{late, f.Ada, f.Visitor}, true); err != nil || len(wrong) > 0 {
			e.Errorf("contacts without a document: %v", wrong)
		}
		other := entries[0]
		other.Content = "something else"
		if wrong, _, err := e.st.MisindexedEntries(e.ctx, account, []core.Entry{other}, true); err != nil || len(wrong) != 1 {
			e.Errorf("a document of another text: %v", wrong)
		}
	}},
	{"Search/what is common is found by windows", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		// More than two windows of what is asked for seldom, and of what never
		// stands together.
		var seldom []string
		e.tx(account, func(tx store.Tx) error {
			for i := range 2700 {
				text := "even"
				if i%2 == 1 {
					text = "odd"
				}
				if i%900 == 0 {
					text += " rare"
				}
				v, _, err := Say(e.ctx, tx, f.Quiet, core.Entry{Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}, Content: text, CreatedAt: noon + core.Time(i)*second})
				if err != nil {
					return err
				}
				if i%900 == 0 {
					seldom = append([]string{docOf(store.NoteDocument, v.ID)}, seldom...)
				}
			}
			return nil
		})
		e.finds("rare", account, everywhere("rare"), seldom...)
		e.finds("rare and common", account, everywhere("rare even"), seldom...)
		e.finds("never together", account, everywhere("odd even"))
		q := everywhere("odd")
		q.Limit = 1000
		if got := len(e.hits(account, q)); got != 1350 {
			e.Errorf("found %d, want 1350", got)
		}
		q = everywhere("rare")
		q.Limit, q.Scan = 2, 600
		e.finds("by pages", account, q, seldom...)
	}},
}
