package safehttp_test

import (
	"testing"

	"parley/internal/testkit"
)

// The client knows nothing of what it is used for.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t)
}
