package core_test

import (
	"testing"

	"parley/internal/testkit"
)

// TestImports keeps the domain free of everything but the standard library.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t)
}
