package commbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/core"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// pipes is a listener whose connections hold nothing back: what one side
// writes waits until the other has read it, byte by byte.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// maxGrowthBytes is how much memory all answers in flight may take together:
// far less than one of the bodies.
const maxGrowthBytes = 8 << 20

// TestLongHistory reads a history of 50,000 messages, newest first, while
// other clients have stopped in the middle of it: more of them than the
// database has readers. PostgreSQL gets fewer, for the sake of the import.
func TestLongHistory(t *testing.T) { //nolint:paralleltest // it measures the memory of the whole process
	for engine, messages := range map[string]int{"sqlite": 50_000, "postgres": 10_000} {
		if testkit.Small() {
			messages = 3_000
		}
		t.Run(engine, func(t *testing.T) {
			st := testserver.Open(t, engine)
			testserver.Import(t, st, writeHistory(t, messages))
			l := pipes{conns: make(chan net.Conn), done: make(chan struct{})}
			srv := &http.Server{
				ReadHeaderTimeout: time.Minute,
				Handler: app.NewHandler(app.HandlerOptions{
					Store: st, Clock: func() core.Time { return testserver.Now }, Log: testserver.Log(t), IDKey: make([]byte, 64),
				}),
			}
			go func() { _ = srv.Serve(l) }()
			t.Cleanup(func() { close(l.done); _ = srv.Close() })

			before := heapBytes()
			readers := 4 * runtime.NumCPU()
			for range readers {
				stall(t, l)
			}
			if grown := heapBytes() - before; grown > maxGrowthBytes {
				t.Errorf("%d clients that stopped reading hold %d bytes", readers, grown)
			}
			client := &http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) },
			}}
			t.Cleanup(client.CloseIdleConnections)
			for range 20 {
				resp := get(t, client, longPath+"?includeChilds=false")
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					t.Fatalf("beside slow readers: %d, %v", resp.StatusCode, err)
				}
				_ = resp.Body.Close()
			}
			grown := readLong(t, get(t, client, longPath), messages, before)
			grown = max(grown, readTranscript(t, get(t, client, "/streams/5/objects/8/transcript"), messages, before))
			t.Logf("at most %d KiB were held", grown>>10)
		})
	}
}

const longPath = "/v2/users/identities/7/objects"

// get sends a request that must be answered soon, whoever else is reading.
func get(t *testing.T, client *http.Client, path string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://pipe"+path, http.NoBody)
	if err != nil {
		t.Fatalf("new request: %v", err)
	}
	req.Header.Set("Authorization", "Bearer long-history-key")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("get %s: %v", path, err)
	}
	return resp
}

// stall begins to read the long body one byte at a time and stops. When it
// returns the server is writing.
func stall(t *testing.T, l pipes) {
	t.Helper()
	conn, err := l.dial(t.Context())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: pipe\r\nAuthorization: Bearer long-history-key\r\n\r\n", longPath); err != nil {
		t.Fatalf("send request: %v", err)
	}
	var one [1]byte
	for range 1000 {
		if _, err := conn.Read(one[:]); err != nil {
			t.Fatalf("read a byte: %v", err)
		}
	}
}

// readLong reads the whole body and looks at the memory on the way, of which
// it returns the highest growth.
func readLong(t *testing.T, resp *http.Response, messages int, before int64) (most int64) {
	t.Helper()
	defer resp.Body.Close()
	dec := json.NewDecoder(resp.Body)
	for {
		token, err := dec.Token()
		if err != nil {
			t.Fatalf("look for the messages: %v", err)
		}
		if token == "childs" {
			break
		}
	}
	if _, err := dec.Token(); err != nil {
		t.Fatalf("read the messages: %v", err)
	}
	next := int64(messages)
	for ; dec.More(); next-- {
		var m struct {
			ID int64 `json:"id"`
		}
		if err := dec.Decode(&m); err != nil {
			t.Fatalf("read message %d: %v", next, err)
		}
		if m.ID != next {
			t.Fatalf("message %d stands where %d should", m.ID, next)
		}
		if next%1000 == 0 {
			if most = max(most, heapBytes()-before); most > maxGrowthBytes {
				t.Fatalf("%d bytes are held after %d messages", most, messages-int(next))
			}
		}
	}
	if next != 0 {
		t.Errorf("%d messages are missing", next)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Errorf("read the rest: %v", err)
	}
	return most
}

// readTranscript reads the whole body, which has every message twice, and
// looks at the memory on the way.
func readTranscript(t *testing.T, resp *http.Response, messages int, before int64) (most int64) {
	t.Helper()
	defer resp.Body.Close()
	said := 0
	for chunk := make([]byte, 1<<20); ; {
		n, err := io.ReadFull(resp.Body, chunk)
		said += strings.Count(string(chunk[:n]), "[")
		if most = max(most, heapBytes()-before); most > maxGrowthBytes {
			t.Fatalf("%d bytes are held after %d messages of the transcript", most, said/2)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatalf("read the transcript: %v", err)
		}
	}
	// One bracket opens the data.
	if said != 2*messages+1 {
		t.Errorf("the transcript has %d times, want %d", said-1, 2*messages)
	}
	return most
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// writeHistory makes a fixture with one conversation of that many messages,
// with ids from 1.
func writeHistory(t *testing.T, messages int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "long.ndjson")
	f, err := os.Create(path)
	if err != nil {
		t.Fatalf("create fixture: %v", err)
	}
	defer f.Close()
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	stamp := func(n int) string { return at.Add(time.Duration(n) * time.Second).Format(time.RFC3339) }
	fmt.Fprintf(f, `{"kind":"account","id":1,"name":"Long"}
{"kind":"agent","id":3,"account_id":1,"name":"Ann","identity_id":4}
{"kind":"token","account_id":1,"name":"t","token":"long-history-key"}
{"kind":"inbox","id":5,"account_id":1,"name":"Chat","channel":"web"}
{"kind":"contact","id":6,"account_id":1}
{"kind":"identity","id":7,"contact_id":6,"provider_type":6,"address":"visitor"}
{"kind":"conversation","id":8,"inbox_id":5,"identity_id":7,"primary_message_id":1,"created_at":%q}
`, stamp(0))
	for n := range messages {
		sender := `{"type":"contact","id":6}`
		if n%2 == 1 {
			sender = `{"type":"agent","id":3}`
		}
		fmt.Fprintf(f, `{"kind":"message","id":%d,"conversation_id":8,"sender":%s,"content":"%0300d","created_at":%q}`+"\n", n+1, sender, n, stamp(n))
	}
	return path
}
