package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
)

const second core.Time = 1_000_000

// Who says something in these tests.
var (
	contact = core.Actor{Type: core.ActorContact, ID: 1}
	ada     = core.Actor{Type: core.ActorAgent, ID: 2}
	robot   = core.Actor{Type: core.ActorAgent, ID: 3}
	system  = core.Actor{Type: core.ActorSystem}
)

// begun returns a conversation without entries, created at second 100.
func begun() core.Conversation {
	c := core.Conversation{ID: 10, AccountID: 7, CreatedAt: 100 * second}
	c.Begin()
	return c
}

// message returns a listed, counted message.
func message(id int64, sender core.Actor, origin core.Origin, at core.Time) core.Entry {
	return core.Entry{ID: id, Kind: core.Message, Sender: sender, Origin: origin, Listed: true, Counts: true, CreatedAt: at}
}

// thread appends the entries to a new conversation.
func thread(entries ...core.Entry) (core.Conversation, []core.Entry) {
	c := begun()
	for i := range entries {
		core.Append(&c, &entries[i])
	}
	return c, entries
}

func TestBegin(t *testing.T) {
	t.Parallel()
	got := begun()
	want := core.Conversation{
		ID: 10, AccountID: 7, Status: core.Open, CreatedAt: 100 * second,
		LastMessageAt: 100 * second, LastActivityAt: 100 * second, CustomerUpdatedAt: 100 * second, UpdatedAt: 100 * second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a new conversation (-want +got):\n%s", diff)
	}
	pending := core.Conversation{Status: core.Pending, CreatedAt: second}
	pending.Begin()
	if pending.Status != core.Pending {
		t.Errorf("a given status became %q", pending.Status)
	}
}

