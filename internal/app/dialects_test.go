//go:build unix

package app_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// The channels of these tests: an app, which all dialects know and whose unread
// messages are counted, and SMS, which Chatwoot's public API does not show and
// whose are not.
const (
	appStream, smsStream = 41, 53211
	appIdentifier        = "harbour-app"
)

// TestDialectsAgree writes at random through CommBox's door and reads after
// each step through all: the same messages in the same order, at the same time
// as exactly as each dialect tells it, and what each customer has not read. What
// is not meant for customers is shown to none.
//
// CommBox has no call for reading, editing and deleting: use cases do it.
func TestDialectsAgree(t *testing.T) {
	t.Parallel()
	customers, steps := uint64(4), 30
	if testkit.Small() {
		customers, steps = 1, 15
	}
	eachEngine(t, func(t *testing.T, engine string) {
		clock := testkit.NewClock(testserver.Now.Std())
		now := func() core.Time { return core.TimeOf(clock.Now()) }
		st := testserver.Open(t, engine)
		testserver.Import(t, st, harbourFixture)
		s := testserver.ServeWith(t, st, engine, testserver.Options{Clock: now})
		for n := range customers {
			w := talks{t: t, s: s, now: now, rng: rand.New(rand.NewPCG(n, 0)), phone: fmt.Sprintf("97250%07d", n), writes: conversation.NewWrites(s.Store, now)}
			for step := range steps {
				clock.Advance(time.Duration(1+w.rng.Int64N(3e6)) * time.Microsecond)
				did := w.step(step)
				w.compare()
				if t.Failed() {
					t.Fatalf("customer %d, after step %d: %s", n, step, did)
				}
			}
			healthy(t, st)
		}
	})
}

// said is a message as it must be found.
type said struct {
	id       int64
	text     string
	at       core.Time
	by       author
	listed   bool // CommBox has it among the childs
	deleted  bool
	internal bool // a remark or an entry of the activity log
}

// author is who said something.
type author int

const (
	byContact author = iota
	byAgent
	byBot
)

// talk is a conversation as it must be found.
type talk struct {
	id, stream int64
	unread     int64 // by the contact
	said       []*said
}

// talks are all conversations of one customer.
type talks struct {
	t      *testing.T
	s      *testserver.Server
	now    core.Clock
	rng    *rand.Rand
	phone  string
	writes *conversation.Writes

	all []*talk
}

// step does one thing, of which it returns what.
func (w *talks) step(n int) string {
	w.t.Helper()
	text := fmt.Sprintf("<b>%d</b> & \"é\" \u2028 🙂 %s", n, w.phone)
	if len(w.all) == 0 || w.rng.IntN(12) == 0 {
		return w.create(text)
	}
	talk := w.all[w.rng.IntN(len(w.all))]
	object := fmt.Sprintf("/objects/%d", talk.id)
	childs := fmt.Sprintf("/streams/%d/objects/%d/child", talk.stream, talk.id)
	message := &said{text: text, at: w.now(), listed: true}
	switch w.rng.IntN(12) {
	case 0, 1:
		message.id = w.post(childs, map[string]any{"Message": text, "Type": 4, "UserStreamProviderId": w.phone, "UserStreamProviderType": 5})
		talk.unread = 0
	case 2, 3, 4:
		message.by = byAgent
		message.id = w.post(childs, map[string]any{"Message": text, "IsManager": true, "UserIdentity": 600001})
		talk.unread++
	case 5:
		message.by = byBot
		message.id = w.post(childs, map[string]any{"Message": text, "IsManager": true, "ManagerId": 545437})
		talk.unread++
	case 6: // the customer's client had shown it already
		message.by = byBot
		message.id = w.post(childs, map[string]any{
			"Message": text, "IsManager": true, "ManagerId": 545437, "Type": 11, "Content": map[string]bool{"messageAlreadyRenderedFromClient": true},
		})
	case 7:
		message.internal, message.text = true, fmt.Sprintf("not for customers: %d", n) // JSON writes it in one way
		w.post(object+[]string{"/remarks", "/activitylog"}[w.rng.IntN(2)], map[string]any{"Text": message.text, "ManagerId": 600001})
	case 8:
		status := 1 + w.rng.IntN(11)
		w.post(fmt.Sprintf("%s/status/%d", object, status), nil)
		return fmt.Sprintf("status %d of %d", status, talk.id)
	case 9:
		w.do(w.writes.ReadUpTo(w.t.Context(), 1, talk.id, conversation.Reader{Side: core.ContactSide}, 0))
		talk.unread = 0
		return fmt.Sprintf("read %d", talk.id)
	default:
		return w.change(talk, text)
	}
	talk.said = append(talk.said, message)
	return fmt.Sprintf("in %d: %+v", talk.id, *message)
}

