package webhook_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit"
)

// TestTakeover: a node that dies between an attempt and noting it leaves the
// event to the next one, which sends it under the same id. What the first one
// would note later is refused.
func TestTakeover(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, stores(t, engine, 2), 0)
			r := newReceiver(x)
			w := x.add(r.URL)
			var first atomic.Bool
			r.does(func(w http.ResponseWriter, _ *http.Request) {
				if first.CompareAndSwap(false, true) {
					x.now.Add(int64(31 * second))                 // the node hangs, and its claim runs out
					x.work(1)                                     //nolint:contextcheck // it has a context of its own
					w.WriteHeader(http.StatusInternalServerError) // which is nobody's business any more
				}
			})
			x.say(core.LabelCreated, 8, 8)
			x.work(0)
			calls := r.got()
			x.expect("both nodes", calls, []int64{2, 2, 3}, []int64{8, 8, 8}, false)
			if len(calls) == 3 && calls[0].id != calls[1].id {
				x.Errorf("ids %s, %s", calls[0].id, calls[1].id)
			}
			x.same("in the end", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 2})
			if a := x.attempts(w.ID, 2); len(a) != 1 || a[0].Status != 200 {
				x.Errorf("attempts %+v", a)
			}
			if p, err := x.st.WebhookPosition(x.Context(), x.account, w.ID); err != nil || p.Failures != 0 {
				x.Errorf("position %+v, %v", p, err)
			}
			x.later(hour)
			x.expect("later", r.got(), nil, nil, false)
		})
	}
}

// TestNodes: nodes that work at once, with a receiver that fails now and then,
// deliver every event, those of a conversation in order.
func TestNodes(t *testing.T) {
	t.Parallel()
	rounds := 12
	if testkit.Small() {
		rounds = 4
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, stores(t, engine, 3), 0)
			random := rand.New(rand.NewPCG(1, 2))
			var mu sync.Mutex
			r := newReceiver(x)
			r.does(func(w http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if random.IntN(4) == 0 {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			})
			hooks := []core.Webhook{x.add(r.URL + "/1"), x.add(r.URL + "/2")}
			for round := range rounds {
				var said []int64
				for range 20 {
					said = append(said, int64(round%3+random.IntN(3)))
				}
				x.say(core.LabelCreated, said...)
				x.now.Add(int64(40 * second))
				var wg sync.WaitGroup
				for n := range x.nodes {
					wg.Go(func() {
						if _, err := x.nodes[n].Find(x.Context()); err != nil {
							x.Error(err)
						}
						if err := x.nodes[n].runner.Work(x.Context()); err != nil {
							x.Error(err)
						}
					})
				}
				wg.Wait()
			}
			r.does(nil)
			for range 6 {
				x.later(hour)
			}
			arrived := map[string]int{}
			for _, c := range r.got() {
				arrived[c.id]++
			}
			for _, w := range hooks {
				all := x.ledger(w.ID)
				if len(all) != 20*rounds {
					x.Errorf("%d deliveries, want %d", len(all), 20*rounds)
				}
				last := map[int64]core.Time{}
				for _, d := range all {
					if d.State != core.DeliveryDelivered || int64(arrived[d.MessageID]) != d.Attempts {
						x.Errorf("%+v arrived %d times", d, arrived[d.MessageID])
					}
					if d.ConversationID != 0 && d.FinishedAt < last[d.ConversationID] {
						x.Errorf("%d of conversation %d arrived too early", d.Seq, d.ConversationID)
					}
					last[d.ConversationID] = d.FinishedAt
				}
			}
		})
	}
}

// TestReceiversApart: one that hangs holds up nobody else.
func TestReceiversApart(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		slow, quick := newReceiver(x), newReceiver(x)
		release, arrived := make(chan struct{}), make(chan struct{})
		slow.does(func(http.ResponseWriter, *http.Request) { <-release })
		quick.does(func(http.ResponseWriter, *http.Request) { close(arrived) })
		x.add(slow.URL)
		w := x.add(quick.URL)
		x.say(core.LabelCreated, 8)
		done := make(chan struct{})
		go func() {
			defer close(done)
			x.work(0)
		}()
		<-arrived
		close(release)
		<-done
		x.same("quick", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 1})
	})
}

// stoppedStore calls stop before the second time that bodies are read: when
// the first deliveries have arrived and the next are about to be sent.
type stoppedStore struct {
	store.Store
	reads *atomic.Int64
	stop  func()
}

func (s stoppedStore) DeliveriesBySeq(ctx context.Context, account, webhook int64, seqs []int64) ([]core.Delivery, error) {
	if s.reads.Add(1) == 2 {
		s.stop()
	}
	return s.Store.DeliveriesBySeq(ctx, account, webhook, seqs)
}

// TestStop: a node that stops notes what has arrived, whatever it was doing.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			st := stoppedStore{stores(t, engine, 1)[0], new(atomic.Int64), stop}
			x := newWorld(t, []store.Store{st}, 0)
			r := newReceiver(x)
			w := x.add(r.URL)
			x.say(core.LabelCreated, make([]int64, 64)...)
			if _, err := x.nodes[0].Find(x.Context()); err != nil {
				x.Fatal(err)
			}
			x.nodes[0].runner.Run(ctx)
			arrived := len(r.got())
			if arrived == 0 {
				x.Error("nothing arrived")
			}
			x.same("noted", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: arrived, core.DeliveryOpen: 64 - arrived})
			x.work(0)
			if rest := len(r.got()); rest != 64-arrived {
				x.Errorf("%d arrived, then %d", arrived, rest)
			}
		})
	}
}

// TestRunning: nodes that run send what happens, whichever commits it, and give
// back what they hold when they stop.
func TestRunning(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, stores(t, engine, 2), time.Minute)
			r := newReceiver(x)
			arrived := make(chan struct{}, 100)
			r.does(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
			w := x.add(r.URL)
			ctx, stop := context.WithCancel(x.Context())
			defer stop()
			var wg sync.WaitGroup
			for _, n := range x.nodes {
				wg.Go(func() { n.Watch(ctx, n.runner.Hurry) })
				wg.Go(func() { n.runner.Run(ctx) })
			}
			for round := range int64(3) {
				x.say(core.LabelCreated, round, round, round)
				for range 3 {
					<-arrived
				}
			}
			stop()
			wg.Wait()
			x.same("all", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 9})
			j, there, err := x.st.FindJob(x.Context(), x.account, store.DeliverJob, fmt.Sprint(w.ID))
			if err != nil || there && j.LeaseUntil != 0 {
				x.Errorf("held still: %+v, %v", j, err)
			}
			calls := r.got()
			ids := map[string]bool{}
			for _, c := range calls {
				ids[c.id] = true
			}
			if len(calls) != 9 || len(ids) != 9 {
				x.Errorf("%d calls of %d deliveries", len(calls), len(ids))
			}
		})
	}
}
