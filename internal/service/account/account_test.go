package account_test

import (
	"strings"
	"testing"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_700_000_000_000_000)

func each(t *testing.T, run func(t *testing.T, st store.Store, s *account.Accounts)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			run(t, st, account.New(st, func() core.Time { return now }))
		})
	}
}

func TestCreateTokenIsUsableUntilItExpires(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, s *account.Accounts) {
		a, err := s.Create(t.Context(), "Acme")
		if err != nil {
			t.Fatal(err)
		}
		text, tok, err := s.CreateToken(t.Context(), account.NewToken{
			AccountID: a.ID, Name: "ci", Scopes: []core.Scope{core.ScopeRead}, ExpiresAt: now + 10,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(tok.Hash, text) || tok.Hash != auth.HashToken(text) {
			t.Errorf("hash %q of token %q", tok.Hash, text)
		}
		at := now
		tokens := auth.NewTokens(st, func() core.Time { return at })
		p, err := tokens.Check(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if p.AccountID != a.ID || p.TokenID != tok.ID || !p.Can(core.ScopeRead) || p.Can(core.ScopeWrite) {
			t.Errorf("principal %+v", p)
		}
		at = now + 10
		if _, err := tokens.Check(t.Context(), text); core.KindOf(err) != core.Unauthenticated {
			t.Errorf("expired token: %v", err)
		}
		for _, wrong := range []string{"", text + "x", strings.Repeat("x", 10_000), "\x00"} {
			if _, err := tokens.Check(t.Context(), wrong); err == nil || core.KindOf(err) != core.Unauthenticated {
				t.Errorf("token %.20q: %v", wrong, err)
			}
		}
		events, err := st.ListEvents(t.Context(), a.ID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 5 || events[0].Type != core.AccountCreated || events[3].Type != core.ProfileCreated || events[4].Type != core.TokenCreated {
			t.Fatalf("events %+v", events)
		}
		if data, ok := events[4].Data.(core.Token); !ok || data.Hash != "" {
			t.Errorf("the event tells the hash: %+v", events[1].Data)
		}
	})
}

func TestCreateTokenRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ store.Store, s *account.Accounts) {
		a, err := s.Create(t.Context(), "Acme")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.CreateToken(t.Context(), account.NewToken{AccountID: a.ID, Name: "taken"}, nil); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			in   account.NewToken
			kind core.Kind
		}{
			"absent account": {account.NewToken{AccountID: a.ID + 1, Name: "x"}, core.NotFound},
			"absent agent":   {account.NewToken{AccountID: a.ID, Name: "x", AgentID: 9}, core.Invalid},
			"taken name":     {account.NewToken{AccountID: a.ID, Name: "taken"}, core.Conflict},
			"no name":        {account.NewToken{AccountID: a.ID, Name: " "}, core.Invalid},
			"long name":      {account.NewToken{AccountID: a.ID, Name: strings.Repeat("x", 256)}, core.Invalid},
			"unknown scope":  {account.NewToken{AccountID: a.ID, Name: "x", Scopes: []core.Scope{"root"}}, core.Invalid},
		} {
			if _, _, err := s.CreateToken(t.Context(), c.in, nil); err == nil || core.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
		if _, err := s.Create(t.Context(), ""); core.KindOf(err) != core.Invalid {
			t.Errorf("account without name: %v", err)
		}
	})
}
