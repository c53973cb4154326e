package core

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxJSONDepth is how many objects and arrays may stand in each other, the
// outermost included. An export puts each into a record, with which it is one
// more: importers, ours among them, take 100.
const MaxJSONDepth = 99

// How large the objects may be that clients keep, in bytes of their text.
const (
	MaxObjectBytes            = 256 << 10 // with a contact, a conversation, or a dialect with any of them
	MaxContentAttributesBytes = 64 << 10  // with a message
	maxSettingsBytes          = 64 << 10
)

// CheckObject refuses an object, named field, that is not fit to be kept: with
// more than most bytes it is TooLarge; nested too deep, or with a text that not
// every reader would take as it stands, it is Invalid. What comes by an import
// keeps the same rules, but for the bound. That it is JSON the caller sees to.
func CheckObject(field string, object JSON, most int) error {
	if len(object) > most {
		return &Error{Kind: TooLarge, Field: field, Message: fmt.Sprintf("it has at most %d bytes", most)}
	}
	if fault := object.fault(); fault != "" {
		return Refuse(field, fault)
	}
	return nil
}

// fault tells what of the text not every reader would take, "" for nothing.
func (j JSON) fault() string {
	depth, inText := 0, false
	for i := 0; i < len(j); i++ {
		switch c := j[i]; {
		case c == '"':
			inText = !inText
		case c == '\\' && inText:
			n, fault := j.escape(i)
			if fault != "" {
				return fault
			}
			i += n - 1
		case inText:
		case c == '{', c == '[':
			if depth++; depth > MaxJSONDepth {
				return fmt.Sprintf("it is nested deeper than %d levels", MaxJSONDepth)
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return ""
}

// escape returns how long the escape is that begins at i, or what is wrong with
// the character that it means.
func (j JSON) escape(i int) (length int, fault string) {
	r, ok := j.unit(i)
	switch {
	case !ok:
		return len(`\n`), ""
	case r == 0:
		return 0, "a text holds the character NUL"
	case !utf16.IsSurrogate(r):
		return unitLength, ""
	}
	low, ok := j.unit(i + unitLength)
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return 0, "half of a surrogate pair is not a character"
	}
	return 2 * unitLength, ""
}

// unitLength is how long a \u escape is.
const unitLength = len(`\u0000`)

// unit returns what the \u escape at i says, of a pair one half.
func (j JSON) unit(i int) (rune, bool) {
	if i+unitLength > len(j) || j[i:i+2] != `\u` {
		return 0, false
	}
	r, err := strconv.ParseUint(string(j[i+2:i+unitLength]), 16, 16)
	return rune(r), err == nil
}
