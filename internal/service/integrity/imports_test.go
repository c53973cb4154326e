package integrity_test

import (
	"testing"

	"parley/internal/testkit"
)

// TestImports keeps the doctor to the contract and the rules.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/store")
}
