package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// readBufferBytes holds the usual answer, so that one read fetches it.
const readBufferBytes = 64 << 10

// endpoint is where requests go.
type endpoint struct {
	host   string // as in the Host header
	addr   string // host:port to connect to
	secure bool
}

// parseEndpoint reads a base URL such as http://127.0.0.1:8080.
func parseEndpoint(base string) (endpoint, error) {
	u, err := url.Parse(base)
	if err != nil {
		return endpoint{}, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || (u.Path != "" && u.Path != "/") {
		return endpoint{}, fmt.Errorf("%q is not http://HOST:PORT", base)
	}
	e := endpoint{host: u.Host, addr: u.Host, secure: u.Scheme == "https"}
	if u.Port() == "" {
		e.addr = net.JoinHostPort(u.Hostname(), map[bool]string{false: "80", true: "443"}[e.secure])
	}
	return e, nil
}

// conn sends requests one after the other over a connection that it keeps. The
// generator shares the machine with the server: a connection read by the worker
// itself takes about a third of the processor time of net/http's client, which has two
// goroutines a connection (BenchmarkClients).
type conn struct {
	to      endpoint
	timeout time.Duration
	now     func() time.Time

	c    net.Conn // nil while there is none
	r    *bufio.Reader
	verb []byte // of every request
	head []byte // of every request, and its body: what is behind the first line
	req  []byte
	body bytes.Buffer
	tag  string // the last answer's
}

// anyRequest is what ReadResponse needs to know: only answers to HEAD have no
// body.
var anyRequest = &http.Request{Method: http.MethodGet}

func newConn(to endpoint, s *Scenario, timeout time.Duration, now func() time.Time) *conn {
	c := &conn{to: to, timeout: timeout, now: now, r: bufio.NewReaderSize(nil, readBufferBytes), verb: []byte("GET ")}
	c.head = fmt.Appendf(nil, "Host: %s\r\n", to.host)
	names := make([]string, 0, len(s.Headers))
	for name := range s.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.head = fmt.Appendf(c.head, "%s: %s\r\n", name, s.Headers[name])
	}
	if s.Writes() {
		c.verb = []byte("POST ")
		c.head = fmt.Appendf(c.head, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(s.Body))
	}
	c.head = append(c.head, "\r\n"...)
	c.head = append(c.head, s.Body...)
	return c
}

// ask sends the request for the i-th path of the scenario and returns the whole
// body of the answer, which is valid until the next call. Every status but 200
// and 201 is an error.
func (c *conn) ask(ctx context.Context, s *Scenario, i int64) ([]byte, error) {
	status, err := c.send(ctx, s, i, "")
	if err == nil && status != http.StatusOK && status != http.StatusCreated {
		err = c.refuse(status)
	}
	return c.body.Bytes(), err
}

// revalidate asks whether the answer to the i-th path is still the one of the
// tag. Every status but 304 is an error.
func (c *conn) revalidate(ctx context.Context, s *Scenario, i int64, tag string) error {
	status, err := c.send(ctx, s, i, tag)
	if err == nil && status != http.StatusNotModified {
		err = c.refuse(status)
	}
	return err
}

// refuse is the end of a connection whose answer is not the right one.
func (c *conn) refuse(status int) error {
	c.close()
	return fmt.Errorf("status %d: %.200s", status, c.body.Bytes())
}

// send sends a request, with a tag unless it is "", and reads the answer.
func (c *conn) send(ctx context.Context, s *Scenario, i int64, tag string) (status int, err error) {
	c.req = append(c.req[:0], c.verb...)
	c.req = s.appendPath(c.req, i)
	c.req = append(c.req, " HTTP/1.1\r\n"...)
	if tag != "" {
		c.req = append(append(append(c.req, "If-None-Match: "...), tag...), "\r\n"...)
	}
	c.req = append(c.req, c.head...)
	if status, err = c.exchange(ctx); err != nil {
		c.close()
	}
	return status, err
}

func (c *conn) exchange(ctx context.Context) (status int, err error) {
	kept := c.c != nil
	for {
		if err := c.open(ctx); err != nil {
			return 0, err
		}
		err := c.c.SetDeadline(c.now().Add(c.timeout))
		if err == nil {
			_, err = c.c.Write(c.req)
		}
		if err == nil {
			_, err = c.r.Peek(1)
		}
		if err == nil {
			return c.read()
		}
		// A server may close a connection that was idle; on a new one it is a
		// failure.
		if !kept || isTimeout(err) {
			return 0, fmt.Errorf("no answer: %w", err)
		}
		kept = false
		c.close()
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// open connects unless there is a connection.
func (c *conn) open(ctx context.Context) error {
	if c.c != nil {
		return nil
	}
	dialer := &net.Dialer{Timeout: c.timeout}
	var err error
	if c.to.secure {
		c.c, err = (&tls.Dialer{NetDialer: dialer}).DialContext(ctx, "tcp", c.to.addr)
	} else {
		c.c, err = dialer.DialContext(ctx, "tcp", c.to.addr)
	}
	if err != nil {
		c.c = nil // an interface that holds a nil pointer is not nil
		return fmt.Errorf("connect: %w", err)
	}
	c.r.Reset(c.c)
	return nil
}

// read reads one answer to its end: as many bytes as its length says, or all
// chunks.
func (c *conn) read() (status int, err error) {
	resp, err := http.ReadResponse(c.r, anyRequest)
	if err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	c.body.Reset()
	_, err = c.body.ReadFrom(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, fmt.Errorf("read body: %w", err)
	}
	if c.r.Buffered() > 0 {
		return 0, errors.New("there is more than one answer")
	}
	if resp.Close {
		c.close()
	}
	c.tag = resp.Header.Get("ETag")
	return resp.StatusCode, nil
}

func (c *conn) close() {
	if c.c != nil {
		_ = c.c.Close()
		c.c = nil
	}
}
