package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/core"
	"parley/internal/httpx"
)

// op is what an operation says of itself. Which way it is registered says the
// rest.
type op struct {
	method, path string
	id           string // the OpenAPI operationId
	tag          string // the heading under which the document lists it
	summary      string
	// customers opens it to customers, about their own contact.
	customers bool
	// permit makes it an operation for those who manage: the token needs the
	// scope admin, and an agent this permission. Others need the scope read for
	// a GET, write for all else.
	permit string
	names  names
	forms  forms // of bodies
	// conditional has a POST that makes nothing hold If-Match against the state
	// of what it acts on, as every PATCH, PUT and DELETE does.
	conditional bool
	// streams tells that the answer may go on for as long as both sides like:
	// then the token may stand where browsers can put it.
	streams bool

	status    int
	takesBody bool
}

// scope is the one that a token needs.
func (o *op) scope() core.Scope {
	switch {
	case o.permit != "":
		return core.ScopeAdmin
	case o.method != http.MethodGet:
		return core.ScopeWrite
	}
	return core.ScopeRead
}

// reply is what a handler answers with.
type reply[O any] struct {
	body O
	// record is the one that body shows, for a strong tag; nil: the tag is the
	// body's. more tells that body shows more than the record.
	record   core.EventData
	more     bool
	location string // where it is; told of what was created
	// stream, when set, answers by itself. An error was met before anything was
	// sent.
	stream func(w http.ResponseWriter, r *http.Request) error
}

// read registers a GET. It answers 200, or 304 to a client that has the body.
func read[I, O any](a *API, o op, h func(ctx context.Context, c *caller, in *I) (reply[O], error)) {
	o.method, o.status = http.MethodGet, http.StatusOK
	register(a, o, h)
}

// create registers a POST that makes something. It answers 201 with what was
// made and its address. It may be asked again under an Idempotency-Key.
func create[I, O any](a *API, o op, h func(ctx context.Context, c *caller, in *I) (reply[O], error)) {
	o.method, o.status = http.MethodPost, http.StatusCreated
	register(a, o, h)
}

// update registers a PATCH or PUT. It answers 200 with what came of it.
func update[I, O any](a *API, o op, h func(ctx context.Context, c *caller, in *I) (reply[O], error)) {
	o.status = http.StatusOK
	register(a, o, h)
}

// act registers a POST that makes nothing: it answers 200 with what came of it,
// or 204 where the operation says so, and repeats harmlessly.
func act[I, O any](a *API, o op, h func(ctx context.Context, c *caller, in *I) (reply[O], error)) {
	o.method, o.status = http.MethodPost, cmp.Or(o.status, http.StatusOK)
	register(a, o, h)
}

// remove registers a DELETE. It answers 204.
func remove[I any](a *API, o op, h func(ctx context.Context, c *caller, in *I) error) {
	o.method, o.status = http.MethodDelete, http.StatusNoContent
	register(a, o, func(ctx context.Context, c *caller, in *I) (reply[empty], error) {
		return reply[empty]{}, h(ctx, c, in)
	})
}

// empty is the body of an answer that has none.
type empty struct{}

func register[I, O any](a *API, o op, h func(ctx context.Context, c *caller, in *I) (reply[O], error)) {
	described := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, DefaultStatus: o.status,
		Description:  rights(&o),
		MaxBodyBytes: -1, // the adapter bounds bodies
		Security:     []map[string][]string{{"token": {}}},
	}
	if o.customers {
		described.Security = append(described.Security, map[string][]string{"customer": {}})
	}
	o.takesBody = describeOperation[I, O](a.huma.OpenAPI().Components.Schemas, &described, &o)
	huma.Register(a.huma, described, func(ctx context.Context, in *I) (*struct{}, error) {
		x := exchangeOf(ctx)
		var out reply[O]
		var err error
		if o.status == http.StatusCreated {
			x.caller.again, err = keyOf(x.caller, o.id, in)
		}
		if err == nil {
			out, err = h(ctx, x.caller, in)
		}
		if err == nil {
			err = settle(x, &o, &out)
		}
		if err != nil {
			x.err = &misnamed{err, o.names}
		}
		return nil, nil //nolint:nilnil // huma has nothing to write: see exchange
	})
	if o.streams {
		describeStream(a.huma.OpenAPI().Paths[o.path].Get)
	}
	if o.forms != onlyJSON {
		describeForm(a.huma.OpenAPI().Paths[o.path].Post)
	}
	a.operations[o.method+" "+o.path] = &o
	a.listed = append(a.listed, httpx.Operation{Method: o.method, Pattern: o.path})
}

// settle makes the answer of what a handler returned.
func settle[O any](x *exchange, o *op, out *reply[O]) error {
	x.status = o.status
	if x.stream = out.stream; x.stream != nil {
		return nil
	}
	if o.status == http.StatusCreated {
		x.location = out.location
	}
	if o.status == http.StatusNoContent {
		return nil
	}
	var err error
	if self, ok := any(&out.body).(interface{ appendJSON(b []byte) []byte }); ok {
		x.body = self.appendJSON(nil)
	} else if x.body, err = encode(out.body); err != nil {
		return err
	}
	// Customers must not see by a tag that something changed which they are not
	// shown.
	if out.record == nil || x.caller.Customer != nil {
		x.tag = bodyTag(x.body)
		return nil
	}
	if x.tag, err = tagOf(out.record); out.more {
		x.tag = withBody(x.tag, x.body)
	}
	return err
}

// exchange is a request on its way through huma, and what became of it. huma
// reads and checks what was sent; it never writes an answer, because there is
// but one place that knows how answers look. What it writes all the same goes
// to a silent writer, and so does the read deadline by which it would shorten
// that of the listener. An exchange belongs to its request's goroutine.
type exchange struct {
	caller *caller

	err      error // set, it is the outcome
	status   int
	body     []byte
	tag      string
	location string
	stream   func(w http.ResponseWriter, r *http.Request) error // set, it answers
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// answer writes the outcome of an operation that went well.
func (x *exchange) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Authorization")
	if x.tag != "" {
		h.Set("ETag", x.tag)
	}
	if x.location != "" {
		h.Set("Location", x.location)
	}
	if again := x.caller.again; again != nil && again.Repeated {
		h.Set("Idempotent-Replayed", "true")
	}
	if reads := r.Method == http.MethodGet || r.Method == http.MethodHead; reads {
		h.Set("Cache-Control", "private, no-cache")
		if seen(r.Header, x.tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if x.status == http.StatusNoContent {
		w.WriteHeader(x.status)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(x.body)))
	w.WriteHeader(x.status)
	_, _ = w.Write(x.body)
}

// silent is a writer for those who have nothing to say.
type silent struct{}

func (silent) Header() http.Header         { return http.Header{} }
func (silent) Write(b []byte) (int, error) { return len(b), nil }
func (silent) WriteHeader(int)             {}
