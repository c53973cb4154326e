package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// TestBodiesThatTheClientHas are not sent again.
func TestBodiesThatTheClientHas(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, path := range []string{"/v1/me", "/v1/labels", "/v1/labels/51", "/v1/label_groups/41", "/v1/teams/31", "/v1/account", "/v1/inboxes", "/v1/inboxes/71", "/v1/inboxes/71/agents", "/v1/inboxes/71/sub_inboxes/82", "/v1/canned_responses", "/v1/canned_responses/61", "/v1/attribute_definitions", "/v1/attribute_definitions/67", "/v1/agents", "/v1/agents/101", "/v1/profiles", "/v1/profiles/21", "/v1/tokens", "/v1/tokens/1"} {
			first := step{call: "GET " + path}.play(t, s)
			tag := first.Header.Get("ETag")
			if tag == "" || first.Header.Get("Cache-Control") != "private, no-cache" || first.Header.Get("Vary") != "Authorization" {
				t.Fatalf("%s: %v", path, first.Header)
			}
			for _, match := range []string{tag, `"x", ` + tag, "*"} {
				if got := (step{call: "GET " + path, header: []string{"If-None-Match", match}, status: 304}).play(t, s); len(got.Body) > 0 || got.Header.Get("ETag") != tag {
					t.Errorf("%s with %s: %v %s", path, match, got.Header, got.Body)
				}
			}
			step{call: "GET " + path, header: []string{"If-None-Match", `"x"`}}.play(t, s)
		}
		before := step{call: "GET /v1/labels/51"}.play(t, s).Header.Get("ETag")
		patched := step{call: "PATCH /v1/labels/51", body: `{"title":"VIP"}`}.play(t, s).Header.Get("ETag")
		after := step{call: "GET /v1/labels/51", header: []string{"If-None-Match", before}}.play(t, s).Header.Get("ETag")
		if patched != after || after == before {
			t.Errorf("tags before %s, of the change %s, after %s", before, patched, after)
		}
	})
}

// TestChangesOfWhatTheClientHasSeen hold If-Match against the state that they
// change.
func TestChangesOfWhatTheClientHasSeen(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, c := range []struct{ path, change, remove string }{
			{"/v1/labels/51", `{"title":"%s"}`, "/v1/labels/51"},
			{"/v1/label_groups/41", `{"name":"%s"}`, "/v1/label_groups/41"},
			{"/v1/teams/31", `{"name":"%s"}`, "/v1/teams/31"},
			{"/v1/agents/102", `{"name":"%s"}`, "/v1/agents/102"},
			{"/v1/profiles/21", `{"name":"%s"}`, "/v1/profiles/21"},
			{"/v1/canned_responses/61", `{"content":"%s"}`, "/v1/canned_responses/61"},
			{"/v1/attribute_definitions/67", `{"name":"%s"}`, "/v1/attribute_definitions/67"},
		} {
			seen := step{call: "GET " + c.path}.play(t, s).Header.Get("ETag")
			for _, match := range []string{`"x"`, "W/" + seen, "x"} {
				step{call: "PATCH " + c.path, body: fmt.Sprintf(c.change, "a"), header: []string{"If-Match", match}, status: 412}.play(t, s)
			}
			changed := step{call: "PATCH " + c.path, body: fmt.Sprintf(c.change, "b"), header: []string{"If-Match", `"x", ` + seen}}.play(t, s)
			step{call: "PATCH " + c.path, body: fmt.Sprintf(c.change, "c"), header: []string{"If-Match", seen}, status: 412}.play(t, s)
			step{call: "DELETE " + c.remove, header: []string{"If-Match", seen}, status: 412}.play(t, s)
			step{call: "PATCH " + c.path, body: fmt.Sprintf(c.change, "b"), header: []string{"If-Match", changed.Header.Get("ETag")}}.play(t, s)
			step{call: "DELETE " + c.remove, header: []string{"If-Match", changed.Header.Get("ETag")}, status: 204}.play(t, s)
			step{call: "PATCH " + c.path, body: fmt.Sprintf(c.change, "d"), header: []string{"If-Match", "*"}, status: 404}.play(t, s)
		}
	})
}

// TestTwoWriters have seen the same state, and write at the same moment: one of
// them is told.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		rounds := 20
		if testkit.Small() {
			rounds = 5
		}
		for n := range rounds {
			seen := step{call: "GET /v1/teams/31"}.play(t, s).Header.Get("ETag")
			var got [2]testserver.Response
			var writers sync.WaitGroup
			for i := range got {
				writers.Go(func() {
					got[i] = s.Send(t, http.MethodPatch, "/v1/teams/31", fmt.Sprintf(`{"name":"%d of %d"}`, i, n), "Authorization", "Bearer "+siteKey, "If-Match", seen)
				})
			}
			writers.Wait()
			if a, b := got[0].Status, got[1].Status; min(a, b) != 200 || max(a, b) != 412 {
				t.Fatalf("round %d: answered %d and %d", n, a, b)
			}
			winner := got[0]
			if winner.Status != 200 {
				winner = got[1]
			}
			if now := (step{call: "GET /v1/teams/31"}).play(t, s); string(now.Body) != string(winner.Body) {
				t.Errorf("round %d: %s, and then %s", n, winner.Body, now.Body)
			}
		}
	})
}

