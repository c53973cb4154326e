package interchange_test

import (
	"testing"

	"parley/internal/testkit"
)

// Files go through the contract of the store, whichever engine is behind it.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres", "parley/internal/httpx", "parley/internal/dialect", "parley/internal/app")
}
