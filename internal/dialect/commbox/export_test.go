package commbox

import (
	"maps"
	"slices"

	"parley/internal/core"
)

// DecidedEvents are the types of events of which it was decided what they are to
// CommBox.
func DecidedEvents() []core.EventType { return slices.Sorted(maps.Keys(tells)) }

// Call is a call that the router knows.
type Call struct {
	Method, Path string
	Served       bool
}

// Calls lists every call that the router knows.
func Calls() []Call {
	var all []Call
	for _, c := range (&dialect{}).calls() {
		all = append(all, Call{Method: c.method, Path: c.path, Served: c.serve != nil})
	}
	return all
}
