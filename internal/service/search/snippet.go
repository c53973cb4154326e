package search

import (
	"slices"
	"unicode/utf8"

	"parley/internal/fold"
)

// Snippet is the part of a text that shows why it was found.
type Snippet struct {
	// Text is plain, without line breaks; "…" stands where something was cut off.
	Text string
	// Marks are the places of what was asked for, in order and apart: the first
	// character and the one behind the last, counted in characters (Unicode code
	// points).
	Marks [][2]int
}

// The length of a snippet, in characters: what it shows before the first mark,
// and in all.
const (
	snippetBefore = 40
	snippetLength = 200
)

// marks are the places of the parts in a text, in bytes.
func (p *parsed) marks(text string) [][2]int {
	words := slices.Collect(fold.Words(text))
	var all [][2]int
	for i := range words {
		for n := range p.parts {
			if part := &p.parts[n]; part.at(words, i) {
				all = append(all, [2]int{words[i].Start, words[i+len(part.words)-1].End})
			}
		}
	}
	// Those that overlap become one.
	var apart [][2]int
	for _, m := range all {
		if last := len(apart) - 1; last >= 0 && m[0] < apart[last][1] {
			apart[last][1] = max(apart[last][1], m[1])
			continue
		}
		apart = append(apart, m)
	}
	return apart
}

// snippet cuts the text around the first mark.
func (p *parsed) snippet(text string) Snippet {
	marks := p.marks(text)
	from, to := 0, len(text)
	if len(marks) > 0 {
		from = back(text, marks[0][0], snippetBefore)
	}
	if end := forth(text, from, snippetLength); end < len(text) {
		to = end
	}
	// Marks that are cut through are cut off; the first one is there, but where
	// it is longer than all.
	var s Snippet
	before, after := "", ""
	if from > 0 {
		before = "…"
	}
	if to < len(text) {
		after = "…"
	}
	s.Text = before + plainSpaces(text[from:to]) + after
	shift := utf8.RuneCountInString(before)
	for _, m := range marks {
		start, end := max(m[0], from), min(m[1], to)
		if start >= end {
			continue
		}
		first := shift + utf8.RuneCountInString(text[from:start])
		s.Marks = append(s.Marks, [2]int{first, first + utf8.RuneCountInString(text[start:end])})
	}
	return s
}

// plainSpaces puts a space where a line breaks: one for each character, so that
// places stay.
func plainSpaces(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c == '\n' || c == '\r' || c == '\t' {
			b[i] = ' '
		}
	}
	return string(b)
}

// back returns the place n characters before at, or, where there is one on the
// way, that of the beginning of a word behind it.
func back(text string, at, n int) int {
	from := at
	for ; n > 0 && from > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from == 0 {
		return 0
	}
	for i := from; i < at; i++ {
		if text[i] == ' ' || text[i] == '\n' {
			return i + 1
		}
	}
	return from
}

// forth returns the place n characters behind at, or that of the end of a word
// before it, when there is one in the last quarter.
func forth(text string, at, n int) int {
	to := at
	for ; n > 0 && to < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	if to == len(text) {
		return to
	}
	for i := to; i > at+(to-at)*3/4; i-- {
		if text[i] == ' ' || text[i] == '\n' {
			return i
		}
	}
	return to
}
