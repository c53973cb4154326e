package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/bench"
	"parley/internal/core"
	"parley/internal/interchange"
	"parley/internal/service/account"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

var small = bench.Fill{Conversations: 60, PerContact: 5, Messages: 10, Seed: 1}

func clock() core.Time { return testserver.Now }

func generate(t *testing.T, f bench.Fill) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Generate(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGenerateIsRepeatable(t *testing.T) {
	t.Parallel()
	one := generate(t, small)
	if one != generate(t, small) {
		t.Error("the same fill gave other records")
	}
	other := small
	other.Seed = 2
	if one == generate(t, other) {
		t.Error("another seed gave the same records")
	}
	for kind, want := range map[string]int{"contact": 12, "identity": 12, "contact_inbox": 12, "conversation": 60, "message": 600} {
		if got := strings.Count(one, `{"kind":"`+kind+`",`); got != want {
			t.Errorf("%d records of kind %s, want %d", got, kind, want)
		}
	}
}

// TestTextsLookReal looks at what answers are long or short by.
func TestTextsLookReal(t *testing.T) {
	t.Parallel()
	var html, unread, plain, total int
	statuses := map[string]int{}
	for line := range strings.Lines(generate(t, bench.Fill{Conversations: 500, PerContact: 5, Messages: 10, Seed: 1})) {
		var r struct {
			Kind, Content, Status string
			ReadUpTo              int64 `json:"contact_read_message_id"`
			ID                    int64
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Kind == "conversation":
			statuses[r.Status]++
			if r.ReadUpTo != r.ID*10 {
				unread++
			}
		case strings.HasPrefix(r.Content, "<"):
			html++
		case r.Kind == "message":
			plain++
			total += len(r.Content)
			if n := len(r.Content); n < 20 || n > 200 {
				t.Errorf("a message of %d bytes: %s", n, r.Content)
			}
		}
	}
	if html < 200 || html > 1000 || unread < 100 || unread > 400 || len(statuses) != 4 {
		t.Errorf("%d of 5000 messages are HTML, %d of 500 conversations not read to the end, statuses %v", html, unread, statuses)
	}
	if mean := total / plain; mean < 60 || mean > 140 {
		t.Errorf("a message has %d bytes in the mean", mean)
	}
}

func TestFillsOnlyWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			var told int64
			first, err := small.Into(t.Context(), st, clock, func(n int64) { told = n })
			if err != nil || !first.Made || first.Messages != 600 || told != 600 {
				t.Fatalf("first: %+v, told of %d messages, %v", first, told, err)
			}
			again, err := small.Into(t.Context(), st, clock, nil)
			if err != nil || again.Made || again.Filled != first.Filled {
				t.Errorf("again: %+v, %v; want what was made, %+v", again, err, first.Filled)
			}
			other := small
			other.Messages = 11
			if _, err := other.Into(t.Context(), st, clock, nil); err == nil || !strings.Contains(err.Error(), "other data") {
				t.Errorf("another fill: %v", err)
			}
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}

			foreign := testserver.Open(t, engine)
			if _, err := account.New(foreign, clock).Create(t.Context(), "Acme"); err != nil {
				t.Fatal(err)
			}
			if _, err := small.Into(t.Context(), foreign, clock, nil); err == nil || !strings.Contains(err.Error(), "has accounts") {
				t.Errorf("a database of others: %v", err)
			}
			if _, ok, _ := foreign.FindSetting(t.Context(), "bench_fill"); ok {
				t.Error("a database that is refused was marked")
			}
		})
	}
}

// brittle is a store whose n-th transaction fails.
type brittle struct {
	store.Store
	n int
}

var errBroken = errors.New("broken off")

func (b *brittle) InTx(ctx context.Context, accountID int64, f func(context.Context, store.Tx) error) error {
	if b.n--; b.n == 0 {
		return errBroken
	}
	return b.Store.InTx(ctx, accountID, f)
}

