package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// TestRestoreRefusesAStrangersLog looks at a log that lies where the restored
// file is to stand: SQLite would take it for that file's own.
func TestRestoreRefusesAStrangersLog(t *testing.T) {
	t.Parallel()
	from := openTest(t, Options{})
	if err := from.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	dump := t.TempDir()
	d, err := from.Dump(t.Context(), dump)
	if err != nil {
		t.Fatal(err)
	}
	r := store.Restoring{Dir: dump, SchemaVersion: d.SchemaVersion, Before: func() error { return nil }}
	dir := t.TempDir()
	log := filepath.Join(dir, FileName+"-wal")
	if err := os.WriteFile(log, []byte("left over"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), Options{DataDir: dir}, r, ".kept"); core.KindOf(err) != core.Unavailable {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	if kept, err := Restore(t.Context(), Options{DataDir: dir}, r, ".kept"); err != nil || kept != "" {
		t.Errorf("got %q, %v", kept, err)
	}
	// The second one keeps the first, by the name that it is given.
	if kept, err := Restore(t.Context(), Options{DataDir: dir}, r, ".kept"); err != nil || kept != filepath.Join(dir, FileName+".kept") {
		t.Errorf("got %q, %v", kept, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 { // the lock, the database, the kept one
		t.Errorf("the folder holds %v, %v", files, err)
	}
}
