package commbox_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"parley/internal/httpx"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// Every operation is published with the statuses 400, 401, 404, 429, 500 and
// 501, of which the last is for other verbs: see TestPublishedForms. The tests
// of this file have each served operation answer with each of the others that
// its parameters and body can bring about.

// unlike are the golden files of answers that have a body of their own, by
// status and operation; "" = no such answer.
var unlike = map[string]string{
	"401 PATCH /objects/{OBJECT_ID}/stream": "set_stream/401",
	"404 PATCH /objects/{OBJECT_ID}/stream": "", // its 400 says that the object is unknown
	// It asks nobody, and needs no key.
	"401 GET /core/systemstatus": "",
	"500 GET /core/systemstatus": "",
	// What these answer is the same for all.
	"500 GET /managers/presence":          "",
	"500 GET /stats/streamsSLAExceptions": "",
}

// malformedBody are the golden files of those that say more of a body that
// cannot be read.
var malformedBody = map[string]string{"PATCH /objects/{OBJECT_ID}/stream": "set_stream/invalid"}

// malformedValues and absentValues are values of the path's parameters that
// cannot be, and that nothing has; "" = every text may be.
var (
	malformedValues = map[string]string{"STREAM_ID": "0", "PROVIDER_ID": "", "INDICATOR_ID": ""}
	absentValues    = map[string]string{"STATUS_ID": "", "IGNORE_AUTOMATION": "", "STREAM_ID": "x", "INDICATOR_ID": "x"}
)

// valueOr is the value of a parameter, or another one.
func valueOr(values map[string]string, name, other string) string {
	if v, ok := values[name]; ok {
		return v
	}
	return other
}

// TestPublishedErrors: what a caller did wrong.
func TestPublishedErrors(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		w := newWalk(t, s)
		for _, p := range w.served() {
			for _, auth := range []string{"", "Bearer nothing", "Bearer other-site-key-0001x"} {
				w.refused(p, http.StatusUnauthorized, w.plain(p), auth)
			}
			for _, m := range p.params {
				if m.place == "path" {
					if bad := valueOr(malformedValues, m.name, "x"); bad != "" {
						w.refused(p, http.StatusBadRequest, w.inPath(p, m.name, bad), bearer)
					}
					if none := valueOr(absentValues, m.name, "9007199254740991"); none != "" {
						w.refused(p, http.StatusNotFound, w.inPath(p, m.name, none), bearer)
					}
					continue
				}
				if m.kind == "integer" || m.kind == "boolean" {
					r := w.request(p, with(needed[p.name()], m.name), "", true)
					r.query.Set(m.name, "x")
					w.refused(p, http.StatusBadRequest, r, bearer)
				}
			}
			if len(p.media) > 0 {
				r := w.plain(p)
				r.mediaType, r.body, r.golden = "application/json", `{"data":{`, malformedBody[p.name()]
				w.refused(p, http.StatusBadRequest, r, bearer)
				r.body, r.golden = `{"data":{"Message":"`+strings.Repeat("x", httpx.MaxBodyBytes)+`"}}`, ""
				w.refused(p, http.StatusRequestEntityTooLarge, r, bearer)
			}
		}
		healthy(t, s.Store)
	})
}

// TestPublishedLimits: who asks too often is told so by every operation.
func TestPublishedLimits(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{RateLimit: 1})
	w := newWalk(t, s)
	// The first ones pass: for the key, and for the address that brings none.
	for status := http.StatusOK; status == http.StatusOK; {
		status = s.Do(t, http.MethodGet, "/managers", "Authorization", bearer).Status
	}
	for status := http.StatusOK; status == http.StatusOK; {
		status = s.Do(t, http.MethodGet, "/core/systemstatus").Status
	}
	for _, p := range w.all {
		w.refused(p, http.StatusTooManyRequests, w.plain(p), bearer)
	}
}

// TestPublishedFailures: what fails inside is the same for all operations.
func TestPublishedFailures(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		w := newWalk(t, s)
		if got := s.Do(t, http.MethodGet, "/managers", "Authorization", bearer); got.Status != http.StatusOK { // the gate remembers the key
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if err := s.Store.Close(); err != nil {
			t.Fatal(err)
		}
		for _, p := range w.served() {
			w.refused(p, http.StatusInternalServerError, w.plain(p), bearer)
		}
	})
}

// inPath is the operation with another value of a parameter of its path.
func (w *walk) inPath(p *published, param, value string) *sent {
	r := w.plain(p)
	segments := strings.Split(r.path, "/")
	for i, name := range strings.Split(p.path, "/") {
		if name == "{"+param+"}" {
			segments[i] = url.PathEscape(value)
		}
	}
	r.path = strings.Join(segments, "/")
	return r
}

// refused sends a request and compares the whole answer with the golden file of
// its status.
func (w *walk) refused(p *published, status int, r *sent, auth string) {
	w.t.Helper()
	digits := strconv.Itoa(status)
	golden, own := unlike[digits+" "+p.name()]
	switch {
	case own && golden == "":
		return
	case r.golden != "":
		golden = r.golden
	case !own:
		golden = "errors/" + digits
		if strings.HasPrefix(p.path, "/v2") {
			golden = "errors/v2_" + digits
		}
	}
	header := []string{"Content-Type", r.mediaType}
	if auth != "" {
		header = append(header, "Authorization", auth)
	}
	got := w.s.Send(w.t, p.method, r.path+"?"+r.query.Encode(), r.body, header...)
	if got.Status != status {
		w.t.Errorf("%s %s?%s with %q and %.60s answered %d %s, want %d", p.method, r.path, r.query.Encode(), auth, r.body, got.Status, got.Body, status)
		return
	}
	testkit.Golden(w.t, "testdata/golden/"+golden+".json", got.Body)
	if w.status[p.name()] != "absent" {
		testkit.CheckResponse(w.t, "commbox", p.method, w.path(p), got.Status, got.Header, got.Body)
	}
}
