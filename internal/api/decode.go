package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parley/internal/core"
)

// setGlobals sets what huma keeps in variables of its package, before the first
// API of the process is made.
var setGlobals = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false // lists are never null
	huma.ValidateStrictCasing = true  // members have one name
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		exchangeOf(ctx.Context()).err = refused(status, message, errs)
		return noted(status)
	}
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return &Problem{Status: status} }
})

// noted is what huma gets for a failure that the exchange holds. It is written
// to nobody.
type noted int

func (n noted) Error() string  { return http.StatusText(int(n)) }
func (n noted) GetStatus() int { return int(n) }

// Error implements huma.StatusError, by which the document finds the schema of
// problems.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// newHuma returns the API that registers its operations with mux.
func newHuma(mux *http.ServeMux) huma.API {
	setGlobals()
	config := huma.DefaultConfig("Parley", "1")
	config.CreateHooks = nil // they add $schema to every object
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.RejectUnknownQueryParameters = true
	config.Formats = map[string]huma.Format{"application/json": {
		Marshal:   func(io.Writer, any) error { return nil }, // see exchange
		Unmarshal: unmarshal,
	}}
	describeAPI(config.OpenAPI)
	return humago.New(mux, config)
}

// bodyError says what is wrong with a body as a whole. Callers are shown it.
type bodyError string

// Error implements error.
func (e bodyError) Error() string { return string(e) }

// wrongNumber stands before the pointer to a number that its member cannot hold:
// huma hands on nothing but the text of an error.
const wrongNumber = "a number is out of range, or no integer: "

// hugeNumber is the pointer to the first number of a body, in the order of the
// names, that is beyond what a float64 holds; "" when there is none.
func hugeNumber(data []byte) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return ""
	}
	place, _ := hugeIn(v)
	return place
}

func hugeIn(v any) (place string, found bool) {
	switch v := v.(type) {
	case json.Number:
		_, err := v.Float64()
		return "", err != nil
	case []any:
		for i, item := range v {
			if place, found := hugeIn(item); found {
				return "/" + strconv.Itoa(i) + place, true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if place, found := hugeIn(v[name]); found {
				return "/" + pointerSteps.Replace(name) + place, true
			}
		}
	}
	return "", false
}

// unmarshal decodes a body. huma calls it with a pointer to an empty interface,
// whose value it checks, and then with one to the struct. What encoding/json
// forgives is refused: broken UTF-8, and NUL, which no database keeps.
func unmarshal(data []byte, into any) error {
	if !utf8.Valid(data) {
		return bodyError("the body is not UTF-8")
	}
	if err := json.Unmarshal(data, into); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			place := pointer(kind.Field)
			if place == "" {
				place = hugeNumber(data)
			}
			return bodyError(wrongNumber + place)
		}
		return bodyError("the body is not JSON")
	}
	if bytes.Contains(data, []byte(`\u0000`)) && holdsNUL(into) {
		return bodyError("a text holds the character NUL")
	}
	return nil
}

// holdsNUL tells whether any text in a decoded value holds a NUL.
func holdsNUL(v any) bool {
	switch v := v.(type) {
	case *any:
		return holdsNUL(*v)
	case string:
		return strings.Contains(v, "\x00")
	case []any:
		for _, item := range v {
			if holdsNUL(item) {
				return true
			}
		}
	case map[string]any:
		for key, item := range v {
			if strings.Contains(key, "\x00") || holdsNUL(item) {
				return true
			}
		}
	}
	return false
}

// refused says what huma found wrong with a request.
func refused(status int, message string, errs []error) error {
	var tooLong *http.MaxBytesError
	if errors.As(errors.Join(errs...), &tooLong) {
		return &core.Error{Kind: core.TooLarge, Message: "the body is too large"}
	}
	if len(errs) == 1 && strings.Contains(errs[0].Error(), wrongNumber) {
		status = http.StatusUnprocessableEntity // it is JSON
	}
	if status != http.StatusUnprocessableEntity {
		detail := "the body cannot be read"
		if len(errs) == 0 {
			detail = message
		}
		for _, err := range errs {
			var e huma.ErrorDetailer
			if errors.As(err, &e) && status == http.StatusBadRequest {
				detail = e.ErrorDetail().Message // of unmarshal
			}
		}
		return &refusal{kind: malformed, detail: detail}
	}
	var faults []Fault
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		f := toFault(d.ErrorDetail())
		if f.In == "path" {
			return core.Absent("path") // what cannot be an id names nothing
		}
		faults = append(faults, f)
	}
	return refuse(faults)
}

// refuse says that parts of a request are not valid.
func refuse(faults []Fault) error {
	e := &refusal{kind: invalid, detail: "see errors", faults: faults}
	if len(faults) == 1 {
		e.detail = faults[0].Detail
	}
	return e
}

// queryFault is what is wrong with a parameter of the query.
func queryFault(name, detail string) Fault {
	return Fault{In: "query", Pointer: clip("/" + pointerSteps.Replace(name)), Detail: detail, Code: codeInvalid}
}

// Texts of huma's that say more than that something is invalid.
const (
	requiredBefore, requiredAfter = "expected required property ", " to be present"
	unknownMember                 = "unexpected property"
	unknownParameter              = "unknown query parameter"
)

// maxNameBytes is how much of an unknown member's name is repeated.
const maxNameBytes = 200

// toFault translates what huma says of one part of a request: a message and a
// place like body.labels[0].title. The value is left out.
func toFault(d *huma.ErrorDetail) Fault {
	in, place, _ := strings.Cut(d.Location, ".")
	f := Fault{In: in, Detail: d.Message, Code: codeInvalid}
	f.Pointer = pointer(place)
	if name, ok := strings.CutPrefix(d.Message, requiredBefore); ok {
		f.Pointer += "/" + strings.TrimSuffix(name, requiredAfter)
		f.Detail, f.Code = "it is needed", codeRequired
	}
	if place, ok := strings.CutPrefix(d.Message, wrongNumber); ok {
		f.Pointer, f.Detail = place, strings.TrimSuffix(wrongNumber, ": ")
	}
	switch d.Message {
	case unknownMember, unknownParameter:
		f.Code = codeUnknown
	}
	f.Pointer = clip(f.Pointer)
	return f
}

// clip cuts a pointer off that holds a long name.
func clip(pointer string) string {
	if len(pointer) > maxNameBytes {
		return strings.ToValidUTF8(pointer[:maxNameBytes], "")
	}
	return pointer
}

// pointerSteps writes names as steps of a JSON pointer.
var pointerSteps = strings.NewReplacer("~", "~0", "/", "~1")

// pointer makes a JSON pointer of a place like labels[0].title.
func pointer(place string) string {
	if place == "" {
		return ""
	}
	var b strings.Builder
	for step := range strings.SplitSeq(place, ".") {
		name, index, listed := strings.Cut(step, "[")
		if _, err := strconv.Atoi(strings.TrimSuffix(index, "]")); !listed || err != nil {
			name, index = step, ""
		}
		b.WriteString("/" + pointerSteps.Replace(name))
		if index != "" {
			b.WriteString("/" + strings.TrimSuffix(index, "]"))
		}
	}
	return b.String()
}
