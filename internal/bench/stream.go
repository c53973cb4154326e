package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Bounds of a stream at the client's end.
const (
	lineBytes   = 64 << 10 // the longest line of an event stream
	socketBytes = 512      // the buffer of a WebSocket
	ackEvery    = 100      // events; the server waits after a thousand
	sourceCount = 8        // addresses that connections come from
)

// arrival is one event that came on a stream.
type arrival struct {
	event   uint64 // hash of its id
	message int64  // what was created, 0 = something else
	at      time.Time
	came    time.Time
}

// streamKind is how events are carried.
type streamKind int

const (
	eventStream streamKind = iota
	webSocket
)

// streams opens connections to a server and has them followed.
type streams struct {
	to      endpoint
	timeout time.Duration
	now     func() time.Time
	seed    maphash.Seed
	pool    sync.Pool // buffers of sockets that write
	running sync.WaitGroup
}

func newStreams(to endpoint, timeout time.Duration, now func() time.Time) *streams {
	return &streams{to: to, timeout: timeout, now: now, seed: maphash.MakeSeed()}
}

// stream is one connection on which events come.
type stream struct {
	owner *streams
	token string
	ready chan struct{} // closed once everything that happens is sent
	live  string        // the cursor of that moment, where it was told; read after ready
	once  sync.Once
	close func()

	mu      sync.Mutex
	arrived []arrival // guarded by mu
	closed  bool      // by us, guarded by mu
	err     error     // why it ended, guarded by mu
}

// dialer returns what the n-th connection is made with. Connections to the
// machine itself come from several addresses: each has ports of its own.
func (o *streams) dialer(n int) *net.Dialer {
	d := &net.Dialer{Timeout: o.timeout}
	host, _, err := net.SplitHostPort(o.to.addr)
	if err != nil || runtime.GOOS != "linux" { // elsewhere only 127.0.0.1 is there
		return d
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is4() && addr.IsLoopback() {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n%sourceCount))}
	}
	return d
}

// open makes the n-th connection and returns when it gets all that happens.
func (o *streams) open(ctx context.Context, kind streamKind, n int, token string) (*stream, error) {
	s := &stream{owner: o, token: token, ready: make(chan struct{})}
	var follow func() error
	var err error
	if kind == webSocket {
		follow, err = s.openSocket(ctx, o.dialer(n))
	} else {
		follow, err = s.openEvents(ctx, o.dialer(n))
	}
	if err != nil {
		return nil, fmt.Errorf("open a stream: %w", err)
	}
	o.running.Go(func() {
		err := follow()
		s.mu.Lock()
		if !s.closed {
			s.err = fmt.Errorf("a stream was cut off: %w", err)
		}
		s.mu.Unlock()
		s.begun("")
	})
	late := time.NewTimer(o.timeout)
	defer late.Stop()
	select {
	case <-s.ready:
		return s, s.failure()
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = fmt.Errorf("a stream has not begun after %s", o.timeout)
	}
	s.end()
	return nil, err
}

// begun tells, once, that the stream gets what happens.
func (s *stream) begun(cursor string) {
	s.once.Do(func() {
		s.live = cursor
		close(s.ready)
	})
}

// end closes the connection.
func (s *stream) end() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.close()
}

// failure is why the stream ended, nil while it has not.
func (s *stream) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// count is how many events have come.
func (s *stream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.arrived)
}

// taken returns what has come. It belongs to the stream.
func (s *stream) taken() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived
}

// note keeps an event.
func (s *stream) note(event []byte) error {
	came := s.owner.now()
	id, a, err := readEvent(event)
	if err != nil {
		return err
	}
	a.event, a.came = maphash.Bytes(s.owner.seed, id), came
	s.mu.Lock()
	s.arrived = append(s.arrived, a)
	s.mu.Unlock()
	return nil
}

// openEvents opens a stream of server-sent events.
func (s *stream) openEvents(ctx context.Context, d *net.Dialer) (follow func() error, err error) {
	c, err := d.DialContext(ctx, "tcp", s.owner.to.addr)
	if err != nil {
		return nil, err
	}
	s.close = func() { _ = c.Close() }
	_ = c.SetDeadline(s.owner.now().Add(s.owner.timeout)) // a socket that cannot be used fails below
	_, err = fmt.Fprintf(c, "GET /v1/events HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", s.owner.to.host, s.token)
	r := bufio.NewReaderSize(c, lineBytes)
	var res *http.Response
	if err == nil {
		res, err = http.ReadResponse(r, anyRequest) //nolint:bodyclose // follow does it; before, the connection is closed
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	return func() error {
		defer res.Body.Close()
		return s.followEvents(bufio.NewReaderSize(res.Body, lineBytes))
	}, nil
}

// followEvents reads lines until the stream ends.
func (s *stream) followEvents(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(line, []byte("retry: ")):
			s.begun("") // the first line
		case bytes.HasPrefix(line, []byte("event: resync")), bytes.HasPrefix(line, []byte("event: bye")):
			return fmt.Errorf("the server says %q", line)
		case bytes.HasPrefix(line, []byte(`data: {"id":"`)): // signals have no id
			if err := s.note(line[len("data: "):]); err != nil {
				return err
			}
		}
	}
}

// openSocket opens a WebSocket and subscribes to everything.
func (s *stream) openSocket(ctx context.Context, d *net.Dialer) (follow func() error, err error) {
	dialer := websocket.Dialer{
		NetDialContext: d.DialContext, HandshakeTimeout: s.owner.timeout,
		ReadBufferSize: socketBytes, WriteBufferSize: socketBytes, WriteBufferPool: &s.owner.pool,
	}
	c, res, err := dialer.DialContext(ctx, "ws://"+s.owner.to.host+"/v1/events/ws", http.Header{"Authorization": {"Bearer " + s.token}})
	if err != nil {
		if res != nil {
			err = errors.Join(err, fmt.Errorf("status %d", res.StatusCode), res.Body.Close())
		}
		return nil, err
	}
	s.close = func() { _ = c.Close() }
	if err := c.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","id":"s"}`)); err != nil {
		s.close()
		return nil, err
	}
	return func() error { return s.followSocket(c) }, nil
}

// followSocket reads frames until the socket ends, and acknowledges events.
func (s *stream) followSocket(c *websocket.Conn) error {
	var frame bytes.Buffer
	for unacked := 0; ; {
		_, r, err := c.NextReader()
		if err != nil {
			return err
		}
		frame.Reset()
		if _, err := frame.ReadFrom(r); err != nil {
			return err
		}
		text := frame.Bytes()
		switch {
		case bytes.HasPrefix(text, []byte(`{"type":"event"`)):
			_, event, _ := bytes.Cut(text, []byte(`"event":{`))
			if err := s.note(event); err != nil {
				return err
			}
			if unacked++; unacked < ackEvery {
				continue
			}
			unacked = 0
			id, _, err := readEvent(event)
			if err == nil {
				err = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"ack","id":"s","cursor":%q}`, id))
			}
			if err != nil {
				return err
			}
		case bytes.HasPrefix(text, []byte(`{"type":"live"`)):
			cursor, _ := member(text, "cursor")
			s.begun(string(cursor))
			frame = bytes.Buffer{} // an idle socket keeps nothing
		case bytes.HasPrefix(text, []byte(`{"type":"typing"`)), bytes.HasPrefix(text, []byte(`{"type":"presence"`)):
		default:
			return fmt.Errorf("the server says %.200s", text)
		}
	}
}
