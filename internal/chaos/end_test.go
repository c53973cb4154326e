//go:build unix

package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/core"
	"parley/internal/service/feed"
	"parley/internal/service/integrity"
	"parley/internal/store"
)

// conclude writes the end, and waits until everybody has come to it.
func (w *world) conclude(ctx context.Context, t *testing.T) {
	t.Helper()
	w.awaitWoken(ctx, t)
	wr := &writer{t: t, name: "the last writer", url: "http://" + w.wire.Addr().String(), rng: w.source(), http: newHTTPClient(t)}
	w.writers = append(w.writers, wr)
	for i := range contacts {
		c := contactOf(i)
		if c.reads {
			wr.read(ctx, c)
		}
		for n := range i%5 + 1 {
			m := write{conversation: c.conversation, text: fmt.Sprintf("goodbye %d of %d", n, i), agent: true}
			if n == i%5 {
				m.text = fmt.Sprintf("%s of %d", goodbye, i)
			}
			wr.say(ctx, &m)
			wr.sent = append(wr.sent, m)
		}
	}
	wr.insist(ctx, "/v1/labels", "the end", fmt.Sprintf(`{"title":%q}`, theEnd), nil)
	w.written.finish()
	w.following.Wait()
	direct := w.wire.servers[0]
	for i := range contacts {
		var unread jsonText
		w.ask(ctx, t, direct, http.MethodGet, fmt.Sprint("/v1/contacts/", contactOf(i).id, "/unread"), "", &unread)
		w.unread[i] = string(unread)
	}
	for _, k := range w.watches {
		k.await(ctx, w.unread[k.contact-contactOf(0).id])
	}
	w.unwatch()
	w.watching.Wait()
	w.awaitDelivered(ctx, t, direct)
}

// jsonText is an answer as it is.
type jsonText string

// UnmarshalJSON implements json.Unmarshaler.
func (j *jsonText) UnmarshalJSON(b []byte) error {
	*j = jsonText(b)
	return nil
}

// eventually asks until it holds.
func eventually(ctx context.Context, t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// awaitWoken waits until no conversation is snoozed.
func (w *world) awaitWoken(ctx context.Context, t *testing.T) {
	t.Helper()
	eventually(ctx, t, "all conversations are awake", func() bool {
		var list struct{ Data []struct{ ID int64 } }
		w.ask(ctx, t, w.wire.servers[0], http.MethodGet, "/v1/conversations?status=snoozed", "", &list)
		return len(list.Data) == 0
	})
}

// awaitDelivered waits until the webhook has everything.
func (w *world) awaitDelivered(ctx context.Context, t *testing.T, addr string) {
	t.Helper()
	last := w.clients[0].ids[len(w.clients[0].ids)-1]
	eventually(ctx, t, "the webhook has everything", func() bool {
		w.receiver.mu.Lock()
		arrived := false
		for _, a := range w.receiver.events {
			arrived = arrived || a.event == last
		}
		w.receiver.mu.Unlock()
		if !arrived {
			return false
		}
		var open struct{ Data []struct{ ID int64 } }
		w.ask(ctx, t, addr, http.MethodGet, fmt.Sprintf("/v1/webhooks/%d/deliveries?status=open&limit=1", w.hook), "", &open)
		return len(open.Data) == 0
	})
}

// history is the log as it is stored, from where everybody began.
type history struct {
	events []core.Event
	seqs   map[string]int64 // by id
}

// history reads the log, which has no gap.
func (w *world) history(t *testing.T, st store.Store) history {
	t.Helper()
	key, err := app.IDKey(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	cursors, err := feed.NewCursors(key)
	if err != nil {
		t.Fatal(err)
	}
	at, ok := cursors.Open(accountID, w.begin)
	if !ok {
		t.Fatal("the cursor of the beginning cannot be opened")
	}
	h := history{seqs: map[string]int64{}}
	for {
		page, err := st.ListEvents(t.Context(), accountID, at.Seq, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return h
		}
		for i := range page {
			e := &page[i]
			if e.Seq != at.Seq+1 || e.Epoch != at.Epoch {
				t.Fatalf("behind event %d the log has event %d, of epoch %s", at.Seq, e.Seq, e.Epoch)
			}
			at.Seq = e.Seq
			h.seqs[cursors.Seal(accountID, at)] = e.Seq
		}
		h.events = append(h.events, page...)
	}
}

// of returns the numbers of the events that somebody sees.
func (h *history) of(sees func(e *core.Event) bool) []int64 {
	var seqs []int64
	for i := range h.events {
		if sees(&h.events[i]) {
			seqs = append(seqs, h.events[i].Seq)
		}
	}
	return seqs
}

// sees tells whether the client may see the event.
func (c *client) sees(e *core.Event) bool {
	switch {
	case c.contact != 0:
		// The contact's own messages and reads, and what staff say to the contact;
		// not their notes.
		read, isRead := e.Data.(core.ReadChange)
		return e.ContactID == c.contact && (e.Type == core.MessageCreated || isRead && read.Reader == core.ContactSide)
	case c.agent:
		return e.InboxID == 0 || e.InboxID == firstBox+1
	}
	return true
}

// verify holds what everybody has against what is stored.
func (w *world) verify(t *testing.T, st store.Store) {
	t.Helper()
	if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Errorf("doctor: %s", f) }); err != nil {
		t.Errorf("doctor: %v", err)
	}
	h := w.history(t, st)
	for _, c := range w.clients {
		got := make([]int64, len(c.ids))
		for i, id := range c.ids {
			got[i] = h.seqs[id]
		}
		same(t, c.name, got, h.of(c.sees))
	}
	w.verifyMessages(t, st)
	w.verifyWebhook(t, st, &h)
	woken := map[int64]int{}
	for i := range h.events {
		if change, ok := h.events[i].Data.(core.ConversationChange); ok && change.Cause == core.CauseSnooze {
			woken[h.events[i].ConversationID]++
		}
	}
	for i := range sleepers {
		if n := woken[sleeperOf(i)]; n != 1 {
			t.Errorf("conversation %d was woken %d times", sleeperOf(i), n)
		}
	}
}

