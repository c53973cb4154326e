package interchange

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"parley/internal/core"
)

// maxDepth bounds how deep objects and arrays may be nested, the record's own
// object included.
const maxDepth = core.MaxJSONDepth + 1

var (
	errNUL       = errors.New("a NUL character is not allowed in text")
	errUTF8      = errors.New("not valid UTF-8")
	errSurrogate = errors.New("half of a surrogate pair is not a character")
	errDepth     = fmt.Errorf("nested deeper than %d levels", maxDepth)
	errTrailing  = errors.New("something follows the object")
	errNoObject  = errors.New("not a JSON object")
	errEnds      = errors.New("the line ends inside the object")
)

// member is one key of an object and the text of its value.
type member struct {
	key   string
	value []byte // a part of the text scanned
}

// checkText refuses what no text may hold, however it is written.
func checkText(text []byte) error {
	if bytes.IndexByte(text, 0) >= 0 {
		return errNUL
	}
	if !utf8.Valid(text) {
		return errUTF8
	}
	return nil
}

// scanObject splits the text of one JSON object into its members, in their
// order. It checks the whole text: syntax, depth, escapes. The text must have
// passed checkText. members is reused.
func scanObject(text []byte, depth int, members []member) ([]member, error) {
	s := scanner{text: text, depth: depth}
	s.space()
	if s.peek() != '{' {
		return nil, errNoObject
	}
	members = members[:0]
	err := s.object(func(key, value []byte) error {
		name := unquote(key)
		for i := range members {
			if members[i].key == name {
				return fmt.Errorf("the key %s is given twice", shown(name))
			}
		}
		members = append(members, member{name, value})
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.space()
	if s.at < len(s.text) {
		return nil, errTrailing
	}
	return members, nil
}

// scanArray splits the text of a JSON array, which has been scanned as part of
// its object, into its values.
func scanArray(text []byte, each func(value []byte) error) error {
	s := scanner{text: text}
	return s.array(each)
}

// scanner walks a JSON text. It is stricter than encoding/json: that repairs
// broken text, takes the last of two equal keys, and knows no NUL.
type scanner struct {
	text  []byte
	at    int
	depth int
}

// peek returns the byte that is next, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// unexpected tells what stands where something else should.
func (s *scanner) unexpected(want string) error {
	if s.at >= len(s.text) {
		return errEnds
	}
	r, _ := utf8.DecodeRune(s.text[s.at:])
	return fmt.Errorf("not valid JSON: %q at byte %d, where %s should be", r, s.at+1, want)
}

func (s *scanner) expect(b byte, want string) error {
	if s.peek() != b {
		return s.unexpected(want)
	}
	s.at++
	return nil
}

func (s *scanner) enter() error {
	s.at++
	s.depth++
	if s.depth > maxDepth {
		return errDepth
	}
	return nil
}

// object walks an object; member, which may be nil, is given the quoted key
// and the text of the value.
func (s *scanner) object(member func(key, value []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.space()
	if s.peek() == '}' {
		s.at++
		s.depth--
		return nil
	}
	for {
		s.space()
		from := s.at
		if s.peek() != '"' {
			return s.unexpected("a key")
		}
		if err := s.string(); err != nil {
			return err
		}
		key := s.text[from:s.at]
		s.space()
		if err := s.expect(':', "a colon"); err != nil {
			return err
		}
		s.space()
		from = s.at
		if err := s.value(); err != nil {
			return err
		}
		if member != nil {
			if err := member(key, s.text[from:s.at]); err != nil {
				return err
			}
		}
		if more, err := s.more('}'); !more {
			return err
		}
	}
}

func (s *scanner) array(each func(value []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.space()
	if s.peek() == ']' {
		s.at++
		s.depth--
		return nil
	}
	for {
		s.space()
		from := s.at
		if err := s.value(); err != nil {
			return err
		}
		if each != nil {
			if err := each(s.text[from:s.at]); err != nil {
				return err
			}
		}
		if more, err := s.more(']'); !more {
			return err
		}
	}
}

// more steps over the comma before the next element, or over the end.
func (s *scanner) more(end byte) (bool, error) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		return true, nil
	case end:
		s.at++
		s.depth--
		return false, nil
	}
	return false, s.unexpected("a comma or " + string(end))
}

func (s *scanner) value() error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(nil)
	case c == '[':
		return s.array(nil)
	case c == '"':
		return s.string()
	case c == '-' || isDigit(c):
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.unexpected("a value")
}

func (s *scanner) word(word string) error {
	if !bytes.HasPrefix(s.text[s.at:], []byte(word)) {
		return s.unexpected("a value")
	}
	s.at += len(word)
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits() error {
	if !isDigit(s.peek()) {
		return s.unexpected("a digit")
	}
	for isDigit(s.peek()) {
		s.at++
	}
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.peek() == '.' {
		s.at++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		return s.digits()
	}
	return nil
}

// string walks a quoted string and checks its escapes.
func (s *scanner) string() error {
	s.at++
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < 0x20:
			return s.unexpected("its escape")
		default:
			s.at++
		}
	}
	return errEnds
}

func (s *scanner) escape() error {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		return s.unicode()
	}
	return s.unexpected("an escape")
}

// unicode walks one \u escape, or the two of a surrogate pair.
func (s *scanner) unicode() error {
	r, err := s.hex()
	switch {
	case err != nil:
		return err
	case r == 0:
		return errNUL
	case !utf16.IsSurrogate(r):
		return nil
	case s.peek() != '\\' || s.at+1 >= len(s.text) || s.text[s.at+1] != 'u':
		return errSurrogate
	}
	s.at++
	low, err := s.hex()
	if err != nil {
		return err
	}
	if utf16.DecodeRune(r, low) == utf8.RuneError {
		return errSurrogate
	}
	return nil
}

// hex walks the u and the four digits of an escape.
func (s *scanner) hex() (rune, error) {
	s.at++
	var r rune
	for range 4 {
		d, ok := hexDigit(s.peek())
		if !ok {
			return 0, s.unexpected("four hexadecimal digits")
		}
		r = r<<4 | rune(d)
		s.at++
	}
	return r, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// unquote returns the text of a quoted string that has been scanned.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			out = append(out, inner[i])
			continue
		}
		i++
		switch c := inner[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(inner[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, hex4(inner[i+3:]))
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func hex4(digits []byte) rune {
	var r rune
	for _, c := range digits[:4] {
		d, _ := hexDigit(c)
		r = r<<4 | rune(d)
	}
	return r
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string. It escapes what it must and nothing
// else; s is valid UTF-8.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// shown prints text of the file in a reason: quoted, and not without end.
func shown(text string) string {
	const most = 60
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}
