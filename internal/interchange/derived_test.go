package interchange

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/store"
)

// derived is what a conversation derives from its entries.
type derived struct {
	First, Last, Closed, Waiting, Customer, Updated, Message, Activity core.Time
	Count, Position, LastMessage, LastListed, AgentSeq, ContactSeq     int64
}

func derivedOf(c *core.Conversation) derived {
	return derived{
		c.FirstResponseAt, c.LastResponseAt, c.ClosedAt, c.WaitingSince, c.CustomerUpdatedAt, c.UpdatedAt, c.LastMessageAt, c.LastActivityAt,
		c.MessageCount, c.LastPosition, c.LastMessageID, c.LastListedID, c.AgentSeq, c.ContactSeq,
	}
}

var derivedTests = []struct {
	name, given string
	said        []string
	want        derived
}{
	{"no entries", ``, nil, derived{Customer: instantOf(1), Updated: instantOf(1), Message: instantOf(1), Activity: instantOf(1)}},
	{"resolved without entries", `,"status":"resolved"`, nil, derived{Closed: instantOf(1), Customer: instantOf(1), Updated: instantOf(1), Message: instantOf(1), Activity: instantOf(1)}},
	{
		"a talk", ``,
		[]string{said('c', 1, 2), said('a', 2, 3), said('n', 3, 4), said('c', 4, 5), said('c', 5, 6)},
		derived{First: instantOf(3), Last: instantOf(3), Waiting: instantOf(5), Customer: instantOf(6), Updated: instantOf(6), Message: instantOf(6), Activity: instantOf(6), Count: 4, Position: 5, LastMessage: 5, LastListed: 5, AgentSeq: 1, ContactSeq: 3},
	},
	{
		"resolved", `,"status":"resolved"`,
		[]string{said('c', 1, 2), said('a', 2, 3), said('s', 3, 4)},
		derived{First: instantOf(3), Last: instantOf(3), Closed: instantOf(4), Customer: instantOf(2), Updated: instantOf(4), Message: instantOf(3), Activity: instantOf(4), Count: 2, Position: 3, LastMessage: 2, LastListed: 2, AgentSeq: 1, ContactSeq: 1},
	},
	{
		"everything given", `,"status":"resolved","first_response_at":` + at(11) + `,"last_response_at":` + at(12) + `,"closed_at":` + at(13) +
			`,"waiting_since":` + at(14) + `,"customer_updated_at":` + at(15) + `,"updated_at":` + at(16),
		[]string{said('c', 1, 2), said('a', 2, 20), said('c', 3, 30)},
		derived{First: instantOf(11), Last: instantOf(12), Closed: instantOf(13), Waiting: instantOf(14), Customer: instantOf(15), Updated: instantOf(16), Message: instantOf(30), Activity: instantOf(30), Count: 3, Position: 3, LastMessage: 3, LastListed: 3, AgentSeq: 1, ContactSeq: 2},
	},
	{
		"nothing, given", `,"status":"resolved","first_response_at":"","last_response_at":"","closed_at":"","waiting_since":""`,
		[]string{said('c', 1, 2), said('a', 2, 3), said('c', 3, 4)},
		derived{Customer: instantOf(4), Updated: instantOf(4), Message: instantOf(4), Activity: instantOf(4), Count: 3, Position: 3, LastMessage: 3, LastListed: 3, AgentSeq: 1, ContactSeq: 2},
	},
	{
		"null is as good as absent", `,"status":"resolved","first_response_at":null,"closed_at":null,"waiting_since":null,"updated_at":null`,
		[]string{said('c', 1, 2), said('a', 2, 3)},
		derived{First: instantOf(3), Last: instantOf(3), Closed: instantOf(3), Customer: instantOf(2), Updated: instantOf(3), Message: instantOf(3), Activity: instantOf(3), Count: 2, Position: 2, LastMessage: 2, LastListed: 2, AgentSeq: 1, ContactSeq: 1},
	},
	{
		"uncounted and unlisted", ``,
		[]string{
			said('u', 1, 2),
			`{"kind":"message","id":2,"conversation_id":1,"created_at":` + at(3) + `,"sender":{"type":"system"},"listed":false}`,
			`{"kind":"message","id":3,"conversation_id":1,"created_at":` + at(4) + `,"sender":{"type":"system"},"ext":{"commbox":{"type":11,"content":{"messageAlreadyRenderedFromClient":true}}}}`,
			`{"kind":"message","id":4,"conversation_id":1,"created_at":` + at(5) + `,"sender":{"type":"system"},"ext":{"commbox":{"type":4,"content":{"messageAlreadyRenderedFromClient":true}}}}`,
			`{"kind":"message","id":5,"conversation_id":1,"created_at":` + at(6) + `,"sender":{"type":"system"},"ext":{"commbox":{"type":11,"content":{"messageAlreadyRenderedFromClient":false}}}}`,
			`{"kind":"message","id":6,"conversation_id":1,"created_at":` + at(7) + `,"sender":{"type":"system"},"counts":true,"listed":false,"ext":{"commbox":{"type":11,"content":{"messageAlreadyRenderedFromClient":true}}}}`,
		},
		derived{Customer: instantOf(1), Updated: instantOf(7), Message: instantOf(7), Activity: instantOf(7), Count: 6, Position: 6, LastMessage: 6, LastListed: 5, AgentSeq: 4},
	},
}

