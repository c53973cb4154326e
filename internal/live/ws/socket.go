package ws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/service/feed"
)

// socket is one connection. A goroutine reads what the client says; another one
// writes, while there is something to write.
type socket struct {
	sockets *Sockets
	conn    *websocket.Conn
	net     *gathering // below conn
	client  Client
	ctx     context.Context //nolint:containedctx // ends with the socket
	cancel  context.CancelFunc

	mu       sync.Mutex
	subs     []*sub    // guarded by mu
	out      [][]byte  // answers to be sent, guarded by mu
	ping     bool      // is due, guarded by mu
	pingedAt core.Time // guarded by mu
	due      bool      // there may be something to write, guarded by mu
	writing  bool      // somebody does, guarded by mu
	closing  *closing  // the end, when it has come, guarded by mu
}

// unauthorized is the text of CloseUnauthorized.
const unauthorized = "what was shown is good no more"

// errExpired ends a socket when what the client has shown is over.
var errExpired = &core.Error{Kind: core.Unauthenticated, Message: "the token has expired"}

// closing is how a socket ends.
type closing struct {
	code int
	text string
	last []byte // a frame to be sent before, or nil
}

// sub is a subscription of the socket.
type sub struct {
	*live.Subscription
	id string

	// Of the writer alone.
	rest      []*live.Event // taken, and not to be sent before an acknowledgement
	announced bool          // that it is live

	// Guarded by the socket's mu.
	unacked []int64   // seqs that were sent, rising
	heldAt  core.Time // since when it waits for acknowledgements, 0 = it does not
}

// read serves the client until it is gone.
func (k *socket) read() {
	defer k.sockets.running.Done()
	defer k.leave()
	k.conn.SetReadLimit(maxMessageBytes)
	k.conn.SetPongHandler(func(string) error { return k.listen() })
	for {
		if k.listen() != nil {
			return
		}
		typ, text, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		if typ != websocket.TextMessage {
			k.end(websocket.CloseUnsupportedData, "messages are text", nil)
			continue
		}
		m, err := parse(text)
		if err == nil {
			err = k.handle(&m)
		}
		if err != nil {
			k.refuse(m.ID, err)
		}
	}
}

// refuse tells the client why a message comes to nothing. To one who has to show
// something else, that is the end.
func (k *socket) refuse(id string, err error) {
	text := frame("error", id, "error", k.client.Problem(err))
	if core.KindOf(err) == core.Unauthenticated {
		k.end(CloseUnauthorized, unauthorized, text)
		return
	}
	k.send(text)
}

// listen waits for the client for some time more, but for one who was told that
// it is over.
func (k *socket) listen() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closing != nil {
		return nil
	}
	return k.conn.SetReadDeadline(time.Now().Add(readTimeout)) //nolint:forbidigo // socket deadlines are the machine's time
}

// leave frees what the socket has.
func (k *socket) leave() {
	k.cancel()
	_ = k.conn.Close() // the client may have done so
	k.sockets.forget(k)
	k.mu.Lock()
	subs := k.subs
	k.subs, k.out = nil, nil
	k.mu.Unlock()
	for _, s := range subs {
		s.Close()
	}
	k.client.Gone()
}

// handle does what a message asks for.
func (k *socket) handle(m *message) error {
	switch m.Type {
	case "subscribe":
		return k.subscribe(m)
	case "typing":
		return k.client.Typing(k.ctx, m.ConversationID, m.Typing)
	}
	k.mu.Lock()
	watched := len(k.subs) > 0
	k.mu.Unlock()
	if !watched {
		if err := k.client.Admit(k.ctx); err != nil {
			return err
		}
	}
	switch m.Type {
	case "unsubscribe":
		if s := k.remove(func(s *sub) bool { return s.id == m.ID }); s != nil {
			s.Close()
			return nil
		}
		return core.Absent("subscription")
	case "ack":
		return k.ack(m.Cursor)
	case "ping":
		k.send(frame("pong", m.ID, "", nil))
		return nil
	}
	return core.Refuse("type", "one of subscribe, unsubscribe, ack, typing, ping")
}

