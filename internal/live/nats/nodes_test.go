package nats_test

import (
	"context"
	"slices"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/storetest"
	"parley/internal/testkit/migrated"
	"parley/internal/testkit/testserver"
)

// node is a store, a bus and a hub. Nobody runs the hub: it looks at logs when
// it is woken, and when the test ticks.
type node struct {
	store.Store
	hub     *live.Hub
	journal *journal
}

// nodes returns two nodes of one database, and an account in it.
func nodes(t *testing.T, c *cloud) (here, there *node, f storetest.Fixture) {
	t.Helper()
	url := migrated.Postgres(t)
	here, there = newNode(t, c, url), newNode(t, c, url)
	return here, there, storetest.Seed(t, here.Store)
}

func newNode(t *testing.T, c *cloud, url string) *node {
	t.Helper()
	st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	cursors, err := feed.NewCursors([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	bus, j := c.open(t, anywhere, "one")
	st.OnCommitted(bus.Committed)
	n := &node{Store: st, journal: j}
	n.hub = live.New(live.Options{
		Store: st, Feed: feed.New(st), Cursors: cursors, Render: plain{}, Log: testserver.Log(t), Bus: bus, Poll: true,
		Clock: func() core.Time { return testserver.Now },
	})
	t.Cleanup(n.hub.Close)
	return n
}

// plain renders nothing.
type plain struct{}

func (plain) Event(context.Context, *core.Event, live.View, bool) ([]byte, error) { return nil, nil }

func (plain) Signal(*live.Signal, live.View) ([]byte, error) { return nil, nil }

// say adds an event to the log, and returns its number.
func (n *node) say(t *testing.T, c core.Conversation) int64 {
	t.Helper()
	err := n.InTx(t.Context(), c.AccountID, func(_ context.Context, tx store.Tx) error {
		tx.Emit(core.Event{
			AccountID: c.AccountID, Type: core.MessageCreated, At: testserver.Now, ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
			Data: core.EntryChange{Entry: core.Entry{Kind: core.Message, Content: "x"}},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := n.Account(t.Context(), c.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	return a.EventSeq
}

// reader is a subscription, and what it was told.
type reader struct {
	sub     *live.Subscription
	wake    chan struct{}
	got     []int64
	signals []*live.Signal
}

// subscribe begins to read what happens to an account from now on.
func (n *node) subscribe(t *testing.T, v feed.Viewer, who live.Person) *reader {
	t.Helper()
	r := &reader{wake: make(chan struct{}, 1)}
	var err error
	r.sub, err = n.hub.Subscribe(t.Context(), live.Request{
		AccountID: v.AccountID, Signals: true, Person: who,
		Access: func(context.Context) (live.Access, error) { return live.Access{Viewer: v}, nil },
		Notify: func() {
			select {
			case r.wake <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.sub.Close)
	r.next(t)
	return r
}

// next reads what there is.
func (r *reader) next(t *testing.T) {
	t.Helper()
	for {
		b, err := r.sub.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			r.got = append(r.got, e.Seq)
		}
		r.signals = append(r.signals, b.Signals...)
		if b.Live {
			return
		}
	}
}

// until waits for the event, and returns what came.
func (r *reader) until(t *testing.T, seq int64) []int64 {
	t.Helper()
	for !slices.Contains(r.got, seq) {
		<-r.wake
		r.next(t)
	}
	return r.got
}

// signal waits for the next signal.
func (r *reader) signal(t *testing.T) *live.Signal {
	t.Helper()
	for len(r.signals) == 0 {
		<-r.wake
		r.next(t)
	}
	s := r.signals[0]
	r.signals = r.signals[1:]
	return s
}

// TestNodesWakeEachOther: what one node commits the other delivers without
// looking at the log by itself; while NATS is away it has to; when that is back
// it has not.
func TestNodesWakeEachOther(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	here, there, f := nodes(t, c)
	here.journal.await(connected)
	there.journal.await(connected)
	program := feed.Viewer{AccountID: f.Account.ID}
	near, far := here.subscribe(t, program, live.Person{}), there.subscribe(t, program, live.Person{})
	var want []int64
	both := func(what string, seq int64) {
		t.Helper()
		want = append(want, seq)
		for name, r := range map[string]*reader{"near": near, "far": far} {
			if got := r.until(t, seq); !slices.Equal(got, want) {
				t.Errorf("%s: the %s reader got %v, want %v", what, name, got, want)
			}
		}
	}
	for range 20 {
		both("from here", here.say(t, f.Ask))
		both("from there", there.say(t, f.Ask))
	}
	c.stop()
	here.journal.await(away)
	there.journal.await(away)
	seq := here.say(t, f.Ask)
	near.until(t, seq)
	there.hub.Tick()
	both("without NATS", seq)
	c.start(t)
	here.journal.await(connected)
	there.journal.await(connected)
	both("with NATS again, from here", here.say(t, f.Ask))
	both("with NATS again, from there", there.say(t, f.Ask))
}

// TestSignalsReachOtherNodes: who types and who is online.
func TestSignalsReachOtherNodes(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	here, there, f := nodes(t, c)
	account := f.Account.ID
	watcher := there.subscribe(t, feed.Viewer{AccountID: account, AgentID: f.Admin.ID}, live.Person{})
	visitor := core.Actor{Type: core.ActorContact, ID: f.Visitor.ID}
	here.hub.Typing(account, live.Typing{ConversationID: f.Ask.ID, ContactID: f.Ask.ContactID, InboxID: f.Ask.InboxID, Who: visitor, On: true})
	if s := watcher.signal(t); s.Typing == nil || !s.Typing.On || s.Typing.Who != visitor || s.Typing.ConversationID != f.Ask.ID {
		t.Errorf("heard %+v", s)
	}
	person := live.Person{Who: visitor, InboxID: f.Web.ID}
	here.subscribe(t, feed.Viewer{AccountID: account, ContactID: f.Visitor.ID}, person)
	if s := watcher.signal(t); s.Presence == nil || !s.Presence.Online || !slices.Equal(s.Presence.People, []live.Person{person}) {
		t.Errorf("heard %+v", s)
	}
	if got := there.hub.Online(account); !slices.Equal(got, []live.Person{person}) {
		t.Errorf("online there: %+v", got)
	}
	if len(watcher.signals) != 0 {
		t.Errorf("heard %d more", len(watcher.signals))
	}
}
