package attribute_test

import (
	"testing"

	"parley/internal/testkit"
)

// A use case knows the contract of the store, no engine and no wire.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres", "parley/internal/httpx", "net/http", "parley/internal/dialect", "parley/internal/app", "parley/internal/interchange")
}
