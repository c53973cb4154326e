package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/testkit"
)

// The door of Parley's own API knows use cases and core: no dialect, no
// database.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/dialect", "parley/internal/app",
		"parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres", "database/sql")
}

// TestEveryKindIsAProblem goes through all kinds of core, as commands give them:
// wrapped, and with causes that nobody may see.
func TestEveryKindIsAProblem(t *testing.T) {
	t.Parallel()
	want := map[core.Kind]*kind{
		core.Internal: internal, core.Invalid: invalid, core.NotFound: notFound, core.Conflict: taken, core.Forbidden: forbidden,
		core.Unauthenticated: unauthenticated, core.RateLimited: rateLimited, core.Unavailable: unavailable, core.TooLarge: tooLarge,
		core.Precondition: preconditionFailed,
	}
	const last = core.Precondition
	if (last + 1).String() != core.Internal.String() {
		t.Errorf("there is a kind %s that this test does not know", last+1)
	}
	a := New(Deps{})
	for k := core.Internal; k <= last; k++ {
		for _, field := range []string{"", "name", "path"} {
			err := fmt.Errorf("do: %w", &core.Error{Kind: k, Field: field, Message: "shown", Err: errors.New("the cause")})
			w := httptest.NewRecorder()
			a.writeProblem(w, httptest.NewRequest(http.MethodGet, "/v1/x", nil), err)
			body := w.Body.String()
			if w.Code != want[k].status || !strings.Contains(body, `#`+want[k].fragment+`"`) || strings.Contains(body, "cause") {
				t.Errorf("%s: %d %s", k, w.Code, body)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v", k, w.Header())
			}
			if wait := w.Header().Get("Retry-After"); (wait != "") != (k == core.RateLimited || k == core.Unavailable) {
				t.Errorf("%s: Retry-After %q", k, wait)
			}
		}
	}
	for _, err := range []error{errors.New("plain"), context.DeadlineExceeded} {
		if k, detail, faults := describe(err); k != internal || detail != "" || len(faults) > 0 {
			t.Errorf("%v: %v %q %v", err, k, detail, faults)
		}
	}
}

// TestKindsAreExplained holds the page that the types lead to against the code.
func TestKindsAreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*kind{
		malformed, badCursor, unauthenticated, forbidden, notFound, methodNotAllowed, notAcceptable, taken, keyReused, conflict, resync, preconditionFailed,
		tooLarge, unsupportedMediaType, invalid, rateLimited, internal, unavailable,
	} {
		if !strings.Contains(string(page), fmt.Sprintf("| `%s` | %d |", k.fragment, k.status)) {
			t.Errorf("docs/api.md has no line for %s, status %d", k.fragment, k.status)
		}
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"": "", "title": "/title", "labels[0]": "/labels/0", "labels[12].title": "/labels/12/title", "a/b~c": "/a~1b~0c", "odd[x]": "/odd[x]", "odd[": "/odd[",
	} {
		if got := pointer(place); got != want {
			t.Errorf("pointer(%q) = %q, want %q", place, got, want)
		}
	}
}
