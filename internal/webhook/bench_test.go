package webhook_test

import (
	"context"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// BenchmarkDeliveries sends events of 200 conversations to a receiver on this
// machine: planned, sent and noted.
func BenchmarkDeliveries(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			x := newWorld(b, stores(b, engine, 1), 0)
			r := newReceiver(b)
			x.add(r.URL)
			for said := 0; said < b.N; {
				n := min(b.N-said, 500)
				err := x.st.InTx(b.Context(), x.account, func(_ context.Context, tx store.Tx) error {
					for i := range n {
						tx.Emit(core.Event{AccountID: x.account, Type: core.LabelCreated, At: x.clock(), ConversationID: int64((said+i)%200 + 1), Data: core.Label{ID: 1}})
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				said += n
			}
			b.ResetTimer()
			x.work(0)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
			if n := len(r.got()); n != b.N {
				b.Errorf("%d calls, want %d", n, b.N)
			}
		})
	}
}