// TestAppend compares the whole conversation after entries, so that a rule
// that moves a field it should not is noticed too.
func TestAppend(t *testing.T) {
	t.Parallel()
	const at = 110 * second
	// after returns the conversation that one entry with id 1 at second 110 left.
	after := func(change func(c *core.Conversation)) core.Conversation {
		c := begun()
		c.LastPosition = 1
		c.LastActivityAt = at
		c.UpdatedAt = at
		change(&c)
		return c
	}
	// said is what every listed message leaves.
	said := func(c *core.Conversation) {
		c.MessageCount = 1
		c.LastMessageID, c.LastListedID = 1, 1
		c.LastMessageAt = at
	}
	answered := func(c *core.Conversation) {
		said(c)
		c.PrimaryMessageID = 1
		c.AgentSeq = 1
		c.FirstResponseAt, c.LastResponseAt = at, at
	}
	unanswered := func(c *core.Conversation) {
		said(c)
		c.PrimaryMessageID = 1
		c.AgentSeq = 1
	}
	for _, tc := range []struct {
		name  string
		entry core.Entry
		want  core.Conversation
	}{
		{"contact", message(1, contact, core.OriginPerson, at), after(func(c *core.Conversation) {
			said(c)
			c.PrimaryMessageID = 1
			c.ContactSeq = 1
			c.ContactReadID = 1
			c.CustomerUpdatedAt = at
			c.WaitingSince = at
		})},
		{"agent", message(1, ada, core.OriginPerson, at), after(answered)},
		{"agent, origin not given", message(1, ada, "", at), after(answered)},
		{"bot", message(1, robot, core.OriginBot, at), after(answered)},
		{"automation", message(1, ada, core.OriginAutomation, at), after(unanswered)},
		{"template", message(1, ada, core.OriginTemplate, at), after(unanswered)},
		{"campaign", message(1, ada, core.OriginCampaign, at), after(unanswered)},
		{"channel", message(1, ada, core.OriginChannel, at), after(unanswered)},
		{"system", message(1, system, core.OriginChannel, at), after(unanswered)},
		{"system template", message(1, system, core.OriginTemplate, at), after(unanswered)},
		{"system claims to be a person", message(1, system, core.OriginPerson, at), after(unanswered)},
		{
			"greeting that the client rendered",
			core.Entry{ID: 1, Kind: core.Message, Sender: robot, Origin: core.OriginBot, Listed: true, CreatedAt: at},
			after(said),
		},
		{
			"uncounted message of the contact",
			core.Entry{ID: 1, Kind: core.Message, Sender: contact, Listed: true, CreatedAt: at},
			after(func(c *core.Conversation) {
				said(c)
				c.ContactReadID = 1
				c.CustomerUpdatedAt = at
			}),
		},
		{
			"unlisted message",
			core.Entry{ID: 1, Kind: core.Message, Sender: ada, Counts: true, CreatedAt: at},
			after(func(c *core.Conversation) {
				answered(c)
				c.LastListedID = 0
			}),
		},
		{
			"note",
			core.Entry{ID: 1, Kind: core.Note, Sender: ada, Origin: core.OriginPerson, Listed: true, Counts: true, CreatedAt: at},
			after(func(*core.Conversation) {}),
		},
		{
			"activity",
			core.Entry{ID: 1, Kind: core.Activity, Sender: contact, Listed: true, Counts: true, CreatedAt: at},
			after(func(*core.Conversation) {}),
		},
		{
			"tombstone",
			core.Entry{ID: 1, Kind: core.Message, Sender: ada, Listed: true, Counts: true, CreatedAt: at, DeletedAt: at},
			after(answered),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, e := begun(), tc.entry
			core.Append(&c, &e)
			if diff := cmp.Diff(tc.want, c); diff != "" {
				t.Errorf("conversation (-want +got):\n%s", diff)
			}
			want := tc.entry
			want.AccountID, want.ConversationID, want.Position = 7, 10, 1
			want.AgentSeq, want.ContactSeq = tc.want.AgentSeq, tc.want.ContactSeq
			want.UpdatedAt = at
			if diff := cmp.Diff(want, e); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendGivesPlaces(t *testing.T) {
	t.Parallel()
	_, entries := thread(
		message(11, ada, core.OriginPerson, 101*second),
		core.Entry{ID: 12, Kind: core.Note, Sender: ada, CreatedAt: 102 * second},
		message(13, contact, "", 103*second),
		core.Entry{ID: 14, Kind: core.Activity, Sender: system, CreatedAt: 104 * second},
		message(15, contact, "", 105*second),
		message(16, robot, core.OriginBot, 106*second),
	)
	want := [][3]int64{{1, 1, 0}, {2, 1, 0}, {3, 1, 1}, {4, 1, 1}, {5, 1, 2}, {6, 2, 2}}
	for i, e := range entries {
		if got := [3]int64{e.Position, e.AgentSeq, e.ContactSeq}; got != want[i] {
			t.Errorf("entry %d: position and sequences %v, want %v", e.ID, got, want[i])
		}
	}
}

func TestAppendKeepsGivenUpdate(t *testing.T) {
	t.Parallel()
	e := message(1, ada, core.OriginPerson, 110*second)
	e.UpdatedAt = 120 * second
	c, entries := thread(e)
	if got := entries[0].UpdatedAt; got != 120*second {
		t.Errorf("entry updated at %d, want %d", got, 120*second)
	}
	if got := c.UpdatedAt; got != 120*second {
		t.Errorf("conversation updated at %d, want the entry's %d", got, 120*second)
	}
	if got := c.LastActivityAt; got != 110*second {
		t.Errorf("last activity at %d, want the creation %d", got, 110*second)
	}
}

// TestContactMessageReads: who writes has read what was said before.
func TestContactMessageReads(t *testing.T) {
	t.Parallel()
	c, _ := thread(
		message(1, ada, core.OriginPerson, 101*second),
		message(2, robot, core.OriginBot, 102*second),
	)
	if got := c.ContactUnread(); got != 2 {
		t.Fatalf("contact has %d unread, want 2", got)
	}
	e := message(3, contact, "", 103*second)
	core.Append(&c, &e)
	if c.ContactUnread() != 0 || c.ContactReadID != 3 || c.ContactCursor != 2 {
		t.Errorf("unread %d, read up to entry %d, cursor %d; want 0, 3, 2", c.ContactUnread(), c.ContactReadID, c.ContactCursor)
	}
	if c.AgentUnread() != 1 || c.AgentCursor != 0 || c.AgentReadID != 0 {
		t.Errorf("agents: unread %d, cursor %d, read up to %d; want 1, 0, 0", c.AgentUnread(), c.AgentCursor, c.AgentReadID)
	}
	if c.ContactLastSeenAt != 0 || c.AgentLastSeenAt != 0 {
		t.Errorf("stamps of explicit reads moved: %d, %d", c.ContactLastSeenAt, c.AgentLastSeenAt)
	}
}

// TestReplyLeavesSharedCursor: an answer is no explicit read of the agents.
func TestReplyLeavesSharedCursor(t *testing.T) {
	t.Parallel()
	c, _ := thread(message(1, contact, "", 101*second), message(2, ada, core.OriginPerson, 102*second))
	if got := c.AgentUnread(); got != 1 {
		t.Errorf("agents have %d unread after a reply, want 1", got)
	}
}

// TestLateArrivals: an entry keeps the place at which it came and the time at
// which it was written; each stamp says what its name says.
func TestLateArrivals(t *testing.T) {
	t.Parallel()
	c, entries := thread(
		message(1, contact, "", 110*second),
		message(2, contact, "", 105*second), // older, arrived later
	)
	if c.WaitingSince != 105*second {
		t.Errorf("waiting since %d, want the oldest message %d", c.WaitingSince, 105*second)
	}
	if c.LastMessageID != 2 || c.LastMessageAt != 105*second {
		t.Errorf("last message %d at %d, want 2 at its own time", c.LastMessageID, c.LastMessageAt)
	}
	if c.LastActivityAt != 110*second || c.CustomerUpdatedAt != 110*second || c.UpdatedAt != 110*second {
		t.Errorf("activity %d, customer update %d, update %d went back", c.LastActivityAt, c.CustomerUpdatedAt, c.UpdatedAt)
	}
	if entries[1].Position != 2 {
		t.Errorf("position %d, want 2", entries[1].Position)
	}
	for _, e := range []core.Entry{
		message(3, ada, core.OriginPerson, 120*second),
		message(4, ada, core.OriginPerson, 115*second),
	} {
		core.Append(&c, &e)
	}
	if c.FirstResponseAt != 115*second || c.LastResponseAt != 120*second {
		t.Errorf("responses from %d to %d, want %d to %d", c.FirstResponseAt, c.LastResponseAt, 115*second, 120*second)
	}
	if c.WaitingSince != 0 {
		t.Errorf("waiting since %d after an answer", c.WaitingSince)
	}
	// Nobody had read it when the answer was written, so it waits, old as it is.
	e := message(5, contact, "", 90*second)
	core.Append(&c, &e)
	if c.WaitingSince != 90*second {
		t.Errorf("waiting since %d, want %d", c.WaitingSince, 90*second)
	}
	if c.LastActivityAt != 120*second {
		t.Errorf("last activity %d, want %d", c.LastActivityAt, 120*second)
	}
}

func TestBeforeNineteenSeventy(t *testing.T) {
	t.Parallel()
	c := core.Conversation{CreatedAt: -20 * second}
	c.Begin()
	e := message(1, contact, "", -10*second)
	core.Append(&c, &e)
	if c.WaitingSince != -10*second || c.LastActivityAt != -10*second || c.LastMessageAt != -10*second {
		t.Errorf("waiting %d, activity %d, message %d; want all %d", c.WaitingSince, c.LastActivityAt, c.LastMessageAt, -10*second)
	}
}

func TestIsResponse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(e *core.Entry)
		want   bool
	}{
		{"agent", func(*core.Entry) {}, true},
		{"bot", func(e *core.Entry) { e.Sender, e.Origin = robot, core.OriginBot }, true},
		{"deleted", func(e *core.Entry) { e.DeletedAt = 1 }, true},
		{"unlisted", func(e *core.Entry) { e.Listed = false }, true},
		{"uncounted", func(e *core.Entry) { e.Counts = false }, false},
		{"note", func(e *core.Entry) { e.Kind = core.Note }, false},
		{"activity", func(e *core.Entry) { e.Kind = core.Activity }, false},
		{"contact", func(e *core.Entry) { e.Sender = contact }, false},
		{"system", func(e *core.Entry) { e.Sender = system }, false},
		{"automation", func(e *core.Entry) { e.Origin = core.OriginAutomation }, false},
		{"template", func(e *core.Entry) { e.Origin = core.OriginTemplate }, false},
		{"campaign", func(e *core.Entry) { e.Origin = core.OriginCampaign }, false},
		{"channel", func(e *core.Entry) { e.Origin = core.OriginChannel }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := message(1, ada, core.OriginPerson, second)
			tc.change(&e)
			if got := core.IsResponse(&e); got != tc.want {
				t.Errorf("IsResponse = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	e := message(1, ada, core.OriginPerson, 101*second)
	e.Content = "secret"
	c, entries := thread(e)
	before, kept := c, entries[0]
	if !core.Delete(&c, &entries[0], 150*second) {
		t.Error("the first deletion changed nothing")
	}
	want := kept
	want.DeletedAt, want.UpdatedAt = 150*second, 150*second
	if diff := cmp.Diff(want, entries[0]); diff != "" {
		t.Errorf("tombstone (-want +got):\n%s", diff)
	}
	wantConversation := before
	wantConversation.UpdatedAt = 150 * second
	if diff := cmp.Diff(wantConversation, c); diff != "" {
		t.Errorf("conversation (-want +got):\n%s", diff)
	}
	if got := entries[0].Text(); got != "" {
		t.Errorf("a tombstone shows %q", got)
	}
	if entries[0].Content != "secret" {
		t.Error("the content at rest is gone")
	}
	if core.Delete(&c, &entries[0], 160*second) {
		t.Error("the second deletion changed something")
	}
	if entries[0].DeletedAt != 150*second || c.UpdatedAt != 150*second {
		t.Error("the second deletion moved a time")
	}
}

// TestDeleteWithSlowClock: a clock that stands behind takes no update back.
func TestDeleteWithSlowClock(t *testing.T) {
	t.Parallel()
	c, entries := thread(message(1, ada, core.OriginPerson, 101*second))
	core.Delete(&c, &entries[0], 90*second)
	if entries[0].UpdatedAt != 101*second || c.UpdatedAt != 101*second || entries[0].DeletedAt != 90*second {
		t.Errorf("entry updated %d, conversation updated %d, deleted %d; want %d, %d, %d",
			entries[0].UpdatedAt, c.UpdatedAt, entries[0].DeletedAt, 101*second, 101*second, 90*second)
	}
}

func TestEntryText(t *testing.T) {
	t.Parallel()
	e := core.Entry{Content: "hello"}
	if e.IsDeleted() || e.Text() != "hello" {
		t.Errorf("a living entry: deleted %v, text %q", e.IsDeleted(), e.Text())
	}
	e.DeletedAt = 1
	if !e.IsDeleted() || e.Text() != "" {
		t.Errorf("a tombstone: deleted %v, text %q", e.IsDeleted(), e.Text())
	}
}

func TestActorSide(t *testing.T) {
	t.Parallel()
	for actor, want := range map[core.Actor]core.Side{
		contact: core.ContactSide, ada: core.AgentSide, system: core.AgentSide, {}: core.AgentSide,
	} {
		if got := actor.Side(); got != want {
			t.Errorf("side of %+v = %v, want %v", actor, got, want)
		}
	}
}

func TestSmallValues(t *testing.T) {
	t.Parallel()
	for _, s := range []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved} {
		if !s.Valid() {
			t.Errorf("status %q is not valid", s)
		}
	}
	for _, s := range []core.Status{"", "closed", "OPEN"} {
		if s.Valid() {
			t.Errorf("status %q is valid", s)
		}
	}
	for _, o := range []core.Origin{
		core.OriginPerson, core.OriginBot, core.OriginAutomation, core.OriginTemplate, core.OriginCampaign, core.OriginChannel,
	} {
		if !o.Valid() {
			t.Errorf("origin %q is not valid", o)
		}
	}
	for _, o := range []core.Origin{"", "human"} {
		if o.Valid() {
			t.Errorf("origin %q is valid", o)
		}
	}
	for channel, want := range map[core.Channel]bool{
		core.ChannelWeb: true, core.ChannelAPI: true, core.ChannelEmail: false, core.ChannelSMS: false, core.ChannelWhatsApp: false, "": false, "fax": false,
	} {
		if got := channel.IsChat(); got != want {
			t.Errorf("IsChat of %q = %v, want %v", channel, got, want)
		}
	}
	if got := core.JSON("").Or("{}"); got != "{}" {
		t.Errorf("JSON not given gives %q", got)
	}
	if got := core.JSON(`{"b":1, "a":2}`).Or("{}"); got != `{"b":1, "a":2}` {
		t.Errorf("given JSON gives %q", got)
	}
}

func TestNewEpoch(t *testing.T) {
	t.Parallel()
	a, b := core.NewEpoch(), core.NewEpoch()
	if a == "" || a == b {
		t.Errorf("two epochs are %q and %q, want two different names", a, b)
	}
}

// TestAppendGivesThePrimaryMessage: the first message that counts stands for
// the conversation, unless another one was named.
func TestAppendGivesThePrimaryMessage(t *testing.T) {
	t.Parallel()
	contact, agent := core.Actor{Type: core.ActorContact, ID: 1}, core.Actor{Type: core.ActorAgent, ID: 2}
	entries := []core.Entry{
		{ID: 11, Kind: core.Activity, Sender: agent, CreatedAt: 1},
		{ID: 12, Kind: core.Message, Sender: agent, CreatedAt: 2, Listed: true}, // a greeting that was rendered already
		{ID: 13, Kind: core.Note, Sender: agent, CreatedAt: 3, Counts: true},
		{ID: 14, Kind: core.Message, Sender: contact, CreatedAt: 4, Counts: true},
		{ID: 15, Kind: core.Message, Sender: agent, CreatedAt: 5, Counts: true},
	}
	for _, tt := range []struct{ given, want int64 }{{0, 14}, {12, 12}} {
		c := core.Conversation{ID: 1, AccountID: 1, PrimaryMessageID: tt.given}
		for _, e := range entries {
			core.Append(&c, &e)
		}
		if c.PrimaryMessageID != tt.want {
			t.Errorf("given %d: primary message %d, want %d", tt.given, c.PrimaryMessageID, tt.want)
		}
	}
}
