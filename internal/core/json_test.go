package core

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

func TestJSONMembers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, got, want JSON }{
		{"with in place", JSON(`{ "a" : 1 , "b":2}`).With("a", `[3]`), `{ "a" : [3] , "b":2}`},
		{"with at the end", JSON(`{"a":1 }`).With("b", `"x"`), `{"a":1,"b":"x" }`},
		{"with in nothing", JSON("").With(`a"b`, `null`), `{"a\"b":null}`},
		{"with in an empty object", JSON(`{ }`).With("a", `1`), `{"a":1}`},
		{"with in no object", JSON(`[1]`).With("a", `1`), `{"a":1}`},
		{"with the last of two", JSON(`{"a":1,"a":2}`).With("a", `3`), `{"a":1,"a":3}`},
		{"with an escaped key", JSON(`{"\u0061":1}`).With("a", `2`), `{"\u0061":2}`},
		{"without the first", JSON(`{ "a" : 1 , "b":2}`).Without("a"), `{ "b":2}`},
		{"without the middle one", JSON(`{"a":1, "b":2, "c":3}`).Without("b"), `{"a":1, "c":3}`},
		{"without the last", JSON(`{"a":1, "b":2 }`).Without("b"), `{"a":1 }`},
		{"without the only one", JSON(`{"a":{"a":1}}`).Without("a"), `{}`},
		{"without all of a name", JSON(`{"a":1,"b":2,"a":3}`).Without("a"), `{"b":2}`},
		{"without what is not there", JSON(`{"b":{"a":1}}`).Without("a"), `{"b":{"a":1}}`},
		{"merged", JSON(`{"guid":"x", "n": 1}`).Merge(`{"n":2,"m":{"a": [1]}}`), `{"guid":"x", "n": 2,"m":{"a": [1]}}`},
		{"merged into nothing", JSON("").Merge(`{"a":1}`), `{"a":1}`},
		{"merged with nothing", JSON(`{"a":1}`).Merge(""), `{"a":1}`},
		{"quoted", Quote("a\"<\n"), `"a\"<\n"`},
		{"said", JSON(Quote("a\"<\n").Text()), "a\"<\n"},
		{"no text", JSON(JSON(`{"a":1}`).Text()), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
}

func TestJSONCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[JSON]int{"": 0, "{}": 0, `{"a":{"b":1,"c":2},"d":[]}`: 2, "[1]": 0} {
		if got := text.Members(); got != want {
			t.Errorf("%s has %d members, want %d", text, got, want)
		}
	}
}

// FuzzJSON compares the methods with encoding/json on text that is JSON, and
// looks for panics on text that is not.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":1}`, "a")
	f.Add(` { "a" : { "b" : [ 1 , "]" ] } , "\u0061" : "x\\" } `, "a")
	f.Add(`{"a":`, "a")
	f.Add(`{"a`, "a")
	f.Add(`{"a":"\`, "a")
	f.Add(`{"":true,"a":[[[}`, "")
	f.Add(`{"b":1, "a":2,"b":3}`, "b")
	f.Fuzz(func(t *testing.T, text, name string) {
		j := JSON(text)
		got := j.Member(name)
		with, without, merged := j.With(name, `{"new":[1]}`), j.Without(name), j.Merge(j)
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &all); err != nil || !utf8.ValidString(text+name) {
			return // broken UTF-8 is never stored
		}
		if want := JSON(all[name]); got != want {
			t.Errorf("Member(%q) of %q = %q, want %q", name, text, got, want)
		}
		same := func(what string, changed JSON) {
			var after map[string]json.RawMessage
			if err := json.Unmarshal([]byte(changed), &after); err != nil {
				t.Fatalf("%s %q of %q = %q: %v", what, name, text, changed, err)
			}
			if len(all) == 0 && len(after) == 0 {
				return
			}
			if !reflect.DeepEqual(after, all) {
				t.Errorf("%s %q of %q = %q, want %v", what, name, text, changed, all)
			}
		}
		same("Merge with itself", merged)
		delete(all, name)
		same("Without", without)
		if all == nil {
			all = map[string]json.RawMessage{}
		}
		all[name] = json.RawMessage(`{"new":[1]}`)
		same("With", with)
	})
}

func TestPatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ object, patch, want JSON }{
		{`{"a":1,"b":2}`, `{"a":null,"c":{"x":null}}`, `{"b":2,"c":{"x":null}}`},
		{``, `{"a":null}`, ``},
		{``, `{"a":1}`, `{"a":1}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
		{`{ "a" : 1 , "b":[1, 2] }`, `{"a":"null"}`, `{ "a" : "null" , "b":[1, 2] }`},
	} {
		if got := c.object.Patch(c.patch); got != c.want {
			t.Errorf("%s with %s: %s, want %s", c.object, c.patch, got, c.want)
		}
	}
}
