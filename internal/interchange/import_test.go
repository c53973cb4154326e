package interchange

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/store"
)

// smallFile has a record of every kind but the installation.
var smallFile = lines(
	`{"kind":"account","id":1,"uuid":"00000000-0000-4000-8000-000000000001","name":"Acme","locale":"en","timezone":"UTC","settings":{"a": 1,  "b":[]},"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"Ann@Acme.test","role":"administrator","identity_id":1,"provider_type":4,"address":"ann@acme.test","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":2,"account_id":1,"type":"bot","name":"Robo","identity_id":2,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"token","account_id":1,"name":"ci","agent_id":1,"token":"0123456789abcdef","scopes":["read"]}`,
	`{"kind":"team","id":1,"account_id":1,"name":"Support","agent_ids":[2,1]}`,
	`{"kind":"label_group","id":1,"account_id":1,"name":"Mood"}`,
	`{"kind":"label","id":1,"account_id":1,"title":"angry","group_id":1,"type":3,"color":"#f00"}`,
	`{"kind":"label","id":2,"account_id":1,"title":"vip"}`,
	`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web","working_hours":[ {"day":1} ]}`,
	`{"kind":"sub_inbox","id":1,"inbox_id":1,"name":"Sales"}`,
	`{"kind":"canned_response","id":1,"account_id":1,"short_code":"hi","content":"Hello"}`,
	`{"kind":"attribute_definition","id":1,"account_id":1,"applies_to":"contact","key":"plan","name":"Plan","type":"list","options":["free","paid"]}`,
	`{"kind":"webhook","id":1,"account_id":1,"url":"https://hooks.test/x","events":["message.created"],"secret":"s"}`,
	`{"kind":"contact","id":3,"account_id":1,"name":"Zoë","email":"Zoe@X.test","labels":["vip",1],"ext":{"commbox":{"content":{"k":  "v"}}},"created_at":"2024-01-02T00:00:00.123456789Z"}`,
	`{"kind":"identity","id":3,"contact_id":3,"provider_type":6,"address":"z-1"}`,
	`{"kind":"contact_inbox","id":1,"identity_id":3,"inbox_id":1,"source_id":"src-1"}`,
	`{"kind":"conversation","id":1,"inbox_id":1,"sub_inbox_id":1,"identity_id":3,"contact_inbox_id":1,"status":"resolved","labels":["angry"],"assignee_id":1,"team_id":1,"primary_message_id":1,"created_at":"2024-01-03T00:00:00Z"}`,
	`{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact","identity_id":3},"content":"Hi\u0021 \ud83d\ude00","created_at":"2024-01-03T00:00:01Z"}`,
	`{"kind":"attachment","id":1,"message_id":1,"file_type":"image","url":"https://x.test/a.png","width":3,"height":4,"meta":{ }}`,
	`{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":2},"content":"Hello","created_at":"2024-01-03T00:00:02Z"}`,
	`{"kind":"message","id":3,"conversation_id":1,"sender":{"type":"agent","id":1},"visibility":"note","content":"rude","created_at":"2024-01-03T00:00:03Z"}`,
	`{"kind":"activity","id":4,"conversation_id":1,"code":"status_changed","params":{"to":"resolved"},"actor":{"type":"agent","id":1},"created_at":"2024-01-03T00:00:04Z"}`,
	`{"kind":"read_cursor","conversation_id":1,"agent_id":1,"message_id":1}`,
)

func TestEveryKind(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		sum := mustImport(t, st, smallFile)
		out := mustExport(t, st)
		if got := sum.Records(); got != 23 || sum.Lines != 23 || sum.LastLine != 23 || sum.Skipped != 0 || sum.Stored("message") != 3 {
			t.Errorf("summary: %+v", sum)
		}
		// Raw JSON keeps its spaces, text its characters, time six digits.
		for _, want := range []string{
			`"settings":{"a": 1,  "b":[]}`, `"working_hours":[ {"day":1} ]`, `"ext":{"commbox":{"content":{"k":  "v"}}}`, `"meta":{ }`,
			`"name":"Zoë"`, `"content":"Hi! 😀"`, `"email":"zoe@x.test","labels":["vip","angry"]`, `"created_at":"2024-01-02T00:00:00.123456Z"`,
			`"token_hash":"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"`,
		} {
			if !strings.Contains(out, want) {
				t.Errorf("the export lacks %s", want)
			}
		}
		again := openSQLite(t)
		mustImport(t, again, out)
		equalText(t, "export of the import of the export", mustExport(t, again), out)
	})
}