// create makes an object, by the customer or by an agent, with its message as
// the first child or without.
func (w *talks) create(text string) string {
	w.t.Helper()
	made := &talk{stream: appStream}
	if len(w.all) > 0 && w.rng.IntN(3) == 0 {
		made.stream = smsStream
	}
	first := &said{text: text, at: w.now(), listed: w.rng.IntN(2) == 0}
	data := map[string]any{"Message": text, "Type": 4, "UserStreamProviderId": w.phone, "UserStreamProviderType": 5, "createChildObject": first.listed}
	if w.rng.IntN(2) == 0 {
		data["ManagerId"], first.by, made.unread = 600001, byAgent, 1
	}
	made.id = w.post(fmt.Sprintf("/streams/%d/objects", made.stream), data)
	c, err := w.s.Store.Conversation(w.t.Context(), 1, made.id)
	if err != nil {
		w.t.Fatal(err)
	}
	first.id = c.PrimaryMessageID
	made.said = []*said{first}
	w.all = append(w.all, made)
	return fmt.Sprintf("created %+v", *made)
}

// change edits or deletes a message.
func (w *talks) change(talk *talk, text string) string {
	w.t.Helper()
	m := talk.said[w.rng.IntN(len(talk.said))]
	if m.internal || m.deleted {
		return "nothing"
	}
	agent := core.Actor{Type: core.ActorAgent, ID: 600001}
	if w.rng.IntN(2) == 0 {
		w.do(w.writes.EditMessage(w.t.Context(), 1, conversation.Revision{ConversationID: talk.id, EntryID: m.id, Actor: agent}, text))
		m.text = text
		return fmt.Sprintf("edited %d", m.id)
	}
	w.do(w.writes.DeleteMessage(w.t.Context(), 1, conversation.Revision{ConversationID: talk.id, EntryID: m.id, Actor: agent}))
	m.deleted = true
	return fmt.Sprintf("deleted %d", m.id)
}

// do takes the answer of a use case.
func (w *talks) do(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// post makes a call of CommBox's and returns the id of what it made, if any.
func (w *talks) post(path string, data any) int64 {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		w.t.Fatal(err)
	}
	got := w.s.Send(w.t, http.MethodPost, path, string(body), "Authorization", "Bearer "+harbourKey, "Content-Type", "application/json")
	var answer struct{ Data struct{ ID int64 } }
	if err := json.Unmarshal(got.Body, &answer); err != nil || got.Status != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", path, body, got.Status, got.Body)
	}
	return answer.Data.ID
}

// get reads JSON. Nothing internal may be in it.
func (w *talks) get(path string, into any) {
	w.t.Helper()
	got := w.s.Do(w.t, http.MethodGet, path, "Authorization", "Bearer "+harbourKey)
	if err := json.Unmarshal(got.Body, into); err != nil || got.Status != http.StatusOK {
		w.t.Fatalf("%s: %d %s, %v", path, got.Status, got.Body, err)
	}
	for _, talk := range w.all {
		for _, m := range talk.said {
			if m.internal && strings.Contains(string(got.Body), m.text) {
				w.t.Errorf("%s shows %q", path, m.text)
			}
		}
	}
}

// shownMessage is a message as one of the dialects shows it: texts, times and authors
// in its own form.
type shownMessage struct {
	Text, At, By string
}

// dialectForm is how a dialect shows messages.
type dialectForm struct {
	deleted string // in place of a deleted text
	at      func(at core.Time) string
	by      [3]string
	childs  bool // listed ones alone, newest first
}

// show returns the messages of a talk as a dialect must show them.
func (f *dialectForm) show(talk *talk) []shownMessage {
	all := []shownMessage{}
	for _, m := range talk.said {
		if m.internal || f.childs && !m.listed {
			continue
		}
		line := shownMessage{Text: m.text, At: f.at(m.at), By: f.by[m.by]}
		if m.deleted {
			line.Text = f.deleted
		}
		all = append(all, line)
	}
	if f.childs {
		slices.Reverse(all)
	}
	return all
}

// compare reads through every dialect.
func (w *talks) compare() {
	w.t.Helper()
	first, err := w.s.Store.Conversation(w.t.Context(), 1, w.all[0].id)
	if err != nil {
		w.t.Fatal(err)
	}
	w.commbox(first.IdentityID)
	w.chatwoot(first.ContactInboxID)
	w.uncodie(first.ContactID)
}

