package interchange

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// threadHead stands before conversation 1 in the tests of one conversation.
var threadHead = lines(
	`{"kind":"account","id":1,"name":"Acme"}`,
	`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"a@acme.test","identity_id":1}`,
	`{"kind":"agent","id":2,"account_id":1,"name":"Bob","email":"b@acme.test","identity_id":2}`,
	`{"kind":"agent","id":3,"account_id":1,"type":"bot","name":"Robo","identity_id":3}`,
	`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web"}`,
	`{"kind":"contact","id":4,"account_id":1,"name":"Zoe"}`,
	`{"kind":"identity","id":4,"contact_id":4,"provider_type":6,"address":"z-1"}`,
)

// at is a time s seconds into the conversations of these tests.
func at(s int) string { return fmt.Sprintf(`"2024-01-01T00:%02d:%02dZ"`, s/60, s%60) }

func instantOf(s int) core.Time { return core.Time(1_704_067_200_000_000 + int64(s)*1_000_000) }

// said is a message: c by the contact, a by agent 1, b by agent 2, n a note, s
// an activity of the system, u a message of agent 1 that does not count. Its
// id and its second are the same.
func said(who byte, id, second int) string {
	head := fmt.Sprintf(`{"kind":"message","id":%d,"conversation_id":1,"created_at":%s,"sender":`, id, at(second))
	switch who {
	case 'c':
		return head + `{"type":"contact"}}`
	case 'b':
		return head + `{"type":"agent","id":2}}`
	case 'n':
		return head + `{"type":"agent","id":1},"visibility":"note"}`
	case 'u':
		return head + `{"type":"agent","id":1},"counts":false}`
	case 's':
		return fmt.Sprintf(`{"kind":"activity","id":%d,"conversation_id":1,"created_at":%s,"code":"opened"}`, id, at(second))
	}
	return head + `{"type":"agent","id":1}}`
}

// none is the unread count of an agent without a cursor.
const none = -1

var cursorTests = []struct {
	name     string
	given    string // keys of the conversation
	said     string // one letter a second, see said
	cursors  string // records after the messages
	early    string // records before the messages
	contact  int64  // what each has unread, none = has no own cursor
	agents   int64
	ann, bob int64
	read     [2]int64 // the ids up to which contact and agents have read
}{
	{name: "nothing given", said: "aacca", contact: 1, agents: 2, ann: 0, bob: none, read: [2]int64{4, 0}},
	{name: "notes, activities and uncounted messages", said: "ansu", contact: 1, ann: 0, bob: none},
	{name: "seen by the contact", given: `"contact_last_seen_at":` + at(2), said: "aaaa", contact: 2, ann: 0, bob: none, read: [2]int64{2, 0}},
	{name: "seen before everything", given: `"contact_last_seen_at":` + at(0), said: "aaaa", contact: 4, ann: 0, bob: none},
	{name: "seen, and then an own message", given: `"contact_last_seen_at":` + at(1), said: "aacaa", contact: 2, agents: 1, ann: 0, bob: none, read: [2]int64{3, 0}},
	{name: "seen after an own message", given: `"contact_last_seen_at":` + at(4), said: "aacaa", contact: 1, agents: 1, ann: 0, bob: none, read: [2]int64{4, 0}},
	{name: "seen by the agents", given: `"agent_last_seen_at":` + at(2), said: "cccc", agents: 2, ann: none, bob: none, read: [2]int64{4, 2}},
	{name: "seen by the agents, who reply", given: `"agent_last_seen_at":` + at(2), said: "cccab", contact: 2, agents: 1, ann: 0, bob: 0, read: [2]int64{3, 2}},
	{name: "read exactly", given: `"contact_read_message_id":2,"agent_read_message_id":4`, said: "aacccaa", contact: 2, agents: 1, ann: 0, bob: none, read: [2]int64{2, 4}},
	{name: "exact wins over own message", given: `"contact_read_message_id":1`, said: "aaca", contact: 2, agents: 1, ann: 0, bob: none, read: [2]int64{1, 0}},
	{name: "exact wins over time", given: `"contact_read_message_id":1,"contact_last_seen_at":` + at(9), said: "aaa", contact: 2, ann: 0, bob: none, read: [2]int64{1, 0}},
	{name: "nothing read, exactly", given: `"contact_read_message_id":0,"contact_last_seen_at":` + at(9), said: "aaca", contact: 3, agents: 1, ann: 0, bob: none},
	{name: "read up to a note", given: `"agent_read_message_id":3`, said: "ccncc", agents: 2, ann: none, bob: none, read: [2]int64{5, 3}},
	{name: "own cursors", said: "ccacc", cursors: `1=1 2=5`, contact: 0, agents: 4, ann: 3, bob: 0, read: [2]int64{5, 0}},
	{name: "own cursor lowered to nothing", said: "cca", cursors: `1=0`, contact: 1, agents: 2, ann: 2, bob: none, read: [2]int64{2, 0}},
	{name: "own cursors given early", said: "ccacca", early: `1=1 2=4`, contact: 1, agents: 4, ann: 3, bob: 1, read: [2]int64{5, 0}},
	{name: "a late cursor wins over an early one", said: "cca", early: `1=1`, cursors: `1=2`, contact: 1, agents: 2, ann: 0, bob: none, read: [2]int64{2, 0}},
}

