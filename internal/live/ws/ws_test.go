package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/live/ws"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const (
	noon   = core.Time(1_800_000_000_000_000)
	second = core.Time(1_000_000)
)

// world is a server of sockets, on a store with an account.
type world struct {
	store store.Store
	storetest.Fixture
	hub     *live.Hub
	sockets *ws.Sockets
	cursors *feed.Cursors
	server  *httptest.Server
	now     atomic.Int64
	padding atomic.Int64

	mu      sync.Mutex
	refused error     // what access and the door say, guarded by mu
	expires core.Time // of what the next client shows, guarded by mu
}

func start(t testing.TB) *world {
	t.Helper()
	st := testserver.Open(t, "sqlite")
	w := &world{store: st, Fixture: storetest.Seed(t, st)}
	w.now.Store(int64(noon))
	clock := func() core.Time { return core.Time(w.now.Load()) }
	var err error
	if w.cursors, err = feed.NewCursors([]byte("key")); err != nil {
		t.Fatal(err)
	}
	w.hub = live.New(live.Options{Store: st, Feed: feed.New(st), Cursors: w.cursors, Render: renderer{&w.padding}, Log: testserver.Log(t), Clock: clock})
	w.sockets = ws.New(w.hub, clock)
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	w.server.Config.ReadTimeout, w.server.Config.WriteTimeout = time.Second, time.Second // as the public listener has
	w.server.Start()
	t.Cleanup(func() {
		w.hub.Close()
		w.sockets.Close()
		w.server.Close()
	})
	return w
}

// serve opens a socket as an API would.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	admit := func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.refused
	}
	access := func(ctx context.Context) (live.Access, error) {
		return live.Access{Viewer: feed.Viewer{AccountID: w.Account.ID}}, admit(ctx)
	}
	w.mu.Lock()
	expires := w.expires
	w.mu.Unlock()
	// What wraps a writer hides that it can be hijacked.
	err := w.sockets.Serve(struct{ wrapped }{wrapped{rw}}, r, ws.Client{
		Expires: expires,
		Admit:   admit,
		Gone:    func() {},
		Subscribe: func(_ context.Context, f ws.Filter) (live.Request, error) {
			request := live.Request{AccountID: w.Account.ID, TokenID: 7, Signals: true, Access: access, Query: feed.Query{Types: f.Types}}
			if f.Contact != "" && f.Contact != "12" && f.Contact != "external:x" {
				return live.Request{}, core.Absent("contact")
			}
			if f.After != "" {
				at, ok := w.cursors.Open(w.Account.ID, f.After)
				if !ok {
					return live.Request{}, core.Refuse("after", "not a cursor")
				}
				request.Query.After = &at
			}
			return request, nil
		},
		Typing: func(_ context.Context, conversation int64, on bool) error {
			if conversation == 0 {
				return core.Absent("conversation")
			}
			w.hub.Typing(w.Account.ID, live.Typing{ConversationID: conversation, Who: core.Actor{Type: core.ActorAgent, ID: 1}, On: on})
			return nil
		},
		Acked: func(cursor string) (int64, bool) {
			at, ok := w.cursors.Open(w.Account.ID, cursor)
			return at.Seq, ok
		},
		Problem: func(err error) []byte { return fmt.Appendf(nil, `{"status":%d}`, core.KindOf(err)) },
	})
	if err != nil {
		http.Error(rw, "no socket", http.StatusUnprocessableEntity)
	}
}

type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// renderer pads events with as many bytes.
type renderer struct{ padding *atomic.Int64 }

func (r renderer) Event(_ context.Context, e *core.Event, _ live.View, _ bool) ([]byte, error) {
	return fmt.Appendf(nil, `{"seq":%d,"padding":"%s"}`, e.Seq, strings.Repeat("x", int(r.padding.Load()))), nil
}

func (renderer) Signal(s *live.Signal, _ live.View) ([]byte, error) {
	return fmt.Appendf(nil, `{"typing":%t}`, s.Typing.On), nil
}

func (w *world) emit(t testing.TB, n int, events ...core.Event) (last int64) {
	t.Helper()
	err := w.store.InTx(t.Context(), w.Account.ID, func(_ context.Context, tx store.Tx) error {
		for range n {
			tx.Emit(core.Event{AccountID: w.Account.ID, Type: core.LabelCreated, At: noon, Data: core.Label{}})
		}
		tx.Emit(events...)
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

// at returns the cursor of a seq.
func (w *world) at(t testing.TB, seq int64) string {
	return w.cursors.Seal(w.Account.ID, feed.Position{Epoch: w.head(t).Epoch, Seq: seq})
}

// client is the other end of a socket.
type client struct {
	*websocket.Conn
	w *world
}

// frame is what a server sends.
type frame struct {
	Type  string
	ID    string
	Event struct{ Seq int64 }
	Error struct{ Status core.Kind }
	Data  struct {
		Reason string
		Next   string `json:"next_cursor"`
		Typing bool
	}
	Cursor  string
	RetryMS int `json:"retry_ms"`
}

func (w *world) dial(t testing.TB) *client {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{"other", ws.Protocol}}
	conn, res, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if conn.Subprotocol() != ws.Protocol {
		t.Fatalf("subprotocol %q", conn.Subprotocol())
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, w}
}

func (c *client) say(t testing.TB, format string, args ...any) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		t.Fatal(err)
	}
}

