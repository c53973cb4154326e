package interchange

import (
	"strconv"
	"time"

	"parley/internal/core"
)

// Summary is what an import did.
type Summary struct {
	// Lines is how many lines were read, blank ones included.
	Lines int64
	// LastLine is the last line whose batch was stored; importing the file
	// again goes on after it. 0: none was.
	LastLine int64
	// Failed tells that the import stopped before the end of the file.
	Failed bool
	// Skipped is how many records existed already.
	Skipped int64
	// Duration is how long the import took.
	Duration time.Duration
	stored   [kindCount]int64
}

// records returns how many records were stored.
func (s *Summary) records() int64 {
	var n int64
	for _, stored := range s.stored {
		n += stored
	}
	return n
}

// Stored returns how many records of a kind were stored. The kind goes by its
// name in the file, such as "message"; an unknown one has none.
func (s *Summary) Stored(name string) int64 {
	for k := range kinds {
		if kinds[k].name == name {
			return s.stored[k]
		}
	}
	return 0
}

// Records returns how many records of all kinds were stored.
func (s *Summary) Records() int64 {
	var n int64
	for _, of := range s.stored {
		n += of
	}
	return n
}

// MarshalJSON writes {"lines":n,"accounts":n, ... ,"skipped":n,"seconds":x},
// with a count for every kind, and last_line after a failure.
func (s Summary) MarshalJSON() ([]byte, error) {
	b := append([]byte(`{"lines":`), strconv.FormatInt(s.Lines, 10)...)
	add := func(key string, n int64) {
		b = append(b, ',')
		b = appendQuoted(b, key)
		b = append(b, ':')
		b = appendInt(b, n)
	}
	for k := kindInstallation + 1; k < kindCount; k++ {
		add(kinds[k].plural, s.stored[k])
	}
	add(kinds[kindInstallation].plural, s.stored[kindInstallation])
	add("skipped", s.Skipped)
	b = append(b, `,"seconds":`...)
	b = strconv.AppendFloat(b, s.Duration.Seconds(), 'f', 3, 64)
	if s.Failed {
		add("last_line", s.LastLine)
	}
	return append(b, '}'), nil
}

// LineError is a fault of one line of a file.
type LineError struct {
	Line int64
	Err  error // the reason
}

// Error returns "line N: reason".
func (e *LineError) Error() string {
	return "line " + strconv.FormatInt(e.Line, 10) + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// elapsed is the time between two readings of a clock.
func elapsed(from, to core.Time) time.Duration {
	return time.Duration(to-from) * time.Microsecond
}
