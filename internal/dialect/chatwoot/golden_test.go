package chatwoot_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	dialect  = "chatwoot"
	fixture  = "testdata/fixture.ndjson"
	jsonType = "application/json; charset=utf-8"
)

// The inboxes of the fixture.
const (
	appInbox    = "Xk9fQ2mTz7LpRw4VbN3cYh8D"
	lockedInbox = "Lw5nB8sKd2JtGv6XqZ4hPm9R" // demands a proven identity
	webInbox    = "Wb2xC7vMf9HrTk3DyS6nLq8J" // of the channel web
	portoInbox  = "Pt6zR3gWk8NdJc5XvB2mQh7S" // of an account in pt_BR
)

// list is the path of the list, segments encoded as given.
func list(inbox, source string) string {
	return "/public/api/v1/inboxes/" + inbox + "/contacts/" + source + "/conversations"
}

// lists are the golden bodies of the list, by file.
var lists = []struct {
	golden string
	path   string
	status int
}{
	{"seed_example", list(appInbox, "seed-example"), 200},
	{"empty", list(appInbox, "no-conversations"), 200},
	{"anonymous_visitor", list(appInbox, "anonymous-visitor"), 200},
	{"every_contact_field", list(appInbox, "every-field"), 200},
	{"notes_and_activities", list(appInbox, "notes-and-activities"), 200},
	{"deleted_en", list(appInbox, "deleted"), 200},
	{"deleted_pt_br", list(portoInbox, "deleted"), 200},
	{"attachments", list(appInbox, "attachments"), 200},
	{"senders", list(appInbox, "senders"), 200},
	{"statuses", list(appInbox, "statuses"), 200},
	{"content_types", list(appInbox, "content-types"), 200},
	{"texts", list(appInbox, "texts"), 200},
	{"late_arrival", list(appInbox, "late-arrival"), 200},
	{"unverified", list(appInbox, "vera-unverified"), 200},
	{"verified", list(appInbox, "vera-verified"), 200},
	{"encoded_source", list(appInbox, "crew%2058%2F%C3%BC%2541%3F"), 200},
	{"mandatory_verified", list(lockedInbox, "locked-verified"), 200},
	{"mandatory_unverified", list(lockedInbox, "locked-unverified"), 401},
	{"not_found", list(appInbox, "nobody"), 404},
	// The same body and the same file: none of them can be told apart.
	{"not_found", list("NoSuchInboxIdentifier000", "seed-example"), 404},
	{"not_found", list(portoInbox, "seed-example"), 404}, // of another account
	{"not_found", list(lockedInbox, "nobody"), 404},      // before the HMAC is asked for
	{"not_found", list(webInbox, "vera-web"), 404},       // not an api inbox
	{"not_found", list("24", "vera-verified"), 404},
	{"not_found", list(strings.ToLower(appInbox), "seed-example"), 404},
	{"not_found", list(appInbox, "SEED-EXAMPLE"), 404},
	{"not_found", list(appInbox, "a%00b"), 404},
	{"not_found", list(appInbox, "a%ffb"), 404},
	{"not_found", list(appInbox, "a%2Fb"), 404},
	{"not_found", list(appInbox, "%25"), 404},
	{"not_found", list(appInbox, strings.Repeat("x", 30_000)), 404},
	{"not_found", list(strings.Repeat("%C3%A9", 5_000), "x"), 404},
}

// TestGoldenLists compares whole bodies, byte for byte and the same on both
// engines, and holds each against the published document.
func TestGoldenLists(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, test := range lists {
			got := s.Do(t, http.MethodGet, test.path)
			if got.Status != test.status {
				t.Errorf("GET %.200s: status = %d, want %d", test.path, got.Status, test.status)
			}
			wantJSON(t, got)
			if (got.Header.Get("ETag") != "") != (got.Status == http.StatusOK) {
				t.Errorf("GET %.200s: status %d with ETag %q", test.path, got.Status, got.Header.Get("ETag"))
			}
			testkit.Golden(t, "testdata/golden/list_conversations/"+test.golden+".json", got.Body)
			testkit.CheckResponse(t, dialect, http.MethodGet, test.path, got.Status, got.Header, got.Body)
		}
	})
}

