package webhook_test

import (
	"testing"

	"parley/internal/testkit"
)

// Formats come from outside: the sender knows no wire form.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/store", "parley/internal/job", "parley/internal/safehttp", "github.com/google/uuid")
}
