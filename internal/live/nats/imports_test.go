package nats_test

import (
	"testing"

	"parley/internal/testkit"
)

// The server is for tests: the binary speaks to one, and is none.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "github.com/nats-io/nats-server", "parley/internal/store/sqlstore", "parley/internal/httpx", "parley/internal/app")
}
