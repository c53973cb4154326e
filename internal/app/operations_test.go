package app_test

import (
	"strings"
	"testing"

	"parley/internal/app"
	"parley/internal/testkit/testserver"
)

// TestTokensChangedIsCalled counts the calls of the hook by which a server
// forgets the tokens that it keeps in memory.
func TestTokensChangedIsCalled(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	ops := app.NewOperations(st, clock)
	if _, err := ops.CreateAccount(t.Context(), "Acme"); err != nil {
		t.Fatal(err)
	}
	calls := 0
	ops.TokensChanged = func() { calls++ }
	for i, step := range []struct {
		name  string
		calls int
		do    func() error
	}{
		{"list", 0, func() error { _, err := ops.ListTokens(t.Context(), 1); return err }},
		{"create", 1, func() error {
			_, err := ops.CreateToken(t.Context(), app.TokenRequest{AccountID: 1, Name: "ci"})
			return err
		}},
		{"rotate", 2, func() error { _, err := ops.RotateToken(t.Context(), 1, 1, 0); return err }},
		{"revoke", 3, func() error { _, err := ops.RevokeToken(t.Context(), 1, 2); return err }},
		{"import", 4, func() error { _, err := ops.Import(t.Context(), strings.NewReader("{}"), false); return err }},
		{"failed revoke", 4, func() error { _, err := ops.RevokeToken(t.Context(), 1, 9); return err }},
	} {
		err := step.do()
		if failing := i >= 4; (err != nil) != failing {
			t.Errorf("%s: %v", step.name, err)
		}
		if calls != step.calls {
			t.Errorf("after %s: %d calls, want %d", step.name, calls, step.calls)
		}
	}
}
