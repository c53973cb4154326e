package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	noon   = core.Time(1_800_000_000_000_000)
	second = core.Time(1_000_000)
)

// world is a hub on a store with an account.
type world struct {
	store *faulty
	hub   *live.Hub
	storetest.Fixture
	now     *atomic.Int64
	renders *atomic.Int64
}

// each runs the test on each engine.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			w := &world{store: &faulty{Store: st}, Fixture: storetest.Seed(t, st), now: new(atomic.Int64), renders: new(atomic.Int64)}
			w.now.Store(int64(noon))
			cursors, err := feed.NewCursors([]byte("key"))
			if err != nil {
				t.Fatal(err)
			}
			w.hub = live.New(live.Options{
				Store: w.store, Feed: feed.New(w.store), Cursors: cursors, Render: renderer{w.renders}, Log: testserver.Log(t),
				Clock: func() core.Time { return core.Time(w.now.Load()) },
			})
			t.Cleanup(w.hub.Close)
			run(t, w)
		})
	}
}

// renderer counts what it renders.
type renderer struct{ count *atomic.Int64 }

func (r renderer) Event(_ context.Context, e *core.Event, v live.View, _ bool) ([]byte, error) {
	r.count.Add(1)
	return fmt.Appendf(nil, "%d for view %d", e.Seq, v), nil
}

func (r renderer) Signal(*live.Signal, live.View) ([]byte, error) { return nil, nil }

// faulty is a store whose reads fail, or are late, as a test wants it.
type faulty struct {
	store.Store
	mu           sync.Mutex
	before       func()        // a page of the log is read, guarded by mu
	after        func()        // a page of the log was read, guarded by mu
	unfollowable bool          // the tail cannot read, guarded by mu
	refused      chan struct{} // is closed when it could not, guarded by mu
}

func (f *faulty) View(ctx context.Context, fn func(ctx context.Context, r store.Reader) error) error {
	f.mu.Lock()
	before, after := f.before, f.after
	f.before, f.after = nil, nil
	f.mu.Unlock()
	if before != nil {
		before()
	}
	err := f.Store.View(ctx, fn)
	if after != nil {
		after()
	}
	return err
}

func (f *faulty) ListEvents(ctx context.Context, account, after int64, limit int) ([]core.Event, error) {
	f.mu.Lock()
	fails := f.unfollowable
	if fails && f.refused != nil {
		close(f.refused)
		f.refused = nil
	}
	f.mu.Unlock()
	if fails {
		return nil, errors.New("the database is away")
	}
	return f.Store.ListEvents(ctx, account, after, limit)
}

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// reader is a client: it has a cursor, and what it was told.
type reader struct {
	w       *world
	request live.Request
	wake    chan struct{}
	sub     *live.Subscription
	at      *feed.Position
	got     []int64
	signals []*live.Signal
	slow    int
}

func (w *world) reader(v feed.Viewer, q feed.Query) *reader {
	v.AccountID = w.Account.ID
	r := &reader{w: w, wake: make(chan struct{}, 1), at: q.After}
	r.request = live.Request{
		AccountID: w.Account.ID, Query: q, Signals: true, Notify: func() {
			select {
			case r.wake <- struct{}{}:
			default:
			}
		},
		Access: func(context.Context) (live.Access, error) { return live.Access{Viewer: v}, nil },
	}
	return r
}

// open subscribes from where the reader is.
func (r *reader) open(t testing.TB) {
	r.request.Query.After = r.at
	var err error
	if r.sub, err = r.w.hub.Subscribe(t.Context(), r.request); err != nil {
		t.Fatalf("subscribe: %v", err)
	}
}

// cut ends the reader's connection; it knows the last event that it got, or
// where the hub said that it is.
func (r *reader) cut(quiet bool) {
	if r.sub == nil {
		return
	}
	if at := r.sub.At(); quiet {
		r.at = &at
	}
	r.sub.Close()
	r.sub = nil
}

// next reads one batch, and comes back when it was too slow. It tells whether
// everything there is was read.
func (r *reader) next(t testing.TB) bool {
	if r.sub == nil {
		r.open(t)
	}
	b, err := r.sub.Next(t.Context())
	if errors.Is(err, live.ErrSlow) {
		r.slow++
		r.sub.Close()
		r.sub = nil
		return false
	}
	if err != nil {
		t.Fatalf("next: %v", err)
	}
	for _, e := range b.Events {
		r.got = append(r.got, e.Seq)
		r.at = &feed.Position{Epoch: e.Epoch, Seq: e.Seq}
	}
	r.signals = append(r.signals, b.Signals...)
	return b.Live
}

// drain reads what there is.
func (r *reader) drain(t testing.TB) {
	for !r.next(t) { //nolint:revive // next does it
	}
}

// until reads up to the event, which must be for the reader: of others nobody
// tells it.
func (r *reader) until(t testing.TB, seq int64) {
	for {
		idle := r.next(t)
		if r.sub != nil && r.sub.At().Seq >= seq {
			return
		}
		if idle {
			<-r.wake
		}
	}
}

