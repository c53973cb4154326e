package contact_test

import (
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_800_000_000_000_000)

var system = core.Actor{Type: core.ActorSystem}

// each runs the test on both engines; afterwards the doctor is content.
func each(t *testing.T, run func(t *testing.T, st store.Store, f storetest.Fixture)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			run(t, st, storetest.Seed(t, st))
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// other starts a conversation of another contact than the fixture's, who says
// something in it.
func other(t *testing.T, st store.Store, f storetest.Fixture) core.Conversation {
	t.Helper()
	made, err := conversation.NewWrites(st, func() core.Time { return now }).Start(t.Context(), f.Account.ID, conversation.NewConversation{
		Place: conversation.PlaceID{InboxID: f.Web.ID}, OpenedBy: core.Actor{Type: core.ActorContact},
		With:  contact.Claim{ProviderType: core.MailProvider, Address: "ada@home.example", Profile: contact.Profile{FirstName: "Ada", Gender: "F", Identifier: "home-1", Ext: `{"commbox":{"a":1}}`}},
		First: &conversation.NewEntry{Content: "from home"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Conversation
}

// types are the types of the events since seq.
func types(t *testing.T, st store.Store, account, seq int64) string {
	t.Helper()
	log, err := st.ListEvents(t.Context(), account, seq, 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range log {
		all = append(all, string(e.Type))
	}
	return strings.Join(all, " ")
}

func seq(t *testing.T, st store.Store, account int64) int64 {
	t.Helper()
	a, err := st.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a.EventSeq
}

func TestMerge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := contact.NewWrites(st, func() core.Time { return now + 1 })
		c := other(t, st, f)
		before := seq(t, st, account)
		got, err := w.Merge(ctx, account, f.Ada.ID, c.ContactID, system, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Email != f.Ada.Email || got.Identifier != f.Ada.Identifier || got.Gender != "F" || got.FirstName != "Ada" || got.Ext != `{"commbox":{"a":1}}` {
			t.Errorf("merged %+v", got)
		}
		stored, err := st.Contact(ctx, account, f.Ada.ID)
		if err != nil || stored.Gender != "F" || stored.UpdatedAt != now+1 {
			t.Errorf("stored %+v, %v", stored, err)
		}
		if _, err := st.Contact(ctx, account, c.ContactID); core.KindOf(err) != core.NotFound {
			t.Errorf("the other one: %v", err)
		}
		moved, err := st.Conversation(ctx, account, c.ID)
		if err != nil || moved.ContactID != f.Ada.ID || moved.IdentityID != c.IdentityID {
			t.Errorf("its conversation %+v, %v", moved, err)
		}
		said, err := st.Entry(ctx, account, c.LastMessageID)
		if err != nil || said.Sender.ID != f.Ada.ID {
			t.Errorf("what it said %+v, %v", said, err)
		}
		if found, ok, err := st.FindContactByIdentifier(ctx, account, "home-1"); ok || err != nil {
			t.Errorf("its key is that of %d, %v", found.ID, err)
		}
		if got := types(t, st, account, before); got != "identity.moved contact.merged" {
			t.Errorf("events %s", got)
		}
		if _, err := w.Merge(ctx, account, f.Ada.ID, f.Ada.ID, system, nil); core.KindOf(err) != core.Invalid {
			t.Errorf("with itself: %v", err)
		}
		foreign := storetest.Seed(t, st)
		for _, pair := range [][2]int64{{f.Ada.ID, c.ContactID}, {f.Ada.ID, foreign.Ada.ID}, {foreign.Ada.ID, f.Ada.ID}} {
			if _, err := w.Merge(ctx, account, pair[0], pair[1], system, nil); core.KindOf(err) != core.NotFound {
				t.Errorf("%v: %v", pair, err)
			}
		}
	})
}

func TestMoveIdentity(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := contact.NewWrites(st, func() core.Time { return now + 1 })
		c := other(t, st, f)
		before := seq(t, st, account)
		for range 2 {
			if i, err := w.MoveIdentity(ctx, account, c.IdentityID, f.Ada.ID, system, nil); err != nil || i.ContactID != f.Ada.ID {
				t.Fatalf("moved %+v, %v", i, err)
			}
		}
		if moved, err := st.Conversation(ctx, account, c.ID); err != nil || moved.ContactID != f.Ada.ID {
			t.Errorf("its conversation %+v, %v", moved, err)
		}
		door, err := st.ContactInbox(ctx, account, c.ContactInboxID)
		if err != nil || door.ContactID != f.Ada.ID {
			t.Errorf("its door %+v, %v", door, err)
		}
		if got := types(t, st, account, before); got != "identity.moved" {
			t.Errorf("events %s", got)
		}
		log, err := st.ListEvents(ctx, account, before, 1)
		if err != nil || len(log) != 1 {
			t.Fatalf("the log holds %+v, %v", log, err)
		}
		if e := log[0]; e.ContactID != f.Ada.ID || e.Data.(core.IdentityMove).FromContactID != c.ContactID || e.Data.(core.IdentityMove).Identity.ContactID != f.Ada.ID {
			t.Errorf("it tells %+v", e)
		}
		// The contact whom it left stays, and says nothing any more.
		if _, err := st.Contact(ctx, account, c.ContactID); err != nil {
			t.Error(err)
		}
		if n, err := st.CountIdentities(ctx, account, c.ContactID); n != 0 || err != nil {
			t.Errorf("%d identities, %v", n, err)
		}
		if _, err := w.MoveIdentity(ctx, account, c.IdentityID, core.MaxID, system, nil); core.KindOf(err) != core.NotFound {
			t.Errorf("to nobody: %v", err)
		}
	})
}

func TestChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := contact.NewWrites(st, func() core.Time { return now + 1 })
		other(t, st, f)
		before := seq(t, st, account)
		text := func(s string) *string { return &s }
		got, err := w.Change(ctx, account, f.Ada.ID, system, contact.Changes{Email: text(" Ada@NEW.example"), Phone: text("0044 20 7946 0958"), LastName: text("")})
		if err != nil || got.Email != "ada@new.example" || got.Phone != "+442079460958" || got.LastName != "" || got.Name != f.Ada.Name {
			t.Fatalf("changed %+v, %v", got, err)
		}
		if _, err := w.Change(ctx, account, f.Ada.ID, system, contact.Changes{Email: text("ADA@new.example")}); err != nil {
			t.Error(err)
		}
		if got := types(t, st, account, before); got != "contact.updated" {
			t.Errorf("events %s", got)
		}
		for name, in := range map[string]contact.Changes{
			"identifier": {Identifier: text("home-1")}, "email": {Email: text("ADA@home.example")},
		} {
			if _, err := w.Change(ctx, account, f.Ada.ID, system, in); core.KindOf(err) != core.Conflict {
				t.Errorf("another's %s: %v", name, err)
			}
		}
		if _, err := w.Change(ctx, account, core.MaxID, system, contact.Changes{}); core.KindOf(err) != core.NotFound {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestNormalPhone(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "", "972505555555": "+972505555555", "+972 50-555-5555": "+972505555555", "00972505555555": "+972505555555",
		"x": "x", "call me": "call me", " 442079460958 ": "+442079460958",
	} {
		if got := contact.NormalPhone(given); got != want {
			t.Errorf("%q is %q, want %q", given, got, want)
		}
	}
}