// TestSameListByOtherPaths: a format suffix, a slash at the end and a query
// change nothing; HEAD is the same without the body.
func TestSameListByOtherPaths(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		path := list(appInbox, "seed-example")
		want := s.Do(t, http.MethodGet, path)
		for _, other := range []string{
			path + ".json", path + "/", path + "?page=7&status=resolved&identifier_hash=x",
			list(appInbox, "%73eed-example"), strings.Replace(path, appInbox, "%58"+appInbox[1:], 1),
		} {
			got := s.Do(t, http.MethodGet, other)
			if got.Status != http.StatusOK || string(got.Body) != string(want.Body) || got.Header.Get("ETag") != want.Header.Get("ETag") {
				t.Errorf("GET %s answered %d with %d bytes, ETag %s; want 200, %d bytes, %s",
					other, got.Status, len(got.Body), got.Header.Get("ETag"), len(want.Body), want.Header.Get("ETag"))
			}
		}
		for _, p := range []string{path, path + ".json", path + "/"} {
			head := s.Do(t, http.MethodHead, p)
			if head.Status != http.StatusOK || len(head.Body) > 0 {
				t.Errorf("HEAD %s answered %d with %d bytes, want 200 without a body", p, head.Status, len(head.Body))
			}
			for _, name := range []string{"ETag", "Content-Type", "Content-Length", "Cache-Control"} {
				if got, want := head.Header.Get(name), want.Header.Get(name); got != want {
					t.Errorf("HEAD %s: %s = %q, want %q as with GET", p, name, got, want)
				}
			}
			testkit.CheckResponse(t, dialect, http.MethodGet, path, head.Status, head.Header, want.Body)
		}
		head := s.Do(t, http.MethodHead, list(appInbox, "nobody"))
		if head.Status != http.StatusNotFound || len(head.Body) > 0 {
			t.Errorf("HEAD of nobody answered %d with %d bytes, want 404 without a body", head.Status, len(head.Body))
		}
	})
}

// TestGoldenUnknownRoutes: everything below /public, /api and /platform that
// is not served has the dialect's 404, whatever the verb.
func TestGoldenUnknownRoutes(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		served := list(appInbox, "seed-example")
		for _, request := range []string{
			"POST " + served, "PUT " + served, "PATCH " + served, "DELETE " + served, "OPTIONS " + served, "BREW " + served, "POST " + served + ".json",
			"GET /public", "GET /public/", "GET /public/api/v1", "GET " + served + "/1", "GET " + served + ".xml", "GET " + list(appInbox, "dotted.source"),
			"GET /public/api/v1/inboxes/" + appInbox, "GET /public/api/v1/inboxes//contacts//conversations",
			"GET /api", "GET /api/v1/accounts/1/conversations", "POST /api/v1/accounts/1/conversations", "GET /api/v1/profile",
			"GET /api/v2/accounts/1/reports", "GET /platform", "POST /platform/api/v1/accounts", "DELETE /platform/api/v1/users/1",
		} {
			method, path, _ := strings.Cut(request, " ")
			got := s.Do(t, method, path)
			if got.Status != http.StatusNotFound {
				t.Errorf("%s: status = %d, want 404", request, got.Status)
			}
			wantJSON(t, got)
			testkit.Golden(t, "testdata/golden/unknown_route/not_found.json", got.Body)
			testkit.CheckResponse(t, dialect, http.MethodGet, served, got.Status, got.Header, got.Body)
		}
		// A dot that the client encodes is like any other character.
		if got := s.Do(t, http.MethodGet, list(appInbox, "dotted%2Esource")); got.Status != http.StatusOK {
			t.Errorf("encoded dot: status = %d, want 200", got.Status)
		}
	})
}

// TestGoldenServerError: a failure before the body has begun is the
// framework's 500, whatever read failed, and says nothing of the cause.
func TestGoldenServerError(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		path := list(appInbox, "seed-example")
		for _, broken := range []string{"inbox", "contact inbox", "account", "threads", "labels", "entries", "agents", "attachments"} {
			down := testserver.Serve(t, failing{Store: s.Store, broken: broken}, s.Engine)
			got := down.Do(t, http.MethodGet, path)
			if got.Status != http.StatusInternalServerError || got.Header.Get("ETag") != "" || got.Header.Get("Cache-Control") != "" {
				t.Errorf("%s: answered %d with ETag %q, want 500 without", broken, got.Status, got.Header.Get("ETag"))
			}
			wantJSON(t, got)
			testkit.Golden(t, "testdata/golden/list_conversations/server_error.json", got.Body)
			testkit.CheckResponse(t, dialect, http.MethodGet, path, got.Status, got.Header, got.Body)
		}
	})
}

