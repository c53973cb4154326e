package chatwoot

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/internal/store"
)

const notFound = `{"status":404,"error":"Not Found"}`

// TestIdentifiersInThePath: what reaches the store of an identifier in the
// path, and what is absent without a look-up.
func TestIdentifiersInThePath(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", store.MaxKeyBytes)
	for name, test := range map[string]struct {
		source string // as the client encodes it
		want   string // as the store is asked for it; "" = not asked, 404
	}{
		"plain":                    {"b3b1-71", "b3b1-71"},
		"encoded letter":           {"%62ob", "bob"},
		"encoded UTF-8":            {"jos%C3%A9", "josé"},
		"plain UTF-8":              {"josé", "josé"},
		"encoded space and plus":   {"a%20b+c", "a b+c"},
		"encoded slash":            {"a%2Fb", "a/b"},
		"encoded percent":          {"a%2541", "a%41"},
		"encoded percent, slash":   {"a%252F%2Fb", "a%2F/b"},
		"encoded question mark":    {"a%3Fb", "a?b"},
		"encoded semicolon":        {"a%3Bb;c", "a;b;c"},
		"encoded dot":              {"ana%40mail%2Eexample", "ana@mail.example"},
		"dot":                      {"ana@mail.example", ""},
		"dot beside encoded slash": {"a.b%2Fc", ""},
		"two dots":                 {"..", ""},
		"json":                     {"71.json", ""},
		"NUL":                      {"a%00b", ""},
		"broken UTF-8":             {"a%ffb", ""},
		"broken UTF-8, raw case":   {"a%FFb", ""},
		"cut UTF-8":                {"a%C3", ""},
		"overlong UTF-8":           {"%C0%AF", ""},
		"surrogate":                {"%ED%A0%80", ""},
		"empty":                    {"", ""},
		"longest":                  {long, long},
		"too long":                 {long + "x", ""},
		"too long once decoded":    {strings.Repeat("%41", store.MaxKeyBytes+1), ""},
		"longest when decoded":     {strings.Repeat("%2F", store.MaxKeyBytes), strings.Repeat("/", store.MaxKeyBytes)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := do(t, newHandler(f), http.MethodGet, listPath("door", test.source))
			_, sources := f.asked()
			if test.want == "" {
				if w.Code != http.StatusNotFound || w.Body.String() != notFound || len(sources) > 0 {
					t.Errorf("answered %d %s, asked for %q; want 404 without a look-up", w.Code, w.Body, sources)
				}
				return
			}
			if w.Code != http.StatusOK || !slices.Equal(sources, []string{test.want}) {
				t.Errorf("answered %d, asked for %.80q; want 200, %.80q", w.Code, sources, test.want)
			}
			// The inbox identifier takes the same way.
			w = do(t, newHandler(f), http.MethodGet, listPath(test.source, "71"))
			inboxes, _ := f.asked()
			if w.Code != http.StatusNotFound || w.Body.String() != notFound || !slices.Equal(inboxes, []string{test.want}) {
				t.Errorf("as an inbox: answered %d %s, asked for %.80q; want 404, %.80q", w.Code, w.Body, inboxes, test.want)
			}
		})
	}
}

// TestUnknownRoutes: every other path and verb is the dialect's own 404.
func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	list := listPath("door", "71")
	h := newHandler(&fake{})
	for _, path := range []string{
		list, list + ".json", list + "/",
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "PROPFIND", "BREW"} {
			if w := do(t, h, method, path); w.Code != http.StatusNotFound || w.Body.String() != notFound {
				t.Errorf("%s %s answered %d %s, want 404 %s", method, path, w.Code, w.Body, notFound)
			}
		}
		if w := do(t, h, http.MethodGet, path+"?page=2&x[]=%00"); w.Code != http.StatusOK {
			t.Errorf("GET %s with a query answered %d, want 200", path, w.Code)
		}
	}
	for _, path := range []string{
		"/public", "/public/", "/public/api/v1", "/public/api/v2/inboxes/door/contacts/71/conversations", "/PUBLIC/api/v1/inboxes/door",
		"/public/api/v1/inboxes/door", "/public/api/v1/inboxes/door/contacts/71", list + "/7", list + ".xml", list + ".json/", list + "//",
		list + "%2Ejson", "/public/api/v1/inboxes/door/contacts/a/b/conversations", "/public/api/v1/inboxes//contacts/71/conversations",
		"/api", "/api/v1/accounts/1/conversations", "/api/v1/profile", "/api/v2/accounts/1/reports", "/platform/api/v1/accounts", "/platform",
	} {
		w := do(t, h, http.MethodGet, path)
		if w.Code != http.StatusNotFound || w.Body.String() != notFound || w.Header().Get("Content-Type") != contentType {
			t.Errorf("GET %s answered %d %s as %q, want 404 %s", path, w.Code, w.Body, w.Header().Get("Content-Type"), notFound)
		}
	}
}

