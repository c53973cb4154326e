package httpx_test

import (
	"testing"

	"parley/internal/testkit"
)

// What every door shares knows no door.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/auth", "parley/internal/memo", "parley/internal/store", "golang.org/x/time/rate", "github.com/google/uuid",
		"github.com/alexedwards/argon2id", "golang.org/x/crypto", "golang.org/x/sys/cpu", "github.com/go-jose/go-jose/v4") // auth's
}
