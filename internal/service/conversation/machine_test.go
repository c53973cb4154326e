package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// model is what a conversation should be, kept the simple way.
type model struct {
	status         core.Status
	code           int64
	until          core.Time
	priority       string
	person, bot    int64
	labels, agents []int64
	inbox          int64
	subject, ext   string
	said           []said
	read           map[string]int // by reader: how many entries, from the first on
	events         []string
}

// said is one entry.
type said struct {
	id      int64
	kind    core.EntryKind
	side    core.Side
	text    string
	deleted bool
}

// unread counts what the reader has not read: by what was read explicitly, and
// for the contact also by what it said last.
func (m *model) unread(reader string, side core.Side) int64 {
	from := m.read[reader]
	n := int64(0)
	for i, s := range m.said {
		if s.kind == core.Message && side == core.ContactSide && s.side == core.ContactSide {
			n = 0 // whoever answers has read
			from = max(from, i+1)
		}
		if i >= from && s.kind == core.Message && s.side != side {
			n++
		}
	}
	return n
}

func (m *model) activity(id int64) {
	m.said = append(m.said, said{id: id, kind: core.Activity, side: core.AgentSide})
	m.events = append(m.events, "activity.created")
}

// machine draws commands and runs them on the store and on the model.
type machine struct {
	t      *rapid.T
	st     store.Store
	f      storetest.Fixture
	w      *conversation.Writes
	id     int64
	first  int64 // event_seq at the beginning
	now    core.Time
	m      model
	labels []int64
}

func (x *machine) agents() []int64 { return []int64{x.f.Agent.ID, x.f.Admin.ID, x.f.Bot.ID} }

func (x *machine) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatalf("%v", err)
	}
}

// change runs changes; fields says whether something changes, activities how
// many of them agents are told of.
func (x *machine) change(in conversation.Changes, changes bool, activities int) {
	x.t.Helper()
	_, err := x.w.Change(x.t.Context(), x.f.Account.ID, x.id, core.Actor{Type: core.ActorAgent, ID: x.f.Agent.ID}, in)
	x.must(err)
	if changes {
		x.m.events = append(x.m.events, "conversation.updated")
	}
	for range activities {
		x.m.activity(0)
	}
}

func (x *machine) Say(t *rapid.T) {
	kind := rapid.SampledFrom([]core.EntryKind{core.Message, core.Message, core.Note}).Draw(t, "kind")
	sender := core.Actor{Type: core.ActorAgent, ID: rapid.SampledFrom(x.agents()).Draw(t, "agent")}
	if kind == core.Message && rapid.Bool().Draw(t, "by the contact") {
		sender = core.Actor{Type: core.ActorContact}
	}
	text := rapid.SampledFrom([]string{"", "Hi", "<b>é</b>"}).Draw(t, "text")
	e, err := x.w.Append(t.Context(), x.f.Account.ID, conversation.NewEntry{ConversationID: x.id, Kind: kind, Sender: sender, Content: text})
	x.must(err)
	x.m.said = append(x.m.said, said{id: e.ID, kind: kind, side: sender.Side(), text: text})
	x.m.events = append(x.m.events, string(kind)+".created")
	if sender.Type == core.ActorContact && (x.m.status == core.Resolved || x.m.status == core.Snoozed) {
		x.m.status, x.m.code, x.m.until = core.Open, 0, 0
		x.m.events = append(x.m.events, "conversation.updated, message")
		x.m.activity(0)
	}
}

func (x *machine) Status(t *rapid.T) {
	to := core.NewStatus{
		Status: rapid.SampledFrom([]core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved}).Draw(t, "status"),
		Code:   rapid.Int64Range(0, 2).Draw(t, "code"),
	}
	if to.Status == core.Snoozed {
		to.Until = core.Time(rapid.Int64Range(0, 2).Draw(t, "until"))
	}
	changes := to.Status != x.m.status || to.Code != x.m.code || to.Until != x.m.until
	x.change(conversation.Changes{Status: &to}, changes, count(changes))
	x.m.status, x.m.code, x.m.until = to.Status, to.Code, to.Until
}

