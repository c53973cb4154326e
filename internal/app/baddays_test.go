//go:build unix

package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// The account of these tests, and what its programs ask for.
const (
	harbourFixture = "../dialect/commbox/testdata/fixture.ndjson"
	harbourKey     = "harbour-site-key-0001"
	harbourUUID    = "0d6c0a4e-6f1b-4a57-9d53-1f2f3f4f5f61"
)

// probes ask the database through each door.
var probes = []struct {
	path   string
	status int    // while all is well
	body   string // of the answer while the database is gone: it tells nothing of why
}{
	{
		"/v2/users/identities/558355/objects", http.StatusOK,
		`{"status":500,"description":"Operation failed","response_time":"2026-03-01T09:00:05.123Z"}`,
	},
	{
		"/public/api/v1/inboxes/nobody/contacts/nobody/conversations", http.StatusNotFound,
		`{"status":500,"error":"Internal Server Error"}`,
	},
	{
		"/api/agents/customerSupport/conversations?site_id=" + harbourUUID, http.StatusOK,
		// The key is remembered: see auth.Tokens.
		`{"success":false,"error":{"code":"DATABASE_ERROR","message":"Error querying the database"}}`,
	},
	{"/readyz", http.StatusOK, ""},
	{"/healthz", http.StatusOK, ""},
}

// wantWell asks through each door and expects answers as on any day.
func wantWell(t *testing.T, s *testserver.Server) {
	t.Helper()
	for _, p := range probes {
		if got := s.Do(t, http.MethodGet, p.path, "Authorization", "Bearer "+harbourKey); got.Status != p.status {
			t.Errorf("%s answered %d %s, want %d", p.path, got.Status, got.Body, p.status)
		}
	}
}

// wantGone asks through each door and expects to hear that it cannot be
// answered now, in the dialect's own shape.
func wantGone(t *testing.T, s *testserver.Server) {
	t.Helper()
	for _, p := range probes {
		status, body := http.StatusInternalServerError, p.body
		switch p.path {
		case "/readyz":
			status, body = http.StatusServiceUnavailable, "not ready\n"
		case "/healthz":
			status, body = http.StatusOK, "ok\n" // the process lives
		}
		got := s.Do(t, http.MethodGet, p.path, "Authorization", "Bearer "+harbourKey)
		if got.Status != status || string(got.Body) != body {
			t.Errorf("without a database %s answered %d %s, want %d %s", p.path, got.Status, got.Body, status, body)
		}
	}
}

// recorder keeps the lines of appendTo.
type recorder struct {
	mu    sync.Mutex
	lines []string      // guarded by mu
	more  chan struct{} // has something after each line
}

func newRecorder() *recorder { return &recorder{more: make(chan struct{}, 1)} }

// Write implements io.Writer: each call is one line.
func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, strings.TrimSuffix(string(b), "\n"))
	select {
	case r.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (r *recorder) acknowledged(t *testing.T) []acknowledged {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]acknowledged, len(r.lines))
	for i, line := range r.lines {
		all[i] = parseAcknowledged(t, line)
	}
	return all
}

// waitFor returns when n more lines than now were written.
func (r *recorder) waitFor(n int) {
	count := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.lines)
	}
	for target := count() + n; count() < target; {
		<-r.more
	}
}

// TestLostDatabase takes PostgreSQL away under writers and readers, leaves it
// away for a while, and brings it back. Whoever calls meanwhile is told to come
// back; afterwards all goes on by itself, and nothing that was acknowledged is
// missing.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	server := testkit.StartPostgres(t)
	st, err := openAt(t.Context(), "postgres", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	testserver.Import(t, st, harbourFixture)
	s := testserver.Serve(t, st, "postgres")
	wantWell(t, s)

	acks := newRecorder()
	var (
		writers sync.WaitGroup
		stopped atomic.Bool
		failed  atomic.Int64
		back    atomic.Pointer[chan struct{}] // closed while the database is there
	)
	leave := func() chan struct{} {
		c := make(chan struct{})
		back.Store(&c)
		return c
	}
	came := leave()
	close(came)
	for i := range crashWriters {
		writers.Go(func() {
			for n := 0; !stopped.Load(); n++ {
				err := appendTo(t.Context(), st, acks, fmt.Sprintf("round %d, writer %d", n, i), 20)
				if err == nil {
					continue
				}
				failed.Add(1)
				if core.KindOf(err) != core.Unavailable {
					t.Errorf("writing to a lost database: %v", err)
				}
				<-*back.Load()
			}
		})
	}
	for range 3 {
		acks.waitFor(100)
		came = leave()
		server.Stop(t)
		for range 20 { // more than there are connections that were cut
			wantGone(t, s)
		}
		server.Start(t)
		close(came)
	}
	acks.waitFor(100)
	stopped.Store(true)
	writers.Wait()

	wantWell(t, s)
	t.Logf("%d acknowledged, %d refused", len(acks.acknowledged(t)), failed.Load())
	if failed.Load() == 0 {
		t.Error("nobody noticed that the database was gone")
	}
	wantAll(t, st, acks.acknowledged(t))
	wantOnce(t, st, acks.acknowledged(t), int(failed.Load()))
	healthy(t, st)
}

