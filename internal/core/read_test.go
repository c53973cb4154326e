package core_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
)

// exchange is one message of each side with a note and an activity between:
// ids 1 to 6, AgentSeq 1 1 1 2 2 2, ContactSeq 0 0 1 1 1 2.
func exchange() (core.Conversation, []core.Entry) {
	c, entries := thread(
		message(1, ada, core.OriginPerson, 101*second),
		core.Entry{ID: 2, Kind: core.Note, Sender: ada, CreatedAt: 102 * second},
		message(3, contact, "", 103*second),
		message(4, robot, core.OriginBot, 104*second),
		core.Entry{ID: 5, Kind: core.Activity, Sender: system, CreatedAt: 105 * second},
		message(6, contact, "", 106*second),
	)
	// The contact's own messages moved its cursor; most tests start before that.
	c.ContactCursor, c.ContactReadID = 0, 0
	return c, entries
}

func TestReadUpTo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		reader        core.Side
		reads         []int64 // ids, in this order
		moved         []bool
		cursor, atID  int64
		unreadContact int64
		unreadAgents  int64
	}{
		{"contact reads nothing", core.ContactSide, nil, nil, 0, 0, 2, 2},
		{"contact reads one", core.ContactSide, []int64{1}, []bool{true}, 1, 1, 1, 2},
		{"twice", core.ContactSide, []int64{1, 1}, []bool{true, false}, 1, 1, 1, 2},
		{"up to a note", core.ContactSide, []int64{2}, []bool{true}, 1, 2, 1, 2},
		{"up to an activity", core.ContactSide, []int64{5}, []bool{true}, 2, 5, 0, 2},
		{"up to its own message", core.ContactSide, []int64{6}, []bool{true}, 2, 6, 0, 2},
		{"backwards", core.ContactSide, []int64{4, 1}, []bool{true, false}, 2, 4, 0, 2},
		{"an entry further that adds nothing", core.ContactSide, []int64{1, 2}, []bool{true, false}, 1, 1, 1, 2},
		{"agents read", core.AgentSide, []int64{3}, []bool{true}, 1, 3, 2, 1},
		{"agents up to their own message", core.AgentSide, []int64{4}, []bool{true}, 1, 4, 2, 1},
		{"agents before anything for them", core.AgentSide, []int64{1}, []bool{false}, 0, 0, 2, 2},
		{"agents all, late and repeated", core.AgentSide, []int64{6, 3, 6}, []bool{true, false, false}, 2, 6, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, entries := exchange()
			want := c
			for i, id := range tc.reads {
				if moved := core.ReadUpTo(&c, tc.reader, &entries[id-1]); moved != tc.moved[i] {
					t.Errorf("read %d up to %d: moved = %v, want %v", i, id, moved, tc.moved[i])
				}
			}
			if tc.reader == core.ContactSide {
				want.ContactCursor, want.ContactReadID = tc.cursor, tc.atID
			} else {
				want.AgentCursor, want.AgentReadID = tc.cursor, tc.atID
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("conversation (-want +got):\n%s", diff)
			}
			if c.ContactUnread() != tc.unreadContact || c.AgentUnread() != tc.unreadAgents {
				t.Errorf("unread: contact %d, agents %d; want %d, %d", c.ContactUnread(), c.AgentUnread(), tc.unreadContact, tc.unreadAgents)
			}
		})
	}
}

// TestNewerArrivalsStayUnread: what comes after a read is unread, also when
// the read itself comes late.
func TestNewerArrivalsStayUnread(t *testing.T) {
	t.Parallel()
	c, entries := exchange()
	e := message(7, ada, core.OriginPerson, 107*second)
	core.Append(&c, &e)
	core.ReadUpTo(&c, core.ContactSide, &entries[3])
	if got := c.ContactUnread(); got != 1 {
		t.Errorf("unread %d, want the newest alone", got)
	}
}

