package uncodie_test

import (
	"net/http"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const target = route + "?lead_id=" + maxBrandt + "&limit=1"

// gateCases are refusals of the gate, with the golden files of their bodies.
var gateCases = []struct {
	name   string
	header []string
	status int
}{
	{"no_key", nil, 401},
	{"empty_key", []string{"x-api-key", ""}, 401},
	{"unknown_key", []string{"x-api-key", "key_nobody0123456789"}, 401},
	{"expired_key", []string{"x-api-key", expiredKey}, 401},
	{"bearer_in_lower_case", []string{"Authorization", "bearer " + fullKey}, 401},
	{"wrong_x_api_key_beside_right_bearer", []string{"x-api-key", "key_nobody0123456789", "Authorization", "Bearer " + fullKey}, 401},
	{"origin_without_key", []string{"Origin", "http://localhost:5173"}, 401},
	{"no_read_scope", []string{"x-api-key", writeKey}, 403},
	{"required_scope_missing", []string{"x-api-key", readKey, "x-required-scope", "write"}, 403},
	{"required_scope_odd", []string{"x-api-key", readKey, "x-required-scope", `"\*' <x>`}, 403},
	{"required_scope_before_read", []string{"x-api-key", writeKey, "x-required-scope", "admin"}, 403},
}

func testGateRefuses(t *testing.T, s *testserver.Server) {
	for _, c := range gateCases {
		t.Run(c.name, func(t *testing.T) {
			got := s.Do(t, "GET", target, c.header...)
			check(t, got, "gate/"+c.name, "GET", target, c.status)
			// An unknown path tells a caller without a key no more.
			if c.status == 401 {
				if other := s.Do(t, "GET", "/api/agents/nothing", c.header...); other.Status != 401 || string(other.Body) != string(got.Body) {
					t.Errorf("unknown path: %d %s", other.Status, other.Body)
				}
			}
			if v := got.Header.Get("X-Middleware-Executed"); v != "" && c.name != "no_read_scope" {
				t.Errorf("X-Middleware-Executed = %q on what did not pass", v)
			}
		})
	}
}

func testGatePasses(t *testing.T, s *testserver.Server) {
	for name, header := range map[string][]string{
		"x-api-key":                {"x-api-key", fullKey},
		"bearer":                   {"Authorization", "Bearer " + fullKey},
		"bare":                     {"Authorization", fullKey},
		"x-api-key first":          {"x-api-key", fullKey, "Authorization", "Bearer nonsense"},
		"read scope":               {"x-api-key", readKey},
		"required scope":           {"x-api-key", readKey, "x-required-scope", "read"},
		"any scope":                {"x-api-key", fullKey, "x-required-scope", "anything"},
		"forged internal header":   {"x-api-key", fullKey, "x-api-key-data", "{}"},
		"content type not checked": {"x-api-key", fullKey, "Content-Type", "text/plain"},
	} {
		got := s.Do(t, "GET", target, header...)
		if got.Status != 200 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
		for field, want := range map[string]string{
			"X-Middleware-Executed": "true", "Vary": "Origin",
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "",
		} {
			if v := got.Header.Get(field); v != want {
				t.Errorf("%s: %s = %q, want %q", name, field, v, want)
			}
		}
	}
}

// A key opens its own site and no other.
func testKeyOfAnotherSite(t *testing.T, s *testserver.Server) {
	const empty = `{"success":true,"data":{"conversations":[],"pagination":{"limit":10,"offset":0,"total":0,"page":1,"pages":0}}}`
	for _, query := range []string{
		"lead_id=" + lena, "visitor_id=" + browser, "visitor_id=" + maxOnSite, "user_id=" + rui, "agent_id=" + bot, "site_id=" + site,
		"lead_id=" + absent, "site_id=" + absent,
	} {
		got := s.Do(t, "GET", route+"?"+query, "x-api-key", otherKey)
		if got.Status != 200 || string(got.Body) != empty {
			t.Errorf("%s with the other site's key: %d %s", query, got.Status, got.Body)
		}
	}
}

func testOrigins(t *testing.T, s *testserver.Server) {
	for _, origin := range []string{"http://localhost", "http://localhost:3000", "https://127.0.0.1:8443", "http://LOCALHOST:1"} {
		for _, status := range []int{200, 401} {
			header := []string{"Origin", origin}
			if status == 200 {
				header = append(header, "x-api-key", fullKey)
			}
			got := s.Do(t, "GET", target, header...)
			if got.Status != status || got.Header.Get("Access-Control-Allow-Origin") != origin ||
				got.Header.Get("Access-Control-Allow-Credentials") != "true" || got.Header.Get("Vary") != "Origin" {
				t.Errorf("%s: %d (want %d), %v", origin, got.Status, status, got.Header)
			}
		}
	}
	for _, origin := range []string{
		"https://evil.example", "null", "http://localhost.evil.example", "http://localhost@evil.example", "localhost", "file://localhost", "http://", "http://[::1", "https://evil.example/localhost",
	} {
		got := s.Do(t, "GET", target, "Origin", origin, "x-api-key", fullKey)
		if got.Status != 403 || len(got.Body) != 0 || got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %q, want 403 without a body", origin, got.Status, got.Body)
		}
		testkit.CheckResponse(t, "uncodie", "GET", route, got.Status, got.Header, got.Body)
	}
}

