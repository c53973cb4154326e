package feed_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/service/feed"
)

func cursors(t testing.TB, secret string) *feed.Cursors {
	t.Helper()
	c, err := feed.NewCursors([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCursors: a cursor opens to its position, for its account and its
// installation alone, and no altered one opens.
func TestCursors(t *testing.T) {
	t.Parallel()
	mine, node, theirs := cursors(t, "key"), cursors(t, "key"), cursors(t, "another key")
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.Int64Range(1, core.MaxID).Draw(t, "account")
		want := feed.Position{Epoch: rapid.StringN(0, 26, 40).Draw(t, "epoch"), Seq: rapid.Int64Range(0, core.MaxID).Draw(t, "seq")}
		text := mine.Seal(account, want)
		if text != node.Seal(account, want) {
			t.Fatal("another node seals another text")
		}
		if got, ok := mine.Open(account, text); !ok || got != want {
			t.Fatalf("opens to %+v, %t, want %+v", got, ok, want)
		}
		if _, ok := mine.Open(account%core.MaxID+1, text); ok {
			t.Fatal("opens for another account")
		}
		if _, ok := theirs.Open(account, text); ok {
			t.Fatal("opens at another installation")
		}
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		bit := rapid.IntRange(0, len(raw)*8-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		if _, ok := mine.Open(account, base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Fatalf("opens with bit %d turned", bit)
		}
	})
}

// TestCursorsStay: clients keep cursors, so the form never changes.
func TestCursorsStay(t *testing.T) {
	t.Parallel()
	const want = "nRkegFMCyb6ogA9Af7zS5kO4ZOTGkN7JEFIigt481H-Uq_86YG7CfQI1b3AWKm98V90"
	p := feed.Position{Epoch: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Seq: 12345}
	if got := cursors(t, "key").Seal(7, p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, ok := cursors(t, "key").Open(7, want); !ok || got != p {
		t.Errorf("got %+v, %t, want %+v", got, ok, p)
	}
}

func FuzzOpen(f *testing.F) {
	c := cursors(f, "key")
	text := c.Seal(7, feed.Position{Epoch: "epoch", Seq: 1})
	for _, seed := range []string{"", text, text + "=", text[1:], text + "\n", strings.Repeat("A", 300), "ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, got string) {
		if p, ok := c.Open(7, got); ok && c.Seal(7, p) != got {
			t.Errorf("%q opens and is not what is sealed", got)
		}
	})
}