func TestDerivedStamps(t *testing.T) {
	t.Parallel()
	for _, tt := range derivedTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := threadHead + `{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4,"created_at":` + at(1) + tt.given + "}\n" + strings.Join(tt.said, "\n") + "\n"
			for _, batch := range []int{1, 1000} {
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
				if diff := cmp.Diff(tt.want, derivedOf(&c)); diff != "" {
					t.Errorf("batches of %d (-want +got):\n%s", batch, diff)
				}
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, threadHead+lines(
			`{"kind":"inbox","id":2,"account_id":1,"name":"App","channel":"api"}`,
			`{"kind":"inbox","id":3,"account_id":1,"name":"Mail","channel":"email"}`,
			`{"kind":"inbox","id":4,"account_id":1,"name":"Fax","channel":"fax"}`,
			`{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4}`,
			`{"kind":"conversation","id":2,"inbox_id":1,"identity_id":4,"opened_by":"agent"}`,
			`{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact"}}`,
			`{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":1}}`,
			`{"kind":"message","id":3,"conversation_id":1,"sender":{"type":"agent","id":3}}`,
			`{"kind":"message","id":4,"conversation_id":1,"sender":{"type":"system"}}`,
			`{"kind":"message","id":5,"conversation_id":1,"sender":{"type":"agent"},"deleted_at":`+at(9)+`,"content":"kept"}`,
			`{"kind":"activity","id":6,"conversation_id":1,"code":"imported","text":"Ann joined"}`,
			`{"kind":"attachment","id":1,"message_id":2}`,
		))
		checkDefaultEntries(t, st)
		checkDefaultsAround(t, st)
	})
}

func checkDefaultEntries(t *testing.T, st store.Store) {
	t.Helper()
	ctx := t.Context()
	for id, want := range map[int64]core.Origin{1: core.OriginPerson, 2: core.OriginPerson, 3: core.OriginBot, 4: core.OriginAutomation, 5: core.OriginPerson, 6: ""} {
		e, err := st.Entry(ctx, 1, id)
		if err != nil {
			t.Fatal(err)
		}
		if e.Origin != want || e.CreatedAt != testNow || e.UpdatedAt != testNow || e.UUID == "" {
			t.Errorf("entry %d: %+v", id, e)
		}
	}
	tombstone, _ := st.Entry(ctx, 1, 5)
	if !tombstone.IsDeleted() || tombstone.Content != "kept" || tombstone.Text() != "" {
		t.Errorf("tombstone: %+v", tombstone)
	}
	activity, _ := st.Entry(ctx, 1, 6)
	if activity.Content != "Ann joined" || activity.Sender.Type != core.ActorSystem || activity.Listed || activity.Counts {
		t.Errorf("activity: %+v", activity)
	}
}

func checkDefaultsAround(t *testing.T, st store.Store) {
	t.Helper()
	ctx := t.Context()
	one, _ := st.Conversation(ctx, 1, 1)
	two, _ := st.Conversation(ctx, 1, 2)
	ci, err := st.ContactInbox(ctx, 1, one.ContactInboxID)
	if err != nil || two.ContactInboxID != ci.ID || ci.IdentityID != 4 || ci.ContactID != 4 || !isUUID(ci.SourceID) || len(ci.PubsubToken) != 24 {
		t.Errorf("contact inbox: %+v, %v; the second conversation's is %d", ci, err, two.ContactInboxID)
	}
	if one.Status != core.Open || one.OpenedBy != core.ContactSide || two.OpenedBy != core.AgentSide || one.DisplayID != 1 || two.DisplayID != 2 || one.ContactID != 4 {
		t.Errorf("conversations: %+v\n%+v", one, two)
	}
	for id, want := range map[int64][3]int{1: {0, 24, 44}, 2: {24, 0, 44}, 3: {0, 0, 0}, 4: {0, 0, 0}} {
		i, err := st.Inbox(ctx, 1, id)
		if got := [3]int{len(i.Identifier), len(i.WebsiteToken), len(i.HMACToken)}; err != nil || got != want {
			t.Errorf("inbox %d has secrets of %v, want %v", id, got, want)
		}
	}
	agent, _ := st.Agent(ctx, 1, 1)
	if agent.Type != core.Person || agent.Role != core.Member {
		t.Errorf("agent: %+v", agent)
	}
	attachment, _ := st.Attachment(ctx, 1, 1)
	with, _ := st.Entry(ctx, 1, 2)
	if attachment.FileType != "file" || attachment.ConversationID != 1 || with.AttachmentCount != 1 {
		t.Errorf("attachment: %+v of %+v", attachment, with)
	}
}

