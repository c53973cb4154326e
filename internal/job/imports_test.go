package job_test

import (
	"testing"

	"parley/internal/testkit"
)

// Jobs are done with the contract of the store; what they do is others'.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core", "parley/internal/store", "github.com/google/uuid")
}
