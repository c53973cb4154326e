package live

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"parley/internal/core"
	"parley/internal/service/feed"
)

// tail follows one account's log, and hands its events to the subscriptions.
type tail struct {
	hub     *Hub
	account int64
	ctx     context.Context //nolint:containedctx // ends when nobody watches
	stop    context.CancelFunc
	started chan struct{} // closed once at, or err, is known
	err     error         // why it did not start; read after started
	poked   chan struct{} // holds one
	failed  atomic.Bool   // the log could not be read

	users  int       // guarded by hub.mu
	leftAt core.Time // when users became less; guarded by hub.mu

	mu   sync.Mutex
	at   feed.Position              // what was handed out; guarded by mu
	subs map[*Subscription]struct{} // guarded by mu
	// The joined subscriptions: those that only one contact's events can
	// concern, by contact, and all others. Guarded by mu.
	byContact map[int64][]*Subscription
	broad     map[*Subscription]struct{}
}

func newTail(h *Hub, account int64) *tail {
	t := &tail{
		hub: h, account: account, started: make(chan struct{}), poked: make(chan struct{}, 1),
		subs: map[*Subscription]struct{}{}, byContact: map[int64][]*Subscription{}, broad: map[*Subscription]struct{}{},
	}
	t.ctx, t.stop = context.WithCancel(h.ctx)
	return t
}

// run follows the log until nobody watches it, or the hub is closed.
func (t *tail) run() {
	defer t.stop()
	a, err := t.hub.store.Account(t.ctx, t.account)
	if err != nil {
		t.err = fmt.Errorf("follow the log: %w", err)
		t.hub.forget(t)
		close(t.started)
		return
	}
	t.at = feed.Position{Epoch: a.Epoch, Seq: a.EventSeq}
	close(t.started)
	for {
		wake := t.hub.bus.Wake(t.account)
		err := t.read()
		if t.ctx.Err() != nil {
			return
		}
		if err != nil {
			t.hub.log.WarnContext(t.ctx, "cannot follow the event log", slog.Int64("account_id", t.account), slog.Any("error", err))
		}
		t.failed.Store(err != nil)
		select {
		case <-t.ctx.Done():
			return
		case <-wake:
		case <-t.poked:
		}
	}
}

// poke has the log looked at without a wake-up.
func (t *tail) poke() {
	select {
	case t.poked <- struct{}{}:
	default:
	}
}

// read hands out what the log has got.
func (t *tail) read() error {
	for {
		events, err := t.hub.store.ListEvents(t.ctx, t.account, t.at.Seq, pageEvents) // only this goroutine moves at
		if err != nil {
			return err
		}
		t.deliver(events)
		if len(events) < pageEvents {
			return nil
		}
	}
}

// deliver hands the events to the subscriptions that want them.
func (t *tail) deliver(events []core.Event) {
	var woken []*Subscription
	t.mu.Lock()
	for i := range events {
		e := &events[i]
		switch {
		case e.Epoch != t.at.Epoch:
			woken = t.lose(woken, feed.OtherEpoch, e)
		case e.Seq != t.at.Seq+1:
			woken = t.lose(woken, feed.TooOld, e)
		}
		woken = t.recheck(woken, e)
		woken = t.move(woken, e)
		shared := t.hub.event(*e, false)
		for s := range t.concerned(e.ContactID) {
			if s.viewer.Wants(e, s.query) && s.put(shared) {
				woken = append(woken, s)
			}
		}
		t.at = feed.Position{Epoch: e.Epoch, Seq: e.Seq}
	}
	t.mu.Unlock()
	notify(woken)
}

// concerned yields the joined subscriptions that something about the contact
// can concern. The caller holds mu.
func (t *tail) concerned(contact int64) func(yield func(s *Subscription) bool) {
	return func(yield func(s *Subscription) bool) {
		// put takes those that are full out of the list.
		for _, s := range slices.Clone(t.byContact[contact]) {
			if !yield(s) {
				return
			}
		}
		for s := range t.broad {
			if !yield(s) {
				return
			}
		}
	}
}

// lose ends every subscription: what came before the event is missing.
func (t *tail) lose(woken []*Subscription, why feed.Reason, e *core.Event) []*Subscription {
	for s := range t.subs {
		if s.end(&feed.Resync{Reason: why, Next: feed.Position{Epoch: e.Epoch, Seq: e.Seq}}) {
			woken = append(woken, s)
		}
	}
	return woken
}

// move ends the subscriptions of contacts whose conversations became another's,
// or theirs.
func (t *tail) move(woken []*Subscription, e *core.Event) []*Subscription {
	var contacts []int64
	switch data := e.Data.(type) {
	case core.IdentityMove:
		contacts = []int64{data.Identity.ContactID, data.FromContactID}
	case core.ContactMerge:
		contacts = []int64{data.Contact.ID, data.Merged.ID}
	default:
		return woken
	}
	for _, contact := range contacts {
		for _, s := range slices.Clone(t.byContact[contact]) {
			if s.viewer.ContactID != 0 && s.end(&feed.Resync{Reason: feed.Moved, Next: feed.Position{Epoch: e.Epoch, Seq: e.Seq}}) {
				woken = append(woken, s)
			}
		}
	}
	return woken
}

// recheck has subscriptions ask anew who may read, where the event may have
// changed that. They go on with the event itself.
func (t *tail) recheck(woken []*Subscription, e *core.Event) []*Subscription {
	var concerns func(s *Subscription) bool
	switch data := e.Data.(type) {
	case core.Token:
		concerns = func(s *Subscription) bool { return s.token == data.ID }
	case core.Agent:
		concerns = func(s *Subscription) bool { return s.viewer.AgentID == data.ID }
	case core.Profile:
		concerns = func(s *Subscription) bool { return s.viewer.AgentID != 0 }
	case core.Inbox, core.InboxChange:
		// Agents work in inboxes, and an inbox vouches for its contacts.
		concerns = func(s *Subscription) bool { return s.viewer.AgentID != 0 || s.viewer.ContactID != 0 }
	default:
		return woken
	}
	for s := range t.subs {
		if (s.asking || concerns(s)) && s.doubt(e.Seq-1) {
			woken = append(woken, s)
		}
	}
	return woken
}

// expire ends the subscriptions whose time is over.
func (t *tail) expire(now core.Time) {
	var woken []*Subscription
	t.mu.Lock()
	for s := range t.subs {
		if s.expires != 0 && now >= s.expires && s.end(errExpired) {
			woken = append(woken, s)
		}
	}
	t.mu.Unlock()
	notify(woken)
}

// endAll ends every subscription.
func (t *tail) endAll(err error) {
	var woken []*Subscription
	t.mu.Lock()
	for s := range t.subs {
		if s.end(err) {
			woken = append(woken, s)
		}
	}
	t.mu.Unlock()
	notify(woken)
}

// signal hands a signal, about a contact, to the subscriptions that want it.
func (t *tail) signal(s *Signal, contact int64, wants func(s *Subscription) bool) {
	var woken []*Subscription
	t.mu.Lock()
	for sub := range t.concerned(contact) {
		if sub.wantsSignals && wants(sub) && sub.putSignal(s) {
			woken = append(woken, sub)
		}
	}
	t.mu.Unlock()
	notify(woken)
}

// notify tells subscriptions that there is something for them. The caller holds
// no lock.
func notify(woken []*Subscription) {
	for _, s := range woken {
		s.notify()
	}
}