// TestLastActivityOfContacts is derived unless it is given.
func TestLastActivityOfContacts(t *testing.T) {
	t.Parallel()
	text := threadHead + lines(
		`{"kind":"contact","id":5,"account_id":1,"name":"Given","last_activity_at":`+at(1)+`}`,
		`{"kind":"contact","id":6,"account_id":1,"name":"Given as unset","last_activity_at":""}`,
		`{"kind":"identity","id":5,"contact_id":5,"provider_type":6,"address":"g"}`,
		`{"kind":"identity","id":6,"contact_id":6,"provider_type":6,"address":"u"}`,
		`{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4}`,
		`{"kind":"conversation","id":2,"inbox_id":1,"identity_id":5}`,
		`{"kind":"conversation","id":3,"inbox_id":1,"identity_id":6}`,
		said('c', 1, 7), said('a', 2, 8),
		strings.Replace(said('c', 3, 9), `"conversation_id":1`, `"conversation_id":2`, 1),
		strings.Replace(said('c', 4, 9), `"conversation_id":1`, `"conversation_id":3`, 1),
	)
	for _, batch := range []int{1, 1000} {
		st := openSQLite(t)
		opts := testOptions()
		opts.BatchRecords = batch
		if _, err := Import(t.Context(), st, strings.NewReader(text), opts); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[int64]core.Time{4: instantOf(7), 5: instantOf(1), 6: 0} {
			c, err := st.Contact(t.Context(), 1, id)
			if err != nil || c.LastActivityAt != want {
				t.Errorf("batches of %d: contact %d was last active at %d, want %d (%v)", batch, id, c.LastActivityAt, want, err)
			}
		}
	}
}

// TestAttachmentTwice counts an attachment once whose line stands twice.
func TestAttachmentTwice(t *testing.T) {
	t.Parallel()
	attachment := `{"kind":"attachment","id":1,"message_id":1,"url":"https://x.test/a"}`
	text := threadHead + lines(`{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4}`, said('c', 1, 1), attachment, attachment)
	for _, batch := range []int{1, 1000} {
		st := openSQLite(t)
		opts := testOptions()
		opts.BatchRecords = batch
		sum, err := Import(t.Context(), st, strings.NewReader(text), opts)
		if err != nil || sum.Stored("attachment") != 1 || sum.Skipped != 1 {
			t.Errorf("batches of %d: %+v, %v", batch, sum, err)
		}
		if e, err := st.Entry(t.Context(), 1, 1); err != nil || e.AttachmentCount != 1 {
			t.Errorf("batches of %d: %d attachments, %v", batch, e.AttachmentCount, err)
		}
	}
}

// TestLaterHistory adds messages to a conversation that exists.
func TestLaterHistory(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	mustImport(t, st, threadHead+`{"kind":"conversation","id":1,"inbox_id":1,"identity_id":4,"created_at":`+at(1)+`,"updated_at":`+at(50)+"}\n"+said('c', 1, 10)+"\n")
	sum := mustImport(t, st, lines(
		said('a', 2, 5),
		`{"kind":"attachment","id":1,"message_id":1,"url":"https://x.test/a"}`,
		`{"kind":"message","conversation_id":1,"sender":{"type":"contact"},"external_id":"m-1","created_at":`+at(60)+`}`,
		`{"kind":"message","conversation_id":1,"sender":{"type":"contact"},"external_id":"m-1","created_at":`+at(60)+`}`,
	))
	if sum.Records() != 3 || sum.Skipped != 1 {
		t.Errorf("summary: %+v", sum)
	}
	c, err := st.Conversation(t.Context(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	// A late arrival stands last and keeps its time; what the first import was
	// given is not held on to for ever.
	if c.LastPosition != 3 || c.UpdatedAt != instantOf(60) || c.ContactSeq != 2 || c.AgentSeq != 1 {
		t.Errorf("conversation: %+v", c)
	}
	e, err := st.Entry(t.Context(), 1, 1)
	if err != nil || e.AttachmentCount != 1 {
		t.Errorf("the first message has %d attachments, %v", e.AttachmentCount, err)
	}
}