// subscribe begins a subscription.
func (k *socket) subscribe(m *message) error {
	k.mu.Lock()
	count := len(k.subs)
	taken := slices.ContainsFunc(k.subs, func(s *sub) bool { return s.id == m.ID })
	k.mu.Unlock()
	switch {
	case m.ID == "":
		return core.Refuse("id", "a subscription needs a name")
	case taken:
		return &core.Error{Kind: core.Conflict, Field: "id", Message: "there is a subscription of this name"}
	case count == maxSubscriptions:
		return core.Refuse("id", fmt.Sprintf("at most %d subscriptions", maxSubscriptions))
	}
	request, err := k.client.Subscribe(k.ctx, Filter{After: m.After, Types: m.Types, Contact: string(m.Contact), Conversation: string(m.Conversation)})
	if err != nil {
		return err
	}
	request.Notify = k.wake
	subscription, err := k.sockets.hub.Subscribe(k.ctx, request)
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.subs = append(k.subs, &sub{Subscription: subscription, id: m.ID})
	k.mu.Unlock()
	k.wake()
	return nil
}

// remove takes a subscription out, nil when there is none such.
func (k *socket) remove(is func(s *sub) bool) *sub {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.subs, is)
	if i < 0 {
		return nil
	}
	s := k.subs[i]
	k.subs = slices.Delete(slices.Clone(k.subs), i, i+1) // the writer may be walking them
	return s
}

// ack takes note that the client has everything up to a cursor.
func (k *socket) ack(cursor string) error {
	seq, ok := k.client.Acked(cursor)
	if !ok {
		return core.Refuse("cursor", "not a cursor of this log")
	}
	held := false
	k.mu.Lock()
	for _, s := range k.subs {
		n, _ := slices.BinarySearch(s.unacked, seq+1)
		if s.unacked = s.unacked[n:]; len(s.unacked) == 0 {
			s.unacked = nil // an idle socket keeps nothing
		}
		if n > 0 && s.heldAt != 0 {
			s.heldAt, held = 0, true
		}
	}
	k.mu.Unlock()
	if held {
		k.wake()
	}
	return nil
}

// send has a frame sent.
func (k *socket) send(text []byte) {
	k.mu.Lock()
	k.out = append(k.out, text)
	full := len(k.out) > maxWaiting
	k.mu.Unlock()
	if full {
		k.end(CloseSlow, live.ErrSlow.Error(), nil)
		return
	}
	k.wake()
}

// end has the socket closed.
func (k *socket) end(code int, text string, last []byte) {
	k.mu.Lock()
	if k.closing == nil {
		k.closing = &closing{code, text, last}
	}
	k.mu.Unlock()
	k.wake()
}

// tick pings the client, and cuts it off when its time is over or it does not
// acknowledge.
func (k *socket) tick(now core.Time) {
	late := false
	k.mu.Lock()
	ping := now-k.pingedAt >= pingEvery
	if ping {
		k.ping, k.pingedAt = true, now
	}
	for _, s := range k.subs {
		late = late || s.heldAt != 0 && now-s.heldAt >= ackTimeout
	}
	k.mu.Unlock()
	switch {
	case k.client.Expires.IsSet() && now >= k.client.Expires:
		k.refuse("", errExpired)
	case late:
		k.end(CloseSlow, "events are not acknowledged", nil)
	case ping:
		k.wake()
	}
}

// wake has written what there is to write.
func (k *socket) wake() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.due = true
	if !k.writing {
		k.writing = true
		go k.write()
	}
}

// write writes until nothing is left.
func (k *socket) write() {
	for {
		k.mu.Lock()
		if !k.due {
			k.writing = false
			k.mu.Unlock()
			return
		}
		k.due = false
		out, subs, ping, closing := k.out, k.subs, k.ping, k.closing
		k.out, k.ping = nil, false
		k.mu.Unlock()
		if closing != nil {
			k.close(closing) // writing stays set: nobody writes after it
			return
		}
		if err := k.writeAll(out, subs, ping); err != nil {
			_ = k.conn.Close() // the reader sees it, and cleans up
			return
		}
	}
}

// close tells the client that it is over; the reader waits for its answer.
func (k *socket) close(c *closing) {
	deadline := time.Now().Add(closeTimeout) //nolint:forbidigo // socket deadlines are the machine's time
	_ = k.conn.SetReadDeadline(deadline)     // below, nothing can be done about a client that is gone
	if c.last != nil {
		_ = k.conn.SetWriteDeadline(deadline)
		_ = k.conn.WriteMessage(websocket.TextMessage, c.last)
	}
	if k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(c.code, c.text), deadline) != nil {
		_ = k.conn.Close()
	}
}

