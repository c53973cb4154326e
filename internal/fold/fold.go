package fold

import (
	"iter"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRunes is where a word is cut.
const maxRunes = 64

// Word is a word of a text.
type Word struct {
	// Text is the word as it is searched. It holds letters, digits and marks
	// alone: no space, no punctuation.
	Text string
	// Start and End are its place in the text, in bytes.
	Start, End int
	// Dense tells that the script writes no spaces: Text is one character.
	Dense bool
	// Joined tells that nothing stands between this dense word and the dense word
	// before it.
	Joined bool
}

// Words returns the words of a text in their order.
func Words(text string) iter.Seq[Word] {
	return func(yield func(Word) bool) {
		s := scanner{yield: yield}
		for i := 0; i < len(text) && !s.stopped; {
			n := 1
			switch c := text[i]; {
			// A mark behind it would change what it folds to.
			case c < utf8.RuneSelf && (i+1 == len(text) || text[i+1] < utf8.RuneSelf):
				s.add(lower(c), i, i+1)
			default:
				n = max(norm.NFKC.NextBoundaryInString(text[i:], true), 1)
				for _, r := range folded(text[i : i+n]) {
					s.add(r, i, i+n)
				}
			}
			i += n
		}
		s.flush()
	}
}

func lower(c byte) rune {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return rune(c)
}

// scanner puts words together from folded characters.
type scanner struct {
	yield      func(Word) bool
	stopped    bool // yield wants no more
	word       []byte
	runes      int
	start, end int
	last       rune // the last one of the word
	held       bool // an apostrophe came, which belongs to the word if that goes on
	dense      bool // the last character was a word of its own
}

// add takes the next character, which stands for the bytes from start to end.
func (s *scanner) add(r rune, start, end int) {
	switch kindOf(r) {
	case letter:
		if s.runes == 0 {
			s.start = start
		}
		if s.runes < maxRunes {
			s.word = utf8.AppendRune(s.word, r)
		}
		s.runes++
		s.end, s.last, s.held, s.dense = end, r, false, false
	case dense:
		s.flush()
		s.emit(Word{Text: string(r), Start: start, End: end, Dense: true, Joined: s.dense})
		s.dense = true
	case apostrophe:
		// Hebrew abbreviations are written with a quotation mark.
		if s.runes > 0 && !s.held && (r != '"' || unicode.Is(unicode.Hebrew, s.last)) {
			s.held = true
			break
		}
		s.flush()
		s.dense = false
	case silent:
	case space:
		s.flush()
		s.dense = false
	}
}

// flush ends the word at hand.
func (s *scanner) flush() {
	if s.runes > 0 {
		s.emit(Word{Text: string(s.word), Start: s.start, End: s.end})
	}
	s.word, s.runes, s.held = s.word[:0], 0, false
}

func (s *scanner) emit(w Word) {
	if !s.stopped && !s.yield(w) {
		s.stopped = true
	}
}

// MaxTokens is how many different words of one text are indexed.
const MaxTokens = 2000

// Tokens returns what is indexed of a text, each once, in order of appearance:
// its words, and of dense ones the pairs of neighbours and the last of them. So
// every dense word is the beginning of a token.
func Tokens(text string) []string {
	seen := make(map[string]struct{}, 32)
	var all []string
	for t := range grams(Words(text), true) {
		if _, known := seen[t]; known {
			continue
		}
		if len(all) == MaxTokens {
			break
		}
		seen[t] = struct{}{}
		all = append(all, t)
	}
	return all
}

// Grams returns the tokens that a text must have in which these words stand one
// behind the other, in their order and as often as they come.
func Grams(words []Word) []string { return slices.Collect(grams(slices.Values(words), false)) }

// grams yields the tokens of words; a dense one that ends a pair is one by
// itself only where ends is set and no other is joined to it.
func grams(words iter.Seq[Word], ends bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		var last Word
		open := false // last is a dense word that is still to be yielded by itself
		for w := range words {
			if open && !w.Joined && !yield(last.Text) {
				return
			}
			open = w.Dense && (ends || !w.Joined)
			switch {
			case w.Joined:
				if !yield(last.Text + w.Text) {
					return
				}
			case w.Dense:
			case !yield(w.Text):
				return
			}
			last = w
		}
		if open {
			yield(last.Text)
		}
	}
}
