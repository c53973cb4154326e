package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_700_000_000_000_000)

func clock() core.Time { return now }

var contactReads = conversation.Reader{Side: core.ContactSide}

// each runs the test on both engines with the small account in the store.
func each(t *testing.T, run func(t *testing.T, st store.Store, f storetest.Fixture)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			run(t, st, storetest.Seed(t, st))
		})
	}
}

const parts = store.WithContact | store.WithIdentity

func threads(t *testing.T, st store.Store, f storetest.Fixture) []core.Thread {
	t.Helper()
	list, err := conversation.NewReads(st).List(t.Context(), f.Account.ID, store.ThreadQuery{Limit: 100, With: parts})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// appendLines puts n contact's and agent's messages at the end of a conversation.
func appendLines(t *testing.T, st store.Store, f storetest.Fixture, id int64, n int) {
	t.Helper()
	w := conversation.NewWrites(st, clock)
	for i := range n {
		in := conversation.NewEntry{ConversationID: id, Kind: core.Message, Content: fmt.Sprint("line ", i), Sender: core.Actor{Type: core.ActorContact}}
		if i%2 == 1 {
			in.Sender = core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
		}
		if _, err := w.Append(t.Context(), f.Account.ID, in); err != nil {
			t.Error(err) // not Fatal: writers run on goroutines of their own
			return
		}
	}
}

// read gathers what History yields, by thread, and checks the form of pages.
func read(t *testing.T, st store.Store, account int64, list []core.Thread, q conversation.HistoryQuery) [][]core.Line {
	t.Helper()
	got := make([][]core.Line, len(list))
	next, ended := 0, true
	for page, err := range conversation.NewReads(st).History(t.Context(), account, list, q) {
		if err != nil {
			t.Fatal(err)
		}
		if ended && page.Thread != next || !ended && page.Thread != next-1 {
			t.Fatalf("page of thread %d, want %d", page.Thread, next)
		}
		if ended {
			next++
		}
		ended = page.End
		got[page.Thread] = append(got[page.Thread], page.Lines...)
	}
	if next != len(list) || !ended {
		t.Fatalf("history ended after %d of %d threads", next, len(list))
	}
	return got
}

func positions(lines []core.Line) []int64 {
	var p []int64
	for _, l := range lines {
		p = append(p, l.Entry.Position)
	}
	return p
}

func TestHistoryCoversEveryThreadOnceInOrder(t *testing.T) {
	t.Parallel()
	long := 450 // more than two pages
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		appendLines(t, st, f, f.Ask.ID, long)
		list := threads(t, st, f)
		if len(list) != 4 {
			t.Fatalf("got %d threads, want 4", len(list))
		}
		// What comes after the list was read does not show.
		appendLines(t, st, f, f.Ask.ID, 3)
		appendLines(t, st, f, f.Chat.ID, 3)
		for _, desc := range []bool{false, true} {
			got := read(t, st, f.Account.ID, list, conversation.HistoryQuery{Desc: desc})
			for i, th := range list {
				p := positions(got[i])
				if int64(len(p)) != th.Conversation.LastPosition {
					t.Fatalf("desc %t: conversation %d: %d lines, want %d", desc, th.Conversation.ID, len(p), th.Conversation.LastPosition)
				}
				for j := range p {
					want := int64(j + 1)
					if desc {
						want = int64(len(p) - j)
					}
					if p[j] != want {
						t.Fatalf("desc %t: conversation %d: line %d has position %d, want %d", desc, th.Conversation.ID, j, p[j], want)
					}
				}
			}
		}
	})
}

func TestHistoryKnowsAuthors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		appendLines(t, st, f, f.Chat.ID, 2)
		list := threads(t, st, f)
		got := read(t, st, f.Account.ID, list, conversation.HistoryQuery{Kinds: []core.EntryKind{core.Message}})
		for i := range list {
			for _, l := range got[i] {
				switch l.Entry.Sender.Type {
				case core.ActorAgent:
					if l.Agent == nil || l.Agent.ID != l.Entry.Sender.ID || l.Contact != nil {
						t.Errorf("entry %d: author %+v", l.Entry.ID, l.Agent)
					}
				case core.ActorContact:
					if l.Contact == nil || l.Contact.ID != list[i].Contact.ID || l.Identity == nil || l.Agent != nil {
						t.Errorf("entry %d: author %+v", l.Entry.ID, l.Contact)
					}
				case core.ActorSystem:
				}
				if l.Entry.Kind != core.Message {
					t.Errorf("entry %d is a %s", l.Entry.ID, l.Entry.Kind)
				}
			}
		}
	})
}

// failing is a store whose lists of entries fail from the n-th on.
type failing struct {
	store.Store
	left int
}

var errBroken = errors.New("broken")

func (f *failing) ListEntries(ctx context.Context, account int64, q store.EntryQuery) ([]core.Entry, error) {
	if f.left--; f.left < 0 {
		return nil, errBroken
	}
	return f.Store.ListEntries(ctx, account, q)
}

func TestHistoryEndsAtAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		appendLines(t, st, f, f.Ask.ID, 450)
		list := threads(t, st, f)
		for left := range 3 {
			var last error
			pages := 0
			for _, err := range conversation.NewReads(&failing{st, left}).History(t.Context(), f.Account.ID, list, conversation.HistoryQuery{}) {
				if last != nil {
					t.Fatal("a page after the failure")
				}
				last = err
				pages++
			}
			if !errors.Is(last, errBroken) {
				t.Errorf("left %d: after %d pages: %v", left, pages, last)
			}
		}
	})
}

func TestAppendMovesUnreadOfTheOtherSide(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		w := conversation.NewWrites(st, clock)
		ctx := t.Context()
		before, err := st.Conversation(ctx, f.Account.ID, f.Ask.ID)
		if err != nil {
			t.Fatal(err)
		}
		events, err := st.Account(ctx, f.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		say := func(kind core.EntryKind, actor core.Actor) core.Entry {
			t.Helper()
			e, err := w.Append(ctx, f.Account.ID, conversation.NewEntry{ConversationID: f.Ask.ID, Kind: kind, Sender: actor, Content: "x"})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		say(core.Message, core.Actor{Type: core.ActorAgent, ID: f.Agent.ID})
		second := say(core.Message, core.Actor{Type: core.ActorAgent, ID: f.Bot.ID})
		say(core.Note, core.Actor{Type: core.ActorAgent, ID: f.Agent.ID})
		after, err := st.Conversation(ctx, f.Account.ID, f.Ask.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := after.ContactUnread(), before.ContactUnread()+2; got != want {
			t.Errorf("contact unread = %d, want %d", got, want)
		}
		if got, want := after.AgentUnread(), before.AgentUnread(); got != want {
			t.Errorf("agents unread = %d, want %d", got, want)
		}
		if after.LastMessageID != second.ID {
			t.Errorf("last message = %d, want %d: a note is none", after.LastMessageID, second.ID)
		}
		if second.Origin != core.OriginBot {
			t.Errorf("origin = %s, want bot", second.Origin)
		}
		read, err := w.ReadUpTo(ctx, f.Account.ID, f.Ask.ID, contactReads, 0)
		if err != nil {
			t.Fatal(err)
		}
		if read.ContactUnread() != 0 || read.ContactLastSeenAt != now {
			t.Errorf("after reading: unread %d, seen at %d", read.ContactUnread(), read.ContactLastSeenAt)
		}
		// Reading again at the same moment changes nothing and tells nothing.
		if _, err := w.ReadUpTo(ctx, f.Account.ID, f.Ask.ID, contactReads, second.ID); err != nil {
			t.Fatal(err)
		}
		// A later read moves the stamp, which clients are shown.
		later := conversation.NewWrites(st, func() core.Time { return now + 1 })
		if again, err := later.ReadUpTo(ctx, f.Account.ID, f.Ask.ID, contactReads, second.ID); err != nil || again.ContactLastSeenAt != now+1 {
			t.Fatalf("read again: seen at %d, %v", again.ContactLastSeenAt, err)
		}
		log, err := st.ListEvents(ctx, f.Account.ID, events.EventSeq, 10)
		if err != nil {
			t.Fatal(err)
		}
		var types []core.EventType
		for _, e := range log {
			types = append(types, e.Type)
		}
		want := fmt.Sprint([]core.EventType{core.MessageCreated, core.MessageCreated, core.NoteCreated, core.ConversationRead, core.ConversationRead})
		if fmt.Sprint(types) != want {
			t.Errorf("events %v, want %s", types, want)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		w := conversation.NewWrites(st, clock)
		other := storetest.Seed(t, st)
		for name, c := range map[string]struct {
			in   conversation.NewEntry
			kind core.Kind
		}{
			"absent conversation": {conversation.NewEntry{ConversationID: core.MaxID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}}, core.NotFound},
			"foreign account":     {conversation.NewEntry{ConversationID: other.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}}, core.NotFound},
			"foreign contact":     {conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}}, core.Invalid},
			"foreign agent":       {conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorAgent, ID: other.Agent.ID}}, core.Invalid},
			"contact's note":      {conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Note, Sender: core.Actor{Type: core.ActorContact}}, core.Invalid},
			"activity":            {conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Activity}, core.Invalid},
			"NUL":                 {conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Content: "a\x00b"}, core.Invalid},
		} {
			if _, err := w.Append(t.Context(), f.Account.ID, c.in); err == nil || core.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
		after, err := st.Conversation(t.Context(), f.Account.ID, f.Ask.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f.Ask, after, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("conversation changed (-want +got):\n%s", diff)
		}
	})
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	writers, each1 := 16, 10
	if testkit.Small() {
		each1 = 3
	}
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		before, err := st.Conversation(t.Context(), f.Account.ID, f.Ask.ID)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() { appendLines(t, st, f, f.Ask.ID, each1) })
		}
		wg.Wait()
		entries, err := st.ListEntries(t.Context(), f.Account.ID, store.EntryQuery{ConversationIDs: []int64{f.Ask.ID}, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(entries), int(before.LastPosition)+writers*each1; got != want {
			t.Fatalf("%d entries, want %d", got, want)
		}
		for i, e := range entries {
			if e.Position != int64(i+1) {
				t.Fatalf("entry %d has position %d", i, e.Position)
			}
		}
	})
}
