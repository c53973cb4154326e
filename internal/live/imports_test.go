package live_test

import (
	"testing"

	"parley/internal/testkit"
)

// The hub knows no wire form and no engine.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres", "parley/internal/httpx", "net/http", "parley/internal/dialect", "parley/internal/api", "parley/internal/app")
}
