// Package nats carries between the nodes of an installation what their hubs need
// of each other: that the log of an account has grown, who types, and who is
// online.
//
// It is core NATS: nothing is kept, and nothing is sent again. What gets lost,
// because NATS is away or somebody is slow, costs time and never an event, since
// hubs look at the logs on PostgreSQL every second. So a node starts and works
// without NATS, and goes on looking for it.
//
// The subjects are parley.<installation>.wake.<account>, without a body, and
// parley.<installation>.signal with a live.Signal as JSON.
package nats

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	client "github.com/nats-io/nats.go"

	"parley/internal/live"
)

// restAfterWakes is the pause after others were told whose logs have grown: an
// account that is written to all the time wakes them a hundred times a second,
// and one that is written to now and then does so at once.
const restAfterWakes = 10 * time.Millisecond

// maxSignals is how many signals wait to be sent; more are lost.
const maxSignals = 1024

// Bus is a live.Bus. It is safe for concurrent use.
type Bus struct {
	conn   *client.Conn
	end    func() // closes conn
	prefix string // of all subjects
	log    *slog.Logger

	mu      sync.Mutex
	to      func(s live.Signal)     // guarded by mu
	watched map[int64]chan struct{} // by account; guarded by mu; closed and removed by wake
	grown   map[int64]struct{}      // accounts of which the others were not told; guarded by mu

	due     chan struct{} // holds one: there are grown
	signals chan live.Signal
	closing chan struct{}
	sent    sync.WaitGroup
}

// Open returns a bus of one installation: nodes that name another one do not
// hear of it. The name is one token of a subject: no dots, spaces or wildcards.
//
// The URL is nats:// or tls://, several with commas between them. Only one that
// cannot be read is an error; servers that cannot be reached are looked for as
// long as the bus is open. Outages are logged, once each and without the URL.
func Open(url, installation string, log *slog.Logger) (*Bus, error) {
	return open(url, installation, log)
}

func open(url, installation string, log *slog.Logger, more ...client.Option) (*Bus, error) {
	b := &Bus{
		prefix: "parley." + installation + ".", log: log,
		to: func(live.Signal) {}, watched: map[int64]chan struct{}{}, grown: map[int64]struct{}{},
		due: make(chan struct{}, 1), signals: make(chan live.Signal, maxSignals), closing: make(chan struct{}),
	}
	var err error
	if b.conn, b.end, err = connect(url, log, more); err != nil {
		return nil, err
	}
	if err := b.subscribe(); err != nil {
		b.end()
		return nil, err
	}
	b.sent.Go(b.send)
	return b, nil
}

// Close ends the bus; it is called once. What others were to be told is handed to NATS before, if
// it is there.
func (b *Bus) Close() {
	close(b.closing)
	b.sent.Wait()
	b.end()
}

// Wake implements live.Bus. An account costs memory from the first call until
// its next event.
func (b *Bus) Wake(account int64) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch := b.watched[account]
	if ch == nil {
		ch = make(chan struct{})
		b.watched[account] = ch
	}
	return ch
}

// Committed tells, here and on the other nodes, that this node has added to the
// logs of accounts. It does not block: store.Store.OnCommitted takes it.
func (b *Bus) Committed(accounts []int64) {
	b.mu.Lock()
	for _, account := range accounts {
		b.wake(account)
		b.grown[account] = struct{}{}
	}
	b.mu.Unlock()
	select {
	case b.due <- struct{}{}:
	default:
	}
}

// wake closes the account's channel. The caller holds mu.
func (b *Bus) wake(account int64) {
	if ch := b.watched[account]; ch != nil {
		delete(b.watched, account)
		close(ch)
	}
}

// Receive implements live.Bus.
func (b *Bus) Receive(to func(s live.Signal)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = to
}

// Publish implements live.Bus. This node's hub is handed the signal at once,
// whether NATS is there or not.
func (b *Bus) Publish(s live.Signal) {
	b.deliver(s)
	select {
	case b.signals <- s:
	default:
	}
}

// deliver hands a signal to this node's hub.
func (b *Bus) deliver(s live.Signal) {
	b.mu.Lock()
	to := b.to
	b.mu.Unlock()
	to(s)
}

// send tells the other nodes, until the bus is closed. It alone publishes: a
// connection that is stuck blocks it for seconds, and nobody else.
func (b *Bus) send() {
	rest := time.NewTimer(0)
	defer rest.Stop()
	<-rest.C
	due := b.due
	for {
		select {
		case <-b.closing:
			b.sendWakes()
			return
		case <-due:
			b.sendWakes()
			due = nil
			rest.Reset(restAfterWakes)
		case <-rest.C:
			due = b.due
		case s := <-b.signals:
			body, err := json.Marshal(s)
			if err != nil {
				b.log.Error("cannot encode a signal", slog.Any("error", err))
				continue
			}
			b.publish("signal", body)
		}
	}
}

// sendWakes tells whose logs have grown.
func (b *Bus) sendWakes() {
	b.mu.Lock()
	grown := b.grown
	b.grown = map[int64]struct{}{}
	b.mu.Unlock()
	for account := range grown {
		b.publish("wake."+strconv.FormatInt(account, 10), nil)
	}
}

// publish hands a message to NATS. While that is away the message is lost, as
// the log has told already.
func (b *Bus) publish(subject string, body []byte) { _ = b.conn.Publish(b.prefix+subject, body) }

// subscribe begins to hear of the other nodes. What they say after it is heard,
// if NATS is there. Messages that are none of ours are passed over.
func (b *Bus) subscribe() error {
	_, err := b.conn.Subscribe(b.prefix+"wake.*", func(m *client.Msg) {
		account, err := strconv.ParseInt(strings.TrimPrefix(m.Subject, b.prefix+"wake."), 10, 64)
		if err != nil {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.wake(account)
	})
	if err != nil {
		return errUnusable
	}
	_, err = b.conn.Subscribe(b.prefix+"signal", func(m *client.Msg) {
		var s live.Signal
		if json.Unmarshal(m.Data, &s) == nil && valid(&s) {
			b.deliver(s)
		}
	})
	if err != nil {
		return errUnusable
	}
	settle(b.conn)
	return nil
}

// valid tells whether a node may have sent the signal.
func valid(s *live.Signal) bool {
	return s.AccountID > 0 && (s.Typing != nil) != (s.Presence != nil) && (s.Presence == nil || s.Presence.Node != "")
}
