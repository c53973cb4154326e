package chatwoot

import (
	"bytes"
	"encoding/json"
	"time"

	"parley/internal/core"
)

// The types of wire.go in encoding/json, which writes the bodies of webhooks:
// only lists are hot enough to be appended by hand.

// MarshalJSON returns the stored text, {} without one.
func (o object) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("{}"), nil
	}
	return []byte(o), nil
}

// MarshalJSON returns null for "".
func (s nullString) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return marshal(string(s))
}

// MarshalJSON returns null for 0.
func (n nullInt) MarshalJSON() ([]byte, error) {
	if n == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int64(n))
}

// MarshalJSON returns null for the unset time.
func (t nullTime) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(core.Time(t).Std().Truncate(time.Millisecond).Format(isoMillis))
}

// MarshalJSON adds .0 to a whole number.
func (d decimal) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(d) + 0) // no negative zero
	if !bytes.ContainsAny(text, ".e") {
		text = append(text, ".0"...)
	}
	return text, err
}

// marshal is encoding/json without the escapes that only a page needs.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}