// frame returns the next frame.
func (c *client) frame(t testing.TB) (f frame) {
	t.Helper()
	_, text, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("got %s: %v", text, err)
	}
	return f
}

// next returns the next frame of a type; others fail the test.
func (c *client) next(t testing.TB, typ string) frame {
	t.Helper()
	f := c.frame(t)
	if f.Type != typ {
		t.Fatalf("got %+v, want %s", f, typ)
	}
	return f
}

// events reads events from first to last. That the subscription is live may be
// told before them, where the node had not heard of them yet.
func (c *client) events(t testing.TB, id string, first, last int64) {
	t.Helper()
	for seq := first; seq <= last; seq++ {
		f := c.frame(t)
		if f.Type == "live" { // of the moment when the log was read as far as the hub knew it
			f = c.frame(t)
		}
		if f.Type != "event" || f.ID != id || f.Event.Seq != seq {
			t.Fatalf("got %+v, want event %d of %s", f, seq, id)
		}
	}
}

// closed reads up to the end, and returns its code.
func (c *client) closed(t testing.TB) int {
	t.Helper()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			var end *websocket.CloseError
			if !errors.As(err, &end) {
				t.Fatalf("ended without a code: %v", err)
			}
			return end.Code
		}
	}
}

// TestResume: a client that is cut off gets every event once, also by more than
// one subscription.
func TestResume(t *testing.T) {
	t.Parallel()
	w := start(t)
	first := w.head(t).Seq
	seen := first
	for i := range 4 {
		last := w.emit(t, 150)
		c := w.dial(t)
		c.say(t, `{"type":"subscribe","id":"s\u20ac%d","after":"%s"}`, i, w.at(t, seen))
		id := fmt.Sprintf("s€%d", i)
		c.events(t, id, seen+1, last)
		last = w.emit(t, 10)
		c.events(t, id, last-9, last-5)
		c.Close()
		seen = last - 5
	}
	last := w.emit(t, 1)
	c := w.dial(t)
	c.say(t, `{"type":"subscribe","id":"a","after":"%s"}`, w.at(t, last))
	if f := c.next(t, "live"); f.ID != "a" || f.Cursor != w.at(t, last) {
		t.Errorf("live: %+v", f)
	}
	c.say(t, `{"type":"subscribe","id":"b","after":"%s","types":["label.deleted"],"contact":12}`, w.at(t, first))
	c.next(t, "live")
	last = w.emit(t, 1, core.Event{AccountID: w.Account.ID, Type: core.LabelDeleted, At: noon, Data: core.Label{}})
	got := map[string]int{}
	for range 3 {
		f := c.next(t, "event")
		got[fmt.Sprint(f.ID, f.Event.Seq-last)]++
	}
	if len(got) != 3 || got["a-1"] != 1 || got["a0"] != 1 || got["b0"] != 1 {
		t.Errorf("got %v", got)
	}
	c.say(t, `{"type":"unsubscribe","id":"a"}`)
	c.say(t, `{"type":"ping","id":"p"}`)
	if f := c.next(t, "pong"); f.ID != "p" {
		t.Errorf("pong: %+v", f)
	}
	last = w.emit(t, 1, core.Event{AccountID: w.Account.ID, Type: core.LabelDeleted, At: noon, Data: core.Label{}})
	c.events(t, "b", last, last)
}