// TestFillGoesOn breaks a fill off after some of its batches.
func TestFillGoesOn(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	f := bench.Fill{Conversations: 150, PerContact: 5, Messages: 10, Seed: 1}
	if _, err := f.Into(t.Context(), &brittle{Store: st, n: 4}, clock, nil); !errors.Is(err, errBroken) {
		t.Fatalf("got %v", err)
	}
	filling, err := f.Into(t.Context(), st, clock, nil)
	if err != nil || !filling.Made || filling.Messages == 0 || filling.Messages >= 1500 {
		t.Fatalf("the rest: %+v, %v", filling, err)
	}
	if n := countMessages(t, st); n != 1500 {
		t.Errorf("%d messages, want 1500", n)
	}
}

// TestScenariosOnRealServers measures everything on both engines, and looks
// into one answer of each.
func TestScenariosOnRealServers(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			targets, index := filled(t, st, small)
			index()
			s := testserver.Serve(t, st, engine)
			reads, err := targets.Select(nil)
			if err != nil {
				t.Fatal(err)
			}
			checkSearches(t, s, reads)
			// One of the searches is enough under load.
			reads = slices.DeleteFunc(reads, func(s bench.Scenario) bool { return s.Settled != "" && s.Name != "v1-search-agent-rare" })
			plan := plan(s.URL, reads)
			plan.Await = reads
			plan.PID = os.Getpid()
			plan.Floor = &bench.FloorProgram{Program: os.Args[0], Args: []string{bench.RoleFloor}, Env: os.Environ()}
			results, err := plan.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != len(dialectShapes)+3 {
				t.Errorf("%d results, want %d", len(results), len(dialectShapes)+3)
			}
			for _, r := range results {
				least := map[string]int{"v1-unread": 20, "v1-304": 0}
				if _, ok := least[r.Scenario]; !ok {
					least[r.Scenario] = 500
				}
				if r.Failed() || r.Server.Requests == 0 || r.Floor.Requests == 0 || r.OfFloor <= 0 || r.BodyBytes < least[r.Scenario] || r.Server.Latency.P50 <= 0 || r.Writes != nil {
					t.Errorf("%+v, floor %+v", r, r.Floor)
				}
			}
			checkAnswers(t, s, plan.Scenarios)
			checkWrites(t, st, plan, targets)
		})
	}
}

// checkWrites measures a read while messages are written, and then writing
// alone: what is reported is what is stored.
func checkWrites(t *testing.T, st store.Store, plan bench.Plan, targets bench.Targets) {
	t.Helper()
	writing, err := targets.Writing()
	if err != nil {
		t.Fatal(err)
	}
	before := countMessages(t, st)
	plan.Scenarios, plan.Writes, plan.WriteRate = plan.Scenarios[2:3], writing, 200
	results, err := plan.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The rate falls due, whether or not a slow machine keeps up with it.
	w := results[0].Writes
	if results[0].Failed() || w == nil || w.Requests == 0 || w.Requests > 20 || results[0].Server.Requests == 0 {
		t.Fatalf("%+v, writes %+v", results[0], w)
	}
	written := countMessages(t, st)
	if got := int64(written - before); got != w.Requests {
		t.Errorf("%d messages were stored, want %d", got, w.Requests)
	}
	plan.Scenarios, plan.Writes = []bench.Scenario{*writing}, nil
	if results, err = plan.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The answers that were looked at before the load are not in the figures.
	if got := int64(countMessages(t, st)-written) - bench.Probes; results[0].Failed() || got != results[0].Server.Requests || got == 0 {
		t.Errorf("%d messages were stored under load, reported %+v", got, results[0])
	}
}

