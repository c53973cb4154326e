package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	pathpkg "path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parley/internal/api"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
	"parley/openapi"
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

// conditional are bodies with which the operations that take If-Match go well,
// by method and path. TestWhatTakesIfMatch plays them in this order, what
// deletes last, on the fixture of tenants and on that of conversations.
var conditional = map[string][][2]string{
	fixture: {
		{"PATCH /v1/account", `{"name":"x"}`},
		{"PATCH /v1/agents/102", `{"name":"x"}`},
		{"PUT /v1/agents/102/profiles", `{"profile_ids":[]}`},
		{"DELETE /v1/agents/102", ""},
		{"PATCH /v1/attribute_definitions/67", `{"name":"x"}`},
		{"DELETE /v1/attribute_definitions/67", ""},
		{"PATCH /v1/canned_responses/61", `{"content":"x"}`},
		{"DELETE /v1/canned_responses/61", ""},
		{"PATCH /v1/inboxes/71", `{"name":"x"}`},
		{"PUT /v1/inboxes/71/agents", `{"agent_ids":[101]}`},
		{"POST /v1/inboxes/71/rotate_keys", `{"keys":["hmac_token"]}`},
		{"PATCH /v1/inboxes/71/sub_inboxes/82", `{"name":"x"}`},
		{"PATCH /v1/labels/51", `{"title":"x"}`},
		{"DELETE /v1/labels/51", ""},
		{"PATCH /v1/label_groups/41", `{"name":"x"}`},
		{"DELETE /v1/label_groups/41", ""},
		{"PATCH /v1/profiles/21", `{"name":"x"}`},
		{"DELETE /v1/profiles/21", ""},
		{"PATCH /v1/teams/31", `{"name":"x"}`},
		{"PUT /v1/teams/31/agents", `{"agent_ids":[101]}`},
		{"DELETE /v1/teams/31", ""},
		{"DELETE /v1/tokens/2", ""},
		{"POST /v1/webhooks/65/resume", ""},
		{"POST /v1/webhooks/65/test", ""},
		{"POST /v1/webhooks/65/rotate_secret", `{"overlap_seconds":60}`},
		{"PATCH /v1/webhooks/65", `{"enabled":false}`},
		{"DELETE /v1/webhooks/65", ""},
	},
	talks: {
		{"PATCH /v1/conversations/501", `{"subject":"x"}`},
		{"PATCH /v1/conversations/501/messages/603", `{"content":"x"}`},
		{"DELETE /v1/conversations/501/messages/603", ""},
		{"PATCH /v1/identities/402", `{"first_name":"x"}`},
		{"POST /v1/identities/402/move", `{"contact":"302"}`},
		{"PATCH /v1/contacts/301", `{"name":"x"}`},
		{"POST /v1/contacts/301/merge", `{"contact":"302"}`},
	},
}

// TestWhatTakesIfMatch holds every operation for which the document names it:
// with the tag of another state it does nothing, with the tag that a GET shows
// it does what it is for.
func TestWhatTakesIfMatch(t *testing.T) {
	t.Parallel()
	left := map[string]bool{} // those that take it and no test has met
	for call, takes := range ifMatch(t) {
		if method, _, _ := strings.Cut(call, " "); !takes && method != "POST" {
			t.Errorf("%s takes no If-Match", call)
		}
		left[call] = takes
	}
	for _, calls := range conditional {
		for _, c := range calls {
			if !left[patternOf(c[0])] {
				t.Errorf("%s takes no If-Match, or stands here twice", c[0])
			}
			delete(left, patternOf(c[0]))
		}
	}
	for call, takes := range left {
		if takes {
			t.Errorf("%s takes If-Match, and is not tried here", call)
		}
	}
	shown := map[string]bool{}
	for _, o := range api.Operations() {
		shown[o.Method+" "+o.Pattern] = true
	}
	for from, calls := range conditional {
		t.Run(pathpkg.Base(from), func(t *testing.T) {
			t.Parallel()
			testserver.Each(t, from, func(t *testing.T, s *testserver.Server) {
				for _, c := range calls {
					method, path, _ := strings.Cut(c[0], " ")
					for !shown["GET "+patternOf(path)] {
						path = pathpkg.Dir(path)
					}
					before := step{call: "GET " + path}.play(t, s)
					seen := before.Header.Get("ETag")
					step{call: c[0], body: c[1], header: []string{"If-Match", `"1-nonsense"`}, status: 412}.play(t, s)
					if after := (step{call: "GET " + path}).play(t, s); string(after.Body) != string(before.Body) {
						t.Errorf("%s was refused, and made %s of %s", c[0], after.Body, before.Body)
					}
					got := s.Send(t, method, strings.TrimPrefix(c[0], method+" "), c[1], "Authorization", "Bearer "+siteKey, "If-Match", seen)
					if got.Status != 200 && got.Status != 204 {
						t.Errorf("%s with %s answered %d %s", c[0], seen, got.Status, got.Body)
					}
				}
			})
		})
	}
}

// ifMatch tells of each operation that is no GET and creates nothing whether
// the document lets it take If-Match, by method and path.
func ifMatch(t *testing.T) map[string]bool {
	t.Helper()
	text, _ := openapi.Document("v1")
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name string }
			Responses  map[string]any
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if method == "get" || o.Responses["201"] != nil {
				continue
			}
			takes := false
			for _, p := range o.Parameters {
				takes = takes || p.Name == "If-Match"
			}
			if (o.Responses["412"] != nil) != takes {
				t.Errorf("%s %s: If-Match is taken: %t, and 412 is answered: %t", method, path, takes, !takes)
			}
			all[strings.ToUpper(method)+" "+path] = takes
		}
	}
	return all
}

// patternOf is a call as the document has it.
func patternOf(call string) string {
	for _, name := range []struct{ behind, name string }{
		{"/contacts/", "{ref}"}, {"/sub_inboxes/", "{sub}"}, {"/messages/", "{message}"}, {"/", "{id}"},
	} {
		call = regexp.MustCompile(name.behind+`\d+`).ReplaceAllString(call, name.behind+name.name)
	}
	return call
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
