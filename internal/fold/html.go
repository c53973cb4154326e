package fold

import (
	"html"
	"strings"
)

// tags are the elements of HTML that messages hold; the value tells whether a
// reader sees a gap where one begins or ends.
var tags = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure footer form
		h1 h2 h3 h4 h5 h6 head header hr html img input li link main meta nav ol option p pre script section select style summary table tbody td tfoot th
		thead title tr ul video audio iframe button`) {
		all[name] = true
	}
	for name := range strings.FieldsSeq("a abbr b bdi bdo big cite code del em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr") {
		all[name] = false
	}
	return all
}()

// Plain returns what a reader sees of a text that may be HTML. Nothing says
// which texts are: one that holds no element of HTML and no character reference
// comes back as it is.
func Plain(text string) string {
	if strings.IndexByte(text, '<') < 0 {
		return html.UnescapeString(text)
	}
	var b strings.Builder
	found := false
	for rest := text; rest != ""; {
		at := strings.IndexByte(rest, '<')
		if at < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:at])
		rest = rest[at:]
		n, gap := element(rest)
		if n == 0 {
			b.WriteByte('<')
			rest = rest[1:]
			continue
		}
		found = true
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		rest = rest[n:]
	}
	if !found {
		return html.UnescapeString(text)
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}

// element returns the length of the tag or comment that a text begins with, 0
// when it begins with none; a style or script goes with all it holds. gap tells
// whether a reader sees a gap there.
func element(text string) (n int, gap bool) {
	if strings.HasPrefix(text, "<!--") {
		if end := strings.Index(text, "-->"); end >= 0 {
			return end + len("-->"), false
		}
		return len(text), false
	}
	closing := strings.HasPrefix(text, "</")
	from := 1
	if closing {
		from = 2
	}
	to := from
	for to < len(text) && isNameByte(text[to]) {
		to++
	}
	name := strings.ToLower(text[from:to])
	gap, known := tags[name]
	if !known || to == len(text) || !strings.ContainsRune(" \t\r\n/>", rune(text[to])) {
		return 0, false
	}
	end := strings.IndexByte(text, '>')
	switch {
	case end < 0:
		return len(text), gap // cut off within
	case !closing && (name == "script" || name == "style"):
		return end + indexClosing(text[end:], name), true
	}
	return end + 1, gap
}

// indexClosing returns where the element ends, the text's length when it does
// not.
func indexClosing(text, name string) int {
	for at := 0; ; {
		next := strings.Index(text[at:], "</")
		if next < 0 {
			return len(text)
		}
		at += next + len("</")
		if len(text)-at >= len(name) && strings.EqualFold(text[at:at+len(name)], name) {
			return at - len("</")
		}
	}
}

func isNameByte(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }
