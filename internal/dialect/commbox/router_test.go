package commbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/testkit"
)

func TestRouter(t *testing.T) {
	t.Parallel()
	var tree router
	for _, c := range (&dialect{}).calls() {
		tree.add(c)
	}
	for path, want := range map[string]string{
		"/managers/teams":                              "",
		"/MANAGERS/Teams/":                             "",
		"/managers/7":                                  "MANAGER_ID=7",
		"/managers/teams/profiles":                     "TEAM_ID=profiles", // a literal goes before a parameter
		"/managers/7/profiles":                         "MANAGER_ID=7",
		"/managers/7/profiles/8":                       "MANAGER_ID=7 PROFILE_ID=8",
		"/streams/a%2Fb/objects/1":                     "STREAM_ID=a/b OBJECT_ID=1",
		"/streams/x%3d%253D/objects/1":                 "STREAM_ID=x=%3D OBJECT_ID=1",
		"/streams/1/objects/2/5/tags/9":                "STREAM_ID=1 PROVIDER_ID=2 PROVIDER_TYPE=5 TAG_ID=9",
		"/v2/users/identities/42/objects":              "USER_IDENTITY_ID=42",
		"/streams":                                     "",
		"/streams/":                                    "",
		"/stats/STREAMSSLAEXCEPTIONS":                  "",
		"/streams/1/streamavailability/FALSE":          "STREAM_ID=1 IGNORE_AUTOMATION=FALSE",
		"/streams/1/substreams/2/streamAvailability":   "STREAM_ID=1 SUBSTREAM_ID=2",
		"/users/identities/5/objects":                  "USER_IDENTITY_ID=5",
		"/users/identities":                            "USER_ID=identities", // no call is published there but this
		"/objects/1/indicators/a%20b":                  "OBJECT_ID=1 INDICATOR_ID=a b",
		"/automation/objects/1/context/jump":           "OBJECT_ID=1",
		"/whatsapp/validatecontact/x_f%253d/972500000": "ENCRYPTED_STREAM_ID=x_f%3d PHONE_NUMBER=972500000",
	} {
		u, err := url.Parse(path)
		if err != nil {
			t.Fatalf("parse %s: %v", path, err)
		}
		calls, values := tree.find(u)
		if calls == nil {
			t.Errorf("%s is unknown", path)
			continue
		}
		for _, op := range calls {
			var got []string
			for i, name := range op.params {
				got = append(got, name+"="+values[i])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s has %v, want %s", path, got, want)
			}
			break
		}
	}
	for _, path := range []string{"", "/", "//", "/streams//objects/1", "/streams/1/objects/2//", "/v2", "/v3/users", "/managers/1/2/3/4/5/6", "/streams/%00%2F/x"} {
		if calls, _ := tree.find(&url.URL{Path: path}); calls != nil {
			t.Errorf("%q is known", path)
		}
	}
}

// FuzzPaths looks for panics in routing and in the reading of parameters.
func FuzzPaths(f *testing.F) {
	d := &dialect{ids: testIDs(f, 0), clock: func() core.Time { return 1 }}
	reached := func(w http.ResponseWriter, r *http.Request, _ auth.Principal) error {
		p := readParams(r)
		p.stream("STREAM_ID", func(text string) (int64, bool) { return d.ids.FindStream(1, text) })
		p.pathID("OBJECT_ID")
		p.number("pageSize", 100, 1)
		p.flag("includeChilds", true)
		p.order("order", conversation.ByClosing)
		p.descending()
		p.states()
		if limit, offset := p.page(); p.err == nil && (limit < 1 || limit > maxPageSize || offset < 0) {
			panic("a page without an end or a beginning")
		}
		p.address("streamProviderId", "streamProviderType")
		if from, to, ok := p.span("unixStartTime", "unixEndTime"); p.err == nil && ok && (from < 0 || to < 0) {
			panic("a range before 1970")
		}
		return p.err
	}
	d.router.add(call{method: http.MethodGet, path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}", serve: reached})
	d.router.add(call{method: http.MethodGet, path: "/users/{USER_ID}"})
	f.Add("/streams/hNyRN_fLUy7rrOrN9jLpipA%3d%3d/objects/5", "status=1,8&pageSize=5&sort=asc")
	f.Add("/STREAMS/%253d/objects/-1/", "includeChilds=x&order=%zz")
	f.Add("/streams/5/objects/5", "unixStartTime=0&unixEndTime=9223372036854775807&pageNumber=9223372036854775807&streamProviderId=x&streamProviderType=5")
	f.Add("/users//%2e%2e/", "status=,,,&status=%00")
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.Parse(path)
		if err != nil {
			return
		}
		u.RawQuery = query
		r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}
		calls, values := d.router.find(u)
		if call, ok := pick(r, calls, values); ok {
			if err := call.serve(httptest.NewRecorder(), r, auth.Principal{AccountID: 1}); err != nil {
				d.writeError(httptest.NewRecorder(), r, err)
			}
		}
		key(r)
	})
}

// TestErrorsOfEveryKind checks the status that each kind of failure becomes.
func TestErrorsOfEveryKind(t *testing.T) {
	t.Parallel()
	d := &dialect{clock: func() core.Time { return 1_700_000_000_000_000 }}
	for kind, want := range map[core.Kind]int{
		core.Internal: 500, core.Invalid: 400, core.NotFound: 404, core.Conflict: 400, core.Forbidden: 401,
		core.Unauthenticated: 401, core.RateLimited: 429, core.Unavailable: 500,
	} {
		w := httptest.NewRecorder()
		const path = "/streams/1/objects/1"
		d.writeError(w, httptest.NewRequest(http.MethodGet, path, http.NoBody), &core.Error{Kind: kind, Message: "secret"})
		if w.Code != want {
			t.Errorf("%s became %d, want %d", kind, w.Code, want)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s tells too much: %s", kind, w.Body)
		}
		testkit.CheckResponse(t, "commbox", http.MethodGet, path, w.Code, w.Header(), w.Body.Bytes())
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "q", " ": "q", "Bearer k": "k", "bearer  k ": "k", "BEARER\tk": "BEARER\tk", "k": "k", "Bearer": "", "bearer ": "", "Basic k": "Basic k", "Bearer k l": "k l",
	} {
		r := httptest.NewRequest(http.MethodGet, "/?access_token=q", http.NoBody)
		r.Header.Set("Authorization", header)
		if got := key(r); got != want {
			t.Errorf("key of %q = %q, want %q", header, got, want)
		}
	}
}