// TestCreatesThatAreAskedAgain happen once.
func TestCreatesThatAreAskedAgain(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, c := range []struct{ path, body, same, other string }{
			{"/v1/labels", `{"title":"once","color":null}`, ` { "color" : null, "title":"once"} `, `{"title":"twice"}`},
			{"/v1/label_groups", `{"name":"once"}`, `{"name": "once"}`, `{"name":"twice"}`},
			{"/v1/agents", `{"name":"Once","email":"once@quay.example"}`, `{"email":"once@quay.example", "name":"Once"}`, `{"name":"Twice","email":"once@quay.example"}`},
			{"/v1/profiles", `{"name":"Once","unique_name":"once"}`, `{"unique_name":"once","name":"Once"}`, `{"name":"Twice","unique_name":"once"}`},
			{"/v1/canned_responses", `{"short_code":"once","content":"x"}`, `{"content":"x","short_code":"once"}`, `{"short_code":"once","content":"y"}`},
			{"/v1/attribute_definitions", `{"applies_to":"contact","key":"once","name":"x","type":"text"}`, `{"key":"once","type":"text","name":"x","applies_to":"contact"}`, `{"applies_to":"contact","key":"once","name":"y","type":"text"}`},
			{"/v1/teams", `{"name":"once","agent_ids":[101]}`, `{"agent_ids":[101],"name":"once"}`, `{"name":"once"}`},
		} {
			key := []string{"Idempotency-Key", "the-key"}
			first := step{call: "POST " + c.path, body: c.body, header: key, status: 201}.play(t, s)
			again := step{call: "POST " + c.path, body: c.same, header: key, status: 201}.play(t, s)
			if string(first.Body) != string(again.Body) || first.Header.Get("Location") != again.Header.Get("Location") {
				t.Errorf("%s: %s %s, and again %s %s", c.path, first.Header.Get("Location"), first.Body, again.Header.Get("Location"), again.Body)
			}
			if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s: replayed %q, and again %q", c.path, first.Header.Get("Idempotent-Replayed"), again.Header.Get("Idempotent-Replayed"))
			}
			at := first.Header.Get("Location")
			if got := (step{call: "GET " + at}).play(t, s); string(got.Body) != string(first.Body) {
				t.Errorf("%s: %s", at, got.Body)
			}
			step{call: "POST " + c.path, body: c.other, header: key, status: 409, golden: "errors/key_reused" + pathName(c.path)}.play(t, s)
			step{call: "POST " + c.path, body: c.body, key: secondKey, header: key, status: 409}.play(t, s) // a key of its own: the name is taken
			// What failed is not remembered.
			step{call: "POST " + c.path, body: c.body, header: []string{"Idempotency-Key", "failing"}, status: 409}.play(t, s)
			step{call: "DELETE " + at, status: 204}.play(t, s)
			step{call: "POST " + c.path, body: c.body, header: []string{"Idempotency-Key", "failing"}, status: 201}.play(t, s)
			step{call: "POST " + c.path, body: c.body, header: key, status: 404}.play(t, s) // what it made is gone
		}
	})
}

func pathName(path string) string { return "_" + path[len("/v1/"):] }

// TestPagesCoverTheList while others write behind and before the reader.
func TestPagesCoverTheList(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for i := range 20 {
			step{call: "POST /v1/labels", body: fmt.Sprintf(`{"title":"label %d"}`, i), status: 201}.play(t, s)
		}
		var ids []int64
		path, query := "/v1/labels", "?limit=4"
		for page := 0; ; page++ {
			got := step{call: "GET " + path + query}.play(t, s)
			var list struct {
				Data       []struct{ ID int64 }
				NextCursor *string `json:"next_cursor"`
			}
			if err := json.Unmarshal(got.Body, &list); err != nil {
				t.Fatal(err)
			}
			for _, l := range list.Data {
				ids = append(ids, l.ID)
			}
			if page == 1 { // one that was shown, one that was not, and a new one
				step{call: "DELETE /v1/labels/51", status: 204}.play(t, s)
				step{call: fmt.Sprintf("DELETE /v1/labels/%d", ids[len(ids)-1]+2), status: 204}.play(t, s)
				step{call: "POST /v1/labels", body: `{"title":"late arrival"}`, status: 201}.play(t, s)
			}
			if list.NextCursor == nil {
				break
			}
			query = "?limit=4&cursor=" + *list.NextCursor
			step{call: "GET /v1/teams?cursor=" + *list.NextCursor, status: 400}.play(t, s)
		}
		if len(ids) != 3+20-1+1 {
			t.Errorf("%d labels: %v", len(ids), ids)
		}
		for i := 1; i < len(ids); i++ {
			if ids[i] <= ids[i-1] {
				t.Errorf("%d stands behind %d", ids[i], ids[i-1])
			}
		}
	})
}

// TestRateLimitHeaders count down with the caller's limit.
func TestRateLimitHeaders(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{RateLimit: 60})
	for left := 59; left >= 0; left-- {
		got := step{call: "GET /v1/me"}.play(t, s)
		if want := `"token";r=` + strconv.Itoa(left) + ";t=1"; got.Header.Get("RateLimit") != want || got.Header.Get("RateLimit-Policy") != `"token";q=60;w=60` {
			t.Fatalf("got %q of %q, want %q", got.Header.Get("RateLimit"), got.Header.Get("RateLimit-Policy"), want)
		}
	}
	got := step{call: "GET /v1/me", status: 429, golden: "errors/rate_limited"}.play(t, s)
	if got.Header.Get("RateLimit") != `"token";r=0;t=1` || got.Header.Get("Retry-After") != "1" {
		t.Errorf("refused with %v", got.Header)
	}
	unknown := s.Do(t, "GET", "/v1/nothing")
	if unknown.Status != 404 || unknown.Header.Get("RateLimit-Policy") != `"address";q=60;w=60` {
		t.Errorf("unknown path: %d %v", unknown.Status, unknown.Header)
	}
}