// TestAnotherProcessHoldsTheFile has a tool lock the SQLite database, as one
// that copies it may: readers do not notice, a writer waits until it is over.
func TestAnotherProcessHoldsTheFile(t *testing.T) {
	t.Parallel()
	v := victim{engine: "sqlite", where: t.TempDir()}
	v.inspect(t, func(st store.Store) { holdAndRelease(t, st, filepath.Join(v.where, sqlite.FileName)) })
}

func holdAndRelease(t *testing.T, st store.Store, path string) {
	t.Helper()
	testserver.Import(t, st, harbourFixture)
	s := testserver.Serve(t, st, "sqlite")
	other := testkit.StartHelper(t, "hold", whereEnv+"="+path)
	if line := other.Line(t); line != "held" {
		t.Fatalf("the other process said %q", line)
	}
	acks := newRecorder()
	written := make(chan error, 1)
	go func() { written <- appendTo(context.WithoutCancel(t.Context()), st, acks, "round 0", 3) }()
	wantWell(t, s)
	select {
	case err := <-written:
		t.Errorf("somebody wrote into the locked file: %v", err)
	default:
	}
	// A caller who gives up leaves nothing.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := appendTo(gone, st, acks, "round given up", 1); err == nil {
		t.Error("a caller who had gone was served")
	}
	other.Stop(t)
	if err := <-written; err != nil {
		t.Errorf("writing after the lock: %v", err)
	}
	wantOnce(t, st, acks.acknowledged(t), 0)
	if n := len(acks.acknowledged(t)); n != 3 {
		t.Errorf("%d entries were acknowledged, want 3", n)
	}
	healthy(t, st)
}

// holdTheFile is the helper: it takes the write lock of a SQLite database and
// keeps it until it is asked to end.
func holdTheFile(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	db, err := sql.Open("sqlite", os.Getenv(whereEnv))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, "held"); err != nil {
		return err
	}
	<-ctx.Done()
	_, err = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return err
}

// TestClockStepsBack writes and reads while the clock jumps to and fro by
// hours: positions and unread counts do not come from it.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			rng := testkit.Random(t)
			st := testserver.Open(t, engine)
			f := storetest.Seed(t, st)
			clock := testkit.NewClock(testserver.Now.Std())
			writes := conversation.NewWrites(st, func() core.Time { return core.TimeOf(clock.Now()) })

			want, err := st.Conversation(t.Context(), f.Account.ID, f.Chat.ID)
			if err != nil {
				t.Fatal(err)
			}
			last, forContact, forAgents := want.LastPosition, want.ContactUnread(), want.AgentUnread()
			for i := range 150 {
				clock.Advance(time.Duration(rng.Int64N(int64(10*time.Hour))) - 7*time.Hour)
				var err error
				switch sender := (core.Actor{Type: core.ActorContact}); rng.IntN(5) {
				case 0:
					_, err = writes.Append(t.Context(), f.Account.ID, conversation.NewEntry{ConversationID: f.Chat.ID, Kind: core.Message, Sender: sender, Content: "hello"})
					last, forContact, forAgents = last+1, 0, forAgents+1
				case 1, 2:
					sender = core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
					_, err = writes.Append(t.Context(), f.Account.ID, conversation.NewEntry{ConversationID: f.Chat.ID, Kind: core.Message, Sender: sender, Content: "hello"})
					last, forContact = last+1, forContact+1
				case 3:
					_, err = writes.ReadUpTo(t.Context(), f.Account.ID, f.Chat.ID, conversation.Reader{Side: core.ContactSide}, 0)
					forContact = 0
				case 4:
					_, err = writes.ReadUpTo(t.Context(), f.Account.ID, f.Chat.ID, conversation.Reader{Side: core.AgentSide}, 0)
					forAgents = 0
				}
				if err != nil {
					t.Fatal(err)
				}
				got, err := st.Conversation(t.Context(), f.Account.ID, f.Chat.ID)
				if err != nil || got.LastPosition != last || got.ContactUnread() != forContact || got.AgentUnread() != forAgents {
					t.Fatalf("step %d: last position %d, unread %d and %d, %v; want %d, %d and %d",
						i, got.LastPosition, got.ContactUnread(), got.AgentUnread(), err, last, forContact, forAgents)
				}
			}
			entries, err := st.ListEntries(t.Context(), f.Account.ID, store.EntryQuery{ConversationIDs: []int64{f.Chat.ID}, Limit: 1000})
			if err != nil || int64(len(entries)) != last {
				t.Fatalf("%d entries, %v, want %d", len(entries), err, last)
			}
			for i := range entries {
				if entries[i].Position != int64(i+1) {
					t.Errorf("entry %d has position %d", i+1, entries[i].Position)
				}
			}
			healthy(t, st)
		})
	}
}
