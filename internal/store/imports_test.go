package store_test

import (
	"testing"

	"parley/internal/testkit"
)

// The contract knows core and nothing else.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core")
}
