package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/service/webhook"
	"parley/internal/store"
)

// TestDelivery: what is wanted arrives, signed, and stands in the ledger.
func TestDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		x.now.Store(int64(core.TimeOf(time.Now())))
		x.say(core.LabelCreated, 0) // before there is a webhook
		r := newReceiver(x)
		r.does(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte("thank you\x00" + strings.Repeat("x", 5000)))
		})
		w := x.add(r.URL + "/in?x=1") // event 2
		x.work(0)
		x.expect("nothing is wanted yet", r.got(), nil, nil, false)
		x.say(core.LabelCreated, 0, 0)
		x.say(core.LabelUpdated, 0) // not wanted
		x.say(core.LabelCreated, 5)
		x.work(0)
		calls := r.got()
		x.expect("wanted", calls, []int64{3, 4, 6}, []int64{0, 0, 5}, true)
		for _, c := range calls {
			x.verified(c, true, w.Secret)
			x.verified(c, false, "whsec_"+strings.Repeat("A", 44))
			if c.head.Get("Content-Type") != "application/json; charset=utf-8" || c.head.Get("User-Agent") == "" {
				x.Errorf("headers %v", c.head)
			}
			c.body += " "
			x.verified(c, false, w.Secret)
		}
		all := x.ledger(w.ID)
		if len(all) != 3 || all[0].MessageID == all[1].MessageID || all[2].ConversationID != 5 || all[2].Status != 202 || all[2].Attempts != 1 || !all[2].FinishedAt.IsSet() {
			x.Errorf("ledger %+v", all)
		}
		if d, err := x.webhooks.Delivery(x.Context(), x.account, w.ID, 6); err != nil || !slices.Contains(bodies(calls), d.Body) {
			x.Errorf("stored %+v, %v", d, err)
		}
		a := x.attempts(w.ID, 3)
		if len(a) != 1 || a[0].Status != 202 || len(a[0].Answer) < 1000 || len(a[0].Answer) > 1100 || !strings.HasPrefix(a[0].Answer, "thank you\uFFFDx") {
			x.Errorf("attempts %+v", a)
		}
		x.work(0)
		x.expect("once", r.got(), nil, nil, false)
		if _, there, err := x.st.FindJob(x.Context(), x.account, store.DeliverJob, fmt.Sprint(w.ID)); there || err != nil {
			x.Errorf("a job is left: %t, %v", there, err)
		}
	})
}

// TestUnwanted: a webhook comes to the end of the log, whatever of it is not
// for it: nobody works for it until something happens, and the log need not wait.
func TestUnwanted(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		for _, events := range [][]core.EventType{
			{core.LabelUpdated}, {core.LabelCreated, core.LabelUpdated}, {core.TeamCreated}, {core.TeamCreated, core.LabelCreated},
		} {
			for _, typ := range events {
				x.say(typ, 0)
			}
			x.work(0)
			a, err := x.st.Account(x.Context(), x.account)
			if err != nil {
				x.Fatal(err)
			}
			if p, err := x.st.WebhookPosition(x.Context(), x.account, w.ID); err != nil || p.Seq != a.EventSeq {
				x.Errorf("after %v: position %+v, %v, want it at %d", events, p, err, a.EventSeq)
			}
			if n, err := x.nodes[0].Find(x.Context()); n != 0 || err != nil {
				x.Errorf("after %v: %d webhooks have something to send, %v", events, n, err)
			}
		}
		x.expect("wanted", r.got(), []int64{3, 7}, []int64{0, 0}, true)
		x.now.Add(int64(hour))
		err := x.st.InTx(x.Context(), x.account, func(ctx context.Context, tx store.Tx) error {
			n, err := tx.PruneEvents(ctx, x.account, x.clock(), 100)
			if n != 7 {
				x.Errorf("%d events removed, want all 7", n)
			}
			return err
		})
		if err != nil {
			x.Fatal(err)
		}
	})
}