// TestReceivedNames: a channel that delivers again what was imported is known,
// and of two that an inbox calls alike the first is meant.
func TestReceivedNames(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, smallFile+
			`{"kind":"message","id":5,"conversation_id":1,"sender":{"type":"contact"},"content":"one","external_id":"m-1","created_at":"2024-01-03T00:00:05Z"}`+"\n"+
			`{"kind":"conversation","id":2,"inbox_id":1,"identity_id":3,"created_at":"2024-01-04T00:00:00Z"}`+"\n"+
			`{"kind":"message","id":6,"conversation_id":2,"sender":{"type":"contact"},"content":"two","external_id":"m-1","created_at":"2024-01-04T00:00:01Z"}`+"\n"+
			`{"kind":"message","id":7,"conversation_id":2,"sender":{"type":"contact"},"content":"three","external_id":"m-2","created_at":"2024-01-04T00:00:02Z"}`+"\n")
		for name, want := range map[string]int64{"m-1": 5, "m-2": 7} {
			if err := st.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
				got, ok, err := tx.FindReceived(ctx, 1, 1, name)
				if !ok || got != want {
					t.Errorf("%s means %d, %t; want %d", name, got, ok, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestImportTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, smallFile)
		out := mustExport(t, st)
		account, events := accountOne(t, st), eventsOfOne(t, st)
		for _, text := range []string{smallFile, out} {
			sum, err := Import(t.Context(), st, strings.NewReader(text), later(testOptions()))
			if err != nil || sum.Records() != 0 || sum.Skipped == 0 || sum.Skipped != sum.Lines {
				t.Errorf("the second import: %+v", sum)
			}
			equalText(t, "export after the second import", mustExport(t, st), out)
			if diff := cmp.Diff(account, accountOne(t, st)); diff != "" {
				t.Errorf("the account changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(events, eventsOfOne(t, st)); diff != "" {
				t.Errorf("the log changed (-before +after):\n%s", diff)
			}
		}
	})
}

func accountOne(t testing.TB, st store.Store) core.Account {
	t.Helper()
	a, err := st.Account(t.Context(), 1)
	if err != nil {
		t.Fatalf("account: %v", err)
	}
	return a
}

func eventsOfOne(t testing.TB, st store.Store) []core.Event {
	t.Helper()
	events, err := st.ListEvents(t.Context(), 1, 0, 100)
	if err != nil {
		t.Fatalf("events: %v", err)
	}
	return events
}

func TestOneEventAndANewEpoch(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, smallFile)
		events := eventsOfOne(t, st)
		if len(events) != 1 {
			t.Fatalf("%d events, want one", len(events))
		}
		e, a := events[0], accountOne(t, st)
		data, _ := e.Data.(core.Import)
		if e.Type != core.AccountImported || e.At != testNow || data.Records != 23 || data.Account.Name != "Acme" {
			t.Errorf("the event is %+v", e)
		}
		if e.Epoch != a.Epoch || data.Account.Epoch != a.Epoch || a.Epoch == "" {
			t.Errorf("epochs: event %q, payload %q, account %q", e.Epoch, data.Account.Epoch, a.Epoch)
		}
		mustImport(t, st, lines(`{"kind":"team","account_id":1,"name":"New"}`))
		events, after := eventsOfOne(t, st), accountOne(t, st)
		if len(events) != 2 || events[1].Data.(core.Import).Records != 1 {
			t.Errorf("events after one record more: %+v", events)
		}
		if after.Epoch == a.Epoch {
			t.Error("the epoch is the old one")
		}
		if after.UpdatedAt != a.UpdatedAt {
			t.Error("the account's updated_at moved")
		}
	})
}

// TestGoOnAfterAFault imports a file whose middle is faulty, and then the
// corrected one.
func TestGoOnAfterAFault(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		opts := testOptions()
		opts.BatchRecords = 4
		all := strings.SplitAfter(smallFile, "\n")
		faulty := strings.Join(all[:18], "") + "oops\n" + strings.Join(all[18:], "")
		sum, err := Import(t.Context(), st, strings.NewReader(faulty), opts)
		var fault *LineError
		if !errors.As(err, &fault) || fault.Line != 19 {
			t.Fatalf("got %v, want a fault of line 19", err)
		}
		// The account, then batches of four: lines 2 to 17.
		if sum.LastLine != 17 || sum.Records() != 17 || !sum.Failed || sum.Lines != 19 {
			t.Errorf("summary: %+v", sum)
		}
		// What was stored is told of, although the import failed.
		if events := eventsOfOne(t, st); len(events) != 1 || events[0].Data.(core.Import).Records != 17 {
			t.Errorf("events after the fault: %+v", events)
		}
		sum, err = Import(t.Context(), st, strings.NewReader(smallFile), opts)
		if err != nil || sum.Skipped != 17 || sum.Records() != 6 {
			t.Errorf("going on: %+v, %v", sum, err)
		}
		if events := eventsOfOne(t, st); len(events) != 2 || events[1].Data.(core.Import).Records != 6 {
			t.Errorf("events after going on: %+v", events)
		}
		whole := openSQLite(t)
		mustImport(t, whole, smallFile)
		equalText(t, "after going on", withoutRandom(mustExport(t, st)), withoutRandom(mustExport(t, whole)))
	})
}

