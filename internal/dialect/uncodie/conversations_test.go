package uncodie_test

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// The people of testdata/desk.ndjson, and the keys of its two sites.
const (
	route = "/api/agents/customerSupport/conversations"

	site      = "0b9d3c52-6e1f-4a77-8c20-5d4e3f2a1b09"
	otherSite = "c4a8f6e2-1d3b-4e5f-9a7c-8b6d5e4f3a21"
	lena      = "62a8f1c7-0d3e-4b95-b7f4-8c5e9a10d246" // a lead on three channels
	maxBrandt = "d50c7e93-a1b2-4f68-9c07-e4f3b8a6d159" // a lead; stored in upper case
	nobody    = "a0000000-0000-4000-8000-000000000022" // a contact without contact data
	rui       = "31cd0a5e-77b2-4f0e-9c41-2a6b8d9e0f10"
	mia       = "31cd0a5e-77b2-4f0e-9c41-2a6b8d9e0f11"
	bot       = "77ab1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c12"
	absent    = "99999999-9999-4999-8999-999999999999"

	lenasBrowser = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e30"
	maxOnSite    = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e32" // a mail address that also wrote on the website
	browser      = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e33"
	device       = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e34"
	mailAddress  = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e35" // of nobody known, by mail alone

	otherLead    = "b0000000-0000-4000-8000-000000000060"
	otherVisitor = "e7a1c5d3-2b46-4f98-a0de-9c8b7a6f5e61"
	otherUser    = "31cd0a5e-77b2-4f0e-9c41-2a6b8d9e0f50"
	otherBot     = "77ab1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c51"

	fullKey    = "key_full0123456789abcdef"
	readKey    = "key_read0123456789abcdef"
	writeKey   = "key_write0123456789abcdef"
	expiredKey = "key_old0123456789abcdef"
	otherKey   = "key_other0123456789abcdef"
	sampleKey  = "sample_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

// listCase is a request of the list and the golden file of its body.
type listCase struct {
	name   string
	query  string
	status int // 0 = 200
}

var deskCases = []listCase{
	// each id alone
	{name: "lead", query: "lead_id=" + lena},
	{name: "lead_asked_in_upper_case", query: "lead_id=" + strings.ToUpper(lena)},
	{name: "lead_stored_in_upper_case", query: "lead_id=" + maxBrandt},
	{name: "lead_unknown", query: "lead_id=" + absent},
	{name: "lead_without_contact_data", query: "lead_id=" + nobody},
	{name: "lead_of_another_site", query: "lead_id=" + otherLead},
	{name: "visitor_of_website", query: "visitor_id=" + browser},
	{name: "visitor_of_app", query: "visitor_id=" + device},
	{name: "visitor_who_is_a_lead", query: "visitor_id=" + lenasBrowser},
	{name: "visitor_on_website_and_by_mail", query: "visitor_id=" + maxOnSite},
	{name: "visitor_by_mail", query: "visitor_id=" + mailAddress},
	{name: "visitor_given_a_lead", query: "visitor_id=" + lena},
	{name: "visitor_of_another_site", query: "visitor_id=" + otherVisitor},
	{name: "user", query: "user_id=" + rui},
	{name: "user_unknown", query: "user_id=" + absent},
	{name: "user_of_another_site", query: "user_id=" + otherUser},
	{name: "agent", query: "agent_id=" + bot},
	{name: "agent_of_another_site", query: "agent_id=" + otherBot},
	{name: "site", query: "site_id=" + site + "&limit=50"},
	{name: "site_asked_in_upper_case", query: "site_id=" + strings.ToUpper(site) + "&limit=1"},
	{name: "site_other", query: "site_id=" + otherSite},
	{name: "site_unknown", query: "site_id=" + absent},

	// ids together
	{name: "lead_and_user", query: "lead_id=" + lena + "&user_id=" + rui},
	{name: "lead_and_agent", query: "lead_id=" + lena + "&agent_id=" + bot},
	{name: "lead_and_site", query: "lead_id=" + maxBrandt + "&site_id=" + site},
	{name: "lead_and_other_site", query: "lead_id=" + lena + "&site_id=" + otherSite},
	{name: "lead_beside_visitor", query: "lead_id=" + maxBrandt + "&visitor_id=" + browser},
	{name: "visitor_and_agent", query: "visitor_id=" + device + "&agent_id=" + bot},
	{name: "visitor_and_status", query: "visitor_id=" + maxOnSite + "&custom_data_status=sent"},
	{name: "user_and_agent", query: "user_id=" + rui + "&agent_id=" + bot},
	{name: "all_ids", query: "lead_id=" + lena + "&visitor_id=" + lenasBrowser + "&user_id=" + rui + "&site_id=" + site + "&agent_id=" + bot},

	// texts
	{name: "status_active", query: "lead_id=" + lena + "&status=active"},
	{name: "status_active_of_site", query: "site_id=" + site + "&status=active&limit=20"},
	{name: "status_pending", query: "site_id=" + site + "&status=pending"},
	{name: "status_closed", query: "site_id=" + site + "&status=closed"},
	{name: "status_stored", query: "site_id=" + site + "&status=archived"},
	{name: "status_other_case", query: "site_id=" + site + "&status=Active"},
	{name: "status_core_word", query: "site_id=" + site + "&status=resolved"},
	{name: "status_nul", query: "site_id=" + site + "&status=active%00"},
	{name: "channel_website_chat", query: "site_id=" + site + "&channel=website_chat"},
	{name: "channel_web", query: "site_id=" + site + "&channel=web"},
	{name: "channel_email", query: "site_id=" + site + "&channel=email"},
	{name: "channel_whatsapp", query: "site_id=" + site + "&channel=whatsapp"},
	{name: "channel_api", query: "site_id=" + site + "&channel=api"},
	{name: "channel_stored", query: "site_id=" + site + "&channel=https%3A%2F%2Fshop.example"},
	{name: "custom_data_status", query: "site_id=" + site + "&custom_data_status=sent"},
	{name: "custom_data_status_none", query: "site_id=" + site + "&custom_data_status=failed"},
	{name: "all_texts", query: "site_id=" + site + "&status=archived&channel=https://shop.example&custom_data_status=sent"},

	// limit and offset
	{name: "limit_absent", query: "site_id=" + site},
	{name: "limit_empty", query: "site_id=" + site + "&limit=&offset="},
	{name: "limit_1", query: "site_id=" + site + "&limit=1"},
	{name: "limit_0", query: "site_id=" + site + "&limit=0"},
	{name: "limit_0_offset_3", query: "site_id=" + site + "&limit=0&offset=3"},
	{name: "limit_negative", query: "site_id=" + site + "&limit=-1", status: 400},
	{name: "limit_not_a_number", query: "site_id=" + site + "&limit=abc", status: 400},
	{name: "limit_5abc", query: "site_id=" + site + "&limit=5abc"},
	{name: "limit_2.9", query: "site_id=" + site + "&limit=2.9"},
	{name: "limit_0x2", query: "site_id=" + site + "&limit=0x2"},
	{name: "limit_blanks", query: "site_id=" + site + "&limit=%20+%092"},
	{name: "limit_huge", query: "lead_id=" + maxBrandt + "&limit=1000000000"},
	{name: "limit_beyond_64_bits", query: "lead_id=" + maxBrandt + "&limit=18446744073709551617"},
	{name: "offset_in_the_middle", query: "site_id=" + site + "&limit=3&offset=4"},
	{name: "offset_total", query: "lead_id=" + maxBrandt + "&offset=2"},
	{name: "offset_past_the_end", query: "lead_id=" + maxBrandt + "&offset=3"},
	{name: "offset_1_of_nothing", query: "lead_id=" + absent + "&offset=1"},
	{name: "offset_beyond_64_bits", query: "lead_id=" + maxBrandt + "&offset=18446744073709551617"},
	{name: "offset_negative", query: "lead_id=" + maxBrandt + "&offset=-1"},
	{name: "offset_not_a_number", query: "lead_id=" + maxBrandt + "&offset=abc"},

	// reading of the query
	{name: "first_value_wins", query: "lead_id=" + maxBrandt + "&lead_id=x&limit=1&limit=2"},
	{name: "empty_is_absent", query: "lead_id=&visitor_id=&user_id=" + mia + "&status=&channel=&custom_data_status="},
	{name: "debug", query: "lead_id=" + maxBrandt + "&user_id=" + mia + "&visitor_id=&debug=true"},
	{name: "debug_all_ids", query: "lead_id=" + absent + "&visitor_id=" + strings.ToUpper(browser) + "&user_id=" + rui + "&site_id=" + site + "&agent_id=" + bot + "&debug=true"},
	{name: "debug_other_text", query: "lead_id=" + absent + "&debug=TRUE"},
	{name: "include_messages", query: "lead_id=" + lena + "&include=messages"},
	{name: "include_messages_with_debug", query: "visitor_id=" + device + "&include=messages&limit=2&debug=true"},
	{name: "include_messages_of_nothing", query: "lead_id=" + absent + "&include=messages"},

	// refusals, in the order of the checks
	{name: "no_id", query: "", status: 400},
	{name: "no_id_but_texts", query: "status=active&channel=email&custom_data_status=sent&limit=-1", status: 400},
	{name: "no_id_but_empty_ones", query: "lead_id=&visitor_id=&user_id=&site_id=&agent_id=", status: 400},
	{name: "malformed_lead_id", query: "agent_id=x&site_id=x&user_id=x&visitor_id=x&lead_id=x", status: 400},
	{name: "malformed_visitor_id", query: "agent_id=x&site_id=x&user_id=x&visitor_id=x&lead_id=" + lena, status: 400},
	{name: "malformed_user_id", query: "agent_id=x&site_id=x&user_id=x", status: 400},
	{name: "malformed_site_id", query: "agent_id=x&site_id=x", status: 400},
	{name: "malformed_agent_id", query: "agent_id=x&limit=-1", status: 400},
	{name: "nil_lead_id", query: "lead_id=00000000-0000-0000-0000-000000000000", status: 400},
}

var sampleCases = []listCase{
	{name: "sample_lead", query: "lead_id=f41bb290-0404-44d7-a969-b21a7ec65b77"},
	{name: "sample_lead_limit_5", query: "lead_id=f41bb290-0404-44d7-a969-b21a7ec65b77&limit=5"},
	{name: "sample_site_limit_10", query: "site_id=9be0a6a2-5567-41bf-ad06-cb4014f0faf2&limit=10"},
	// The sample's own user and agent ids break the rule for parameters.
	{name: "sample_user", query: "user_id=6a7b8c9d-0e1f-2a3b-4c5d-6e7f8a9b0c1d", status: 400},
	{name: "sample_agent", query: "agent_id=a1b2c3d4-e5f6-7a8b-9c0d-1e2f3a4b5c6d", status: 400},
}

// TestDesk asks one server on each engine everything about testdata/desk.ndjson.
func TestDesk(t *testing.T) {
	t.Parallel()
	testserver.Each(t, "testdata/desk.ndjson", func(t *testing.T, s *testserver.Server) {
		t.Run("list", func(t *testing.T) { runList(t, s, fullKey, deskCases) })
		for name, run := range map[string]func(*testing.T, *testserver.Server){
			"gate refuses": testGateRefuses, "gate passes": testGatePasses, "key of another site": testKeyOfAnotherSite,
			"origins": testOrigins, "preflight": testPreflight, "methods and paths": testMethodsAndPaths,
		} {
			t.Run(name, func(t *testing.T) { run(t, s) })
		}
	})
}

// TestSample asks for what the published documentation shows.
func TestSample(t *testing.T) {
	t.Parallel()
	testserver.Each(t, "testdata/seed.ndjson", func(t *testing.T, s *testserver.Server) {
		t.Run("list", func(t *testing.T) { runList(t, s, sampleKey, sampleCases) })
		t.Run("response", func(t *testing.T) { testSampleResponse(t, s) })
	})
}

func runList(t *testing.T, s *testserver.Server, key string, cases []listCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := s.Do(t, "GET", route+"?"+c.query, "x-api-key", key)
			status := c.status
			if status == 0 {
				status = 200
			}
			check(t, got, "conversations/"+c.name, "GET", route+"?"+c.query, status)
		})
	}
}

