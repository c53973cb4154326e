package core_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"parley/internal/core"
)

// TestEventTypes: the list has every constant.
func TestEventTypes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []core.EventType
	for _, m := range regexp.MustCompile(`EventType = "(.+)"`).FindAllSubmatch(source, -1) {
		want = append(want, core.EventType(m[1]))
	}
	if got := core.EventTypes(); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
