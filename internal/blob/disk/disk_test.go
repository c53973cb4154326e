package disk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/blob"
	"parley/internal/blob/blobtest"
	"parley/internal/blob/disk"
)

func open(t *testing.T, dir string) *disk.Store {
	t.Helper()
	st, err := disk.Open(dir)
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

func TestConformance(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { t.Helper(); return open(t, t.TempDir()) })
}

// TestFolder: files are found in the folder by their keys, their owner alone
// can read them, and a failed one leaves nothing behind.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	st, key := open(t, dir), blob.NewKey()
	if err := st.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, key[:2], key))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if err := st.Put(t.Context(), blob.Thumbnail(key), strings.NewReader("too much"), 1); err == nil {
		t.Error("more than was announced was stored")
	}
	if files, err := os.ReadDir(filepath.Join(dir, key[:2])); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestPartial: what a killed process left of a file is overwritten, and goes
// with the file.
func TestPartial(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), blob.NewKey()
	st := open(t, dir)
	part := filepath.Join(dir, key[:2], key+".partial")
	leave := func() {
		if err := os.MkdirAll(filepath.Dir(part), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(part, []byte("half a fi"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leave()
	if err := st.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := st.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(filepath.Dir(part)); err != nil || len(files) != 0 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestLinks: a link out of the folder, put there by whoever, is not followed.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), blob.NewKey()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, key[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, key[:2], key)); err != nil {
		t.Fatal(err)
	}
	if f, err := open(t, dir).Open(t.Context(), key); err == nil {
		f.Close()
		t.Error("the link was followed")
	}
}
