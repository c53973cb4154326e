package commbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// turn is one request of a talk. Calls and bodies may name what earlier turns
// made, as in {object}.
type turn struct {
	call   string // method and path
	body   string
	form   string // the content type; "" = JSON
	golden string // below testdata/golden, without .json; "" = that of the status
	status int    // 0 = 200
	auth   string // "" = bearer, "-" = no header
	key    string // Idempotency-Key
	made   string // what the id in the answer is called from now on
}

// Content types of bodies; the parts' boundary is b.
const (
	formType  = "application/x-www-form-urlencoded"
	partsType = "multipart/form-data; boundary=b"
)

// Keys of the fixture.
const (
	reader = "Bearer harbour-reader-key-0001" // may only read
	agent  = "Bearer harbour-agent-key-0001"  // reads and writes as agent 600002
)

// talk plays the turns on a server of each engine; then the doctor is content.
func talk(t *testing.T, turns []turn) {
	t.Helper()
	talkOn(t, fixture, turns)
}

// talkOn is talk on another fixture.
func talkOn(t *testing.T, fixture string, turns []turn) {
	t.Helper()
	text, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		names := newIDs{seen: map[string]string{}, made: map[string]string{}}
		for _, known := range regexp.MustCompile(`\d+`).FindAllString(string(text), -1) {
			names.seen[known] = known
		}
		lift(t, s.Store)
		for _, e := range turns {
			e.play(t, s, &names)
		}
		healthy(t, s.Store)
	})
}

// lift sees to it that no new id is one that the fixture has for something else.
func lift(t *testing.T, st store.Store) {
	t.Helper()
	err := st.InTx(t.Context(), 0, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.LiftIDs(ctx, store.PersonIDs, 3_000_000), tx.LiftIDs(ctx, store.IdentityIDs, 6_000_000))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// newIDs replaces the ids that the server gave by others that are the same on
// every engine: in order of their first appearance.
type newIDs struct {
	seen map[string]string // what stands for an id; those of the fixture stand for themselves
	new  int
	made map[string]string // ids by name
}

// number is a number in JSON, also inside a text.
var number = regexp.MustCompile(`[:\[,]\d{4,}`)

// plain is the body with the new ids replaced.
func (n *newIDs) plain(body []byte) []byte {
	return number.ReplaceAllFunc(body, func(m []byte) []byte {
		id := string(m[1:])
		if n.seen[id] == "" {
			n.new++
			n.seen[id] = fmt.Sprint(8_000_000 + n.new)
		}
		return append(m[:1:1], n.seen[id]...)
	})
}

// play sends the request and compares the whole answer.
func (e turn) play(t *testing.T, s *testserver.Server, names *newIDs) {
	t.Helper()
	if e.status == 0 {
		e.status = http.StatusOK
	}
	if e.auth == "" {
		e.auth = bearer
	}
	if e.form == "" {
		e.form = "application/json"
	}
	if e.golden == "" {
		e.golden = "errors/" + fmt.Sprint(e.status)
	}
	for name, id := range names.made {
		e.call, e.body = strings.ReplaceAll(e.call, "{"+name+"}", id), strings.ReplaceAll(e.body, "{"+name+"}", id)
	}
	header := []string{"Authorization", e.auth, "Content-Type", e.form}
	if e.auth == "-" {
		header = header[2:]
	}
	if e.key != "" {
		header = append(header, "Idempotency-Key", e.key)
	}
	method, path, _ := strings.Cut(e.call, " ")
	got := s.Send(t, method, path, e.body, header...)
	if got.Status != e.status {
		t.Errorf("%s %s answered %d, want %d: %s", e.call, e.body, got.Status, e.status, got.Body)
		return
	}
	if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: header %v", e.call, got.Header)
	}
	if e.made != "" {
		id := regexp.MustCompile(`"data":\{"id":(\d+)`).FindSubmatch(got.Body)
		if id == nil {
			t.Fatalf("%s made nothing: %s", e.call, got.Body)
		}
		if before, again := names.made[e.made]; again && e.key != "" && before != string(id[1]) {
			t.Errorf("%s made %s, and before %s", e.call, id[1], before)
		}
		names.made[e.made] = string(id[1])
	}
	path, _, _ = strings.Cut(path, "?")
	if e.status != http.StatusNotImplemented { // a verb that nobody described
		testkit.CheckResponse(t, "commbox", method, strings.ToLower(strings.TrimSuffix(path, "/")), got.Status, got.Header, got.Body)
	}
	testkit.Golden(t, "testdata/golden/"+e.golden+".json", address.ReplaceAll(names.plain(got.Body), []byte("/files/1/9000000/${1}?sig=signature")))
}

// address is that of a file, whose id and signature differ each time.
var address = regexp.MustCompile(`/files/1/\d+/([^"?]*)\?sig=[\w-]{22}`)

// healthy asks the doctor.
func healthy(t *testing.T, st store.Store) {
	t.Helper()
	if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
		t.Error(err)
	}
}
