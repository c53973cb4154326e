package interchange

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	tests := []struct {
		name, text string
		maxBytes   int
		want       []string
		number     int64 // of the last line
		fault      string
	}{
		{"empty", "", 10, nil, 0, ""},
		{"no line break at the end", "a\nb", 10, []string{"a", "b"}, 2, ""},
		{"blank lines", "\n \t\r\na\r\n\n", 10, []string{"a\r"}, 4, ""},
		{"as long as can be", "a\n0123456789\n", 10, []string{"a", "0123456789"}, 2, ""},
		{"too long", "a\n01234567890\nb", 10, []string{"a"}, 1, "line 2: longer than 10 bytes"},
		{"too long without an end", "a\n01234567890", 10, []string{"a"}, 1, "line 2: longer than 10 bytes"},
		{"longer than the buffer", long + "\n" + long + "y\nz", 200_001, []string{long, long + "y", "z"}, 3, ""},
		{"longer than the buffer and too long", "a\n" + long, 199_999, []string{"a"}, 1, "line 2: longer than 199999 bytes"},
		{"byte order mark", "\ufeff{}", 10, nil, 1, "line 1: the file begins with a byte order mark"},
		{"byte order mark later", "a\n\ufeff{}", 10, []string{"a", "\ufeff{}"}, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(tt.text), iotest.OneByteReader(strings.NewReader(tt.text)), iotest.DataErrReader(strings.NewReader(tt.text))} {
				l := newLineReader(r, tt.maxBytes)
				var got []string
				var err error
				for {
					var line []byte
					if line, err = l.next(); err != nil {
						break
					}
					got = append(got, string(line))
				}
				if strings.Join(got, "\n") != strings.Join(tt.want, "\n") || l.number != tt.number {
					t.Errorf("got %.200q up to line %d", got, l.number)
				}
				if tt.fault == "" && !errors.Is(err, io.EOF) || tt.fault != "" && !strings.HasPrefix(err.Error(), tt.fault) {
					t.Errorf("got %v, want %s", err, tt.fault)
				}
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(errors.New("the disk is gone")))
	l := newLineReader(broken, 10)
	if line, err := l.next(); err != nil || string(line) != "a" {
		t.Fatalf("got %q, %v", line, err)
	}
	if _, err := l.next(); err == nil || err.Error() != "line 2: read: the disk is gone" {
		t.Errorf("got %v", err)
	}
}

// TestLinesOfAnImport imports a file with other line breaks, blank lines and
// no end.
func TestLinesOfAnImport(t *testing.T) {
	t.Parallel()
	text := "\n" + strings.ReplaceAll(strings.TrimSuffix(smallFile, "\n"), "\n", " \r\n\r\n\t")
	st, plain := openSQLite(t), openSQLite(t)
	if sum := mustImport(t, st, text); sum.Lines != 46 || sum.Records() != 23 {
		t.Errorf("summary: %+v", sum)
	}
	mustImport(t, plain, smallFile)
	equalText(t, "other line breaks", withoutRandom(mustExport(t, st)), withoutRandom(mustExport(t, plain)))

	opts := testOptions()
	opts.MaxLineBytes = 100
	if _, err := Import(t.Context(), openSQLite(t), strings.NewReader(smallFile), opts); err == nil || err.Error() != "line 1: longer than 100 bytes" {
		t.Errorf("got %v", err)
	}
}
