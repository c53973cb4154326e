package sqlstore_test

import (
	"testing"

	"parley/internal/testkit"
)

// The SQL knows the contract and the form of events, and nothing above.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/store", "parley/internal/event", "parley/internal/fold", "golang.org/x/text", "github.com/google/uuid")
}
