package commbox

import (
	"encoding/json"
	"strconv"
	"strings"

	"parley/internal/core"
)

// extension is what a record keeps for this dialect alone: the member
// "commbox" of its ext, as text.
type extension string

func extensionOf(ext core.JSON) extension { return extension(member(string(ext), "commbox")) }

// content returns the stored content object with the key order and spacing
// that it was given, "" when there is none.
func (e extension) content() string {
	raw := member(string(e), "content")
	if !strings.HasPrefix(raw, "{") {
		return ""
	}
	return raw
}

// number returns a whole number of at least 0 that is stored under name, as a
// number or as its digits in a string. ok is false when there is none.
func (e extension) number(name string) (n int64, ok bool) {
	raw := member(string(e), name)
	n, err := strconv.ParseInt(strings.Trim(raw, `"`), 10, 64)
	return n, err == nil && n >= 0
}

// text returns the string that is stored under name, "" when there is none.
func (e extension) text(name string) string {
	raw := member(string(e), name)
	if !strings.HasPrefix(raw, `"`) {
		return ""
	}
	return unquote(raw)
}

// member returns the text of one member of the JSON object in text, exactly as
// it stands there; "" when text is no object or lacks the member. Of repeated
// members the last one counts, as in encoding/json. It checks no more of the
// JSON than it needs to find its way.
func member(text, name string) string {
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' {
		return ""
	}
	found := ""
	for i = skipSpace(text, i+1); i < len(text) && text[i] == '"'; {
		end := skipValue(text, i)
		key := text[i:end]
		i = skipSpace(text, end)
		if i == len(text) || text[i] != ':' {
			return ""
		}
		i = skipSpace(text, i+1)
		end = skipValue(text, i)
		if named(key, name) {
			found = text[i:end]
		}
		i = skipSpace(text, end)
		if i == len(text) || text[i] != ',' {
			break
		}
		i = skipSpace(text, i+1)
	}
	return found
}

// named tells whether key, a JSON string, says name.
func named(key, name string) bool {
	if strings.IndexByte(key, '\\') < 0 {
		return len(key) == len(name)+2 && key[1:len(key)-1] == name
	}
	return unquote(key) == name
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
