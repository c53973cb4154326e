package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// all reads the log to its head in pages of the limit.
func all(t *rapid.T, f *feed.Feed, v feed.Viewer, q feed.Query) []int64 {
	var got []int64
	for {
		events, next, err := f.Page(t.Context(), v, q)
		if err != nil {
			t.Fatalf("page: %v", err)
		}
		for i := range events {
			got = append(got, events[i].Seq)
		}
		if q.After != nil && *q.After == next {
			return got
		}
		q.After = &next
	}
}

// TestPages draws histories of two contacts and compares what each viewer's
// pages hold, together, with the log as the model filters it.
func TestPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		runs, most := 0, 20
		if testkit.Small() {
			most = 4
		}
		first, err := st.Account(t.Context(), f.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		after := first.EventSeq
		type mark struct {
			seq                     int64
			contact, agent, account bool
		}
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs > most {
				return // rapid's own number of runs is for tests without a database
			}
			var model []mark
			var events []core.Event
			for range rapid.IntRange(1, 30).Draw(rt, "events") {
				e, contact, agent := drawEvent(rt, f)
				events = append(events, e)
				model = append(model, mark{after + int64(len(events)), contact, agent, true})
			}
			err := st.InTx(rt.Context(), f.Account.ID, func(_ context.Context, tx store.Tx) error { tx.Emit(events...); return nil })
			if err != nil {
				rt.Fatal(err)
			}
			want := func(pick func(m mark) bool) (seqs []int64) {
				for _, m := range model {
					if pick(m) {
						seqs = append(seqs, m.seq)
					}
				}
				return seqs
			}
			reader := feed.New(st)
			q := feed.Query{After: &feed.Position{Epoch: f.Account.Epoch, Seq: after}, Limit: rapid.IntRange(1, 7).Draw(rt, "limit")}
			for _, c := range []struct {
				name   string
				viewer feed.Viewer
				want   []int64
			}{
				{"contact", feed.Viewer{AccountID: f.Account.ID, ContactID: f.Ask.ContactID}, want(func(m mark) bool { return m.contact })},
				{"agent", feed.Viewer{AccountID: f.Account.ID, AgentID: f.Agent.ID, InboxIDs: []int64{f.Web.ID}}, want(func(m mark) bool { return m.agent })},
				{"account", feed.Viewer{AccountID: f.Account.ID}, want(func(m mark) bool { return m.account })},
			} {
				if got := all(rt, reader, c.viewer, q); !slices.Equal(got, c.want) {
					rt.Fatalf("%s sees %v, want %v", c.name, got, c.want)
				}
			}
			after += int64(len(events))
		})
	})
}

// drawEvent draws an event and tells whether the contact of f.Ask, and an agent
// of f.Web alone, may see it.
func drawEvent(t *rapid.T, f storetest.Fixture) (e core.Event, contact, agent bool) {
	mine := rapid.Bool().Draw(t, "of the contact")
	here := rapid.Bool().Draw(t, "in the inbox")
	e = core.Event{AccountID: f.Account.ID, At: noon, ContactID: f.Ask.ContactID, ConversationID: f.Ask.ID, InboxID: f.Web.ID}
	if !mine {
		e.ContactID, e.ConversationID = core.MaxID, core.MaxID
	}
	if !here {
		e.InboxID = f.API.ID
	}
	kinds := []struct {
		typ     core.EventType
		data    core.EventData
		contact bool
	}{
		{core.MessageCreated, core.EntryChange{Entry: core.Entry{Kind: core.Message}}, true},
		{core.MessageUpdated, core.EntryChange{Entry: core.Entry{Kind: core.Message}}, true},
		{core.MessageUpdated, core.EntryChange{Entry: core.Entry{Kind: core.Note, Content: "secret"}}, false},
		{core.MessageDeleted, core.EntryChange{Entry: core.Entry{Kind: core.Note}}, false},
		{core.NoteCreated, core.EntryChange{Entry: core.Entry{Kind: core.Note}}, false},
		{core.NoteDeleted, core.EntryChange{Entry: core.Entry{Kind: core.Note}}, false},
		{core.ActivityCreated, core.EntryChange{Entry: core.Entry{Kind: core.Activity}}, false},
		{core.ConversationUpdated, core.ConversationChange{Changed: []string{core.FieldLabels}}, false},
		{core.ConversationUpdated, core.ConversationChange{Changed: []string{core.FieldLabels, core.FieldStatus}}, true},
		{core.ConversationRead, core.ReadChange{Reader: core.AgentSide}, false},
		{core.ConversationRead, core.ReadChange{Reader: core.ContactSide}, true},
	}
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	e.Type, e.Data = k.typ, k.data
	if rapid.IntRange(0, 9).Draw(t, "a token") == 0 {
		return core.Event{AccountID: f.Account.ID, Type: core.TokenCreated, At: noon, Data: core.Token{}}, false, false
	}
	return e, mine && k.contact, here
}

func TestResync(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		emit(t, st, f.Account.ID, 1, 5)
		reader, account := feed.New(st), feed.Viewer{AccountID: f.Account.ID}
		_, head, err := reader.Page(t.Context(), account, feed.Query{Limit: feed.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		err = st.InTx(t.Context(), f.Account.ID, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.PruneEvents(ctx, f.Account.ID, core.Time(1)<<62, 3)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at   feed.Position
			want feed.Reason
		}{
			{head, ""},
			{feed.Position{Epoch: head.Epoch, Seq: 3}, ""},
			{feed.Position{Epoch: head.Epoch, Seq: 2}, feed.TooOld},
			{feed.Position{Epoch: head.Epoch, Seq: head.Seq + 1}, feed.Unknown},
			{feed.Position{Epoch: "another", Seq: head.Seq}, feed.OtherEpoch},
		} {
			_, _, err := reader.Page(t.Context(), account, feed.Query{After: &c.at, Limit: 1})
			var lost *feed.Resync
			switch {
			case errors.As(err, &lost):
				if lost.Reason != c.want || lost.Next != head {
					t.Errorf("%+v: %+v, want %q", c.at, lost, c.want)
				}
			case err != nil || c.want != "":
				t.Errorf("%+v: %v, want %q", c.at, err, c.want)
			}
		}
		events, _, err := reader.Page(t.Context(), account, feed.Query{Limit: 1})
		if err != nil || len(events) != 1 || events[0].Seq != 4 {
			t.Errorf("from the oldest: %s, %v", fmt.Sprint(events), err)
		}
		if _, _, err := reader.Page(t.Context(), account, feed.Query{Limit: feed.MaxLimit + 1}); core.KindOf(err) != core.Invalid {
			t.Errorf("too large a page: %v", err)
		}
	})
}
