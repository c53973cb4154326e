package auth_test

import (
	"context"
	"strings"
	"testing"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/store"
)

// hashes is a store that knows one token, and refuses to be asked for what
// cannot be a hash.
type hashes struct {
	store.Tokens
	t     testing.TB
	known string
}

func (h hashes) FindTokenByHash(_ context.Context, hash string) (core.Token, bool, error) {
	if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		h.t.Errorf("the store is asked for the hash %q", hash)
	}
	return core.Token{ID: 7, AccountID: 3}, hash == auth.HashToken(h.known), nil
}

// FuzzTokens: whatever a caller shows, it is the token itself or refused as
// every other wrong one.
func FuzzTokens(f *testing.F) {
	const known = "parley_0123456789"
	for _, seed := range []string{known, known + " ", " " + known, strings.ToUpper(known), "", "\x00", known + "\x00", "\xff", strings.Repeat("k", auth.MaxTokenBytes+1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		tokens := auth.NewTokens(hashes{t: t, known: known}, func() core.Time { return 1 })
		p, err := tokens.Check(t.Context(), token)
		switch {
		case token == known:
			if err != nil || p.AccountID != 3 || p.TokenID != 7 {
				t.Errorf("the token itself: %+v, %v", p, err)
			}
		case err == nil || core.KindOf(err) != core.Unauthenticated || strings.Contains(err.Error(), token) && len(token) > 8:
			t.Errorf("Check(%q) = %+v, %v", token, p, err)
		}
	})
}