// ended reads up to the end, and returns why.
func (r *reader) ended(t testing.TB) error {
	for {
		b, err := r.sub.Next(t.Context())
		if err != nil {
			return err
		}
		for _, e := range b.Events {
			r.got = append(r.got, e.Seq)
		}
		r.signals = append(r.signals, b.Signals...)
		if b.Live {
			<-r.wake
		}
	}
}

// emit adds events to the log, and returns the seq of the last.
func (w *world) emit(t testing.TB, events ...core.Event) int64 {
	err := w.store.InTx(context.Background(), w.Account.ID, func(_ context.Context, tx store.Tx) error {
		tx.Emit(events...)
		return nil
	})
	if err != nil {
		t.Fatalf("emit: %v", err)
	}
	return w.head(t).Seq
}

func (w *world) head(t testing.TB) feed.Position {
	a, err := w.store.Account(context.Background(), w.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Position{Epoch: a.Epoch, Seq: a.EventSeq}
}

// said is an event of a message in a conversation.
func (w *world) said(c core.Conversation) core.Event {
	return core.Event{
		AccountID: w.Account.ID, Type: core.MessageCreated, At: noon, ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
		Data: core.EntryChange{Entry: core.Entry{Kind: core.Message, Content: "x"}},
	}
}

// TestDelivery draws histories, and readers that come, are cut off, read slowly
// or not at all, while others write at any moment: each gets exactly what the
// log holds for it, in order.
func TestDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		runs, most := 0, 15
		if testkit.Small() {
			most = 3
		}
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs <= most { // rapid's own number of runs is for tests without a database
				w.deliver(t, rt)
			}
		})
	})
}

func (w *world) deliver(t *testing.T, rt *rapid.T) {
	head := w.head(t)
	type client struct {
		*reader
		wants func(e *core.Event) bool
	}
	mine := func(e *core.Event) bool { return e.ContactID == w.Ask.ContactID }
	here := func(e *core.Event) bool { return e.InboxID == w.Ask.InboxID }
	clients := []client{
		{w.reader(feed.Viewer{ContactID: w.Ask.ContactID}, feed.Query{After: &head}), func(e *core.Event) bool { return mine(e) && e.Type == core.MessageCreated }},
		{w.reader(feed.Viewer{AgentID: w.Agent.ID, InboxIDs: []int64{w.Ask.InboxID}}, feed.Query{After: &head}), here},
		{w.reader(feed.Viewer{}, feed.Query{After: &head}), func(*core.Event) bool { return true }},
		{w.reader(feed.Viewer{}, feed.Query{After: &head, ContactID: w.Ask.ContactID, Types: []core.EventType{core.NoteCreated}}), func(e *core.Event) bool { return mine(e) && e.Type == core.NoteCreated }},
	}
	probe := w.reader(feed.Viewer{}, feed.Query{After: &head})
	defer func() {
		probe.cut(false)
		for _, c := range clients {
			c.cut(false)
		}
	}()
	var log []core.Event
	write := func(n int) {
		var events []core.Event
		for range n {
			e := w.said(rapid.SampledFrom([]core.Conversation{w.Ask, w.Invoice}).Draw(rt, "conversation"))
			if rapid.Bool().Draw(rt, "note") {
				e.Type, e.Data = core.NoteCreated, core.EntryChange{Entry: core.Entry{Kind: core.Note}}
			}
			e.Seq = head.Seq + int64(len(log)+len(events)) + 1
			events = append(events, e)
		}
		log = append(log, events...)
		w.emit(t, events...)
	}
	// What the probe has got was handed out.
	flood := func() {
		events := make([]core.Event, 260)
		for i := range events {
			events[i] = w.said(w.Ask)
			events[i].Seq = head.Seq + int64(len(log)+i) + 1
		}
		log = append(log, events...)
		probe.until(t, w.emit(t, events...))
	}
	probe.until(t, head.Seq)
	for range rapid.IntRange(5, 25).Draw(rt, "steps") {
		c := rapid.SampledFrom(clients).Draw(rt, "client")
		switch rapid.IntRange(0, 9).Draw(rt, "step") {
		case 0, 1:
			write(rapid.IntRange(1, 20).Draw(rt, "events"))
		case 2:
			c.cut(rapid.Bool().Draw(rt, "quiet"))
		case 3:
			flood()
		case 4: // others write before the client's page is read
			w.store.set(func() { w.store.before = func() { write(3) } })
			c.next(t)
		case 5: // ... and after it was, with what overflows the queue
			w.store.set(func() { w.store.after = flood })
			c.next(t)
		case 6:
			w.store.set(func() { w.store.after = func() { write(3) } })
			c.next(t)
		default:
			c.next(t)
		}
	}
	w.store.set(func() { w.store.before, w.store.after = nil, nil })
	probe.until(t, head.Seq+int64(len(log)))
	for i, c := range clients {
		var want []int64
		for j := range log {
			if c.wants(&log[j]) {
				want = append(want, log[j].Seq)
			}
		}
		c.drain(t)
		if !slices.Equal(c.got, want) {
			rt.Fatalf("client %d got %v, want %v", i, c.got, want)
		}
	}
}
