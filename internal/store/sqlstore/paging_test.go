package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// meddler is an engine that something happens on before each read.
type meddler struct {
	migrated
	before func() // not called while it runs
}

func (m *meddler) Query(ctx context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	if happen := m.before; happen != nil {
		m.before = nil
		happen()
		m.before = happen
	}
	return m.migrated.Query(ctx, sql, args...)
}

// walk is one walk through a list while conversations move below it.
type walk struct {
	t     *rapid.T
	st    store.Store
	f     storetest.Fixture
	rows  []core.Conversation // when the walk began, by id
	moved map[int64]bool      // what happened to since
	clock core.Time
	left  int // how often something happens yet: rows that move ahead of a walk keep it going
}

// TestWalkWhileRowsMove draws lists, and what happens to their conversations
// before each statement of each page.
func TestWalkWhileRowsMove(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := &meddler{migrated: e}
		st := sqlstore.New(m, nil)
		runs, most := 0, 40
		if testkit.Small() {
			most = 6
		}
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs > most {
				return // rapid's own number of runs is for tests without a database
			}
			f := storetest.Seed(t, st)
			w := &walk{t: rt, st: st, f: f, moved: map[int64]bool{}, clock: f.Ask.CreatedAt, left: 12}
			w.seed()
			q, match := w.query()
			m.before = w.meddle
			got := w.all(q)
			m.before = nil
			w.compare(q, match, got)
		})
	})
}

func (w *walk) tx(fn happening) {
	if err := w.st.InTx(w.t.Context(), w.f.Account.ID, fn); err != nil {
		w.t.Fatal(err)
	}
}

// happening is a command whose draws are made.
type happening func(ctx context.Context, tx store.Tx) error

// insert draws a new conversation; times tie now and then.
func (w *walk) insert() happening {
	w.clock += core.Time(rapid.IntRange(0, 1).Draw(w.t, "later"))
	door := rapid.SampledFrom([]core.ContactInbox{w.f.AdaWebDoor, w.f.AdaMailDoor, w.f.VisitorDoor}).Draw(w.t, "door")
	c := core.Conversation{AccountID: w.f.Account.ID, InboxID: door.InboxID, ContactID: door.ContactID, IdentityID: door.IdentityID, CreatedAt: w.clock}
	c.Begin()
	return func(ctx context.Context, tx store.Tx) error { return tx.InsertConversation(ctx, &c) }
}

func (w *walk) seed() {
	for range rapid.IntRange(0, 8).Draw(w.t, "new") {
		w.tx(w.insert())
	}
	var err error
	if w.rows, err = w.st.PageConversations(w.t.Context(), w.f.Account.ID, 0, 10_000); err != nil {
		w.t.Fatal(err)
	}
}

// query draws a list, and what belongs to it.
func (w *walk) query() (store.ThreadQuery, func(c *core.Conversation) bool) {
	f := w.f
	lists := []struct {
		q     store.ThreadQuery
		match func(c *core.Conversation) bool
	}{
		{store.ThreadQuery{}, func(*core.Conversation) bool { return true }},
		{store.ThreadQuery{InboxID: f.Web.ID}, func(c *core.Conversation) bool { return c.InboxID == f.Web.ID }},
		{store.ThreadQuery{ContactID: f.Ada.ID}, func(c *core.Conversation) bool { return c.ContactID == f.Ada.ID }},
		{store.ThreadQuery{ConversationIDs: []int64{f.Chat.ID, f.Ask.ID}}, func(c *core.Conversation) bool { return c.ID == f.Chat.ID || c.ID == f.Ask.ID }},
		{store.ThreadQuery{InboxIDs: []int64{f.Web.ID, f.API.ID}}, func(c *core.Conversation) bool { return c.InboxID == f.Web.ID }},
		{store.ThreadQuery{Statuses: []core.Status{core.Open}}, func(c *core.Conversation) bool { return c.Status == core.Open }},
		{store.ThreadQuery{InboxID: f.Web.ID, Statuses: []core.Status{core.Resolved}}, func(c *core.Conversation) bool { return c.InboxID == f.Web.ID && c.Status == core.Resolved }},
		{store.ThreadQuery{AssigneeID: f.Agent.ID}, func(c *core.Conversation) bool { return c.AssigneeID == f.Agent.ID }},
		{store.ThreadQuery{Unassigned: true}, func(c *core.Conversation) bool { return c.AssigneeID == 0 }},
		{store.ThreadQuery{Unread: &store.CursorOf{Side: core.AgentSide}}, func(c *core.Conversation) bool { return c.AgentUnread() > 0 }},
		{store.ThreadQuery{ContactID: f.Ada.ID, Unread: &store.CursorOf{}}, func(c *core.Conversation) bool { return c.ContactID == f.Ada.ID && c.ContactUnread() > 0 }},
	}
	list := rapid.SampledFrom(lists).Draw(w.t, "list")
	q := list.q
	orders := []store.Order{store.ByID, store.ByCreation, store.ByLastMessage, store.ByLastActivity}
	if q.InboxID != 0 || q.ContactID != 0 {
		orders = append(orders, store.ByClosing, store.ByCustomerUpdate)
	}
	q.Order = rapid.SampledFrom(orders).Draw(w.t, "order")
	q.Desc = rapid.Bool().Draw(w.t, "desc")
	q.Limit = rapid.IntRange(1, 7).Draw(w.t, "limit")
	q.Scan = rapid.IntRange(1, 9).Draw(w.t, "scan")
	return q, list.match
}

