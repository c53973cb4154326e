package api

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/core"
)

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := place{
			order: order(rapid.Byte().Draw(t, "order")), filter: rapid.Uint32().Draw(t, "filter"),
			keys: rapid.SliceOfN(rapid.Int64(), 1, maxKeys).Draw(t, "keys"),
		}
		got, ok := parseCursor(want.cursor())
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); !ok || diff != "" {
			t.Errorf("%v (-want +got):\n%s", ok, diff)
		}
	})
}

// TestCursorsKeepTheirForm: clients keep them longer than this process lives.
func TestCursorsKeepTheirForm(t *testing.T) {
	t.Parallel()
	p := place{order: byID, filter: filterOf("labels"), keys: []int64{52}}
	if got := p.cursor(); got != "AQG92hSKaA" {
		t.Errorf("cursor %q: raise the version with the form", got)
	}
	if filterOf("labels") == filterOf("teams") || filterOf("a", "b", "c") == filterOf("a", "bc") {
		t.Error("lists share a hash")
	}
}

func TestOtherCursorsAreRefused(t *testing.T) {
	t.Parallel()
	filter := filterOf("labels")
	for name, cursor := range map[string]string{
		"no base64":      "?",
		"padded":         base64.URLEncoding.EncodeToString([]byte{cursorVersion, 1, 0}),
		"short":          base64.RawURLEncoding.EncodeToString([]byte{cursorVersion, 1, 0, 0, 0}),
		"later version":  base64.RawURLEncoding.EncodeToString([]byte{cursorVersion + 1, 1, 0, 0, 0, 0, 2}),
		"half a key":     place{order: byID, filter: filter}.cursor() + "gA",
		"no key":         place{order: byID, filter: filter}.cursor(),
		"two keys":       place{order: byID, filter: filter, keys: []int64{1, 2}}.cursor(),
		"too many keys":  place{order: byID, filter: filter, keys: []int64{1, 2, 3, 4, 5}}.cursor(),
		"other order":    place{order: byID + 1, filter: filter, keys: []int64{1}}.cursor(),
		"other list":     place{order: byID, filter: filter + 1, keys: []int64{1}}.cursor(),
		"no id":          place{order: byID, filter: filter, keys: []int64{0}}.cursor(),
		"beyond all ids": place{order: byID, filter: filter, keys: []int64{core.MaxID + 1}}.cursor(),
	} {
		if after, err := (&PageOf{Cursor: cursor}).after(filter); err == nil {
			t.Errorf("%s: %q was read as %d", name, cursor, after)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("AQG92hSKaA")
	f.Add("")
	f.Add("AQG92hSKgICAgICAgICAAQ")
	f.Fuzz(func(t *testing.T, text string) {
		if p, ok := parseCursor(text); ok && (p.cursor() != text || len(p.keys) > maxKeys) {
			t.Errorf("%q was read as %+v, which is %q", text, p, p.cursor())
		}
	})
}
