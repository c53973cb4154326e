// Package ws serves subscriptions over WebSockets.
//
// A socket carries several subscriptions of one client, each under a name that
// the client chose. Events are acknowledged by cursor; a client that falls too
// far behind is cut off with the close code 4008, and goes on from its cursor. An
// idle socket costs one goroutine that waits for the client, and no more: what
// is to be written is written by a goroutine that ends when it is done.
//
// It depends on live, core and gorilla/websocket.
package ws

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/core"
	"parley/internal/live"
)

// Close codes of Parley's own.
const (
	// CloseUnauthorized says that what the client showed is good no more.
	CloseUnauthorized = 4001
	// CloseSlow says that the client does not keep up.
	CloseSlow = 4008
)

// Protocol is the subprotocol that clients may name.
const Protocol = "parley.v1"

// Bounds of a socket.
const (
	maxMessageBytes  = 16 << 10
	maxSubscriptions = 20
	maxUnacked       = 1000 // events of a subscription that the client has not acknowledged
	maxWaiting       = 64   // answers that the client has not taken yet
	readBufferBytes  = 512  // what a client says is short
)

// Times of a socket.
const (
	tickEvery    = time.Second
	pingEvery    = core.Time(30 * time.Second / time.Microsecond)
	ackTimeout   = core.Time(30 * time.Second / time.Microsecond)
	readTimeout  = 75 * time.Second // two pings without an answer, and more
	writeTimeout = 10 * time.Second
	// closeTimeout is how long a client has to answer the end.
	closeTimeout = time.Second
	retry        = 2 * time.Second // after a stop of the server, and up to jitter longer
	jitter       = 5 * time.Second
)

// Filter is what a client asks to subscribe to.
type Filter struct {
	After                 string           // a cursor; "" = from now on
	Types                 []core.EventType // any of these; none = every type
	Contact, Conversation string           // what the client names; "" = any
}

// Client is what the owner knows of a socket's client. Admit, Subscribe and
// Typing are called one at a time, on the socket's own context. When one of them
// says core.Unauthenticated, the socket is closed.
type Client struct {
	// Expires is when what the client has shown is over, and the socket with it;
	// unset = never.
	Expires core.Time
	// Admit is asked on a socket without subscriptions, before a message of
	// which neither Subscribe nor Typing hears: nothing else would tell that the
	// client must go.
	Admit func(ctx context.Context) error
	// Subscribe decodes a filter. Notify of the request is the socket's.
	Subscribe func(ctx context.Context, f Filter) (live.Request, error)
	// Typing passes on that the client types in a conversation, or stops.
	Typing func(ctx context.Context, conversation int64, on bool) error
	// Acked opens the cursor of an acknowledgement.
	Acked func(cursor string) (seq int64, ok bool)
	// Problem renders an error as JSON.
	Problem func(err error) []byte
	// Gone is called once when the socket is gone, or came to nothing after
	// Serve had answered.
	Gone func()
}

// Sockets are the WebSockets of one node. It is safe for concurrent use.
type Sockets struct {
	hub     *live.Hub
	clock   core.Clock
	upgrade websocket.Upgrader
	running sync.WaitGroup
	ctx     context.Context //nolint:containedctx // ends with Close: a socket outlives its request
	stop    context.CancelFunc

	mu     sync.Mutex
	all    map[*socket]struct{} // guarded by mu
	closed bool                 // guarded by mu
}

// New returns no sockets yet. The owner runs it, and closes it after the hub.
func New(hub *live.Hub, clock core.Clock) *Sockets {
	s := &Sockets{hub: hub, clock: clock, all: map[*socket]struct{}{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.upgrade = websocket.Upgrader{
		Subprotocols: []string{Protocol}, ReadBufferSize: readBufferBytes, WriteBufferSize: 4 << 10, WriteBufferPool: new(sync.Pool),
		// What lets a client in is a token that it holds, never something that a
		// browser adds by itself.
		CheckOrigin: func(*http.Request) bool { return true },
		Error:       func(http.ResponseWriter, *http.Request, int, error) {}, // the caller answers
	}
	return s
}

// hijackable finds the connection below what wraps the writer.
type hijackable struct {
	http.ResponseWriter
	done bool
	conn *gathering // of a connection that was taken over
}

// Hijack implements http.Hijacker.
func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if h.done = err == nil; !h.done {
		return nil, nil, err
	}
	h.conn = &gathering{Conn: conn}
	return h.conn, rw, nil
}

// Serve makes a socket of the request and returns: the socket lives on by
// itself. The headers of w are on the answer. A request that asks for none is core.Invalid, and the caller's to
// answer.
func (s *Sockets) Serve(w http.ResponseWriter, r *http.Request, c Client) error {
	h := &hijackable{ResponseWriter: w}
	conn, err := s.upgrade.Upgrade(h, r, w.Header())
	switch {
	case err != nil && h.done:
		c.Gone() // it did not wait for the answer; the connection is closed
		return nil
	case err != nil:
		return &core.Error{Kind: core.Invalid, Message: "a WebSocket is opened here", Err: err}
	}
	k := &socket{sockets: s, conn: conn, net: h.conn, client: c, pingedAt: s.clock()}
	k.ctx, k.cancel = context.WithCancel(s.ctx)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		k.cancel()
		_ = conn.Close() // as if it came a moment later, when nobody listens any more
		c.Gone()
		return nil
	}
	s.all[k] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	go k.read()
	return nil
}

// Run keeps sockets alive until ctx ends.
func (s *Sockets) Run(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.Tick()
		}
	}
}

// Tick does what is due by the clock: it pings clients, and cuts off those that
// do not acknowledge, or whose time is over. Run calls it.
func (s *Sockets) Tick() {
	now := s.clock()
	for _, k := range s.list() {
		k.tick(now)
	}
}

// Count returns how many sockets are open.
func (s *Sockets) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// Close tells every client that the server stops, and waits until all sockets
// are gone, which takes two seconds at most.
func (s *Sockets) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, k := range s.list() {
		later := retry + rand.N(jitter) //nolint:gosec // it spreads load, and keeps no secret
		k.end(websocket.CloseGoingAway, "the server stops", frame("bye", "", "retry_ms", fmt.Append(nil, later.Milliseconds())))
		// Who is stuck in a write is not waited for.
		_ = k.conn.NetConn().SetDeadline(time.Now().Add(closeTimeout)) //nolint:forbidigo // socket deadlines are the machine's time
	}
	s.running.Wait()
	s.stop()
}

func (s *Sockets) list() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*socket, 0, len(s.all))
	for k := range s.all {
		list = append(list, k)
	}
	return list
}

func (s *Sockets) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, k)
}
