package api_test

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/testkit/testserver"
)

// made plays a step that makes a token, and returns its id and text.
func (e step) made(t *testing.T, s *testserver.Server) (id int64, text string) {
	t.Helper()
	e.status = 201
	got := e.play(t, s)
	var body struct {
		ID    int64
		Token string
	}
	if err := json.Unmarshal(got.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.ID, body.Token
}

func TestTokens(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/tokens?limit=3", golden: "tokens/page"},
		{call: "GET /v1/tokens/3", golden: "tokens/reader"},
		{call: "GET /v1/tokens/5", key: adaKey, golden: "tokens/of_agent"},
		{call: "GET /v1/tokens/7", golden: "tokens/expired"},
		{call: "GET /v1/tokens/8", status: 404}, // of another account
		{call: "GET /v1/tokens", key: readerKey, status: 403},
		{call: "GET /v1/tokens", key: boKey, status: 403},
		{call: "POST /v1/tokens", body: `{"name":"site"}`, status: 409, golden: "errors/token_name_taken"},
		{call: "POST /v1/tokens", body: `{"name":"x","agent_id":104}`, status: 422, golden: "errors/token_of_nobody"},
		{call: "POST /v1/tokens", body: `{"name":"x","scopes":["root"]}`, status: 422},
		{call: "POST /v1/tokens", body: `{"name":"x","expires_at":"2020-01-01T00:00:00Z"}`, status: 422, golden: "errors/expired_token"},
		{call: "POST /v1/tokens", body: `{"name":"x","expires_at":"soon"}`, status: 422},
		{call: "POST /v1/tokens", body: `{"name":"x"}`, key: writerKey, status: 403},
		{call: "POST /v1/tokens/7/rotate", body: `{}`, status: 422, golden: "errors/rotated_expired"},
		{call: "POST /v1/tokens/8/rotate", body: `{}`, status: 404},
		{call: "POST /v1/tokens/1/rotate", body: `{"overlap_seconds":2592001}`, status: 422},
		{call: "DELETE /v1/tokens/8", status: 404},
		{call: "DELETE /v1/tokens/4", header: []string{"If-Match", `"x"`}, status: 412},
		{call: "GET /v1/me", key: writerKey},
		{call: "DELETE /v1/tokens/4", status: 204},
		{call: "GET /v1/me", key: writerKey, status: 401}, // at once
		{call: "DELETE /v1/tokens/4", status: 204},
		{call: "GET /v1/tokens/4", golden: "tokens/revoked"},
	})
}

// TestMadeTokens open what they were made for, and are shown once.
func TestMadeTokens(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		_, plain := step{call: "POST /v1/tokens", body: `{"name":"plain"}`, golden: "tokens/created"}.made(t, s)
		step{call: "POST /v1/labels", body: `{"title":"by plain"}`, key: plain, status: 201}.play(t, s)
		narrow := step{
			call: "POST /v1/tokens", golden: "tokens/created_narrow",
			body: `{"name":"narrow","agent_id":102,"scopes":["read"],"expires_at":"2027-01-01T00:00:00Z"}`, header: []string{"Idempotency-Key", "k"},
		}
		id, text := narrow.made(t, s)
		step{call: "GET /v1/me", key: text, golden: "tokens/me"}.play(t, s)
		step{call: "POST /v1/labels", body: `{"title":"x"}`, key: text, status: 403}.play(t, s)

		narrow.golden = "tokens/replayed"
		if again, shown := narrow.made(t, s); again != id || shown != "" {
			t.Errorf("asked again: token %d, %q", again, shown)
		}
		if got := s.Do(t, "GET", "/v1/tokens", "Authorization", "Bearer "+siteKey); strings.Contains(string(got.Body), text) {
			t.Error("the list shows a token's text")
		}
	})
}

// TestTokenAskedForAgain is the one that was made, also when its time is over by
// then.
func TestTokenAskedForAgain(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	var now atomic.Int64
	now.Store(int64(testserver.Now))
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{Clock: func() core.Time { return core.Time(now.Load()) }})
	create := step{call: "POST /v1/tokens", body: `{"name":"brief","expires_at":"2026-03-01T10:00:00Z"}`, header: []string{"Idempotency-Key", "k"}, status: 201}
	id, _ := create.made(t, s)
	now.Add(time.Hour.Microseconds())
	if again, shown := create.made(t, s); again != id || shown != "" {
		t.Errorf("asked again: token %d, %q", again, shown)
	}
	create.header[1], create.status = "another", 422
	create.body = strings.Replace(create.body, "brief", "late", 1)
	create.play(t, s)
	create.body = strings.Replace(create.body, "2026-03-01T10", "1970-01-01T00", 1)
	create.play(t, s)
}

// TestRotatedTokens open what the old ones did; those for as long as was asked.
func TestRotatedTokens(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		rotate := step{call: "POST /v1/tokens/5/rotate", body: `{"overlap_seconds":60}`, golden: "tokens/rotated", header: []string{"Idempotency-Key", "k"}}
		id, text := rotate.made(t, s)
		for _, key := range []string{text, adaKey} {
			step{call: "GET /v1/me", key: key}.play(t, s)
		}
		step{call: "GET /v1/tokens/5", golden: "tokens/replaced"}.play(t, s)
		rotate.golden = ""
		if again, shown := rotate.made(t, s); again != id || shown != "" {
			t.Errorf("asked again: token %d, %q", again, shown)
		}
		_, writer := step{call: "POST /v1/tokens/4/rotate", body: `{}`}.made(t, s)
		step{call: "GET /v1/me", key: writerKey, status: 401}.play(t, s) // at once
		step{call: "GET /v1/me", key: writer}.play(t, s)
	})
}
