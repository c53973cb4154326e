package live_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/service/feed"
	"parley/internal/store"
)

// TestRenderedOnce: however many read an event in the same view, it is rendered
// once for all of them.
func TestRenderedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var readers []*reader
		for i := range 6 {
			v := feed.Viewer{}
			if i%2 == 0 {
				v.AgentID = w.Agent.ID
			}
			r := w.reader(v, feed.Query{})
			r.until(t, w.head(t).Seq)
			defer r.cut(false)
			readers = append(readers, r)
		}
		w.emit(t, w.said(w.Ask))
		cursors := map[string]bool{}
		for _, r := range readers {
			<-r.wake
			b, err := r.sub.Next(t.Context())
			if err != nil || len(b.Events) != 1 {
				t.Fatalf("got %d events, %v", len(b.Events), err)
			}
			if _, err := b.Events[0].Body(r.sub.View()); err != nil {
				t.Fatal(err)
			}
			cursors[b.Events[0].Cursor()] = true
			cursors[r.sub.Cursor()] = true
		}
		if n := w.renders.Load(); n != 2 {
			t.Errorf("rendered %d times for two views", n)
		}
		if len(cursors) != 1 {
			t.Errorf("cursors %v, want one", cursors)
		}
	})
}

// TestNoCursor: who comes without one gets what happens from now on.
func TestNoCursor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.open(t)
		defer r.cut(false)
		last := w.emit(t, w.said(w.Ask))
		r.until(t, last)
		if !slices.Equal(r.got, []int64{last}) {
			t.Errorf("got %v, want %d alone", r.got, last)
		}
	})
}

// TestResync: readers are told when their place, or what they know, is of no use
// any more.
func TestResync(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		lost := func(r *reader, what string, why feed.Reason) {
			t.Helper()
			var resync *feed.Resync
			if err := r.ended(t); !errors.As(err, &resync) || resync.Reason != why || resync.Next != w.head(t) {
				t.Errorf("%s: %+v, want %s at %+v", what, err, why, w.head(t))
			}
			r.cut(false)
		}
		head := w.head(t)
		r := w.reader(feed.Viewer{}, feed.Query{After: &feed.Position{Epoch: head.Epoch, Seq: head.Seq + 1}})
		r.open(t)
		lost(r, "a place that is not reached", feed.Unknown)
		r = w.reader(feed.Viewer{}, feed.Query{After: &feed.Position{Epoch: "another", Seq: head.Seq}})
		r.open(t)
		lost(r, "a place of another history", feed.OtherEpoch)

		live := func(v feed.Viewer) *reader {
			r := w.reader(v, feed.Query{})
			r.until(t, w.head(t).Seq)
			return r
		}
		// An identity moves from one contact to another.
		from, to, agent := live(feed.Viewer{ContactID: w.Ask.ContactID}), live(feed.Viewer{ContactID: w.Ada.ID}), live(feed.Viewer{AgentID: w.Agent.ID})
		w.emit(t, core.Event{
			AccountID: w.Account.ID, Type: core.IdentityMoved, At: noon, ContactID: w.Ada.ID,
			Data: core.IdentityMove{Identity: core.Identity{ContactID: w.Ada.ID}, FromContactID: w.Ask.ContactID},
		})
		lost(from, "who has lost conversations", feed.Moved)
		lost(to, "who has got them", feed.Moved)
		agent.until(t, w.head(t).Seq)
		// The log cannot be read for so long that it is pruned.
		w.store.set(func() { w.store.unfollowable = true })
		w.emit(t, w.said(w.Ask), w.said(w.Ask))
		err := w.store.InTx(t.Context(), w.Account.ID, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.PruneEvents(ctx, w.Account.ID, core.Time(1)<<62, 1000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.store.set(func() { w.store.unfollowable = false })
		w.emit(t, w.said(w.Ask))
		lost(agent, "who missed what is gone", feed.TooOld)
		// An import begins another history.
		r = live(feed.Viewer{})
		a, err := w.store.Account(t.Context(), w.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		a.Epoch = "epoch-2"
		err = w.store.InTx(t.Context(), a.ID, func(ctx context.Context, tx store.Tx) error {
			tx.Emit(w.said(w.Ask))
			return tx.UpdateAccount(ctx, a)
		})
		if err != nil {
			t.Fatal(err)
		}
		lost(r, "who was in the other history", feed.OtherEpoch)
	})
}

// TestReadsAgain: a log that could not be read is read when the clock has gone
// on, without another commit.
func TestReadsAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.until(t, w.head(t).Seq)
		defer r.cut(false)
		refused := make(chan struct{})
		w.store.set(func() { w.store.unfollowable, w.store.refused = true, refused })
		last := w.emit(t, w.said(w.Ask))
		<-refused
		w.store.set(func() { w.store.unfollowable = false })
		for len(r.got) == 0 {
			w.hub.Tick()
			r.next(t)
		}
		if !slices.Equal(r.got, []int64{last}) {
			t.Errorf("got %v, want %d", r.got, last)
		}
	})
}

