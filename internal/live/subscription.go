package live

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"parley/internal/core"
	"parley/internal/service/feed"
)

// Bounds of what waits for one subscription.
const (
	queueEvents  = 256
	queueBytes   = 1 << 20
	queueSignals = 32 // the oldest give way
)

// ErrSlow ends a subscription whose reader does not keep up. It goes on from its
// cursor with another one.
var ErrSlow = errors.New("the reader does not keep up")

// errExpired ends a subscription when its credential does.
var errExpired = &core.Error{Kind: core.Unauthenticated, Message: "the token has expired"}

// Access is what a reader may see, and until when.
type Access struct {
	Viewer  feed.Viewer
	Expires core.Time // unset = no end
}

// Request asks for a subscription.
type Request struct {
	AccountID int64
	TokenID   int64 // what the reader showed; 0 = nothing that can be revoked
	// Access is asked at the beginning, and again when the log tells of
	// something that may have changed the answer. Its error ends the
	// subscription: core.Unauthenticated, say, for a token that was revoked.
	Access func(ctx context.Context) (Access, error)
	// Query narrows what is delivered. Without After only what happens from now
	// on is; Limit means nothing here.
	Query   feed.Query
	Signals bool   // typing and presence are wanted, too
	Person  Person // who is online by it; the zero value: nobody
	// Notify is called after something has come for a reader who has seen
	// everything. It must not block, nor call the subscription.
	Notify func()
}

// Subscription is one reader of one account's log. Next, At and View belong to
// one goroutine at a time; Close may be called by any.
type Subscription struct {
	hub          *Hub
	tail         *tail
	token        int64
	access       func(ctx context.Context) (Access, error)
	wantsSignals bool
	person       Person
	notify       func()
	leave        func() // undoes watch and presence, once

	// Guarded by tail.mu.
	query   feed.Query
	viewer  feed.Viewer
	expires core.Time
	at      feed.Position // everything up to here was returned by Next
	known   bool          // at is a place in this log
	// joined says that the queue holds what is wanted and came after floor;
	// up to there the log has to be read.
	joined  bool
	floor   int64
	queue   []*Event
	bytes   int
	signals []*Signal
	// doubted says that access has to be asked before more is read. What still
	// waits in the queue came before the doubt, and reaches up to before.
	doubted bool
	before  int64
	asking  bool // the answer is not there yet
	ended   error
}

// Batch is what Next returns.
type Batch struct {
	Events  []*Event
	Signals []*Signal
	// Live says that nothing more is there for now: Notify tells when there is.
	Live bool
}

// Subscribe begins a subscription; the caller closes it. Failures are those of
// Request.Access and of reading the account; core.Unavailable when the hub is
// closed. Whether the log can be followed from Query.After, Next tells.
func (h *Hub) Subscribe(ctx context.Context, r Request) (*Subscription, error) {
	t, err := h.watch(ctx, r.AccountID)
	if err != nil {
		return nil, err
	}
	s := &Subscription{
		hub: h, tail: t, token: r.TokenID, access: r.Access, wantsSignals: r.Signals, person: r.Person, notify: r.Notify, query: r.Query,
	}
	t.mu.Lock()
	s.at = t.at
	if r.Query.After != nil {
		s.at = *r.Query.After
	}
	s.known = s.at == t.at
	s.query.After = nil
	// What changes from here on puts the answer in doubt again.
	t.subs[s] = struct{}{}
	t.mu.Unlock()
	if err := s.ask(ctx); err != nil {
		s.drop()
		h.unwatch(t)
		return nil, err
	}
	s.leave = func() {
		h.gone(r.AccountID, s.person)
		h.unwatch(t)
	}
	h.came(r.AccountID, s.person)
	h.endIfClosed(s)
	return s, nil
}

// endIfClosed ends a subscription that Close did not see.
func (h *Hub) endIfClosed(s *Subscription) {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		s.tail.mu.Lock()
		defer s.tail.mu.Unlock()
		s.end(ErrClosed)
	}
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	if s.drop() {
		s.leave()
	}
}

// drop forgets the subscription, and tells whether it was there.
func (s *Subscription) drop() bool {
	t := s.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	_, there := t.subs[s]
	s.end(ErrClosed)
	delete(t.subs, s)
	return there
}

