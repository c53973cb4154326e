package ws_test

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"parley/internal/testkit"
)

// idleBytes is what an idle socket with a subscription may cost: twenty thousand
// of them are to fit into a gigabyte, and with them the other end, which stands
// in this process too.
const idleBytes = 50 << 10

// TestIdle measures what sockets cost on which nothing happens.
func TestIdle(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	count := 2000
	if testkit.Small() {
		count = 100
	}
	w := start(t)
	open := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		until(t, conn, "\r\n\r\n")
		if _, err := conn.Write(masked(`{"type":"subscribe","id":"s"}`)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	const live = `{"type":"live"`
	until(t, open(), live) // what the first one makes for all
	before := memory()
	conns := make([]net.Conn, count)
	for i := range conns {
		conns[i] = open()
		t.Cleanup(func() { _ = conns[i].Close() })
	}
	for _, conn := range conns {
		until(t, conn, live)
	}
	each := (memory() - before) / uint64(count)
	t.Logf("%d idle sockets cost %d bytes each", count, each)
	if each > idleBytes {
		t.Errorf("an idle socket costs %d bytes, at most %d are to be", each, idleBytes)
	}
	runtime.KeepAlive(conns)
}

// until reads up to a text, after which nothing comes for now.
func until(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	var got []byte
	for b := make([]byte, 512); !bytes.Contains(got, []byte(text)); {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b[:n]...)
	}
}

// masked returns a short text as a frame of a client, with a mask of zeros.
func masked(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// memory returns what the process uses, without garbage.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
