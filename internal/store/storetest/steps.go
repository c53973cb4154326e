package storetest

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
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
	for _, sql := range []string{
		"INSERT INTO accounts (id, uuid, name, locale, timezone, settings, epoch, event_seq, last_display_id, conversation_count, created_at, updated_at)" +
			" VALUES (7, 'u', 'Acme', '', '', '', 'e', 0, 0, 0, 5, 6)",
		"INSERT INTO agents (id, account_id, uuid, type, name, first_name, last_name, display_name, description, email, password_hash, role, identity_id," +
			" provider_type, address, avatar_url, availability, created_at, updated_at)" +
			" VALUES (8, 7, 'u', 'person', 'Rui', '', '', '', '', '', '', 'agent', 9, 0, '', '', '', 5, 6)",
		"INSERT INTO labels (id, account_id, title, group_id, type, color, description, created_at) VALUES (3, 7, 'vip', NULL, 0, '', '', 5)",
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context(), e.All); err != nil {
		t.Fatal(err)
	}
	st := sqlstore.New(e.Engine, nil)
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
