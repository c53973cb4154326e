// Package sse sends a subscription as server-sent events.
//
// An event's id is its cursor, so that a client that was cut off names it in
// Last-Event-ID when it comes back. A quiet stream moves that id along without
// an event: what is filtered away is not looked at again, however long it was
// quiet. It depends on live and the standard library.
package sse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"parley/internal/live"
	"parley/internal/service/feed"
)

// Times of a stream.
const (
	// retry is how long a client waits before it comes back; after a stop of
	// the server, up to jitter longer, so that not all come at once.
	retry  = 2 * time.Second
	jitter = 5 * time.Second
	// chunkBytes is how much is sent at once of much that is there.
	chunkBytes = 64 << 10
)

// Options are the times of a stream; where one is 0, the default holds.
type Options struct {
	// Heartbeat is how often something is sent, so that nobody in between takes
	// the stream for dead. The default is 20 seconds.
	Heartbeat time.Duration
	// Write is how long a client may take to accept what is sent. The default is
	// 10 seconds.
	Write time.Duration
	// Move is after how many heartbeats without an event the client's cursor is
	// moved along. The default is 3.
	Move int
}

func (o Options) withDefaults() Options {
	if o.Heartbeat == 0 {
		o.Heartbeat = 20 * time.Second
	}
	if o.Write == 0 {
		o.Write = 10 * time.Second
	}
	if o.Move == 0 {
		o.Move = 3
	}
	return o
}

// Waker is what wakes a stream: its Notify goes into the request for the
// subscription that Serve is given.
type Waker struct{ woken chan struct{} }

// NewWaker returns a Waker for one stream.
func NewWaker() *Waker { return &Waker{woken: make(chan struct{}, 1)} }

// Notify implements live.Request.Notify.
func (k *Waker) Notify() {
	select {
	case k.woken <- struct{}{}:
	default:
	}
}

// Serve sends the subscription until the client goes away, the subscription
// ends, or the client does not accept what is sent in time. It does not close
// the subscription.
//
// An error was met before anything was sent, and is the caller's to answer. What
// comes later the client is told, or it has hung up. The listener's write timeout
// is replaced by that of Options.
func Serve(w http.ResponseWriter, r *http.Request, sub *live.Subscription, k *Waker, o Options) error {
	first, err := sub.Next(r.Context())
	var resync *feed.Resync
	if err != nil && !errors.As(err, &resync) {
		return err
	}
	s := &stream{sub: sub, w: w, control: http.NewResponseController(w), options: o.withDefaults()}
	if e := s.open(); e != nil {
		return e
	}
	for err == nil {
		err = s.send(first)
		if err == nil && first.Live {
			err = s.wait(r.Context(), k)
		}
		if err == nil {
			first, err = sub.Next(r.Context())
		}
	}
	s.end(err)
	return nil
}

// ServeState sends a state, and sends it again whenever events of the
// subscription came that left another one, as events of one name without an id:
// who comes back gets the state as it is then. state returns one line of JSON.
// In all else it is Serve.
func ServeState(w http.ResponseWriter, r *http.Request, sub *live.Subscription, k *Waker, name string, state func(ctx context.Context) ([]byte, error), o Options) error {
	// The place is taken before the state is read: what comes meanwhile is seen
	// behind it.
	b, err := sub.Next(r.Context())
	if err != nil {
		return err
	}
	sent, err := state(r.Context())
	if err != nil {
		return err
	}
	s := &stream{sub: sub, w: w, control: http.NewResponseController(w), options: o.withDefaults(), still: true}
	if e := s.open(); e != nil {
		return e
	}
	s.append("event", name)
	s.data(sent)
	for err = s.flush(); err == nil; {
		if b.Live {
			err = s.wait(r.Context(), k)
		}
		if err == nil {
			b, err = sub.Next(r.Context())
		}
		if err != nil || len(b.Events) == 0 {
			continue
		}
		var now []byte
		if now, err = state(r.Context()); err != nil || bytes.Equal(now, sent) {
			continue
		}
		sent = now
		s.append("event", name)
		s.data(sent)
		err = s.flush()
	}
	s.end(err)
	return nil
}

