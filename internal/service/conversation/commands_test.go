package conversation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

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
		// Whoever has another identifier is somebody else, and gets no key of hers.
		in.With = contact.Claim{ProviderType: 5, Address: "972505555556", Profile: contact.Profile{Identifier: "d-2", Email: "dana@example.org", Phone: "+972505555555"}}
		fourth, err := w.Start(ctx, account, in)
		if err != nil || fourth.Conversation.ContactID == c.ContactID {
			t.Errorf("fourth: %+v, %v", fourth.Conversation, err)
		}
		if who, err := st.Contact(ctx, account, fourth.Conversation.ContactID); err != nil || who.Identifier != "d-2" || who.Email != "" || who.Phone != "" {
			t.Errorf("fourth contact %+v, %v", who, err)
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
			"another contact": func(in *conversation.NewConversation) {
				in.OpenedBy.ID, in.With = f.Visitor.ID, contact.Claim{ContactID: f.Ada.ID, InboxID: f.Web.ID}
			},
			"a contact for a new one": func(in *conversation.NewConversation) { in.OpenedBy.ID = f.Visitor.ID },
			"unknown status":          func(in *conversation.NewConversation) { in.Status = "closed" },
			"unknown priority":        func(in *conversation.NewConversation) { in.Priority = "highest" },
			"broken ext":              func(in *conversation.NewConversation) { in.Ext = "{" },
			"a NUL":                   func(in *conversation.NewConversation) { in.First.Content = "\x00" },
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

// TestActors refuses who has no part in the conversation, whatever is done in
// its name, and knows the contact without an id.
func TestActors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := conversation.NewWrites(st, clock)
		entry := f.Chat.LastMessageID
		commands := map[string]func(who core.Actor) error{
			"change": func(who core.Actor) error {
				subject := "by " + string(who.Type)
				_, err := w.Change(ctx, account, f.Chat.ID, who, conversation.Changes{Subject: &subject})
				return err
			},
			"edit": func(who core.Actor) error {
				_, err := w.EditMessage(ctx, account, conversation.Revision{ConversationID: f.Chat.ID, EntryID: entry, Actor: who}, "by "+string(who.Type))
				return err
			},
			"delete": func(who core.Actor) error {
				_, err := w.DeleteMessage(ctx, account, conversation.Revision{ConversationID: f.Chat.ID, EntryID: entry, Actor: who})
				return err
			},
		}
		strangers := []core.Actor{
			{Type: core.ActorContact, ID: core.MaxID},
			{Type: core.ActorContact, ID: f.Visitor.ID},
			{Type: core.ActorAgent, ID: core.MaxID},
			{Type: core.ActorAgent},
			{},
		}
		for _, name := range []string{"change", "edit", "delete"} {
			for _, who := range strangers {
				if err := commands[name](who); core.KindOf(err) != core.Invalid {
					t.Errorf("%s by %+v: %v", name, who, err)
				}
			}
			before, err := st.Account(ctx, account)
			if err != nil {
				t.Fatal(err)
			}
			if err := commands[name](core.Actor{Type: core.ActorContact}); err != nil {
				t.Errorf("%s by the contact: %v", name, err)
			}
			log, err := st.ListEvents(ctx, account, before.EventSeq, 10)
			if err != nil || len(log) == 0 {
				t.Fatalf("%s: told %+v, %v", name, log, err)
			}
			for _, e := range log {
				if e.Actor != (core.Actor{Type: core.ActorContact, ID: f.Ada.ID}) {
					t.Errorf("%s: %s tells of %+v", name, e.Type, e.Actor)
				}
			}
		}
	})
}

// undone is a store that undoes the first attempt at a command, together with
// what another command of the group did before it, and tries it again.
type undone struct {
	store.Store
	before func(ctx context.Context, tx store.Tx) error
}

func (u undone) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	undo := errors.New("undo")
	err := u.Store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		if err := u.before(ctx, tx); err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		return err
	}
	return u.Store.InTx(ctx, account, fn)
}

// TestReadTriedAgain reads up to the newest message, which is another one when
// the command is tried again.
func TestReadTriedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		agent := core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
		say := conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Message, Sender: agent, Content: "stays"}
		if _, err := conversation.NewWrites(st, clock).Append(t.Context(), f.Account.ID, say); err != nil {
			t.Fatal(err)
		}
		w := conversation.NewWrites(undone{st, func(ctx context.Context, tx store.Tx) error {
			_, _, err := storetest.Say(ctx, tx, f.Ask, core.Entry{Kind: core.Message, Sender: agent, Content: "goes", CreatedAt: now})
			return err
		}}, clock)
		c, err := w.ReadUpTo(t.Context(), f.Account.ID, f.Ask.ID, conversation.Reader{Side: core.ContactSide}, 0)
		if err != nil || c.ContactCursor != c.AgentSeq || c.AgentSeq == 0 {
			t.Errorf("read up to %d of %d, %v", c.ContactCursor, c.AgentSeq, err)
		}
	})
}
