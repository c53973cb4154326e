package conversation_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"parley/internal/core"
	"parley/internal/demo"
	"parley/internal/interchange"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// group is how many appends share a transaction at most.
const group = 64

// BenchmarkAppend compares appends of one and of many callers with the same
// statements in a bare loop, 64 a transaction: what is lost to grouping
// callers, and what is won over syncing for each.
func BenchmarkAppend(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			st := testserver.Open(b, engine)
			next := messages(b, st)
			// Time goes on, as it does: the search index has little room in one instant.
			var passed atomic.Int64
			writes := conversation.NewWrites(st, func() core.Time { return testserver.Now + core.Time(passed.Add(1)) })
			b.Run("bare loop", func(b *testing.B) {
				for left := b.N; left > 0; left -= group {
					err := st.InTx(b.Context(), demo.AccountID, func(ctx context.Context, tx store.Tx) error {
						for range min(left, group) {
							if _, err := writes.AppendIn(ctx, tx, demo.AccountID, next()); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				rate(b)
			})
			for _, callers := range []int{1, group} {
				b.Run(fmt.Sprintf("callers %d", callers), func(b *testing.B) {
					var left atomic.Int64
					left.Store(int64(b.N))
					var all sync.WaitGroup
					for range callers {
						all.Go(func() {
							for left.Add(-1) >= 0 {
								if _, err := writes.Append(b.Context(), demo.AccountID, next()); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					all.Wait()
					rate(b)
				})
			}
		})
	}
}

func rate(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s") }

// messages fills the store with the demo account and returns messages of its
// contacts, each to the next conversation.
func messages(b *testing.B, st store.Store) func() conversation.NewEntry {
	b.Helper()
	var file bytes.Buffer
	if err := demo.Generate(&file, 1, testserver.Now); err != nil {
		b.Fatal(err)
	}
	if _, err := interchange.Import(b.Context(), st, &file, interchange.Options{Clock: func() core.Time { return testserver.Now }}); err != nil {
		b.Fatal(err)
	}
	threads, err := st.ListThreads(b.Context(), demo.AccountID, store.ThreadQuery{Limit: demo.ConversationCount})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	return func() conversation.NewEntry {
		return conversation.NewEntry{
			ConversationID: threads[n.Add(1)%int64(len(threads))].Conversation.ID, Kind: core.Message,
			Sender: core.Actor{Type: core.ActorContact}, Content: "Hello, where is my order? It was due yesterday.",
		}
	}
}
