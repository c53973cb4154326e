package testkit

import (
	"net/http"
	"strings"
	"testing"
)

// The bodies of these tests, one a dialect.
const (
	boxNotFound     = `{"status":404,"description":"Not found","response_time":"2026-04-06T08:15:03.5Z"}`
	boxNotServed    = `{"status":501,"description":"Not Implemented","response_time":"2026-04-06T08:15:03Z"}`
	wootRetryLater  = "Retry later\n"
	uncodieEmptySet = `{"success":true,"data":{"conversations":[],"pagination":{"total":0,"limit":10,"offset":0,"page":1,"pages":0}}}`
)

func TestValidateResponse(t *testing.T) {
	t.Parallel()
	const (
		box     = "/v2/users/identities/4120/objects"
		woot    = "/public/api/v1/inboxes/abc/contacts/def/conversations"
		uncodie = "/api/agents/customerSupport/conversations"
	)
	header := func(pairs ...string) http.Header {
		h := make(http.Header)
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	inJSON := header("Content-Type", "application/json; charset=utf-8")
	for name, test := range map[string]struct {
		dialect, method, path string
		status                int
		header                http.Header
		body                  string
		want                  string // part of the error, "" = none
	}{
		"fits":                     {"commbox", "GET", box, 404, inJSON, boxNotFound, ""},
		"fits with a query":        {"commbox", "GET", box + "?pageSize=20&status=1,8", 404, inJSON, boxNotFound, ""},
		"opaque id":                {"commbox", "GET", "/streams/hNyRN_fLUy7rrOrN9jLpipA%3d%3d/objects/7", 404, inJSON, boxNotFound, ""},
		"method not served":        {"commbox", "PATCH", box, 501, inJSON, boxNotServed, ""},
		"method not described":     {"commbox", "POST", box, 404, inJSON, boxNotFound, "find the operation"},
		"501 on an unknown path":   {"commbox", "GET", "/nothing/here", 501, inJSON, boxNotServed, "find the operation"},
		"unknown dialect":          {"zendesk", "GET", box, 404, inJSON, boxNotFound, `no document for dialect "zendesk"`},
		"unknown path":             {"commbox", "GET", "/nothing/4120/here", 404, inJSON, boxNotFound, "find the operation"},
		"path without its slash":   {"commbox", "GET", "v2", 404, inJSON, boxNotFound, "read the path"},
		"status not described":     {"commbox", "GET", box, 403, inJSON, boxNotFound, "status 403 is not described"},
		"304 is not let through":   {"chatwoot", "GET", woot, 304, inJSON, "", "status 304 is not described"},
		"no media type":            {"commbox", "GET", box, 404, nil, boxNotFound, `media type "" is not described`},
		"other media type":         {"commbox", "GET", box, 404, header("Content-Type", "text/html"), boxNotFound, `media type "text/html"`},
		"no body":                  {"commbox", "GET", box, 404, inJSON, "", "the body is empty"},
		"body cut short":           {"commbox", "GET", box, 404, inJSON, boxNotFound[:40], "read the JSON"},
		"two values":               {"commbox", "GET", box, 404, inJSON, boxNotFound + "{}", "something follows"},
		"a line feed behind it":    {"commbox", "GET", box, 404, inJSON, boxNotFound + "\n", ""},
		"not UTF-8":                {"commbox", "GET", box, 404, inJSON, strings.Replace(boxNotFound, "Not found", "Not f\xffund", 1), "not UTF-8"},
		"key twice":                {"commbox", "GET", box, 404, inJSON, strings.Replace(boxNotFound, "{", `{"status":404,`, 1), `key "status" comes twice at ""`},
		"wrong constant":           {"commbox", "GET", box, 404, inJSON, strings.Replace(boxNotFound, "Not found", "Not Found", 1), "/description"},
		"body of another status":   {"commbox", "GET", box, 400, inJSON, boxNotFound, "/status"},
		"plain text":               {"chatwoot", "GET", woot, 429, header("Content-Type", "text/plain", "Retry-After", "3"), wootRetryLater, ""},
		"plain text that differs":  {"chatwoot", "GET", woot, 429, header("Content-Type", "text/plain", "Retry-After", "3"), "Retry later", "Retry later"},
		"header missing":           {"chatwoot", "GET", woot, 429, header("Content-Type", "text/plain"), wootRetryLater, `"Retry-After" missing`},
		"header of another type":   {"chatwoot", "GET", woot, 429, header("Content-Type", "text/plain", "Retry-After", "soon"), wootRetryLater, `"Retry-After"`},
		"header out of range":      {"chatwoot", "GET", woot, 429, header("Content-Type", "text/plain", "Retry-After", "0"), wootRetryLater, `"Retry-After"`},
		"bare array":               {"chatwoot", "GET", woot, 200, header("Content-Type", "application/json; charset=utf-8", "ETag", `W/"a1"`), "[]", ""},
		"strong validator":         {"chatwoot", "GET", woot, 200, header("Content-Type", "application/json; charset=utf-8", "ETag", `"a1"`), "[]", `"ETag"`},
		"null for an empty array":  {"chatwoot", "GET", woot, 200, inJSON, "null", "want array"},
		"empty list":               {"uncodie", "GET", uncodie + "?site_id=x", 200, inJSON, uncodieEmptySet, ""},
		"body that may be missing": {"uncodie", "GET", uncodie, 403, nil, "", ""},
		"body that may not":        {"uncodie", "GET", uncodie, 401, nil, "", "the body is empty"},
		"key twice, deeper": {
			"uncodie", "GET", uncodie, 200, inJSON, strings.Replace(uncodieEmptySet, `"page":1`, `"page":1,"page":1`, 1),
			`key "page" comes twice at "/data/pagination"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ValidateResponse(test.dialect, test.method, test.path, test.status, test.header, []byte(test.body))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("error %v, want none", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestCheckResponseReports(t *testing.T) {
	t.Parallel()
	check := func(body string) []string {
		return record(t, func(r *recorder) {
			header := http.Header{"Content-Type": {"application/json"}}
			CheckResponse(r, "commbox", http.MethodGet, "/streams/61/objects/70215", http.StatusNotFound, header, []byte(body))
		})
	}
	if failures := check(boxNotFound); len(failures) != 0 {
		t.Errorf("failures = %q, want none", failures)
	}
	failures := check(strings.Repeat(boxNotFound, 40))
	if len(failures) != 1 {
		t.Fatalf("failures = %q, want one", failures)
	}
	for _, part := range []string{"GET /streams/61/objects/70215 answered 404", "commbox document", "something follows", "(3240 bytes)"} {
		if !strings.Contains(failures[0], part) {
			t.Errorf("failure does not contain %q:\n%s", part, failures[0])
		}
	}
}
