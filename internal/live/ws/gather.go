package ws

import (
	"net"
	"sync"
)

// gatherBytes is how much is written with one system call at most.
const gatherBytes = 32 << 10

// gathering is a connection that can keep what is written for a while, to send
// it with fewer system calls: the frames of a busy socket are small, and a call
// for each costs more than to make them.
type gathering struct {
	net.Conn

	mu   sync.Mutex
	on   bool
	held []byte // nil unless on
}

// Write implements net.Conn. What is kept cannot fail before it is sent.
func (g *gathering) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.on {
		return g.Conn.Write(b)
	}
	if len(g.held)+len(b) > gatherBytes {
		if err := g.send(); err != nil {
			return 0, err
		}
	}
	g.held = append(g.held, b...)
	return len(b), nil
}

// gather keeps what is written, until release.
func (g *gathering) gather() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on = true
}

// release sends what was kept; the rest is sent as it is written.
func (g *gathering) release() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on = false
	err := g.send()
	g.held = nil // an idle socket keeps nothing
	return err
}

// send is called with mu held.
func (g *gathering) send() error {
	if len(g.held) == 0 {
		return nil
	}
	_, err := g.Conn.Write(g.held)
	g.held = g.held[:0]
	return err
}
