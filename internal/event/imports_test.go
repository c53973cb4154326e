package event_test

import (
	"testing"

	"parley/internal/testkit"
)

// Payloads are core's values; the store writes them.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core")
}
