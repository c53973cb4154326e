package repeat

import (
	"testing"

	"parley/internal/testkit"
)

func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/store")
}
