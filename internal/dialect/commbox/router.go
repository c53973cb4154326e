package commbox

import (
	"net/http"
	"net/url"
	"strings"

	"parley/internal/httpx"
)

// router finds the operation of a path. CommBox's documents write the same
// literal segment in several letter cases and one path with a slash at its
// end, so both are read here; and a known path with another verb is told apart
// from an unknown path. Neither is a thing that the usual routers do.
//
// It is not changed after New and so is safe for concurrent use.
type router struct{ root node }

// node is one place in the tree of path segments.
type node struct {
	literals map[string]*node // by lower-case segment
	param    *node            // any other segment
	// operations by method; nil where no path ends.
	operations map[string]operation
}

// operation is a published call.
type operation struct {
	call
	params []string // the names of the path's parameters, in order
}

// add puts a call into the tree. The segments of its path that stand in braces
// are parameters; one that is known and not served has no serve.
func (t *router) add(c call) {
	at := &t.root
	op := operation{call: c}
	for segment := range strings.SplitSeq(strings.TrimPrefix(c.path, "/"), "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			op.params = append(op.params, strings.TrimSuffix(name, "}"))
			if at.param == nil {
				at.param = &node{}
			}
			at = at.param
			continue
		}
		if at.literals == nil {
			at.literals = map[string]*node{}
		}
		key := strings.ToLower(segment)
		if at.literals[key] == nil {
			at.literals[key] = &node{}
		}
		at = at.literals[key]
	}
	if at.operations == nil {
		at.operations = map[string]operation{}
	}
	at.operations[c.method] = op
}

// find returns the calls of the request's path by method, nil for a path that
// nobody published, and the values of the path's parameters in order. A
// segment is split off before it is decoded: an encoded slash is part of its
// segment.
func (t *router) find(u *url.URL) (map[string]operation, []string) {
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	path = strings.TrimSuffix(path, "/")
	segments := strings.Split(path, "/")
	for i := range segments {
		decoded, err := url.PathUnescape(segments[i])
		if err != nil || decoded == "" {
			return nil, nil
		}
		segments[i] = decoded
	}
	var values [maxParams]string
	found, n := t.root.find(segments, values[:0])
	return found, n
}

// maxParams is the highest number of parameters in a published path.
const maxParams = 4

func (n *node) find(segments, values []string) (map[string]operation, []string) {
	if len(segments) == 0 {
		return n.operations, values
	}
	if next := n.literals[strings.ToLower(segments[0])]; next != nil {
		if found, v := next.find(segments[1:], values); found != nil {
			return found, v
		}
	}
	if n.param == nil {
		return nil, nil
	}
	return n.param.find(segments[1:], append(values, segments[0]))
}

// pick chooses among the calls of a path and makes the path's parameters known
// to the request. ok is false when the method is not served there.
func pick(r *http.Request, calls map[string]operation, values []string) (call, bool) {
	op := calls[r.Method]
	if op.serve == nil {
		return call{}, false
	}
	for i, name := range op.params {
		r.SetPathValue(name, values[i])
	}
	httpx.CallOf(r.Context()).Route = op.path
	return op.call, true
}