func testPreflight(t *testing.T, s *testserver.Server) {
	for _, c := range []struct {
		origin string
		status int
	}{{"http://localhost:3000", 204}, {"", 204}, {"https://evil.example", 403}} {
		var header []string
		if c.origin != "" {
			header = []string{"Origin", c.origin, "Access-Control-Request-Method", "GET"}
		}
		got := s.Do(t, "OPTIONS", route, header...)
		if got.Status != c.status || len(got.Body) != 0 {
			t.Errorf("origin %q: %d %q, want %d", c.origin, got.Status, got.Body, c.status)
		}
		want := map[string]string{
			"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS", "Access-Control-Max-Age": "86400", "Vary": "Origin",
			"Access-Control-Allow-Headers":     "Content-Type, Authorization, X-SA-API-KEY, x-api-key, x-api-secret, Accept, Origin, X-Requested-With",
			"Access-Control-Allow-Origin":      c.origin,
			"Access-Control-Allow-Credentials": "true",
		}
		if c.origin == "" {
			want["Access-Control-Allow-Credentials"] = ""
		}
		for field, value := range want {
			if c.status == 403 {
				value = ""
			}
			if v := got.Header.Get(field); v != value {
				t.Errorf("origin %q: %s = %q, want %q", c.origin, field, v, value)
			}
		}
	}
}

func testMethodsAndPaths(t *testing.T, s *testserver.Server) {
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		got := s.Do(t, method, target, "x-api-key", fullKey)
		if got.Status != http.StatusMethodNotAllowed || len(got.Body) != 0 || got.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %d %q, Allow %q", method, got.Status, got.Body, got.Header.Get("Allow"))
		}
	}
	whole := s.Do(t, "GET", target, "x-api-key", fullKey)
	head := s.Do(t, "HEAD", target, "x-api-key", fullKey)
	if head.Status != 200 || len(head.Body) != 0 || head.Header.Get("Content-Length") != whole.Header.Get("Content-Length") {
		t.Errorf("HEAD: %d, Content-Length %s, want that of GET, %s", head.Status, head.Header.Get("Content-Length"), whole.Header.Get("Content-Length"))
	}
	for _, path := range []string{
		"/api/agents", "/api/agents/", "/api/agents/customersupport/conversations", "/api/agents/customer-support/conversations",
		"/api/agents/CustomerSupport/conversations", route + "/", "/api/agents/customerSupport", "/api/agents//customerSupport/conversations",
		"/api/visitors/session", "/api/keys", "/api/notifications/newInboundMessage", "/api/workflow/customerSupport", "/api/status",
	} {
		got := s.Do(t, "GET", path+"?lead_id="+lena, "x-api-key", fullKey)
		if got.Status != 404 || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %s", path, got.Status, got.Header.Get("Content-Type"))
		}
	}
}