// check compares an answer with its golden file and with the document.
func check(t *testing.T, got testserver.Response, golden, method, path string, status int) {
	t.Helper()
	if got.Status != status {
		t.Errorf("status = %d, want %d", got.Status, status)
	}
	if kind := got.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type = %q", kind)
	}
	testkit.Golden(t, goldenPath(golden), got.Body)
	testkit.CheckResponse(t, "uncodie", method, path, got.Status, got.Header, got.Body)
}

func goldenPath(name string) string {
	return filepath.Join("testdata", "golden", filepath.FromSlash(name)+".json")
}

// No golden file is left behind by a case that was renamed or removed.
func TestGoldenFilesBelongToCases(t *testing.T) {
	t.Parallel()
	if flag.Lookup("update").Value.String() == "true" {
		return // they are being written at this moment
	}
	want := []string{"failures/auth_error", "failures/database_error", "failures/internal_server_error"} // errors_test.go
	for _, c := range slices.Concat(deskCases, sampleCases) {
		want = append(want, "conversations/"+c.name)
	}
	for _, c := range gateCases {
		want = append(want, "gate/"+c.name)
	}
	for i, name := range want {
		want[i] = goldenPath(name)
	}
	slices.Sort(want)
	got, err := filepath.Glob(goldenPath("*/*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("golden files (-cases +files):\n%s", diff)
	}
}

// The published sample answer comes out as it is printed: each of its members,
// in its order, with its value. Times are compared as instants.
func testSampleResponse(t *testing.T, s *testserver.Server) {
	sample, err := os.ReadFile("testdata/sample_response.json")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Do(t, "GET", route+"?lead_id=f41bb290-0404-44d7-a969-b21a7ec65b77", "x-api-key", sampleKey)
	if got.Status != 200 {
		t.Fatalf("status = %d: %s", got.Status, got.Body)
	}
	contains(t, "", decodeOrdered(t, sample), decodeOrdered(t, got.Body))
}

// ordered is a JSON object that knows the order of its members.
type ordered struct {
	keys   []string
	values map[string]any
}

// contains reports what of want is missing in got.
func contains(t *testing.T, at string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case ordered:
		got, ok := got.(ordered)
		if !ok {
			t.Errorf("%s: got %v, want an object", at, got)
			return
		}
		common := slices.DeleteFunc(slices.Clone(got.keys), func(k string) bool { return !slices.Contains(want.keys, k) })
		if diff := cmp.Diff(want.keys, common); diff != "" {
			t.Errorf("%s: members (-want +got):\n%s", at, diff)
		}
		for _, k := range want.keys {
			contains(t, at+"/"+k, want.values[k], got.values[k])
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			t.Errorf("%s: got %v, want %d elements", at, got, len(want))
			return
		}
		for i := range want {
			contains(t, at, want[i], got[i])
		}
	default:
		if want != got && !sameInstant(want, got) {
			t.Errorf("%s: got %v, want %v", at, got, want)
		}
	}
}

