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

// brokenDirectory is a store whose reads of inboxes and people fail.
type brokenDirectory struct {
	store.Store
	err error
}

func (b brokenDirectory) Inbox(context.Context, int64, int64) (core.Inbox, error) {
	return core.Inbox{}, b.err
}

func (b brokenDirectory) PageInboxes(context.Context, int64, int64, int) ([]core.Inbox, error) {
	return nil, b.err
}

func (b brokenDirectory) Contact(context.Context, int64, int64) (core.Contact, error) {
	return core.Contact{}, b.err
}

func (b brokenDirectory) FindIdentityByAddress(context.Context, int64, int64, string) (core.Identity, bool, error) {
	return core.Identity{}, false, b.err
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
			for _, path := range []string{
				list, single + "?includeChilds=true", streamObjects + "?" + everything + "&includeChilds=true", "/users/identities/558355/objects",
				"/objects/900020/activities", single + "/transcript",
			} {
				got := check(t, s, refused(c.name, c.status, path)[0])
				if retry := got.Header.Get("Retry-After"); (retry != "") != (c.status == http.StatusTooManyRequests) {
					t.Errorf("%s answered %d with Retry-After %q", path, got.Status, retry)
				}
			}
		}
		s := testserver.Serve(t, brokenDirectory{Store: st, err: c.err}, "sqlite")
		for _, path := range []string{
			"/streams", "/stats/streams", "/streams/19155/streamavailability", "/users/520760", "/users?streamProviderId=x&streamProviderType=6",
			streamObjects + "?identityStreamProviderId=x&identityStreamProviderType=6", "/users/identities/0/objects?streamProviderId=x&streamProviderType=6",
		} {
			check(t, s, refused(c.name, c.status, path)[0])
		}
	}
}
