package interchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

var (
	errBOM = errors.New("the file begins with a byte order mark; save it as UTF-8 without one")

	byteOrderMark = []byte("\ufeff")
)

// lineReader reads lines of a bounded length. Unlike a bufio.Scanner it tells
// which line is too long, and keeps a last line without a line break.
type lineReader struct {
	r        *bufio.Reader
	maxBytes int
	number   int64  // of the line that was read last
	long     []byte // gathers a line that the reader's buffer does not hold
}

func newLineReader(r io.Reader, maxBytes int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), maxBytes: maxBytes}
}

// next returns the next line that is not blank, without its line break, valid
// until the next call; io.EOF at the end.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		if l.number == 1 && bytes.HasPrefix(line, byteOrderMark) {
			return nil, &LineError{l.number, errBOM}
		}
		if len(bytes.Trim(line, " \t\r")) > 0 {
			return line, nil
		}
	}
}

func (l *lineReader) read() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == nil:
			part = part[:len(part)-1]
		case errors.Is(err, io.EOF):
			if len(part) == 0 && len(l.long) == 0 {
				return nil, io.EOF
			}
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, &LineError{l.number + 1, fmt.Errorf("read: %w", err)}
		}
		if len(l.long)+len(part) > l.maxBytes {
			return nil, &LineError{l.number + 1, fmt.Errorf("longer than %d bytes", l.maxBytes)}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			l.long = append(l.long, part...)
			continue
		}
		l.number++
		if len(l.long) == 0 {
			return part, nil
		}
		l.long = append(l.long, part...)
		return l.long, nil
	}
}