func countMessages(t *testing.T, st store.Store) int {
	t.Helper()
	var file bytes.Buffer
	if err := interchange.Export(t.Context(), st, &file, interchange.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return strings.Count(file.String(), `{"kind":"message"`)
}

func plan(url string, scenarios []bench.Scenario) bench.Plan {
	return bench.Plan{
		URL: url, Scenarios: scenarios, Rounds: 2, Clock: bench.Clock{Now: time.Now, Sleep: bench.Sleep},
		Load: bench.Load{Concurrency: 2, Duration: 50 * time.Millisecond, Timeout: time.Minute, Seed: 1},
	}
}

// dialectShapes is what the dialects' reads answer.
var dialectShapes = map[string]shape{
	"commbox-objects": {5, 50}, "commbox-objects-newest": {5, 5}, "commbox-object": {1, 1}, "commbox-object-childs": {1, 10},
	"chatwoot-conversations": {5, 50}, "uncodie-conversations": {5, 0}, "uncodie-site": {10, 0},
}

// checkSearches asks for all words once: all of them find something.
func checkSearches(t *testing.T, s *testserver.Server, scenarios []bench.Scenario) {
	t.Helper()
	for i := range scenarios {
		sc := &scenarios[i]
		for _, path := range bench.Ends(sc) {
			if sc.Settled == "" {
				continue
			}
			r := s.Do(t, http.MethodGet, path, "Authorization", sc.Headers["Authorization"])
			if r.Status != http.StatusOK || !strings.Contains(string(r.Body), `"snippet":`) || !strings.Contains(string(r.Body), sc.Settled) {
				t.Errorf("%s: GET %s: status %d: %s", sc.Name, path, r.Status, r.Body)
			}
		}
	}
}

// checkAnswers asks for the first and the last row of each scenario.
func checkAnswers(t *testing.T, s *testserver.Server, scenarios []bench.Scenario) {
	t.Helper()
	for i := range scenarios {
		sc := &scenarios[i]
		want, ok := dialectShapes[sc.Name]
		if !ok {
			continue
		}
		var header []string
		for name, value := range sc.Headers {
			header = append(header, name, value)
		}
		for _, path := range bench.Ends(sc) {
			r := s.Do(t, http.MethodGet, path, header...)
			if r.Status != http.StatusOK {
				t.Errorf("%s: GET %s: status %d: %s", sc.Name, path, r.Status, r.Body)
				continue
			}
			if got := shapeOf(t, r.Body); got != want {
				t.Errorf("%s: GET %s: %+v, want %+v: %s", sc.Name, path, got, want, r.Body)
			}
		}
	}
}

// shape is how many conversations an answer has, and how many messages are
// listed below them.
type shape struct{ conversations, messages int }

// shapeOf reads an answer of any dialect: the conversations are its outermost
// list.
func shapeOf(t *testing.T, body []byte) shape {
	t.Helper()
	var whole struct {
		Data json.RawMessage `json:"data"`
	}
	var data struct {
		Conversations []json.RawMessage `json:"conversations"`
	}
	var list []struct {
		Childs, Messages []json.RawMessage
	}
	if json.Unmarshal(body, &list) != nil {
		if err := json.Unmarshal(body, &whole); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if json.Unmarshal(whole.Data, &data) == nil {
			return shape{conversations: len(data.Conversations)}
		}
		if err := json.Unmarshal(whole.Data, &list); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	s := shape{conversations: len(list)}
	for _, c := range list {
		s.messages += len(c.Childs) + len(c.Messages)
	}
	return s
}

// TestAServerThatFails has every other answer under load go wrong.
func TestAServerThatFails(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if i := n.Add(1); i > 101 && i%2 == 0 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"a":1}`))
	}))
	t.Cleanup(srv.Close)
	results, err := plan(srv.URL, []bench.Scenario{{Name: "x", Paths: []bench.Series{{Prefix: "/"}}}}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := results[0]
	if !r.Failed() || r.Server.Errors == 0 || r.Server.Requests == 0 || len(r.Failures) != 1 || !strings.Contains(r.Failures[0], "status 503: busy") {
		t.Errorf("%+v", r)
	}
	report := bench.Report{Results: results}
	var table strings.Builder
	if err := report.WriteTable(&table); err != nil || !report.Failed() || !strings.Contains(table.String(), "x: status 503: busy") {
		t.Errorf("failed %v, %v: %s", report.Failed(), err, &table)
	}
}
