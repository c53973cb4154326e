package live

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parley/internal/core"
	"parley/internal/service/feed"
	"parley/internal/store"
)

// tickEvery is how often the hub looks at what has a time.
const tickEvery = time.Second

// keptWatching is how long a log is followed after its last reader has left:
// readers that come back find it so.
const keptWatching = core.Time(30 * time.Second / time.Microsecond)

// pageEvents is how many events are read from the log at once, for all
// subscriptions; one that catches up reads pages of caughtAtOnce.
const (
	pageEvents   = 500
	caughtAtOnce = 100
)

// Options is what a hub is made of.
type Options struct {
	Store   store.Store
	Feed    *feed.Feed
	Cursors *feed.Cursors
	Render  Renderer
	Clock   core.Clock
	Log     *slog.Logger
	Bus     Bus // nil: this is the only node
	// Poll has logs looked at every second, too: other nodes write to the
	// database, and what would wake this one may be lost.
	Poll bool
}

// Hub delivers the logs of one node. It is safe for concurrent use.
type Hub struct {
	store   store.Store
	feed    *feed.Feed
	cursors *feed.Cursors
	render  Renderer
	clock   core.Clock
	log     *slog.Logger
	bus     Bus
	poll    bool
	node    string

	ctx     context.Context //nolint:containedctx // ends with Close: what runs for all subscriptions belongs to none of their callers
	stop    context.CancelFunc
	running sync.WaitGroup // the tails

	mu     sync.Mutex
	tails  map[int64]*tail // by account; guarded by mu
	closed bool            // guarded by mu

	presence presence
	typing   typing
}

// New returns a hub that follows nothing yet. The owner runs it, and closes it.
func New(o Options) *Hub {
	if o.Bus == nil {
		o.Bus = &local{log: o.Store}
	}
	h := &Hub{
		store: o.Store, feed: o.Feed, cursors: o.Cursors, render: o.Render, clock: o.Clock, log: o.Log, bus: o.Bus, poll: o.Poll,
		node: rand.Text(), tails: map[int64]*tail{},
	}
	h.presence.people, h.typing.people = map[int64]map[core.Actor]*online{}, map[typist]*typed{}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.bus.Receive(h.receive)
	return h
}

// Run looks at what has a time, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.Tick()
		}
	}
}

// Tick does what is due by the clock: ends subscriptions whose time is over,
// looks at logs again that could not be read, stops following those that nobody
// watches, and tells who types no longer and who has gone. Run calls it.
func (h *Hub) Tick() {
	now := h.clock()
	h.mu.Lock()
	watched := make([]*tail, 0, len(h.tails))
	for id, t := range h.tails {
		if t.users == 0 && now-t.leftAt >= keptWatching {
			t.stop()
			delete(h.tails, id)
			continue
		}
		watched = append(watched, t)
	}
	h.mu.Unlock()
	for _, t := range watched {
		t.expire(now)
		if h.poll || t.failed.Load() {
			t.poke()
		}
	}
	h.tickTyping(now)
	h.tickPresence(now)
}

// ErrClosed ends the subscriptions of a hub that is closed: the server stops,
// and another one, or the same, will go on.
var ErrClosed = errors.New("the server stops")

var errClosing = &core.Error{Kind: core.Unavailable, Message: "the server stops"}

// Close ends every subscription with ErrClosed, and waits for what the hub
// runs. New subscriptions are refused.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	tails := make([]*tail, 0, len(h.tails))
	for _, t := range h.tails {
		tails = append(tails, t)
	}
	h.mu.Unlock()
	for _, t := range tails {
		t.endAll(ErrClosed)
	}
	h.stop()
	h.running.Wait()
}

// watch returns the account's tail, which follows the log from now on at the
// latest, until unwatch.
func (h *Hub) watch(ctx context.Context, account int64) (*tail, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosing
	}
	t := h.tails[account]
	if t == nil {
		t = newTail(h, account)
		h.tails[account] = t
		h.running.Go(t.run)
	}
	t.users++
	h.mu.Unlock()
	select {
	case <-t.started:
		if t.err == nil {
			return t, nil
		}
		h.unwatch(t)
		if h.ctx.Err() != nil {
			return nil, errClosing
		}
		return nil, t.err
	case <-ctx.Done():
		h.unwatch(t)
		return nil, ctx.Err()
	}
}

// unwatch undoes a watch.
func (h *Hub) unwatch(t *tail) {
	now := h.clock()
	h.mu.Lock()
	defer h.mu.Unlock()
	t.users--
	t.leftAt = now
}

// forget lets the next who watches the account begin anew.
func (h *Hub) forget(t *tail) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tails[t.account] == t {
		delete(h.tails, t.account)
	}
}

// watching returns the account's tail, nil when nobody watches.
func (h *Hub) watching(account int64) *tail {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tails[account]
}

// receive passes on a signal of some node.
func (h *Hub) receive(s Signal) {
	switch {
	case s.Typing != nil:
		h.typed(s.AccountID, *s.Typing)
	case s.Presence != nil:
		h.promised(s.AccountID, *s.Presence)
	}
}