// TestAccess: what the log tells of who may read holds from that very event on,
// and everything before it is delivered as it was.
func TestAccess(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inboxes := []int64{w.Ask.InboxID}
		var refused error
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.request.TokenID = 7
		r.request.Access = func(context.Context) (live.Access, error) {
			return live.Access{Viewer: feed.Viewer{AccountID: w.Account.ID, AgentID: w.Agent.ID, InboxIDs: inboxes}, Expires: noon + 60*second}, refused
		}
		r.until(t, w.head(t).Seq)
		elsewhere := w.said(w.Ask)
		elsewhere.InboxID = w.Mail.ID
		before := w.emit(t, w.said(w.Ask), elsewhere)
		for !slices.Contains(r.got, before-1) {
			<-r.wake
			r.next(t)
		}
		inboxes = []int64{w.Mail.ID}
		last := w.emit(t, w.said(w.Ask), core.Event{AccountID: w.Account.ID, Type: core.InboxUpdated, At: noon, Data: core.InboxChange{Inbox: core.Inbox{ID: w.Mail.ID}}}, w.said(w.Ask), elsewhere)
		r.until(t, last)
		if want := []int64{before - 1, last - 3, last - 2, last}; !slices.Equal(r.got, want) {
			t.Errorf("got %v, want %v", r.got, want)
		}
		revoked := func(token int64) core.Event {
			return core.Event{AccountID: w.Account.ID, Type: core.TokenRevoked, At: noon, Data: core.Token{ID: token}}
		}
		refused = &core.Error{Kind: core.Unauthenticated, Message: "revoked"}
		r.got = nil
		last = w.emit(t, revoked(8), elsewhere)
		r.until(t, last)
		if !slices.Equal(r.got, []int64{last}) {
			t.Errorf("another's token was revoked: got %v, want %d", r.got, last)
		}
		w.emit(t, elsewhere, revoked(7), elsewhere)
		if err := r.ended(t); !errors.Is(err, refused) || r.got[len(r.got)-1] != last+1 {
			t.Errorf("the token was revoked: got %v, %v", r.got, err)
		}
		r.cut(false)
		if _, err := w.hub.Subscribe(t.Context(), r.request); !errors.Is(err, refused) {
			t.Errorf("subscribed with a revoked token: %v", err)
		}
		// Nothing revokes it, but its time ends.
		refused, r.at = nil, nil
		r.until(t, w.head(t).Seq)
		w.now.Store(int64(noon + 60*second - 1))
		w.hub.Tick()
		r.next(t)
		w.now.Store(int64(noon + 60*second))
		w.hub.Tick()
		if err := r.ended(t); core.KindOf(err) != core.Unauthenticated {
			t.Errorf("the token has expired: %v", err)
		}
		r.cut(false)
	})
}

// TestAccessChangesMeanwhile: a change that comes while access is being asked is
// asked about again.
func TestAccessChangesMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		probe := w.reader(feed.Viewer{}, feed.Query{})
		probe.until(t, w.head(t).Seq)
		defer probe.cut(false)
		asked, inboxes := 0, []int64{w.Ask.InboxID}
		change := func() int64 {
			return w.emit(t, core.Event{AccountID: w.Account.ID, Type: core.AgentUpdated, At: noon, Data: core.Agent{ID: w.Agent.ID}})
		}
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.request.Access = func(context.Context) (live.Access, error) {
			a := live.Access{Viewer: feed.Viewer{AccountID: w.Account.ID, AgentID: w.Agent.ID, InboxIDs: inboxes}}
			if asked++; asked == 1 {
				inboxes = []int64{w.Mail.ID}
				probe.until(t, change()) //nolint:contextcheck // readers work with the test's context
			}
			return a, nil
		}
		r.open(t)
		defer r.cut(false)
		last := w.emit(t, w.said(w.Ask))
		probe.until(t, last)
		r.drain(t)
		if slices.Contains(r.got, last) {
			t.Errorf("got %v: the agent has left the inbox", r.got)
		}
	})
}

