package chatwoot_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/dialect/chatwoot"
	"parley/internal/httpx"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
	"parley/internal/testkit/testserver"
)

// filler makes a message some 300 bytes long.
var filler = strings.Repeat("of some length ", 20)

// writeFixture writes an account with an api inbox, appInbox, and a contact for
// each of sizes: source id c0, c1 ... Its conversations have as many messages
// as the numbers say, each with the text.
func writeFixture(t *testing.T, text string, sizes ...[]int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "big.ndjson")
	f, err := os.Create(file)
	if err != nil {
		t.Fatalf("create the fixture: %v", err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, `{"kind":"account","id":1,"name":"Harbour"}`)
	fmt.Fprintln(w, `{"kind":"agent","id":11,"account_id":1,"name":"Rui Costa","email":"rui@harbour.example"}`)
	fmt.Fprintf(w, `{"kind":"inbox","id":21,"account_id":1,"name":"App","channel":"api","identifier":%q}`+"\n", appInbox)
	conversations, messages := 0, 0
	for i, contact := range sizes {
		fmt.Fprintf(w, `{"kind":"contact","id":%d,"account_id":1,"name":"Contact %d","created_at":"2026-01-01T00:00:00Z"}`+"\n", 100+i, i)
		fmt.Fprintf(w, `{"kind":"identity","id":%d,"contact_id":%d,"provider_type":6,"address":"c%d"}`+"\n", 100+i, 100+i, i)
		fmt.Fprintf(w, `{"kind":"contact_inbox","id":%d,"identity_id":%d,"inbox_id":21,"source_id":"c%d"}`+"\n", 100+i, 100+i, i)
		for _, n := range contact {
			conversations++
			fmt.Fprintf(w, `{"kind":"conversation","id":%d,"inbox_id":21,"identity_id":%d,"created_at":"2026-01-01T00:00:00Z"}`+"\n", conversations, 100+i)
			for range n {
				messages++
				sender := `{"type":"contact"}`
				if messages%2 == 0 {
					sender = `{"type":"agent","id":11}`
				}
				fmt.Fprintf(w, `{"kind":"message","id":%d,"conversation_id":%d,"sender":%s,"content":"Message %d %s","created_at":"2026-01-01T00:00:00Z"}`+"\n",
					messages, conversations, sender, messages, text)
			}
		}
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatalf("write the fixture: %v", err)
	}
	return file
}

// TestLongListsAreWhole: many conversations, long ones and empty ones, come
// over the pages in which they are read, each once and in order.
func TestLongListsAreWhole(t *testing.T) {
	t.Parallel()
	sizes := [][]int{ // messages by conversation; a read brings 50 conversations, or 200 messages
		repeat(50, 1), repeat(100, 0), repeat(101, 3), {199, 1, 200, 0, 201, 400, 3, 0, 601}, repeat(49, 6),
	}
	file := writeFixture(t, filler, sizes...)
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testserver.Start(t, engine, file)
			conversation, message := 0, 0
			for i, want := range sizes {
				path := list(appInbox, fmt.Sprintf("c%d", i))
				got := s.Do(t, http.MethodGet, path)
				testkit.CheckResponse(t, dialect, http.MethodGet, path, got.Status, got.Header, got.Body)
				var body []struct {
					ID       int
					Messages []struct{ ID int }
				}
				if err := json.Unmarshal(got.Body, &body); err != nil {
					t.Fatalf("c%d: %v", i, err)
				}
				if len(body) != len(want) {
					t.Fatalf("c%d: %d conversations, want %d", i, len(body), len(want))
				}
				for j, c := range body {
					conversation++
					if c.ID != conversation || len(c.Messages) != want[j] {
						t.Fatalf("c%d: conversation %d with %d messages at place %d, want %d with %d", i, c.ID, len(c.Messages), j, conversation, want[j])
					}
					for _, m := range c.Messages {
						if message++; m.ID != message {
							t.Fatalf("c%d: message %d, want %d", i, m.ID, message)
						}
					}
				}
			}
		})
	}
}

func repeat(n, value int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = value
	}
	return s
}

