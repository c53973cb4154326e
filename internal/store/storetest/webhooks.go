package storetest

import (
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// hook adds a webhook that is active.
func hook(e *env, account int64, url string) core.Webhook {
	w := core.Webhook{AccountID: account, URL: url, Events: []string{core.AllEvents}, Enabled: true}
	e.tx(account, func(tx store.Tx) error { return tx.InsertWebhook(e.ctx, &w) })
	return w
}

// say adds n events to the account's log.
func say(e *env, account int64, n int) {
	e.tx(account, func(tx store.Tx) error {
		for i := range n {
			tx.Emit(core.Event{AccountID: account, Type: core.LabelCreated, At: noon + core.Time(i), Data: core.Label{ID: 1}})
		}
		return nil
	})
}

// delivery returns a delivery with a value in every field.
func delivery(w *core.Webhook, seq int64, state core.DeliveryState) core.Delivery {
	d := filled[core.Delivery](seq)
	d.AccountID, d.WebhookID, d.Seq, d.State, d.CreatedAt = w.AccountID, w.ID, seq, state, noon+core.Time(seq)
	return d
}

func bare(all []core.Delivery) []core.Delivery {
	var heads []core.Delivery
	for _, d := range all {
		d.Body = ""
		heads = append(heads, d)
	}
	return heads
}

func delivered(all []core.Delivery) []int64 {
	var got []int64
	for i := range all {
		got = append(got, all[i].Seq)
	}
	return got
}

var webhookChecks = []check{
	{"Webhooks/UpdateWebhook and DeleteWebhook", func(e *env) {
		a, b := e.account().ID, e.account().ID
		w := hook(e, a, "https://one.test")
		for i, change := range fieldChanges(filled[core.Webhook](7)) {
			if change.name == "CreatedAt" {
				continue // it never changes
			}
			change.apply(&w)
			e.tx(a, func(tx store.Tx) error { return tx.UpdateWebhook(e.ctx, w) })
			e.same(change.name, must(e.st.Webhook(e.ctx, a, w.ID)), w)
			if p := must(e.st.WebhookPosition(e.ctx, a, w.ID)); p.Revision <= int64(i) {
				e.Errorf("%s: revision %d after %d changes", change.name, p.Revision, i+1)
			}
		}
		other := w
		other.AccountID = b
		e.refused("another's", b, core.NotFound, func(tx store.Tx) error { return tx.UpdateWebhook(e.ctx, other) })
		e.refused("another's", b, core.NotFound, func(tx store.Tx) error { return tx.DeleteWebhook(e.ctx, b, w.ID) })
		e.tx(a, func(tx store.Tx) error { return tx.DeleteWebhook(e.ctx, a, w.ID) })
		_, err := e.st.Webhook(e.ctx, a, w.ID)
		e.kind("deleted", err, core.NotFound)
		_, err = e.st.WebhookPosition(e.ctx, a, w.ID)
		e.kind("position", err, core.NotFound)
		e.tx(a, func(tx store.Tx) error {
			if ok, err := tx.AdvanceWebhook(e.ctx, store.WebhookPosition{AccountID: a, WebhookID: w.ID, Revision: 1}); ok || err != nil {
				e.Errorf("advanced what is gone: %v", err)
			}
			return nil
		})
	}},
	{"Webhooks/a position begins at the newest event and goes on", func(e *env) {
		a := e.account().ID
		say(e, a, 3)
		w := hook(e, a, "https://one.test")
		p := store.WebhookPosition{AccountID: a, WebhookID: w.ID, Seq: 3, Revision: 1}
		e.same("first", must(e.st.WebhookPosition(e.ctx, a, w.ID)), p)
		p.Seq, p.Failures, p.FailingSince, p.RetryAt = 4, 5, 6, 7
		e.tx(a, func(tx store.Tx) error {
			if ok, err := tx.AdvanceWebhook(e.ctx, p); !ok || err != nil {
				e.Errorf("advanced: %t, %v", ok, err)
			}
			return nil
		})
		e.same("advanced", must(e.st.WebhookPosition(e.ctx, a, w.ID)), p)
		e.tx(a, func(tx store.Tx) error { return tx.RestartWebhook(e.ctx, a, w.ID, 9) })
		restarted := store.WebhookPosition{AccountID: a, WebhookID: w.ID, Seq: 9, Revision: 2}
		e.same("restarted", must(e.st.WebhookPosition(e.ctx, a, w.ID)), restarted)
		e.tx(a, func(tx store.Tx) error {
			if ok, err := tx.AdvanceWebhook(e.ctx, p); ok || err != nil {
				e.Errorf("advanced from before the restart: %t, %v", ok, err)
			}
			return nil
		})
		e.same("as restarted", must(e.st.WebhookPosition(e.ctx, a, w.ID)), restarted)
		e.refused("none", a, core.NotFound, func(tx store.Tx) error { return tx.RestartWebhook(e.ctx, a, 99, 1) })
	}},
	{"Webhooks/ListBehindWebhooks brings those with something to do that nobody does", func(e *env) {
		a, b := e.account().ID, e.account().ID
		one, two := hook(e, a, "https://one.test"), hook(e, b, "https://two.test")
		off := core.Webhook{AccountID: a, URL: "https://off.test"}
		paused := core.Webhook{AccountID: a, URL: "https://paused.test", Enabled: true, PausedAt: noon}
		e.tx(a, func(tx store.Tx) error { return first(tx.InsertWebhook(e.ctx, &off), tx.InsertWebhook(e.ctx, &paused)) })
		behind := func(now core.Time) map[int64]bool {
			ids := map[int64]bool{}
			for _, p := range must(e.st.ListBehindWebhooks(e.ctx, now, 10)) {
				ids[p.WebhookID] = true
			}
			return ids
		}
		e.same("nothing happened", behind(noon), map[int64]bool{})
		say(e, a, 1)
		e.same("one", behind(noon), map[int64]bool{one.ID: true})
		say(e, b, 1)
		e.same("both", behind(noon), map[int64]bool{one.ID: true, two.ID: true})
		if n := len(must(e.st.ListBehindWebhooks(e.ctx, noon, 1))); n != 1 {
			e.Errorf("%d, want one", n)
		}
		e.tx(a, func(tx store.Tx) error { return tx.PutJob(e.ctx, store.DeliverOf(a, one.ID, noon)) })
		e.same("due", behind(noon), map[int64]bool{two.ID: true})
		e.same("in a while", behind(noon-1), map[int64]bool{one.ID: true, two.ID: true})
		j := found(e.st.FindJob(e.ctx, a, store.DeliverJob, fmt.Sprint(one.ID)))
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &j, noon+50)) {
				e.Errorf("not claimed")
			}
			return nil
		})
		e.same("held", behind(noon-1), map[int64]bool{two.ID: true})
		e.tx(b, func(tx store.Tx) error {
			_, err := tx.AdvanceWebhook(e.ctx, store.WebhookPosition{AccountID: b, WebhookID: two.ID, Revision: 1, RetryAt: noon + 1})
			return err
		})
		e.same("left alone", behind(noon), map[int64]bool{})
		e.same("its time has come", behind(noon+1), map[int64]bool{two.ID: true})
	}},
	{"Webhooks/deliveries and attempts keep every field", func(e *env) {
		a := e.account().ID
		w := hook(e, a, "https://one.test")
		var all []core.Delivery
		for seq := range int64(23) { // every size of statement
			all = append(all, delivery(&w, seq+1, []core.DeliveryState{core.DeliveryOpen, core.DeliveryDelivered, core.DeliveryFailed}[seq%3]))
		}
		attempts := []core.Attempt{}
		for n := range int64(3) {
			v := filled[core.Attempt](n)
			v.AccountID, v.WebhookID, v.Seq, v.Number = a, w.ID, 2, n+1
			attempts = append(attempts, v)
		}
		e.tx(a, func(tx store.Tx) error {
			return first(tx.InsertDeliveries(e.ctx, all), tx.InsertDeliveries(e.ctx, nil), tx.InsertAttempts(e.ctx, attempts))
		})
		e.same("one", must(e.st.Delivery(e.ctx, a, w.ID, 7)), all[6])
		for _, where := range [][2]int64{{a, 99}, {e.account().ID, w.ID}} {
			_, err := e.st.Delivery(e.ctx, where[0], where[1], 7)
			e.kind("another's", err, core.NotFound)
			e.same("another's", must(e.st.ListDeliveries(e.ctx, where[0], where[1], store.DeliveryQuery{Limit: 9})), []core.Delivery{})
		}
		if got := must(e.st.DeliveriesBySeq(e.ctx, a, w.ID, []int64{3, 5, 99})); len(got) != 2 || got[0].Body == "" {
			e.Errorf("by seq: %v", delivered(got))
		}
		e.same("open", delivered(must(e.st.ListOpenDeliveries(e.ctx, a, w.ID, 4, 3))), []int64{7, 10, 13})
		newest := must(e.st.ListDeliveries(e.ctx, a, w.ID, store.DeliveryQuery{Limit: 2}))
		e.same("newest", newest, bare([]core.Delivery{all[22], all[21]}))
		e.same("matching", delivered(must(e.st.ListDeliveries(e.ctx, a, w.ID, store.DeliveryQuery{
			State: core.DeliveryFailed, From: noon + 6, To: noon + 18, Before: 15, Type: all[11].EventType, Limit: 9,
		}))), []int64{12})
		e.same("between", delivered(must(e.st.ListDeliveries(e.ctx, a, w.ID, store.DeliveryQuery{State: core.DeliveryFailed, From: noon + 6, To: noon + 18, Before: 15, Limit: 9}))), []int64{12, 9, 6})
		e.same("attempts", must(e.st.ListAttempts(e.ctx, a, w.ID, 2, 1, 9)), attempts[1:])
		d := all[6]
		d.State, d.Status, d.Attempts, d.Failures, d.NextAt, d.FinishedAt = core.DeliveryFailed, 500, 9, 8, 7, 6
		gone := d
		gone.Seq = 99
		e.tx(a, func(tx store.Tx) error { return tx.UpdateDeliveries(e.ctx, []core.Delivery{gone, d}) })
		e.same("updated", must(e.st.Delivery(e.ctx, a, w.ID, 7)), d)
	}},
	{"Webhooks/OpenDeliveries opens what has ended, and with open the rest", func(e *env) {
		a := e.account().ID
		w := hook(e, a, "https://one.test")
		all := []core.Delivery{delivery(&w, 1, core.DeliveryDelivered), delivery(&w, 2, core.DeliveryOpen), delivery(&w, 3, core.DeliveryFailed), delivery(&w, 4, core.DeliveryFailed)}
		all[3].Body = ""
		e.tx(a, func(tx store.Tx) error { return tx.InsertDeliveries(e.ctx, all) })
		reopen := func(q store.DeliveryQuery, open bool) (n int) {
			e.tx(a, func(tx store.Tx) error { n = must(tx.OpenDeliveries(e.ctx, a, w.ID, q, open, noon)); return nil })
			return n
		}
		if n := reopen(store.DeliveryQuery{From: noon + 2, Limit: 9}, false); n != 1 {
			e.Errorf("%d opened", n)
		}
		want := all[2]
		want.State, want.Failures, want.NextAt, want.FinishedAt = core.DeliveryOpen, 0, noon, 0
		e.same("opened", must(e.st.Delivery(e.ctx, a, w.ID, 3)), want)
		e.same("as before", must(e.st.Delivery(e.ctx, a, w.ID, 2)), all[1])
		if p := must(e.st.WebhookPosition(e.ctx, a, w.ID)); p.Revision != 2 {
			e.Errorf("revision %d", p.Revision)
		}
		if n := reopen(store.DeliveryQuery{State: core.DeliveryOpen, Limit: 9}, true); n != 2 || must(e.st.Delivery(e.ctx, a, w.ID, 2)).Failures != 0 {
			e.Errorf("%d opened anew", n)
		}
		if n := reopen(store.DeliveryQuery{Limit: 2}, true); n != 2 {
			e.Errorf("%d opened, want two", n)
		}
	}},
	{"Webhooks/PruneDeliveries removes what is old", func(e *env) {
		a, b := e.account().ID, e.account().ID
		mine, other := hook(e, a, "https://one.test"), hook(e, b, "https://two.test")
		gone := core.Webhook{AccountID: a, ID: 77}
		for _, w := range []core.Webhook{mine, gone, other} {
			e.tx(w.AccountID, func(tx store.Tx) error {
				for seq := range int64(4) {
					err := first(tx.InsertDeliveries(e.ctx, []core.Delivery{delivery(&w, seq+1, core.DeliveryFailed)}),
						tx.InsertAttempts(e.ctx, []core.Attempt{{AccountID: w.AccountID, WebhookID: w.ID, Seq: seq + 1, Number: 1}}))
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		prune := func(limit, want int) {
			e.tx(a, func(tx store.Tx) error {
				if n := must(tx.PruneDeliveries(e.ctx, a, noon+4, noon, limit)); n != want {
					e.Errorf("%d removed, want %d", n, want)
				}
				return nil
			})
		}
		prune(4, 4)
		prune(4, 2)
		prune(4, 0)
		for _, w := range []core.Webhook{mine, gone, other} {
			n := len(must(e.st.ListAttempts(e.ctx, w.AccountID, w.ID, 1, 0, 9)))
			if left := delivered(must(e.st.ListDeliveries(e.ctx, w.AccountID, w.ID, store.DeliveryQuery{Limit: 9}))); (w.AccountID == a) != (len(left) == 1 && n == 0) {
				e.Errorf("webhook %d keeps %v and %d attempts", w.ID, left, n)
			}
		}
	}},
	{"Webhooks/PruneDeliveries leaves what active webhooks have still to send", func(e *env) {
		a := e.account().ID
		w, off := hook(e, a, "https://one.test"), hook(e, a, "https://off.test")
		off.PausedAt = noon
		e.tx(a, func(tx store.Tx) error { return tx.UpdateWebhook(e.ctx, off) })
		for _, w := range []core.Webhook{w, off, {AccountID: a, ID: 77}} { // the last one is deleted
			open := core.DeliveryOpen
			all := []core.Delivery{delivery(&w, 1, open), delivery(&w, 2, core.DeliveryDelivered), delivery(&w, 3, open), delivery(&w, 4, open)}
			e.tx(a, func(tx store.Tx) error { return tx.InsertDeliveries(e.ctx, all) })
		}
		prune := func(openBefore core.Time, want int, left ...int64) {
			e.Helper()
			e.tx(a, func(tx store.Tx) error {
				if n := must(tx.PruneDeliveries(e.ctx, a, noon+4, openBefore, 20)); n != want {
					e.Errorf("%d removed, want %d", n, want)
				}
				return nil
			})
			e.same("open", delivered(must(e.st.ListOpenDeliveries(e.ctx, a, w.ID, 0, 9))), left)
		}
		prune(noon+1, 7, 1, 3, 4)
		e.same("of what is paused", delivered(must(e.st.ListOpenDeliveries(e.ctx, a, off.ID, 0, 9))), []int64{4})
		prune(noon+3, 1, 3, 4)
		prune(noon+9, 1, 4) // never what is younger than the rest
	}},
	{"Webhooks/the log waits for active webhooks", func(e *env) {
		a := e.account().ID
		w := hook(e, a, "https://one.test")
		say(e, a, 5)
		kept := func(want int64) {
			e.tx(a, func(tx store.Tx) error { _, err := tx.PruneEvents(e.ctx, a, noon+100, 100); return err })
			if first := must(e.st.FirstEventSeq(e.ctx, a)); first != want {
				e.Errorf("kept from %d, want %d", first, want)
			}
		}
		kept(1)
		e.tx(a, func(tx store.Tx) error {
			_, err := tx.AdvanceWebhook(e.ctx, store.WebhookPosition{AccountID: a, WebhookID: w.ID, Revision: 1, Seq: 2})
			return err
		})
		kept(3)
		w.PausedAt = noon
		e.tx(a, func(tx store.Tx) error { return tx.UpdateWebhook(e.ctx, w) })
		kept(6)
	}},
}
