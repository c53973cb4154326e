package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/core"
)

// machine drives the rules and the model side by side.
type machine struct {
	c       core.Conversation
	entries []core.Entry
	own     map[int64]core.ReadCursor
	model   *model
	nextID  int64

	// The cursors after the last step: only marking unread may lower one.
	before  [2]int64
	lowered bool
}

var agents = []int64{2, 3, 4}

// someTime gives few distinct times, so that ties and late arrivals abound;
// some are before 1970, none is unset.
func someTime(t *rapid.T, name string) core.Time {
	s := core.Time(rapid.IntRange(-5, 40).Draw(t, name))
	if s >= 0 {
		s++
	}
	return s * second
}

// somebody draws a sender and how the message came about.
func somebody(t *rapid.T) (core.Actor, core.Origin) {
	agent := core.Actor{Type: core.ActorAgent, ID: rapid.SampledFrom(agents).Draw(t, "agent")}
	switch rapid.SampledFrom([]string{"contact", "contact", "contact", "person", "person", "bot", "automation", "template", "campaign", "channel", "system"}).Draw(t, "sender") {
	case "contact":
		return core.Actor{Type: core.ActorContact, ID: 1}, core.OriginPerson
	case "person":
		return agent, core.OriginPerson
	case "bot":
		return agent, core.OriginBot
	case "automation":
		return agent, core.OriginAutomation
	case "template":
		return agent, core.OriginTemplate
	case "campaign":
		return agent, core.OriginCampaign
	case "channel":
		return agent, core.OriginChannel
	}
	return core.Actor{Type: core.ActorSystem}, rapid.SampledFrom([]core.Origin{core.OriginChannel, core.OriginTemplate, core.OriginAutomation}).Draw(t, "origin")
}

// say appends one entry of any kind.
func (m *machine) say(t *rapid.T) {
	m.nextID += int64(rapid.IntRange(1, 3).Draw(t, "id step"))
	sender, origin := somebody(t)
	e := core.Entry{
		ID:        m.nextID,
		Kind:      rapid.SampledFrom([]core.EntryKind{core.Message, core.Message, core.Message, core.Note, core.Activity}).Draw(t, "kind"),
		Sender:    sender,
		Origin:    origin,
		Listed:    rapid.IntRange(0, 4).Draw(t, "unlisted") > 0,
		Counts:    rapid.IntRange(0, 4).Draw(t, "uncounted") > 0,
		CreatedAt: someTime(t, "at"),
	}
	if rapid.IntRange(0, 9).Draw(t, "tombstone") == 0 {
		e.DeletedAt = someTime(t, "deleted at")
	}
	core.Append(&m.c, &e)
	m.entries = append(m.entries, e)
	if agent, ok := core.ReplyCursor(&e); ok {
		own := m.ownOf(agent)
		own.ReadTo(&e)
		m.own[agent] = own
	}

	s := saying{
		id: e.ID, public: e.Kind == core.Message, byContact: sender.Type == core.ActorContact, counts: e.Counts, listed: e.Listed,
		isAnswer: sender.Type == core.ActorAgent && (origin == core.OriginPerson || origin == core.OriginBot), at: e.CreatedAt,
	}
	var agent int64
	if sender.Type == core.ActorAgent {
		agent = sender.ID
	}
	m.model.say(s, agent)
}

// ownOf is what a caller does before it moves an agent's own cursor.
func (m *machine) ownOf(agent int64) core.ReadCursor {
	if own, ok := m.own[agent]; ok {
		return own
	}
	return core.OwnCursor(&m.c, agent)
}

// some draws an index into the entries.
func (m *machine) some(t *rapid.T) int {
	if len(m.entries) == 0 {
		t.Skip("nothing said yet")
	}
	return rapid.IntRange(0, len(m.entries)-1).Draw(t, "entry")
}

// side draws a reader and returns its read set in the model and its count.
func (m *machine) side(t *rapid.T) (reader core.Side, who map[int]bool, unread func() int64) {
	reader = rapid.SampledFrom([]core.Side{core.ContactSide, core.AgentSide}).Draw(t, "reader")
	if reader == core.ContactSide {
		return reader, m.model.contact, m.c.ContactUnread
	}
	return reader, m.model.shared, m.c.AgentUnread
}

