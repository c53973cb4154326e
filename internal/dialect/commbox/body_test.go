package commbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/core"
)

// sent has a member of every type.
type sent struct {
	Type      wireInt
	IsManager wireBool
	Message   wireText
	Content   wireObject
	User      struct{ FirstName, Phone1 wireText }
}

const (
	jsonType = "application/json; charset=utf-8"
	formType = "application/x-www-form-urlencoded"
	partType = "multipart/form-data; boundary=b"
)

// part is one field of a multipart body with the boundary b.
func part(header, text string) string {
	return "--b\r\nContent-Disposition: form-data; " + header + "\r\n\r\n" + text + "\r\n"
}

func read(kind, body string) (sent, error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	var got sent
	err := readBody(r, &got)
	return got, err
}

func TestBodies(t *testing.T) {
	t.Parallel()
	want := sent{
		Type: wireInt{4, true}, IsManager: wireBool{true, true}, Message: wireText{" Hi <b>\u00e9</b> ", true},
		Content: `{"b":1, "a":"x"}`,
	}
	withUser := want
	withUser.User.FirstName, withUser.User.Phone1 = wireText{"Dana", true}, wireText{"972501234567", true}
	for _, c := range []struct {
		name, kind, body string
		want             sent
	}{
		{"wrapped", jsonType, `{"data":{"Type":4,"IsManager":true,"Message":" Hi <b>é</b> ","Content":{"b":1, "a":"x"},"User":{"FirstName":"Dana","Phone1":972501234567}}}`, withUser},
		{"bare", "", `{"type":"4","ISMANAGER":"True","message":" Hi <b>\u00e9</b> ","content":"{\"b\":1, \"a\":\"x\"}","unknown":[1]}`, want},
		{"form with data", formType, "data=%7B%22Type%22%3A4%2C%22IsManager%22%3A1%2C%22Message%22%3A%22+Hi+%3Cb%3E%C3%A9%3C%2Fb%3E+%22%2C%22Content%22%3A%7B%22b%22%3A1%2C+%22a%22%3A%22x%22%7D%7D", want},
		{"form with data wrapped", formType, "DATA=%7B%22data%22%3A%7B%22Type%22%3A4%7D%7D", sent{Type: wireInt{4, true}}},
		{"JSON that is called a form", formType, ` {"data":{"Type":4}}`, sent{Type: wireInt{4, true}}},
		{"form of fields", formType, "Type=4&IsManager=TRUE&Message=+Hi+%3Cb%3E%C3%A9%3C%2Fb%3E+&Content=%7B%22b%22%3A1%2C+%22a%22%3A%22x%22%7D", want},
		{"parts", partType, part(`name="Type"`, "4") + part(`name="IsManager"`, "1") + part(`name="Message"`, " Hi <b>é</b> ") +
			part(`name="Content"`, `{"b":1, "a":"x"}`) + part(`name="Type"`, "5") + "--b--\r\n", want},
		{"a part with data", partType, part(`name="data"`, `{"Type":4,"Message":"x"}`) + "--b--\r\n", sent{Type: wireInt{4, true}, Message: wireText{"x", true}}},
		{"nothing", jsonType, "", sent{}},
		{"blanks", jsonType, " \n", sent{}},
		{"no data", jsonType, `{"data":null}`, sent{}},
		{"nulls", jsonType, `{"data":{"Type":null,"IsManager":null,"Message":null,"Content":null,"User":null}}`, sent{}},
		{"empty texts", jsonType, `{"Type":"","IsManager":"","Message":"","Content":""}`, sent{Message: wireText{"", true}}},
		{"a number for a text", jsonType, `{"Message":12.50}`, sent{Message: wireText{"12.50", true}}},
	} {
		got, err := read(c.kind, c.body)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestBodiesRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, body string }{
		{"no JSON", jsonType, `{"Type":4`},
		{"an array", jsonType, `[{"Type":4}]`},
		{"an array as data", jsonType, `{"data":[{"Type":4}]}`},
		{"a text as data", jsonType, `{"data":"x"}`},
		{"more behind it", jsonType, `{"Type":4}{"Type":5}`},
		{"a fraction", jsonType, `{"Type":4.5}`},
		{"too large a number", jsonType, `{"Type":9223372036854775808}`},
		{"an object for a number", jsonType, `{"Type":{}}`},
		{"no flag", jsonType, `{"IsManager":"yes"}`},
		{"a flag for a text", jsonType, `{"Message":true}`},
		{"an array for an object", jsonType, `{"Content":[1]}`},
		{"no JSON in a text", jsonType, `{"Content":"{"}`},
		{"a broken form", formType, "data=%zz"},
		{"no boundary", "multipart/form-data", part(`name="Type"`, "4")},
		{"no end", partType, part(`name="Type"`, "4")},
		{"too many parts", partType, strings.Repeat(part(`name="Type"`, "4"), maxParts+1) + "--b--\r\n"},
		{"deep", jsonType, strings.Repeat(`{"data":`, 20_000) + "1" + strings.Repeat("}", 20_000)},
	} {
		if _, err := read(c.kind, c.body); err == nil || core.KindOf(err) != core.Invalid {
			t.Errorf("%s: %v, want it refused", c.name, err)
		}
	}
}

// TestBodyLimit checks that a body without a length is cut off.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{jsonType, formType, partType} {
		body := strings.NewReader(part(`name="Message"`, strings.Repeat("x", 100)))
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Content-Type", kind)
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), readCloser{body}, 90)
		if err := readBody(r, &sent{}); core.KindOf(err) != core.TooLarge {
			t.Errorf("%s: %v, want too large", kind, err)
		}
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// FuzzBodies looks for a body that panics, and for objects that are none.
func FuzzBodies(f *testing.F) {
	f.Add(jsonType, `{"data":{"Type":"4","IsManager":1,"Message":"x","Content":{"a":[{}]},"User":{"Phone1":7}}}`)
	f.Add(formType, "data=%7B%22Type%22%3A4%7D&Type=5")
	f.Add(partType, part(`name="data"`, `{"Type":4}`)+"--b--\r\n")
	f.Add("", "{")
	f.Fuzz(func(t *testing.T, kind, body string) {
		got, err := read(kind, body)
		if err != nil && core.KindOf(err) == core.Internal {
			t.Errorf("a body is called our own fault: %v", err)
		}
		if got.Content != "" && got.Content[0] != '{' {
			t.Errorf("content is %q", got.Content)
		}
	})
}