// TestMemoryIsBounded: a contact with a very long conversation costs a page of
// it, however slowly the client reads.
//
//nolint:paralleltest // it measures the heap of the process: what runs beside it would count
func TestMemoryIsBounded(t *testing.T) {
	for engine, messages := range map[string]int{"sqlite": 50_000, "postgres": 10_000} {
		text := filler
		if testkit.Small() {
			messages, text = 2_500, strings.Repeat(filler, 8) // fewer rows, as many bytes
		}
		t.Run(engine, func(t *testing.T) {
			file := writeFixture(t, text, []int{messages})
			st := testserver.Open(t, engine)
			testserver.Import(t, st, file)
			const socketBytes = 128 << 10
			address := serve(t, st, socketBytes) + list(appInbox, "c0")
			readAll(t, address) // fills pools and caches
			base := heapBytes()

			resp := getSlowly(t, address, socketBytes)
			resp.hurry = true
			if tag := resp.Header.Get("ETag"); !strings.HasPrefix(tag, `W/"`) {
				t.Errorf("ETag = %q, want a weak tag", tag)
			}
			var most, total int64
			for {
				n, err := io.CopyN(io.Discard, resp.Body, 256<<10)
				most, total = max(most, heapBytes()-base), total+n
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("read the body: %v", err)
				}
			}
			t.Logf("%d bytes of body, heap grew by at most %d bytes", total, most)
			limit := int64(2 << 20)
			if total < limit*5/4 {
				t.Fatalf("the body has %d bytes, too few to tell", total)
			}
			if most > limit {
				t.Errorf("the heap grew by %d bytes during a body of %d, want at most %d", most, total, limit)
			}
		})
	}
}

// heapBytes returns what a collection of garbage finds in use. What a handler
// allocates while it runs counts as well, so the least of some collections is
// taken: soon it has filled the sockets and waits for the client.
func heapBytes() int64 {
	least := int64(math.MaxInt64)
	for range 4 {
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		least = min(least, int64(sample[0].Value.Uint64()))
	}
	return least
}

// TestSlowClientsHoldUpNobody: as many clients as the store has connections
// read the beginning of a long body, byte by byte, and then nothing; others are
// served meanwhile. The slow ones get their whole bodies in the end.
func TestSlowClientsHoldUpNobody(t *testing.T) {
	t.Parallel()
	file := writeFixture(t, filler, []int{500}, []int{1})
	const connections = 2
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := openWith(t, engine, connections)
			testserver.Import(t, st, file)
			watched := &watchedStore{Store: st}
			slowServer, fastServer := serve(t, watched, socketBytes), serve(t, st, socketBytes)
			big, small := list(appInbox, "c0"), list(appInbox, "c1")

			want := readAll(t, slowServer+big)
			pages := watched.pages.Swap(0)
			clients := make([]*slowClient, connections)
			begun := make([]byte, 100)
			for i := range clients {
				clients[i] = getSlowly(t, slowServer+big, socketBytes)
				if _, err := io.ReadFull(clients[i].Body, begun); err != nil {
					t.Fatalf("read the first bytes: %v", err)
				}
			}
			for range 20 {
				if got := readAll(t, fastServer+small); len(got) == 0 || got[0] != '[' {
					t.Fatalf("the small body is %q", got)
				}
			}
			if got := readAll(t, fastServer+big); got != want {
				t.Errorf("a fast client beside slow ones got %d bytes, want %d", len(got), len(want))
			}
			if now := watched.pages.Load(); now == 0 || now >= connections*pages {
				t.Fatalf("the slow clients' bodies are read already: %d pages of %d", now, connections*pages)
			}
			for i, c := range clients {
				c.hurry = true
				rest, err := io.ReadAll(c.Body)
				if got := string(begun) + string(rest); err != nil || got != want {
					t.Errorf("slow client %d got %d bytes and error %v, want %d bytes", i, len(got), err, len(want))
				}
			}
		})
	}
}

// TestClientHangsUp: a client that leaves in the middle leaves nothing behind.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	file := writeFixture(t, filler, []int{500})
	st := openWith(t, "sqlite", 1)
	testserver.Import(t, st, file)
	address := serve(t, st, socketBytes) + list(appInbox, "c0")
	want := readAll(t, address)
	for range 5 {
		c := getSlowly(t, address, socketBytes)
		if _, err := io.ReadFull(c.Body, make([]byte, 10)); err != nil {
			t.Fatalf("read ten bytes: %v", err)
		}
		if err := c.conn.Close(); err != nil {
			t.Fatalf("hang up: %v", err)
		}
	}
	if got := readAll(t, address); got != want {
		t.Errorf("got %d bytes afterwards, want %d", len(got), len(want))
	}
}

