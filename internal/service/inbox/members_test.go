package inbox_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/inbox"
	"parley/internal/store"
	"parley/internal/testkit"
)

var by = core.Actor{Type: core.ActorAgent, ID: 7}

// hire makes an agent of the account.
func hire(t *testing.T, st store.Store, acc int64, name string, role core.Role) int64 {
	t.Helper()
	a, err := account.New(st, clock).CreateAgent(t.Context(), account.NewAgent{
		AccountID: acc, Name: name, Email: name + "@example.org", Role: role,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// open makes an inbox of the account.
func open(t *testing.T, s *inbox.Inboxes, account int64, name string, settings core.JSON) int64 {
	t.Helper()
	i, err := s.Create(t.Context(), inbox.NewInbox{AccountID: account, Name: name, Channel: core.ChannelWeb, Settings: settings}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i.ID
}

// TestSights follow members, roles and who is there, within a second.
func TestSights(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, s *inbox.Inboxes, acc int64) {
		one, two := open(t, s, acc, "One", ""), open(t, s, acc, "Two", "")
		rui, ana, boss := hire(t, st, acc, "rui", ""), hire(t, st, acc, "ana", ""), hire(t, st, acc, "boss", core.Administrator)
		at := now
		sights := inbox.NewSights(st, func() core.Time { return at })
		all := inbox.Sight{All: true}
		want := func(when string, account, agent int64, want inbox.Sight) {
			t.Helper()
			got, err := sights.Of(t.Context(), account, agent)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s (-want +got):\n%s%v", when, diff, err)
			}
		}
		set := func(id int64, agents ...int64) {
			t.Helper()
			if _, err := s.SetMembers(t.Context(), by, acc, id, nil, agents); err != nil {
				t.Fatal(err)
			}
		}
		want("the account", acc, 0, all)
		want("nobody is a member", acc, rui, all)
		set(one, rui)
		want("one is another's", acc, ana, inbox.Sight{InboxIDs: []int64{two}})
		set(two, rui)
		want("remembered for a second", acc, ana, inbox.Sight{InboxIDs: []int64{two}})
		at += 1_000_000
		want("not a member", acc, ana, inbox.Sight{})
		want("a member of all", acc, rui, all)
		want("an administrator", acc, boss, all)
		want("another account's", acc+1, rui, inbox.Sight{})
		set(two)
		at += 1_000_000
		want("one is everybody's", acc, ana, inbox.Sight{InboxIDs: []int64{two}})
		if err := account.New(st, clock).DeleteAgent(t.Context(), by, acc, ana, nil); err != nil {
			t.Fatal(err)
		}
		at += 1_000_000
		want("deleted", acc, ana, inbox.Sight{})
		some := inbox.Sight{InboxIDs: []int64{two}}
		if some.Sees(one) || !some.Sees(two) || !all.Sees(one) || (inbox.Sight{}).Sees(two) {
			t.Error("Sees")
		}
	})
}

// TestChangesOfInboxes tell of the whole inbox and its members, and of no key.
// What changes nothing is not told.
func TestChangesOfInboxes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, s *inbox.Inboxes, acc int64) {
		id := open(t, s, acc, "Shop", `{"enable_auto_assignment":true}`)
		rui, ana := hire(t, st, acc, "rui", ""), hire(t, st, acc, "ana", "")
		a, err := st.Account(t.Context(), acc)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.SetMembers(t.Context(), by, acc, id, nil, []int64{ana, rui}); err != nil {
				t.Fatal(err)
			}
			_, err := s.Update(t.Context(), by, acc, id, nil, func(i *core.Inbox) error {
				i.Greeting, i.ID, i.HMACToken = "Hi", 99, "mine"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		before, err := st.Inbox(t.Context(), acc, id)
		if err != nil {
			t.Fatal(err)
		}
		rotated, err := s.RotateKeys(t.Context(), by, acc, id, nil, []inbox.Key{inbox.HMACToken})
		if err != nil || rotated.HMACToken == before.HMACToken || rotated.WebsiteToken != before.WebsiteToken {
			t.Errorf("rotated %+v, %v", rotated, err)
		}
		if _, waits, err := st.FindJob(t.Context(), acc, store.AssignJob, fmt.Sprint(id)); err != nil || !waits {
			t.Errorf("no agents are looked for: %v", err)
		}
		events, err := st.ListEvents(t.Context(), acc, a.EventSeq, 9)
		if err != nil || len(events) != 3 {
			t.Fatalf("events %+v, %v", events, err)
		}
		for i, greeting := range []string{"", "Hi", "Hi"} {
			change, ok := events[i].Data.(core.InboxChange)
			want := before
			want.Greeting, want.HMACToken, want.WebsiteToken = greeting, "", ""
			was := want
			was.Greeting = []string{"", "", "Hi"}[i]
			if diff := cmp.Diff(core.InboxChange{Inbox: want, AgentIDs: []int64{rui, ana}, Before: &was}, change); diff != "" || !ok || events[i].InboxID != id || events[i].Actor != by {
				t.Errorf("event %d (-want +got):\n%s", i, diff)
			}
		}
		_, err = s.SetMembers(t.Context(), by, acc, id, func(inbox.State) error { return &core.Error{Kind: core.Precondition} }, nil)
		if core.KindOf(err) != core.Precondition {
			t.Errorf("refused: %v", err)
		}
		there, err := inbox.NewReads(st, clock).Attendance(t.Context(), acc, id, 0)
		if err != nil || len(there.Agents) != 2 {
			t.Errorf("there are %+v, %v", there, err)
		}
		hire(t, st, acc, "third", "")
		if there, err = inbox.NewReads(st, clock).Attendance(t.Context(), acc, id, 0); err != nil || len(there.Agents) != 2 {
			t.Errorf("there are %+v, %v", there, err)
		}
	})
}

// TestMembersWhoAreSetTogether: the last one wins, and none of the lists is
// mixed with another.
func TestMembersWhoAreSetTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, s *inbox.Inboxes, acc int64) {
		id := open(t, s, acc, "Shop", "")
		lists := [][]int64{{hire(t, st, acc, "a", "")}, {hire(t, st, acc, "b", ""), hire(t, st, acc, "c", "")}}
		rounds := 10
		if testkit.Small() {
			rounds = 3
		}
		for range rounds {
			done := make(chan error, len(lists))
			for _, list := range lists {
				go func() {
					_, err := s.SetMembers(context.WithoutCancel(t.Context()), by, acc, id, nil, list)
					done <- err
				}()
			}
			for range lists {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			members, err := st.InboxMembers(t.Context(), acc, []int64{id})
			if err != nil || !slices.ContainsFunc(lists, func(list []int64) bool { return slices.Equal(list, members[id]) }) {
				t.Errorf("members %v, %v", members, err)
			}
		}
	})
}
