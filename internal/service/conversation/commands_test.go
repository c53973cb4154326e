package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
	_, err := x.w.EditMessage(t.Context(), x.f.Account.ID, x.id, s.id, text, core.Actor{Type: core.ActorAgent, ID: x.f.Agent.ID})
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
	_, err := x.w.DeleteMessage(t.Context(), x.f.Account.ID, x.id, s.id, core.Actor{Type: core.ActorSystem})
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

func inTx(t *testing.T, st store.Store, account int64, fn func(tx store.Tx) error) {
	t.Helper()
	if err := st.InTx(t.Context(), account, func(_ context.Context, tx store.Tx) error { return fn(tx) }); err != nil {
		t.Fatal(err)
	}
}

// TestRepeatedAppend sends one message ten times at once under one key.
func TestRepeatedAppend(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		at := now
		w := conversation.NewWrites(st, func() core.Time { return at })
		in := conversation.NewEntry{
			ConversationID: f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Content: "once",
			Repeat: &conversation.Repeat{Caller: "token 1", Operation: "append", Key: "k", Hash: "h"},
		}
		ids := make([]int64, 10)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				e, err := w.Append(t.Context(), f.Account.ID, in)
				if err != nil {
					t.Error(err)
				}
				ids[i] = e.ID
			})
		}
		wg.Wait()
		if slices.Sort(ids); ids[0] == 0 || ids[0] != ids[9] {
			t.Errorf("ten requests gave the messages %v", ids)
		}
		changed := in
		changed.Content, changed.Repeat = "other", &conversation.Repeat{Caller: "token 1", Operation: "append", Key: "k", Hash: "h2"}
		if _, err := w.Append(t.Context(), f.Account.ID, changed); core.KindOf(err) != core.Conflict {
			t.Errorf("the same key for another message: %v", err)
		}
		for name, r := range map[string]conversation.Repeat{
			"another caller":    {Caller: "token 2", Operation: "append", Key: "k", Hash: "h"},
			"another operation": {Caller: "token 1", Operation: "start", Key: "k", Hash: "h"},
			"another key":       {Caller: "token 1", Operation: "append", Key: "K", Hash: "h"},
		} {
			in.Repeat = &r
			if e, err := w.Append(t.Context(), f.Account.ID, in); err != nil || e.ID <= ids[0] {
				t.Errorf("%s: message %d, %v", name, e.ID, err)
			}
		}
		in.Repeat = &conversation.Repeat{Caller: "token 1", Operation: "append", Key: "k", Hash: "h"}
		at += core.Time(24 * time.Hour / time.Microsecond)
		if e, err := w.Append(t.Context(), f.Account.ID, in); err != nil || e.ID != ids[0] {
			t.Errorf("within a day: message %d, %v", e.ID, err)
		}
		at++
		if e, err := w.Append(t.Context(), f.Account.ID, in); err != nil || e.ID <= ids[0] {
			t.Errorf("after a day: message %d, %v", e.ID, err)
		}
		// A command that fails is not remembered.
		in.ConversationID, in.Repeat = core.MaxID, &conversation.Repeat{Caller: "token 1", Operation: "append", Key: "new", Hash: "h"}
		if _, err := w.Append(t.Context(), f.Account.ID, in); core.KindOf(err) != core.NotFound {
			t.Errorf("an absent conversation: %v", err)
		}
		in.ConversationID = f.Ask.ID
		if _, err := w.Append(t.Context(), f.Account.ID, in); err != nil {
			t.Errorf("after a failure: %v", err)
		}
	})
}

// TestReceivedOnce has a channel deliver a message twice.
func TestReceivedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		w := conversation.NewWrites(st, clock)
		in := conversation.NewEntry{
			ConversationID: f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}, Content: "x", ExternalID: "wamid.1",
		}
		one, err := w.Append(t.Context(), f.Account.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.Append(t.Context(), f.Account.ID, in); err != nil || again.ID != one.ID {
			t.Errorf("again: message %d, %v, want %d", again.ID, err, one.ID)
		}
		in.ExternalID = "wamid.2"
		if other, err := w.Append(t.Context(), f.Account.ID, in); err != nil || other.ID == one.ID {
			t.Errorf("another: message %d, %v", other.ID, err)
		}
	})
}

