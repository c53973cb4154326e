package commbox

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
