package search_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/search"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const at = core.Time(1_700_000_000_000_000)

// world is a seeded account and its search.
type world struct {
	*testing.T
	st store.Store
	f  storetest.Fixture
	s  *search.Searches
}

func each(t *testing.T, run func(w *world)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			run(&world{t, st, storetest.Seed(t, st), search.New(st)})
		})
	}
}

func (w *world) tx(fn func(ctx context.Context, tx store.Tx) error) {
	w.Helper()
	if err := w.st.InTx(w.Context(), w.f.Account.ID, fn); err != nil {
		w.Fatal(err)
	}
}

// say appends entries a second apart.
func (w *world) say(c core.Conversation, kind core.EntryKind, texts ...string) {
	w.Helper()
	w.tx(func(ctx context.Context, tx store.Tx) error {
		for i, text := range texts {
			e := core.Entry{Kind: kind, Sender: core.Actor{Type: core.ActorSystem}, Content: text, CreatedAt: at + core.Time(i)*1_000_000}
			if _, _, err := storetest.Say(ctx, tx, c, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// find searches through all pages, and returns what it shows.
func (w *world) find(q search.Query) []string {
	w.Helper()
	if q.Limit == 0 {
		q.Limit = search.MaxLimit
	}
	shown := []string{}
	for {
		p, err := w.s.Find(w.Context(), w.f.Account.ID, q)
		if err != nil {
			w.Fatalf("find %q: %v", q.Text, err)
		}
		for _, h := range p.Hits {
			shown = append(shown, h.Snippet.Text)
		}
		if p.Next == 0 {
			return shown
		}
		q.Before = p.Next
	}
}

func (w *world) finds(what string, q search.Query, want ...string) {
	w.Helper()
	if got := w.find(q); !slices.Equal(got, want) {
		w.Errorf("%s, %q: found %q, want %q", what, q.Text, got, want)
	}
}

// TestFind looks for words, phrases and characters in everybody's messages.
func TestFind(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.say(w.f.Chat, core.Message, "It is on its way", "on the way it is", "東京と京都", "東京都へ", "<p>Grüße</p> aus K&ouml;ln")
		for query, want := range map[string][]string{
			"way":              {"on the way it is", "It is on its way"},
			"on way":           {"on the way it is", "It is on its way"},
			`"on its way"`:     {"It is on its way"},
			`"it is" wa`:       {"on the way it is", "It is on its way"},
			`"is it"`:          {},
			"東京都":              {"東京都へ"}, // both hold its pairs
			"京都":               {"東京都へ", "東京と京都"},
			"へ":                {"東京都へ"},
			"都":                {"東京都へ", "東京と京都"},
			"grusse koln":      {"Grüße aus Köln"},
			"GRÜSSE kö":        {"Grüße aus Köln"},
			"p":                {},
			"lovel":            {"Ada Lovelace"},
			`"ada lovelace"`:   {"Ada Lovelace"},
			`"lovelace ada"`:   {},
			"0 1234567":        {"+441234567"},
			"ada@example.com ": {"ada@example.com"},
		} {
			w.finds("everywhere", search.Query{Text: query, AllInboxes: true}, want...)
			w.finds("by ones", search.Query{Text: query, AllInboxes: true, Limit: 1}, want...)
		}
		for _, q := range []search.Query{{Text: "", Limit: 1}, {Text: "way"}, {Text: "way", Limit: search.MaxLimit + 1}} {
			if _, err := w.s.Find(w.Context(), w.f.Account.ID, q); core.KindOf(err) != core.Invalid {
				w.Errorf("Find(%+v) = %v, want it refused", q, err)
			}
		}
	})
}

// TestSight narrows, and never widens, what whoever asks may see.
func TestSight(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.say(w.f.Chat, core.Message, "zebra chat")
		w.say(w.f.Chat, core.Note, "zebra note")
		w.say(w.f.Invoice, core.Message, "zebra mail")
		w.say(w.f.Ask, core.Message, "zebra ask")
		w.tx(func(ctx context.Context, tx store.Tx) error {
			return tx.InsertContact(ctx, &core.Contact{AccountID: w.f.Account.ID, Name: "Zebra", CreatedAt: at + 1})
		})
		messages := []store.DocumentKind{store.MessageDocument}
		sorted := func(what string, q search.Query, want ...string) {
			w.Helper()
			q.Text = "zebra"
			got := w.find(q)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				w.Errorf("%s: found %q, want %q", what, got, want)
			}
		}
		web, mail := w.f.Web.ID, w.f.Mail.ID
		sorted("all", search.Query{AllInboxes: true}, "Zebra", "zebra ask", "zebra chat", "zebra mail", "zebra note")
		sorted("no inbox", search.Query{}, "Zebra")
		sorted("one inbox", search.Query{InboxIDs: []int64{mail}}, "Zebra", "zebra mail")
		sorted("an inbox of his", search.Query{InboxIDs: []int64{mail, web}, InboxID: mail}, "zebra mail")
		sorted("an inbox of others", search.Query{InboxIDs: []int64{mail}, InboxID: web})
		sorted("an inbox, contacts alone", search.Query{AllInboxes: true, InboxID: web, Kinds: []store.DocumentKind{store.ContactDocument}})
		sorted("a contact", search.Query{AllInboxes: true, ContactID: w.f.Ada.ID}, "zebra chat", "zebra mail", "zebra note")
		sorted("as a contact", search.Query{AllInboxes: true, ContactID: w.f.Ada.ID, Kinds: messages}, "zebra chat", "zebra mail")
		sorted("a contact in one inbox", search.Query{InboxIDs: []int64{mail}, ContactID: w.f.Ada.ID}, "zebra mail")
		sorted("a conversation", search.Query{AllInboxes: true, ConversationID: w.f.Chat.ID, Kinds: messages}, "zebra chat")
		sorted("another's conversation", search.Query{AllInboxes: true, ConversationID: w.f.Ask.ID, ContactID: w.f.Ada.ID})
		sorted("a time", search.Query{AllInboxes: true, From: at + 1}, "Zebra")
		for _, q := range []search.Query{{ContactID: 999_999}, {ConversationID: 999_999}} {
			q.Text, q.Limit, q.AllInboxes = "zebra", 1, true
			if _, err := w.s.Find(w.Context(), w.f.Account.ID, q); core.KindOf(err) != core.NotFound {
				w.Errorf("Find(%+v) = %v, want it not found", q, err)
			}
		}
	})
}