// TestRotation: during the overlap both secrets accept what is sent; a format's
// own headers know the new one alone.
func TestRotation(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		x.now.Store(int64(core.TimeOf(time.Now())))
		r := newReceiver(x)
		first := x.add(r.URL)
		second, err := x.webhooks.RotateSecret(x.Context(), admin, x.account, first.ID, nil, time.Minute)
		if err != nil {
			x.Fatal(err)
		}
		x.say(core.LabelCreated, 0)
		x.work(0)
		both := r.got()[0]
		x.verified(both, true, first.Secret, second.Secret)
		x.told(both, second.Secret)
		x.say(core.LabelCreated, 0)
		x.later(minute)
		after := r.got()[0]
		x.verified(after, true, second.Secret)
		x.verified(after, false, first.Secret)
		third, err := x.webhooks.RotateSecret(x.Context(), admin, x.account, first.ID, nil, 0)
		if err != nil {
			x.Fatal(err)
		}
		x.say(core.LabelCreated, 0)
		x.work(0)
		last := r.got()[0]
		x.verified(last, true, third.Secret)
		x.told(last, third.Secret)
		x.verified(last, false, second.Secret)
		if _, err := x.webhooks.RotateSecret(x.Context(), admin, x.account, first.ID, nil, webhook.MaxOverlap+1); core.KindOf(err) != core.Invalid {
			x.Errorf("overlap too long: %v", err)
		}
	})
}

// TestOrder: what failed holds up its own conversation and nothing else, and
// arrives with the same id before what came later.
func TestOrder(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		r.does(func(w http.ResponseWriter, _ *http.Request) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if strings.Contains(r.calls[len(r.calls)-1].body, `"seq":2,`) {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		r.Config.SetKeepAlivesEnabled(false) // one call at a time, so that the last one is this one
		x.say(core.LabelCreated, 8)          // event 2
		x.work(0)
		first := r.got()
		x.say(core.LabelCreated, 8, 8, 9, 8)
		x.work(0)
		x.expect("the other conversation", r.got(), []int64{5}, []int64{9}, false)
		x.same("waiting", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryOpen: 4, core.DeliveryDelivered: 1})
		r.does(nil)
		x.later(6 * second)
		again := r.got()
		x.expect("in order", again, []int64{2, 3, 4, 6}, []int64{8, 8, 8, 8}, false)
		if len(first) == 0 || len(again) == 0 || first[0].id != again[0].id {
			x.Errorf("the id changed: %v, %v", first, again)
		}
		if a := x.attempts(w.ID, 2); len(a) != 2 || a[0].Status != 500 || a[1].Status != 200 || a[1].Number != 2 {
			x.Errorf("attempts %+v", a)
		}
	})
}

// TestRetries: one event that a receiver does not take is tried for three days
// and given up; others go on.
func TestRetries(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		x.say(core.LabelCreated, 8, 8) // events 2, 3
		begun := x.clock()
		r.fails(http.StatusInternalServerError)
		x.work(0)
		for x.states(w.ID)[core.DeliveryFailed] == 0 && x.clock() < begun+100*hour {
			d := x.ledger(w.ID)[0]
			// Something else arrives, so the receiver is well.
			r.does(nil)
			x.say(core.LabelCreated, 0)
			x.work(0)
			r.fails(http.StatusInternalServerError)
			x.later(d.NextAt - x.clock())
		}
		took := (x.clock() - begun) / hour
		if took < 64 || took > 80 || len(x.attempts(w.ID, 2)) != 14 {
			x.Errorf("given up after %d hours and %d attempts", took, len(x.attempts(w.ID, 2)))
		}
		if x.hook(w.ID).PausedAt.IsSet() {
			x.Error("paused though others arrived")
		}
		r.does(nil)
		r.got()
		x.later(minute)
		x.expect("the next of the conversation", r.got(), []int64{3}, []int64{8}, false)
	})
}

// TestPause: a receiver that is dead for days is tried one call at a time, then
// given up with an event, and gets everything when it is resumed.
func TestPause(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		url := r.URL
		r.fails(http.StatusBadGateway)
		x.say(core.LabelCreated, 1, 2, 3, 4, 5, 6, 7, 1)
		begun := x.clock()
		x.work(0)
		calls := 0
		for !x.hook(w.ID).PausedAt.IsSet() {
			if x.clock() > begun+80*hour {
				x.Fatal("never paused")
			}
			x.later(20 * minute)
			n := len(r.got())
			if calls += n; n > 8 {
				x.Errorf("%d calls at once to a receiver that is dead", n)
			}
		}
		w = x.hook(w.ID)
		if took := (x.clock() - begun) / hour; took < 70 || took > 74 || w.PausedReason != core.PausedFailing || w.URL != url {
			x.Errorf("paused after %d hours: %+v", took, w)
		}
		events, err := x.st.ListEventsOf(x.Context(), x.account, store.EventQuery{Types: []core.EventType{core.WebhookPaused}, Limit: 9, Scan: 1000})
		if err != nil || len(events.Events) != 1 {
			x.Fatalf("%v, %v", events, err)
		}
		if told, ok := events.Events[0].Data.(core.Webhook); !ok || told.PausedReason != core.PausedFailing {
			x.Errorf("told %+v", events.Events[0].Data)
		}
		x.say(core.LabelCreated, 1)
		x.later(hour)
		x.expect("while paused", r.got(), nil, nil, false)
		if err := x.webhooks.Test(x.Context(), admin, x.account, w.ID, nil); core.KindOf(err) != core.Conflict {
			x.Errorf("tested while paused: %v", err)
		}
		r.does(nil)
		if w, err = x.webhooks.Resume(x.Context(), admin, x.account, w.ID, nil); err != nil || w.PausedAt.IsSet() || w.PausedReason != "" {
			x.Errorf("resumed %+v, %v", w, err)
		}
		x.work(0)
		open := 0
		for _, d := range x.ledger(w.ID) {
			if d.State == core.DeliveryOpen {
				open++
			}
		}
		if got := r.got(); open != 0 || len(got) < 2 || !strings.Contains(got[len(got)-1].body, `"conversation":1`) {
			x.Errorf("%d open, got %v", open, bodies(got))
		}
	})
}

