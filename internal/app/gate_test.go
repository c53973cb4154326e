package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/testkit/testserver"
)

// start runs a server until the test ends.
func start(t *testing.T, cfg *config.Config) *app.Server {
	t.Helper()
	return startAt(t, cfg, clock)
}

// startAt is start with another clock.
func startAt(t *testing.T, cfg *config.Config, clock core.Clock) *app.Server {
	t.Helper()
	s, err := app.NewServer(t.Context(), cfg, clock, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// token makes an account, whose id is 1, and a token for it.
func token(t *testing.T, s *app.Server) string {
	t.Helper()
	return tokenOf(t, s, "Acme")
}

// tokenOf is token of an account with another name.
func tokenOf(t *testing.T, s *app.Server, account string) string {
	t.Helper()
	ops := app.NewOperations(s.Store, clock) // closed by the server
	if _, err := ops.CreateAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	out, err := ops.CreateToken(t.Context(), app.TokenRequest{AccountID: 1, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatal(err)
	}
	return made.Token
}

func ask(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestLimitsSpeakTheDialect uses up the rate of a token and of an address in
// each dialect. The clock stands still, so nothing refills.
func TestLimitsSpeakTheDialect(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.RateLimit = 20
	cfg.TrustedProxies = []string{"127.0.0.0/8"}
	s := start(t, cfg)
	key := token(t, s)
	url := "http://" + s.Addr.String()
	const (
		commbox  = "/v2/users/identities/1/objects"
		chatwoot = "/public/api/v1/inboxes/none/contacts/none/conversations"
		uncodie  = "/api/agents/customerSupport/conversations?site_id=x"
	)
	for i, c := range []struct {
		name   string
		path   string
		header []string
		refuse string // a pattern of the whole body
		media  string
	}{
		{"CommBox without a key", commbox, nil, `{"status":429,"description":"Too Many Requests","response_time":"[^"]*"}`, "application/json"},
		{"CommBox, unknown path", "/streams/1/2/3/4", nil, `{"status":429,"description":"Too Many Requests","response_time":"[^"]*"}`, "application/json"},
		{"Chatwoot", "/public/api/v1/nothing", nil, "Retry later\n", "text/plain"},
		{"Chatwoot, unknown ids", chatwoot, nil, "Retry later\n", "text/plain"},
		{"Uncodie without a key", uncodie, nil, `{"success":false,"error":{"code":"RATE_LIMIT","message":"[^"]*"}}`, "application/json"},
		{"CommBox, wrong key", commbox, []string{"Authorization", "Bearer wrong"}, `{"status":429,.*}`, "application/json"},
		{"Uncodie, wrong key", uncodie, []string{"x-api-key", "wrong"}, `{"success":false,"error":{"code":"RATE_LIMIT",.*}`, "application/json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// Each case comes from an address of its own.
			header := append([]string{"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i+1)}, c.header...)
			refuse := regexp.MustCompile("^" + c.refuse + "\\s*$")
			for i := range 25 {
				resp, body := ask(t, url+c.path, header...)
				if resp.StatusCode != http.StatusTooManyRequests {
					continue
				}
				if i == 0 {
					t.Error("the first request was refused")
				}
				if !refuse.MatchString(body) || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.media) {
					t.Errorf("body %q of type %s", body, resp.Header.Get("Content-Type"))
				}
				if resp.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				return
			}
			t.Error("25 requests were not refused")
		})
	}
	t.Run("a token", func(t *testing.T) {
		t.Parallel()
		last := 0
		for range 21 {
			resp, _ := ask(t, url+uncodie, "x-api-key", key)
			last = resp.StatusCode
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("the 21st request: %d", last)
		}
	})
	t.Run("health has no limit", func(t *testing.T) {
		t.Parallel()
		for range 50 {
			if status, body := get(t, url+"/readyz"); status != http.StatusOK {
				t.Fatalf("readyz: %d %s", status, body)
			}
		}
	})
}

// TestRevokingHoldsAtOnce revokes over the admin socket a token whose look-up
// the doors remember. The clock stands still: what they remember never ages.
func TestRevokingHoldsAtOnce(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	s := start(t, cfg)
	key := token(t, s)
	url := "http://" + s.Addr.String() + "/v2/users/identities/1/objects"
	for range 2 {
		if resp, body := ask(t, url, "Authorization", "Bearer "+key); resp.StatusCode == http.StatusUnauthorized {
			t.Fatalf("the token is refused: %s", body)
		}
	}
	op, ok := app.DialOperator(t.Context(), cfg.AdminSocket())
	if !ok {
		t.Fatal("nobody listens on the admin socket")
	}
	defer op.Close()
	if _, err := op.RevokeToken(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if resp, body := ask(t, url, "Authorization", "Bearer "+key); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the revoked token: %d %s", resp.StatusCode, body)
	}
}

// TestLargeRequestsSpeakTheDialect announces bodies that are never sent.
func TestLargeRequestsSpeakTheDialect(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t))
	for path, want := range map[string]string{
		"/streams/1/objects":                 `{"status":413,"description":"Request Entity Too Large","response_time":"`,
		"/public/api/v1/inboxes/x/contacts":  `{"status":413,"error":"Request Entity Too Large"}`,
		"/api/agents/customerSupport/nobody": `{"success":false,"error":{"code":"INVALID_REQUEST","message":"the body is too large"}}`,
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		// The server answers and closes, though not a byte of the body came.
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %v\n%s", path, err, answer)
		}
	}
}

// TestAdminAddress looks for what dashboards and alerts are built on.
func TestAdminAddress(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t))
	url, admin := "http://"+s.Addr.String(), "http://"+s.AdminAddr.String()
	for _, path := range []string{"/healthz", "/v2/users/identities/1/objects", "/public/api/v1/inboxes/n/contacts/secret-source/conversations"} {
		get(t, url+path)
	}
	status, body := get(t, admin+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("metrics: %d", status)
	}
	for _, line := range []string{
		`parley_http_requests_total{door="commbox",method="GET",route="/v2/users/identities/{USER_IDENTITY_ID}/objects",status="401"} 1`,
		`parley_http_requests_total{door="chatwoot",method="GET",route="/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",status="404"} 1`,
		`parley_http_requests_total{door="parley",method="GET",route="/healthz",status="200"} 1`,
		`parley_http_request_seconds_count{door="parley",route="/healthz"} 1`,
		`parley_http_in_flight 0`,
		`parley_rate_limited_total{limit="failures"} 0`,
		`parley_store_commit_group_size_count`,
		`parley_db_up 1`,
		`go_goroutines`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s in the metrics", line)
		}
	}
	if strings.Contains(body, "secret-source") {
		t.Error("a path is in the metrics")
	}
	for path, want := range map[string]int{"/debug/pprof/goroutine?debug=1": 200, "/healthz": 200, "/readyz": 200, "/streams": 404} {
		if status, _ := get(t, admin+path); status != want {
			t.Errorf("admin %s: %d, want %d", path, status, want)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if status, _ := get(t, url+path); status != http.StatusNotFound {
			t.Errorf("public %s: %d", path, status)
		}
	}
}

// TestTraces receives what an OpenTelemetry collector would.
func TestTraces(t *testing.T) {
	var mu sync.Mutex
	var spans strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if spans.Write(body); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Run("served", func(t *testing.T) {
		s := start(t, settings(t))
		ask(t, "http://"+s.Addr.String()+"/public/api/v1/inboxes/n/contacts/secret-source/conversations?q=secret-query",
			"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "X-Request-Id", "request-7")
	})
	// The server has stopped, and sent what it had.
	mu.Lock()
	defer mu.Unlock()
	got := spans.String()
	for _, want := range []string{
		"GET /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations", "request-7",
		"\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the trace", want)
		}
	}
	if strings.Contains(got, "secret-") {
		t.Error("a path or a query is in the trace")
	}
}
