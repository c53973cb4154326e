// Package blobtest is the suite that every store of files passes, and a bucket
// to run it on.
package blobtest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"parley/internal/blob"
	"parley/internal/core"
)

// Run checks a store, which is empty, against the contract.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	t.Run("what is put is read", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		for _, size := range []int{0, 1, 100_000, 1 << 20} {
			key, want := blob.NewKey(), bytes.Repeat([]byte("abcdefg\n"), size/8+1)[:size]
			if err := st.Put(t.Context(), key, bytes.NewReader(want), int64(size)); err != nil {
				t.Fatalf("put %d bytes: %v", size, err)
			}
			if got := read(t, st, key); !bytes.Equal(got, want) {
				t.Errorf("%d bytes: got %d others", size, len(got))
			}
		}
	})
	t.Run("parts are read", func(t *testing.T) {
		t.Parallel()
		st, key := open(t), blob.NewKey()
		put(t, st, key, "0123456789")
		f, err := st.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer closing(t, f)
		if end, err := f.Seek(0, io.SeekEnd); err != nil || end != 10 {
			t.Errorf("the end is at %d, %v", end, err)
		}
		if _, err := f.Seek(3, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4)
		if _, err := io.ReadFull(f, got); err != nil || string(got) != "3456" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	testDeletes(t, open)
	testRefusals(t, open)
}

func testDeletes(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	t.Run("keys are apart", func(t *testing.T) {
		t.Parallel()
		st, key := open(t), blob.NewKey()
		put(t, st, key, "picture")
		put(t, st, blob.Thumbnail(key), "thumbnail")
		if got := read(t, st, key); string(got) != "picture" {
			t.Errorf("got %q", got)
		}
		if got := read(t, st, blob.Thumbnail(key)); string(got) != "thumbnail" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("what is deleted is gone", func(t *testing.T) {
		t.Parallel()
		st, key, other := open(t), blob.NewKey(), blob.NewKey()
		put(t, st, key, "x")
		put(t, st, other, "y")
		for range 2 {
			if err := st.Delete(t.Context(), key); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		absent(t, st, key)
		if got := read(t, st, other); string(got) != "y" {
			t.Errorf("the other is %q", got)
		}
	})
}

func testRefusals(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	t.Run("nothing stands where a put failed", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		for name, r := range map[string]io.Reader{
			"broken":    io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("torn"))),
			"too short": strings.NewReader("abcd"),
		} {
			key := blob.NewKey()
			if err := st.Put(t.Context(), key, r, 10); err == nil {
				t.Errorf("%s: put succeeded", name)
			}
			absent(t, st, key)
		}
	})
	t.Run("other keys are refused", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		good := blob.NewKey()
		for _, key := range []string{
			"", ".", "..", "../../etc/passwd", "/etc/passwd", good[:31], good + "0", strings.ToUpper(good[:31]) + "G", good + "-thumb",
			"../" + good[3:], good[:16] + "/" + good[17:], good[:31] + "\x00", blob.Thumbnail(blob.Thumbnail(good)), good + ".partial",
		} {
			absent(t, st, key)
			if err := st.Put(t.Context(), key, strings.NewReader("x"), 1); err == nil {
				t.Errorf("%q was put", key)
			}
			if err := st.Delete(t.Context(), key); core.KindOf(err) != core.NotFound {
				t.Errorf("delete %q: %v", key, err)
			}
		}
	})
}

func put(t *testing.T, st blob.Store, key, content string) {
	t.Helper()
	if err := st.Put(t.Context(), key, strings.NewReader(content), int64(len(content))); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func read(t *testing.T, st blob.Store, key string) []byte {
	t.Helper()
	f, err := st.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer closing(t, f)
	got, err := io.ReadAll(f)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

func absent(t *testing.T, st blob.Store, key string) {
	t.Helper()
	f, err := st.Open(t.Context(), key)
	if err == nil {
		closing(t, f)
		t.Errorf("something stands under %q", key)
	} else if core.KindOf(err) != core.NotFound {
		t.Errorf("open %q: %v", key, err)
	}
}

func closing(t *testing.T, f io.Closer) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
