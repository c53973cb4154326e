package memo_test

import (
	"errors"
	"testing"

	"parley/internal/core"
	"parley/internal/memo"
	"parley/internal/testkit"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	m := memo.New[string, int](10)
	now, value, lookups := core.Time(100), 1, 0
	var failure error
	there := true
	during := func() {}
	get := func(what string, want, wantLookups int) {
		t.Helper()
		lookups = 0
		got, ok, err := m.Get(now, "a", func() (int, bool, error) {
			lookups++
			read := value
			during()
			return read, there, failure
		})
		if !errors.Is(err, failure) || ok != (there && err == nil) || ok && got != want || lookups != wantLookups {
			t.Errorf("%s: %d, %t, %v after %d look-ups, want %d after %d", what, got, ok, err, lookups, want, wantLookups)
		}
	}
	there = false
	get("absent", 0, 1)
	get("absent, which nobody remembers", 0, 1)
	there = true
	get("the first time", 1, 1)
	value = 2
	now += 9
	get("fresh", 1, 0)
	now++
	get("old", 2, 1)
	value = 3
	now--
	get("the clock was set back", 3, 1)
	value = 4
	m.Forget("b")
	get("another was forgotten", 3, 0)
	m.Forget("a")
	get("forgotten", 4, 1)
	m.Clear()
	during = func() { value = 5; m.Forget("a") }
	get("forgotten while it was read", 4, 1)
	during = func() {}
	get("and so not remembered", 5, 1)
	failure = errors.New("the disk is gone")
	m.Clear()
	get("a failure", 0, 1)
}

func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core")
}
