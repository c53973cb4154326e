package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the tests got")

// goldens remembers what this process wrote, so that two cases that share a
// file (such as one per database engine) can't silently overwrite each other.
var goldens struct {
	sync.Mutex
	written map[string][]byte // by path
}

// Golden compares a whole body, byte for byte, with the file at path, which is
// relative to the test's package, such as testdata/golden/list/empty.json. A
// difference fails the test with its place and, where both sides are JSON, a
// line by line comparison of their indented forms.
//
// With the flag -update it writes the file instead. Two calls in one run that
// want different bytes in the same file fail even then.
func Golden(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := writeGolden(path, got); err != nil {
			t.Errorf("golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("golden file %s does not exist; `make golden` writes it. Got:\n%s", path, pretty(got))
		return
	}
	if err != nil {
		t.Errorf("golden file: %v", err)
		return
	}
	if diff := explain(want, got); diff != "" {
		t.Errorf("body differs from golden file %s (`make golden` rewrites it):\n%s", path, diff)
	}
}

// writeGolden replaces the file at path as a whole and leaves an equal one alone.
func writeGolden(path string, got []byte) error {
	path = filepath.Clean(path)
	goldens.Lock()
	defer goldens.Unlock()
	if before, ok := goldens.written[path]; ok && !bytes.Equal(before, got) {
		return fmt.Errorf("%s: two cases of this run want different bodies:\n%s", path, explain(before, got))
	}
	if goldens.written == nil {
		goldens.written = map[string][]byte{}
	}
	goldens.written[path] = bytes.Clone(got)

	if want, err := os.ReadFile(path); err == nil && bytes.Equal(want, got) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, got, 0o644)
}

// explain describes where got leaves want; it returns "" when they are equal.
func explain(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	at := firstDifference(want, got)
	text := fmt.Sprintf("first difference at byte %d (want %d bytes, got %d)\n  want ...%s\n  got  ...%s\n",
		at, len(want), len(got), excerpt(want, at), excerpt(got, at))
	// Equal lines on both sides mean that only white space between JSON tokens differs.
	if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
		text += "lines (-want +got):\n" + diff
	}
	return text
}

// firstDifference returns the number of leading bytes that a and b share.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// excerpt quotes the surroundings of the byte at position at.
func excerpt(body []byte, at int) string {
	const around = 40
	return fmt.Sprintf("%q", body[max(0, at-around):min(len(body), at+around)])
}

func lines(body []byte) []string { return strings.Split(pretty(body), "\n") }

// pretty indents JSON and leaves everything else as it is. Keys keep their
// order and numbers their form.
func pretty(body []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		return string(body)
	}
	return out.String()
}
