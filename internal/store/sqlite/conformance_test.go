package sqlite_test

import (
	"path/filepath"
	"testing"

	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

// open returns an empty store in a file of its own.
func open(t testing.TB) store.Store {
	t.Helper()
	st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), sqlite.FileName)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}
