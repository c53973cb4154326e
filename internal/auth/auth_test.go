package auth_test

import (
	"context"
	"errors"
	"testing"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/store"
)

const second = core.Time(1_000_000)

// tokens is a store of one token that counts its look-ups.
type tokens struct {
	store.Tokens

	token   core.Token
	err     error
	lookups int
	during  func() // runs inside a look-up, after the reading
}

func (s *tokens) FindTokenByHash(_ context.Context, hash string) (core.Token, bool, error) {
	s.lookups++
	t := s.token
	if s.during != nil {
		s.during()
	}
	return t, hash == auth.HashToken("right"), s.err
}

func TestTokensAreRemembered(t *testing.T) {
	t.Parallel()
	st := &tokens{token: core.Token{ID: 7, AccountID: 3, AgentID: 5, Scopes: []core.Scope{core.ScopeRead}}}
	now := 1_700_000_000 * second
	c := auth.NewTokens(st, func() core.Time { return now })
	check := func(what, token string, want error, lookups int) {
		t.Helper()
		st.lookups = 0
		p, err := c.Check(t.Context(), token)
		if want == nil && (err != nil || p.TokenID != 7 || p.AccountID != 3 || p.AgentID != 5 || p.Can(core.ScopeWrite)) {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
		if want != nil && !errors.Is(err, want) && core.KindOf(err) != core.KindOf(want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if st.lookups != lookups {
			t.Errorf("%s: %d look-ups, want %d", what, st.lookups, lookups)
		}
	}
	refused := &core.Error{Kind: core.Unauthenticated}
	check("the first use", "right", nil, 1)
	check("the second", "right", nil, 0)
	check("a wrong token", "wrong", refused, 1)
	check("a wrong token again", "wrong", refused, 1)

	st.token.RevokedAt = now
	now += second - 1
	check("revoked elsewhere, within a second", "right", nil, 0)
	now++
	check("a second later", "right", refused, 1)

	st.token.RevokedAt = 0
	now += second
	check("allowed again", "right", nil, 1)
	st.token.RevokedAt = now
	c.Forget()
	check("revoked here", "right", refused, 1)

	st.token.RevokedAt = 0
	st.token.ExpiresAt = now + 10
	c.Forget()
	check("before it expires", "right", nil, 1)
	now += 10
	check("expired, though remembered", "right", refused, 0)

	st.token.ExpiresAt = 0
	c.Forget()
	check("no end", "right", nil, 1)
	now -= 3600 * second
	check("after the clock was set back", "right", nil, 1)

	// What was read before a change is not remembered after it.
	c.Forget()
	st.during = func() { c.Forget() }
	check("changed while it was read", "right", nil, 1)
	st.during = nil
	check("read again", "right", nil, 1)

	st.err = errors.New("the disk is gone")
	c.Forget()
	check("a failing store", "right", st.err, 1)
}