func sameInstant(a, b any) bool {
	parse := func(v any) (time.Time, error) {
		s, _ := v.(string)
		return time.Parse(time.RFC3339, s)
	}
	x, errX := parse(a)
	y, errY := parse(b)
	return errX == nil && errY == nil && x.Equal(y)
}

func decodeOrdered(t *testing.T, body []byte) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var value func() any
	value = func() any {
		token, err := dec.Token()
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		switch token {
		case json.Delim('{'):
			o := ordered{values: map[string]any{}}
			for dec.More() {
				key, _ := value().(string)
				o.keys = append(o.keys, key)
				o.values[key] = value()
			}
			_, _ = dec.Token()
			return o
		case json.Delim('['):
			list := []any{}
			for dec.More() {
				list = append(list, value())
			}
			_, _ = dec.Token()
			return list
		}
		return token
	}
	return value()
}

// listed is what tests read back of a list.
type listed struct {
	Data struct {
		Conversations []struct {
			ID           string `json:"id"`
			UpdatedAt    string `json:"updated_at"`
			MessageCount int    `json:"message_count"`
			LastMessage  *struct {
				ID      string `json:"id"`
				Content string `json:"content"`
			} `json:"last_message"`
			Messages []struct {
				ID      string `json:"id"`
				Content string `json:"content"`
			} `json:"messages"`
		} `json:"conversations"`
		Pagination struct {
			Total float64 `json:"total"`
			Limit float64 `json:"limit"`
			Pages float64 `json:"pages"`
		} `json:"pagination"`
	} `json:"data"`
}

func list(t *testing.T, s *testserver.Server, key string, params url.Values) listed {
	t.Helper()
	got := s.Do(t, "GET", route+"?"+params.Encode(), "x-api-key", key)
	if got.Status != 200 {
		t.Fatalf("%v: status %d: %s", params, got.Status, got.Body)
	}
	testkit.CheckResponse(t, "uncodie", "GET", route, got.Status, got.Header, got.Body)
	var out listed
	if err := json.Unmarshal(got.Body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
