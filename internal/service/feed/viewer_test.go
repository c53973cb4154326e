package feed_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestEveryType holds what each kind of viewer sees against all types there
// are, each about the contact itself.
func TestEveryType(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		contactSees := map[core.EventType]bool{
			core.MessageCreated: true, core.MessageUpdated: true, core.MessageDeleted: true, core.ConversationCreated: true,
			core.ConversationUpdated: true, core.ConversationRead: true, core.ContactUpdated: true, core.IdentityCreated: true,
		}
		events := storetest.Payloads(f.Account.ID)
		var contactWants, agentWants, all []core.EventType
		for i := range events {
			e := &events[i]
			e.ContactID, e.ConversationID, e.InboxID = f.Ask.ContactID, f.Ask.ID, f.Web.ID
			switch data := e.Data.(type) {
			case core.EntryChange:
				data.Entry.Kind = core.Message
				e.Data = data
			case core.ReadChange:
				data.Reader = core.ContactSide
				e.Data = data
			}
			all = append(all, e.Type)
			if contactSees[e.Type] {
				contactWants = append(contactWants, e.Type)
			}
			if !strings.HasPrefix(string(e.Type), "token.") && !strings.HasPrefix(string(e.Type), "webhook.") {
				agentWants = append(agentWants, e.Type)
			}
		}
		a, err := st.Account(t.Context(), f.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		inTx(t, st, f.Account.ID, func(tx store.Tx) error {
			_, err := tx.PruneEvents(t.Context(), f.Account.ID, core.Time(1)<<62, 1000)
			return err
		})
		inTx(t, st, f.Account.ID, func(tx store.Tx) error { tx.Emit(events...); return nil })
		for _, c := range []struct {
			name   string
			viewer feed.Viewer
			want   []core.EventType
		}{
			{"contact", feed.Viewer{ContactID: f.Ask.ContactID}, contactWants},
			{"another contact", feed.Viewer{ContactID: f.Ask.ContactID + 1}, nil},
			{"agent", feed.Viewer{AgentID: f.Agent.ID}, agentWants},
			{"agent of no inbox", feed.Viewer{AgentID: f.Agent.ID, InboxIDs: []int64{}}, nil},
			{"staff", feed.Viewer{AgentID: f.Agent.ID, Staff: true}, all},
			{"account", feed.Viewer{}, all},
		} {
			c.viewer.AccountID = f.Account.ID
			seen, next, err := feed.New(st).Page(t.Context(), c.viewer, feed.Query{Limit: feed.MaxLimit})
			if err != nil {
				t.Fatal(err)
			}
			var got []core.EventType
			for i := range seen {
				got = append(got, seen[i].Type)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
			if want := (feed.Position{Epoch: a.Epoch, Seq: a.EventSeq + int64(len(events))}); next != want {
				t.Errorf("%s goes on at %+v, want %+v", c.name, next, want)
			}
		}
	})
}

// TestMovedConversations: what was said in a conversation belongs to whose it
// is now, and who gets it is told.
func TestMovedConversations(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		from := f.Ask.ContactID
		inTx(t, st, f.Account.ID, func(tx store.Tx) error {
			tx.Emit(core.Event{
				AccountID: f.Account.ID, Type: core.MessageCreated, At: noon, ContactID: from, ConversationID: f.Ask.ID,
				Data: core.EntryChange{Entry: core.Entry{Kind: core.Message, Content: "for one alone"}},
			})
			return nil
		})
		other := core.Contact{AccountID: f.Account.ID, Name: "Other", CreatedAt: noon}
		inTx(t, st, f.Account.ID, func(tx store.Tx) error { return tx.InsertContact(t.Context(), &other) })
		reader := feed.New(st)
		said := func(v feed.Viewer, q feed.Query) int {
			t.Helper()
			q.Limit, q.ConversationID = feed.MaxLimit, f.Ask.ID
			seen, _, err := reader.Page(t.Context(), v, q)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for i := range seen {
				if c, ok := seen[i].Data.(core.EntryChange); ok && c.Entry.Content == "for one alone" {
					n++
				}
			}
			return n
		}
		source, target := feed.Viewer{AccountID: f.Account.ID, ContactID: from}, feed.Viewer{AccountID: f.Account.ID, ContactID: other.ID}
		if n := said(source, feed.Query{}); n != 1 {
			t.Fatalf("before: seen %d times", n)
		}
		_, before, err := reader.Page(t.Context(), target, feed.Query{Limit: feed.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		writes := contact.NewWrites(st, func() core.Time { return noon })
		if _, err := writes.MoveIdentity(t.Context(), f.Account.ID, f.Ask.IdentityID, other.ID, core.Actor{Type: core.ActorSystem}, nil); err != nil {
			t.Fatal(err)
		}
		if n := said(source, feed.Query{}); n != 0 {
			t.Errorf("after: who has it no more sees it %d times", n)
		}
		var lost *feed.Resync
		_, _, err = reader.Page(t.Context(), target, feed.Query{After: &before, Types: []core.EventType{core.MessageCreated}, ConversationID: f.Ask.ID, Limit: 1})
		if !errors.As(err, &lost) || lost.Reason != feed.Moved || lost.Next.Seq != before.Seq+1 {
			t.Fatalf("who got it: %+v, %v", lost, err)
		}
		if _, next, err := reader.Page(t.Context(), target, feed.Query{After: &lost.Next, Limit: 1}); err != nil || next != lost.Next {
			t.Errorf("after the resync: %+v, %v", next, err)
		}
	})
}

func inTx(t *testing.T, st store.Store, account int64, fn func(tx store.Tx) error) {
	t.Helper()
	if err := st.InTx(t.Context(), account, func(_ context.Context, tx store.Tx) error { return fn(tx) }); err != nil {
		t.Fatal(err)
	}
}
