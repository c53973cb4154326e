package interchange

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// Limits of texts in bytes. Keys stand in indexes, which cannot hold texts of
// any length.
const (
	maxNameBytes = 2_000
	maxURLBytes  = 10_000
	maxTextBytes = 1_000_000
	maxJSONBytes = 1_000_000
	maxListItems = 10_000
)

var (
	errText    = errors.New("must be text")
	errBool    = errors.New("must be true or false")
	errList    = errors.New("must be an array")
	errObject  = errors.New("must be an object")
	errWhole   = errors.New("must be a whole number")
	errNumber  = errors.New("must be a number")
	errRange   = fmt.Errorf("must be between %d and %d", -core.MaxID, core.MaxID)
	errID      = fmt.Errorf("must be an id, between 1 and %d", core.MaxID)
	errCount   = fmt.Errorf("must be between 0 and %d", core.MaxID)
	errUUID    = errors.New("must be a UUID: hexadecimal digits in groups of 8-4-4-4-12")
	errEmpty   = errors.New("must not be empty")
	errMissing = errors.New("is missing")
	errLabel   = errors.New("must be a title or an id")
	errListLen = fmt.Errorf("has more than %d elements", maxListItems)
)

// labelRef names a label in a list: by its title, or by its id.
type labelRef struct {
	title string
	id    int64
}

// field is one key of a record, as a struct's field and its tags say: json
// gives the name; rule, separated by commas, what is allowed:
//
//	required         the key must be there, and not null
//	full             the text must not be empty
//	key, name, url, text   which limit of length the text has
//	uuid             the text is a UUID
//	one=a|b          the text is one of these, or empty
//	id               the number is an id; count: not negative; neither: any
//	array            the JSON text is an array; else it is an object
//	keep             the key is written even when its value is zero
type field struct {
	name     string
	index    int
	kind     reflect.Kind
	required bool
	full     bool
	uuid     bool
	keep     bool
	array    bool
	number   string // id, count or ""
	one      []string
	maxBytes int
}

// plan is what encoding and decoding know of a struct.
type plan struct {
	fields []field
	byName map[string]int
}

func newPlan(t reflect.Type) *plan {
	p := &plan{byName: map[string]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		if name, ok := f.Tag.Lookup("json"); ok {
			p.byName[name] = len(p.fields)
			p.fields = append(p.fields, newField(i, f))
		}
	}
	return p
}

func newField(index int, sf reflect.StructField) field {
	f := field{name: sf.Tag.Get("json"), index: index, kind: sf.Type.Kind(), maxBytes: maxNameBytes}
	for rule := range strings.SplitSeq(sf.Tag.Get("rule"), ",") {
		switch name, value, _ := strings.Cut(rule, "="); name {
		case "required":
			f.required = true
		case "full":
			f.full = true
		case "uuid":
			f.uuid = true
		case "keep":
			f.keep = true
		case "array":
			f.array = true
		case "id", "count":
			f.number = name
		case "one":
			f.one = strings.Split(value, "|")
		case "key":
			f.maxBytes = store.MaxKeyBytes
		case "url":
			f.maxBytes = maxURLBytes
		case "text":
			f.maxBytes = maxTextBytes
		case "", "name":
		default:
			panic("interchange: no rule " + rule)
		}
	}
	return f
}

// decode sets the fields of v, a struct, from the members of its object.
func (p *plan) decode(v reflect.Value, members []member) error {
	var seen uint64 // no record has more than 64 keys
	for _, m := range members {
		i, ok := p.byName[m.key]
		if !ok {
			return p.unknown(m.key)
		}
		if string(m.value) == "null" {
			continue
		}
		seen |= 1 << i
		if err := p.fields[i].decode(v.Field(p.fields[i].index), m.value); err != nil {
			return fmt.Errorf("%s %w", p.fields[i].name, err)
		}
	}
	for i := range p.fields {
		if p.fields[i].required && seen&(1<<i) == 0 {
			return fmt.Errorf("%s %w", p.fields[i].name, errMissing)
		}
	}
	return nil
}