func TestCursors(t *testing.T) {
	t.Parallel()
	for _, tt := range cursorTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			given := tt.given
			if given != "" {
				given = "," + given
			}
			text := threadHead + `{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4,"created_at":` + at(0) + given + "}\n"
			text += cursorRecords(tt.early)
			for i := range len(tt.said) {
				text += said(tt.said[i], i+1, i+1) + "\n"
			}
			text += cursorRecords(tt.cursors)
			for _, batch := range []int{1, 3, 1000} {
				st := openSQLite(t)
				opts := testOptions()
				opts.BatchRecords = batch
				if _, err := Import(t.Context(), st, strings.NewReader(text), opts); err != nil {
					t.Fatal(err)
				}
				c, err := st.Conversation(t.Context(), 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				if c.ContactUnread() != tt.contact || c.AgentUnread() != tt.agents {
					t.Errorf("batches of %d: unread: contact %d, agents %d, want %d, %d", batch, c.ContactUnread(), c.AgentUnread(), tt.contact, tt.agents)
				}
				if got := [2]int64{c.ContactReadID, c.AgentReadID}; got != tt.read {
					t.Errorf("batches of %d: read up to %v, want %v", batch, got, tt.read)
				}
				for i, want := range []int64{tt.ann, tt.bob} {
					if got := ownUnread(t, st, &c, int64(i+1)); got != want {
						t.Errorf("batches of %d: agent %d has %d unread, want %d", batch, i+1, got, want)
					}
				}
			}
		})
	}
}

// cursorRecords writes read_cursor records: "1=5 2=0" is agent, message.
func cursorRecords(list string) string {
	var b strings.Builder
	for pair := range strings.FieldsSeq(list) {
		agent, message, _ := strings.Cut(pair, "=")
		fmt.Fprintf(&b, `{"kind":"read_cursor","conversation_id":1,"agent_id":%s,"message_id":%s}`+"\n", agent, message)
	}
	return b.String()
}

func ownUnread(t *testing.T, st store.Store, c *core.Conversation, agent int64) int64 {
	t.Helper()
	own, ok, err := st.FindReadCursor(t.Context(), 1, c.ID, agent)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return none
	}
	return c.ContactSeq - own.Seq
}

func TestNeverComingMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, extra, reason string }{
		{`,"contact_read_message_id":77`, "", "line 8: conversation 1: contact_read_message_id names message 77, which never came"},
		{`,"agent_read_message_id":77`, "", "line 8: conversation 1: agent_read_message_id names message 77, which never came"},
		{`,"primary_message_id":77`, "", "line 8: conversation 1: primary_message_id names message 77, which never came"},
		{"", `{"kind":"read_cursor","conversation_id":1,"agent_id":2,"message_id":77}` + "\n", "line 8: conversation 1: a read_cursor names message 77, which never came"},
	} {
		st := openSQLite(t)
		conversation := `{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4` + tt.given + "}\n"
		rest := said('c', 1, 1) + "\n" + tt.extra
		_, err := Import(t.Context(), st, strings.NewReader(threadHead+conversation+rest), testOptions())
		if err == nil || err.Error() != tt.reason {
			t.Errorf("got %v\nwant %s", err, tt.reason)
			continue
		}
		// The corrected file goes on.
		fixed := strings.ReplaceAll(threadHead+conversation+rest, "77", "1")
		sum := mustImport(t, st, fixed)
		if sum.Stored("message") != 0 {
			t.Errorf("the corrected import stored the message again")
		}
		c, err := st.Conversation(t.Context(), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		own, _, err := st.FindReadCursor(t.Context(), 1, 1, 2)
		if err != nil || (tt.given == "" && own.EntryID != 1) {
			t.Errorf("own cursor %+v, %v", own, err)
		}
		if tt.given != "" && c.PrimaryMessageID != 1 && c.AgentReadID != 1 && c.ContactReadID != 1 {
			t.Errorf("after the correction: %+v", c)
		}
	}
}

// TestLiveReadsSurvive imports a file again after its conversation was read.
func TestLiveReadsSurvive(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	mustImport(t, st, cursorFile)
	err := st.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
		c, err := tx.LockConversation(ctx, 1, 1)
		if err != nil {
			return err
		}
		last, err := tx.Entry(ctx, 1, 6)
		if err != nil {
			return err
		}
		core.ReadUpTo(&c, core.AgentSide, &last)
		own := core.OwnCursor(&c, 1)
		own.ReadTo(&last)
		if err := tx.PutReadCursor(ctx, own); err != nil {
			return err
		}
		return tx.UpdateConversation(ctx, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	before := mustExport(t, st)
	mustImport(t, st, cursorFile)
	equalText(t, "after the second import", mustExport(t, st), before)
}
