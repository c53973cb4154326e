package api_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"parley/internal/service/integrity"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// Tokens of the fixture.
const (
	fixture   = "testdata/fixture.ndjson"
	siteKey   = "quay-site-key-00001"
	secondKey = "quay-second-key-001"
	readerKey = "quay-reader-key-001"
	writerKey = "quay-writer-key-001"
	adaKey    = "quay-ada-key-000001" // an administrator's
	boKey     = "quay-bo-key-0000001" // one with the permission labels
	otherKey  = "other-site-key-0001" // of the other account
)

// step is one call of a scene, whose calls change what later ones find.
type step struct {
	call   string // method and path
	body   string
	key    string   // "" = siteKey, "-" = none
	header []string // name, value, name, value ...
	status int      // 0 = 200
	golden string   // below testdata/golden, without .json; "" = the body is not compared
}

// scene plays the steps on a server of each engine.
func scene(t *testing.T, steps []step) {
	t.Helper()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, e := range steps {
			e.play(t, s)
		}
		check(t, s)
	})
}

// check asks the doctor.
func check(t *testing.T, s *testserver.Server) {
	t.Helper()
	if _, err := integrity.Check(t.Context(), s.Store, func(f integrity.Fault) { t.Errorf("doctor: %s", f) }); err != nil {
		t.Error(err)
	}
}

// play sends the step's request, holds the answer against the document, and
// compares all of it.
func (e step) play(t *testing.T, s *testserver.Server) testserver.Response {
	t.Helper()
	method, path, _ := strings.Cut(e.call, " ")
	got := s.Send(t, method, path, e.body, e.headers()...)
	if e.status == 0 {
		e.status = 200
	}
	if got.Status != e.status {
		t.Errorf("%s answered %d, want %d: %.300s", e.call, got.Status, e.status, got.Body)
	}
	if got.Header.Get("X-Request-Id") != "the-request" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: headers %v", e.call, got.Header)
	}
	if e.golden != "" {
		body := got.Body
		if e.status == 201 {
			body = random.ReplaceAll(body, []byte(`"$1":"random"`))
		}
		body = sealed.ReplaceAll(body, []byte(`"$1":"sealed"`))
		testkit.Golden(t, "testdata/golden/"+e.golden+".json", madeUUID.ReplaceAllFunc(body, func(text []byte) []byte {
			if bytes.HasPrefix(text, []byte(`"5d8f2f0e`)) {
				return text // of a fixture
			}
			return []byte(`"00000000-0000-4000-8000-000000000000"`)
		}))
	}
	testkit.CheckResponse(t, "v1", strings.Replace(method, "HEAD", "GET", 1), path, got.Status, got.Header, bodyOf(method, got.Body))
	return got
}

// sealed finds cursors of the event log, which hold the epoch.
var sealed = regexp.MustCompile(`"(id|next_cursor)":"[0-9A-Za-z_-]{40,}"`)

// madeUUID finds UUIDs, among them those that the server made.
var madeUUID = regexp.MustCompile(`"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"`)

// random are members that a create gives random values.
var random = regexp.MustCompile(`"(uuid|token|website_token|hmac_token|identifier|secret)":"[^"]+"`)

// bodyOf is a body as the document describes it, which has no HEAD.
func bodyOf(method string, body []byte) []byte {
	if method == "HEAD" && len(body) == 0 {
		return []byte(`{"data":[],"next_cursor":null}`)
	}
	return body
}

func (e step) headers() []string {
	header := append([]string{"X-Request-Id", "the-request"}, e.header...)
	switch e.key {
	case "-":
		return header
	case "":
		e.key = siteKey
	}
	return append(header, "Authorization", "Bearer "+e.key)
}