// TestPauseAfterGivenUp: days in which there was nothing to send are not days in
// which a receiver failed.
func TestPauseAfterGivenUp(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		r.fails(http.StatusBadRequest)
		x.say(core.LabelCreated, 0)
		x.work(0)
		begun, other := x.clock(), false
		for d := x.ledger(w.ID)[0]; d.State == core.DeliveryOpen && x.clock() < begun+100*hour; d = x.ledger(w.ID)[0] {
			if d.Attempts == 10 && !other { // something arrives after a day, so this one is given up before it is three
				r.does(nil)
				x.say(core.LabelCreated, 0)
				x.later(10 * minute)
				r.fails(http.StatusBadRequest)
				other = true
			}
			x.later(max(d.NextAt-x.clock(), minute))
		}
		x.later(30 * 24 * hour)
		r.fails(http.StatusServiceUnavailable)
		x.say(core.LabelCreated, 0)
		x.work(0)
		if w := x.hook(w.ID); w.PausedAt.IsSet() {
			x.Errorf("paused by one attempt that failed: %+v", w)
		}
		r.does(nil)
		x.later(minute)
		x.same("in the end", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryFailed: 1, core.DeliveryDelivered: 2})
	})
}

// TestOffAndOn: a webhook that is switched off and on during an attempt does not
// hear of what happened in between, and the attempt is noted.
func TestOffAndOn(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		r.does(func(_ http.ResponseWriter, req *http.Request) {
			r.does(nil)
			for _, on := range []bool{false, true} {
				_, err := x.webhooks.Update(req.Context(), admin, x.account, w.ID, func(w *core.Webhook) error { w.Enabled = on; return nil })
				if err != nil {
					x.Error(err)
				}
				x.say(core.LabelCreated, 9) //nolint:contextcheck // it has a context of its own; events 4, 6
			}
		})
		x.say(core.LabelCreated, 8) // event 2
		x.work(0)
		calls := r.got()
		x.expect("but for what happened while it was off", calls, []int64{2, 6}, []int64{8, 9}, false)
		x.same("ledger", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 2})
	})
}

// TestReceiversThatMisbehave: whatever is no success is tried again, and says
// what it was.
func TestReceiversThatMisbehave(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		elsewhere := newReceiver(x)
		w := x.add(r.URL)
		for _, c := range []struct {
			answer http.HandlerFunc
			status int64
			why    string
		}{
			{func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, elsewhere.URL, http.StatusPermanentRedirect)
			}, 308, ""},
			{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, 429, ""},
			{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "the connection failed"},
			{func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = w.Write([]byte("broken"))
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, 200, ""},
		} {
			x.say(core.LabelCreated, 0)
			r.does(c.answer)
			x.work(0)
			all := x.ledger(w.ID)
			last := all[len(all)-1]
			a := x.attempts(w.ID, last.Seq)
			if len(a) != 1 || a[0].Status != c.status || a[0].Error != c.why || (c.status == 200) != (last.State == core.DeliveryDelivered) {
				x.Errorf("%d %s: %+v, %+v", c.status, c.why, last, a)
			}
			r.does(nil)
			x.later(10 * second)
		}
		x.same("all arrive", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 4})
		if n := len(elsewhere.got()); n != 0 {
			x.Errorf("%d calls followed a redirect", n)
		}
		r.Close() // nobody listens
		x.say(core.LabelCreated, 0)
		x.work(0)
		x.same("nobody listens", x.states(w.ID), map[core.DeliveryState]int{core.DeliveryDelivered: 4, core.DeliveryOpen: 1})
	})
}

