package testkit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/openapi"
)

// emptyBodyExtension marks a response that may come without a body.
const emptyBodyExtension = "x-may-be-empty"

// CheckResponse reports an error on t unless the response is one that the
// dialect's document describes: see ValidateResponse. It doesn't stop the test
// and may be called from any goroutine.
func CheckResponse(t testing.TB, dialect, method, path string, status int, header http.Header, body []byte) {
	t.Helper()
	if err := ValidateResponse(dialect, method, path, status, header, body); err != nil {
		t.Errorf("%s %s answered %d, which the %s document refuses: %v\nbody: %s", method, path, status, dialect, err, clip(body))
	}
}

// ValidateResponse tells what is wrong with a response according to the
// document of its dialect (`commbox`, `chatwoot`, `uncodie`, or `v1`), nil when nothing
// is. The path is the one requested, in the document's letter case and with or
// without a query. Status, media type, described headers and the whole body
// have to fit; in a JSON body broken UTF-8, a repeated key and anything behind
// the value are wrong, too. A 501 on a method that the path doesn't have is
// held against the 501 of the path's other methods. The request's parameters
// aren't looked at.
func ValidateResponse(dialect, method, path string, status int, header http.Header, body []byte) error {
	doc, err := loadDocument(dialect)
	if err != nil {
		return err
	}
	input, err := doc.find(method, path, status)
	if err != nil {
		return err
	}
	ref := input.Route.Operation.Responses.Status(status)
	if ref == nil {
		// openapi3filter lets some statuses pass unseen, 304 among them.
		return fmt.Errorf("status %d is not described", status)
	}
	if err := checkHeader(input, status, header); err != nil {
		return err
	}
	response := ref.Value
	switch described := len(response.Content) > 0; {
	case len(body) == 0 && (!described || response.Extensions[emptyBodyExtension] == true):
		return nil
	case len(body) == 0:
		return errors.New("the body is empty")
	case !described:
		return errors.New("a body where none is described")
	}
	content := response.Content.Get(header.Get("Content-Type"))
	if content == nil {
		return fmt.Errorf("media type %q is not described", header.Get("Content-Type"))
	}
	var value any = string(body)
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind == "application/json" || strings.HasSuffix(kind, "+json") {
		if err := checkJSON(body); err != nil {
			return err
		}
		if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return err
		}
	}
	schema, err := doc.schema(content.Schema)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// checkHeader holds the headers against those that the response describes.
func checkHeader(input *openapi3filter.RequestValidationInput, status int, header http.Header) error {
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 status,
		Header:                 header,
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: true},
	})
}

// document is a loaded description, the router over its paths, and the compiled
// schemas of its bodies.
//
// Bodies go to the JSON Schema 2020-12 library that kin-openapi has underneath,
// not through openapi3filter. That one compiles the schema anew for every body,
// and where a schema refers to components and uses no keyword newer than 3.0,
// it falls back to its 3.0 visitor without a word.
type document struct {
	router routers.Router

	mu       sync.Mutex // guards what follows
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by reference
}

// documents keeps each document after its first use, by dialect; documentsMu
// guards it.
var (
	documentsMu sync.Mutex
	documents   = make(map[string]*document)
)

// loadDocument returns the document of a dialect. The first call loads it and
// validates it together with its examples.
func loadDocument(dialect string) (*document, error) {
	documentsMu.Lock()
	defer documentsMu.Unlock()
	if doc := documents[dialect]; doc != nil {
		return doc, nil
	}
	text, ok := openapi.Document(dialect)
	if !ok {
		return nil, fmt.Errorf("no document for dialect %q", dialect)
	}
	loader := openapi3.NewLoader()
	spec, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("load the %s document: %w", dialect, err)
	}
	if err := spec.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("validate the %s document: %w", dialect, err)
	}
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		return nil, fmt.Errorf("read the paths of the %s document: %w", dialect, err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the %s document: %w", dialect, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.AssertContent()
	if err := compiler.AddResource(documentURL, tree); err != nil {
		return nil, fmt.Errorf("read the schemas of the %s document: %w", dialect, err)
	}
	documents[dialect] = &document{router: router, compiler: compiler, schemas: make(map[string]*jsonschema.Schema)}
	return documents[dialect], nil
}

// documentURL is what a document is called inside its own compiler.
const documentURL = "openapi:document"

// schema returns the compiled schema of a body, which the document has to give
// as a reference to one of its components.
func (d *document) schema(ref *openapi3.SchemaRef) (*jsonschema.Schema, error) {
	if ref == nil || ref.Ref == "" {
		return nil, errors.New("the document gives the body's schema in place, not by reference")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if schema := d.schemas[ref.Ref]; schema != nil {
		return schema, nil
	}
	schema, err := d.compiler.Compile(documentURL + ref.Ref)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", ref.Ref, err)
	}
	d.schemas[ref.Ref] = schema
	return schema, nil
}

// find returns a request together with the operation that it calls.
func (d *document) find(method, path string, status int) (*openapi3filter.RequestValidationInput, error) {
	target, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, fmt.Errorf("read the path: %w", err)
	}
	methods := []string{method}
	if status == http.StatusNotImplemented {
		methods = append(methods, http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete)
	}
	var failure error
	for _, m := range methods {
		request := &http.Request{Method: m, URL: target, Header: http.Header{}}
		route, _, err := d.router.FindRoute(request)
		if err == nil {
			return &openapi3filter.RequestValidationInput{Request: request, Route: route}, nil
		}
		failure = cmp.Or(failure, err)
	}
	return nil, fmt.Errorf("find the operation: %w", failure)
}

// checkJSON refuses what a JSON decoder forgives.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("the body is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := checkValue(dec, ""); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// checkValue reads one value; at is its JSON pointer.
func checkValue(dec *json.Decoder, at string) error {
	token, err := dec.Token()
	if err != nil {
		return fmt.Errorf("read the JSON at %q: %w", at, err)
	}
	switch token {
	case json.Delim('['):
		for i := 0; dec.More(); i++ {
			if err := checkValue(dec, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		seen := make(map[string]bool)
		for dec.More() {
			token, err := dec.Token()
			if err != nil {
				return fmt.Errorf("read the JSON at %q: %w", at, err)
			}
			key, _ := token.(string)
			if seen[key] {
				return fmt.Errorf("key %q comes twice at %q", key, at)
			}
			seen[key] = true
			if err := checkValue(dec, at+"/"+key); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return fmt.Errorf("read the JSON at %q: %w", at, err)
	}
	return nil
}

// clip shortens a body for a failure message.
func clip(body []byte) string {
	const limitBytes = 2000
	if len(body) <= limitBytes {
		return string(body)
	}
	return fmt.Sprintf("%s... (%d bytes)", body[:limitBytes], len(body))
}
