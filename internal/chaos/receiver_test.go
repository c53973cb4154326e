//go:build unix

package chaos_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// receiver is where a webhook's events arrive. It drops repeats by their
// webhook-id.
type receiver struct {
	*wire
	t        *testing.T
	accepted counter // events, each once
	refused  counter
	held     counter

	mu      sync.Mutex
	server  *httptest.Server // nil while it is down
	refuse  int              // how many of the next calls fail
	hold    int              // how many of the calls behind those hang until the server goes
	events  map[string]arrival
	order   []string // webhook-ids, as they came first
	repeats int
}

// arrival is what came under a webhook-id.
type arrival struct{ event, conversation string }

func newReceiver(t *testing.T, w *wire) *receiver {
	t.Helper()
	r := &receiver{wire: w, t: t, events: map[string]arrival{}}
	r.up()
	t.Cleanup(r.down)
	return r
}

// up starts it.
func (r *receiver) up() {
	s := httptest.NewServer(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server = s
	r.lead(s.Listener.Addr().String())
}

// down stops it: calls that it holds, and those that it answers just then, are
// cut off.
func (r *receiver) down() {
	r.mu.Lock()
	s := r.server
	r.server, r.hold = nil, 0
	r.mu.Unlock()
	if s == nil {
		return
	}
	r.lead()
	s.CloseClientConnections()
	s.Close()
}

// will says what becomes of the next calls.
func (r *receiver) will(refuse, hold int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse, r.hold = refuse, hold
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // it was cut
	}
	var event struct {
		ID           string      `json:"id"`
		Conversation json.Number `json:"conversation_id"`
	}
	id := req.Header.Get("webhook-id")
	if err := json.Unmarshal(body, &event); err != nil || id == "" || event.ID == "" {
		r.t.Errorf("the webhook got %q, %s", id, body)
	}
	r.mu.Lock()
	switch {
	case r.refuse > 0:
		r.refuse--
		r.mu.Unlock()
		w.WriteHeader(http.StatusInternalServerError)
		r.refused.add(1)
		return
	case r.hold > 0:
		r.hold--
		r.mu.Unlock()
		r.held.add(1)
		<-req.Context().Done()
		return
	}
	defer r.mu.Unlock()
	known, again := r.events[id]
	switch {
	case !again:
		r.events[id] = arrival{event.ID, event.Conversation.String()}
		r.order = append(r.order, id)
		r.accepted.add(1)
	case known.event != event.ID:
		r.t.Errorf("%s is of the events %s and %s", id, known.event, event.ID)
	default:
		r.repeats++
	}
}
