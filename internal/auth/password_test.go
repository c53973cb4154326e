package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"parley/internal/auth"
	"parley/internal/core"
)

func TestHashPassword(t *testing.T) {
	t.Parallel()
	const password = "pässwörd"
	one, err := auth.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(one, "$argon2id$v=19$m=65536,") || strings.Contains(one, password) {
		t.Errorf("hash %q", one)
	}
	for text, want := range map[string]bool{password: true, password + "x": false, "": false} {
		if match, err := argon2id.ComparePasswordAndHash(text, one); match != want || err != nil {
			t.Errorf("%q: %v, %v", text, match, err)
		}
	}
	if two, err := auth.HashPassword(t.Context(), password); err != nil || two == one {
		t.Errorf("the same hash twice: %q, %v", two, err)
	}
}

func TestHashPasswordRefuses(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "seven77", "ööööööö", strings.Repeat("x", 1025)} {
		if _, err := auth.HashPassword(t.Context(), password); core.KindOf(err) != core.Invalid {
			t.Errorf("%.20q: %v", password, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	// Which of the two is chosen is chance while there is room.
	if _, err := auth.HashPassword(ended, "long enough"); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}