func (x *machine) Several(t *rapid.T) {
	priority := rapid.SampledFrom([]string{"", "low", "urgent"}).Draw(t, "priority")
	subject := rapid.SampledFrom([]string{"", "Invoice"}).Draw(t, "subject")
	ext := rapid.SampledFrom([]string{`{"commbox":{"type":4}}`, `{"commbox":{"type":5}}`}).Draw(t, "ext")
	in := conversation.Changes{Priority: &priority, Subject: &subject, Ext: func(core.JSON) (core.JSON, error) { return core.JSON(ext), nil }}
	changes := priority != x.m.priority || subject != x.m.subject || ext != x.m.ext
	x.change(in, changes, count(priority != x.m.priority))
	x.m.priority, x.m.subject, x.m.ext = priority, subject, ext
}

func (x *machine) Assign(t *rapid.T) {
	to := rapid.SampledFrom(append(x.agents(), 0)).Draw(t, "to")
	changes := to != x.m.person+x.m.bot
	x.change(conversation.Changes{AssigneeID: &to}, changes, count(changes))
	x.m.person, x.m.bot = to, 0
	if to == x.f.Bot.ID {
		x.m.person, x.m.bot = 0, to
	}
}

func (x *machine) Label(t *rapid.T) {
	id := rapid.SampledFrom(x.labels).Draw(t, "label")
	has := slices.Contains(x.m.labels, id)
	if rapid.Bool().Draw(t, "add") {
		x.change(conversation.Changes{AddLabels: []int64{id}}, !has, count(!has))
		if !has {
			x.m.labels = append(x.m.labels, id)
		}
		return
	}
	x.change(conversation.Changes{RemoveLabels: []int64{id}}, has, count(has))
	x.m.labels = slices.DeleteFunc(x.m.labels, func(l int64) bool { return l == id })
}

func (x *machine) TakePart(t *rapid.T) {
	id := rapid.SampledFrom(x.agents()).Draw(t, "agent")
	has := slices.Contains(x.m.agents, id)
	if rapid.Bool().Draw(t, "join") {
		x.change(conversation.Changes{AddParticipants: []int64{id}}, !has, count(!has))
		if !has {
			x.m.agents = append(x.m.agents, id)
		}
		return
	}
	x.change(conversation.Changes{RemoveParticipants: []int64{id}}, has, count(has))
	x.m.agents = slices.DeleteFunc(x.m.agents, func(a int64) bool { return a == id })
}

func (x *machine) Move(t *rapid.T) {
	to := rapid.SampledFrom([]int64{x.f.Web.ID, x.f.API.ID}).Draw(t, "inbox")
	door, found, err := x.st.FindContactInbox(t.Context(), x.f.Account.ID, x.f.AdaWeb.ID, to)
	x.must(err)
	changes := to != x.m.inbox
	if changes && !found {
		x.m.events = append(x.m.events, "contact_inbox.created")
	}
	x.change(conversation.Changes{Place: &conversation.PlaceID{InboxID: to}}, changes, 0)
	if changes {
		x.m.events[len(x.m.events)-1] += fmt.Sprint(", from ", x.m.inbox)
		x.m.activity(0)
	}
	x.m.inbox = to
	c, err := x.st.Conversation(t.Context(), x.f.Account.ID, x.id)
	x.must(err)
	if found && c.ContactInboxID != door.ID {
		t.Fatalf("door %d, want %d", c.ContactInboxID, door.ID)
	}
}

func (x *machine) Read(t *rapid.T) {
	name, reader := x.reader(t)
	if len(x.m.said) == 0 {
		t.Skip("nothing was said")
	}
	up := rapid.IntRange(0, len(x.m.said)-1).Draw(t, "up to")
	if x.m.said[up].id == 0 {
		t.Skip("an activity, whose id is not kept")
	}
	side := reader.Side
	before := x.m.unread(name, side)
	x.begins(name)
	x.m.read[name] = max(x.m.read[name], up+1)
	_, err := x.w.ReadUpTo(t.Context(), x.f.Account.ID, x.id, reader, x.m.said[up].id)
	x.must(err)
	if reader.AgentID == 0 || x.m.unread(name, side) != before {
		x.m.events = append(x.m.events, fmt.Sprint("conversation.read, ", before, " unread before")) // an explicit read stamps
	}
}

