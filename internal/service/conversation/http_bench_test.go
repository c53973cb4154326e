package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/internal/bench"
	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// BenchmarkCreateChild creates CommBox childs over HTTP, from one connection
// and from many, and compares them with the same statements in a bare loop, 64
// a transaction. An iteration measures each for a second, in turn: figures are
// the medians, and a share is that of one iteration.
func BenchmarkCreateChild(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			st := testserver.Open(b, engine)
			fill := bench.Fill{Conversations: 5_000, PerContact: 5, Messages: 10, Seed: 1}
			if _, err := fill.Into(b.Context(), st, clockNow, nil); err != nil {
				b.Fatal(err)
			}
			token, _, err := account.New(st, clockNow).CreateToken(b.Context(), account.NewToken{AccountID: bench.AccountID, Name: "b"}, nil)
			if err != nil {
				b.Fatal(err)
			}
			writing, err := bench.Targets{Scenarios: fill.Scenarios(bench.Keys{Token: token})}.Writing()
			if err != nil {
				b.Fatal(err)
			}
			plan := bench.Plan{
				URL: testserver.Serve(b, st, engine).URL, Scenarios: []bench.Scenario{*writing}, Rounds: 1,
				Load:  bench.Load{Warmup: 100 * time.Millisecond, Duration: time.Second, Timeout: time.Minute, Seed: 1},
				Clock: bench.Clock{Now: time.Now, Sleep: bench.Sleep},
			}
			figures := map[string][]float64{}
			for b.Loop() {
				bare := bareLoop(b, st, fill.Conversations)
				figures["bare/s"] = append(figures["bare/s"], bare)
				for _, connections := range []int{1, group} {
					plan.Load.Concurrency = connections
					results, err := plan.Run(b.Context())
					if err != nil || results[0].Failed() {
						b.Fatal(err, results)
					}
					name := fmt.Sprintf("%d-connections", connections)
					perSecond := results[0].Server.PerSecond
					figures[name+"/s"] = append(figures[name+"/s"], perSecond)
					figures[name+"-of-bare"] = append(figures[name+"-of-bare"], perSecond/bare)
				}
			}
			for name, values := range figures {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], name)
			}
		})
	}
}

func clockNow() core.Time { return testserver.Now }

// bareLoop appends for a second and returns how many messages it stored a
// second.
func bareLoop(b *testing.B, st store.Store, conversations int) float64 {
	b.Helper()
	writes := conversation.NewWrites(st, clockNow)
	begin, n := time.Now(), 0
	for time.Since(begin) < time.Second {
		err := st.InTx(b.Context(), bench.AccountID, func(ctx context.Context, tx store.Tx) error {
			for range group {
				// A prime takes them out of their order.
				id := int64(n*7919%conversations) + 1
				if _, err := writes.AppendIn(ctx, tx, bench.AccountID, conversation.NewEntry{
					ConversationID: id, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact},
					Content: "Hello, where is my order? It was due yesterday.",
				}); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}