// TestBackfill has jobs index what an import left, beside one that was on its way
// already, and says meanwhile that more may be found.
func TestBackfill(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		account := w.f.Account.ID
		w.tx(func(ctx context.Context, tx store.Tx) error {
			tx.IndexLater()
			for i := range 600 {
				e := core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorSystem}, Content: fmt.Sprintf("walrus %d", i), CreatedAt: at + core.Time(i)}
				if _, _, err := storetest.Say(ctx, tx, w.f.Chat, e); err != nil {
					return err
				}
			}
			older := store.Job{AccountID: account, Kind: store.BackfillJob, Key: "conversation 1 0", RunAt: at}
			return errors.Join(tx.PutJob(ctx, older), tx.PutJob(ctx, store.Job{AccountID: account, Kind: store.BackfillJob, RunAt: at - 1}))
		})
		q := search.Query{Text: "walrus ", AllInboxes: true, Limit: 1}
		p, err := w.s.Find(w.Context(), account, q)
		if err != nil || len(p.Hits) > 0 || !p.Incomplete {
			w.Fatalf("before: %+v, %v", p, err)
		}
		runner := job.NewRunner(w.st, func() core.Time { return at }, testserver.Log(w), search.NewBackfill(func() core.Time { return at }).Handlers(), nil)
		if err := runner.Work(w.Context()); err != nil {
			w.Fatal(err)
		}
		if p, err = w.s.Find(w.Context(), account, q); err != nil || p.Incomplete {
			w.Fatalf("afterwards: %+v, %v", p, err)
		}
		q.Limit = search.MaxLimit
		if got := len(w.find(q)); got != 600 {
			w.Errorf("found %d of 600", got)
		}
	})
}

// nothingSeen is a store in which whoever asks may see nothing of what matches:
// each search looks at all that it may, and there is always more.
type nothingSeen struct {
	store.Store
	looked int
}

func (s *nothingSeen) Search(_ context.Context, _ int64, q store.SearchQuery) (store.SearchPage, error) {
	s.looked += q.Scan
	return store.SearchPage{Looked: q.Scan, Next: int64(1_000_000 - s.looked)}, nil
}

// TestPageIsBounded keeps what a page costs to what one search of the store may:
// it is not begun again because nothing was found.
func TestPageIsBounded(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, testserver.Engines()[0])
	f := storetest.Seed(t, st)
	blind := &nothingSeen{Store: st}
	p, err := search.New(blind).Find(t.Context(), f.Account.ID, search.Query{Text: "zebra", Limit: 10})
	if err != nil || len(p.Hits) > 0 || p.Next == 0 {
		t.Fatalf("Find = %+v, %v; want an empty page that goes on", p, err)
	}
	if want := int(1_000_000 - p.Next); blind.looked != want || blind.looked > 5000 {
		t.Errorf("looked at %d candidates, the page says %d", blind.looked, want)
	}
}