// stream is one answer.
type stream struct {
	sub     *live.Subscription
	w       http.ResponseWriter
	control *http.ResponseController
	options Options
	still   bool // the client's cursor means nothing
	buf     []byte
}

// open sends the header.
func (s *stream) open() error {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")     // its deadlines are those of no other answer
	h.Set("X-Accel-Buffering", "no") // proxies pass on each event
	s.buf = fmt.Appendf(s.buf, "retry: %d\n\n", retry.Milliseconds())
	return s.flush()
}

// send sends what a batch holds.
func (s *stream) send(b live.Batch) error {
	view := s.sub.View()
	for _, e := range b.Events {
		body, err := e.Body(view)
		if err != nil {
			return err
		}
		s.append("id", e.Cursor())
		s.append("event", string(e.Type))
		s.data(body)
		if len(s.buf) < chunkBytes {
			continue
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	for _, sig := range b.Signals {
		body, err := s.sub.Signal(sig)
		if err != nil {
			return err
		}
		s.append("event", sig.Name())
		s.data(body)
	}
	return s.flush()
}

// wait returns when something has come. Meanwhile it keeps the stream alive.
func (s *stream) wait(ctx context.Context, k *Waker) error {
	beat := time.NewTimer(s.options.Heartbeat)
	defer beat.Stop()
	for beats := 1; ; beats++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.woken:
			return nil
		case <-beat.C:
		}
		if beats%s.options.Move == 0 && !s.still {
			s.append("id", s.sub.Cursor())
			s.buf = append(s.buf, '\n')
		} else {
			s.buf = append(s.buf, ":\n\n"...)
		}
		if err := s.flush(); err != nil {
			return err
		}
		beat.Reset(s.options.Heartbeat)
	}
}

// end tells the client why the stream ends, where it can do something about it.
// Else it comes back by itself, with the last id that it got.
func (s *stream) end(err error) {
	var resync *feed.Resync
	switch {
	case errors.As(err, &resync):
		body, err := json.Marshal(struct {
			Reason feed.Reason `json:"reason"`
			Next   string      `json:"next_cursor"`
		}{resync.Reason, s.sub.CursorOf(resync.Next)})
		if err != nil {
			return // texts can be encoded
		}
		// The id is where a client goes on that comes back by itself.
		s.append("id", s.sub.CursorOf(resync.Next))
		s.append("event", "resync")
		s.data(body)
	case errors.Is(err, live.ErrClosed):
		later := retry + rand.N(jitter) //nolint:gosec // it spreads load, and keeps no secret
		s.append("retry", fmt.Sprint(later.Milliseconds()))
		s.append("event", "bye")
		s.data([]byte("{}"))
	default:
		return
	}
	_ = s.flush() // the client may be gone
}

// append adds a field. Values have no line ends: they are cursors, names and
// numbers.
func (s *stream) append(field, value string) {
	s.buf = append(s.buf, field...)
	s.buf = append(s.buf, ": "...)
	s.buf = append(s.buf, value...)
	s.buf = append(s.buf, '\n')
}

// data adds the data of an event, which is one line of JSON, and ends it.
func (s *stream) data(body []byte) {
	s.buf = append(s.buf, "data: "...)
	s.buf = append(s.buf, body...)
	s.buf = append(s.buf, "\n\n"...)
}

// keptBytes is how much of its buffer a quiet stream keeps.
const keptBytes = 4 << 10

// flush sends what was added.
func (s *stream) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(s.options.Write)); err != nil { //nolint:forbidigo // socket deadlines are the machine's time
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := s.w.Write(s.buf); err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	if s.buf = s.buf[:0]; cap(s.buf) > keptBytes {
		s.buf = nil
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	return nil
}