// TestUnacknowledged: a client gets a thousand events, and more when it has
// acknowledged some; one that never does is cut off.
func TestUnacknowledged(t *testing.T) {
	t.Parallel()
	w := start(t)
	first := w.head(t).Seq
	last := w.emit(t, 1300)
	c := w.dial(t)
	c.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, w.at(t, first))
	c.events(t, "s", first+1, first+1000)
	c.say(t, `{"type":"ping"}`) // nothing but its answer comes
	c.next(t, "pong")
	c.say(t, `{"type":"ack","cursor":"%s"}`, w.at(t, first+100))
	c.events(t, "s", first+1001, first+1100)
	w.now.Add(int64(30*second - 1))
	w.sockets.Tick()
	c.say(t, `{"type":"ack","cursor":"%s"}`, w.at(t, first+200))
	c.events(t, "s", first+1101, first+1200)
	c.say(t, `{"type":"ack","cursor":"%s"}`, w.at(t, first+1000))
	c.events(t, "s", first+1201, last)
	c.next(t, "live")

	c = w.dial(t)
	c.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, w.at(t, first))
	c.events(t, "s", first+1, first+1000)
	for range 2 { // the first pong goes before the look that finds events held, the second one behind it
		c.say(t, `{"type":"ping"}`)
		c.next(t, "pong")
	}
	w.now.Add(int64(30 * second))
	w.sockets.Tick()
	if code := c.closed(t); code != ws.CloseSlow {
		t.Errorf("closed with %d", code)
	}
}

// TestSlow: a client for whom more comes at once than its queue holds is cut
// off, and gets it all when it comes back.
func TestSlow(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.dial(t)
	c.say(t, `{"type":"subscribe","id":"s"}`)
	cursor := c.next(t, "live").Cursor
	first := w.head(t).Seq
	last := w.emit(t, 300)
	if code := c.closed(t); code != ws.CloseSlow {
		t.Errorf("closed with %d", code)
	}
	c = w.dial(t)
	c.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, cursor)
	c.events(t, "s", first+1, last)
}

// TestRefusals: what a client says wrongly it is told, and the socket lives on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.dial(t)
	for _, tt := range []struct {
		say  string
		want core.Kind
	}{
		{`nonsense`, core.Invalid},
		{`{} {}`, core.Invalid},
		{`{"type":"nonsense"}`, core.Invalid},
		{`{"type":"ping","more":1}`, core.Invalid},
		{`{"type":"subscribe"}`, core.Invalid},
		{`{"type":"subscribe","id":"` + strings.Repeat("x", 65) + `"}`, core.Invalid},
		{`{"type":"subscribe","id":"s","after":"x"}`, core.Invalid},
		{`{"type":"subscribe","id":"s","contact":13}`, core.NotFound},
		{`{"type":"subscribe","id":"s","contact":"external:y"}`, core.NotFound},
		{`{"type":"subscribe","id":"s","contact":{}}`, core.Invalid},
		{`{"type":"unsubscribe","id":"s"}`, core.NotFound},
		{`{"type":"ack","cursor":"x"}`, core.Invalid},
		{`{"type":"typing","typing":true}`, core.NotFound},
	} {
		c.say(t, "%s", tt.say)
		if f := c.next(t, "error"); f.Error.Status != tt.want {
			t.Errorf("%.80s: %v, want %v", tt.say, f.Error.Status, tt.want)
		}
	}
	for i := range 20 {
		c.say(t, `{"type":"subscribe","id":"s%d","contact":"external:x"}`, i)
		c.next(t, "live")
	}
	c.say(t, `{"type":"subscribe","id":"s0"}`)
	if f := c.next(t, "error"); f.Error.Status != core.Conflict || f.ID != "s0" {
		t.Errorf("a name that is taken: %+v", f)
	}
	c.say(t, `{"type":"subscribe","id":"more"}`)
	if f := c.next(t, "error"); f.Error.Status != core.Invalid {
		t.Errorf("one more: %+v", f)
	}
	c.say(t, `{"type":"ping","id":"%s"}`, strings.Repeat("x", 17<<10))
	if code := c.closed(t); code != websocket.CloseMessageTooBig {
		t.Errorf("too large a message: %d", code)
	}
	c = w.dial(t)
	if err := c.WriteMessage(websocket.BinaryMessage, []byte{1}); err != nil {
		t.Fatal(err)
	}
	if code := c.closed(t); code != websocket.CloseUnsupportedData {
		t.Errorf("a binary message: %d", code)
	}
	res, err := http.Get(w.server.URL)
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no WebSocket: %v, %v", res, err)
	}
	res.Body.Close()
}

// TestEnds: a place that is lost ends the subscription alone; a token that is
// revoked, the socket.
func TestEnds(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.dial(t)
	c.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, w.cursors.Seal(w.Account.ID, feed.Position{Epoch: "another"}))
	f := c.next(t, "resync")
	if f.ID != "s" || f.Data.Reason != "epoch" || f.Data.Next != w.at(t, w.head(t).Seq) {
		t.Errorf("resync: %+v", f)
	}
	c.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, f.Data.Next)
	c.next(t, "live")
	last := w.emit(t, 1)
	c.events(t, "s", last, last)
	w.mu.Lock()
	w.refused = &core.Error{Kind: core.Unauthenticated, Message: "revoked"}
	w.mu.Unlock()
	w.emit(t, 0, core.Event{AccountID: w.Account.ID, Type: core.TokenRevoked, At: noon, Data: core.Token{ID: 7}})
	if f := c.next(t, "error"); f.Error.Status != core.Unauthenticated {
		t.Errorf("revoked: %+v", f)
	}
	if code := c.closed(t); code != ws.CloseUnauthorized {
		t.Errorf("revoked: closed with %d", code)
	}
}

