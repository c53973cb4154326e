package auth_test

import (
	"testing"

	"parley/internal/testkit"
)

// Credentials are judged without any wire format.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/httpx", "parley/internal/service", "parley/internal/store/sqlstore", "net/http", "parley/internal/dialect", "parley/internal/app", "parley/internal/interchange")
}
