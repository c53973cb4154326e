package fold_test

import (
	"testing"

	"parley/internal/testkit"
)

// TestImports keeps folding a function of its text.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "golang.org/x/text")
}