// TestEndsWithoutSubscriptions: a client that listens to nothing has to go with
// what it has shown, too: at its next message, and when its time is over.
func TestEndsWithoutSubscriptions(t *testing.T) {
	t.Parallel()
	w := start(t)
	over := func(c *client, what string) {
		t.Helper()
		if f := c.next(t, "error"); f.Error.Status != core.Unauthenticated {
			t.Errorf("%s: %+v", what, f)
		}
		if code := c.closed(t); code != ws.CloseUnauthorized {
			t.Errorf("%s: closed with %d", what, code)
		}
	}
	said := []string{`{"type":"ping"}`, `{"type":"ack","cursor":"x"}`, `{"type":"unsubscribe","id":"s"}`, `{"type":"subscribe","id":"s"}`}
	var clients []*client
	for range said {
		c := w.dial(t)
		c.say(t, `{"type":"ping"}`)
		c.next(t, "pong")
		clients = append(clients, c)
	}
	w.mu.Lock()
	w.refused = &core.Error{Kind: core.Unauthenticated, Message: "revoked"}
	w.mu.Unlock()
	for i, c := range clients {
		c.say(t, "%s", said[i])
		over(c, said[i])
	}
	w.mu.Lock()
	w.refused, w.expires = nil, noon+60*second
	w.mu.Unlock()
	c := w.dial(t)
	asked := func() {
		t.Helper()
		w.sockets.Tick()
		c.say(t, `{"type":"ping"}`)
		c.next(t, "pong")
	}
	asked()
	w.now.Store(int64(noon + 60*second - 1))
	asked()
	w.now.Store(int64(noon + 60*second))
	w.sockets.Tick()
	over(c, "expired")
}

// TestSignals: typing goes in and comes out.
func TestSignals(t *testing.T) {
	t.Parallel()
	w := start(t)
	one, two := w.dial(t), w.dial(t)
	two.say(t, `{"type":"subscribe","id":"s"}`)
	two.next(t, "live")
	one.say(t, `{"type":"typing","conversation_id":1,"typing":true}`)
	if f := two.next(t, "typing"); f.ID != "s" || !f.Data.Typing {
		t.Errorf("got %+v", f)
	}
	one.say(t, `{"type":"typing","conversation_id":1,"typing":false}`)
	if f := two.next(t, "typing"); f.Data.Typing {
		t.Errorf("got %+v", f)
	}
}

// TestPing: every half minute the server asks whether a client is there.
func TestPing(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.dial(t)
	pinged := 0
	c.SetPingHandler(func(string) error { pinged++; return nil })
	asked := func(want int) {
		t.Helper()
		w.sockets.Tick()
		c.say(t, `{"type":"ping"}`)
		c.next(t, "pong")
		if pinged != want {
			t.Errorf("pinged %d times, want %d", pinged, want)
		}
	}
	c.say(t, `{"type":"ping"}`) // the socket is open by its answer
	c.next(t, "pong")
	w.now.Add(int64(30*second - 1))
	asked(0)
	w.now.Add(1)
	asked(1)
	asked(1)
}

// TestStop: clients are told that the server stops, and who does not answer, or
// does not even read, is not waited for.
func TestStop(t *testing.T) {
	t.Parallel()
	w := start(t)
	var clients []*client
	for range 20 {
		c := w.dial(t)
		c.say(t, `{"type":"subscribe","id":"s","types":["label.updated"]}`)
		c.next(t, "live")
		clients = append(clients, c)
	}
	stuck := w.dial(t)
	first := w.head(t).Seq
	w.padding.Store(256 << 10)
	w.emit(t, 100, core.Event{AccountID: w.Account.ID, Type: core.LabelDeleted, At: noon, Data: core.Label{}})
	stuck.say(t, `{"type":"subscribe","id":"s","after":"%s"}`, w.at(t, first))
	stuck.events(t, "s", first+1, first+1)
	began := time.Now()
	w.hub.Close()
	w.sockets.Close() // nobody reads yet, so nobody answers
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	if n := w.sockets.Count(); n != 0 {
		t.Errorf("%d sockets are left", n)
	}
	for _, c := range clients {
		if f := c.next(t, "bye"); f.RetryMS < 2000 || f.RetryMS >= 7000 {
			t.Errorf("bye: %+v", f)
		}
		if code := c.closed(t); code != websocket.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
	}
}
