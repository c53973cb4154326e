package reference

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"parley/docs"
	"parley/internal/testkit"
	"parley/openapi"
)

// The pages know what is published, and neither use cases nor databases.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/reference", "parley/docs", "github.com/swaggest/swgui/v5/static")
}

// paths are all pages.
var paths = []string{"/docs", "/docs/v1", "/docs/commbox", "/docs/chatwoot", "/docs/uncodie", "/docs/errors"}

// ask sends a GET with headers, which are names and values by turns.
func ask(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	New().ServeHTTP(w, r)
	return w
}

// named finds what a page loads or leads to.
var named = regexp.MustCompile(`(?:src|href|data-document)="([^"]*)"`)

// TestPages follows every address on every page: each is served here, of the
// type that a browser that must not guess needs, and none is elsewhere.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, path := range paths {
		w := ask(t, path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("%s: %d %v", path, w.Code, w.Header())
		}
		text := w.Body.String()
		if strings.Contains(text, "//") || strings.Contains(text, "<style") || strings.Contains(text, "<script>") {
			t.Errorf("%s names a host, or holds what its policy forbids:\n%s", path, text)
		}
		addresses := named.FindAllStringSubmatch(text, -1)
		if len(addresses) < len(paths) {
			t.Errorf("%s names %d addresses", path, len(addresses))
		}
		for _, m := range addresses {
			address, fragment, _ := strings.Cut(m[1], "#")
			switch name, isDocument := strings.CutPrefix(address, "/openapi/"); {
			case isDocument:
				if _, found := openapi.Document(strings.TrimSuffix(name, ".json")); !found {
					t.Errorf("%s shows %s, which does not exist", path, address)
				}
			case address == "":
				if !strings.Contains(text, `id="`+fragment+`"`) {
					t.Errorf("%s leads to #%s, which it does not have", path, fragment)
				}
			default:
				part := ask(t, address)
				if part.Code != http.StatusOK || part.Body.Len() == 0 || part.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s names %s: %d, %d bytes, %v", path, address, part.Code, part.Body.Len(), part.Header())
				}
				if strings.HasSuffix(address, ".js") && !strings.HasPrefix(part.Header().Get("Content-Type"), "text/javascript") ||
					strings.HasSuffix(address, ".css") && !strings.HasPrefix(part.Header().Get("Content-Type"), "text/css") {
					t.Errorf("%s is a %s", address, part.Header().Get("Content-Type"))
				}
			}
		}
	}
}

// TestEveryDocumentHasAPage looks at the page of each published document.
func TestEveryDocumentHasAPage(t *testing.T) {
	t.Parallel()
	names := openapi.Names()
	if len(names) != len(apis) {
		t.Errorf("there are %d documents and %d pages", len(names), len(apis))
	}
	for _, name := range names {
		if text := ask(t, "/docs/"+name).Body.String(); !strings.Contains(text, `data-document="/openapi/`+name+`.json"`) {
			t.Errorf("/docs/%s does not show its document:\n%s", name, text)
		}
	}
}

// TestNoHostIsAsked looks for hosts in what the pages load of ours, and holds
// the policy, which keeps the rest from them, to its words.
func TestNoHostIsAsked(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/docs/assets/reference.js", "/docs/assets/reference.css"} {
		if text := ask(t, path).Body.String(); strings.Contains(text, "://") {
			t.Errorf("%s names a host:\n%s", path, text)
		}
	}
	if script := ask(t, "/docs/assets/reference.js").Body.String(); !strings.Contains(script, "validatorUrl: null") {
		t.Errorf("Swagger UI would send documents to its validator:\n%s", script)
	}
	for _, path := range append(paths, "/docs/api.md", "/docs/assets/reference.js", "/docs/assets/swagger-ui.css", "/docs/nothing") {
		got := ask(t, path).Header().Get("Content-Security-Policy")
		const want = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		if got != want {
			t.Errorf("%s has the policy %q, want %q", path, got, want)
		}
	}
}

// TestProblems holds the page against the table that it is made of: each kind
// has its fragment, its status and its words.
func TestProblems(t *testing.T) {
	t.Parallel()
	text := ask(t, "/docs/errors").Body.String()
	_, table, _ := strings.Cut(docs.API, "| kind | status | when |")
	if got, want := strings.Count(text, "<tr id="), strings.Count(table, "\n| `"); got != want || got < 16 {
		t.Errorf("%d kinds of %d", got, want)
	}
	for _, want := range []string{
		`<tr id="invalid">`, `<td>422</td><td>the request breaks a rule: see errors</td>`, `<tr id="idempotency-key-reused">`, `<tr id="precondition-failed">`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s:\n%s", want, text)
		}
	}
}

// TestCompression asks for a file of ours and one of Swagger UI's in every way:
// what comes is the same content, in the form that was asked for.
func TestCompression(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/docs", "/docs/assets/reference.js", "/docs/assets/swagger-ui-bundle.js"} {
		want := ask(t, path).Body.Bytes()
		for accepted, zipped := range map[string]bool{
			"": false, "identity": false, "br": false, "gzip;q=0": false, "gzip; q=0.0, *": false, "*;q=0": false, "br, gzip;q=x": false,
			"gzip": true, "br, GZIP;q=0.5": true, "deflate, *;q=0.1": true,
		} {
			w := ask(t, path, "Accept-Encoding", accepted)
			if got := w.Header().Get("Content-Encoding") == "gzip"; got != zipped || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s for %q: %v", path, accepted, w.Header())
				continue
			}
			got := w.Body.Bytes()
			if zipped {
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if got, err = io.ReadAll(z); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got, want) || len(got) == 0 {
				t.Errorf("%s for %q: %d bytes, want %d", path, accepted, len(got), len(want))
			}
		}
		tag := ask(t, path).Header().Get("ETag")
		if again := ask(t, path, "If-None-Match", tag, "Accept-Encoding", "gzip"); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s again with %s: %d, %d bytes", path, tag, again.Code, again.Body.Len())
		}
	}
}

// TestNothingElse asks for what is not there.
func TestNothingElse(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/docs/": http.StatusPermanentRedirect, "/docs/v2": http.StatusNotFound, "/docs/assets/": http.StatusNotFound,
		"/docs/assets/page.html": http.StatusNotFound, "/docs/assets/swagger-ui.css.gz": http.StatusNotFound,
	} {
		if got := ask(t, path).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
