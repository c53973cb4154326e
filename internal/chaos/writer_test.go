//go:build unix

package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// write is one message that a writer sent.
type write struct {
	conversation int64
	text         string
	agent        bool // says it; else the contact
	note         bool
	id           int64 // of the message, 0: no answer came, and it may be there or not
}

// writer writes one message after the other, through CommBox's door and through
// Parley's own.
type writer struct {
	t    *testing.T
	name string
	url  string
	rng  *rand.Rand
	http *http.Client

	sent              []write
	repeated, unknown int // requests that got no answer, and were sent again or not
}

// post sends a request. ok is false when no whole answer came.
func (w *writer) post(ctx context.Context, path, key, body string, into any) (ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Error(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+siteKey)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", strings.ReplaceAll(key, " ", "-"))
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		w.t.Errorf("%s %s %s was answered %d %s", w.name, path, body, resp.StatusCode, answer)
		return true
	}
	if err := json.Unmarshal(answer, into); into != nil && err != nil {
		w.t.Errorf("%s %s was answered %s: %v", w.name, path, answer, err)
	}
	return true
}

// insist sends a request under its key until an answer comes.
func (w *writer) insist(ctx context.Context, path, key, body string, into any) {
	for !w.post(ctx, path, key, body, into) && ctx.Err() == nil {
		w.repeated++
	}
}

// write writes a message somewhere.
func (w *writer) write(ctx context.Context) {
	contact := contactOf(w.rng.IntN(contacts))
	m := write{conversation: contact.conversation, text: fmt.Sprintf("%s, message %d", w.name, len(w.sent)), agent: w.rng.IntN(3) > 0}
	if w.rng.IntN(2) == 0 {
		w.child(ctx, contact, &m)
	} else {
		m.note = m.agent && w.rng.IntN(10) == 0
		w.say(ctx, &m)
	}
	w.sent = append(w.sent, m)
	if contact.reads && w.rng.IntN(20) == 0 {
		w.read(ctx, contact)
	}
}

// child writes through CommBox's door, once.
func (w *writer) child(ctx context.Context, c contact, m *write) {
	by := ""
	if m.agent {
		by = fmt.Sprintf(`,"IsManager":true,"UserIdentity":%d`, adminID)
	}
	var answer struct{ Data struct{ ID int64 } }
	if !w.post(ctx, fmt.Sprintf("/streams/%d/objects/%d/child", c.inbox, c.conversation), "",
		fmt.Sprintf(`{"data":{"Message":%q%s}}`, m.text, by), &answer) {
		w.unknown++
		return
	}
	m.id = answer.Data.ID
	if m.id == 0 {
		w.t.Errorf("%q: no id", m.text)
	}
}

// say writes through Parley's own door, until it is done.
func (w *writer) say(ctx context.Context, m *write) {
	sender, kind := `{"type":"contact"}`, "message"
	if m.agent {
		sender = fmt.Sprintf(`{"type":"agent","id":%d}`, adminID)
	}
	if m.note {
		kind = "note"
	}
	var answer struct{ ID int64 }
	w.insist(ctx, fmt.Sprintf("/v1/conversations/%d/messages", m.conversation), m.text,
		fmt.Sprintf(`{"content":%q,"kind":%q,"sender":%s}`, m.text, kind, sender), &answer)
	if m.id = answer.ID; m.id == 0 {
		w.t.Errorf("%q: no id", m.text)
	}
}

// read has the contact read its conversation.
func (w *writer) read(ctx context.Context, c contact) {
	w.insist(ctx, fmt.Sprintf("/v1/conversations/%d/read", c.conversation), "", `{"reader":{"type":"contact"}}`, nil)
}
