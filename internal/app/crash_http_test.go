//go:build unix

package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	// httpClients is how many connections write to the killed server at once.
	httpClients = 8
	// maxAnswers is how many answers they get at most before it dies.
	maxAnswers = 80
)

// serveUntilKilled is the helper: the whole server, which says its address.
func serveUntilKilled(ctx context.Context) error {
	cfg := config.Default()
	cfg.Addr, cfg.AdminAddr, cfg.RateLimit = "127.0.0.1:0", config.Off, 0
	cfg.DataDir, cfg.DatabaseURL = os.Getenv(whereEnv), config.Secret(os.Getenv(databaseEnv))
	s, err := app.NewServer(ctx, &cfg, func() core.Time { return core.TimeOf(time.Now()) }, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, s.Addr)
	return s.Run(ctx)
}

// TestAnsweredSurvivesKills kills the whole server at random moments under
// clients of CommBox's door: what was answered is there exactly once, a request
// that is sent again under its Idempotency-Key has its effect once, however
// often the server died under it, and what was not answered is whole or absent.
func TestAnsweredSurvivesKills(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		rng := testkit.Random(t)
		cfg := place(t, engine)
		open(t, cfg, func(st store.Store) { testserver.Import(t, st, harbourFixture) })
		writers := make([]*webWriter, httpClients)
		for i := range writers {
			writers[i] = &webWriter{t: t, name: fmt.Sprint("writer ", i), rng: rand.New(rand.NewPCG(rng.Uint64(), 0)), statuses: []core.Status{core.Open}}
		}
		rounds := crashes()
		for round := range rounds {
			n := rng.IntN(maxAnswers)
			killUnder(t, cfg, writers, round, n)
			open(t, cfg, func(st store.Store) {
				wantAnswered(t, st, writers, round%10 == 9 || round == rounds-1)
			})
			if t.Failed() {
				t.Fatalf("after kill %d of %d and %d answers", round+1, rounds, n)
			}
		}
		var answered, again, unanswered int
		for _, w := range writers {
			again += w.again
			for _, r := range w.sent {
				if r.answered {
					answered++
				} else {
					unanswered++
				}
			}
		}
		t.Logf("%d kills, %d requests answered, %d of them when sent again after a kill, %d not answered", rounds, answered, again, unanswered)
		if answered < 5*rounds || again == 0 || unanswered == 0 {
			t.Error("that proves little")
		}
		if engine == store.SQLite {
			wantSoundFile(t, filepath.Join(cfg.DataDir, sqlite.FileName))
		}
	})
}

// killUnder starts a server, lets the writers write until they have n answers
// together, and kills it.
func killUnder(t *testing.T, cfg *config.Config, writers []*webWriter, round, n int) {
	t.Helper()
	server := testkit.StartHelper(t, "serve", whereEnv+"="+cfg.DataDir, databaseEnv+"="+cfg.DatabaseURL.Reveal())
	url := "http://" + server.Line(t)
	if status, body := get(t, url+"/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	answers := make(chan struct{})
	var writing sync.WaitGroup
	for _, w := range writers {
		writing.Go(func() { w.write(url, round, answers) })
	}
	go func() {
		writing.Wait()
		close(answers)
	}()
	for range n {
		if _, ok := <-answers; !ok {
			t.Error("all writers have ended by themselves")
			break
		}
	}
	server.Kill(t)
	for range answers { // what was on its way
	}
}

// webRequest is a request that makes a child, an object, or a change of status.
type webRequest struct {
	path, body string
	key        string // Idempotency-Key, "" = none
	text       string // of the message that it makes, "" = none
	object     int64  // the object that it writes to, 0 = it makes one
	answered   bool
	id         int64 // of what it made
	found      bool  // it was stored after an earlier kill
}

// webWriter sends one request after the other. It is used by one goroutine at a
// time.
type webWriter struct {
	t    *testing.T
	name string
	rng  *rand.Rand

	sent  []*webRequest
	again int // how many requests got their answer when they were sent again
	// own is the object that nobody else writes to, 0 before it is made; its
	// status is one of statuses: the last that was answered, and those after it.
	own      int64
	statuses []core.Status
}

// write sends what was not answered and may be sent again, then something whose
// answer is known, and then new requests, until the server is gone. answers has
// something after each answer.
func (w *webWriter) write(url string, round int, answers chan<- struct{}) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var known []*webRequest
	for _, r := range w.sent {
		switch {
		case r.key == "":
		case r.answered:
			known = append(known, r)
		case !w.send(client, url, r):
			return
		default:
			w.again++
			answers <- struct{}{}
		}
	}
	if len(known) > 0 {
		if !w.send(client, url, known[w.rng.IntN(len(known))]) {
			return
		}
		answers <- struct{}{}
	}
	for {
		if w.own == 0 {
			for _, r := range w.sent {
				if r.object == 0 && r.answered {
					w.own = r.id
				}
			}
		}
		r := w.next(round)
		w.sent = append(w.sent, r)
		if !w.send(client, url, r) {
			return
		}
		answers <- struct{}{}
	}
}