func TestSelf(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/me", golden: "me/account"},
		{call: "GET /v1/me", key: readerKey, golden: "me/reader"},
		{call: "GET /v1/me", key: adaKey, golden: "me/agent"},
		{call: "GET /v1/me", key: boKey, golden: "me/plain_agent"},
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/labels", golden: "labels/list"},
		{call: "GET /v1/labels?limit=2", golden: "labels/page"},
		{call: "GET /v1/labels?limit=3", golden: "labels/list"}, // a full page that is the last
		{call: "HEAD /v1/labels"},
		{call: "GET /v1/labels/51", golden: "labels/full"},
		{call: "GET /v1/labels/52", golden: "labels/plain"},
		{call: "POST /v1/labels", body: `{"title":"new","group_id":41,"color":"#00f","description":"d","type":7}`, status: 201, golden: "labels/created"},
		{call: "POST /v1/labels", body: `{"title":"bare","color":null}`, status: 201, golden: "labels/bare"},
		{call: "POST /v1/labels", body: `{"title":"by bo"}`, key: boKey, status: 201},
		{call: "PATCH /v1/labels/51", body: `{}`, golden: "labels/full"},
		{call: "PATCH /v1/labels/51", body: `{"title":"VIP","group_id":null,"color":null,"description":null,"type":null}`, golden: "labels/emptied"},
		{call: "PATCH /v1/labels/51", body: `{"group_id":41}`, golden: "labels/regrouped"},
		{call: "DELETE /v1/labels/52", status: 204},
		{call: "DELETE /v1/labels/52", status: 404},
		{call: "GET /v1/labels/52", status: 404, golden: "errors/gone"},
		{call: "POST /v1/labels", body: `{"title":"refund"}`, status: 201}, // the title is free again
	})
}

func TestLabelGroups(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/label_groups", golden: "label_groups/list"},
		{call: "POST /v1/label_groups", body: `{"name":"Topic"}`, status: 201, golden: "label_groups/created"},
		{call: "PATCH /v1/label_groups/41", body: `{"name":"Moods"}`, golden: "label_groups/renamed"},
		{call: "GET /v1/label_groups/41", golden: "label_groups/renamed"},
		{call: "PATCH /v1/label_groups/41", body: `{"name":"Topic"}`, status: 409, golden: "errors/name_taken"},
		{call: "DELETE /v1/label_groups/41", status: 204},
		{call: "GET /v1/labels/51", status: 404}, // its labels went with it
		{call: "GET /v1/label_groups/42", status: 404},
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/teams", golden: "teams/list"},
		{call: "POST /v1/teams", body: `{"name":"Desk","agent_ids":[103,101]}`, status: 201, golden: "teams/created"},
		{call: "PATCH /v1/teams/32", body: `{"name":"Nights","agent_ids":[101]}`, golden: "teams/changed"},
		{call: "PUT /v1/teams/32/agents", body: `{"agent_ids":[]}`, golden: "teams/emptied"},
		{call: "PUT /v1/teams/32/agents", body: `{"agent_ids":[101,101]}`, status: 422, golden: "errors/named_twice"},
		{call: "PATCH /v1/teams/32", body: `{"agent_ids":[104]}`, status: 422, golden: "errors/no_such_agent"},
		{call: "POST /v1/teams", body: `{"name":"x","agent_ids":[104]}`, status: 422},
		{call: "GET /v1/teams/32", golden: "teams/emptied"},
		{call: "GET /v1/teams/31", golden: "teams/one"},
		{call: "DELETE /v1/teams/31", status: 204},
		{call: "GET /v1/teams/31", status: 404},
	})
}