func TestMarkUnread(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		reader       core.Side
		readTo       int64 // 0 = nothing read
		last         int64 // 0 = nil
		moved        bool
		cursor, atID int64
	}{
		{"contact, all", core.ContactSide, 6, 0, true, 0, 0},
		{"contact, after the first", core.ContactSide, 6, 1, true, 1, 1},
		{"contact, after a note", core.ContactSide, 6, 2, true, 1, 2},
		{"contact, where the cursor stands", core.ContactSide, 4, 4, false, 2, 4},
		{"contact, further on adds nothing", core.ContactSide, 4, 6, false, 2, 4},
		{"contact, never raises", core.ContactSide, 1, 6, false, 1, 1},
		{"contact, nothing read", core.ContactSide, 0, 0, false, 0, 0},
		{"agents, all", core.AgentSide, 6, 0, true, 0, 0},
		{"agents, after the third", core.AgentSide, 6, 3, true, 1, 3},
		{"agents, before anything for them", core.AgentSide, 6, 1, true, 0, 1},
		{"agents, never raises", core.AgentSide, 3, 6, false, 1, 3},
		{"agents, nothing read", core.AgentSide, 0, 0, false, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, entries := exchange()
			own := core.ReadCursor{AccountID: c.AccountID, ConversationID: c.ID, AgentID: 2}
			if tc.readTo != 0 {
				core.ReadUpTo(&c, tc.reader, &entries[tc.readTo-1])
				own.ReadTo(&entries[tc.readTo-1])
			}
			var last *core.Entry
			if tc.last != 0 {
				last = &entries[tc.last-1]
			}
			want := c
			if moved := core.MarkUnread(&c, tc.reader, last); moved != tc.moved {
				t.Errorf("moved = %v, want %v", moved, tc.moved)
			}
			if tc.reader == core.ContactSide {
				want.ContactCursor, want.ContactReadID = tc.cursor, tc.atID
			} else {
				want.AgentCursor, want.AgentReadID = tc.cursor, tc.atID
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("conversation (-want +got):\n%s", diff)
			}
			if tc.reader == core.ContactSide {
				return
			}
			// One agent's own cursor follows the same rule.
			wantOwn := own
			wantOwn.Seq, wantOwn.EntryID = tc.cursor, tc.atID
			if moved := own.MarkUnread(last); moved != tc.moved {
				t.Errorf("own cursor moved = %v, want %v", moved, tc.moved)
			}
			if diff := cmp.Diff(wantOwn, own); diff != "" {
				t.Errorf("own cursor (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadTo(t *testing.T) {
	t.Parallel()
	_, entries := exchange()
	r := core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2}
	for _, step := range []struct {
		id    int64
		moved bool
		want  core.ReadCursor
	}{
		{1, false, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2}},
		{4, true, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 4, Seq: 1}},
		{3, false, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 4, Seq: 1}},
		{6, true, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 6, Seq: 2}},
		{6, false, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 6, Seq: 2}},
		{4, false, core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 6, Seq: 2}},
	} {
		if moved := r.ReadTo(&entries[step.id-1]); moved != step.moved {
			t.Errorf("up to %d: moved = %v, want %v", step.id, moved, step.moved)
		}
		if r != step.want {
			t.Errorf("up to %d: %+v, want %+v", step.id, r, step.want)
		}
	}
}

// TestOwnCursorStartsAtShared: an agent without a cursor of its own has read
// what the agents together have, so its first own read takes nothing back.
func TestOwnCursorStartsAtShared(t *testing.T) {
	t.Parallel()
	c, entries := exchange()
	core.ReadUpTo(&c, core.AgentSide, &entries[5])
	own := core.OwnCursor(&c, 2)
	want := core.ReadCursor{AccountID: 7, ConversationID: 10, AgentID: 2, EntryID: 6, Seq: 2}
	if own != want {
		t.Errorf("own cursor starts as %+v, want %+v", own, want)
	}
	if own.ReadTo(&entries[2]) {
		t.Error("a late read moved the cursor back")
	}
	if got := c.OwnUnread(&own); got != 0 {
		t.Errorf("the agent has %d unread after a late read, want 0", got)
	}
}

func TestOwnUnread(t *testing.T) {
	t.Parallel()
	c, entries := exchange()
	core.ReadUpTo(&c, core.AgentSide, &entries[2])
	if got := c.OwnUnread(nil); got != 1 {
		t.Errorf("without an own cursor: %d unread, want the shared 1", got)
	}
	if got := c.OwnUnread(&core.ReadCursor{}); got != 2 {
		t.Errorf("own cursor at nothing: %d unread, want 2", got)
	}
	if got := c.OwnUnread(&core.ReadCursor{Seq: 2, EntryID: 6}); got != 0 {
		t.Errorf("own cursor at the end: %d unread, want 0", got)
	}
}

func TestSeen(t *testing.T) {
	t.Parallel()
	for _, reader := range []core.Side{core.ContactSide, core.AgentSide} {
		c := begun()
		for _, step := range []struct{ at, want core.Time }{{50, 50}, {40, 50}, {0, 50}, {60, 60}} {
			core.Seen(&c, reader, step.at)
			want := begun()
			if reader == core.ContactSide {
				want.ContactLastSeenAt = step.want
			} else {
				want.AgentLastSeenAt = step.want
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("reader %v, seen at %d (-want +got):\n%s", reader, step.at, diff)
			}
		}
	}
}

