package badge_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/badge"
	"parley/internal/testkit"
)

// maxScriptBytes is what websites are promised that the script costs them.
const maxScriptBytes = 3 << 10

// The badge is files: it knows nothing of the server.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t)
}

// get asks h and returns the answer with its whole body.
func get(t *testing.T, h http.Handler, path string, header ...string) (*http.Response, string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /badge.js", h)
	mux.Handle("GET /demo/badge", h)
	mux.Handle("GET /demo/badge/{file}", h)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestScriptIsSmall(t *testing.T) {
	t.Parallel()
	_, plain := get(t, badge.Script(), "/badge.js")
	answer, zipped := get(t, badge.Script(), "/badge.js", "Accept-Encoding", "br, gzip;q=0.8")
	if answer.Header.Get("Content-Encoding") != "gzip" || len(zipped) > maxScriptBytes {
		t.Errorf("%d bytes of %q, want at most %d of gzip", len(zipped), answer.Header.Get("Content-Encoding"), maxScriptBytes)
	}
	z, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	if unzipped, err := io.ReadAll(z); err != nil || string(unzipped) != plain {
		t.Errorf("the two forms differ (%v)", err)
	}
}

// A strict Content-Security-Policy refuses all of these.
func TestScriptNeedsNoLeave(t *testing.T) {
	t.Parallel()
	_, script := get(t, badge.Script(), "/badge.js")
	for _, word := range []string{"eval(", "Function(", "innerHTML", "insertAdjacentHTML", ".style", "document.write", "createElement", "EventSource", "token="} {
		if strings.Contains(script, word) {
			t.Errorf("the script has %q", word)
		}
	}
}

func TestScriptIsCached(t *testing.T) {
	t.Parallel()
	first, _ := get(t, badge.Script(), "/badge.js")
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=3600, stale-while-revalidate=604800",
		"Vary": "Accept-Encoding", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff",
	} {
		if got := first.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, coding := range []string{"", "gzip"} {
		again, body := get(t, badge.Script(), "/badge.js", "If-None-Match", first.Header.Get("ETag"), "Accept-Encoding", coding)
		if again.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%q: %d with %d bytes, want 304 without a body", coding, again.StatusCode, len(body))
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "deflate, GZIP": "gzip", "gzip;q=0": "", "gzip; q=0.0, br": "", "gzip;q=1": "gzip", "br": "", "gzip;q=x": "",
	} {
		answer, _ := get(t, badge.Script(), "/badge.js", "Accept-Encoding", accept)
		if got := answer.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: %q, want %q", accept, got, want)
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	for path, kind := range map[string]string{
		"/demo/badge": "text/html; charset=utf-8", "/demo/badge/demo.js": "text/javascript; charset=utf-8", "/demo/badge/demo.css": "text/css; charset=utf-8",
	} {
		answer, _ := get(t, badge.Demo(), path)
		if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || got != kind {
			t.Errorf("%s: %d, %q, want 200, %q", path, answer.StatusCode, got, kind)
		}
		if got := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none';") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, got)
		}
	}
	for _, path := range []string{"/demo/badge/", "/demo/badge/badge.js", "/demo/badge/none"} {
		if answer, _ := get(t, badge.Demo(), path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, answer.StatusCode)
		}
	}
}