// meddle lets something happen to some of the conversations.
func (w *walk) meddle() {
	for range min(w.left, rapid.IntRange(0, 2).Draw(w.t, "happenings")) {
		w.left--
		if rapid.IntRange(0, 9).Draw(w.t, "what") == 0 {
			w.tx(w.insert())
			continue
		}
		c := rapid.SampledFrom(w.rows).Draw(w.t, "conversation")
		w.moved[c.ID] = true
		w.tx(w.move(c))
	}
}

// move draws what happens to a conversation.
func (w *walk) move(c core.Conversation) happening {
	w.clock++
	now, agent := w.clock, w.f.Agent.ID
	said := core.Entry{Kind: core.Message, Counts: true, Listed: true, CreatedAt: now, Sender: core.Actor{Type: core.ActorContact, ID: c.ContactID}}
	switch rapid.SampledFrom([]string{"contact", "agent", "note", "close", "assign", "read"}).Draw(w.t, "happens") {
	case "agent":
		said.Sender = core.Actor{Type: core.ActorAgent, ID: agent}
	case "note":
		said.Kind, said.Sender = core.Note, core.Actor{Type: core.ActorAgent, ID: agent}
	case "close":
		return w.change(c, func(c *core.Conversation) { c.Status, c.ClosedAt, c.CustomerUpdatedAt = core.Resolved, now, now })
	case "assign":
		return w.change(c, func(c *core.Conversation) { c.AssigneeID = agent - c.AssigneeID })
	case "read":
		return w.change(c, func(c *core.Conversation) { c.AgentCursor, c.ContactCursor = c.ContactSeq, c.AgentSeq })
	}
	return func(ctx context.Context, tx store.Tx) error {
		_, _, err := storetest.Say(ctx, tx, c, said)
		return err
	}
}

func (w *walk) change(c core.Conversation, apply func(c *core.Conversation)) happening {
	return func(ctx context.Context, tx store.Tx) error {
		c, err := tx.LockConversation(ctx, c.AccountID, c.ID)
		if err != nil {
			return err
		}
		apply(&c)
		return tx.UpdateConversation(ctx, c)
	}
}

// all follows the list to its end.
func (w *walk) all(q store.ThreadQuery) []core.Conversation {
	var got []core.Conversation
	for pages := 0; ; pages++ {
		if pages > 3*len(w.rows)+30 {
			w.t.Fatal("the list does not end")
		}
		page, err := w.st.PageThreads(w.t.Context(), w.f.Account.ID, q)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(page.Threads) > q.Limit {
			w.t.Fatalf("a page of %d threads, limit %d", len(page.Threads), q.Limit)
		}
		for i := range page.Threads {
			got = append(got, page.Threads[i].Conversation)
		}
		if page.Next == nil {
			return got
		}
		q.From = page.Next
	}
}

// compare holds the walk against what the list held when it began.
func (w *walk) compare(q store.ThreadQuery, match func(c *core.Conversation) bool, got []core.Conversation) {
	times := map[int64]int{}
	for i := range got {
		times[got[i].ID]++
		if !match(&got[i]) {
			w.t.Errorf("%+v: conversation %d does not belong here: %+v", q, got[i].ID, got[i])
		}
	}
	fixed := q.Order == store.ByID || q.Order == store.ByCreation
	everything := q.InboxID == 0 && match(&core.Conversation{AssigneeID: -1})
	var old []int64
	for i := range w.rows {
		c := &w.rows[i]
		old = append(old, c.ID)
		switch n := times[c.ID]; {
		case !w.moved[c.ID] && match(c) && n != 1:
			w.t.Errorf("%+v: conversation %d stayed where it is and was shown %d times", q, c.ID, n)
		case fixed && everything && n != 1:
			w.t.Errorf("%+v: conversation %d was shown %d times in an order in which none moves", q, c.ID, n)
		}
	}
	for id, n := range times {
		if n > 1 && (fixed || !slices.Contains(old, id)) {
			w.t.Errorf("%s: conversation %d was shown %d times", fmt.Sprint(q.Order), id, n)
		}
	}
}