// TestCrossOrigin: any site, any method, any header, on /public/api only.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	const origin = "https://shop.example"
	h := newHandler(&fake{})
	for name, test := range map[string]struct {
		method, path string
		header       []string
		status       int
		allowed      bool   // the answer may be read by any site
		headers      string // Access-Control-Allow-Headers
		vary         string
	}{
		"list":                   {"GET", listPath("door", "71"), []string{"Origin", origin}, 200, true, "", "Origin"},
		"list from a file":       {"GET", listPath("door", "71"), []string{"Origin", "null"}, 200, true, "", "Origin"},
		"list without an origin": {"GET", listPath("door", "71"), nil, 200, false, "", "Origin"},
		"not found":              {"GET", listPath("wall", "71"), []string{"Origin", origin}, 404, true, "", "Origin"},
		"unknown route":          {"GET", "/public/api/v9", []string{"Origin", origin}, 404, true, "", "Origin"},
		"wrong verb":             {"POST", listPath("door", "71"), []string{"Origin", origin}, 404, true, "", "Origin"},
		"preflight": {
			"OPTIONS", listPath("door", "71"),
			[]string{"Origin", origin, "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "x-request-id, content-type"},
			200, true, "x-request-id, content-type", "Origin",
		},
		"preflight without headers":     {"OPTIONS", "/public/api/v1/x", []string{"Origin", origin, "Access-Control-Request-Method", "GET"}, 200, true, "", "Origin"},
		"options, but no preflight":     {"OPTIONS", listPath("door", "71"), []string{"Origin", origin}, 404, true, "", "Origin"},
		"application API":               {"GET", "/api/v1/profile", []string{"Origin", origin}, 404, false, "", ""},
		"preflight on platform":         {"OPTIONS", "/platform/api/v1/users", []string{"Origin", origin, "Access-Control-Request-Method", "GET"}, 404, false, "", ""},
		"a path that only begins alike": {"GET", "/public/apis", []string{"Origin", origin}, 404, false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := do(t, h, test.method, test.path, test.header...)
			if w.Code != test.status {
				t.Errorf("status = %d, want %d", w.Code, test.status)
			}
			want := map[string]string{
				"Access-Control-Allow-Origin": "", "Access-Control-Allow-Methods": "", "Access-Control-Max-Age": "",
				"Access-Control-Allow-Credentials": "", "Access-Control-Allow-Headers": test.headers, "Vary": test.vary,
			}
			if test.allowed {
				want["Access-Control-Allow-Origin"] = "*"
				want["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
				want["Access-Control-Max-Age"] = "7200"
			}
			for name, value := range want {
				if got := strings.Join(w.Header().Values(name), " / "); got != value {
					t.Errorf("%s = %q, want %q", name, got, value)
				}
			}
		})
	}
}

// FuzzIdentifiers: whatever stands in the path, nothing fails, and the store
// is asked only for text that it can hold.
func FuzzIdentifiers(f *testing.F) {
	for _, seed := range [][2]string{
		{"door", "71"},
		{"door", "a%2Fb"},
		{"door", "%00"},
		{"door", "%ff%FF"},
		{"d%6For", "a%2541"},
		{"door", "..%2F.."},
		{"", "/"},
		{"door", strings.Repeat("%C3%A9", 600)},
		{"door", "{x}"},
		{"door", "*"},
		{"door.json", "71;x?y=1"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, inbox, source string) {
		path := listPath(inbox, source)
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Path == "" || u.Path[0] != '/' {
			return // the HTTP server refuses it
		}
		st := &fake{}
		w := do(t, newHandler(st), http.MethodGet, path)
		if w.Code != http.StatusOK && (w.Code != http.StatusNotFound || w.Body.String() != notFound) {
			t.Errorf("GET %q answered %d %s", path, w.Code, w.Body)
		}
		inboxes, sources := st.asked()
		for _, s := range append(inboxes, sources...) {
			if s == "" || len(s) > store.MaxKeyBytes || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Errorf("GET %q asked the store for %q", path, s)
			}
		}
	})
}
