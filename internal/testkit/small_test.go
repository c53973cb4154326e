package testkit

import (
	"testing"
)

func TestSmallFollowsTheEnvironment(t *testing.T) {
	t.Setenv("PARLEY_TEST_SMALL", "")
	if Small() {
		t.Error("Small() without PARLEY_TEST_SMALL = true, want false")
	}
	t.Setenv("PARLEY_TEST_SMALL", "1")
	if !Small() {
		t.Error("Small() with PARLEY_TEST_SMALL=1 = false, want true")
	}
}
