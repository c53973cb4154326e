package bench_test

import (
	"testing"

	"parley/internal/testkit"
)

// What is asked comes from the targets: the generator must not share code with
// the doors that it measures.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/dialect", "parley/internal/httpx", "parley/internal/service", "parley/internal/store/sqlstore", "parley/internal/store/sqlite", "parley/internal/store/postgres", "parley/internal/app")
}
