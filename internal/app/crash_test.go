//go:build unix

package app_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

const (
	// crashWriters is how many goroutines of the killed process write at once,
	// so that commands share transactions.
	crashWriters = 8
	// maxAcknowledged is how many acknowledgements a process gets to make at
	// most, maxDelay how long after the last of them it dies.
	maxAcknowledged = 120
	maxDelay        = 3 * time.Millisecond
	// startTime is about how long a process takes to start: some die in it.
	startTime = 100 * time.Millisecond
)

// crashes is how often the process is killed on each engine.
func crashes() int {
	if testkit.Small() {
		return 10
	}
	return 50
}

// acknowledged is one line of the helper: an entry that Append has returned.
type acknowledged struct {
	id, conversation int64
	content          string
}

// victim is a database and how a process that writes to it dies.
type victim struct {
	engine, where string
	server        *testkit.PostgresServer // nil on SQLite
}

// TestAcknowledgedSurvivesKills kills a writing process at random moments, also
// while it starts, and on PostgreSQL now and then the server under it:
// everything that was acknowledged is there exactly once, and what was not is
// whole or absent.
func TestAcknowledgedSurvivesKills(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			rng := testkit.Random(t)
			v := victim{engine: engine, where: t.TempDir()}
			if engine == "postgres" {
				v.server = testkit.StartPostgres(t)
				v.where = v.server.URL
			}
			v.inspect(t, func(st store.Store) { storetest.Seed(t, st) })
			var all []acknowledged
			rounds := crashes()
			for round := range rounds {
				n, delay := rng.IntN(maxAcknowledged), time.Duration(rng.Int64N(int64(maxDelay)))
				if rng.IntN(5) == 0 {
					n, delay = 0, time.Duration(rng.Int64N(int64(startTime)))
				}
				got := v.killAfter(t, fmt.Sprint("round ", round), n, delay, round%8 == 7)
				all = append(all, got...)
				v.inspect(t, func(st store.Store) {
					wantAll(t, st, got)
					if round%10 == 9 || round == rounds-1 {
						wantOnce(t, st, all, (round+1)*crashWriters)
						healthy(t, st)
					}
				})
				if t.Failed() {
					t.Fatalf("after kill %d of %d, %d acknowledgements and %s", round+1, rounds, n, delay)
				}
			}
			t.Logf("%d kills, %d acknowledged", rounds, len(all))
			if len(all) < rounds {
				t.Errorf("%d acknowledgements in %d rounds prove little", len(all), rounds)
			}
			if engine == "sqlite" {
				wantSoundFile(t, filepath.Join(v.where, sqlite.FileName))
			}
		})
	}
}

// inspect opens the store, as a start after the kill does, and closes it.
func (v victim) inspect(t *testing.T, look func(st store.Store)) {
	t.Helper()
	st, err := openAt(t.Context(), v.engine, v.where)
	if err != nil {
		t.Fatalf("open the %s store: %v", v.engine, err)
	}
	look(st)
	if err := st.Close(); err != nil {
		t.Errorf("close the %s store: %v", v.engine, err)
	}
}

