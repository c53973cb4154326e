package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/internal/core"
	"parley/internal/fold"
	"parley/internal/store"
)

// Bounds of what is asked for.
const (
	// MaxWords is how many words a query has at most; what stands in one run of
	// a script without spaces counts as one.
	MaxWords = 10
	// MaxTextLength is how many characters a query has at most.
	MaxTextLength = 500
	// shortestPrefix is how many characters of a word stand for all that begin
	// so: fewer would be half of all words.
	shortestPrefix = 2
)

// part is a word of the query, some that stand one behind the other, or a run
// of a script without spaces.
type part struct {
	words  []fold.Word
	prefix bool // the last word may go on
}

// parsed is what a text asks for: all of its parts.
type parsed struct {
	parts       []part
	phoneEnding string // digits, where the text may be a part of a phone number
}

// parse reads what somebody typed. Words are looked for each by itself; those in
// quotation marks one behind the other. The last word may be the beginning of
// one, unless a space or a quotation mark follows it.
func parse(text string) (parsed, error) {
	var p parsed
	text = strings.ToValidUTF8(text, "\uFFFD")
	if utf8.RuneCountInString(text) > MaxTextLength {
		return p, core.Refuse("q", fmt.Sprintf("must be at most %d characters", MaxTextLength))
	}
	for i, piece := range pieces(text) {
		words := slices.Collect(fold.Words(piece))
		switch {
		case len(words) == 0:
		case i%2 == 1:
			p.parts = append(p.parts, part{words: words})
		default:
			p.parts = append(p.parts, split(words)...)
		}
	}
	if len(p.parts) == 0 {
		return p, core.Refuse("q", "must hold a word")
	}
	count := 0
	for _, part := range p.parts {
		for _, w := range part.words {
			if !w.Joined {
				count++
			}
		}
	}
	if count > MaxWords {
		return p, core.Refuse("q", fmt.Sprintf("must hold at most %d words", MaxWords))
	}
	last := &p.parts[len(p.parts)-1]
	if w := last.words[len(last.words)-1]; len(last.words) == 1 && !w.Dense {
		end, _ := utf8.DecodeLastRuneInString(text)
		last.prefix = utf8.RuneCountInString(w.Text) >= shortestPrefix && !unicode.IsSpace(end) && !isQuote(end)
	}
	p.phoneEnding = phoneEnding(text)
	return p, nil
}

// pieces cuts a text at its quotation marks: every second piece is a phrase. One
// that is not closed is none.
func pieces(text string) []string {
	var all []string
	from := 0
	before := ' '
	for i, r := range text {
		after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		// Within a word it is a part of it, as in Hebrew abbreviations.
		if isQuote(r) && !(unicode.IsLetter(before) && unicode.IsLetter(after)) {
			all = append(all, text[from:i])
			from = i + utf8.RuneLen(r)
		}
		before = r
	}
	if len(all)%2 == 1 { // the last phrase is open
		return append(all, "", text[from:])
	}
	return append(all, text[from:])
}

func isQuote(r rune) bool { return r == '"' || r == '“' || r == '”' || r == '„' }

// split makes a part of every word, and of every run of joined ones.
func split(words []fold.Word) []part {
	var parts []part
	for _, w := range words {
		if w.Joined && len(parts) > 0 {
			last := &parts[len(parts)-1]
			last.words = append(last.words, w)
			continue
		}
		parts = append(parts, part{words: []fold.Word{w}})
	}
	return parts
}

// shortestPhone and longestPhone are how many digits may be a phone number's.
const shortestPhone, longestPhone = 4, 15

// phoneEnding returns the digits of a text that holds nothing but what phone
// numbers are written with, without the zeros before an area code.
func phoneEnding(text string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" +-()./", r) {
			return -1
		}
		return r
	}, text)
	digits = strings.TrimLeft(digits, "0")
	if len(digits) < shortestPhone || len(digits) > longestPhone || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits
}

// terms are the tokens that a text must hold to match.
func (p *parsed) terms() []store.SearchTerm {
	var terms []store.SearchTerm
	for _, part := range p.parts {
		for _, token := range fold.Grams(part.words) {
			t := store.SearchTerm{Token: token, Prefix: part.prefix}
			// One character alone stands at the beginning of pairs, and by itself.
			if len(part.words) == 1 && part.words[0].Dense {
				t.Prefix = true
			}
			if !slices.Contains(terms, t) {
				terms = append(terms, t)
			}
		}
	}
	return terms
}

// exact tells whether a text that holds all terms matches for sure: where the
// order of words counts, it does not.
func (p *parsed) exact() bool {
	return !slices.ContainsFunc(p.parts, func(part part) bool {
		return len(part.words) > 2 || len(part.words) == 2 && !part.words[1].Joined
	})
}

// at tells whether the part stands in a text at the i-th word.
func (p *part) at(words []fold.Word, i int) bool {
	if len(words)-i < len(p.words) {
		return false
	}
	for n, want := range p.words {
		have := words[i+n]
		if have.Text != want.Text && !(p.prefix && strings.HasPrefix(have.Text, want.Text)) {
			return false
		}
		if want.Joined && n > 0 && !have.Joined {
			return false
		}
	}
	return true
}

// matches tells whether all parts stand in one or the other of the texts.
func (p *parsed) matches(texts []string) bool {
	found := make([]bool, len(p.parts))
	for _, text := range texts {
		words := slices.Collect(fold.Words(text))
		for n := range p.parts {
			for i := 0; i < len(words) && !found[n]; i++ {
				found[n] = p.parts[n].at(words, i)
			}
		}
	}
	return !slices.Contains(found, false)
}
