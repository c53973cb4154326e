package testkit

import (
	"fmt"
	"runtime"
	"testing"
)

// recorder is a testing.TB that keeps its failures to itself.
type recorder struct {
	testing.TB
	failures []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs a check on a recorder and returns the failures that it reported.
func record(t *testing.T, check func(r *recorder)) []string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	// Fatalf ends its goroutine, so the check gets one of its own.
	go func() {
		defer close(done)
		check(r)
	}()
	<-done
	return r.failures
}
