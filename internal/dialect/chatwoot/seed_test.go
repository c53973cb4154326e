package chatwoot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nulls are the values that may be null in place of the type that the seed's
// page shows: a string, or a number for the last three.
var nulls = map[string]bool{
	"/messages/content":                    true,
	"/messages/attachments/data_url":       true,
	"/messages/attachments/extension":      true,
	"/messages/attachments/fallback_title": true,
	"/messages/sender/availability_status": true,
	"/messages/sender/email":               true,
	"/messages/sender/identifier":          true,
	"/messages/sender/phone_number":        true,
	"/contact/country_code":                true,
	"/contact/email":                       true,
	"/contact/identifier":                  true,
	"/contact/last_activity_at":            true,
	"/contact/location":                    true,
	"/contact/phone_number":                true,
	"/contact/company_id":                  true,
	"/messages/attachments/height":         true,
	"/messages/attachments/width":          true,
}

// nullsOfExample are those of them that seed_example.json has: two never hold
// anything, and a recording has no size in pixels.
var nullsOfExample = []string{
	"/messages/attachments/extension", "/messages/attachments/height", "/messages/attachments/width", "/messages/sender/availability_status",
}

// TestSeedExample holds the golden bodies against the example of the published
// page (testdata/seed.json): every key has its order and its type, and
// seed_example.json has every key of it.
func TestSeedExample(t *testing.T) {
	t.Parallel()
	seed := newShape(t, "testdata/seed.json")
	whole := newShape(t, "testdata/golden/list_conversations/seed_example.json")
	for path, keys := range seed.keys {
		got := slices.Sorted(maps.Keys(whole.kinds[path]))
		if want := slices.Sorted(maps.Keys(seed.kinds[path])); len(keys[0]) > 0 && !slices.Equal(got, want) {
			t.Errorf("seed_example.json has the keys %q at %q, want %q", got, path, want)
		}
	}
	seen := map[string]bool{}
	checkShape(t, "seed_example.json", seed, whole, seen)
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, nullsOfExample) {
		t.Errorf("seed_example.json has nulls at %q, want %q", got, nullsOfExample)
	}
	files, err := filepath.Glob("testdata/golden/list_conversations/*.json")
	if err != nil {
		t.Fatalf("list the golden files: %v", err)
	}
	nullsSeen := map[string]bool{}
	for _, file := range files {
		if text := readFile(t, file); text[0] == '[' { // the others are errors
			checkShape(t, file, seed, newShape(t, file), nullsSeen)
		}
	}
	if !maps.Equal(nullsSeen, nulls) {
		t.Errorf("the golden files have nulls at %q, want %q", slices.Sorted(maps.Keys(nullsSeen)), slices.Sorted(maps.Keys(nulls)))
	}
}

// checkShape reports where a golden body leaves the seed's example.
func checkShape(t *testing.T, file string, seed, got *shape, nullsSeen map[string]bool) {
	t.Helper()
	for path, objects := range got.keys {
		want, known := seed.keys[path]
		if !known || len(want[0]) == 0 {
			continue // below an object that the seed leaves free
		}
		for _, keys := range objects {
			if !inOrder(keys, want[0]) {
				t.Errorf("%s: keys %q at %q are not in the order of %q", file, keys, path, want[0])
			}
		}
		for key, kinds := range got.kinds[path] {
			at := path + "/" + key
			for kind := range kinds {
				if kind == "null" {
					nullsSeen[at] = true
				} else if !seed.kinds[path][key][kind] {
					t.Errorf("%s: a %s at %q, want %v", file, kind, at, seed.kinds[path][key])
				}
			}
		}
	}
}

// inOrder tells whether keys all stand in all, in its order.
func inOrder(keys, all []string) bool {
	for _, key := range all {
		if len(keys) > 0 && keys[0] == key {
			keys = keys[1:]
		}
	}
	return len(keys) == 0
}

// shape is what the objects of a body look like, by path; the elements of an
// array have the array's path.
type shape struct {
	keys  map[string][][]string                 // path -> the keys of each object there, in order
	kinds map[string]map[string]map[string]bool // path -> key -> kinds of values met
}

func newShape(t *testing.T, file string) *shape {
	t.Helper()
	s := &shape{keys: map[string][][]string{}, kinds: map[string]map[string]map[string]bool{}}
	dec := json.NewDecoder(bytes.NewReader(readFile(t, file)))
	if _, err := s.read(dec, ""); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return s
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read a golden file: %v", err)
	}
	return text
}

// read reads one value at path and returns its kind.
func (s *shape) read(dec *json.Decoder, path string) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", err
	}
	switch token {
	case json.Delim('['):
		for dec.More() {
			if _, err := s.read(dec, path); err != nil {
				return "", err
			}
		}
		_, err = dec.Token()
		return "array", err
	case json.Delim('{'):
		return "object", s.readObject(dec, path)
	case nil:
		return "null", nil
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", token), "json."), nil
}

func (s *shape) readObject(dec *json.Decoder, path string) error {
	keys := []string{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key := fmt.Sprint(token)
		kind, err := s.read(dec, path+"/"+key)
		if err != nil {
			return err
		}
		keys = append(keys, key)
		if s.kinds[path] == nil {
			s.kinds[path] = map[string]map[string]bool{}
		}
		if s.kinds[path][key] == nil {
			s.kinds[path][key] = map[string]bool{}
		}
		s.kinds[path][key][kind] = true
	}
	s.keys[path] = append(s.keys[path], keys)
	_, err := dec.Token()
	return err
}
