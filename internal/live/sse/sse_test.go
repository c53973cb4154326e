package sse_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/live/sse"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const noon = core.Time(1_800_000_000_000_000)

// world is a server of streams, on a store with an account.
type world struct {
	store store.Store
	storetest.Fixture
	hub     *live.Hub
	cursors *feed.Cursors
	server  *httptest.Server
	options sse.Options
	refused error // what access says
	served  chan struct{}
	padding atomic.Int64 // bytes added to each event
}

func start(t *testing.T, options sse.Options) *world {
	t.Helper()
	st := testserver.Open(t, "sqlite")
	w := &world{store: st, Fixture: storetest.Seed(t, st), options: options, served: make(chan struct{}, 100)}
	var err error
	if w.cursors, err = feed.NewCursors([]byte("key")); err != nil {
		t.Fatal(err)
	}
	w.hub = live.New(live.Options{
		Store: st, Feed: feed.New(st), Cursors: w.cursors, Render: renderer{w}, Log: testserver.Log(t), Clock: func() core.Time { return noon },
	})
	t.Cleanup(w.hub.Close)
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	// As the public listener has, but shorter than a test.
	w.server.Config.ReadTimeout, w.server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	w.server.Start()
	t.Cleanup(func() { w.hub.Close(); w.server.Close() })
	return w
}

// serve opens a stream as an API would.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	defer func() { w.served <- struct{}{} }()
	waker := sse.NewWaker()
	request := live.Request{AccountID: w.Account.ID, Signals: true, Notify: waker.Notify}
	request.Access = func(context.Context) (live.Access, error) {
		return live.Access{Viewer: feed.Viewer{AccountID: w.Account.ID}}, w.refused
	}
	if typ := r.URL.Query().Get("type"); typ != "" {
		request.Query.Types = []core.EventType{core.EventType(typ)}
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		at, ok := w.cursors.Open(w.Account.ID, id)
		if !ok {
			http.Error(rw, "bad cursor", http.StatusBadRequest)
			return
		}
		request.Query.After = &at
	}
	sub, err := w.hub.Subscribe(r.Context(), request)
	if err == nil {
		defer sub.Close()
		err = sse.Serve(rw, r, sub, waker, w.options)
	}
	if err != nil {
		http.Error(rw, "refused", http.StatusUnauthorized)
	}
}

type renderer struct{ w *world }

func (r renderer) Event(_ context.Context, e *core.Event, _ live.View, _ bool) ([]byte, error) {
	return fmt.Appendf(nil, `{"seq":%d,"padding":"%s"}`, e.Seq, strings.Repeat("x", int(r.w.padding.Load()))), nil
}

func (r renderer) Signal(s *live.Signal, _ live.View) ([]byte, error) {
	return fmt.Appendf(nil, `{"typing":%t}`, s.Typing.On), nil
}

func (w *world) emit(t testing.TB, typ core.EventType, n int) (last int64) {
	t.Helper()
	err := w.store.InTx(t.Context(), w.Account.ID, func(_ context.Context, tx store.Tx) error {
		for range n {
			tx.Emit(core.Event{AccountID: w.Account.ID, Type: typ, At: noon, Data: core.Label{}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.head(t).Seq
}

func (w *world) head(t testing.TB) feed.Position {
	t.Helper()
	a, err := w.store.Account(t.Context(), w.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Position{Epoch: a.Epoch, Seq: a.EventSeq}
}

// client is a reader of a stream, as browsers are.
type client struct {
	w      *world
	cancel context.CancelFunc
	body   *http.Response
	lines  *bufio.Reader
	lastID string
	beats  int // comments
}

// frame is one event of a stream.
type frame struct{ id, event, data, retry string }

// connect opens a stream, from where the client was.
func (c *client) connect(t *testing.T, query string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c.cancel = cancel
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.w.server.URL+"/?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if c.lastID != "" {
		req.Header.Set("Last-Event-ID", c.lastID)
	}
	if c.body, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); c.body.Body.Close() })
	if got := c.body.Header.Get("Content-Type"); c.body.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%d, %s", c.body.StatusCode, got)
	}
	c.lines = bufio.NewReader(c.body.Body)
}

// next returns the next frame, false at the end.
func (c *client) next(t *testing.T) (f frame, ok bool) {
	t.Helper()
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return f, false
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			if f == (frame{}) {
				continue // the end of a comment
			}
			if f.id != "" {
				c.lastID = f.id // of a whole frame alone
			}
			return f, true
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			c.beats++
		case "id":
			f.id = value
		case "event":
			f.event = value
		case "data":
			f.data += value
		case "retry":
			f.retry = value
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
}

// event returns the next frame that is an event.
func (c *client) event(t *testing.T) frame {
	t.Helper()
	for {
		f, ok := c.next(t)
		if !ok {
			t.Fatal("the stream has ended")
		}
		if f.event != "" {
			return f
		}
	}
}

func (f frame) seq(t *testing.T) int64 {
	t.Helper()
	digits, _, _ := strings.Cut(strings.TrimPrefix(f.data, `{"seq":`), ",")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Fatalf("frame %.100q", f.data)
	}
	return n
}

