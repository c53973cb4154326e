package feed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/feed"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const (
	noon = core.Time(1_800_000_000_000_000)
	hour = core.Time(time.Hour / time.Microsecond)
)

// each runs the test on each engine, on a store with an account.
func each(t *testing.T, run func(t *testing.T, st store.Store, f storetest.Fixture)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			run(t, st, storetest.Seed(t, st))
		})
	}
}

// emit adds n events of the time to the account's log.
func emit(t *testing.T, st store.Store, account int64, at core.Time, n int) {
	t.Helper()
	err := st.InTx(t.Context(), account, func(_ context.Context, tx store.Tx) error {
		for range n {
			tx.Emit(core.Event{AccountID: account, Type: core.LabelCreated, At: at, Data: core.Label{}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// kept returns the first event that is kept and the last one, and has the
// doctor look at them.
func kept(t *testing.T, st store.Store, account int64) (first, last int64) {
	t.Helper()
	_, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Errorf("the doctor finds %s", f) })
	if err != nil {
		t.Fatal(err)
	}
	if first, err = st.FirstEventSeq(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	a, err := st.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return first, a.EventSeq
}

// TestRetention moves a clock over a log of three batches, and has the server
// end after the first of them.
func TestRetention(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		now := noon
		retention := feed.NewRetention(func() core.Time { return now }, 24*time.Hour)
		start := func(handlers map[string]job.Handler) {
			t.Helper()
			if err := retention.Begin(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			work(t, st, &now, handlers)
		}
		want := func(what string, wantFirst int64) {
			t.Helper()
			if first, _ := kept(t, st, f.Account.ID); first != wantFirst {
				t.Errorf("%s: the first event is %d, want %d", what, first, wantFirst)
			}
		}
		_, seeded := kept(t, st, f.Account.ID)
		emit(t, st, f.Account.ID, noon-26*hour, 4100)
		emit(t, st, f.Account.ID, noon-23*hour, 10)

		batches := 0
		start(map[string]job.Handler{
			feed.ScheduleJob: retention.Handlers()[feed.ScheduleJob],
			feed.PruneJob: func(ctx context.Context, tx store.Tx, j store.Job) error {
				if err := retention.Handlers()[feed.PruneJob](ctx, tx, j); err != nil {
					return err
				}
				if batches++; batches > 1 {
					return errors.New("the power is gone")
				}
				return nil
			},
		})
		want("after one batch", 2001)
		start(retention.Handlers())
		want("after the next start", seeded+4101)

		now += hour + hour/2
		work(t, st, &now, retention.Handlers())
		want("when the others' time has come", seeded+4111)
		emit(t, st, f.Account.ID, now, 3)
		now += 24 * hour
		work(t, st, &now, retention.Handlers())
		want("of their last microsecond", seeded+4111)
		now += hour
		work(t, st, &now, retention.Handlers())
		want("an hour later", seeded+4114)
	})
}

func TestRetentionForEver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		now := noon
		emit(t, st, f.Account.ID, 1, 10)
		// Jobs of a time when it was not for ever are still there.
		for _, keep := range []time.Duration{0, time.Hour, 0} {
			retention := feed.NewRetention(func() core.Time { return now }, keep)
			if err := retention.Begin(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			first, last := kept(t, st, f.Account.ID)
			work(t, st, &now, retention.Handlers())
			now += 2 * hour
			switch after, _ := kept(t, st, f.Account.ID); {
			case keep == 0 && after != first:
				t.Errorf("removed up to %d", after)
			case keep != 0 && after != last+1:
				t.Errorf("removed up to %d, want %d", after, last)
			}
			emit(t, st, f.Account.ID, 1, 10)
		}
	})
}

// TestRetentionOfDeliveries: what an active webhook has still to send outlives
// its event, though not for ever; what was sent goes with it.
func TestRetentionOfDeliveries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		now := noon
		w := core.Webhook{AccountID: f.Account.ID, URL: "https://one.test", Events: []string{core.AllEvents}, Enabled: true}
		err := st.InTx(t.Context(), f.Account.ID, func(ctx context.Context, tx store.Tx) error {
			if err := tx.InsertWebhook(ctx, &w); err != nil {
				return err
			}
			return tx.InsertDeliveries(ctx, []core.Delivery{
				{AccountID: w.AccountID, WebhookID: w.ID, Seq: 1, State: core.DeliveryDelivered, CreatedAt: now},
				{AccountID: w.AccountID, WebhookID: w.ID, Seq: 2, State: core.DeliveryOpen, CreatedAt: now},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		retention := feed.NewRetention(func() core.Time { return now }, 24*time.Hour)
		for _, c := range []struct {
			after core.Time
			want  int
		}{{23 * hour, 2}, {25 * hour, 1}, {30 * 24 * hour, 1}, {30*24*hour + hour, 0}} {
			now = noon + c.after
			if err := retention.Begin(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			work(t, st, &now, retention.Handlers())
			left, err := st.ListDeliveries(t.Context(), w.AccountID, w.ID, store.DeliveryQuery{Limit: 9})
			if err != nil || len(left) != c.want {
				t.Errorf("after %d hours: %+v, %v, want %d", c.after/hour, left, err, c.want)
			}
		}
	})
}

func work(t *testing.T, st store.Store, now *core.Time, handlers map[string]job.Handler) {
	t.Helper()
	err := job.NewRunner(st, func() core.Time { return *now }, testserver.Log(t), handlers, nil).Work(t.Context())
	if err != nil {
		t.Fatal(fmt.Errorf("work: %w", err))
	}
}