// unknown names the key that was meant, when only its case is wrong.
func (p *plan) unknown(key string) error {
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].name, key) {
			return fmt.Errorf("unknown key %s: it is written %q", shown(key), p.fields[i].name)
		}
	}
	return fmt.Errorf("unknown key %s", shown(key))
}

func (f *field) decode(v reflect.Value, text []byte) error {
	switch to := v.Addr().Interface().(type) {
	case *instant:
		return to.decode(text)
	case *core.JSON:
		return f.decodeJSON(to, text)
	case *[]string:
		return f.decodeTexts(to, text)
	case *[]int64:
		return f.decodeIDs(to, text)
	case *[]labelRef:
		return decodeLabels(to, text)
	case *string:
		return f.decodeText(to, text)
	case *int64:
		return f.decodeInt(to, text)
	case *bool:
		return decodeBool(to, text)
	case *float64:
		return decodeFloat(to, text)
	case **string:
		*to = new(string)
		return f.decodeText(*to, text)
	case **bool:
		*to = new(bool)
		return decodeBool(*to, text)
	case **int64:
		*to = new(int64)
		return f.decodeInt(*to, text)
	case *party:
		return decodeParty(to, text)
	}
	panic("interchange: no rule for " + v.Type().String())
}

func (i *instant) decode(text []byte) error {
	if text[0] != '"' {
		return errTime
	}
	i.given = true
	s := unquote(text)
	if s == "" {
		return nil
	}
	var err error
	i.at, err = parseTime(s)
	return err
}

func (f *field) decodeJSON(to *core.JSON, text []byte) error {
	switch {
	case f.array && text[0] != '[':
		return errList
	case !f.array && text[0] != '{':
		return errObject
	case len(text) > maxJSONBytes:
		return tooLong(maxJSONBytes)
	}
	*to = core.JSON(text)
	return nil
}

func tooLong(limit int) error { return fmt.Errorf("is longer than %d bytes", limit) }

func (f *field) decodeText(to *string, text []byte) error {
	if text[0] != '"' {
		return errText
	}
	s := unquote(text)
	switch {
	case len(s) > f.maxBytes:
		return tooLong(f.maxBytes)
	case s == "" && f.full:
		return errEmpty
	case s != "" && f.uuid && !isUUID(s):
		return errUUID
	case s != "" && f.one != nil && !slices.Contains(f.one, s):
		return fmt.Errorf("must be one of %s, not %s", strings.Join(f.one, ", "), shown(s))
	}
	*to = s
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		_, hex := hexDigit(s[i])
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || dash == hex {
			return false
		}
	}
	return true
}

func (f *field) decodeInt(to *int64, text []byte) error {
	if text[0] != '-' && !isDigit(text[0]) {
		return errWhole
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return errWhole
	case f.number == "id" && (err != nil || n < 1 || n > core.MaxID):
		return errID
	case f.number == "count" && (err != nil || n < 0 || n > core.MaxID):
		return errCount
	case err != nil || n < -core.MaxID || n > core.MaxID:
		return errRange
	}
	*to = n
	return nil
}

func decodeBool(to *bool, text []byte) error {
	switch string(text) {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		return errBool
	}
	return nil
}

func decodeFloat(to *float64, text []byte) error {
	if text[0] != '-' && !isDigit(text[0]) {
		return errNumber
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return errNumber // out of range
	}
	*to = n
	return nil
}

// elements walks an array that is not too long.
func elements(text []byte, each func(value []byte) error) error {
	if text[0] != '[' {
		return errList
	}
	n := 0
	return scanArray(text, func(value []byte) error {
		if n++; n > maxListItems {
			return errListLen
		}
		return each(value)
	})
}

func (f *field) decodeTexts(to *[]string, text []byte) error {
	return elements(text, func(value []byte) error {
		var s string
		if err := f.decodeText(&s, value); err != nil {
			return fmt.Errorf("element %w", err)
		}
		*to = append(*to, s)
		return nil
	})
}

