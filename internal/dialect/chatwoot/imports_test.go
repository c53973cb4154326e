package chatwoot

import (
	"testing"

	"parley/internal/testkit"
)

// TestImports: a dialect knows use cases and core; no other dialect, no engine.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t,
		"parley/internal/dialect", "parley/internal/api", "parley/internal/channel", "parley/internal/live", "parley/internal/app",
		"parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres",
		"database/sql")
}
