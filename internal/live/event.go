package live

import (
	"context"
	"log/slog"
	"sync"

	"parley/internal/core"
	"parley/internal/service/feed"
)

// View is how an event looks: what it shows depends on who reads it.
type View int

// The views.
const (
	AccountView View = iota // the account's own programs
	AgentView
	ContactView
	views
)

// viewOf returns how a viewer sees events.
func viewOf(v *feed.Viewer) View {
	switch {
	case v.ContactID != 0:
		return ContactView
	case v.AgentID != 0:
		return AgentView
	}
	return AccountView
}

// Renderer gives events and signals their wire form: one JSON value each, on one
// line. It is safe for concurrent use. It is never asked about an event that the view's
// viewer must not see, but decides alone what of the event is shown. past tells that
// it is not told as it happens: what it tells of may be gone.
type Renderer interface {
	Event(ctx context.Context, e *core.Event, v View, past bool) ([]byte, error)
	Signal(s *Signal, v View) ([]byte, error)
}

// Event is an event on its way to subscriptions. Each wire form is made once,
// by the first who needs it.
type Event struct {
	core.Event

	hub    *Hub
	past   bool // it was read from the log, some time after it happened
	cursor struct {
		sync.Once
		text string
	}
	bodies [views]struct {
		sync.Once
		text []byte
		err  error
	}
}

func (h *Hub) event(e core.Event, past bool) *Event { return &Event{Event: e, hub: h, past: past} }

// Cursor returns the cursor that goes on after the event.
func (e *Event) Cursor() string {
	e.cursor.Do(func() {
		e.cursor.text = e.hub.cursors.Seal(e.AccountID, feed.Position{Epoch: e.Epoch, Seq: e.Seq})
	})
	return e.cursor.text
}

// Body returns the event as the view shows it. Nobody may change it.
func (e *Event) Body(v View) ([]byte, error) {
	b := &e.bodies[v]
	// What one subscription waits for, others want too: it does not end with
	// the first.
	b.Do(func() {
		if b.text, b.err = e.hub.render.Event(e.hub.ctx, &e.Event, v, e.past); b.err != nil {
			e.hub.log.ErrorContext(e.hub.ctx, "cannot render an event", slog.Int64("account_id", e.AccountID), slog.Int64("seq", e.Seq), slog.Any("error", b.err))
		}
	})
	return b.text, b.err
}

// weight is about how much memory an event holds, in bytes.
func (e *Event) weight() int {
	const record = 1 << 10
	if change, ok := e.Data.(core.EntryChange); ok {
		return record + len(change.Entry.Content)
	}
	return record
}
