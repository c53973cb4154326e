package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	empty := migrated(t)
	storetest.Run(t, func(t testing.TB) store.Store {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		if err := os.WriteFile(path, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		return st
	})
}

// migrated returns the file of an empty database. Each check starts from a copy:
// migrating is the larger part of what a check costs.
func migrated(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil { // moves the log into the file
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