func (f *field) decodeIDs(to *[]int64, text []byte) error {
	return elements(text, func(value []byte) error {
		var id int64
		if err := (&field{number: "id"}).decodeInt(&id, value); err != nil {
			return fmt.Errorf("element %w", err)
		}
		if slices.Contains(*to, id) {
			return fmt.Errorf("names %d twice", id)
		}
		*to = append(*to, id)
		return nil
	})
}

func decodeLabels(to *[]labelRef, text []byte) error {
	return elements(text, func(value []byte) error {
		var ref labelRef
		var err error
		if value[0] == '"' {
			err = (&field{maxBytes: store.MaxKeyBytes, full: true}).decodeText(&ref.title, value)
		} else {
			err = (&field{number: "id"}).decodeInt(&ref.id, value)
		}
		switch {
		case errors.Is(err, errWhole):
			return fmt.Errorf("element %w", errLabel)
		case err != nil:
			return fmt.Errorf("element %w", err)
		case slices.Contains(*to, ref):
			return fmt.Errorf("names %s twice", value)
		}
		*to = append(*to, ref)
		return nil
	})
}

var partyPlan = newPlan(reflect.TypeFor[party]())

func decodeParty(to *party, text []byte) error {
	if text[0] != '{' {
		return errObject
	}
	members, err := scanObject(text, 1, nil)
	if err != nil {
		return err
	}
	if err := partyPlan.decode(reflect.ValueOf(to).Elem(), members); err != nil {
		return fmt.Errorf("is wrong: %w", err)
	}
	to.given = true
	return nil
}

// append writes the object of v; kind is its first key, none when it is "".
// A key whose value is zero is left out, unless it is kept.
func (p *plan) append(b []byte, kind string, v reflect.Value) []byte {
	b = append(b, '{')
	if kind != "" {
		b = append(b, `"kind":`...)
		b = appendQuoted(b, kind)
	}
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.index)
		if !f.keep && isZero(fv) {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = appendQuoted(b, f.name)
		b = append(b, ':')
		b = appendValue(b, fv)
	}
	return append(b, '}')
}

// isZero tells whether the field says nothing: a time that is given says
// something even when it is unset, and so does a pointer.
func isZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Float64:
		// Minus zero is a number of its own: what came in goes out.
		return math.Float64bits(v.Float()) == 0
	}
	return v.IsZero()
}

func appendValue(b []byte, v reflect.Value) []byte {
	switch from := v.Addr().Interface().(type) {
	case *instant:
		return appendTime(b, from.at)
	case *core.JSON:
		return appendRaw(b, *from)
	case *[]string:
		return appendList(b, *from, appendQuoted)
	case *[]int64:
		return appendList(b, *from, appendInt)
	case *[]labelRef:
		return appendList(b, *from, appendLabel)
	case *string:
		return appendQuoted(b, *from)
	case *int64:
		return strconv.AppendInt(b, *from, 10)
	case *bool:
		return strconv.AppendBool(b, *from)
	case *float64:
		return appendFloat(b, *from)
	case **string:
		return appendQuoted(b, **from)
	case **bool:
		return strconv.AppendBool(b, **from)
	case **int64:
		return strconv.AppendInt(b, **from, 10)
	case *party:
		return partyPlan.append(b, "", v)
	}
	panic("interchange: no rule for " + v.Type().String())
}

// appendRaw writes JSON text as it is, but on one line: where a client gave it
// with line breaks, which can only stand between tokens, they become spaces.
func appendRaw(b []byte, text core.JSON) []byte {
	from := len(b)
	b = append(b, text...)
	for i := from; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return b
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// appendFloat writes the shortest form that reads back as the same number.
func appendFloat(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}

func appendLabel(b []byte, ref labelRef) []byte {
	if ref.id != 0 {
		return appendInt(b, ref.id)
	}
	return appendQuoted(b, ref.title)
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}