// want compares what a dialect shows with what it must show.
func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// commbox compares the lists of both versions and the single objects, and the
// unread counts with those of the store.
func (w *talks) commbox(identity int64) {
	w.t.Helper()
	f := dialectForm{childs: true, by: [3]string{"false", "true", "true"}, at: func(at core.Time) string { return at.Std().Format("2006-01-02T15:04:05Z") }}
	type object struct {
		ObjectID       int64
		Message        string
		CreatedTime    string
		UnreadMessages int64
		Childs         []struct {
			Message, CreatedTime string
			User                 struct{ IsManager bool }
		}
	}
	var v2, v1 struct {
		TotalUnreadChatMessages int64
		Data                    []object
	}
	path := fmt.Sprintf("/users/identities/%d/objects", identity)
	w.get("/v2"+path, &v2)
	w.get(path, &v1)
	var total int64
	for _, talk := range w.all {
		var alone struct{ Data []object }
		w.get(fmt.Sprintf("/streams/%d/objects/%d?includeChilds=true", talk.stream, talk.id), &alone)
		for version, list := range map[string][]object{"version 2": v2.Data, "version 1": v1.Data, "get object": alone.Data} {
			i := slices.IndexFunc(list, func(o object) bool { return o.ObjectID == talk.id })
			if i < 0 {
				w.t.Fatalf("%s lacks %d", version, talk.id)
			}
			o := list[i]
			childs := []shownMessage{}
			for _, c := range o.Childs {
				childs = append(childs, shownMessage{Text: c.Message, At: c.CreatedTime, By: fmt.Sprint(c.User.IsManager)})
			}
			want(w.t, "CommBox, "+version, childs, f.show(talk))
			whole := f
			whole.childs = false
			primary := whole.show(talk)[0]
			want(w.t, "CommBox, object of "+version, [2]string{o.Message, o.CreatedTime}, [2]string{primary.Text, f.at(talk.said[0].at)})
			if version != "version 2" {
				continue
			}
			c, err := w.s.Store.Conversation(w.t.Context(), 1, talk.id)
			if err != nil {
				w.t.Fatal(err)
			}
			want(w.t, "the core's unread", c.ContactUnread(), talk.unread)
			counted := talk.unread
			if talk.stream != appStream {
				counted = 0
			}
			want(w.t, "CommBox's unread", o.UnreadMessages, counted)
			total += counted
		}
	}
	want(w.t, "CommBox's total", v2.TotalUnreadChatMessages, total)
	want(w.t, "CommBox's number of objects", len(v2.Data), len(w.all))
}

// chatwoot compares the list of the customer's conversations in the app.
func (w *talks) chatwoot(contactInbox int64) {
	w.t.Helper()
	door, err := w.s.Store.ContactInbox(w.t.Context(), 1, contactInbox)
	if err != nil {
		w.t.Fatal(err)
	}
	f := dialectForm{deleted: "This message was deleted", by: [3]string{"0", "1", "1"}, at: func(at core.Time) string { return fmt.Sprint(at.Unix()) }}
	var list []struct {
		Messages []struct {
			Content     string
			CreatedAt   json.Number `json:"created_at"`
			MessageType json.Number `json:"message_type"`
		}
	}
	w.get("/public/api/v1/inboxes/"+appIdentifier+"/contacts/"+door.SourceID+"/conversations", &list)
	var got, wanted [][]shownMessage
	for _, c := range list {
		messages := []shownMessage{}
		for _, m := range c.Messages {
			messages = append(messages, shownMessage{Text: m.Content, At: m.CreatedAt.String(), By: m.MessageType.String()})
		}
		got = append(got, messages)
	}
	for _, talk := range w.all { // in the order of their making
		if talk.stream == appStream {
			wanted = append(wanted, f.show(talk))
		}
	}
	want(w.t, "Chatwoot", got, wanted)
}

// uncodie compares the list of the lead's conversations.
func (w *talks) uncodie(contact int64) {
	w.t.Helper()
	lead, err := w.s.Store.Contact(w.t.Context(), 1, contact)
	if err != nil {
		w.t.Fatal(err)
	}
	f := dialectForm{by: [3]string{"user", "team_member", "assistant"}, at: func(at core.Time) string { return at.Std().Format(time.RFC3339Nano) }}
	type row struct {
		Count    int64
		Last     shownMessage
		Messages []shownMessage
	}
	type message struct {
		Content, Role string
		CreatedAt     time.Time `json:"created_at"`
	}
	var answer struct {
		Data struct {
			Conversations []struct {
				MessageCount int64   `json:"message_count"`
				LastMessage  message `json:"last_message"`
				Messages     []message
			}
		}
	}
	w.get("/api/agents/customerSupport/conversations?include=messages&limit=100&lead_id="+lead.UUID, &answer)
	show := func(m message) shownMessage {
		return shownMessage{Text: m.Content, At: m.CreatedAt.Format(time.RFC3339Nano), By: m.Role}
	}
	var got, wanted []row
	for _, c := range answer.Data.Conversations {
		r := row{Count: c.MessageCount, Last: show(c.LastMessage)}
		for _, m := range c.Messages {
			r.Messages = append(r.Messages, show(m))
		}
		got = append(got, r)
	}
	newest := func(talk *talk) core.Time {
		i := slices.IndexFunc(talk.said, func(m *said) bool { return !m.internal })
		at := talk.said[i].at
		for _, m := range talk.said {
			if !m.internal {
				at = m.at
			}
		}
		return at
	}
	ordered := slices.SortedFunc(slices.Values(w.all), func(a, b *talk) int { return cmp.Compare(newest(b), newest(a)) })
	for _, talk := range ordered {
		all := f.show(talk)
		wanted = append(wanted, row{Count: int64(len(all)), Last: all[len(all)-1], Messages: all})
	}
	want(w.t, "Uncodie", got, wanted)
}