// TestResume: a client that is cut off, again and again, gets every event once.
func TestResume(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{})
	c := &client{w: w, lastID: w.cursors.Seal(w.Account.ID, w.head(t))}
	var got, want []int64
	for range 5 {
		last := w.emit(t, core.LabelCreated, 3)
		c.connect(t, "")
		last = max(last, w.emit(t, core.LabelUpdated, 120))
		for len(got) == 0 || got[len(got)-1] < last-2 { // the last two are for the next connection
			f := c.event(t)
			got = append(got, f.seq(t))
			if at, ok := w.cursors.Open(w.Account.ID, f.id); !ok || at.Seq != f.seq(t) {
				t.Fatalf("event %d has the cursor of %+v", f.seq(t), at)
			}
		}
		c.cancel()
	}
	last := w.emit(t, core.LabelCreated, 1)
	c.connect(t, "")
	for got[len(got)-1] < last {
		got = append(got, c.event(t).seq(t))
	}
	for seq := got[0]; seq <= last; seq++ {
		want = append(want, seq)
	}
	if !slices.Equal(got, want) || len(want) != 5*123+1 {
		t.Errorf("got %v", got)
	}
}

// TestQuiet: a stream on which nothing happens outlives the listener's timeouts,
// and moves the client's cursor over what is not for it.
func TestQuiet(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{Heartbeat: 20 * time.Millisecond, Move: 5})
	c := &client{w: w}
	began := time.Now()
	c.connect(t, "type=label.deleted")
	last := w.emit(t, core.LabelCreated, 4)
	for at := int64(0); at < last || time.Since(began) < time.Second; { // three times the listener's timeouts
		f, ok := c.next(t)
		if !ok {
			t.Fatalf("the stream has ended after %s", time.Since(began))
		}
		if f.event != "" || f.data != "" {
			t.Fatalf("got %+v", f)
		}
		p, _ := w.cursors.Open(w.Account.ID, c.lastID)
		at = p.Seq
	}
	if c.beats == 0 {
		t.Error("no heartbeat")
	}
	seq := w.emit(t, core.LabelDeleted, 1)
	if f := c.event(t); f.seq(t) != seq || f.event != "label.deleted" {
		t.Errorf("got %+v", f)
	}
}

// TestSlow: a client that does not read is cut off, and gets the rest when it
// comes back.
func TestSlow(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{Write: 200 * time.Millisecond})
	w.padding.Store(64 << 10)
	c := &client{w: w}
	c.connect(t, "")
	first, last := w.head(t).Seq+1, w.emit(t, core.LabelCreated, 250)
	<-w.served
	var got []int64
	for {
		f, ok := c.next(t)
		if !ok {
			break
		}
		if f.event != "" {
			got = append(got, f.seq(t))
		}
	}
	if n := len(got); n == 0 || got[n-1] == last {
		t.Fatalf("read %d events: the client was not slow", n)
	}
	w.padding.Store(0)
	c.connect(t, "")
	for got[len(got)-1] < last {
		got = append(got, c.event(t).seq(t))
	}
	for i, seq := range got {
		if seq != first+int64(i) {
			t.Fatalf("got %v", got)
		}
	}
}

// TestStop: when the server stops, clients are told to come back at a time of
// their own, and the streams end at once.
func TestStop(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{})
	clients := make([]*client, 20)
	for i := range clients {
		clients[i] = &client{w: w}
		clients[i].connect(t, "")
	}
	began := time.Now()
	w.hub.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := w.server.Config.Shutdown(ctx); err != nil {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	waits := map[string]bool{}
	for _, c := range clients {
		bye := c.event(t)
		ms, err := strconv.Atoi(bye.retry)
		if bye.event != "bye" || err != nil || ms < 2000 || ms >= 7000 {
			t.Errorf("got %+v", bye)
		}
		waits[bye.retry] = true
		if f, ok := c.next(t); ok {
			t.Errorf("after the end: %+v", f)
		}
	}
	if len(waits) < 2 {
		t.Errorf("all come back after %v", waits)
	}
}

// TestResync: a client whose place is lost is told where to go on.
func TestResync(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{})
	c := &client{w: w, lastID: w.cursors.Seal(w.Account.ID, feed.Position{Epoch: "another", Seq: 1})}
	c.connect(t, "")
	next := w.cursors.Seal(w.Account.ID, w.head(t))
	if f := c.event(t); f.event != "resync" || f.id != next || f.data != `{"reason":"epoch","next_cursor":"`+next+`"}` {
		t.Errorf("got %+v", f)
	}
	if f, ok := c.next(t); ok {
		t.Errorf("after the end: %+v", f)
	}
	c.connect(t, "")
	seq := w.emit(t, core.LabelCreated, 1)
	if f := c.event(t); f.seq(t) != seq {
		t.Errorf("got %+v, want event %d", f, seq)
	}
}

// TestSignals: what nobody keeps has no id.
func TestSignals(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{})
	c := &client{w: w}
	c.connect(t, "")
	w.hub.Typing(w.Account.ID, live.Typing{ConversationID: 1, Who: core.Actor{Type: core.ActorAgent, ID: 1}, On: true})
	if f := c.event(t); f != (frame{event: "typing", data: `{"typing":true}`}) {
		t.Errorf("got %+v", f)
	}
}

// TestRefused: what is wrong before the stream begins is the caller's to answer.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := start(t, sse.Options{})
	w.refused = errors.New("no")
	res, err := http.Get(w.server.URL)
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %v, %v", res, err)
	}
	res.Body.Close()
}