// killAfter runs the helper until it has acknowledged n entries, kills it delay
// later, and returns all that it acknowledged. With serverToo a database server
// is killed first, and started again.
func (v victim) killAfter(t *testing.T, tag string, n int, delay time.Duration, serverToo bool) []acknowledged {
	t.Helper()
	serverToo = serverToo && v.server != nil
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), testkit.HelperEnv+"=append", engineEnv+"="+v.engine, whereEnv+"="+v.where, tagEnv+"="+tag)
	if !serverToo { // else it may say, before it dies, that the database is gone
		cmd.Stderr = os.Stderr
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []acknowledged
	lines := bufio.NewScanner(out)
	for len(got) < n && lines.Scan() {
		got = append(got, parseAcknowledged(t, lines.Text()))
	}
	time.Sleep(delay) // the moment is what the test varies: nothing is waited for
	if serverToo {
		v.server.Stop(t)
		defer v.server.Start(t)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	for lines.Scan() { // what it had said before it died
		got = append(got, parseAcknowledged(t, lines.Text()))
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL && !serverToo {
		t.Fatalf("the process ended by itself: %v", err)
	}
	return got
}

func parseAcknowledged(t *testing.T, line string) acknowledged {
	t.Helper()
	var a acknowledged
	if _, err := fmt.Sscanf(line, "%d %d", &a.id, &a.conversation); err != nil {
		t.Fatalf("the process said %q: %v", line, err)
	}
	_, a.content, _ = strings.Cut(line, "\t")
	return a
}

// wantAll looks for each acknowledged entry under its id.
func wantAll(t *testing.T, st store.Store, want []acknowledged) {
	t.Helper()
	for _, a := range want {
		e, err := st.Entry(t.Context(), 1, a.id)
		if err != nil || e.Content != a.content || e.ConversationID != a.conversation {
			t.Errorf("acknowledged %+v, stored %+v, %v", a, e, err)
		}
	}
}

// wantOnce looks through all entries for those of helpers: each text once, none
// of the acknowledged ones missing, and at most spare others, which were on
// their way when a process died.
func wantOnce(t *testing.T, st store.Store, want []acknowledged, spare int) {
	t.Helper()
	found := map[string]int{}
	for e := range helperEntries(t, st) {
		found[e.Content]++
	}
	for content, n := range found {
		if n != 1 {
			t.Errorf("%q is stored %d times", content, n)
		}
	}
	for _, a := range want {
		if found[a.content] == 0 {
			t.Errorf("acknowledged and not stored: %+v", a)
		}
		delete(found, a.content)
	}
	if len(found) > spare {
		t.Errorf("%d entries that nobody acknowledged, at most %d were on their way", len(found), spare)
	}
}

// helperEntries yields every entry that a helper wrote.
func helperEntries(t *testing.T, st store.Store) func(yield func(core.Entry) bool) {
	t.Helper()
	return func(yield func(core.Entry) bool) {
		var conversations []core.Conversation
		for after := int64(0); ; after = conversations[len(conversations)-1].ID {
			page, err := st.PageConversations(t.Context(), 1, after, 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			conversations = append(conversations, page...)
		}
		for i := range conversations {
			q := store.EntryQuery{ConversationIDs: []int64{conversations[i].ID}, Limit: 500}
			for {
				entries, err := st.ListEntries(t.Context(), 1, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if strings.HasPrefix(e.Content, "round ") && !yield(e) {
						return
					}
				}
				if len(entries) < q.Limit {
					break
				}
				q.After = entries[len(entries)-1].Position
			}
		}
	}
}

// wantSoundFile has SQLite look through the closed database file.
func wantSoundFile(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check of %s: %s, %v", path, verdict, err)
	}
}

// appendUntilKilled is the helper: it appends to all conversations of the first
// account from several goroutines, and says each entry that was acknowledged.
func appendUntilKilled(ctx context.Context) error {
	st, err := openAt(ctx, os.Getenv(engineEnv), os.Getenv(whereEnv))
	if err != nil {
		return err
	}
	failed := make(chan error)
	for i := range crashWriters {
		go func() { failed <- appendTo(ctx, st, os.Stdout, fmt.Sprintf("%s, writer %d", os.Getenv(tagEnv), i), 0) }()
	}
	return <-failed
}

// appendTo appends n entries (0 = until it fails) to the conversations of the
// first account, by its contacts and agents in turn, and writes a line for
// each that was acknowledged. Now and then a side reads.
func appendTo(ctx context.Context, st store.Store, out io.Writer, tag string, n int) error {
	conversations, err := st.PageConversations(ctx, 1, 0, 100)
	if err != nil {
		return err
	}
	agents, err := st.PageAgents(ctx, 1, 0, 100)
	if err != nil {
		return err
	}
	agents = slices.DeleteFunc(agents, func(a core.Agent) bool { return a.DeletedAt.IsSet() }) // they say nothing any more
	clock := func() core.Time { return core.TimeOf(time.Now()) }
	writes := conversation.NewWrites(st, clock)
	for i := 0; n == 0 || i < n; i++ {
		c := conversations[i%len(conversations)].ID
		in := conversation.NewEntry{
			ConversationID: c, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Content: fmt.Sprintf("%s, entry %d", tag, i),
		}
		if i%3 > 0 {
			in.Sender = core.Actor{Type: core.ActorAgent, ID: agents[i%len(agents)].ID}
		}
		if i%7 == 4 {
			in.Kind, in.Sender = core.Note, core.Actor{Type: core.ActorAgent, ID: agents[0].ID}
		}
		e, err := writes.Append(ctx, 1, in)
		if err != nil {
			return err
		}
		// One write a line: lines of goroutines do not mix, and none is cut.
		if _, err := io.WriteString(out, fmt.Sprintf("%d %d\t%s\n", e.ID, c, e.Content)); err != nil {
			return err
		}
		if i%5 == 4 {
			side := core.AgentSide
			if i%2 == 0 {
				side = core.ContactSide
			}
			if _, err := writes.ReadUpTo(ctx, 1, c, conversation.Reader{Side: side}, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendOneByOne is the helper of TestSyncedBeforeAcknowledged.
func appendOneByOne(ctx context.Context) error {
	st, err := openAt(ctx, os.Getenv(engineEnv), os.Getenv(whereEnv))
	if err != nil {
		return err
	}
	if err := appendTo(ctx, st, os.Stdout, os.Getenv(tagEnv), tracedWrites); err != nil {
		return err
	}
	return st.Close()
}

const tracedWrites = 40