// writeAll writes what waits, and one batch of each subscription.
func (k *socket) writeAll(out [][]byte, subs []*sub, ping bool) error {
	if ping {
		if err := k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil { //nolint:forbidigo // socket deadlines are the machine's time
			return fmt.Errorf("ping: %w", err)
		}
	}
	for _, text := range out {
		if err := k.writeText(text); err != nil {
			return err
		}
	}
	for _, s := range subs {
		if err := k.advance(s); err != nil {
			return err
		}
	}
	return nil
}

// advance writes the next batch of a subscription. The error is of the
// connection alone.
func (k *socket) advance(s *sub) error {
	idle := len(s.rest) == 0
	if idle {
		b, err := s.Next(k.ctx)
		if err != nil {
			k.ended(s, err)
			return nil
		}
		for _, sig := range b.Signals {
			body, err := s.Signal(sig)
			if err != nil {
				k.ended(s, err)
				return nil
			}
			if err := k.writeText(frame(sig.Name(), s.id, "data", body)); err != nil {
				return err
			}
		}
		s.rest = b.Events
		idle = b.Live
	}
	if held, err := k.writeRest(s); err != nil || held {
		return err
	}
	if !idle {
		k.again()
		return nil
	}
	if s.announced {
		return nil
	}
	s.announced = true
	return k.writeText(frame("live", s.id, "cursor", quoted(s.Cursor())))
}

// again has the writer go on.
func (k *socket) again() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.due = true
}

// writeRest writes events that were taken, as far as the client has
// acknowledged earlier ones. held says that some have to wait.
func (k *socket) writeRest(s *sub) (held bool, err error) {
	if len(s.rest) == 0 {
		return false, nil
	}
	now := k.sockets.clock()
	k.mu.Lock()
	n := min(len(s.rest), maxUnacked-len(s.unacked))
	send := s.rest[:n]
	for _, e := range send {
		s.unacked = append(s.unacked, e.Seq)
	}
	held = n < len(s.rest)
	if held && s.heldAt == 0 {
		s.heldAt = now
	}
	k.mu.Unlock()
	if failed, err := k.writeEvents(s, send); failed || err != nil {
		return failed, err
	}
	if s.rest = s.rest[n:]; !held {
		s.rest = nil
	}
	return held, nil
}

// writeEvents writes events of a subscription, with as few system calls as they
// fit in. failed says that it has ended at one that cannot be shown.
func (k *socket) writeEvents(s *sub, events []*live.Event) (failed bool, err error) {
	if len(events) > 1 {
		k.net.gather()
		defer func() { err = errors.Join(err, k.net.release()) }()
	}
	view := s.View()
	for _, e := range events {
		body, err := e.Body(view)
		if err != nil {
			k.ended(s, err)
			return true, nil
		}
		if err := k.writeText(frame("event", s.id, "event", body)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// writeText writes a frame.
func (k *socket) writeText(text []byte) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil { //nolint:forbidigo // socket deadlines are the machine's time
		return fmt.Errorf("set write deadline: %w", err)
	}
	if err := k.conn.WriteMessage(websocket.TextMessage, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// ended tells the client of the end of a subscription. After a resync the
// socket lives on.
func (k *socket) ended(s *sub, err error) {
	if k.remove(func(o *sub) bool { return o == s }) == nil {
		return // the client has ended it meanwhile
	}
	s.Close()
	var resync *feed.Resync
	switch {
	case errors.As(err, &resync):
		lost, err := json.Marshal(struct {
			Reason feed.Reason `json:"reason"`
			Next   string      `json:"next_cursor"`
		}{resync.Reason, s.CursorOf(resync.Next)})
		if err == nil { // texts can be encoded
			k.send(frame("resync", s.id, "data", lost))
		}
	case errors.Is(err, live.ErrSlow):
		k.end(CloseSlow, err.Error(), nil)
	case errors.Is(err, live.ErrClosed):
		// Sockets.Close says so to all.
	case core.KindOf(err) == core.Unauthenticated, core.KindOf(err) == core.Forbidden, core.KindOf(err) == core.NotFound:
		k.end(CloseUnauthorized, unauthorized, frame("error", s.id, "error", k.client.Problem(err)))
	default:
		k.end(websocket.CloseInternalServerErr, "", frame("error", s.id, "error", k.client.Problem(err)))
	}
}
