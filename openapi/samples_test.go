package openapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"parley/internal/testkit"
	"parley/openapi"
)

// sample is an example of a document, as an answer of the server.
type sample struct {
	dialect, method, path, call, status, media, name string
	body                                             []byte
}

// String names the sample in the messages and tables of the tests.
func (s sample) String() string {
	if s.method != http.MethodGet {
		return fmt.Sprintf("%s %s %s %s %s", s.dialect, s.method, s.path, s.status, s.name)
	}
	return fmt.Sprintf("%s %s %s %s", s.dialect, s.path, s.status, s.name)
}

// check validates a body in the sample's place.
func (s sample) check(body []byte) error {
	header := http.Header{"Content-Type": {s.media + "; charset=utf-8"}}
	if s.status == "429" {
		header.Set("Retry-After", "7")
	}
	status, err := strconv.Atoi(s.status)
	if err != nil {
		return err
	}
	return testkit.ValidateResponse(s.dialect, s.method, s.call, status, header, body)
}

// samples returns every example of every described status; there is at least one.
func samples(t *testing.T) []sample {
	t.Helper()
	var found []sample
	// A document is long: it is taken apart once, not for each operation.
	paths, shared := map[string]map[string]json.RawMessage{}, map[string]map[string]json.RawMessage{}
	for _, op := range operations {
		if paths[op.dialect] == nil {
			doc := document(t, op.dialect)
			paths[op.dialect], shared[op.dialect] = members(t, at(t, doc, "paths")), members(t, at(t, doc, "components", "responses"))
		}
		for status, media := range op.statuses {
			response := at(t, paths[op.dialect][op.path], strings.ToLower(op.verb()), "responses", status)
			if ref := members(t, response)["$ref"]; ref != nil {
				var target string
				decode(t, ref, &target)
				response = shared[op.dialect][strings.TrimPrefix(target, "#/components/responses/")]
			}
			examples := members(t, at(t, response, "content", media, "examples"))
			if len(examples) == 0 {
				t.Errorf("%s %s: no example for %s", op.dialect, op.path, status)
			}
			for name, example := range examples {
				body := at(t, example, "value")
				if media == "text/plain" {
					var text string
					decode(t, body, &text)
					body = []byte(text)
				}
				found = append(found, sample{op.dialect, op.verb(), op.path, op.call, status, media, name, body})
			}
		}
	}
	return found
}

// spoil changes node at one place after the other, calls refused while the
// change stands, and takes it back. Objects of the callers' own making stay as
// they are, and keys that may be absent are not left out.
func spoil(dialect string, node any, where string, refused func(change, where string)) {
	open := []string{"additional_attributes", "custom_attributes", "content_attributes", "meta", "custom_data"}
	optional := map[string][]string{"commbox": {"agents"}, "chatwoot": {"attachments", "sender"}, "uncodie": {"messages", "debug"}}
	switch node := node.(type) {
	case map[string]any:
		const surprise = "surprise"
		node[surprise] = true
		refused("an unknown key", where)
		delete(node, surprise)
		for _, key := range slices.Sorted(maps.Keys(node)) {
			value := node[key]
			if !slices.Contains(optional[dialect], key) {
				delete(node, key)
				refused("the key missing", where+"/"+key)
			}
			node[key] = otherType(value)
			refused("another type", where+"/"+key)
			node[key] = value
			if !slices.Contains(open, key) {
				spoil(dialect, value, where+"/"+key, refused)
			}
		}
	case []any:
		for i, value := range node {
			inside := where + "/" + strconv.Itoa(i)
			node[i] = otherType(value)
			refused("another type", inside)
			node[i] = value
			spoil(dialect, value, inside, refused)
		}
	}
}

// otherType returns a value of a type that nothing allows beside value's.
func otherType(value any) any {
	switch value.(type) {
	case string:
		return 12345
	case nil:
		return []any{}
	default:
		return "5"
	}
}

// load returns a document as kin-openapi reads it.
func load(t *testing.T, name string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// document returns the text of a document.
func document(t *testing.T, name string) []byte {
	t.Helper()
	text, ok := openapi.Document(name)
	if !ok {
		t.Fatalf("no document %q", name)
	}
	return text
}

// at returns the JSON that stands at the end of way.
func at(t *testing.T, raw []byte, way ...string) []byte {
	t.Helper()
	for i, step := range way {
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
			var items []json.RawMessage
			decode(t, raw, &items)
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(items) {
				t.Fatalf("nothing at %q", way[:i+1])
			}
			raw = items[n]
			continue
		}
		next, ok := members(t, raw)[step]
		if !ok {
			t.Fatalf("nothing at %q", way[:i+1])
		}
		raw = next
	}
	return raw
}

// members returns the values of a JSON object.
func members(t *testing.T, raw []byte) map[string]json.RawMessage {
	t.Helper()
	var values map[string]json.RawMessage
	decode(t, raw, &values)
	return values
}

// keys returns the keys of a JSON object as they stand.
func keys(t *testing.T, raw []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	var found []string
	depth, isKey := 0, false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			isKey = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			isKey = depth == 1
			continue
		}
		if depth != 1 {
			continue
		}
		if isKey {
			key, _ := token.(string)
			found = append(found, key)
		}
		isKey = !isKey
	}
}

// compact returns a JSON text without blanks.
func compact(t *testing.T, raw []byte) string {
	t.Helper()
	var text bytes.Buffer
	if err := json.Compact(&text, raw); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// decode reads JSON into target.
func decode(t *testing.T, raw []byte, target any) {
	t.Helper()
	if err := json.Unmarshal(raw, target); err != nil {
		t.Fatal(err)
	}
}
