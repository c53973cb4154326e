package sqlstore

import (
	"encoding/json"
	"strconv"

	"parley/internal/core"
)

// queriedJSON is JSON that filters look into. One row that an engine cannot
// parse would fail every list of its account, so that what the engines do not
// agree on is refused when it is stored.
type queriedJSON core.JSON

// maxJSONDepth is below the depth that every engine parses.
const maxJSONDepth = 500

// checkQueriedJSON wants JSON as the standard has it, without what PostgreSQL
// cannot turn into text (\u0000 and halves of surrogate pairs) and what SQLite
// takes for malformed (deep nesting). "" is fine: nothing was given.
func checkQueriedJSON(text string) error {
	if text == "" {
		return nil
	}
	if !json.Valid([]byte(text)) {
		return core.Refuse("ext", "is not valid JSON")
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > maxJSONDepth {
				return core.Refuse("ext", "is nested too deeply")
			}
		case '}', ']':
			depth--
		case '"':
			end, ok := scanString(text, i+1)
			if !ok {
				return core.Refuse("ext", `contains \u0000 or half a surrogate pair`)
			}
			i = end
		}
	}
	return nil
}

// scanString returns the place of the quotation mark that ends the string of
// valid JSON that begins at i.
func scanString(text string, i int) (end int, ok bool) {
	for ; text[i] != '"'; i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if text[i] != 'u' {
			continue
		}
		unit := escaped(text, i)
		i += 4
		switch {
		case unit == 0, isLow(unit):
			return 0, false
		case isHigh(unit):
			if text[i+1] != '\\' || text[i+2] != 'u' || !isLow(escaped(text, i+2)) {
				return 0, false
			}
			i += 6
		}
	}
	return i, true
}

// escaped is the code unit of the four digits after the u at i.
func escaped(text string, i int) uint64 {
	unit, err := strconv.ParseUint(text[i+1:i+5], 16, 16)
	if err != nil {
		return 0 // refused like a NUL; valid JSON has four digits there
	}
	return unit
}

func isHigh(unit uint64) bool { return unit >= 0xd800 && unit < 0xdc00 }
func isLow(unit uint64) bool  { return unit >= 0xdc00 && unit < 0xe000 }