// TestGone: a receiver that says so is not called again.
func TestGone(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		r.fails(http.StatusGone)
		x.say(core.LabelCreated, 0)
		x.work(0)
		if w = x.hook(w.ID); !w.PausedAt.IsSet() || w.PausedReason != core.PausedGone {
			x.Errorf("got %+v", w)
		}
		r.got()
		x.later(24 * hour)
		x.expect("later", r.got(), nil, nil, false)
	})
}

// TestReplay: one delivery, or all of a time, are sent again as they were.
func TestReplay(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r := newReceiver(x)
		w := x.add(r.URL)
		x.say(core.LabelCreated, 8, 8)
		x.work(0)
		x.now.Add(int64(minute))
		x.say(core.LabelCreated, 8)
		x.say(core.LabelDeleted, 8) // which cannot be rendered
		x.work(0)
		before := r.got()
		x.expect("first", before, []int64{2, 3, 4}, []int64{8, 8, 8}, false)
		if err := x.webhooks.Replay(x.Context(), x.account, w.ID, 3); err != nil {
			x.Fatal(err)
		}
		x.work(0)
		again := r.got()
		x.expect("one", again, []int64{3}, []int64{8}, false)
		if again[0].id != before[1].id {
			x.Errorf("id %s, before %s", again[0].id, before[1].id)
		}
		if a := x.attempts(w.ID, 3); len(a) != 2 || a[1].Number != 2 {
			x.Errorf("attempts %+v", a)
		}
		n, err := x.webhooks.ReplayRange(x.Context(), x.account, w.ID, store.DeliveryQuery{From: x.clock() - minute, To: x.clock(), Limit: 10})
		if err != nil || n != 2 {
			x.Errorf("%d again, %v", n, err)
		}
		x.work(0)
		x.expect("of a time", r.got(), []int64{2, 3}, []int64{8, 8}, false)
		if d, err := x.webhooks.Delivery(x.Context(), x.account, w.ID, 5); err != nil || d.State != core.DeliveryFailed || d.Body != "" {
			x.Errorf("%+v, %v", d, err)
		}
		if err := x.webhooks.Replay(x.Context(), x.account, w.ID, 5); core.KindOf(err) != core.Conflict {
			x.Errorf("replayed what has no body: %v", err)
		}
		if err := x.webhooks.Replay(x.Context(), x.account, w.ID, 99); core.KindOf(err) != core.NotFound {
			x.Errorf("replayed nothing: %v", err)
		}
	})
}

// TestSwitches: a test goes to one webhook alone; one that is off hears nothing,
// and from then on when it is on again; a deleted one is left alone.
func TestSwitches(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		r, other := newReceiver(x), newReceiver(x)
		w, o := x.add(r.URL), x.add(other.URL) // events 1, 2
		if err := x.webhooks.Test(x.Context(), admin, x.account, w.ID, nil); err != nil {
			x.Fatal(err)
		}
		x.work(0)
		if got := bodies(r.got()); len(got) != 1 || !strings.Contains(got[0], "webhook.tested") || len(other.got()) != 0 {
			x.Errorf("tested: %v", got)
		}
		enable := func(on bool) {
			_, err := x.webhooks.Update(x.Context(), admin, x.account, w.ID, func(w *core.Webhook) error { w.Enabled = on; return nil })
			if err != nil {
				x.Fatal(err)
			}
		}
		enable(false)
		x.say(core.LabelCreated, 0)
		x.work(0)
		enable(true)
		x.say(core.LabelCreated, 0) // event 7
		x.work(0)
		x.expect("on again", r.got(), []int64{7}, []int64{0}, false)
		x.expect("the other", other.got(), []int64{5, 7}, []int64{0, 0}, true)
		if err := x.webhooks.Delete(x.Context(), admin, x.account, o.ID, nil); err != nil {
			x.Fatal(err)
		}
		x.say(core.LabelCreated, 0)
		x.work(0)
		x.expect("deleted", other.got(), nil, nil, false)
		if _, err := x.webhooks.Deliveries(x.Context(), x.account, o.ID, store.DeliveryQuery{Limit: 1}); core.KindOf(err) != core.NotFound {
			x.Errorf("a ledger of nothing: %v", err)
		}
	})
}