// TestGoOnAtEveryLine stops an import after each line, and goes on. What a
// conversation's record says of messages to come must hold all the same.
func TestGoOnAtEveryLine(t *testing.T) {
	t.Parallel()
	whole := openSQLite(t)
	mustImport(t, whole, cursorFile)
	want := withoutRandom(mustExport(t, whole))
	all := strings.SplitAfter(cursorFile, "\n")
	for stop := 1; stop < len(all)-1; stop += step(4) {
		st := openSQLite(t)
		faulty := strings.Join(all[:stop], "") + "\n{}\n"
		opts := testOptions()
		opts.BatchRecords = 1
		if sum, err := Import(t.Context(), st, strings.NewReader(faulty), opts); err == nil || sum.LastLine != int64(stop) {
			t.Fatalf("stop after %d: %+v, %v", stop, sum, err)
		}
		mustImport(t, st, cursorFile)
		equalText(t, "stopped after line "+all[stop-1], withoutRandom(mustExport(t, st)), want)
	}
}

// cursorFile has cursors of every sort, lowered ones and such that name
// messages further down.
var cursorFile = lines(
	`{"kind":"account","id":1,"name":"Acme","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"ann@acme.test","identity_id":1,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":2,"account_id":1,"name":"Bob","email":"bob@acme.test","identity_id":2,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"contact","id":3,"account_id":1,"name":"Zoe","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"identity","id":3,"contact_id":3,"provider_type":6,"address":"z-1","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"conversation","id":1,"inbox_id":1,"identity_id":3,"status":"resolved","primary_message_id":3,"contact_read_message_id":2,"agent_read_message_id":5,"first_response_at":"2023-01-01T00:00:00Z","updated_at":"2023-01-02T00:00:00Z","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"read_cursor","conversation_id":1,"agent_id":1,"message_id":1}`,
	`{"kind":"conversation","id":2,"inbox_id":1,"identity_id":3,"contact_last_seen_at":"2024-01-01T00:00:13Z","agent_last_seen_at":"2024-01-01T00:00:12Z","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact"},"position":1,"created_at":"2024-01-01T00:00:01Z"}`,
	`{"kind":"message","id":11,"conversation_id":2,"sender":{"type":"contact"},"created_at":"2024-01-01T00:00:11Z"}`,
	`{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":1},"position":2,"created_at":"2024-01-01T00:00:02Z"}`,
	`{"kind":"message","id":12,"conversation_id":2,"sender":{"type":"agent","id":1},"created_at":"2024-01-01T00:00:12Z"}`,
	`{"kind":"message","id":3,"conversation_id":1,"sender":{"type":"agent","id":2},"position":3,"created_at":"2024-01-01T00:00:03Z"}`,
	`{"kind":"message","id":13,"conversation_id":2,"sender":{"type":"contact"},"created_at":"2024-01-01T00:00:13Z"}`,
	`{"kind":"message","id":14,"conversation_id":2,"sender":{"type":"agent","id":1},"created_at":"2024-01-01T00:00:14Z"}`,
	`{"kind":"message","id":4,"conversation_id":1,"sender":{"type":"contact"},"position":4,"created_at":"2024-01-01T00:00:04Z"}`,
	`{"kind":"message","id":5,"conversation_id":1,"sender":{"type":"contact"},"position":5,"created_at":"2024-01-01T00:00:05Z"}`,
	`{"kind":"message","id":6,"conversation_id":1,"sender":{"type":"contact"},"position":6,"created_at":"2024-01-01T00:00:06Z"}`,
	`{"kind":"read_cursor","conversation_id":1,"agent_id":2,"message_id":0}`,
)

// replays runs every command twice: the first run is rolled back, as the store
// does when another command of the group fails.
type replays struct{ store.Store }

var errReplay = errors.New("run it again")

func (r replays) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	err := r.Store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return errReplay
	})
	if !errors.Is(err, errReplay) {
		return err
	}
	return r.Store.InTx(ctx, account, fn)
}

