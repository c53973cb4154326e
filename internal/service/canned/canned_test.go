package canned_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/canned"
	"parley/internal/service/repeat"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

var by = core.Actor{Type: core.ActorAgent, ID: 7}

// each runs the test on an account of each engine.
func each(t *testing.T, run func(t *testing.T, st store.Store, account int64)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			a, err := account.New(st, func() core.Time { return 1 }).Create(t.Context(), "Acme")
			if err != nil {
				t.Fatal(err)
			}
			run(t, st, a.ID)
		})
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, account int64) {
		now := core.Time(1_700_000_000_000_000)
		s := canned.New(st, func() core.Time { return now })
		before := events(t, st, account)
		again := &repeat.Key{Caller: "c", Operation: "o", Key: "k", Hash: "h"}
		made, err := s.Create(t.Context(), by, core.CannedResponse{AccountID: account, ShortCode: "bye", Content: "Good bye"}, again)
		if err != nil || made.CreatedAt != now || made.UpdatedAt != made.CreatedAt {
			t.Fatalf("made %+v, %v", made, err)
		}
		twice, err := s.Create(t.Context(), by, core.CannedResponse{AccountID: account, ShortCode: "bye", Content: "Good bye"}, again)
		if err != nil || twice != made || !again.Repeated {
			t.Errorf("asked again: %+v, %v", twice, err)
		}
		now += 5
		for range 2 { // the second changes nothing
			changed, err := s.Update(t.Context(), by, account, made.ID, func(c *core.CannedResponse) error {
				*c = core.CannedResponse{ShortCode: "bye", Content: "See you"}
				return nil
			})
			want := made
			want.Content, want.UpdatedAt = "See you", now
			if diff := cmp.Diff(want, changed); diff != "" || err != nil {
				t.Errorf("changed (-want +got):\n%s%v", diff, err)
			}
		}
		refuse := func(core.CannedResponse) error { return &core.Error{Kind: core.Precondition} }
		put := func(code, content string) func(*core.CannedResponse) error {
			return func(c *core.CannedResponse) error {
				c.ShortCode, c.Content = code, content
				return nil
			}
		}
		other, err := s.Create(t.Context(), by, core.CannedResponse{AccountID: account, ShortCode: "Bye", Content: "x"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			err  error
			kind core.Kind
		}{
			"taken":      {change(s.Update(t.Context(), by, account, other.ID, put("bye", "x"))), core.Conflict},
			"blank code": {change(s.Update(t.Context(), by, account, other.ID, put(" ", "x"))), core.Invalid},
			"long code":  {change(s.Update(t.Context(), by, account, other.ID, put(strings.Repeat("x", 256), "x"))), core.Invalid},
			"no content": {change(s.Update(t.Context(), by, account, other.ID, put("x", "\n"))), core.Invalid},
			"too long":   {change(s.Update(t.Context(), by, account, other.ID, put("x", strings.Repeat("x", 64<<10+1)))), core.Invalid},
			"absent":     {change(s.Update(t.Context(), by, account, 99, put("x", "x"))), core.NotFound},
			"foreign":    {s.Delete(t.Context(), by, account+1, other.ID, nil), core.NotFound},
			"checked":    {s.Delete(t.Context(), by, account, other.ID, refuse), core.Precondition},
		} {
			if c.err == nil || core.KindOf(c.err) != c.kind {
				t.Errorf("%s: got %v, want %s", what, c.err, c.kind)
			}
		}
		if err := s.Delete(t.Context(), by, account, other.ID, nil); err != nil {
			t.Error(err)
		}
		if _, err := s.Response(t.Context(), account, other.ID); core.KindOf(err) != core.NotFound {
			t.Errorf("deleted: %v", err)
		}
		want := append(before, core.CannedResponseCreated, core.CannedResponseUpdated, core.CannedResponseCreated, core.CannedResponseDeleted)
		if diff := cmp.Diff(want, events(t, st, account)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func change(_ core.CannedResponse, err error) error { return err }

func events(t *testing.T, st store.Store, account int64) []core.EventType {
	t.Helper()
	all, err := st.ListEvents(t.Context(), account, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var types []core.EventType
	for i := range all {
		types = append(types, all[i].Type)
	}
	return types
}
