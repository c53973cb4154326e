package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/repeat"
)

// Problem is the body of every failure (RFC 9457).
type Problem struct {
	Type      string  `json:"type" doc:"Which kind of problem it is: an address whose fragment names the kind." example:"/docs/errors#invalid"`
	Title     string  `json:"title" doc:"The kind in words, always the same for a type." example:"The request is not valid"`
	Status    int     `json:"status" doc:"The HTTP status." minimum:"400" maximum:"599" example:"422"`
	Detail    string  `json:"detail" doc:"What is wrong with this request. It repeats no value that was sent." example:"a name is needed"`
	Instance  string  `json:"instance" doc:"The path that was asked for." example:"/v1/labels"`
	RequestID string  `json:"request_id" doc:"The id of the request, as in the header X-Request-Id." example:"0b2f6d5e-2f2c-4c0e-9a52-0d1f8f0d6d1c"`
	Errors    []Fault `json:"errors" doc:"Which parts of the request are wrong, as far as that is known."`

	NextCursor string `json:"next_cursor,omitempty" doc:"Of resync: where the log goes on."`
	Reason     string `json:"reason,omitempty" enum:"epoch,retention,unknown,moved" doc:"Of resync: an import or a restore began another history; what came next is not kept any more; the log has not come that far; conversations became this contact's."`
}

// Fault is one part of a request that is wrong.
type Fault struct {
	In      string `json:"in" enum:"body,query,path,header" doc:"The part of the request."`
	Pointer string `json:"pointer" doc:"Where: a JSON pointer into the body (RFC 6901), or a slash and the parameter's name." example:"/name"`
	Detail  string `json:"detail" doc:"What is wrong there." example:"a name is needed"`
	Code    string `json:"code" enum:"required,unknown,invalid,taken" doc:"The same for programs."`
}

// The codes of faults.
const (
	codeRequired = "required"
	codeUnknown  = "unknown"
	codeInvalid  = "invalid"
	codeTaken    = "taken"
)

// kind is a kind of problem.
type kind struct {
	status   int
	fragment string
	title    string
}

// The kinds of problems. docs/api.md explains each under its fragment.
var (
	malformed            = &kind{http.StatusBadRequest, "malformed", "The request cannot be read"}
	badCursor            = &kind{http.StatusBadRequest, "bad-cursor", "The cursor does not belong to this list"}
	unauthenticated      = &kind{http.StatusUnauthorized, "unauthenticated", "A valid token is needed"}
	forbidden            = &kind{http.StatusForbidden, "forbidden", "The caller may not do this"}
	notFound             = &kind{http.StatusNotFound, "not-found", "There is no such thing"}
	methodNotAllowed     = &kind{http.StatusMethodNotAllowed, "method-not-allowed", "The path has no such method"}
	notAcceptable        = &kind{http.StatusNotAcceptable, "not-acceptable", "No acceptable form of the answer"}
	taken                = &kind{http.StatusConflict, "taken", "Something else has this already"}
	conflict             = &kind{http.StatusConflict, "conflict", "It is in no state that allows this"}
	keyReused            = &kind{http.StatusConflict, "idempotency-key-reused", "The key was used for another request"}
	resync               = &kind{http.StatusGone, "resync", "The log cannot be followed from there"}
	preconditionFailed   = &kind{http.StatusPreconditionFailed, "precondition-failed", "It was changed meanwhile"}
	tooLarge             = &kind{http.StatusRequestEntityTooLarge, "too-large", "The request is too large"}
	unsupportedMediaType = &kind{http.StatusUnsupportedMediaType, "unsupported-media-type", "The body's type is not taken here"}
	invalid              = &kind{http.StatusUnprocessableEntity, "invalid", "The request is not valid"}
	rateLimited          = &kind{http.StatusTooManyRequests, "rate-limited", "Too many requests"}
	internal             = &kind{http.StatusInternalServerError, "internal", "The server failed"}
	unavailable          = &kind{http.StatusServiceUnavailable, "unavailable", "Not available now"}
)

// kindOf returns the kind of problem that a kind of core's is.
func kindOf(k core.Kind) *kind {
	switch k {
	case core.Invalid:
		return invalid
	case core.NotFound:
		return notFound
	case core.Conflict:
		return taken
	case core.Forbidden:
		return forbidden
	case core.Unauthenticated:
		return unauthenticated
	case core.RateLimited:
		return rateLimited
	case core.Unavailable:
		return unavailable
	case core.TooLarge:
		return tooLarge
	case core.Precondition:
		return preconditionFailed
	case core.Internal:
	}
	return internal
}

// refusal is a problem that the API itself finds in a request.
type refusal struct {
	kind   *kind
	detail string // "" = the kind's title
	faults []Fault
	header http.Header

	next, reason string // of resync
	// cause is what was met: what did not exist counts as that, however it is
	// told. nil: the caller's mistake.
	cause error
}

