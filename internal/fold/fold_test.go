package fold_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"parley/internal/fold"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"?! -- ...", ""},
		{"Hello, World! hello", "hello world"},
		{"don’t stop O'Neil's dogs'", "dont stop oneils dogs"},
		{"ada.lovelace+x@example.com order_7-A", "ada lovelace x example com order 7 a"},
		{"Crème BRÛLÉE creme", "creme brulee"},
		{"STRASSE straße Œuvre Łódź Ísland İstanbul ılık", "strasse oeuvre lodz island istanbul ilik"},
		{"ﬁne ①②③ ＡＢＣ １２", "fine 123 abc 12"},
		{"e\u0301te\u0301 E\u0301t\u00e9", "ete"},
		{"Ёлка Μάϊος ΛΌΓΟΣ λόγος", "елка μαιοσ λογοσ"},
		{"שָׁלוֹם שלום צה״ל צה\"ל \"שלום\"", "שלום צהל"},
		{"مُحَمَّد محمد أحمد احمد إلى الي مكتبة مكتبه ـــ سـلام", "محمد احمد الي مكتبه سلام"},
		{"٤٢ ۴۲ ४२", "42"},
		{"हिन्दी की", "हिन्दी की"},
		{"東京都 へ行く", "東京 京都 都 へ行 行く く"},
		{"東", "東"},
		{"スーパー ｽｰﾊﾟｰ がか", "スー ーパ パー ー がか か"},
		{"서울역 iPhone15을", "서울 울역 역 iphone15 을"},
		{"สวัสดี", "สว วั ัส สด ดี ี"},
		{"日本, 東", "日本 本 東"},
		{"co\u00adop re\u200bdo a\u200db", "coop re do ab"},
		{"l·l 5€ 30% a/b C:\\x", "l 5 30 a b c x"},
		{"\xff\xfeok", "ok"},
		{strings.Repeat("x", 80), strings.Repeat("x", 64)},
	} {
		if got := strings.Join(fold.Tokens(c.text), " "); got != c.want {
			t.Errorf("Tokens(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 3 * fold.MaxTokens {
		text.WriteString(string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + " ")
	}
	if got := len(fold.Tokens(text.String())); got != fold.MaxTokens {
		t.Errorf("%d tokens, want %d", got, fold.MaxTokens)
	}
}

// TestWords looks at places: what is marked for a reader is cut there.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string // what stands at each word's place
	}{
		{"Say: ‘Crème’, O'Neil'!", []string{"Say", "Crème", "O'Neil"}},
		{"cafe\u0301s ＡＢ", []string{"cafe\u0301s", "ＡＢ"}},
		{"東京 x", []string{"東", "京", "x"}},
	} {
		var got []string
		for w := range fold.Words(c.text) {
			got = append(got, c.text[w.Start:w.End])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("places in %q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"a < b and c > d", "a < b and c > d"},
		{"if x<y then\n  <order> 7", "if x<y then\n  <order> 7"},
		{"fish &amp; chips", "fish & chips"},
		{"<p>Hi&nbsp;there</p><p>your order is <b>on</b>its way</p>", "Hi there your order is onits way"},
		{`<a href="https://x.example/track?a=1">follow</a><br/>it<!-- not this -->`, "follow it"},
		{"<style>p { color: red }</style>red<script>var blue = '</p>'</SCRIPT>green", "red green"},
		{"<ul><li>one</li><li>two</li></ul> <unknown>three</unknown>", "one two <unknown>three</unknown>"},
		{"cut <div class=", "cut"},
		{"a <b", "a <b"},
		{"<!-- open", ""},
	} {
		if got := fold.Plain(c.text); got != c.want {
			t.Errorf("Plain(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// FuzzFold: words are made of letters, digits and marks alone, stand where they
// are said to stand, and fold to themselves: so a text is found by any of its
// words, and no text reaches the language of a query.
func FuzzFold(f *testing.F) {
	for _, seed := range []string{
		"Hello, World", "Crème brûlée 5€", "東京都へ行く", "مُحَمَّد", "צה\"ל", "e\u0301\u0301\u0327x", "ﬃ ½ ㎏ ℃ Ǆ", "<p>a &lt;b&gt; c</p><script>", "\xff\x00\u0345ΐ", "İı", "l·l ŀ", "ᄒ\u1161\u11ab 한",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for w := range fold.Words(text) {
			if w.Start < last || w.End <= w.Start || w.End > len(text) {
				t.Fatalf("word %q of %q stands at %d to %d, after %d", w.Text, text, w.Start, w.End, last)
			}
			last = w.Start
			if n := utf8.RuneCountInString(w.Text); n == 0 || n > 64 || w.Dense && n != 1 {
				t.Errorf("word %q of %q has %d characters", w.Text, text, n)
			}
			if strings.ContainsFunc(w.Text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) || unicode.IsUpper(r) }) {
				t.Errorf("word %q of %q is not of letters and digits", w.Text, text)
			}
		}
		for _, token := range fold.Tokens(text) {
			if again := fold.Grams(slices.Collect(fold.Words(token))); len(again) != 1 || again[0] != token {
				t.Errorf("token %q of %q folds to %q", token, text, again)
			}
		}
		if plain := fold.Plain(text); len(plain) > 4*len(text) {
			t.Errorf("Plain(%q) is longer: %q", text, plain)
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	for name, text := range map[string]string{
		"latin":  "I ordered the blue one two weeks ago, and the tracking page has not moved since Monday.",
		"hebrew": "הזמנתי את הכחול לפני שבועיים, ועמוד המעקב לא זז מאז יום שני.",
		"dense":  "二週間前に青いものを注文しましたが、月曜日から追跡ページが動いていません。",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fold.Tokens(text)
			}
		})
	}
}
