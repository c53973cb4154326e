package httpx_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/httpx"
)

// encodeString is what encoding/json makes of s without HTML escaping.
func encodeString(t interface{ Fatalf(string, ...any) }, s string) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatalf("encode: %v", err)
	}
	return strings.TrimSuffix(buf.String(), "\n")
}

func TestAppendStringEqualsEncodingJSON(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"", "a", `"`, `\`, "/", "<p>", "&nbsp;", "'", "\x00", "\x01", "\b", "\f", "\n", "\r", "\t", "\x1f", "\x7f",
		"\u0080", "ü", "שלום", "👩‍👩‍👧", "\u2028", "\u2029", "\u202e", "\ufffd", "\xff", "\xc3", "\xed\xa0\x80", "\U0010ffff",
	}
	for _, s := range pieces {
		if got, want := string(httpx.AppendString(nil, s)), encodeString(t, s); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "pieces"), ""); string(httpx.AppendString(nil, s)) != encodeString(t, s) {
			t.Fatalf("AppendString(%q) = %s, want %s", s, httpx.AppendString(nil, s), encodeString(t, s))
		}
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "text") {
			s = rapid.String().Draw(t, "string")
		}
		if got, want := string(httpx.AppendString(nil, s)), encodeString(t, s); got != want {
			t.Fatalf("AppendString(%q) = %s, want %s", s, got, want)
		}
	})
}

func FuzzAppendString(f *testing.F) {
	f.Add("What is your ID number?\n")
	f.Add("\u2028\xff<p>&amp;</p>")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(httpx.AppendString(nil, s)), encodeString(t, s); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	})
}
