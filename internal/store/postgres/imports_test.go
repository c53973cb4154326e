package postgres_test

import (
	"testing"

	"parley/internal/testkit"
)

// An engine knows the shared SQL and nothing above the store.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/service", "parley/internal/httpx", "parley/internal/dialect", "parley/internal/app", "parley/internal/interchange")
}
