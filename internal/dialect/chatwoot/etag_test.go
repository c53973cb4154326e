package chatwoot

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"parley/internal/core"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	const tag = `W/"0123456789abcdef"`
	for name, test := range map[string]struct {
		header []string
		want   bool
	}{
		"none":                      {nil, false},
		"empty":                     {[]string{""}, false},
		"the tag":                   {[]string{tag}, true},
		"weak against strong":       {[]string{`"0123456789abcdef"`}, true},
		"another":                   {[]string{`W/"0123456789abcdee"`}, false},
		"without quotes":            {[]string{`0123456789abcdef`}, false},
		"a part of it":              {[]string{`W/"0123456789abcde"`}, false},
		"lower-case w":              {[]string{`w/"0123456789abcdef"`}, false},
		"in a list":                 {[]string{`"a", W/"b" ,` + tag}, true},
		"in a list without spaces":  {[]string{tag + `,"a"`}, true},
		"in the second header":      {[]string{`"a"`, tag}, true},
		"any":                       {[]string{"*"}, true},
		"any, with spaces":          {[]string{" * "}, true},
		"a star in a tag":           {[]string{`"*"`}, false},
		"behind a tag with a comma": {[]string{`"a,b", ` + tag}, true},
		"commas alone":              {[]string{",,,"}, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header["If-None-Match"] = test.header
		if got := matches(r, tag); got != test.want {
			t.Errorf("%s: matches(%q) = %t, want %t", name, test.header, got, test.want)
		}
	}
}

// FuzzMatches: the tag is found in a well-formed list exactly when it is there,
// and nothing else passes for it.
func FuzzMatches(f *testing.F) {
	f.Add(`"a"`, "b", uint8(0))
	f.Add(`W/"`, `W/"0123456789abcdef"`, uint8(1))
	f.Add(",", `"`, uint8(2))
	f.Add("", "*", uint8(3))
	f.Fuzz(func(t *testing.T, before, after string, where uint8) {
		tag := bodyTag([]byte(before))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header["If-None-Match"] = []string{before + "," + after}
		stars := strings.Contains(before+after, "*")
		if strings.Contains(before+after, tag[2:]) {
			return // the fuzzer has broken SHA-256
		}
		if matches(r, tag) && !stars {
			t.Errorf("matches(%q, %s)", r.Header["If-None-Match"], tag)
		}
		list := []string{before, after}
		list = append(list[:where%3:where%3], append([]string{tag}, list[where%3:]...)...)
		r.Header["If-None-Match"] = []string{strings.Join(list, ", ")}
		if !matches(r, tag) {
			t.Errorf("matches(%q, %s) = false", r.Header["If-None-Match"], tag)
		}
	})
}

// TestETagOfAWholeBody: the tag follows the bytes, whatever the log says.
func TestETagOfAWholeBody(t *testing.T) {
	t.Parallel()
	f := &fake{account: core.Account{ID: 1, Epoch: "E", EventSeq: 7}}
	f.say(1, "Where is my parcel?")
	h := newHandler(f)
	path := listPath("door", "71")
	first := do(t, h, http.MethodGet, path)
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || len(tag) != len(`W/""`)+32 || !strings.HasPrefix(tag, `W/"`) {
		t.Fatalf("answered %d with ETag %q, want 200 and a weak tag", first.Code, tag)
	}
	if got := first.Header().Get("Content-Length"); got != strconv.Itoa(first.Body.Len()) {
		t.Errorf("Content-Length = %q, want %d", got, first.Body.Len())
	}
	f.account.EventSeq++ // something else happened in the account
	wantNotModified(t, do(t, h, http.MethodGet, path, "If-None-Match", tag), tag)
	wantNotModified(t, do(t, h, http.MethodHead, path+".json", "If-None-Match", `"x", `+tag[2:]), tag)

	head := do(t, h, http.MethodHead, path)
	for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Cache-Control"} {
		if got, want := head.Header().Get(name), first.Header().Get(name); got != want || want == "" {
			t.Errorf("HEAD: %s = %q, want %q as with GET", name, got, want)
		}
	}
	f.say(1, "Hello?")
	if w := do(t, h, http.MethodGet, path, "If-None-Match", tag); w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
		t.Errorf("after a change answered %d with ETag %q, want 200 and another than %q", w.Code, w.Header().Get("ETag"), tag)
	}
}

// TestETagOfALongBody: the tag follows the account's log, its epoch and the
// path, and a matching one costs no read of the conversations.
func TestETagOfALongBody(t *testing.T) {
	t.Parallel()
	f := &fake{account: core.Account{ID: 1, Epoch: "E", EventSeq: 7}}
	f.say(500, strings.Repeat("Where is my parcel? ", 50))
	h := newHandler(f)
	path := listPath("door", "71")
	first := do(t, h, http.MethodGet, path)
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || !strings.HasPrefix(tag, `W/"`) || first.Header().Get("Content-Length") != "" {
		t.Fatalf("answered %d with ETag %q, Content-Length %q, want 200, a weak tag, no length",
			first.Code, tag, first.Header().Get("Content-Length"))
	}
	entries := f.entries
	f.entries = nil // a 304 must not need them
	wantNotModified(t, do(t, h, http.MethodGet, path, "If-None-Match", tag), tag)
	wantNotModified(t, do(t, h, http.MethodHead, path, "If-None-Match", tag), tag)
	f.entries = entries

	head := do(t, h, http.MethodHead, path)
	if got := head.Header().Get("ETag"); head.Code != http.StatusOK || got != tag || head.Header().Get("Content-Type") != contentType {
		t.Errorf("HEAD answered %d with ETag %q, want 200, %q", head.Code, got, tag)
	}
	if head.Body.Len() > 0 {
		t.Errorf("HEAD made %d bytes of body", head.Body.Len())
	}
	tags := map[string]string{"first": tag}
	for name, change := range map[string]func(){
		"seq": func() { f.account.EventSeq++ }, "epoch": func() { f.account.Epoch = "F" }, "path": func() { path = listPath("door", "72") },
	} {
		change()
		w := do(t, h, http.MethodGet, path, "If-None-Match", tag)
		got := w.Header().Get("ETag")
		for other, known := range tags {
			if got == known {
				t.Errorf("%s: the ETag is that of %q", name, other)
			}
		}
		tags[name] = got
		if w.Code != http.StatusOK {
			t.Errorf("%s: answered %d, want 200", name, w.Code)
		}
	}
}

func wantNotModified(t *testing.T, w *httptest.ResponseRecorder, tag string) {
	t.Helper()
	if w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("answered %d with %d bytes, want 304 without a body", w.Code, w.Body.Len())
	}
	for name, want := range map[string]string{
		"ETag": tag, "Cache-Control": "max-age=0, private, must-revalidate", "Content-Type": "", "Content-Length": "", "Vary": "Origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("304: %s = %q, want %q", name, got, want)
		}
	}
}
