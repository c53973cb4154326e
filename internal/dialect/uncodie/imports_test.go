package uncodie

import (
	"testing"

	"parley/internal/testkit"
)

// A dialect knows use cases and core: no other dialect, no database.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t,
		"parley/internal/dialect", "parley/internal/api", "parley/internal/app",
		"parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres",
		"database/sql")
}