func (x *machine) MarkUnread(t *rapid.T) {
	name, reader := x.reader(t)
	before := x.m.unread(name, reader.Side)
	if reader.Side == core.ContactSide {
		for _, s := range x.m.said {
			if s.side == core.ContactSide {
				t.Skip("the model does not know how far the contact's own messages moved its cursor")
			}
		}
	}
	x.begins(name)
	x.m.read[name] = 0
	_, err := x.w.MarkUnread(t.Context(), x.f.Account.ID, x.id, reader, 0)
	x.must(err)
	if x.m.unread(name, reader.Side) != before {
		x.m.events = append(x.m.events, fmt.Sprint("conversation.read, ", before, " unread before, marked"))
	}
}

// begins has a reader who has no cursor begin where the shared one stands.
func (x *machine) begins(name string) {
	if _, ok := x.m.read[name]; !ok {
		x.m.read[name] = x.m.read["agents"]
	}
}

// reader draws the contact, the agents together, or one agent who says nothing
// here.
func (x *machine) reader(t *rapid.T) (string, conversation.Reader) {
	if rapid.Bool().Draw(t, "the contact reads") {
		return "contact", contactReads
	}
	return "agents", conversation.Reader{Side: core.AgentSide}
}

func (x *machine) Edit(t *rapid.T) {
	i := x.entry(t)
	text := rapid.SampledFrom([]string{"Hi", "edited"}).Draw(t, "text")
	s := &x.m.said[i]
	_, err := x.w.EditMessage(t.Context(), x.f.Account.ID, conversation.Revision{ConversationID: x.id, EntryID: s.id, Actor: core.Actor{Type: core.ActorAgent, ID: x.f.Agent.ID}}, text)
	if s.deleted {
		if core.KindOf(err) != core.Invalid {
			t.Fatalf("a tombstone was edited: %v", err)
		}
		return
	}
	x.must(err)
	if s.text != text {
		s.text = text
		x.m.events = append(x.m.events, string(s.kind)+".updated")
	}
}

func (x *machine) Delete(t *rapid.T) {
	s := &x.m.said[x.entry(t)]
	_, err := x.w.DeleteMessage(t.Context(), x.f.Account.ID, conversation.Revision{ConversationID: x.id, EntryID: s.id, Actor: core.Actor{Type: core.ActorSystem}})
	x.must(err)
	if !s.deleted {
		s.deleted = true
		x.m.events = append(x.m.events, string(s.kind)+".deleted")
	}
}

// entry draws a message or a note.
func (x *machine) entry(t *rapid.T) int {
	var some []int
	for i, s := range x.m.said {
		if s.kind != core.Activity {
			some = append(some, i)
		}
	}
	if len(some) == 0 {
		t.Skip("nothing was said")
	}
	return rapid.SampledFrom(some).Draw(t, "entry")
}

func count(happened bool) int {
	if happened {
		return 1
	}
	return 0
}

// state is what model and store are compared by.
type state struct {
	Status              core.Status
	Code                int64
	Until               core.Time
	Priority, Subject   string
	Ext                 core.JSON
	Person, Bot, Inbox  int64
	Labels, Agents      []int64
	Contact, AgentsOwed int64
	Closed              bool
	Entries             []string
	Events              []string
}