// Next returns what comes next, and does not wait for what has not happened.
// What is missed of the log it reads, a page at a time. A batch may hold nothing
// and not be the last.
//
// An error is the end: ErrSlow, ErrClosed, a *feed.Resync, or what Access and
// the database say.
func (s *Subscription) Next(ctx context.Context) (Batch, error) {
	t := s.tail
	t.mu.Lock()
	switch {
	case s.ended != nil:
		defer t.mu.Unlock()
		return Batch{}, s.ended
	case s.doubted && len(s.queue) > 0:
		defer t.mu.Unlock()
		return s.take(s.before), nil
	case s.doubted:
		t.mu.Unlock()
		if err := s.ask(ctx); err != nil {
			return Batch{}, s.fail(err)
		}
		return Batch{}, nil
	}
	if !s.joined {
		s.join()
	}
	if s.live() {
		defer t.mu.Unlock()
		b := s.take(t.at.Seq)
		b.Live = true
		return b, nil
	}
	viewer, q := s.viewer, s.query
	at, known := s.at, t.at.Seq
	t.mu.Unlock()
	q.After, q.Limit = &at, caughtAtOnce
	events, next, err := s.hub.feed.Page(ctx, viewer, q)
	if err != nil {
		return Batch{}, s.fail(err)
	}
	// The viewer is that of what the tail has seen. What has come after it may
	// have changed what the reader may see, and is read, or told, later on.
	if known = max(known, at.Seq); next.Seq > known {
		next.Seq = known
		events = slices.DeleteFunc(events, func(e core.Event) bool { return e.Seq > known })
		t.poke()
	}
	b := Batch{Events: make([]*Event, len(events))}
	for i := range events {
		b.Events[i] = s.hub.event(events[i], true)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.at, s.known = next, true
	return b, nil
}

// At returns where the reader is: everything up to there that it wants, Next
// has returned. What it does not want is passed over.
func (s *Subscription) At() feed.Position {
	t := s.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.ended == nil && s.joined && s.live() && len(s.queue) == 0 {
		s.at.Seq = max(s.at.Seq, t.at.Seq)
	}
	return s.at
}

// Cursor returns At as text.
func (s *Subscription) Cursor() string { return s.hub.cursors.Seal(s.tail.account, s.At()) }

// CursorOf returns a position in the subscription's log as text.
func (s *Subscription) CursorOf(p feed.Position) string {
	return s.hub.cursors.Seal(s.tail.account, p)
}

// View returns how the reader sees events.
func (s *Subscription) View() View {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	return viewOf(&s.viewer)
}

// Signal returns a signal in the reader's view.
func (s *Subscription) Signal(sig *Signal) ([]byte, error) { return s.hub.render.Signal(sig, s.View()) }

// fail ends the subscription, and returns why it has ended. What is the server's
// fault is logged: readers are only cut off.
func (s *Subscription) fail(err error) error {
	var resync *feed.Resync
	if core.KindOf(err) == core.Internal && !errors.As(err, &resync) && !errors.Is(err, context.Canceled) {
		s.hub.log.Error("cannot go on with a subscription", slog.Int64("account_id", s.tail.account), slog.Any("error", err))
	}
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	s.end(err)
	return s.ended
}

// ask finds out anew what the reader may see.
func (s *Subscription) ask(ctx context.Context) error {
	t := s.tail
	t.mu.Lock()
	// What the log tells from now on is in doubt again.
	s.doubted, s.asking = false, true
	t.mu.Unlock()
	a, err := s.access(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	s.asking = false
	if err != nil {
		return err
	}
	s.viewer, s.expires = a.Viewer, a.Expires
	return nil
}

// The rest is called with tail.mu held.

// live says that the queue is all that is missing.
func (s *Subscription) live() bool { return s.known && s.at.Seq >= s.floor }

// join begins to queue what comes; the log has to be read up to now.
func (s *Subscription) join() {
	t := s.tail
	s.joined, s.floor = true, t.at.Seq
	if c := s.contact(); c != 0 {
		t.byContact[c] = append(t.byContact[c], s)
	} else {
		t.broad[s] = struct{}{}
	}
}

// part undoes join; what waits in the queue stays.
func (s *Subscription) part() {
	if !s.joined {
		return
	}
	t := s.tail
	s.joined = false
	c := s.contact()
	delete(t.broad, s)
	if c == 0 {
		return
	}
	t.byContact[c] = slices.DeleteFunc(t.byContact[c], func(o *Subscription) bool { return o == s })
	if len(t.byContact[c]) == 0 {
		delete(t.byContact, c)
	}
}

// contact is the only one whose events can be wanted; 0 = anybody's are.
func (s *Subscription) contact() int64 {
	if s.viewer.ContactID != 0 {
		return s.viewer.ContactID
	}
	return s.query.ContactID
}

// take empties the queue, which reaches up to a seq.
func (s *Subscription) take(upTo int64) Batch {
	b := Batch{Events: s.queue, Signals: s.signals}
	// A page may have held what was queued meanwhile.
	for len(b.Events) > 0 && b.Events[0].Seq <= s.at.Seq {
		b.Events = b.Events[1:]
	}
	s.queue, s.bytes, s.signals = nil, 0, nil
	s.at.Seq = max(s.at.Seq, upTo)
	return b
}

// put queues an event, and tells whether the reader has to be told.
func (s *Subscription) put(e *Event) bool {
	if len(s.queue) < queueEvents && s.bytes+e.weight() <= queueBytes {
		s.queue = append(s.queue, e)
		s.bytes += e.weight()
		return len(s.queue) == 1
	}
	if s.live() {
		return s.end(ErrSlow)
	}
	// It still reads the log, and finds these events there.
	s.part()
	s.queue, s.bytes = nil, 0
	return false
}

// putSignal queues a signal, and tells whether the reader has to be told.
func (s *Subscription) putSignal(sig *Signal) bool {
	if len(s.signals) == queueSignals {
		s.signals = append(s.signals[:0:0], s.signals[1:]...)
	}
	s.signals = append(s.signals, sig)
	return len(s.signals) == 1
}

// doubt has access asked before the event after a seq, and tells whether the
// reader has to be told.
func (s *Subscription) doubt(seq int64) bool {
	if s.ended != nil || s.doubted {
		return false
	}
	s.doubted, s.before = true, seq
	switch {
	case s.joined && s.live():
		if len(s.queue) == 0 {
			s.at.Seq = max(s.at.Seq, seq)
		}
	default:
		// The log is read from where it stands.
		s.queue, s.bytes = nil, 0
	}
	s.part()
	return true
}

// end ends the subscription, and tells whether the reader has to be told.
func (s *Subscription) end(err error) bool {
	if s.ended != nil {
		return false
	}
	s.ended = err
	s.part()
	s.queue, s.signals, s.bytes = nil, nil, 0
	return true
}