// TestFailureInTheMiddleCutsTheConnection: a body that cannot be finished must
// not look whole.
func TestFailureInTheMiddleCutsTheConnection(t *testing.T) {
	t.Parallel()
	file := writeFixture(t, filler, []int{600})
	testserverEach(t, file, func(t *testing.T, st store.Store) {
		watched := &watchedStore{Store: st}
		address := serve(t, watched, socketBytes) + list(appInbox, "c0")
		want := readAll(t, address)
		pages := watched.pages.Load()
		for page := range pages {
			watched.pages.Store(0)
			watched.failAt.Store(page + 1)
			resp := get(t, address)
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if page == 0 {
				if resp.StatusCode != http.StatusInternalServerError || err != nil || string(got) != `{"status":500,"error":"Internal Server Error"}` {
					t.Errorf("first page: answered %d %.100s, error %v; want a whole 500", resp.StatusCode, got, err)
				}
				continue
			}
			if resp.StatusCode != http.StatusOK || !errors.Is(err, io.ErrUnexpectedEOF) || len(got) >= len(want) {
				t.Errorf("page %d: answered %d with %d bytes of %d, error %v; want 200 and an unexpected end",
					page+1, resp.StatusCode, len(got), len(want), err)
			}
		}
	})
}

// testserverEach runs the test on a store of each engine with the fixture.
func testserverEach(t *testing.T, file string, run func(t *testing.T, st store.Store)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			testserver.Import(t, st, file)
			run(t, st)
		})
	}
}

// openWith opens an empty store with so many reading connections.
func openWith(t *testing.T, engine string, connections int) store.Store {
	t.Helper()
	var st store.Store
	var err error
	if engine == "sqlite" {
		st, err = sqlite.OpenStore(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "parley.db"), ReadPool: connections})
	} else {
		st, err = postgres.OpenStore(t.Context(), postgres.Options{URL: migrated.Postgres(t), MaxConns: connections})
	}
	if err != nil {
		t.Fatalf("open %s store: %v", engine, err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close %s store: %v", engine, err)
		}
	})
	return st
}

// serve runs the dialect alone behind sockets that hold so much, and returns
// its address.
func serve(t *testing.T, st store.Store, socketBytes int) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(chatwoot.New(chatwoot.Deps{
		Conversations: conversation.NewReads(st), Contacts: contact.NewReads(st), Gate: httpx.NewGate(nil, nil, nil), Log: testserver.Log(t),
	}))
	srv.Listener = smallSockets{srv.Listener, socketBytes}
	srv.Start()
	t.Cleanup(srv.Close) // waits for every handler
	return srv.URL
}

const (
	// socketBytes is far less than a long body.
	socketBytes = 16 << 10
	// patience is how long a request may take before the test fails: a fault
	// must show as a failure, not as a test that hangs.
	patience = 3 * time.Minute
)

// smallSockets is a listener whose connections buffer little of what is sent.
type smallSockets struct {
	net.Listener

	bytes int
}

func (l smallSockets) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		err = tcp.SetWriteBuffer(l.bytes)
	}
	return conn, err
}

func get(t *testing.T, address string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatalf("new request: %v", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	return resp
}

func readAll(t *testing.T, address string) string {
	t.Helper()
	resp := get(t, address)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET answered %d, error %v", resp.StatusCode, err)
	}
	return string(body)
}

// slowClient is an answer over a connection of its own that takes in little.
type slowClient struct {
	*http.Response

	conn  net.Conn
	hurry bool // reads as much as there is, instead of byte by byte
}

// Read implements io.Reader for the answer's bytes.
func (c *slowClient) Read(p []byte) (int, error) {
	if !c.hurry {
		p = p[:min(len(p), 1)]
	}
	return c.conn.Read(p)
}

// getSlowly sends a request and reads the header of its answer, over a socket
// that holds so much.
func getSlowly(t *testing.T, address string, socketBytes int) *slowClient {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("parse the address: %v", err)
	}
	var dialer net.Dialer
	c := &slowClient{}
	if c.conn, err = dialer.DialContext(t.Context(), "tcp", u.Host); err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	if tcp, ok := c.conn.(*net.TCPConn); !ok || tcp.SetReadBuffer(socketBytes) != nil {
		t.Fatalf("cannot set the read buffer of a %T", c.conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatalf("set the deadline: %v", err)
	}
	if _, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.RequestURI(), u.Host); err != nil {
		t.Fatalf("send the request: %v", err)
	}
	if c.Response, err = http.ReadResponse(bufio.NewReaderSize(c, 16), nil); err != nil || c.StatusCode != http.StatusOK {
		t.Fatalf("read the answer: %v", err)
	}
	return c
}

// watchedStore counts the pages of entries that were read, and fails at the
// one asked for.
type watchedStore struct {
	store.Store

	pages  atomic.Int64
	failAt atomic.Int64 // 0 = never
}

func (w *watchedStore) ListEntries(ctx context.Context, account int64, q store.EntryQuery) ([]core.Entry, error) {
	if n := w.pages.Add(1); n == w.failAt.Load() {
		return nil, &core.Error{Kind: core.Internal, Err: errBroken}
	}
	return w.Store.ListEntries(ctx, account, q)
}
