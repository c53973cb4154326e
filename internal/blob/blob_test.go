package blob_test

import (
	"testing"

	"parley/internal/blob"
	"parley/internal/core"
	"parley/internal/testkit"
)

// The contract knows no store.
func TestImports(t *testing.T) {
	t.Parallel()
	testkit.OnlyImports(t, "parley/internal/core")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		key := blob.NewKey()
		if seen[key] {
			t.Errorf("%s came twice", key)
		}
		seen[key] = true
		for _, k := range []string{key, blob.Thumbnail(key)} {
			if err := blob.Check(k); err != nil {
				t.Errorf("%s: %v", k, err)
			}
		}
	}
}

// FuzzCheck: a key that passes is one name in a folder, and nothing else.
func FuzzCheck(f *testing.F) {
	f.Add(blob.NewKey())
	f.Add("../../etc/passwd")
	f.Add(blob.Thumbnail(blob.NewKey()))
	f.Fuzz(func(t *testing.T, key string) {
		err := blob.Check(key)
		if err != nil {
			if core.KindOf(err) != core.NotFound {
				t.Errorf("%q: %v", key, err)
			}
			return
		}
		for _, c := range []byte(key) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				t.Errorf("%q passes", key)
			}
		}
	})
}
