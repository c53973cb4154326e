package storetest

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

// Steps is an engine of an empty database without a schema, and how to give it
// one.
type Steps struct {
	sqlstore.Engine
	All     fs.FS                                        // the engine's migrations
	Migrate func(ctx context.Context, steps fs.FS) error // up to the last of steps
}

// CheckStaffStep holds the step that brought profiles against a database of the
// first version that has an account, an agent and a label.
func CheckStaffStep(t *testing.T, e Steps) {
	t.Helper()
	st := e.upgrade(t, oldStaff)
	profiles, err := st.PageProfiles(t.Context(), 7, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	want := core.DefaultProfiles()
	for i := range want {
		want[i].ID, want[i].AccountID, want[i].CreatedAt = int64(i)+1, 7, 5
	}
	if diff := cmp.Diff(want, profiles); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	agent, err := st.Agent(t.Context(), 7, 8)
	if diff := cmp.Diff(core.Agent{
		ID: 8, AccountID: 7, UUID: "u", Type: core.Person, Name: "Rui", Role: core.Member, IdentityID: 9, CreatedAt: 5, UpdatedAt: 6,
	}, agent); diff != "" || err != nil {
		t.Errorf("agent (-want +got):\n%s%v", diff, err)
	}
	if _, ok, err := st.FindLabelByTitle(t.Context(), 7, "vip"); !ok || err != nil {
		t.Errorf("the label: %v, %v", ok, err)
	}
}

// CheckTallyStep holds the step that counted conversations against a database of
// the first version that has some.
func CheckTallyStep(t *testing.T, e Steps) {
	t.Helper()
	const columns = "account_id, id, uuid, display_id, inbox_id, contact_id, identity_id, status, assignee_id, assignee_bot_id, team_id, status_code, archived_at," +
		" priority, subject, opened_by, external_id, label_ids, custom_attributes, additional_attributes, ext, primary_message_id, snoozed_until," +
		" contact_last_seen_at, agent_last_seen_at, created_at, last_position, message_count, last_message_id, last_listed_id, agent_seq, contact_seq," +
		" contact_cursor, agent_cursor, contact_read_id, agent_read_id, first_response_at, last_response_at, closed_at, waiting_since, last_message_at," +
		" last_activity_at, customer_updated_at, updated_at"
	add := func(id int, who string) string {
		return fmt.Sprintf("INSERT INTO conversations (%s) VALUES (7, %d, 'u%d', %d, 4, 5, 6, %s%s, '', '', 0, '', '', '', '', ''%s)",
			columns, id, id, id, who, strings.Repeat(", 0", 2), strings.Repeat(", 0", 23))
	}
	st := e.upgrade(t, slices.Concat(oldStaff, []string{
		"INSERT INTO teams (id, account_id, name, agent_ids, created_at) VALUES (2, 7, 'Support', '', 5)",
		"INSERT INTO inboxes (id, account_id, uuid, name, channel, identifier, website_token, hmac_token, hmac_mandatory, greeting, timezone, working_hours," +
			" settings, created_at, updated_at) VALUES (4, 7, 'u', 'Web', 'web', '', '', '', 0, '', '', '', '', 5, 6)",
		"INSERT INTO contacts (id, account_id, uuid, name, first_name, middle_name, last_name, email, phone, phone2, identifier, contact_type, country_code," +
			" location, company_id, locale, gender, birthday, remarks, blocked, avatar_url, label_ids, custom_attributes, additional_attributes, ext," +
			" last_activity_at, created_at, updated_at) VALUES (5, 7, 'u', '', '', '', '', '', '', '', '', '', '', '', 0, '', '', '', '', 0, '', '', '', '', '', 0, 5, 6)",
		"INSERT INTO identities (id, account_id, uuid, contact_id, provider_type, address, first_name, last_name, email, user_name, avatar_url, ext, created_at)" +
			" VALUES (6, 7, 'u', 5, 6, 'a', '', '', '', '', '', '', 5)",
		add(1, "'open', NULL, NULL, NULL"), add(2, "'open', NULL, NULL, NULL"), add(3, "'open', 8, NULL, 2"), add(4, "'pending', NULL, 8, NULL"),
	}))
	got, err := st.ListTallies(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Tally{
		{TallyKey: store.TallyKey{InboxID: 4, Status: core.Open}, Count: 2},
		{TallyKey: store.TallyKey{InboxID: 4, Status: core.Open, AssigneeID: 8, TeamID: 2}, Count: 1},
		{TallyKey: store.TallyKey{InboxID: 4, Status: core.Pending, AssigneeID: 8}, Count: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b store.Tally) bool { return fmt.Sprint(a) < fmt.Sprint(b) })); diff != "" {
		t.Errorf("tallies (-want +got):\n%s", diff)
	}
}

// oldStaff is an account of the first version with an agent and a label.
var oldStaff = []string{
	"INSERT INTO accounts (id, uuid, name, locale, timezone, settings, epoch, event_seq, last_display_id, conversation_count, created_at, updated_at)" +
		" VALUES (7, 'u', 'Acme', '', '', '', 'e', 0, 0, 0, 5, 6)",
	"INSERT INTO agents (id, account_id, uuid, type, name, first_name, last_name, display_name, description, email, password_hash, role, identity_id," +
		" provider_type, address, avatar_url, availability, created_at, updated_at)" +
		" VALUES (8, 7, 'u', 'person', 'Rui', '', '', '', '', '', '', 'agent', 9, 0, '', '', '', 5, 6)",
	"INSERT INTO labels (id, account_id, title, group_id, type, color, description, created_at) VALUES (3, 7, 'vip', NULL, 0, '', '', 5)",
}

// upgrade makes a database of the first version, runs the statements, and brings
// it to the newest version.
func (e Steps) upgrade(t *testing.T, statements []string) *sqlstore.Store {
	t.Helper()
	const initial = "00001_initial.sql"
	first, err := fs.ReadFile(e.All, initial)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context(), fstest.MapFS{initial: {Data: first}}); err != nil {
		t.Fatal(err)
	}
	tx, err := e.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range statements {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context(), e.All); err != nil {
		t.Fatal(err)
	}
	return sqlstore.New(e.Engine, nil)
}
