package httpx

// Operation is a call that a door's router knows. Each door lists its own, from
// what its router is built from, so that tests which must hold for every call
// hold for the next one, too.
type Operation struct {
	Method string
	// Pattern is a path whose segments in braces are parameters.
	Pattern string
}