// TestLeftWhileCatchingUp: a reader that catches up is shown what it may see by
// what this node knows, and nothing of what was written after that: there it may
// have lost access. Nothing is lost by it.
func TestLeftWhileCatchingUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		probe := w.reader(feed.Viewer{}, feed.Query{})
		probe.until(t, w.head(t).Seq)
		defer probe.cut(false)
		start := w.head(t)
		missed := w.emit(t, w.said(w.Ask))
		probe.until(t, missed)
		// From here on this node does not hear what is written.
		w.store.set(func() { w.store.unfollowable = true })
		inboxes := []int64{w.Ask.InboxID}
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.at = &start
		r.request.Access = func(context.Context) (live.Access, error) {
			return live.Access{Viewer: feed.Viewer{AccountID: w.Account.ID, AgentID: w.Agent.ID, InboxIDs: inboxes}}, nil
		}
		r.open(t)
		defer r.cut(false)
		inboxes = []int64{w.Mail.ID}
		left := w.emit(t, core.Event{AccountID: w.Account.ID, Type: core.InboxUpdated, At: noon, Data: core.InboxChange{Inbox: core.Inbox{ID: w.Ask.InboxID}}})
		w.emit(t, w.said(w.Ask))
		r.drain(t)
		if want := []int64{missed}; !slices.Equal(r.got, want) {
			t.Errorf("caught up with %v, want %v", r.got, want)
		}
		// Who comes with a place that is ahead of this node waits for it there.
		ahead := w.reader(feed.Viewer{}, feed.Query{})
		ahead.at = &feed.Position{Epoch: start.Epoch, Seq: left}
		ahead.open(t)
		defer ahead.cut(false)
		ahead.drain(t)
		if got := ahead.sub.At(); got != *ahead.at || len(ahead.got) != 0 {
			t.Errorf("ahead of the node: at %+v with %v, want to stay at %+v", got, ahead.got, *ahead.at)
		}
		w.store.set(func() { w.store.unfollowable = false })
		elsewhere := w.said(w.Ask)
		elsewhere.InboxID = w.Mail.ID
		last := w.emit(t, elsewhere)
		r.until(t, last)
		if want := []int64{missed, left, last}; !slices.Equal(r.got, want) {
			t.Errorf("got %v, want %v", r.got, want)
		}
		ahead.until(t, last)
		if want := []int64{left + 1, last}; !slices.Equal(ahead.got, want) {
			t.Errorf("ahead of the node: got %v, want %v", ahead.got, want)
		}
	})
}

// TestClose: every reader is told, nobody new is let in, and nothing runs on.
func TestClose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		one, two := w.reader(feed.Viewer{}, feed.Query{}), w.reader(feed.Viewer{ContactID: w.Ada.ID}, feed.Query{})
		one.until(t, w.head(t).Seq)
		two.open(t)
		w.hub.Close()
		for _, r := range []*reader{one, two} {
			if err := r.ended(t); !errors.Is(err, live.ErrClosed) {
				t.Errorf("ended with %v", err)
			}
			r.sub.Close()
			r.sub.Close()
		}
		if _, err := w.hub.Subscribe(t.Context(), one.request); core.KindOf(err) != core.Unavailable {
			t.Errorf("subscribed to a hub that is closed: %v", err)
		}
	})
}

// TestUnwatched: the log of an account is followed for half a minute after its
// last reader has left, and anew for the next one.
func TestUnwatched(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := w.reader(feed.Viewer{}, feed.Query{})
		r.until(t, w.head(t).Seq)
		r.cut(true)
		for _, c := range []struct {
			after   core.Time
			watched bool
		}{{30*second - 1, true}, {30 * second, false}} {
			w.now.Store(int64(noon + c.after))
			w.hub.Tick()
			if got := w.hub.Watching(w.Account.ID); got != c.watched {
				t.Errorf("after %d: followed %t, want %t", c.after, got, c.watched)
			}
		}
		last := w.emit(t, w.said(w.Ask))
		r.until(t, last)
		if !slices.Equal(r.got, []int64{last}) {
			t.Errorf("got %v, want %d", r.got, last)
		}
		r.cut(false)
		r.request.AccountID = core.MaxID
		if _, err := w.hub.Subscribe(t.Context(), r.request); core.KindOf(err) != core.NotFound {
			t.Errorf("an account that is not there: %v", err)
		}
	})
}
