package core

import (
	"encoding/json"
	"strings"
)

// JSON is JSON text kept exactly as it was given, key order and spacing
// included; "" when nothing was given. Nothing re-encodes it: what its methods
// change they change in place. They check no more of the text than they need
// to find their way, and take text that is no object for an empty one.
type JSON string

// Or returns j, or def when nothing was given.
func (j JSON) Or(def string) string {
	if j == "" {
		return def
	}
	return string(j)
}

// Member returns the value of one member of the object, exactly as it stands
// there; "" when j lacks it. Of repeated members the last one counts, as in
// encoding/json.
func (j JSON) Member(name string) JSON {
	var found JSON
	w := j.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		if m.named(name) {
			found = j[m.value:m.end]
		}
	}
	return found
}

// With returns the object with the member set to value, which must be JSON. A
// member that is there keeps its place; a new one stands at the end.
func (j JSON) With(name string, value JSON) JSON {
	var at *span
	last := 0 // end of the last member
	w := j.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		last = m.end
		if m.named(name) {
			at = &m
		}
	}
	switch {
	case at != nil:
		return j[:at.value] + value + j[at.end:]
	case last == 0:
		return "{" + JSON(quote(name)) + ":" + value + "}"
	}
	return j[:last] + "," + JSON(quote(name)) + ":" + value + j[last:]
}

// Without returns the object without the member.
func (j JSON) Without(name string) JSON {
	for {
		var at *span
		before := 0 // end of the member before it
		end := 0
		w := j.walk()
		for m, ok := w.next(); ok; m, ok = w.next() {
			if m.named(name) && at == nil {
				at, before = &m, end
			}
			end = m.end
		}
		switch {
		case at == nil:
			return j
		case before > 0: // the comma before it goes, too
			j = j[:before] + j[at.end:]
		default:
			next := skipSpace(string(j), at.end)
			if next < len(j) && j[next] == ',' {
				next = skipSpace(string(j), next+1)
			}
			j = j[:at.key] + j[next:]
		}
	}
}

// Members returns how many members the object has.
func (j JSON) Members() int {
	n := 0
	w := j.walk()
	for _, ok := w.next(); ok; _, ok = w.next() {
		n++
	}
	return n
}

// Merge returns the object with every member of patch set.
func (j JSON) Merge(patch JSON) JSON {
	w := patch.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		j = j.With(unquote(string(patch[m.key:m.keyEnd])), patch[m.value:m.end])
	}
	return j
}

// Patch returns the object with every member of patch set, and without those
// that are null there (RFC 7396, for the outermost object).
func (j JSON) Patch(patch JSON) JSON {
	w := patch.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		name := unquote(string(patch[m.key:m.keyEnd]))
		if value := patch[m.value:m.end]; value != "null" {
			j = j.With(name, value)
		} else {
			j = j.Without(name)
		}
	}
	return j
}

// Text returns what a JSON string says, "" when j is none.
func (j JSON) Text() string {
	if !strings.HasPrefix(string(j), `"`) {
		return ""
	}
	return unquote(string(j))
}

// Quote returns s as a JSON string.
func Quote(s string) JSON { return JSON(quote(s)) }

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// unquote returns what a JSON string says.
func unquote(raw string) string {
	if len(raw) >= 2 && strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return ""
	}
	return s
}

// span is where a member of an object stands: its key in quotes, its value.
type span struct {
	text               JSON
	key, keyEnd, value int
	end                int // of the value
}

// named tells whether the member's key says name.
func (m *span) named(name string) bool {
	key := string(m.text[m.key:m.keyEnd])
	if strings.IndexByte(key, '\\') < 0 {
		return len(key) == len(name)+2 && key[1:len(key)-1] == name
	}
	return unquote(key) == name
}

// walk goes through the members of an object, up to the first that is broken.
// It is no iterator function: lists look into several members of each line.
type walk struct {
	text JSON
	at   int // where the next member begins; past the end, when there is none
}

func (j JSON) walk() walk {
	i := skipSpace(string(j), 0)
	if i == len(j) || j[i] != '{' {
		return walk{j, len(j)}
	}
	return walk{j, skipSpace(string(j), i+1)}
}

func (w *walk) next() (m span, ok bool) {
	text := string(w.text)
	if w.at >= len(text) || text[w.at] != '"' {
		return span{}, false
	}
	m = span{text: w.text, key: w.at, keyEnd: skipValue(text, w.at)}
	i := skipSpace(text, m.keyEnd)
	if i == len(text) || text[i] != ':' {
		return span{}, false
	}
	m.value = skipSpace(text, i+1)
	m.end = skipValue(text, m.value)
	w.at = len(text)
	if i = skipSpace(text, m.end); i < len(text) && text[i] == ',' {
		w.at = skipSpace(text, i+1)
	}
	return m, true
}

func skipSpace(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the index behind the value that begins at i.
func skipValue(text string, i int) int {
	if i == len(text) {
		return i
	}
	switch text[i] {
	case '"':
		return skipString(text, i)
	case '{', '[':
	default:
		for i < len(text) && !strings.ContainsRune(",]} \t\r\n", rune(text[i])) {
			i++
		}
		return i
	}
	for depth := 0; i < len(text); {
		switch text[i] {
		case '"':
			i = skipString(text, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
	return i
}

// skipString returns the index behind the string that begins at i.
func skipString(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