func TestStart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := conversation.NewWrites(st, clock)
		before, err := st.Account(ctx, account)
		if err != nil {
			t.Fatal(err)
		}
		in := conversation.NewConversation{
			Place:    conversation.PlaceID{InboxID: f.Web.ID, SubInboxID: f.Desk.ID},
			With:     contact.Claim{ProviderType: 5, Address: "972505555555_by", Profile: contact.Profile{FirstName: "Dana", Email: "DANA@example.org", Identifier: "d-1"}},
			OpenedBy: core.Actor{Type: core.ActorContact},
			First:    &conversation.NewEntry{Content: "Hello"},
			Repeat:   &conversation.Repeat{Caller: "token 1", Operation: "start", Key: "k", Hash: "h"},
		}
		made, err := w.Start(ctx, account, in)
		if err != nil {
			t.Fatal(err)
		}
		c := made.Conversation
		stored, err := st.Conversation(ctx, account, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(stored, c, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("returned another than stored (-stored +returned):\n%s", diff)
		}
		if c.Status != core.Open || c.SubInboxID != f.Desk.ID || c.PrimaryMessageID != made.FirstID || c.AgentUnread() != 1 || c.DisplayID != before.LastDisplayID+1 {
			t.Errorf("started %+v", c)
		}
		dana, err := st.Contact(ctx, account, c.ContactID)
		if err != nil {
			t.Fatal(err)
		}
		if dana.Email != "dana@example.org" || dana.Phone != "+972505555555" || dana.Identifier != "d-1" || dana.FirstName != "Dana" {
			t.Errorf("contact %+v", dana)
		}
		log, err := st.ListEvents(ctx, account, before.EventSeq, 10)
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for _, e := range log {
			types = append(types, string(e.Type))
		}
		if got, want := strings.Join(types, " "), "contact.created identity.created contact_inbox.created conversation.created message.created"; got != want {
			t.Errorf("events %s\nwant   %s", got, want)
		}
		if again, err := w.Start(ctx, account, in); err != nil || again.Conversation.ID != c.ID || again.FirstID != made.FirstID {
			t.Errorf("again: %+v, %v", again, err)
		}
		// The same address is the same person; another one with her key is, too.
		in.Repeat = nil
		in.With.Profile = contact.Profile{FirstName: "Other", LastName: "Levi"}
		if second, err := w.Start(ctx, account, in); err != nil || second.Conversation.IdentityID != c.IdentityID || second.Conversation.ID == c.ID {
			t.Errorf("second: %+v, %v", second.Conversation, err)
		}
		in.With = contact.Claim{ProviderType: core.MailProvider, Address: "dana@example.org"}
		third, err := w.Start(ctx, account, in)
		if err != nil || third.Conversation.ContactID != c.ContactID || third.Conversation.IdentityID == c.IdentityID {
			t.Errorf("third: %+v, %v", third.Conversation, err)
		}
		if dana, err = st.Contact(ctx, account, c.ContactID); err != nil || dana.FirstName != "Dana" || dana.LastName != "Levi" {
			t.Errorf("contact later %+v, %v", dana, err)
		}
		// With nothing known a visitor comes.
		in.With = contact.Claim{}
		visitor, err := w.Start(ctx, account, in)
		if err != nil || visitor.Conversation.ContactID == c.ContactID {
			t.Errorf("visitor: %+v, %v", visitor.Conversation, err)
		}
		if i, err := st.Identity(ctx, account, visitor.Conversation.IdentityID); err != nil || i.ProviderType != core.AnonymousProvider || len(i.Address) != 36 {
			t.Errorf("visitor's identity %+v, %v", i, err)
		}
	})
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		other := storetest.Seed(t, st)
		w := conversation.NewWrites(st, clock)
		before, err := st.Account(t.Context(), f.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		for name, spoil := range map[string]func(in *conversation.NewConversation){
			"absent inbox":          func(in *conversation.NewConversation) { in.Place.InboxID = core.MaxID },
			"foreign inbox":         func(in *conversation.NewConversation) { in.Place.InboxID = other.Web.ID },
			"part of another inbox": func(in *conversation.NewConversation) { in.Place = conversation.PlaceID{f.API.ID, f.Desk.ID} },
			"foreign identity":      func(in *conversation.NewConversation) { in.With = contact.Claim{IdentityID: other.AdaWeb.ID} },
			"foreign agent": func(in *conversation.NewConversation) {
				in.OpenedBy = core.Actor{Type: core.ActorAgent, ID: other.Agent.ID}
			},
			"unknown status":   func(in *conversation.NewConversation) { in.Status = "closed" },
			"unknown priority": func(in *conversation.NewConversation) { in.Priority = "highest" },
			"broken ext":       func(in *conversation.NewConversation) { in.Ext = "{" },
			"a NUL":            func(in *conversation.NewConversation) { in.First.Content = "\x00" },
		} {
			in := conversation.NewConversation{
				Place: conversation.PlaceID{InboxID: f.Web.ID}, With: contact.Claim{ProviderType: 5, Address: "1"},
				OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "x"},
			}
			spoil(&in)
			if _, err := w.Start(t.Context(), f.Account.ID, in); core.KindOf(err) != core.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		after, err := st.Account(t.Context(), f.Account.ID)
		if err != nil || after != before {
			t.Errorf("something was stored: %+v, %v, want %+v", after, err, before)
		}
	})
}

