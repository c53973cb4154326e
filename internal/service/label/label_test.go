package label_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/service/label"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_700_000_000_000_000)

var by = core.Actor{Type: core.ActorSystem}

// desk is an account, and what works on its labels.
type desk struct {
	*label.Labels
	st      store.Store
	account int64
}

// eachDesk runs the test on each engine. Whatever it did, the doctor is content
// afterwards.
func eachDesk(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			clock := func() core.Time { return now }
			a, err := account.New(st, clock).Create(t.Context(), "Acme")
			if err != nil {
				t.Fatal(err)
			}
			run(t, &desk{Labels: label.New(st, clock), st: st, account: a.ID})
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// rename is a change of a group.
func rename(name string) func(g *core.LabelGroup) error {
	return func(g *core.LabelGroup) error {
		g.Name = name
		return nil
	}
}

func (d *desk) make(t *testing.T, title string, group int64) core.Label {
	t.Helper()
	l, err := d.Create(t.Context(), by, core.Label{AccountID: d.account, Title: title, GroupID: group}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// events returns the events that began after the first `after` ones.
func (d *desk) events(t *testing.T, after int64) []core.Event {
	t.Helper()
	events, err := d.st.ListEvents(t.Context(), d.account, after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func (d *desk) lastSeq(t *testing.T) int64 {
	t.Helper()
	a, err := d.st.Account(t.Context(), d.account)
	if err != nil {
		t.Fatal(err)
	}
	return a.EventSeq
}

func types(events []core.Event) []core.EventType {
	var all []core.EventType
	for _, e := range events {
		all = append(all, e.Type)
	}
	return all
}

func TestLabels(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		begin := d.lastSeq(t)
		group, err := d.CreateGroup(t.Context(), by, d.account, "Topics", nil)
		if err != nil {
			t.Fatal(err)
		}
		made, err := d.Create(t.Context(), by, core.Label{
			ID: 77, AccountID: d.account, Title: "refund", GroupID: group.ID, Type: 2, Color: "#fff", Ext: `{"commbox":{}}`, DeletedAt: 5,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := core.Label{
			ID: made.ID, AccountID: d.account, Title: "refund", GroupID: group.ID, Type: 2, Color: "#fff", Ext: `{"commbox":{}}`, CreatedAt: now,
		}
		stored, err := d.st.Label(t.Context(), d.account, made.ID)
		if diff := cmp.Diff(want, stored); diff != "" || err != nil {
			t.Errorf("stored (-want +got):\n%s%v", diff, err)
		}
		want.Title, want.GroupID = "refunds", 0
		for range 2 { // the second changes nothing
			got, err := d.Update(t.Context(), by, d.account, made.ID, func(l *core.Label) error {
				l.Title, l.GroupID, l.ID, l.AccountID, l.DeletedAt = "refunds", 0, 1, 2, 3
				return nil
			})
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("updated (-want +got):\n%s%v", diff, err)
			}
			if _, err := d.UpdateGroup(t.Context(), by, d.account, group.ID, rename("Subjects")); err != nil {
				t.Error(err)
			}
		}
		if err := d.Delete(t.Context(), by, d.account, made.ID, nil); err != nil {
			t.Error(err)
		}
		events := d.events(t, begin)
		wantTypes := []core.EventType{core.LabelGroupCreated, core.LabelCreated, core.LabelUpdated, core.LabelGroupUpdated, core.LabelDeleted}
		if diff := cmp.Diff(wantTypes, types(events)); diff != "" {
			t.Fatalf("events (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(core.EventData(want), events[2].Data); diff != "" {
			t.Errorf("label.updated (-want +got):\n%s", diff)
		}
		want.DeletedAt = now
		if diff := cmp.Diff(core.EventData(want), events[4].Data); diff != "" {
			t.Errorf("label.deleted (-want +got):\n%s", diff)
		}
		for what, err := range map[string]error{
			"delete again": d.Delete(t.Context(), by, d.account, made.ID, nil),
			"update":       second(d.Update(t.Context(), by, d.account, made.ID, func(*core.Label) error { return nil })),
			"absent group": d.DeleteGroup(t.Context(), by, d.account, 99, nil),
			"foreign":      d.Delete(t.Context(), by, d.account+1, made.ID, nil),
		} {
			if core.KindOf(err) != core.NotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		if left, err := d.List(t.Context(), d.account); err != nil || len(left) != 0 {
			t.Errorf("labels left: %v, %v", left, err)
		}
		d.make(t, "refunds", 0) // the title is free again
	})
}

func second[T any](_ T, err error) error { return err }

func TestLabelsRefuse(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		one, two := d.make(t, "one", 0), d.make(t, "two", 0)
		group, err := d.CreateGroup(t.Context(), by, d.account, "g", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.CreateGroup(t.Context(), by, d.account, "h", nil); err != nil {
			t.Fatal(err)
		}
		before := d.lastSeq(t)
		create := func(l core.Label) error {
			l.AccountID = d.account
			return second(d.Create(t.Context(), by, l, nil))
		}
		update := func(change func(l *core.Label)) error {
			return second(d.Update(t.Context(), by, d.account, two.ID, func(l *core.Label) error {
				change(l)
				return nil
			}))
		}
		for name, c := range map[string]struct {
			err  error
			kind core.Kind
		}{
			"taken":           {create(core.Label{Title: "one"}), core.Conflict},
			"no title":        {create(core.Label{Title: " "}), core.Invalid},
			"long title":      {create(core.Label{Title: strings.Repeat("x", 256)}), core.Invalid},
			"broken title":    {create(core.Label{Title: "a\x00b"}), core.Invalid},
			"absent group":    {create(core.Label{Title: "x", GroupID: 99}), core.Invalid},
			"update to taken": {update(func(l *core.Label) { l.Title = one.Title }), core.Conflict},
			"update to none":  {update(func(l *core.Label) { l.Title = "" }), core.Invalid},
			"group taken":     {second(d.CreateGroup(t.Context(), by, d.account, "g", nil)), core.Conflict},
			"group nameless":  {second(d.CreateGroup(t.Context(), by, d.account, "", nil)), core.Invalid},
			"rename to taken": {second(d.UpdateGroup(t.Context(), by, d.account, group.ID, rename("h"))), core.Conflict},
			"rename absent":   {second(d.UpdateGroup(t.Context(), by, d.account, 99, rename("i"))), core.NotFound},
		} {
			if c.err == nil || core.KindOf(c.err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, c.err, c.kind)
			}
		}
		if after := d.lastSeq(t); after != before {
			t.Errorf("%d events of refused commands", after-before)
		}
	})
}

// TestDeleteGroup deletes a group whose labels take more than one command.
func TestDeleteGroup(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		group, err := d.CreateGroup(t.Context(), by, d.account, "g", nil)
		if err != nil {
			t.Fatal(err)
		}
		d.make(t, "stays", 0)
		const labels = 205
		err = d.st.InTx(t.Context(), d.account, func(ctx context.Context, tx store.Tx) error {
			for i := range labels {
				l := core.Label{AccountID: d.account, Title: fmt.Sprint("t", i), GroupID: group.ID}
				if err := tx.InsertLabel(ctx, &l); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		before := d.lastSeq(t)
		if err := d.DeleteGroup(t.Context(), by, d.account, group.ID, nil); err != nil {
			t.Fatal(err)
		}
		got := types(d.events(t, before))
		want := append(slices.Repeat([]core.EventType{core.LabelDeleted}, labels), core.LabelGroupDeleted)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		left, err := d.List(t.Context(), d.account)
		groups, groupsErr := d.ListGroups(t.Context(), d.account)
		if len(left) != 1 || len(groups) != 0 || err != nil || groupsErr != nil {
			t.Errorf("left %v, %v (%v, %v)", left, groups, err, groupsErr)
		}
	})
}

// TestDeletedLabelsAreNotShown reads a conversation and a contact that carry a
// label which is gone.
func TestDeletedLabelsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			testserver.Import(t, st, "../../dialect/commbox/testdata/fixture.ndjson")
			reads := conversation.NewReads(st)
			find := func() []core.Thread {
				all, err := reads.List(t.Context(), 1, store.ThreadQuery{Limit: 1000})
				if err != nil {
					t.Fatal(err)
				}
				return slices.DeleteFunc(all, func(th core.Thread) bool { return len(th.Conversation.LabelIDs) < 2 })
			}
			before := find()
			if len(before) == 0 {
				t.Fatal("no conversation has two labels")
			}
			c := before[0].Conversation
			gone, stays := c.LabelIDs[0], slices.Clone(c.LabelIDs[1:])
			if err := label.New(st, func() core.Time { return now }).Delete(t.Context(), by, 1, gone, nil); err != nil {
				t.Fatal(err)
			}
			one, err := reads.Thread(t.Context(), 1, c.ID, 0)
			if diff := cmp.Diff(stays, one.Conversation.LabelIDs); diff != "" || err != nil {
				t.Errorf("alone (-want +got):\n%s%v", diff, err)
			}
			many, _, err := reads.OfIdentity(t.Context(), 1, c.IdentityID, store.ThreadQuery{ConversationID: c.ID, Limit: 1})
			if diff := cmp.Diff(stays, many[0].Conversation.LabelIDs); diff != "" || err != nil {
				t.Errorf("of its identity (-want +got):\n%s%v", diff, err)
			}
			titles, err := contact.NewReads(st).LabelTitles(t.Context(), 1, c.LabelIDs)
			if err != nil || len(titles) != len(stays) {
				t.Errorf("titles %v, %v", titles, err)
			}
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}
