package chatwoot

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"parley/internal/core"
	"parley/internal/testkit"
)

// TestWriteError: every kind of failure has a body of the server's, and none
// tells its cause.
func TestWriteError(t *testing.T) {
	t.Parallel()
	cause := errors.New("secret cause")
	for name, test := range map[string]struct {
		err    error
		status int
		body   string
		listed bool // the list's document describes it
	}{
		"not found":       {core.Absent("inbox"), 404, `{"status":404,"error":"Not Found"}`, true},
		"wrapped":         {fmt.Errorf("find inbox: %w", core.Absent("inbox")), 404, `{"status":404,"error":"Not Found"}`, true},
		"hmac":            {errHMAC, 401, `{"error":"HMAC failed: Invalid Identifier Hash Provided"}`, true},
		"forbidden":       {&core.Error{Kind: core.Forbidden, Message: `no "<admin>"`, Err: cause}, 401, `{"error":"no \"<admin>\""}`, false},
		"unauthenticated": {&core.Error{Kind: core.Unauthenticated, Err: cause}, 401, `{"error":"Unauthorized"}`, false},
		"invalid":         {core.Refuse("name", "secret"), 400, `{"status":400,"error":"Bad Request"}`, false},
		"rate limited":    {&core.Error{Kind: core.RateLimited, Err: cause}, 429, "Retry later\n", true},
		"conflict":        {core.Taken("secret"), 500, `{"status":500,"error":"Internal Server Error"}`, true},
		"unavailable":     {&core.Error{Kind: core.Unavailable, Err: cause}, 500, `{"status":500,"error":"Internal Server Error"}`, true},
		"not classified":  {cause, 500, `{"status":500,"error":"Internal Server Error"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := listPath("door", "71")
			w := httptest.NewRecorder()
			writeError(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody), test.err)
			if w.Code != test.status || w.Body.String() != test.body {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, test.status, test.body)
			}
			if got := w.Header().Get("Content-Length"); got != strconv.Itoa(len(test.body)) {
				t.Errorf("Content-Length = %q, want %d", got, len(test.body))
			}
			if test.listed {
				testkit.CheckResponse(t, "chatwoot", http.MethodGet, path, w.Code, w.Header(), w.Body.Bytes())
			}
		})
	}
}

// TestRetryAfter: what a limiter says is kept.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "1", "42": "42"} {
		w := httptest.NewRecorder()
		if given != "" {
			w.Header().Set("Retry-After", given)
		}
		writeError(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), &core.Error{Kind: core.RateLimited})
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("Retry-After = %q, want %q", got, want)
		}
	}
}
