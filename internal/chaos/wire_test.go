//go:build unix

package chaos_test

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// wire is an address in front of servers that come and go. It passes
// connections on, and cuts them somewhere.
type wire struct {
	net.Listener
	ctx     context.Context //nolint:containedctx // ends with the wire
	patient bool            // whoever connects while nobody is there waits; else is refused

	mu      sync.Mutex
	rng     *rand.Rand          // guarded by mu; nil: nothing is cut, and there is one server
	servers []string            // addresses, guarded by mu
	changed chan struct{}       // closed when servers change; guarded by mu
	cuts    int                 // guarded by mu
	conns   map[net.Conn]string // the servers of the open connections to them; guarded by mu
	open    sync.WaitGroup
}

// The shortest and the longest way that a connection which is cut comes, in
// bytes of both directions, as powers of two.
const (
	shortestWay = 11
	longestWay  = 21
)

// newWire listens until the test ends. Without rng nothing is cut.
func newWire(t *testing.T, rng *rand.Rand, patient bool) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w := &wire{Listener: l, ctx: ctx, patient: patient, rng: rng, changed: make(chan struct{}), conns: map[net.Conn]string{}}
	w.open.Go(w.accept)
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		w.open.Wait()
	})
	return w
}

// lead passes connections on to these servers from now on.
func (w *wire) lead(servers ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.servers = servers
	close(w.changed)
	w.changed = make(chan struct{})
}

// abandon cuts all connections with a server, as whoever hears nothing from it
// any more does.
func (w *wire) abandon(server string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn, to := range w.conns {
		if to == server {
			_ = conn.Close()
			w.cuts++
		}
	}
}

// hold notes an open connection with a server until release.
func (w *wire) hold(conn net.Conn, server string) (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[conn] = server
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.conns, conn)
	}
}

// next returns a server, and after how many bytes the connection is cut, 0 = not
// at all.
func (w *wire) next() (server string, cut int, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(w.servers) == 1:
		server = w.servers[0]
	case len(w.servers) > 1:
		server = w.servers[w.rng.IntN(len(w.servers))]
	}
	if w.rng != nil && w.rng.IntN(4) > 0 {
		most := 1 << (shortestWay + w.rng.IntN(longestWay-shortestWay))
		cut = most + w.rng.IntN(most)
	}
	return server, cut, w.changed
}

func (w *wire) accept() {
	for {
		conn, err := w.Accept()
		if err != nil {
			return
		}
		w.open.Go(func() { w.pass(conn) })
	}
}

// pass connects the client with a server until one of them ends it, or the wire
// does.
func (w *wire) pass(client net.Conn) {
	defer client.Close()
	server, cut, changed := w.next()
	for server == "" {
		if !w.patient {
			return
		}
		select {
		case <-changed:
			server, _, changed = w.next()
		case <-w.ctx.Done():
			return
		}
	}
	conn, err := new(net.Dialer).DialContext(w.ctx, "tcp", server)
	if err != nil {
		return
	}
	defer conn.Close()
	defer w.hold(conn, server)()
	defer context.AfterFunc(w.ctx, func() {
		_ = client.Close()
		_ = conn.Close()
	})()
	way := &way{left: cut, endless: cut == 0}
	var both sync.WaitGroup
	for _, ends := range [][2]net.Conn{{client, conn}, {conn, client}} {
		both.Go(func() {
			if way.carry(ends[1], ends[0]) {
				w.mu.Lock()
				w.cuts++
				w.mu.Unlock()
			}
			_ = client.Close() // the other way ends with this one
			_ = conn.Close()
		})
	}
	both.Wait()
}

// way is what a connection may still carry.
type way struct {
	mu      sync.Mutex
	left    int // guarded by mu
	endless bool
}

// carry copies until one side ends, or the way does: then it returns true.
func (y *way) carry(to, from net.Conn) (cut bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		y.mu.Lock()
		if !y.endless {
			before := y.left
			cut = before > 0 && n >= before
			n = min(n, max(before, 0))
			y.left -= n
		}
		y.mu.Unlock()
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil || cut {
			return cut
		}
	}
}

// cutCount returns how many connections were cut.
func (w *wire) cutCount() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cuts
}
