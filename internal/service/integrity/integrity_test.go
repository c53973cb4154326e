package integrity_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/integrity"
	"parley/internal/store"
)

// examine returns what the doctor reports, a line each.
func examine(t *testing.T, st store.Store) ([]string, integrity.Summary) {
	t.Helper()
	var lines []string
	sum, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { lines = append(lines, f.String()) })
	if err != nil {
		t.Fatal(err)
	}
	if sum.Faults != int64(len(lines)) {
		t.Errorf("the summary counts %d faults, %d were reported", sum.Faults, len(lines))
	}
	return lines, sum
}

// TestBackfillIsNoFault: what is still to be indexed is not missing.
func TestBackfillIsNoFault(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			build(t, e.store)
			e.exec("DELETE FROM search_docs")
			if lines, _ := examine(t, e.store); len(lines) == 0 {
				t.Error("nothing is missing in an empty index")
			}
			e.exec("INSERT INTO jobs (account_id, kind, key, run_at, attempts, lease_until, fence) SELECT id, 'search.backfill', '', 0, 0, 0, 1 FROM accounts")
			if lines, _ := examine(t, e.store); len(lines) > 0 {
				t.Errorf("faults while the index is filled:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			if lines, sum := examine(t, e.store); len(lines) > 0 || sum != (integrity.Summary{}) {
				t.Errorf("an empty database: %v, %+v", lines, sum)
			}
			w := build(t, e.store)
			lines, sum := examine(t, e.store)
			if len(lines) > 0 {
				t.Errorf("faults in a healthy database:\n%s", strings.Join(lines, "\n"))
			}
			want := integrity.Summary{
				Accounts: 2, Agents: 2, Inboxes: 3, Contacts: 4, Identities: 3, ContactInboxes: 3, Conversations: 3, Entries: 8,
				Attachments: 2, ReadCursors: 2, Events: w.events + 2,
			}
			if diff := cmp.Diff(want, sum); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

// corruption is one statement behind the store's back, and the lines that it
// must give. {name} stands for an id of the world, see names.
type corruption struct {
	sql  string
	want []string
}

func names(w *world) *strings.Replacer {
	pairs := []string{}
	for name, id := range map[string]int64{
		"account": w.account, "ada": w.ada, "robot": w.robot, "label": w.label, "team": w.team, "token": w.token, "group": w.group, "hook": w.hook,
		"web": w.web, "mail": w.mail, "webPart": w.webPart, "mailPart": w.mailPart, "cara": w.cara, "carl": w.carl, "lone": w.lone,
		"caraID": w.caraID, "carlID": w.carlID, "door": w.door, "mailDoor": w.mailDoor, "talk": w.talk, "empty": w.empty,
		"e1": w.e[1], "e2": w.e[2], "e3": w.e[3], "e4": w.e[4], "e5": w.e[5], "e6": w.e[6], "e7": w.e[7], "file": w.file,
		"events": w.events, "other": w.other,
	} {
		pairs = append(pairs, "{"+name+"}", strconv.FormatInt(id, 10))
	}
	return strings.NewReplacer(pairs...)
}

var corruptions = []corruption{
	// What the conversation derives from its entries.
	{"UPDATE conversations SET last_position = 9 WHERE id = {talk}", []string{"conversation {talk}: last_position is 9, its entries give 7"}},
	{"UPDATE conversations SET message_count = 4 WHERE id = {talk}", []string{"conversation {talk}: message_count is 4, its entries give 5"}},
	{"UPDATE conversations SET last_message_id = {e6} WHERE id = {talk}", []string{"conversation {talk}: last_message_id is {e6}, its entries give {e7}"}},
	{"UPDATE conversations SET last_listed_id = {e7} WHERE id = {talk}", []string{"conversation {talk}: last_listed_id is {e7}, its entries give {e6}"}},
	{"UPDATE conversations SET last_message_at = 106000000 WHERE id = {talk}", []string{"conversation {talk}: last_message_at is 106000000, its entries give 107000000"}},
	{"UPDATE conversations SET last_message_at = 5 WHERE id = {empty}", []string{"conversation {empty}: last_message_at is 5, its entries give 90000000"}},
	{"UPDATE conversations SET agent_seq = 4 WHERE id = {talk}", []string{"conversation {talk}: agent_seq is 4, its entries give 3"}},
	{"UPDATE conversations SET contact_seq = 3 WHERE id = {talk}", []string{"conversation {talk}: contact_seq is 3, its entries give 2"}},
	{"UPDATE conversations SET last_activity_at = 105000000 WHERE id = {talk}", []string{"conversation {talk}: last_activity_at is 105000000, its newest entry is of 107000000"}},
	{"UPDATE conversations SET last_activity_at = 0 WHERE id = {empty}", []string{"conversation {empty}: last_activity_at is not set"}},
	{"UPDATE conversations SET last_activity_at = 108000000 WHERE id = {talk}", nil}, // an import may know more
	{"UPDATE conversations SET primary_message_id = 9999 WHERE id = {talk}", []string{"conversation {talk}: primary message 9999 is not in it"}},

	// Cursors. Those of the contact stand at e6 (2), of the agents at e3 (1),
	// ada's own at e6 (2), robot's at e4 (1).
	{"UPDATE conversations SET contact_cursor = 3 WHERE id = {talk}", []string{"conversation {talk}: contact_cursor is 3, the entry {e6} that it names has 2"}},
	{"UPDATE conversations SET contact_cursor = 4 WHERE id = {talk}", []string{"conversation {talk}: contact_cursor is 4, outside 0 to agent_seq 3"}},
	{"UPDATE conversations SET contact_cursor = -1 WHERE id = {talk}", []string{"conversation {talk}: contact_cursor is -1, outside 0 to agent_seq 3"}},
	{"UPDATE conversations SET contact_read_id = 0 WHERE id = {talk}", []string{"conversation {talk}: contact_cursor is 2 but names no entry"}},
	{"UPDATE conversations SET contact_read_id = 9999 WHERE id = {talk}", []string{"conversation {talk}: contact_cursor names entry 9999, which is not in it"}},
	{"UPDATE conversations SET contact_read_id = {e5} WHERE id = {talk}", nil}, // the activity before has the same number
	{"UPDATE conversations SET contact_cursor = 0, contact_read_id = 0 WHERE id = {talk}", nil},
	{"UPDATE conversations SET agent_cursor = 2 WHERE id = {talk}", []string{"conversation {talk}: agent_cursor is 2, the entry {e3} that it names has 1"}},
	{"UPDATE conversations SET agent_cursor = 3 WHERE id = {talk}", []string{"conversation {talk}: agent_cursor is 3, outside 0 to contact_seq 2"}},
	{"UPDATE conversations SET agent_read_id = 9999 WHERE id = {empty}", []string{"conversation {empty}: agent_cursor names entry 9999, which is not in it"}},
	{"UPDATE read_cursors SET seq = 0 WHERE agent_id = {robot}", []string{"conversation {talk}: read cursor of agent {robot} is 0, the entry {e4} that it names has 1"}},
	{"UPDATE read_cursors SET seq = 9 WHERE agent_id = {ada}", []string{"conversation {talk}: read cursor of agent {ada} is 9, outside 0 to contact_seq 2"}},
	{"UPDATE read_cursors SET entry_id = 0 WHERE agent_id = {ada}", []string{"conversation {talk}: read cursor of agent {ada} is 2 but names no entry"}},
	{"UPDATE read_cursors SET entry_id = 9999 WHERE agent_id = {ada}", []string{"conversation {talk}: read cursor of agent {ada} names entry 9999, which is not in it"}},
	{"UPDATE read_cursors SET agent_id = 99 WHERE agent_id = {ada}", []string{"conversation {talk}: read cursor of agent 99: agent 99 does not exist"}},

	// Entries.
	{"UPDATE entries SET position = 9 WHERE id = {e7}", []string{"entry {e7}: position is 9, replaying conversation {talk} gives 7"}},
	{"UPDATE entries SET position = 20 WHERE id = {e2}", []string{
		"entry {e3}: position is 3, replaying conversation {talk} gives 2; 5 more in this conversation",
		"entry {e2}: agent_seq is 1, replaying conversation {talk} gives 3",
		"entry {e2}: contact_seq is 0, replaying conversation {talk} gives 2",
	}},
	{"UPDATE entries SET agent_seq = 7 WHERE id = {e5}", []string{"entry {e5}: agent_seq is 7, replaying conversation {talk} gives 2"}},
	{"UPDATE entries SET contact_seq = 9 WHERE id = {e7}", []string{"entry {e7}: contact_seq is 9, replaying conversation {talk} gives 2"}},
	{"UPDATE entries SET counts = 0 WHERE id = {e1}", []string{
		"entry {e1}: agent_seq is 1, replaying conversation {talk} gives 0; 6 more in this conversation",
		"conversation {talk}: agent_seq is 3, its entries give 2",
	}},
	{"UPDATE entries SET kind = 'note' WHERE id = {e7}", []string{
		"entry {e7}: agent_seq is 3, replaying conversation {talk} gives 2",
		"conversation {talk}: message_count is 5, its entries give 4",
		"conversation {talk}: last_message_id is {e7}, its entries give {e6}",
		"conversation {talk}: last_message_at is 107000000, its entries give 106000000",
		"conversation {talk}: agent_seq is 3, its entries give 2",
	}},
	{"DELETE FROM entries WHERE id = {e7}", []string{
		"conversation {talk}: last_position is 7, its entries give 6",
		"conversation {talk}: message_count is 5, its entries give 4",
		"conversation {talk}: last_message_id is {e7}, its entries give {e6}",
		"conversation {talk}: last_message_at is 107000000, its entries give 106000000",
		"conversation {talk}: agent_seq is 3, its entries give 2",
	}},
	{"UPDATE entries SET created_at = 0 WHERE id = {e2}", []string{"entry {e2}: created_at is not set"}},
	{"UPDATE entries SET deleted_at = 1 WHERE id = {e7}", nil},
	{"UPDATE entries SET attachment_count = 1 WHERE id = {e4}", []string{"entry {e4}: attachment_count is 1, it has 2"}},
	{"UPDATE entries SET attachment_count = 1 WHERE id = {e6}", []string{"entry {e6}: attachment_count is 1, it has 0"}},
	{"DELETE FROM attachments WHERE id = {file}", []string{"entry {e4}: attachment_count is 2, it has 1"}},
	{"UPDATE attachments SET conversation_id = {empty} WHERE id = {file}", []string{"attachment {file}: conversation is {empty}, that of its message {e4} is {talk}"}},
	{"UPDATE entries SET sender_id = 999 WHERE id = {e4}", []string{"entry {e4}: author: agent 999 does not exist"}},
	{"UPDATE entries SET sender_id = 999 WHERE id = {e6}", []string{"entry {e6}: author: contact 999 does not exist"}},
	{"UPDATE entries SET sender_identity_id = 999 WHERE id = {e6}", []string{"entry {e6}: author's identity 999 does not exist"}},

	// What a conversation refers to.
	{"UPDATE conversations SET assignee_id = 999 WHERE id = {talk}", []string{
		"conversation {talk}: assignee 999 does not exist",
		"inbox {web}: its tally of open conversations of assignee {ada} and team {team} is 1, it has 0",
		"inbox {web}: its tally of open conversations of assignee 999 and team {team} is 0, it has 1",
	}},
	{"UPDATE conversations SET last_assignee_id = 999 WHERE id = {talk}", []string{"conversation {talk}: last assignee 999 does not exist"}},
	{"UPDATE conversations SET assignee_bot_id = 999 WHERE id = {talk}", []string{"conversation {talk}: assignee bot 999 does not exist"}},
	{"UPDATE conversations SET owner_id = 999 WHERE id = {talk}", []string{"conversation {talk}: owner 999 does not exist"}},
	{"UPDATE conversations SET bot_id = 999 WHERE id = {talk}", []string{"conversation {talk}: serving bot 999 does not exist"}},
	{"UPDATE conversations SET team_id = 999 WHERE id = {talk}", []string{
		"conversation {talk}: team 999 does not exist",
		"inbox {web}: its tally of open conversations of assignee {ada} and team {team} is 1, it has 0",
		"inbox {web}: its tally of open conversations of assignee {ada} and team 999 is 0, it has 1",
	}},
	{"UPDATE conversations SET label_ids = '[{label},999]' WHERE id = {talk}", []string{"conversation {talk}: label 999 does not exist"}},
	{"UPDATE conversations SET inbox_id = 999 WHERE id = {empty}", []string{
		"conversation {empty}: inbox 999 does not exist",
		"conversation {empty}: contact inbox {mailDoor} belongs to inbox {mail}, not 999",
		"inbox {mail}: its tally of open conversations of assignee 0 and team 0 is 1, it has 0",
		"inbox 999: its tally of open conversations of assignee 0 and team 0 is 0, it has 1",
	}},
	{"UPDATE conversations SET sub_inbox_id = 999 WHERE id = {talk}", []string{"conversation {talk}: sub-inbox 999 does not exist"}},
	{"UPDATE conversations SET sub_inbox_id = {mailPart} WHERE id = {talk}", []string{"conversation {talk}: sub-inbox {mailPart} belongs to inbox {mail}, not {web}"}},
	{"UPDATE conversations SET contact_id = {carl} WHERE id = {talk}", []string{"conversation {talk}: contact is {carl}, that of its identity {caraID} is {cara}"}},
	{"UPDATE conversations SET identity_id = 999 WHERE id = {talk}", []string{
		"conversation {talk}: identity 999 does not exist",
		"conversation {talk}: contact inbox {door} belongs to identity {caraID}, not 999",
	}},
	{"UPDATE conversations SET contact_inbox_id = 999 WHERE id = {talk}", []string{"conversation {talk}: contact inbox 999 does not exist"}},
	{"UPDATE conversations SET contact_inbox_id = {mailDoor} WHERE id = {talk}", []string{"conversation {talk}: contact inbox {mailDoor} belongs to inbox {mail}, not {web}"}},
	{"UPDATE conversations SET identity_id = {carlID}, contact_id = {carl} WHERE id = {talk}", []string{
		"conversation {talk}: contact inbox {door} belongs to identity {caraID}, not {carlID}",
	}},

	// Stamps: only impossible ones.
	{"UPDATE conversations SET first_response_at = 3, last_response_at = 2 WHERE id = {talk}", []string{
		"conversation {talk}: first_response_at 3 is later than last_response_at 2",
	}},
	{"UPDATE conversations SET first_response_at = 1, last_response_at = 2, closed_at = 5, waiting_since = 7, customer_updated_at = 1, updated_at = 1 WHERE id = {talk}", nil},
	{"UPDATE conversations SET updated_at = 0 WHERE id = {talk}", []string{"conversation {talk}: updated_at is not set"}},
	{"UPDATE conversations SET customer_updated_at = 0 WHERE id = {talk}", []string{"conversation {talk}: customer_updated_at is not set"}},
	{"UPDATE conversations SET created_at = 0 WHERE id = {talk}", []string{"conversation {talk}: created_at is not set"}},
	{"UPDATE conversations SET display_id = 0 WHERE id = {talk}", []string{"conversation {talk}: display_id is 0"}},

	// The rest of the account.
	{"UPDATE accounts SET conversation_count = 5 WHERE id = {account}", []string{"account {account}: conversation_count is 5, it has 2"}},
	{"UPDATE conversation_tallies SET n = n + 3 WHERE account_id = {account} AND inbox_id = {web}", []string{"inbox {web}: its tally of open conversations of assignee {ada} and team {team} is 4, it has 1"}},
	{"DELETE FROM conversation_tallies WHERE account_id = {account} AND inbox_id = {mail}", []string{"inbox {mail}: its tally of open conversations of assignee 0 and team 0 is 0, it has 1"}},
	{"UPDATE accounts SET last_display_id = 1 WHERE id = {account}", []string{"account {account}: last_display_id is 1, below display id 2"}},
	{"UPDATE accounts SET last_display_id = 9 WHERE id = {account}", nil},
	{"UPDATE contacts SET id = {ada} WHERE id = {lone}", []string{
		"agent {ada}: a contact has the same id", "contact {ada}: its document of the search index is not what is known of it",
		"account {account}: the search index holds 3 documents, 2 of them of entries and contacts",
	}},
	{"UPDATE contacts SET name = 'Nobody' WHERE id = {cara}", []string{"contact {cara}: its document of the search index is not what is known of it"}},
	{"DELETE FROM search_docs WHERE ref_id = {cara}", []string{"contact {cara}: its document of the search index is not what is known of it"}},
	{"UPDATE entries SET content = 'said' WHERE id = {e1}", []string{"entry {e1}: its document of the search index is not what it says"}},
	{"UPDATE agents SET identity_id = {carlID} WHERE id = {robot}", []string{"agent {robot}: its identity {carlID} belongs to contact {carl}"}},
	{"UPDATE agents SET identity_id = 0 WHERE id = {robot}", []string{"agent {robot}: has no identity"}},
	{"UPDATE tokens SET agent_id = 999 WHERE id = {token}", []string{"token {token}: agent 999 does not exist"}},
	{"UPDATE agents SET profile_ids = '[998]' WHERE id = {ada}", []string{"agent {ada}: profile 998 does not exist"}},
	{"UPDATE teams SET agent_ids = '[{ada},999]' WHERE id = {team}", []string{"team {team}: member 999 does not exist"}},
	{"UPDATE labels SET group_id = 999 WHERE id = {label}", []string{"label {label}: group 999 does not exist"}},
	{"UPDATE sub_inboxes SET inbox_id = 999 WHERE id = {mailPart}", []string{"sub-inbox {mailPart}: inbox 999 does not exist"}},
	{"UPDATE contacts SET label_ids = '[999]' WHERE id = {carl}", []string{"contact {carl}: label 999 does not exist"}},
	{"UPDATE identities SET contact_id = 999 WHERE id = {carlID}", []string{"identity {carlID}: contact 999 does not exist"}},
	{"UPDATE identities SET contact_id = {carl} WHERE id = {caraID}", []string{
		"contact inbox {door}: contact is {cara}, that of its identity {caraID} is {carl}",
		"contact inbox {mailDoor}: contact is {cara}, that of its identity {caraID} is {carl}",
		"conversation {talk}: contact is {cara}, that of its identity {caraID} is {carl}",
		"conversation {empty}: contact is {cara}, that of its identity {caraID} is {carl}",
	}},
	{"UPDATE contact_inboxes SET contact_id = {carl} WHERE id = {door}", []string{"contact inbox {door}: contact is {carl}, that of its identity {caraID} is {cara}"}},
	{"UPDATE contact_inboxes SET inbox_id = 999 WHERE id = {door}", []string{
		"contact inbox {door}: inbox 999 does not exist",
		"conversation {talk}: contact inbox {door} belongs to inbox 999, not {web}",
	}},
	{"UPDATE contact_inboxes SET identity_id = 999 WHERE id = {door}", []string{
		"contact inbox {door}: identity 999 does not exist",
		"conversation {talk}: contact inbox {door} belongs to identity 999, not {caraID}",
	}},

	// Look-ups by a key alone.
	{"DELETE FROM account_uuids WHERE account_id = {account}", []string{"account {account}: is not found by its uuid"}},
	{"UPDATE account_uuids SET account_id = {other} WHERE account_id = {account}", []string{"account {account}: is not found by its uuid"}},
	{"DELETE FROM webhook_positions", []string{"webhook {hook}: has no position: nothing is sent to it"}},
	{"UPDATE webhook_positions SET seq = 999", []string{"webhook {hook}: stands at event 999, the log ends at {events}"}},
	{"UPDATE webhook_positions SET seq = -1", []string{"webhook {hook}: stands at event -1, the log ends at {events}"}},
	{
		`INSERT INTO webhook_deliveries (account_id, webhook_id, seq, message_id, event_type, conversation_id, content_type, body, state, status, attempts,
		failures, next_at, created_at, finished_at) VALUES ({account}, {hook}, 3, 'm', 't', 0, '', '', 'open', 0, 0, 0, 0, 0, 0)`,
		[]string{"webhook {hook}: stands at event 1, event 3 is to be sent already"},
	},
	{"DELETE FROM token_hashes", []string{"token {token}: is not found by its hash"}},
	{"UPDATE token_hashes SET token_id = 999", []string{"token {token}: is not found by its hash"}},
	{"DELETE FROM inbox_ids WHERE inbox_id = {mail}", []string{"inbox {mail}: is not found by its id alone"}},
	{"UPDATE inbox_ids SET account_id = {other} WHERE inbox_id = {mail}", []string{"inbox {mail}: is not found by its id alone"}},
	{"DELETE FROM inbox_identifiers", []string{"inbox {web}: is not found by its identifier"}},
	{"UPDATE inbox_identifiers SET inbox_id = {mail}", []string{"inbox {web}: is not found by its identifier"}},

	// The log.
	{"DELETE FROM events WHERE account_id = {account} AND seq = 2", []string{"event 2: is missing"}},
	{"DELETE FROM events WHERE account_id = {account} AND seq BETWEEN 2 AND 4", []string{"event 2: is missing, with all up to 4"}},
	{"DELETE FROM events WHERE account_id = {account} AND seq = {events}", []string{"event {events}: is missing"}},
	{"DELETE FROM events WHERE account_id = {account}", []string{"event 1: is missing, with all up to {events}"}},
	{"UPDATE accounts SET first_event_seq = 3 WHERE id = {account}", []string{"event 1: is older than the account's first_event_seq 3"}},
	{"UPDATE accounts SET first_event_seq = 0 WHERE id = {account}", []string{"account {account}: first_event_seq is 0, outside 1 to 11"}},
	{"UPDATE accounts SET event_seq = event_seq - 1 WHERE id = {account}", []string{"event {events}: is past the account's event_seq 9"}},
	{"UPDATE events SET type = 'nonsense' WHERE account_id = {account} AND seq = 3", []string{"event 3: cannot be read: "}},
	{"UPDATE events SET payload = '{' WHERE account_id = {account} AND seq = {events}", []string{"event {events}: cannot be read: "}},
}

// TestFaults makes one corruption after the other, each of a healthy database,
// and expects exactly its own lines.
func TestFaults(t *testing.T) {
	t.Parallel()
	tableOf := regexp.MustCompile(`^(?:UPDATE|DELETE FROM|INSERT INTO) (\w+)`)
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			w := build(t, e.store)
			fill := names(&w)
			for _, corrupt := range corruptions {
				statement := fill.Replace(corrupt.sql)
				table := tableOf.FindStringSubmatch(statement)[1]
				e.exec("CREATE TABLE kept AS SELECT * FROM " + table)
				e.exec(statement)
				got, _ := examine(t, e.store)
				e.exec("DELETE FROM " + table)
				e.exec("INSERT INTO " + table + " SELECT * FROM kept")
				e.exec("DROP TABLE kept")

				var want []string
				for i, line := range corrupt.want {
					line = fmt.Sprintf("account %d: %s", w.account, fill.Replace(line))
					if strings.HasSuffix(line, ": ") && i < len(got) && strings.HasPrefix(got[i], line) {
						line = got[i] // the cause is the store's own
					}
					want = append(want, line)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", statement, diff)
				}
			}
			if lines, _ := examine(t, e.store); len(lines) > 0 {
				t.Errorf("repaired again, the database still has faults:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}

// TestLongAndManyConversations crosses every border between pages: of entries
// within and between conversations, of conversations, of events.
func TestLongAndManyConversations(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			w := build(t, e.store)
			random := rand.New(rand.NewPCG(1, 2))
			// 500 entries are one page, 200 conversations another.
			lengths := []int{3, 500, 0, 499, 1, 1100, 2, 500, 500}
			for len(lengths) < 220 {
				lengths = append(lengths, random.IntN(4))
			}
			total := int64(0)
			var longest core.Conversation
			for _, n := range lengths {
				err := e.store.InTx(t.Context(), w.account, func(ctx context.Context, tx store.Tx) error {
					c := (&builder{t: t, ctx: ctx, tx: tx, w: &w}).ramble(random, n)
					if c.LastPosition > longest.LastPosition {
						longest = c
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				total += int64(n)
			}
			lines, sum := examine(t, e.store)
			if len(lines) > 0 {
				t.Errorf("faults in a healthy database:\n%s", strings.Join(lines, "\n"))
			}
			if sum.Entries != total+8 || sum.Conversations != int64(len(lengths))+3 || sum.Events != w.events+2+total {
				t.Errorf("looked at %d entries, %d conversations, %d events; want %d, %d, %d",
					sum.Entries, sum.Conversations, sum.Events, total+8, len(lengths)+3, w.events+2+total)
			}

			e.exec(fmt.Sprintf("UPDATE entries SET agent_seq = agent_seq + 1 WHERE conversation_id = %d AND position = 1050", longest.ID))
			e.exec(fmt.Sprintf("UPDATE events SET payload = '' WHERE account_id = %d AND seq IN (700, 701)", w.account))
			lines, _ = examine(t, e.store)
			want := []string{"agent_seq is", "event 700: cannot be read", "event 701: cannot be read"}
			if len(lines) != len(want) {
				t.Fatalf("got %d faults, want %d:\n%s", len(lines), len(want), strings.Join(lines, "\n"))
			}
			for i := range want {
				if !strings.Contains(lines[i], want[i]) {
					t.Errorf("fault %d is %q, want one of %q", i, lines[i], want[i])
				}
			}
		})
	}
}

// ramble stores a conversation of n random entries with random reads between.
func (b *builder) ramble(random *rand.Rand, n int) core.Conversation {
	w := b.w
	c := core.Conversation{
		AccountID: w.account, InboxID: w.web, ContactID: w.cara, IdentityID: w.caraID, ContactInboxID: w.door,
		CreatedAt: core.Time(50+random.IntN(100)) * second,
	}
	c.Begin()
	b.ok(b.tx.InsertConversation(b.ctx, &c))
	senders := []core.Actor{
		{Type: core.ActorContact, ID: w.cara},
		{Type: core.ActorAgent, ID: w.ada},
		{Type: core.ActorAgent, ID: w.robot},
		{Type: core.ActorSystem},
	}
	kinds := []core.EntryKind{core.Message, core.Message, core.Note, core.Activity}
	var said []core.Entry
	for range n {
		e := b.say(&c, core.Entry{
			Kind: kinds[random.IntN(len(kinds))], Sender: senders[random.IntN(len(senders))], Origin: core.OriginPerson,
			Listed: random.IntN(4) > 0, Counts: random.IntN(4) > 0, CreatedAt: core.Time(1+random.IntN(200)) * second,
		})
		said = append(said, e)
		if agent, ok := core.ReplyCursor(&e); ok {
			b.own(&c, agent, e)
		}
		some := &said[random.IntN(len(said))]
		switch random.IntN(10) {
		case 0:
			core.ReadUpTo(&c, core.AgentSide, some)
		case 1:
			core.ReadUpTo(&c, core.ContactSide, some)
		case 2:
			core.MarkUnread(&c, core.AgentSide, some)
		case 3:
			core.MarkUnread(&c, core.ContactSide, nil)
		}
	}
	b.ok(b.tx.UpdateConversation(b.ctx, c))
	return c
}

func TestFaultString(t *testing.T) {
	t.Parallel()
	f := integrity.Fault{Account: 3, Thing: "event", ID: 12, Message: "cannot be read: line one\n\tline two"}
	if got, want := f.String(), "account 3: event 12: cannot be read: line one line two"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// failing is a store whose reads fail in a chosen way.
type failing struct {
	store.Store
	wrap func(r store.Reader) store.Reader
}

func (f failing) View(ctx context.Context, fn func(ctx context.Context, r store.Reader) error) error {
	return f.Store.View(ctx, func(ctx context.Context, r store.Reader) error { return fn(ctx, f.wrap(r)) })
}

// brokenLog cannot read events; accountErr is what reading the account gives.
type brokenLog struct {
	store.Reader
	err, accountErr error
}

func (b brokenLog) ListEvents(context.Context, int64, int64, int) ([]core.Event, error) {
	return nil, b.err
}

func (b brokenLog) Account(ctx context.Context, id int64) (core.Account, error) {
	if b.accountErr != nil {
		return core.Account{}, b.accountErr
	}
	return b.Reader.Account(ctx, id)
}

// TestUnreadableDatabase: a database that cannot be read is an error, not a
// fault of each of its events.
func TestUnreadableDatabase(t *testing.T) {
	t.Parallel()
	e := openSQLite(t)
	build(t, e.store)
	gone := errors.New("disk gone")
	for name, broken := range map[string]brokenLog{
		"unavailable":        {err: &core.Error{Kind: core.Unavailable, Err: gone}},
		"nothing can":        {err: gone, accountErr: gone},
		"the caller hung up": {err: context.Canceled, accountErr: context.Canceled},
	} {
		st := failing{Store: e.store, wrap: func(r store.Reader) store.Reader {
			broken.Reader = r
			return broken
		}}
		_, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Errorf("%s: reported %s", name, f) })
		if !errors.Is(err, broken.err) {
			t.Errorf("%s: got error %v, want %v", name, err, broken.err)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	e := openSQLite(t)
	build(t, e.store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := integrity.Check(ctx, e.store, func(f integrity.Fault) { t.Errorf("reported %s", f) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}
