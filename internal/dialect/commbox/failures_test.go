package commbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// broken is a store whose named reads fail.
type broken struct {
	store.Store
	threads, entries error
}

func (b broken) ListThreads(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	if b.threads != nil {
		return nil, b.threads
	}
	return b.Store.ListThreads(ctx, account, q)
}

func (b broken) ListEntries(ctx context.Context, account int64, q store.EntryQuery) ([]core.Entry, error) {
	if b.entries != nil {
		return nil, b.entries
	}
	return b.Store.ListEntries(ctx, account, q)
}

// TestFailures checks what is left of a failure inside: one sentence, also
// when part of a short body was made already.
func TestFailures(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	for _, c := range []struct {
		name   string
		err    error
		status int
	}{
		{"500", errors.New("secret: disk on fire"), http.StatusInternalServerError},
		{"500", &core.Error{Kind: core.Unavailable, Message: "secret: no connection"}, http.StatusInternalServerError},
		{"429", &core.Error{Kind: core.RateLimited, Message: "slow down"}, http.StatusTooManyRequests},
	} {
		for _, b := range []broken{{Store: st, threads: c.err}, {Store: st, entries: c.err}} {
			s := testserver.Serve(t, b, "sqlite")
			for _, path := range []string{list, single + "?includeChilds=true"} {
				got := check(t, s, refused(c.name, c.status, path)[0])
				if retry := got.Header.Get("Retry-After"); (retry != "") != (c.status == http.StatusTooManyRequests) {
					t.Errorf("%s answered %d with Retry-After %q", path, got.Status, retry)
				}
			}
		}
	}
}