// Check compares the store with the model, and the log with the store.
func (x *machine) Check(t *rapid.T) {
	ctx, account := t.Context(), x.f.Account.ID
	c, err := x.st.Conversation(ctx, account, x.id)
	x.must(err)
	entries, err := x.st.ListEntries(ctx, account, store.EntryQuery{ConversationIDs: []int64{x.id}, Limit: 1000})
	x.must(err)
	log, err := x.st.ListEvents(ctx, account, x.first, 1000)
	x.must(err)
	got := state{
		Status: c.Status, Code: c.StatusCode, Until: c.SnoozedUntil, Priority: c.Priority, Subject: c.Subject, Ext: c.Ext,
		Person: c.AssigneeID, Bot: c.AssigneeBotID, Inbox: c.InboxID, Labels: c.LabelIDs, Agents: c.ParticipantIDs,
		Contact: c.ContactUnread(), AgentsOwed: c.AgentUnread(), Closed: c.ClosedAt.IsSet(),
	}
	for i := range entries {
		got.Entries = append(got.Entries, fmt.Sprint(entries[i].Kind, " ", entries[i].Text()))
	}
	m := &x.m
	want := state{
		Status: m.status, Code: m.code, Until: m.until, Priority: m.priority, Subject: m.subject, Ext: core.JSON(m.ext),
		Person: m.person, Bot: m.bot, Inbox: m.inbox, Labels: m.labels, Agents: m.agents,
		Contact: m.unread("contact", core.ContactSide), AgentsOwed: m.unread("agents", core.AgentSide),
		Closed: m.status == core.Resolved,
		Events: m.events,
	}
	for _, s := range m.said {
		text := s.text
		if s.deleted {
			text = ""
		}
		want.Entries = append(want.Entries, fmt.Sprint(s.kind, " ", text))
	}
	told := map[int64]core.Entry{}
	var last core.Conversation
	for i := range log {
		text := string(log[i].Type)
		switch data := log[i].Data.(type) {
		case core.ConversationChange:
			last = data.Conversation
			if data.Cause != "" {
				text += ", " + data.Cause
			}
			if data.FromInboxID != 0 {
				text += fmt.Sprint(", from ", data.FromInboxID)
			}
			if log[i].Type == core.ConversationUpdated && len(data.Changed) == 0 {
				t.Fatalf("event %d names no field that changed", log[i].Seq)
			}
		case core.EntryChange:
			last, told[data.Entry.ID] = data.Conversation, data.Entry
		case core.ReadChange:
			last = data.Conversation
			text += fmt.Sprint(", ", unreadBefore(&data), " unread before")
			if data.Marked {
				text += ", marked"
			}
		}
		got.Events = append(got.Events, text)
	}
	empty := cmpopts.EquateEmpty()
	if diff := cmp.Diff(want, got, empty); diff != "" {
		t.Fatalf("(-model +store):\n%s", diff)
	}
	if diff := cmp.Diff(c, last, empty); diff != "" {
		t.Fatalf("replaying the events gives another conversation (-store +events):\n%s", diff)
	}
	for i := range entries {
		if diff := cmp.Diff(entries[i], told[entries[i].ID], empty); diff != "" {
			t.Fatalf("replaying the events gives another entry (-store +events):\n%s", diff)
		}
	}
}

// unreadBefore is what the reader had unread before the event.
func unreadBefore(r *core.ReadChange) int64 {
	if r.Reader == core.ContactSide {
		return r.Conversation.AgentSeq - r.FromSeq
	}
	return r.Conversation.ContactSeq - r.FromSeq
}

// TestCommands runs commands drawn by chance and compares the store after each
// with a model: same state, one event a change, and the events rebuild it.
func TestCommands(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		other := core.Label{AccountID: f.Account.ID, Title: "other", CreatedAt: now}
		inTx(t, st, f.Account.ID, func(tx store.Tx) error { return tx.InsertLabel(t.Context(), &other) })
		runs, most := 0, 30
		if testkit.Small() {
			most = 5
		}
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs > most {
				return // rapid's own number of runs is for tests without a database
			}
			x := &machine{t: rt, st: st, f: f, now: now, labels: []int64{f.Label.ID, other.ID}}
			x.w = conversation.NewWrites(st, func() core.Time { x.now += 1000; return x.now })
			account, err := st.Account(rt.Context(), f.Account.ID)
			x.must(err)
			x.first = account.EventSeq
			made, err := x.w.Start(rt.Context(), f.Account.ID, conversation.NewConversation{
				Place: conversation.PlaceID{InboxID: f.Web.ID}, With: contact.Claim{IdentityID: f.AdaWeb.ID},
				OpenedBy: core.Actor{Type: core.ActorContact}, Ext: `{"commbox":{"type":4}}`,
			})
			x.must(err)
			x.id = made.Conversation.ID
			x.m = model{status: core.Open, inbox: f.Web.ID, ext: `{"commbox":{"type":4}}`, read: map[string]int{}, events: []string{"conversation.created"}}
			actions := rapid.StateMachineActions(x)
			rt.Repeat(actions)
		})
		var faults []string
		_, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { faults = append(faults, f.String()) })
		if err != nil || len(faults) > 0 {
			t.Errorf("the doctor finds %s, %v", strings.Join(faults, "\n"), err)
		}
	})
}
