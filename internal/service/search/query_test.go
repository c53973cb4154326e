package search

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/internal/core"
)

// asked writes what a query asks for: each part's words, a star where the last
// may go on, then the tokens.
func asked(p *parsed) string {
	var parts []string
	for _, part := range p.parts {
		var words []string
		for _, w := range part.words {
			words = append(words, w.Text)
		}
		text := strings.Join(words, "+")
		if part.prefix {
			text += "*"
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, " ")
	if p.phoneEnding != "" {
		text += " #" + p.phoneEnding
	}
	return text
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want, terms string
		exact             bool
	}{
		{"Hello", "hello*", "hello*", true},
		{"Hello ", "hello", "hello", true},
		{"\xff\xfe hello", "hello*", "hello*", true}, // broken UTF-8 is no letter
		{"late parc", "late parc*", "late parc*", true},
		{"a", "a", "a", true},
		{`"on its way" to`, "on+its+way to*", "on its way to*", false},
		{`"on its way"`, "on+its+way", "on its way", false},
		{`say "on its`, "say on its*", "say on its*", true},
		{`“Grüße”`, "grusse", "grusse", true},
		{"ada@example.com", "ada example com*", "ada example com*", true},
		{"東", "東", "東*", true},
		{"東京", "東+京", "東京", true},
		{"東京都 x", "東+京+都 x", "東京 京都 x", false},
		{`צה"ל בא`, "צהל בא*", "צהל בא*", true},
		{"030 123-4567", "030 123 4567* #301234567", "030 123 4567*", true},
		{"+49 30 1234567", "49 30 1234567* #49301234567", "49 30 1234567*", true},
		{"order 1234", "order 1234*", "order 1234*", true},
	} {
		p, err := parse(c.text)
		if err != nil {
			t.Errorf("parse(%q): %v", c.text, err)
			continue
		}
		if got := asked(&p); got != c.want {
			t.Errorf("parse(%q) asks for %q, want %q", c.text, got, c.want)
		}
		var terms []string
		for _, term := range p.terms() {
			text := term.Token
			if term.Prefix {
				text += "*"
			}
			terms = append(terms, text)
		}
		if got := strings.Join(terms, " "); got != c.terms {
			t.Errorf("terms of %q are %q, want %q", c.text, got, c.terms)
		}
		if got := p.exact(); got != c.exact {
			t.Errorf("exact of %q is %v", c.text, got)
		}
	}
	for _, bad := range []string{"", " ", `""`, "?!", strings.Repeat("w ", MaxWords+1), strings.Repeat("x", MaxTextLength+1)} {
		if _, err := parse(bad); core.KindOf(err) != core.Invalid {
			t.Errorf("parse(%q) = %v, want it refused", bad, err)
		}
	}
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("before ", 30) + "the Parcel is lâte, " + strings.Repeat("after ", 60)
	for _, c := range []struct{ query, text, want string }{
		{"late parcel", "The parcel is late.", "The [parcel] is [late]."},
		{"par", "A parcel,\npartly", "A [parcel], [partly]"},
		{"is late", "LÂTE? is it", "[LÂTE]? [is] it"},
		{`"is late"`, "is it late is\nlate is late", "is it late [is late] [is late]"},
		{"東京都", "東京と東京都へ", "東京と[東京都]へ"},
		{"東", "東京東", "[東]京[東]"},
		{"parcel", "nothing", "nothing"},
		{"parcel", "", ""},
		{"parcel", long, "…before before before before before the [Parcel] is lâte, after after after after after after after after after after after after after after after after after after after after after after after after…"},
	} {
		p, err := parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(p.snippet(c.text)); got != c.want {
			t.Errorf("snippet for %q: %q, want %q", c.query, got, c.want)
		}
	}
}

// shown puts brackets around the marks.
func shown(s Snippet) string {
	text := []rune(s.Text)
	var b strings.Builder
	at := 0
	for _, m := range s.Marks {
		fmt.Fprintf(&b, "%s[%s]", string(text[at:m[0]]), string(text[m[0]:m[1]]))
		at = m[1]
	}
	return b.String() + string(text[at:])
}

// FuzzParse: whatever is typed is refused or makes terms of tokens, and finds
// and shows no more than there is.
func FuzzParse(f *testing.F) {
	f.Add("late \"on its way\" par", "It is on its way, the late parcel.")
	f.Add("東京 “都へ", "東京都へ行く")
	f.Add("צה\"ל", "\u05e6\u05d4\u05f4\u05dc \xff")
	f.Add("+49 (0)30", "\"\"\"")
	f.Fuzz(func(t *testing.T, query, text string) {
		p, err := parse(query)
		if err != nil {
			if core.KindOf(err) != core.Invalid {
				t.Errorf("parse(%q): %v", query, err)
			}
			return
		}
		for _, term := range p.terms() {
			if term.Token == "" || strings.ContainsAny(term.Token, " '\"()&|!:*\u00b7") {
				t.Errorf("parse(%q) asks for %q", query, term.Token)
			}
		}
		p.matches([]string{text})
		s := p.snippet(text)
		last := 0
		for _, m := range s.Marks {
			if m[0] < last || m[1] <= m[0] || m[1] > utf8.RuneCountInString(s.Text) {
				t.Fatalf("snippet of %q for %q is marked %v: %q", text, query, s.Marks, s.Text)
			}
			last = m[1]
		}
		if !strings.ContainsRune(query, '"') && !p.matches([]string{query}) {
			t.Errorf("%q does not find itself", query)
		}
	})
}