func TestReplayedBatches(t *testing.T) {
	t.Parallel()
	for _, text := range []string{smallFile, cursorFile} {
		once, twice := openSQLite(t), openSQLite(t)
		sum := mustImport(t, once, text)
		if again := mustImport(t, replays{twice}, text); again != sum {
			t.Errorf("summaries: once %+v, twice %+v", sum, again)
		}
		equalText(t, "replayed", withoutRandom(mustExport(t, twice)), withoutRandom(mustExport(t, once)))
		if got := eventsOfOne(t, twice); len(got) != 1 || got[0].Data.(core.Import).Records != sum.Records() {
			t.Errorf("events: %+v", got)
		}
	}
}

// crashes fails the n-th command and all after it, as a process that is killed
// does.
type crashes struct {
	store.Store
	left int
}

var errCrash = errors.New("killed")

func (c *crashes) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	if c.left--; c.left < 0 {
		return errCrash
	}
	return c.Store.InTx(ctx, account, fn)
}

func TestGoOnAfterACrash(t *testing.T) {
	t.Parallel()
	whole := openSQLite(t)
	mustImport(t, whole, cursorFile)
	want := withoutRandom(mustExport(t, whole))
	opts := testOptions()
	opts.BatchRecords = 5
	for n := 0; ; n += step(3) {
		st := openSQLite(t)
		_, err := Import(t.Context(), &crashes{st, n}, strings.NewReader(cursorFile), opts)
		if err == nil {
			if n < 6 {
				t.Errorf("the import took %d commands", n)
			}
			return
		}
		if !errors.Is(err, errCrash) {
			t.Fatalf("crash after %d: %v", n, err)
		}
		if _, err := Import(t.Context(), st, strings.NewReader(cursorFile), opts); err != nil {
			t.Fatalf("go on after %d: %v", n, err)
		}
		equalText(t, "after the crash", withoutRandom(mustExport(t, st)), want)
		// Every record is told of, the ones from before the crash too.
		var records int64
		for _, e := range eventsOfOne(t, st) {
			records += e.Data.(core.Import).Records
		}
		if records != int64(strings.Count(cursorFile, "\n")) {
			t.Errorf("crash after %d: the events tell of %d records", n, records)
		}
	}
}

func TestCancelledImport(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	opts := testOptions()
	opts.BatchRecords = 1
	opts.Progress = func(s Summary) {
		if s.LastLine == 5 {
			cancel()
		}
	}
	sum, err := Import(ctx, st, strings.NewReader(smallFile), opts)
	if !errors.Is(err, context.Canceled) || sum.LastLine != 5 {
		t.Fatalf("got %+v, %v", sum, err)
	}
	if events := eventsOfOne(t, st); len(events) != 1 {
		t.Errorf("events: %+v", events)
	}
}

func TestSummaryJSON(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	sum := mustImport(t, st, smallFile+"\n  \n"+`{"kind":"team","account_id":1,"name":"Support"}`)
	got, err := json.Marshal(sum)
	const want = `{"lines":26,"accounts":1,"profiles":0,"agents":2,"tokens":1,"teams":1,"label_groups":1,"labels":2,"inboxes":1,"sub_inboxes":1,` +
		`"canned_responses":1,"attribute_definitions":1,"webhooks":1,"contacts":1,"identities":1,"contact_inboxes":1,"conversations":1,"messages":3,"activities":1,` +
		`"attachments":1,"read_cursors":1,"installations":0,"skipped":1,"seconds":0.000}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	sum, err = Import(t.Context(), st, strings.NewReader("oops"), testOptions())
	if err == nil || err.Error() != "line 1: not a JSON object" {
		t.Errorf("got %v", err)
	}
	if got, _ := json.Marshal(sum); !strings.HasSuffix(string(got), `"seconds":0.000,"last_line":0}`) {
		t.Errorf("got %s", got)
	}
	if sum, err = Import(t.Context(), st, strings.NewReader(""), Options{}); err == nil || !sum.Failed {
		t.Error("an import without a clock began")
	}
}

// analyzed counts the calls of Analyze.
type analyzed struct {
	store.Store

	calls int
}

func (a *analyzed) Analyze(ctx context.Context) error {
	a.calls++
	return a.Store.Analyze(ctx)
}

// TestALargeImportTellsThePlanner imports a small and a large file.
func TestALargeImportTellsThePlanner(t *testing.T) {
	t.Parallel()
	st := &analyzed{Store: openSQLite(t)}
	mustImport(t, st, cursorFile)
	if st.calls != 0 {
		t.Errorf("%d calls after a small import", st.calls)
	}
	st.Store = openSQLite(t)
	if _, err := Import(t.Context(), st, &bigFile{threads: 40, perThread: 30}, testOptions()); err != nil {
		t.Fatal(err)
	}
	if st.calls != 1 {
		t.Errorf("%d calls after a large import, want 1", st.calls)
	}
}
