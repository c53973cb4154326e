package fold

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// kind says what a folded character does to a word.
type kind int

const (
	space      kind = iota // ends it
	letter                 // belongs to it
	dense                  // is a word of its own
	apostrophe             // belongs to it between two letters, and is left out
	silent                 // is not there
)

// kindOf tells the kind of a folded character.
func kindOf(r rune) kind {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return letter
	case r == '\'', r == '"':
		return apostrophe
	case r < utf8.RuneSelf:
		return space
	}
	return tableOf(r).kind
}

// kindOfRune is kindOf without the table.
func kindOfRune(r rune) kind {
	switch r {
	case '\u2019', '\u02bc', '\u05f3', '\u05f4': // apostrophes, geresh and gershayim
		return apostrophe
	case '\u200b': // a place to break
		return space
	case '\u0640', '\u00ad': // lengthens a line of Arabic; a soft hyphen
		return silent
	case '\u30fc', '\u3005': // lengthen and repeat the character before
		return dense
	}
	switch {
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector):
		return silent
	case unicode.In(r, denseScripts...) && unicode.In(r, unicode.L, unicode.M, unicode.N):
		return dense
	case unicode.In(r, unicode.L, unicode.M, unicode.N):
		return letter
	}
	return space
}

// denseScripts write no spaces between words, or hang much on them.
var denseScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// markedScripts write the same word with and without marks.
var markedScripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Armenian, unicode.Coptic,
}

// alike are letters that are typed one for the other, and that Unicode does not
// take apart.
var alike = strings.NewReplacer(
	"ı", "i", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "æ", "ae", "œ", "oe", "ς", "σ",
	"\u0671", "\u0627", // alef wasla
	"\u0649", "\u064a", "\u06cc", "\u064a", // yehs without dots, and Persian
	"\u06a9", "\u0643", // Persian kaf
	"\u0629", "\u0647", // ta marbuta
)

// folded returns what some characters fold to: a segment between two borders of
// normalisation, one letter with its marks.
func folded(segment string) string {
	r, size := utf8.DecodeRuneInString(segment)
	if size == len(segment) {
		return tableOf(r).folded
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(segment) {
		b.WriteString(tableOf(r).folded)
	}
	return b.String()
}

// entry is what is known of a character.
type entry struct {
	folded string
	kind   kind // as a folded one
}

const (
	// blockSize is how many characters are looked at together, when the first of
	// them comes.
	blockSize = 256
	// lastLetter is behind all planes that have letters.
	lastLetter = 0x3ffff
)

// blocks remembers what is known of characters.
var blocks [(lastLetter + 1) / blockSize]atomic.Pointer[[blockSize]entry]

func tableOf(r rune) entry {
	if r > lastLetter {
		return entry{string(r), kindOfRune(r)}
	}
	b := blocks[r/blockSize].Load()
	if b == nil {
		b = new([blockSize]entry)
		for i := range b {
			r := r/blockSize*blockSize + rune(i)
			b[i] = entry{foldRune(r), kindOfRune(r)}
		}
		blocks[r/blockSize].Store(b) // whoever else did it came to the same
	}
	return b[r%blockSize]
}

// foldRune folds until nothing changes any more: taking marks off may show what
// folds again.
func foldRune(r rune) string {
	was := string(r)
	for range 4 {
		is := foldOnce(was)
		if is == was {
			break
		}
		was = is
	}
	return was
}

func foldOnce(text string) string {
	// A caser keeps state.
	text = cases.Fold().String(norm.NFKC.String(text))
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		b.WriteString(bare(r))
	}
	return alike.Replace(norm.NFC.String(b.String()))
}

// bare returns the character without marks, where its script goes without them,
// and digits of any script as 0 to 9.
func bare(r rune) string {
	if digit, ok := digitOf(r); ok {
		return digit
	}
	if isDropped(r) {
		return ""
	}
	if !unicode.In(r, markedScripts...) {
		return string(r)
	}
	return strings.Map(func(r rune) rune {
		if isDropped(r) {
			return -1
		}
		return r
	}, norm.NFD.String(string(r)))
}

// isDropped tells marks that a word is found without.
func isDropped(r rune) bool {
	return unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}

// digitOf returns a decimal digit; each script has its ten in one row.
func digitOf(r rune) (string, bool) {
	for _, row := range unicode.Nd.R16 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return string('0' + (r-rune(row.Lo))%10), true
		}
	}
	for _, row := range unicode.Nd.R32 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return string('0' + (r-rune(row.Lo))%10), true
		}
	}
	return "", false
}