// same compares numbers of events.
func same(t *testing.T, who string, got, want []int64) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i == len(got):
			t.Errorf("%s has %d events of %d, and not %d", who, len(got), len(want), want[i])
		case i == len(want) || got[i] != want[i]:
			t.Errorf("%s has event %d in place %d of %d, want %v", who, got[i], i, len(want), want[i:min(i+1, len(want))])
		default:
			continue
		}
		return
	}
}

// verifyMessages looks for each message where it was written: once when there
// was an answer, else once or never. What contacts have not read is counted
// anew.
func (w *world) verifyMessages(t *testing.T, st store.Store) {
	t.Helper()
	stored := map[string][]core.Entry{}
	unread := [contacts]int{}
	for i := range contacts {
		q := store.EntryQuery{ConversationIDs: []int64{contactOf(i).conversation}, Limit: 500}
		for {
			page, err := st.ListEntries(t.Context(), accountID, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				stored[e.Content] = append(stored[e.Content], e)
				switch {
				case e.Kind != core.Message:
				case e.Sender.Type == core.ActorAgent:
					unread[i]++
				default:
					unread[i] = 0 // who answers has read
				}
			}
			if len(page) < q.Limit {
				break
			}
			q.After = page[len(page)-1].Position
		}
		if c := contactOf(i); c.reads {
			unread[i] = i%5 + 1 // all before was read
		}
		want := fmt.Sprintf(`{"total":%d,"conversations":[{"id":%d,"unread":%d}]}`, unread[i], contactOf(i).conversation, unread[i])
		if w.unread[i] != want {
			t.Errorf("contact %d has not read %s, want %s", i, w.unread[i], want)
		}
	}
	for _, wr := range w.writers {
		for _, m := range wr.sent {
			found := stored[m.text]
			delete(stored, m.text)
			if m.id == 0 && len(found) == 0 {
				continue
			}
			if len(found) != 1 || m.id != 0 && found[0].ID != m.id || found[0].ConversationID != m.conversation {
				t.Errorf("%+v is stored as %+v", m, found)
			}
		}
	}
	for text := range stored {
		t.Errorf("%q was written by nobody", text)
	}
}

// verifyWebhook looks for each event at the receiver, in order within each
// conversation, and for its one delivery in the ledger.
func (w *world) verifyWebhook(t *testing.T, st store.Store, h *history) {
	t.Helper()
	all := h.of(func(*core.Event) bool { return true })
	arrived := make([]int64, 0, len(all))
	last := map[string]int64{}
	for _, id := range w.receiver.order {
		a := w.receiver.events[id]
		seq := h.seqs[a.event]
		arrived = append(arrived, seq)
		if a.conversation != "" && seq < last[a.conversation] {
			t.Errorf("event %d of conversation %s arrived behind %d", seq, a.conversation, last[a.conversation])
		}
		last[a.conversation] = max(seq, last[a.conversation])
	}
	slices.Sort(arrived)
	// The webhook is older than the beginning, and hears of it.
	arrived = slices.DeleteFunc(arrived, func(seq int64) bool { return seq == 0 })
	same(t, "the receiver", arrived, all)
	var ledger []int64
	q := store.DeliveryQuery{Limit: 1000, After: all[0] - 1}
	for {
		page, err := st.ListDeliveries(t.Context(), accountID, w.hook, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			d := &page[i]
			if d.State != core.DeliveryDelivered || w.receiver.events[d.MessageID].event == "" {
				t.Errorf("delivery %+v", d)
			}
			ledger = append(ledger, d.Seq)
		}
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].Seq
	}
	slices.Reverse(ledger)
	same(t, "the ledger", ledger, all)
}

// summary tells what the run was like, which must have been bad enough.
func (w *world) summary(t *testing.T, kills int, began time.Time) {
	t.Helper()
	var events, repeats, resyncs, connects, again, unknown, same int
	for _, c := range w.clients {
		events, repeats, resyncs, connects = events+len(c.ids), repeats+c.repeats, resyncs+c.resyncs, connects+c.connects
	}
	for _, k := range w.watches {
		connects, same = connects+k.connects, same+k.same
	}
	for _, wr := range w.writers {
		again, unknown = again+wr.repeated, unknown+wr.unknown
	}
	r := w.receiver
	t.Logf("%d events seen by %d clients on %d connections, %d cuts, %d kills, %d repeats dropped, %d resyncs; %d writes sent again, %d unknown; "+
		"%d polls unchanged; webhook: %d events, %d refused, %d held, %d cuts, %d repeats; %.1f s",
		events, len(w.clients)+len(w.watches), connects, w.wire.cutCount(), kills, repeats, resyncs, again, unknown,
		same, len(r.order), r.refused.get(), r.held.get(), r.cutCount(), r.repeats, time.Since(began).Seconds())
	if repeats == 0 || w.wire.cutCount() == 0 || r.refused.get() == 0 {
		t.Error("that proves little")
	}
}