// next makes a request: in turn one that makes an object, a status of the own
// object, a child of the object that all write to, and childs of the own one.
// Every second child, and every object that becomes the own one, has a key.
func (w *webWriter) next(round int) *webRequest {
	i := len(w.sent)
	r := &webRequest{text: fmt.Sprintf("round %d, %s, request %d", round, w.name, i)}
	if i%2 == 0 || w.own == 0 {
		r.key = r.text
	}
	switch {
	case w.own == 0 || i%11 == 3:
		// All of a round come to the same new customer.
		r.path = "/streams/41/objects"
		r.body = fmt.Sprintf(`{"data":{"Message":%q,"Type":4,"UserStreamProviderId":"97250%07d","UserStreamProviderType":5,"ManagerId":600001}}`, r.text, round)
	case i%7 == 5:
		code, status := 2, core.Resolved
		if w.statuses[len(w.statuses)-1] == core.Resolved {
			code, status = 1, core.Open
		}
		r.path, r.object, r.text, r.key = fmt.Sprintf("/objects/%d/status/%d", w.own, code), w.own, "", ""
		w.statuses = append(w.statuses, status)
	case i%3 == 0:
		r.object = 900001
		r.body = fmt.Sprintf(`{"data":{"Message":%q}}`, r.text)
	default:
		r.object = w.own
		r.body = fmt.Sprintf(`{"data":{"Message":%q,"IsManager":true,"UserIdentity":600001}}`, r.text)
	}
	if r.path == "" {
		r.path = fmt.Sprintf("/streams/41/objects/%d/child", r.object)
	}
	return r
}

// send sends a request and returns false when no whole answer came. Whoever has
// the answer already gets the same again.
func (w *webWriter) send(client *http.Client, url string, r *webRequest) bool {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url+r.path, strings.NewReader(r.body))
	if err != nil {
		w.t.Error(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+harbourKey)
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	resp, err := client.Do(req)
	if err != nil {
		return false // the server is gone
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	var answer struct{ Data *struct{ ID int64 } }
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK || (answer.Data == nil) != (r.text == "") {
		w.t.Errorf("%s %s answered %d %s", r.path, r.body, resp.StatusCode, body)
		return false
	}
	if r.text == "" {
		w.statuses = w.statuses[len(w.statuses)-1:]
	} else if r.answered && answer.Data.ID != r.id {
		w.t.Errorf("%q made %d, and when it was sent again %d", r.text, r.id, answer.Data.ID)
	} else {
		r.id = answer.Data.ID
	}
	r.answered = true
	return true
}

// wantAnswered looks for what the writers have the answers of. When all is set
// it also looks for what is stored twice, or by nobody, and asks the doctor.
func wantAnswered(t *testing.T, st store.Store, writers []*webWriter, all bool) {
	t.Helper()
	var want []acknowledged
	spare := 0
	for _, w := range writers {
		for _, r := range w.sent {
			switch {
			case r.text == "" || r.found && !all:
			case !r.answered:
				spare++
			case r.object != 0:
				r.found = true
				want = append(want, acknowledged{id: r.id, conversation: r.object, content: r.text})
			default:
				r.found = true
				c, err := st.Conversation(t.Context(), 1, r.id)
				if err != nil {
					t.Errorf("the object of %q: %v", r.text, err)
				}
				want = append(want, acknowledged{id: c.PrimaryMessageID, conversation: r.id, content: r.text})
			}
		}
		if w.own == 0 {
			continue
		}
		if c, err := st.Conversation(t.Context(), 1, w.own); err != nil || !slices.Contains(w.statuses, c.Status) {
			t.Errorf("the object of %s is %s, %v, want one of %v", w.name, c.Status, err, w.statuses)
		}
	}
	wantAll(t, st, want)
	if all {
		wantOnce(t, st, want, spare)
		healthy(t, st)
	}
}