// changed demands that moved tells whether the count is another than before.
func changed(t *rapid.T, what string, moved bool, before, after int64) {
	t.Helper()
	if moved != (before != after) {
		t.Fatalf("%s: moved = %v, but unread went from %d to %d", what, moved, before, after)
	}
}

func (m *machine) readUpTo(t *rapid.T) {
	reader, who, unread := m.side(t)
	i := m.some(t)
	before := unread()
	moved := core.ReadUpTo(&m.c, reader, &m.entries[i])
	changed(t, "read", moved, before, unread())
	if rapid.Bool().Draw(t, "twice") && core.ReadUpTo(&m.c, reader, &m.entries[i]) {
		t.Fatal("the same read again moved the cursor")
	}
	m.model.read(who, i)
}

func (m *machine) readUntil(t *rapid.T) {
	reader, who, _ := m.side(t)
	at := someTime(t, "until")
	// In pages, as a caller reads a long conversation.
	size := rapid.IntRange(1, 5).Draw(t, "page")
	var last *core.Entry
	for from := 0; from < len(m.entries); from += size {
		page := m.entries[from:min(from+size, len(m.entries))]
		e := core.PrefixNotNewer(page, reader, at)
		if e != nil {
			last = e
		}
		if e != &page[len(page)-1] {
			break
		}
	}
	if whole := core.PrefixNotNewer(m.entries, reader, at); whole != last {
		t.Fatalf("in pages of %d the prefix ends elsewhere than in one piece", size)
	}
	if last != nil {
		core.ReadUpTo(&m.c, reader, last)
	}
	m.model.readUntil(who, reader == core.ContactSide, at)
}

func (m *machine) markUnread(t *rapid.T) {
	reader, who, unread := m.side(t)
	last, i := m.lastRead(t)
	before := unread()
	moved := core.MarkUnread(&m.c, reader, last)
	changed(t, "mark unread", moved, before, unread())
	m.lowered = true
	m.model.unreadAfter(who, i)
}

// lastRead draws the entry after which all shall be unread, or none.
func (m *machine) lastRead(t *rapid.T) (*core.Entry, int) {
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		return nil, -1
	}
	i := m.some(t)
	return &m.entries[i], i
}

func (m *machine) ownRead(t *rapid.T) {
	agent := rapid.SampledFrom(agents).Draw(t, "agent")
	i := m.some(t)
	own := m.ownOf(agent)
	before := m.c.OwnUnread(&own)
	moved := own.ReadTo(&m.entries[i])
	changed(t, "own read", moved, before, m.c.OwnUnread(&own))
	m.own[agent] = own
	m.model.read(m.model.ownOf(agent), i)
}

func (m *machine) ownMarkUnread(t *rapid.T) {
	agent := rapid.SampledFrom(agents).Draw(t, "agent")
	last, i := m.lastRead(t)
	own := m.ownOf(agent)
	before := m.c.OwnUnread(&own)
	moved := own.MarkUnread(last)
	changed(t, "own mark unread", moved, before, m.c.OwnUnread(&own))
	m.own[agent] = own
	m.model.unreadAfter(m.model.ownOf(agent), i)
}

// remove makes a tombstone: it changes nothing that anybody counts.
func (m *machine) remove(t *rapid.T) {
	i := m.some(t)
	e := &m.entries[i]
	want, was := m.c, e.IsDeleted()
	at := someTime(t, "deleted at")
	want.UpdatedAt = m.c.UpdatedAt
	if !was {
		want.UpdatedAt = max(m.c.UpdatedAt, at)
	}
	if changed := core.Delete(&m.c, e, at); changed == was {
		t.Fatalf("deleting an entry that was deleted: %v changed: %v", was, changed)
	}
	if diff := cmp.Diff(want, m.c); diff != "" {
		t.Fatalf("a deletion moved (-want +got):\n%s", diff)
	}
}