// Error implements error.
func (e *refusal) Error() string { return e.kind.fragment + ": " + e.detail }

// Unwrap returns the cause, or tells that it is the caller's doing.
func (e *refusal) Unwrap() error {
	if e.cause != nil {
		return e.cause
	}
	return &core.Error{Kind: core.Invalid, Message: e.detail}
}

// names says what a door calls the fields that core's errors name.
type names struct {
	fields map[string]string // other members of the body, by core's names; else they have the same
	unique string            // the member that may be taken, "" = none
}

// misnamed is an error of a command with the names of its operation.
type misnamed struct {
	error
	names names
}

// Unwrap returns the command's error.
func (e *misnamed) Unwrap() error { return e.error }

// maxFaults bounds the faults of one problem.
const maxFaults = 20

// writeProblem answers with a failure: see httpx.ErrorWriter.
func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	k, _, _ := describe(err)
	h := w.Header()
	switch k {
	case unauthenticated:
		challenge := `Bearer realm="parley"`
		if bearer(r) != "" {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	case unavailable, rateLimited:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	var own *refusal
	if errors.As(err, &own) {
		for name, values := range own.header {
			h[name] = values
		}
	}
	body := a.problem(err, r.URL.EscapedPath(), httpx.CallOf(r.Context()).ID)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(k.status)
	_, _ = w.Write(body)
}

// problem is the body of a failure.
func (a *API) problem(err error, instance, request string) []byte {
	k, detail, faults := describe(err)
	p := Problem{
		Type: a.problems + "/docs/errors#" + k.fragment, Title: k.title, Status: k.status, Detail: cmp.Or(detail, k.title),
		Instance: instance, RequestID: request, Errors: faults,
	}
	var own *refusal
	if errors.As(err, &own) {
		p.NextCursor, p.Reason = own.next, own.reason
	}
	body, err := encode(p)
	if err != nil {
		panic(err) // there is nothing in it that JSON cannot say
	}
	return body
}

// describe turns an error into the kind of problem, what may be told of it, and
// which parts of the request it is about.
func describe(err error) (*kind, string, []Fault) {
	var own *refusal
	if errors.As(err, &own) {
		faults := own.faults
		slices.SortFunc(faults, func(a, b Fault) int {
			return cmp.Or(strings.Compare(a.In, b.In), strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Detail, b.Detail))
		})
		return own.kind, own.detail, append([]Fault{}, faults[:min(len(faults), maxFaults)]...)
	}
	var known *core.Error
	if !errors.As(err, &known) {
		return internal, "", []Fault{}
	}
	k := kindOf(known.Kind)
	switch k {
	case unauthenticated:
		if auth.IsGenuine(err) { // its maker is told what is wrong with it
			return k, known.Message, []Fault{}
		}
		return k, "", []Fault{}
	case internal, unavailable:
		return k, "", []Fault{}
	case taken:
		if known.Field == repeat.Field {
			fault := Fault{In: "header", Pointer: "/Idempotency-Key", Detail: known.Message, Code: codeInvalid}
			return keyReused, known.Message, []Fault{fault}
		}
		// The text of core names the value.
		fault := faultOf(err, known.Field, taken.title)
		fault.Code = codeTaken
		if fault.Pointer == "" {
			return k, "", []Fault{}
		}
		return k, "", []Fault{fault}
	}
	if known.Field == "" {
		return k, known.Message, []Fault{}
	}
	return k, known.Message, []Fault{faultOf(err, known.Field, known.Message)}
}

// faultOf tells where a field of core's stands in the request; an empty pointer
// when nobody knows.
func faultOf(err error, field, detail string) Fault {
	f := Fault{In: "body", Detail: detail, Code: codeInvalid}
	switch field {
	case "path":
		f.In = "path"
		return f
	case "query":
		f.In = "query"
		return f
	case repeat.Field:
		f.In, f.Pointer = "header", "/Idempotency-Key"
		return f
	}
	var m *misnamed
	if errors.As(err, &m) {
		if other, ok := m.names.fields[field]; ok {
			field = other
		}
		if field == "" {
			field = m.names.unique
		}
	}
	if field != "" {
		f.Pointer = "/" + field
	}
	return f
}

// encode writes a body as JSON, without escapes for HTML.
func encode(body any) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), nil
}

// showAllowance tells what is left of the limit that the gate charged
// (draft-ietf-httpapi-ratelimit-headers).
func showAllowance(w http.ResponseWriter, r *http.Request) {
	left := httpx.CallOf(r.Context()).Allowance
	if left.Name == "" {
		return
	}
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`%q;q=%d;w=60`, left.Name, left.Quota))
	value := fmt.Sprintf(`%q;r=%d`, left.Name, left.Remaining)
	if left.Reset > 0 {
		value += ";t=" + strconv.Itoa(int(math.Ceil(float64(left.Reset)/float64(time.Second))))
	}
	w.Header().Set("RateLimit", value)
}