// TestBlocked starts a conversation with a blocked contact, who then says more.
func TestBlocked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		yes := true
		system := core.Actor{Type: core.ActorSystem}
		if _, err := contact.NewWrites(st, clock).Change(t.Context(), f.Account.ID, f.Ada.ID, system, contact.Changes{Blocked: &yes}); err != nil {
			t.Fatal(err)
		}
		w := conversation.NewWrites(st, clock)
		made, err := w.Start(t.Context(), f.Account.ID, conversation.NewConversation{
			Place: conversation.PlaceID{InboxID: f.Web.ID}, With: contact.Claim{IdentityID: f.AdaWeb.ID},
			OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "x"},
		})
		if err != nil || made.Conversation.Status != core.Resolved || made.Conversation.MessageCount != 1 {
			t.Fatalf("started %+v, %v", made.Conversation, err)
		}
		in := conversation.NewEntry{ConversationID: made.Conversation.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}}
		if _, err := w.Append(t.Context(), f.Account.ID, in); err != nil {
			t.Fatal(err)
		}
		if c, err := st.Conversation(t.Context(), f.Account.ID, made.Conversation.ID); err != nil || c.Status != core.Resolved || c.MessageCount != 2 {
			t.Errorf("then %+v, %v", c, err)
		}
	})
}

// TestManyWriters has a hundred callers write, read and change one conversation
// at once.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	callers := 100
	if testkit.Small() {
		callers = 20
	}
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := conversation.NewWrites(st, clock)
		agent := core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for _, sender := range []core.Actor{{Type: core.ActorContact}, agent} {
					if _, err := w.Append(ctx, account, conversation.NewEntry{ConversationID: f.Chat.ID, Kind: core.Message, Sender: sender}); err != nil {
						t.Error(err)
					}
				}
				if _, err := w.ReadUpTo(ctx, account, f.Chat.ID, contactReads, 0); err != nil {
					t.Error(err)
				}
				to := core.NewStatus{Status: []core.Status{core.Open, core.Resolved}[i%2]}
				if _, err := w.Change(ctx, account, f.Chat.ID, agent, conversation.Changes{Status: &to}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		c, err := st.Conversation(ctx, account, f.Chat.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.MessageCount, f.Chat.MessageCount+int64(2*callers); got != want {
			t.Errorf("%d messages, want %d", got, want)
		}
		var faults []string
		if _, err := integrity.Check(ctx, st, func(f integrity.Fault) { faults = append(faults, f.String()) }); err != nil || len(faults) > 0 {
			t.Errorf("the doctor finds %s, %v", strings.Join(faults, "\n"), err)
		}
	})
}

// TestAssignTurn: only what is still open, nobody's and in the inbox is given to
// anybody.
func TestAssignTurn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		w, account := conversation.NewWrites(st, clock), f.Account.ID
		asked := 0
		turn := func(inbox, id int64, to *core.Agent) {
			inTx(t, st, account, func(tx store.Tx) error {
				return w.AssignTurn(t.Context(), tx, account, inbox, id, func(team int64) *core.Agent {
					if asked++; team != 0 {
						t.Errorf("conversation %d is asked for in the name of team %d", id, team)
					}
					return to
				})
			})
		}
		turn(f.Web.ID, f.Chat.ID, &f.Admin)     // is somebody's
		turn(f.Mail.ID, f.Invoice.ID, &f.Admin) // is resolved
		turn(f.Mail.ID, f.Ask.ID, &f.Admin)     // is elsewhere
		if asked != 0 {
			t.Errorf("somebody was asked for %d times", asked)
		}
		turn(f.Web.ID, f.Ask.ID, nil)
		if c, err := st.Conversation(t.Context(), account, f.Ask.ID); c.UpdatedAt != f.Ask.UpdatedAt || err != nil || asked != 1 {
			t.Errorf("without anybody: %+v, %v", c, err)
		}
		turn(f.Web.ID, f.Ask.ID, &f.Admin)
		if c, err := st.Conversation(t.Context(), account, f.Ask.ID); c.AssigneeID != f.Admin.ID || c.LastPosition != f.Ask.LastPosition+1 || err != nil {
			t.Errorf("with somebody: %+v, %v", c, err)
		}
	})
}
