package ws

import (
	"bytes"
	"errors"
	"net"
	"testing"
)

// counted is a connection that keeps what is written, call by call.
type counted struct {
	net.Conn
	calls [][]byte
	fail  error
}

func (c *counted) Write(b []byte) (int, error) {
	c.calls = append(c.calls, bytes.Clone(b))
	return len(b), c.fail
}

func TestGathering(t *testing.T) {
	t.Parallel()
	c := &counted{}
	g := &gathering{Conn: c}
	write := func(b []byte) {
		t.Helper()
		if n, err := g.Write(b); err != nil || n != len(b) {
			t.Fatalf("wrote %d of %d: %v", n, len(b), err)
		}
	}
	release := func() {
		t.Helper()
		if err := g.release(); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("alone"))
	g.gather()
	for range 20 {
		write([]byte("gathered"))
	}
	if len(c.calls) != 1 {
		t.Errorf("%d calls before the release", len(c.calls)-1)
	}
	release()
	if len(c.calls) != 2 || string(c.calls[1]) != string(bytes.Repeat([]byte("gathered"), 20)) || g.held != nil {
		t.Errorf("got %q, kept %d bytes", c.calls[1:], cap(g.held))
	}
	write([]byte("alone"))
	g.gather()
	release() // of nothing
	if len(c.calls) != 3 {
		t.Errorf("%d calls, want 3", len(c.calls))
	}

	// What is too much to keep is sent in order.
	g.gather()
	long := bytes.Repeat([]byte("x"), gatherBytes-1)
	write([]byte("first"))
	write(long)
	write([]byte("last"))
	release()
	got := c.calls[3:]
	if len(got) != 3 || string(got[0]) != "first" || len(got[1]) != len(long) || string(got[2]) != "last" {
		t.Errorf("%d calls", len(got))
	}

	c.fail = errors.New("gone")
	g.gather()
	write([]byte("x"))
	if err := g.release(); !errors.Is(err, c.fail) {
		t.Errorf("got %v, want %v", err, c.fail)
	}
}
