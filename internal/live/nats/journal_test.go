package nats_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"parley/internal/testkit/testserver"
)

// journal is a log that a test waits for. It fails the test when it holds a
// secret.
type journal struct {
	slog.Handler
	mu    sync.Mutex
	lines []string      // messages of info and above; guarded by mu
	seen  int           // how many of them await has passed; guarded by mu
	more  chan struct{} // closed by the next line; guarded by mu
}

func newJournal(t *testing.T) *journal {
	t.Helper()
	return &journal{Handler: testserver.Log(t).Handler(), more: make(chan struct{})}
}

func (j *journal) log() *slog.Logger { return slog.New(j) }

// Handle implements slog.Handler.
func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	err := j.Handler.Handle(ctx, r)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, r.Message)
	close(j.more)
	j.more = make(chan struct{})
	return err
}

// await waits for the next line that begins so.
func (j *journal) await(text string) {
	for {
		j.mu.Lock()
		more := j.more
		for j.seen < len(j.lines) {
			j.seen++
			if strings.HasPrefix(j.lines[j.seen-1], text) {
				j.mu.Unlock()
				return
			}
		}
		j.mu.Unlock()
		<-more
	}
}

// count tells how many lines begin so.
func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, line := range j.lines {
		if strings.HasPrefix(line, text) {
			n++
		}
	}
	return n
}
