//go:build unix

package chaos_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// What is in the last event that a client waits for: a contact, and the others.
const (
	goodbye = "goodbye for ever"
	theEnd  = "this is the end"
)

// client follows the event log as a program would that can be cut off at any
// time: it remembers now and then how far it has come, goes on from there, and
// drops by its id what it has got already.
type client struct {
	t       *testing.T
	name    string
	url     string
	token   string
	contact int64 // whom it stands for; 0: an agent or the account
	agent   bool
	rng     *rand.Rand
	http    *http.Client
	written *counter // what is written meanwhile, for those that ask again and again

	cursor  string // as far as it remembers
	forgets int    // what came since
	seen    map[string]bool
	ids     []string // of events, as they came first
	ended   bool

	connects, repeats, resyncs int
}

// take notes an event.
func (c *client) take(id string, body []byte) {
	if c.seen[id] {
		c.repeats++
	} else {
		c.seen[id] = true
		c.ids = append(c.ids, id)
	}
	if c.forgets++; c.forgets > c.rng.IntN(50) {
		c.remember(id)
	}
	end := theEnd
	if c.contact != 0 {
		end = goodbye
	}
	c.ended = c.ended || bytes.Contains(body, []byte(end))
}

func (c *client) remember(cursor string) { c.cursor, c.forgets = cursor, 0 }

// lost notes that the log cannot be followed any more, which nothing here is a
// reason for.
func (c *client) lost(body []byte) {
	c.resyncs++
	c.ended = true
	c.t.Errorf("%s was told to read anew: %s", c.name, body)
}

// until follows the log by connecting again and again until the end has come.
func (c *client) until(ctx context.Context, follow func(ctx context.Context) error) {
	var last error
	for !c.ended && ctx.Err() == nil {
		c.connects++
		last = follow(ctx)
	}
	if !c.ended && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.t.Errorf("%s does not come to the end: it has %d events, last connection: %v", c.name, len(c.ids), last)
	}
}

// get asks with the headers, name and value in turn.
func (c *client) get(ctx context.Context, path string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.http.Do(req)
}

// refused tells of an answer that nobody should get.
func (c *client) refused(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusGone {
		c.lost(body)
	} else {
		c.t.Errorf("%s was answered %d %s", c.name, resp.StatusCode, body)
	}
	return fmt.Errorf("answered %d", resp.StatusCode)
}

// stream reads server-sent events and hands out each that has come whole.
func (c *client) stream(ctx context.Context, path, last string, event func(id, name string, data []byte)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.get(ctx, path, "Accept", "text/event-stream", "Last-Event-ID", last)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.refused(resp)
	}
	var (
		id, name string
		data     []byte
	)
	lines := bufio.NewReader(resp.Body)
	for !c.ended {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		field, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(": "))
		switch string(field) {
		case "id":
			id = string(value)
		case "event":
			name = string(value)
		case "data":
			data = value
		case "":
			if data != nil {
				event(id, name, data)
			}
			name, data = "", nil
		}
	}
	return nil
}

// followSSE follows server-sent events.
func (c *client) followSSE(ctx context.Context) error {
	return c.stream(ctx, "/v1/events", c.cursor, func(id, name string, data []byte) {
		switch name {
		case "resync":
			c.lost(data)
		case "bye", "typing", "presence":
		default:
			c.take(id, data)
		}
	})
}

// followSocket follows a WebSocket.
func (c *client) followSocket(ctx context.Context) error {
	header := http.Header{"Authorization": {"Bearer " + c.token}}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.url, "http")+"/v1/events/ws", header)
	if err != nil {
		if resp != nil && resp.StatusCode >= http.StatusBadRequest {
			return c.refused(resp)
		}
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := conn.WriteJSON(map[string]string{"type": "subscribe", "id": "a", "after": c.cursor}); err != nil {
		return err
	}
	for unacked := 0; !c.ended; {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var frame struct {
			Type  string
			Event struct{ ID string }
		}
		if err := json.Unmarshal(text, &frame); err != nil {
			c.t.Errorf("%s got %s: %v", c.name, text, err)
		}
		switch frame.Type {
		case "event":
			c.take(frame.Event.ID, text)
			if unacked++; unacked > c.rng.IntN(500) {
				unacked = 0
				if err := conn.WriteJSON(map[string]string{"type": "ack", "id": "a", "cursor": frame.Event.ID}); err != nil {
					return err
				}
			}
		case "resync":
			c.lost(text)
		case "live", "typing", "presence":
		default:
			c.t.Errorf("%s got %s", c.name, text)
		}
	}
	return nil
}

// followPages asks for pages, and for more when more was written.
func (c *client) followPages(ctx context.Context) error {
	for !c.ended {
		resp, err := c.get(ctx, fmt.Sprintf("/v1/events?limit=%d&after=%s", 1+c.rng.IntN(500), c.cursor))
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			defer resp.Body.Close()
			return c.refused(resp)
		}
		var page struct {
			Data []json.RawMessage
			Next string `json:"next_cursor"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil {
			return err
		}
		for _, body := range page.Data {
			var event struct{ ID string }
			if err := json.Unmarshal(body, &event); err != nil {
				c.t.Errorf("%s got %s: %v", c.name, body, err)
			}
			c.take(event.ID, body)
		}
		switch {
		case len(page.Data) > 0 && c.rng.IntN(10) == 0: // it does not remember the page
		case page.Next == c.cursor:
			if !c.written.reach(ctx, c.written.get()+1+c.rng.IntN(200)) {
				return ctx.Err()
			}
		default:
			c.remember(page.Next)
		}
	}
	return nil
}

// watch is what a client knows of how much a contact has not read.
type watch struct {
	*client

	mu      sync.Mutex
	last    string        // guarded by mu
	changed chan struct{} // closed when last changes; guarded by mu
	same    int           // answers that said that nothing has changed
}

func (w *watch) set(state []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = string(bytes.TrimSpace(state))
	close(w.changed)
	w.changed = make(chan struct{})
}

// await waits until the client knows what it should.
func (w *watch) await(ctx context.Context, want string) {
	for {
		w.mu.Lock()
		last, changed := w.last, w.changed
		w.mu.Unlock()
		if last == want {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Errorf("%s knows %s, want %s", w.name, last, want)
			return
		}
	}
}

// followUnread follows the stream of a contact's unread messages.
func (w *watch) followUnread(ctx context.Context) error {
	return w.stream(ctx, "/v1/contacts/me/unread/stream", "", func(_, name string, data []byte) {
		if name == "unread" {
			w.set(data)
		}
	})
}

// pollUnread asks for a contact's unread messages whenever more was written.
func (w *watch) pollUnread(ctx context.Context) error {
	tag := ""
	for {
		n := w.written.get()
		resp, err := w.get(ctx, "/v1/contacts/me/unread", "If-None-Match", tag)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case err != nil:
			return err
		case resp.StatusCode == http.StatusNotModified:
			w.same++
		case resp.StatusCode != http.StatusOK:
			w.t.Errorf("%s was answered %d %s", w.name, resp.StatusCode, body)
			return nil
		default:
			tag = resp.Header.Get("ETag")
			w.set(body)
		}
		if !w.written.reach(ctx, n+1+w.rng.IntN(50)) {
			return ctx.Err()
		}
	}
}
