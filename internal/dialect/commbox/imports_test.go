package commbox

import (
	"testing"

	"parley/internal/testkit"
)

// TestImports keeps the dialect above the use cases and apart from the others.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/dialect", "parley/internal/api", "parley/internal/app",
		"parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres")
}