func TestReplyCursor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		entry core.Entry
		agent int64
		ok    bool
	}{
		{"agent", message(1, ada, core.OriginPerson, second), 2, true},
		{"bot", message(1, robot, core.OriginBot, second), 3, true},
		{"uncounted", core.Entry{Kind: core.Message, Sender: ada}, 2, true},
		{"contact", message(1, contact, "", second), 0, false},
		{"system", message(1, system, core.OriginChannel, second), 0, false},
		{"an agent nobody knows", message(1, core.Actor{Type: core.ActorAgent}, core.OriginPerson, second), 0, false},
		{"note", core.Entry{Kind: core.Note, Sender: ada}, 0, false},
		{"activity", core.Entry{Kind: core.Activity, Sender: ada}, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if agent, ok := core.ReplyCursor(&tc.entry); agent != tc.agent || ok != tc.ok {
				t.Errorf("ReplyCursor = %d, %v; want %d, %v", agent, ok, tc.agent, tc.ok)
			}
		})
	}
}

func TestCountsFor(t *testing.T) {
	t.Parallel()
	uncounted := message(1, ada, core.OriginPerson, second)
	uncounted.Counts = false
	deleted := message(1, ada, core.OriginPerson, second)
	deleted.DeletedAt = 2 * second
	note := message(1, ada, core.OriginPerson, second)
	note.Kind = core.Note
	activity := message(1, contact, "", second)
	activity.Kind = core.Activity
	for _, tc := range []struct {
		name            string
		entry           core.Entry
		contact, agents bool
	}{
		{"contact's", message(1, contact, "", second), false, true},
		{"agent's", message(1, ada, core.OriginPerson, second), true, false},
		{"template", message(1, ada, core.OriginTemplate, second), true, false},
		{"system's", message(1, system, core.OriginChannel, second), true, false},
		{"tombstone", deleted, true, false},
		{"uncounted", uncounted, false, false},
		{"note", note, false, false},
		{"activity", activity, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := core.CountsFor(&tc.entry, core.ContactSide); got != tc.contact {
				t.Errorf("for the contact: %v, want %v", got, tc.contact)
			}
			if got := core.CountsFor(&tc.entry, core.AgentSide); got != tc.agents {
				t.Errorf("for the agents: %v, want %v", got, tc.agents)
			}
		})
	}
}

func TestPrefixNotNewer(t *testing.T) {
	t.Parallel()
	_, plain := exchange()
	_, late := thread(
		message(1, ada, core.OriginPerson, 110*second),
		message(2, ada, core.OriginPerson, 130*second),
		message(3, ada, core.OriginPerson, 105*second), // written first, arrived last
	)
	_, old := thread(message(1, ada, core.OriginPerson, -10*second))
	for _, tc := range []struct {
		name    string
		entries []core.Entry
		reader  core.Side
		at      core.Time
		want    int64 // id, 0 = none
	}{
		{"no entries", nil, core.ContactSide, 500 * second, 0},
		{"before all", plain, core.ContactSide, 100 * second, 0},
		{"the very instant", plain, core.ContactSide, 101 * second, 3},
		{"a microsecond less", plain, core.ContactSide, 101*second - 1, 0},
		{"own messages never stop", plain, core.AgentSide, 102 * second, 2},
		{"contact in the middle", plain, core.ContactSide, 103 * second, 3},
		{"agents in the middle", plain, core.AgentSide, 103 * second, 5},
		{"after all", plain, core.AgentSide, 500 * second, 6},
		{"never", plain, core.ContactSide, 0, 0},
		{"never, though all is older than 1970", old, core.ContactSide, 0, 0},
		{"before 1970", old, core.ContactSide, -10 * second, 1},
		{"a late arrival hides nothing", late, core.ContactSide, 120 * second, 1},
		{"late arrival, none read", late, core.ContactSide, 105 * second, 0},
		{"late arrival, all read", late, core.ContactSide, 130 * second, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(tc.entries)
			var got int64
			if e := core.PrefixNotNewer(tc.entries, tc.reader, tc.at); e != nil {
				got = e.ID
			}
			if got != tc.want {
				t.Errorf("stops at entry %d, want %d", got, tc.want)
			}
			if diff := cmp.Diff(before, tc.entries); diff != "" {
				t.Errorf("the entries changed:\n%s", diff)
			}
		})
	}
}