// check compares everything after each step.
func (m *machine) check(t *rapid.T) {
	c := &m.c
	if diff := cmp.Diff(m.model.facts(), factsOf(c)); diff != "" {
		t.Fatalf("the conversation differs from its entries (-entries +conversation):\n%s", diff)
	}
	m.count(t, "the contact", c.ContactUnread(), m.model.unread(m.model.contact, true))
	m.count(t, "the agents", c.AgentUnread(), m.model.unread(m.model.shared, false))
	for _, agent := range agents {
		var own *core.ReadCursor
		if r, ok := m.own[agent]; ok {
			own = &r
		}
		m.count(t, "one agent", c.OwnUnread(own), m.model.unreadOf(agent))
	}
	m.stands(t, "contact", c.ContactCursor, c.AgentSeq, c.ContactReadID, func(e *core.Entry) int64 { return e.AgentSeq })
	m.stands(t, "agents", c.AgentCursor, c.ContactSeq, c.AgentReadID, func(e *core.Entry) int64 { return e.ContactSeq })
	for _, r := range m.own {
		m.stands(t, "own", r.Seq, c.ContactSeq, r.EntryID, func(e *core.Entry) int64 { return e.ContactSeq })
	}
	if now := [2]int64{c.ContactCursor, c.AgentCursor}; !m.lowered && (now[0] < m.before[0] || now[1] < m.before[1]) {
		t.Fatalf("cursors went back from %v to %v", m.before, now)
	}
	m.before, m.lowered = [2]int64{c.ContactCursor, c.AgentCursor}, false
	for i := range m.entries {
		if got := m.entries[i].Position; got != int64(i+1) {
			t.Fatalf("entry %d stands at %d, want %d", m.entries[i].ID, got, i+1)
		}
	}
}

func (m *machine) count(t *rapid.T, who string, got, want int64) {
	t.Helper()
	if got != want || got < 0 {
		t.Fatalf("%s: %d unread, counted %d", who, got, want)
	}
}

// stands checks that a cursor has exactly the value of the entry it names.
func (m *machine) stands(t *rapid.T, whose string, cursor, end, id int64, seq func(*core.Entry) int64) {
	t.Helper()
	if cursor < 0 || cursor > end {
		t.Fatalf("%s cursor is %d, outside 0 to %d", whose, cursor, end)
	}
	if id == 0 {
		if cursor != 0 {
			t.Fatalf("%s cursor is %d and names no entry", whose, cursor)
		}
		return
	}
	for i := range m.entries {
		if e := &m.entries[i]; e.ID == id {
			if seq(e) != cursor {
				t.Fatalf("%s cursor is %d, its entry %d has %d", whose, cursor, id, seq(e))
			}
			return
		}
	}
	t.Fatalf("%s cursor names entry %d, which does not exist", whose, id)
}

// TestUnreadAgainstModel: whatever happens, in whatever order, the kept numbers
// are those that counting gives.
func TestUnreadAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		created := someTime(t, "created")
		m := &machine{
			c:   core.Conversation{ID: 10, AccountID: 7, CreatedAt: created},
			own: map[int64]core.ReadCursor{}, model: newModel(created),
		}
		m.c.Begin()
		t.Repeat(map[string]func(*rapid.T){
			"":            m.check,
			"say":         m.say,
			"say more":    m.say,
			"read up to":  m.readUpTo,
			"read until":  m.readUntil,
			"mark unread": m.markUnread,
			"own read":    m.ownRead,
			"own unread":  m.ownMarkUnread,
			"delete":      m.remove,
		})
	})
}

// TestReplayGivesTheSame: entries appended again to a fresh conversation give
// the same places and the same derived state, whatever was read or deleted in
// between. Checking a database rests on this.
func TestReplayGivesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		created := someTime(t, "created")
		m := &machine{
			c:   core.Conversation{ID: 10, AccountID: 7, CreatedAt: created},
			own: map[int64]core.ReadCursor{}, model: newModel(created),
		}
		m.c.Begin()
		t.Repeat(map[string]func(*rapid.T){
			"say": m.say, "read up to": m.readUpTo, "mark unread": m.markUnread, "delete": m.remove,
		})
		again := core.Conversation{ID: 10, AccountID: 7, CreatedAt: created}
		again.Begin()
		for _, e := range m.entries {
			want := e
			e.Position, e.AgentSeq, e.ContactSeq = 0, 0, 0
			core.Append(&again, &e)
			if diff := cmp.Diff(want, e); diff != "" {
				t.Fatalf("entry %d (-first +again):\n%s", e.ID, diff)
			}
		}
		if diff := cmp.Diff(factsOf(&m.c), factsOf(&again)); diff != "" {
			t.Fatalf("conversation (-first +again):\n%s", diff)
		}
	})
}