// TestRefusals has every kind of problem that a request can bring about.
func TestRefusals(t *testing.T) {
	t.Parallel()
	long := `{"title":"` + strings.Repeat("x", 1<<20) + `"}`
	scene(t, []step{
		{call: "POST /v1/labels", body: `{"title":`, status: 400, golden: "errors/no_json"},
		{call: "POST /v1/labels", body: "{\"title\":\"\xff\"}", status: 400, golden: "errors/no_utf8"},
		{call: "POST /v1/labels", body: `{"title":"a\u0000b"}`, status: 400, golden: "errors/nul"},
		{call: "POST /v1/labels", status: 400, golden: "errors/no_body"},
		{call: "GET /v1/labels?a=%zz", status: 400, golden: "errors/broken_query"},
		{call: "GET /v1/labels?cursor=AQE", status: 400, golden: "errors/bad_cursor"},
		{call: "GET /v1/me", key: "-", status: 401, golden: "errors/no_token"},
		{call: "GET /v1/me", key: "wrong", status: 401},
		{call: "GET /v1/me", key: "quay-old-key-000001", status: 401},
		{call: "GET /v1/me", key: strings.Repeat("a.", 3000), status: 401},
		{call: "POST /v1/labels", body: `{"title":"x"}`, key: readerKey, status: 403, golden: "errors/no_scope"},
		{call: "POST /v1/labels", body: `{"title":"x"}`, key: writerKey, status: 403},
		{call: "POST /v1/teams", body: `{"name":"x"}`, key: boKey, status: 403, golden: "errors/no_permission"},
		{call: "POST /v1/teams", body: `{"name":"x"}`, key: adaKey, status: 201},
		{call: "GET /v1/labels/54", status: 404}, // of another account
		{call: "GET /v1/labels/99", status: 404},
		{call: "GET /v1/labels/abc", status: 404, golden: "errors/no_id"},
		{call: "GET /v1/labels/0", status: 404},
		{call: "PATCH /v1/labels/54", body: `{"title":"mine"}`, status: 404},
		{call: "GET /v1/me", header: []string{"Accept", "text/html"}, status: 406, golden: "errors/not_acceptable"},
		{call: "GET /v1/me", header: []string{"Accept", "text/html, application/json;q=0"}, status: 406},
		{call: "GET /v1/me", header: []string{"Accept", "text/html, */*;q=0.1"}},
		{call: "POST /v1/labels", body: `{"title":"vip"}`, status: 409, golden: "errors/title_taken"},
		{call: "PATCH /v1/labels/52", body: `{"title":"x"}`, header: []string{"If-Match", `"of long ago"`}, status: 412, golden: "errors/changed"},
		{call: "POST /v1/labels", body: long, status: 413, golden: "errors/too_large"},
		{call: "POST /v1/labels", body: `title=x`, header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, golden: "errors/form"},
		{call: "POST /v1/labels", body: `{"title":"x"}`, header: []string{"Content-Type", "application/json; charset=utf-16"}, status: 415},
		{call: "POST /v1/labels", body: `{"titel":"x","group_id":"41","color":[1],"type":1.5}`, status: 422, golden: "errors/many"},
		{call: "POST /v1/labels", body: `{"Title":"x"}`, status: 422, golden: "errors/letter_case"},
		{call: "POST /v1/labels", body: `[]`, status: 422, golden: "errors/no_object"},
		{call: "POST /v1/labels", body: `{"title":" "}`, status: 422, golden: "errors/blank_title"},
		{call: "POST /v1/labels", body: `{"title":"x","group_id":42}`, status: 422, golden: "errors/foreign_group"},
		{call: "POST /v1/labels", body: `{"title":"x","group_id":1e3}`, status: 422, golden: "errors/odd_number"},
		{call: "PATCH /v1/labels/51", body: `{"title":null}`, status: 422, golden: "errors/null_title"},
		{call: "PUT /v1/teams/31/agents", body: `{"agent_ids":[101,"x",-1]}`, status: 422, golden: "errors/list_items"},
		{call: "POST /v1/labels", body: `{"title":"x"}`, header: []string{"Idempotency-Key", "a b"}, status: 422, golden: "errors/odd_key"},
		{call: "GET /v1/labels?limit=0", status: 422, golden: "errors/limit_low"},
		{call: "GET /v1/labels?limit=101", status: 422},
		{call: "GET /v1/labels?limit=x&page=2", status: 422, golden: "errors/query"},
		{call: "POST /v1/labels", body: `{"title":"x","color":"red\"><script>"}`, status: 422, golden: "errors/odd_color"},
		{call: "PATCH /v1/labels/51", body: `{"color":"#ff88001"}`, status: 422},
		{call: "PATCH /v1/agents/101", body: `{"avatar_url":"javascript:alert(1)"}`, key: adaKey, status: 422, golden: "errors/odd_picture"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"x@quay.example","avatar_url":"data:text/html,x"}`, status: 422},
		{call: "PATCH /v1/labels/51", body: `{"group_id":1e3}`, status: 422, golden: "errors/odd_number_patch"},
		{call: "PUT /v1/teams/31/agents", body: `{"agent_ids":[101,1e2]}`, status: 422, golden: "errors/odd_number_list"},
		{call: "POST /v1/contacts", body: `{"custom_attributes":{"a/b":[1,{"n":1e999}]}}`, status: 422, golden: "errors/huge_number"},
		{call: "POST /v1/contacts", body: `{"identifier":"` + strings.Repeat("é", 1500) + `"}`, status: 422, golden: "errors/identifier_bytes"},
		{call: "POST /v1/contacts", body: `{"identities":[{"provider_type":6,"address":"` + strings.Repeat("é", 1500) + `"}]}`, status: 422, golden: "errors/address_bytes"},
		{call: "POST /v1/conversations", body: `{"inbox_id":71,"identity":{"provider_type":6,"address":"` + strings.Repeat("é", 1500) + `"},"sender":{"type":"contact"}}`, status: 422, golden: "errors/claim_bytes"},
		{call: "GET /v1/conversations?channel=a%00b", status: 422, golden: "errors/parameter_nul"},
		{call: "GET /v1/contacts/external:%ff", status: 404},
		{call: "GET /v1/contacts/external:%00", status: 404},
		{call: "GET /v1/contacts/external:" + strings.Repeat("%C3%A9", 1500), status: 404},
		{call: "GET /v1/conversations?contact=external:" + strings.Repeat("%C3%A9", 1500), status: 422, golden: "errors/no_such_contact"},
		{call: "GET /v1/conversations?status=resolved&status=open", status: 422, golden: "errors/parameter_twice"},
		{call: "GET /v1/conversations?inbox=71&inbox=72", status: 422},
		{call: "GET /v1/conversations?status=resolved,open"},
		{call: "GET /v1/conversations?contact=&status", status: 422, golden: "errors/parameter_empty"},
		{call: "GET /v1/labels?cursor=", status: 422},
		{call: "GET /v1/labels", golden: "labels/list"}, // none of them did anything
	})
}

// TestPathsThatNobodyServes are not in the document.
func TestPathsThatNobodyServes(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, e := range []struct {
			call, allow string
			status      int
		}{
			{"GET /v1", "", 404},
			{"GET /v1/", "", 404},
			{"GET /v1/nothing", "", 404},
			{"GET /v1//labels", "", 404},
			{"GET /v1/x/../labels", "", 404},
			{"GET /v1/labels/", "", 404},
			{"GET /v1/labels/1/x", "", 404},
			{"PATCH /v1/labels", "GET, HEAD, POST", 405},
			{"POST /v1/teams/31/agents", "PUT", 405},
			{"BREW /v1/labels/51", "DELETE, GET, HEAD, PATCH", 405},
			{"OPTIONS /v1/labels", "GET, HEAD, POST", 405},
		} {
			method, path, _ := strings.Cut(e.call, " ")
			got := s.Do(t, method, path, "X-Request-Id", "the-request")
			if got.Status != e.status || got.Header.Get("Allow") != e.allow || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s answered %d %v %s", e.call, got.Status, got.Header, got.Body)
			}
			testkit.Golden(t, "testdata/golden/paths/"+regexp.MustCompile(`\W+`).ReplaceAllString(e.call, "_")+".json", got.Body)
		}
	})
}

// TestOtherOrigins: a page of any origin may call, and read what it needs.
func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, "sqlite", fixture)
	got := s.Do(t, "OPTIONS", "/v1/labels/1", "Origin", "https://shop.example", "Access-Control-Request-Method", "PATCH")
	if got.Status != 204 || got.Header.Get("Access-Control-Allow-Origin") != "*" || got.Header.Get("Access-Control-Allow-Credentials") != "" ||
		!strings.Contains(got.Header.Get("Access-Control-Allow-Methods"), "PATCH") ||
		!strings.Contains(got.Header.Get("Access-Control-Allow-Headers"), "Authorization") ||
		!strings.Contains(got.Header.Get("Access-Control-Allow-Headers"), "Last-Event-ID") {
		t.Errorf("preflight: %d %v", got.Status, got.Header)
	}
	got = s.Do(t, "GET", "/v1/me", "Origin", "https://shop.example")
	if !strings.Contains(got.Header.Get("Access-Control-Expose-Headers"), "ETag") || got.Header.Get("WWW-Authenticate") != `Bearer realm="parley"` {
		t.Errorf("call: %v", got.Header)
	}
	got = s.Do(t, "GET", "/v1/me", "Authorization", "bearer wrong")
	if got.Header.Get("WWW-Authenticate") != `Bearer realm="parley", error="invalid_token"` {
		t.Errorf("wrong token: %v", got.Header)
	}
}

// TestPublicURL: kinds of problems have whole addresses where the server knows
// its own.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{PublicURL: "https://quay.example/"})
	if got := s.Do(t, "GET", "/v1/me"); !bytes.Contains(got.Body, []byte(`"type":"https://quay.example/docs/errors#unauthenticated"`)) {
		t.Errorf("%s", got.Body)
	}
}
