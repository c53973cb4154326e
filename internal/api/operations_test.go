package api_test

import (
	"strings"
	"testing"

	"parley/internal/api"
	"parley/internal/testkit/testserver"
)

// TestEveryOperation holds all operations, also those to come, to what they
// have in common.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, o := range api.Operations() {
			call := o.Method + " " + strings.NewReplacer("{id}", "51", "{ref}", "51", "{message}", "51", "{sub}", "51", "{delivery}", "51").Replace(o.Pattern)
			reads := o.Method == "GET"
			step{call: call, key: "-", status: 401}.play(t, s)
			step{call: call, key: "wrong", status: 401}.play(t, s)
			step{call: call, header: []string{"Accept", "text/html"}, status: 406}.play(t, s)
			step{call: call, body: strings.Repeat(" ", 1<<20+1), status: 413}.play(t, s)
			if o.Pattern != "/v1/uploads" { // which takes other bodies
				step{call: call + "?surprise=1", body: `{}`, status: 422}.play(t, s)
			}
			if !reads {
				step{call: call, key: readerKey, status: 403}.play(t, s)
			}
			if o.Method != "DELETE" && !reads && o.Pattern != "/v1/uploads" && !bodiless(o.Pattern) {
				step{call: call, body: `{`, status: 400}.play(t, s)
				step{call: call, body: `{}`, header: []string{"Content-Type", "text/plain"}, status: 415}.play(t, s)
				step{call: call, body: `{"surprise":1}`, status: 422}.play(t, s)
			}
			if strings.Contains(o.Pattern, "{id}") || strings.Contains(o.Pattern, "{ref}") {
				for _, id := range []string{"0", "-1", "x", "9007199254740992", "8123456789012345", "5d8f2f0e-6f0e-4c1b-9d57-0a4f5d5bffff"} {
					path := strings.NewReplacer("{id}", id, "{ref}", id, "{message}", id, "{sub}", "82", "{delivery}", id).Replace(o.Pattern)
					got := step{call: o.Method + " " + path, body: goodBody(o.Method, o.Pattern), status: 404}.play(t, s)
					step{call: o.Method + " " + path, body: goodBody(o.Method, o.Pattern), key: otherKey, status: got.Status}.play(t, s)
				}
			}
		}
	})
}

// bodiless tells of operations that take no body although they do something.
func bodiless(pattern string) bool {
	return strings.HasSuffix(pattern, "/resume") || strings.HasSuffix(pattern, "/test") || strings.HasSuffix(pattern, "{delivery}/replay")
}

// goodBody is a body that the operation takes.
func goodBody(method, pattern string) string {
	switch {
	case method == "PUT" && strings.HasSuffix(pattern, "/agents"):
		return `{"agent_ids":[]}`
	case strings.HasSuffix(pattern, "/messages"), strings.HasSuffix(pattern, "/messages/{message}"):
		return `{"content":"x","sender":{"type":"system"}}`
	case strings.HasSuffix(pattern, "/typing"):
		return `{"typing":true,"sender":{"type":"contact"}}`
	case strings.HasSuffix(pattern, "/read"), strings.HasSuffix(pattern, "/unread"):
		return `{"reader":{"type":"agents"}}`
	case strings.HasSuffix(pattern, "/merge"), strings.HasSuffix(pattern, "/move"):
		return `{"contact":"1"}`
	case strings.HasSuffix(pattern, "/identities"):
		return `{"provider_type":6,"address":"x"}`
	case method == "PUT" && strings.HasSuffix(pattern, "/profiles"):
		return `{"profile_ids":[]}`
	case strings.HasSuffix(pattern, "/rotate_keys"):
		return `{"keys":["hmac_token"]}`
	case method == "POST" && strings.HasSuffix(pattern, "/sub_inboxes"):
		return `{"name":"x"}`
	case strings.HasSuffix(pattern, "{id}/replay"):
		return `{"from":"2026-01-01T00:00:00Z"}`
	case method == "PATCH", strings.HasSuffix(pattern, "/rotate"), strings.HasSuffix(pattern, "/rotate_secret"):
		return `{}`
	}
	return ""
}
