package testkit

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedEnv repeats the random choices of a run that failed: its log names the
// value.
const seedEnv = "PARLEY_TEST_SEED"

// Random returns the source of a test's random choices, and logs its seed.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedEnv, err)
		}
	}
	t.Logf("run again with %s=%d", seedEnv, seed)
	return rand.New(rand.NewPCG(seed, 0))
}
