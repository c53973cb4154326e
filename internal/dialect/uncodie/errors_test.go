package uncodie

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit"
)

const listPath = "/api/agents/customerSupport/conversations"

// fakeStore knows one token and one account, and fails where it is told to.
// Calls that it does not have panic.
type fakeStore struct {
	store.Reader
	token, account, list, count, entries error
	threads                              []core.Thread
}

func (f *fakeStore) FindTokenByHash(context.Context, string) (core.Token, bool, error) {
	return core.Token{ID: 1, AccountID: 1}, true, f.token
}

func (f *fakeStore) Account(context.Context, int64) (core.Account, error) {
	return core.Account{ID: 1, UUID: otherUUID}, f.account
}

func (f *fakeStore) ListThreads(context.Context, int64, store.ThreadQuery) ([]core.Thread, error) {
	return f.threads, f.list
}

func (f *fakeStore) CountThreads(context.Context, int64, store.ThreadQuery) (int64, error) {
	return 1, f.count
}

func (f *fakeStore) ListEntries(context.Context, int64, store.EntryQuery) ([]core.Entry, error) {
	return nil, f.entries
}

func newHandler(f *fakeStore) http.Handler {
	return New(Deps{
		Conversations: conversation.NewReads(f), Gate: httpx.NewGate(auth.NewTokens(f, func() core.Time { return 1 }), nil, nil),
		Log: slog.New(slog.DiscardHandler),
	})
}

// Whatever fails below, the caller sees the envelope and no text of ours.
func TestFailures(t *testing.T) {
	t.Parallel()
	driver := &core.Error{Err: errors.New("relation secrets does not exist")}
	busy := &core.Error{Kind: core.Unavailable, Message: "the pool is exhausted", Err: errors.New("secret host")}
	one := []core.Thread{{Conversation: core.Conversation{ID: 1, UUID: someUUID, LastPosition: 1}}}
	for _, c := range []struct {
		golden string
		query  string
		store  fakeStore
	}{
		{"auth_error", "site_id=" + otherUUID, fakeStore{token: driver}},
		{"auth_error", "site_id=" + otherUUID, fakeStore{token: fmt.Errorf("odd")}},
		{"database_error", "site_id=" + otherUUID, fakeStore{account: driver}},
		{"database_error", "site_id=" + otherUUID, fakeStore{list: busy}},
		{"database_error", "site_id=" + otherUUID, fakeStore{count: driver}},
		{"database_error", "site_id=" + otherUUID + "&include=messages", fakeStore{threads: one, entries: driver}},
		{"internal_server_error", "site_id=" + otherUUID, fakeStore{list: errors.New("secret: nobody classified this")}},
		{"internal_server_error", "lead_id=" + someUUID, fakeStore{}}, // FindContactByUUID panics
	} {
		path := listPath + "?" + c.query
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Header.Set("x-api-key", "key_0123456789abcdef")
		got := httptest.NewRecorder()
		newHandler(&c.store).ServeHTTP(got, request)

		if got.Code != http.StatusInternalServerError || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", c.golden, got.Code, got.Header().Get("Content-Type"))
		}
		testkit.Golden(t, "testdata/golden/failures/"+c.golden+".json", got.Body.Bytes())
		testkit.CheckResponse(t, "uncodie", "GET", path, got.Code, got.Header(), got.Body.Bytes())
	}
}

func TestFailureOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{core.Refuse("x", "x must be y"), 400, "INVALID_REQUEST"},
		{core.Taken("x"), 400, "INVALID_REQUEST"},
		{core.Absent("x"), 404, "NOT_FOUND"},
		{&core.Error{Kind: core.Forbidden}, 403, "INSUFFICIENT_SCOPE"},
		{errKeyRequired, 401, "UNAUTHORIZED"},
		{&core.Error{Kind: core.Unauthenticated}, 401, "INVALID_API_KEY"},
		{&core.Error{Kind: core.RateLimited}, 429, "RATE_LIMIT"},
		{&core.Error{Kind: core.Unavailable}, 500, "DATABASE_ERROR"},
		{&core.Error{}, 500, "DATABASE_ERROR"},
		{gateError{&core.Error{}}, 500, "AUTH_ERROR"},
		{errors.New("x"), 500, "INTERNAL_SERVER_ERROR"},
	} {
		status, f := failureOf(fmt.Errorf("doing: %w", c.err))
		if status != c.status || f.Code != c.code {
			t.Errorf("failureOf(%v) = %d %s, want %d %s", c.err, status, f.Code, c.status, c.code)
		}
	}
}

// Which origins may call is asked by host alone.
func TestAllowedOriginIsAsked(t *testing.T) {
	t.Parallel()
	var asked []string
	h := New(Deps{
		Conversations: conversation.NewReads(&fakeStore{}), Gate: httpx.NewGate(auth.NewTokens(&fakeStore{}, func() core.Time { return 1 }), nil, nil),
		Log: slog.New(slog.DiscardHandler),
		AllowedOrigin: func(host string) bool {
			asked = append(asked, host)
			return host == "shop.example"
		},
	})
	for origin, want := range map[string]int{"https://Shop.Example:8443": 200, "http://localhost": 403} {
		request := httptest.NewRequest(http.MethodGet, listPath+"?limit=0&site_id="+otherUUID, nil)
		request.Header.Set("Origin", origin)
		request.Header.Set("x-api-key", "key_0123456789abcdef")
		got := httptest.NewRecorder()
		h.ServeHTTP(got, request)
		if got.Code != want {
			t.Errorf("%s: %d %s, want %d", origin, got.Code, got.Body, want)
		}
	}
	if len(asked) != 2 {
		t.Errorf("asked about %q", asked)
	}
}
