package sqlstore

import (
	"context"

	"parley/internal/core"
)

// What follows opens the writer to tests outside of this package, which can
// import the engines.

// Writer is the writer under test.
type Writer = writer

// Left is what a command leaves for the end of its transaction.
type Left = pending

// Command is the body of a command.
type Command = func(ctx context.Context, q Querier, left *Left) error

// MaxGroup is how many commands share a transaction.
const MaxGroup = maxGroup

// NewWriter makes a writer that stores events with insert.
func NewWriter(engine Engine, insert func(ctx context.Context, q Querier, account, first int64, epoch string, events []core.Event) error) *Writer {
	return newWriter(engine, insert, nil)
}

// Do runs a command.
func (w *writer) Do(ctx context.Context, account int64, fn Command) error {
	return w.do(ctx, account, fn)
}

// Committed is Store.Committed.
func (w *writer) Committed(account int64) <-chan struct{} { return w.committed(account) }

// Close is Store.Close.
func (w *writer) Close() error { return w.close() }

// Load returns how many partitions and watched accounts the writer holds.
func (w *writer) Load() (partitions, watched int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	return len(w.partitions), len(w.watched)
}

// Emit adds events.
func (p *pending) Emit(events ...core.Event) { p.events = append(p.events, events...) }

// AddConversations counts conversations.
func (p *pending) AddConversations(account, n int64) {
	if p.conversations == nil {
		p.conversations = map[int64]int64{}
	}
	p.conversations[account] += n
}

// IsWrite is isWrite.
func IsWrite(sql string) bool { return isWrite(sql) }