// TestRequestID: every answer carries the caller's id, or one of ours.
func TestRequestID(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, "sqlite", fixture)
	for _, path := range []string{list(appInbox, "empty"), list(appInbox, "seed-example"), "/platform/api/v1/users"} {
		if got := s.Do(t, http.MethodGet, path, "X-Request-Id", "abc-7").Header.Get("X-Request-Id"); got != "abc-7" {
			t.Errorf("GET %s: X-Request-Id = %q, want the caller's", path, got)
		}
		if got := s.Do(t, http.MethodGet, path).Header.Get("X-Request-Id"); len(got) != 36 {
			t.Errorf("GET %s: X-Request-Id = %q, want a new UUID", path, got)
		}
	}
}

// TestNotModified: a tag that an engine gave holds until something changes,
// and over both of the dialect's ways to ask.
func TestNotModified(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		path := list(appInbox, "vera-verified")
		tag := s.Do(t, http.MethodGet, path).Header.Get("ETag")
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := s.Do(t, method, path, "If-None-Match", `W/"x", `+tag)
			if got.Status != http.StatusNotModified || len(got.Body) > 0 || got.Header.Get("ETag") != tag {
				t.Errorf("%s answered %d with %d bytes, ETag %q; want 304, %q", method, got.Status, len(got.Body), got.Header.Get("ETag"), tag)
			}
		}
		c, err := s.Store.Contact(t.Context(), 1, 114) // Vera
		if err != nil {
			t.Fatalf("read the contact: %v", err)
		}
		c.Blocked = true
		err = s.Store.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error { return tx.UpdateContact(ctx, c) })
		if err != nil {
			t.Fatalf("block the contact: %v", err)
		}
		got := s.Do(t, http.MethodGet, path, "If-None-Match", tag)
		if got.Status != http.StatusOK || got.Header.Get("ETag") == tag || !strings.Contains(string(got.Body), `"blocked":true`) {
			t.Errorf("after a change answered %d, ETag %q; want 200 and another tag", got.Status, got.Header.Get("ETag"))
		}
	})
}

func wantJSON(t *testing.T, got testserver.Response) {
	t.Helper()
	if kind := got.Header.Get("Content-Type"); kind != jsonType {
		t.Errorf("Content-Type = %q, want %q", kind, jsonType)
	}
}

var errBroken = errors.New("secret: disk on fire at /var/lib")

// failing is a store in which one kind of read fails.
type failing struct {
	store.Store

	broken string
}

func (f failing) fails(read string) error {
	if f.broken == read {
		return &core.Error{Kind: core.Internal, Err: errBroken}
	}
	return nil
}

func (f failing) FindInboxByIdentifier(ctx context.Context, identifier string) (core.Inbox, bool, error) {
	if err := f.fails("inbox"); err != nil {
		return core.Inbox{}, false, err
	}
	return f.Store.FindInboxByIdentifier(ctx, identifier)
}

func (f failing) FindContactInboxBySource(ctx context.Context, account, inbox int64, source string) (core.ContactInbox, bool, error) {
	if err := f.fails("contact inbox"); err != nil {
		return core.ContactInbox{}, false, err
	}
	return f.Store.FindContactInboxBySource(ctx, account, inbox, source)
}

func (f failing) Account(ctx context.Context, id int64) (core.Account, error) {
	if err := f.fails("account"); err != nil {
		return core.Account{}, err
	}
	return f.Store.Account(ctx, id)
}

func (f failing) ListThreads(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	if err := f.fails("threads"); err != nil {
		return nil, err
	}
	return f.Store.ListThreads(ctx, account, q)
}

func (f failing) LabelsByID(ctx context.Context, account int64, ids []int64) ([]core.Label, error) {
	if err := f.fails("labels"); err != nil {
		return nil, err
	}
	return f.Store.LabelsByID(ctx, account, ids)
}

func (f failing) ListEntries(ctx context.Context, account int64, q store.EntryQuery) ([]core.Entry, error) {
	if err := f.fails("entries"); err != nil {
		return nil, err
	}
	return f.Store.ListEntries(ctx, account, q)
}

func (f failing) AgentsByID(ctx context.Context, account int64, ids []int64) ([]core.Agent, error) {
	if err := f.fails("agents"); err != nil {
		return nil, err
	}
	return f.Store.AgentsByID(ctx, account, ids)
}

func (f failing) Attachments(ctx context.Context, account int64, messageIDs []int64) ([]core.Attachment, error) {
	if err := f.fails("attachments"); err != nil {
		return nil, err
	}
	return f.Store.Attachments(ctx, account, messageIDs)
}
