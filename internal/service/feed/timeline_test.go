package feed_test

import (
	"errors"
	"slices"
	"testing"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/service/feed"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestTimeline asks a conversation who opened it again, and why it is unread.
func TestTimeline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		writes := conversation.NewWrites(st, func() core.Time { return noon })
		said, err := writes.Append(t.Context(), f.Account.ID, conversation.NewEntry{
			ConversationID: f.Invoice.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}, Content: "Still missing.",
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := writes.ReadUpTo(t.Context(), f.Account.ID, f.Invoice.ID, conversation.Reader{Side: core.AgentSide}, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := writes.MarkUnread(t.Context(), f.Account.ID, f.Invoice.ID, conversation.Reader{Side: core.AgentSide}, said.ID); err != nil {
			t.Fatal(err)
		}
		reader, account := feed.New(st), feed.Viewer{AccountID: f.Account.ID}
		walk := func(v feed.Viewer, limit int, types ...core.EventType) (all []feed.Happening) {
			t.Helper()
			q := feed.TimelineQuery{Types: types, Limit: limit}
			for {
				page, next, err := reader.Timeline(t.Context(), v, f.Invoice.ID, q)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, page...)
				if next == nil {
					return all
				}
				if q.Before != nil && next.Seq >= q.Before.Seq {
					t.Fatalf("goes on at %d after %d", next.Seq, q.Before.Seq)
				}
				q.Before = next
			}
		}
		whole := walk(account, feed.MaxLimit)
		if !slices.IsSortedFunc(whole, func(a, b feed.Happening) int { return int(b.Seq - a.Seq) }) || len(whole) < 6 {
			t.Errorf("%d events, or out of order", len(whole))
		}
		seqs := func(h []feed.Happening) (s []int64) {
			for i := range h {
				s = append(s, h[i].Seq)
			}
			return s
		}
		for limit := 1; limit <= 3; limit++ {
			if got := walk(account, limit); !slices.Equal(seqs(got), seqs(whole)) {
				t.Errorf("in pages of %d: %v, want %v", limit, seqs(got), seqs(whole))
			}
		}
		var reopened, marked *feed.Happening
		for i := range whole {
			h := &whole[i]
			if read, ok := h.Data.(core.ReadChange); ok && read.Marked && marked == nil {
				marked = h
			}
			if slices.Contains(h.Changed, core.FieldStatus) && reopened == nil {
				reopened = h
			}
		}
		if reopened == nil || reopened.Cause != core.CauseMessage {
			t.Errorf("who opened it again: %+v", reopened)
		}
		if marked == nil || marked.Seq != whole[0].Seq || marked.Data.(core.ReadChange).Reader != core.AgentSide {
			t.Errorf("why it is unread: %+v", marked)
		}
		if got := walk(account, 1, core.ConversationCreated, core.NoteCreated); len(got) != 1 || got[0].Seq != whole[len(whole)-1].Seq {
			t.Errorf("of two types: %v", seqs(got))
		}
		if got := walk(feed.Viewer{AccountID: f.Account.ID, ContactID: f.Ada.ID}, feed.MaxLimit); len(got) == 0 || len(got) >= len(whole) {
			t.Errorf("the contact sees %d events", len(got))
		}
		for name, v := range map[string]feed.Viewer{
			"another contact":          {AccountID: f.Account.ID, ContactID: f.Visitor.ID},
			"an agent elsewhere":       {AccountID: f.Account.ID, AgentID: f.Agent.ID, InboxIDs: []int64{f.Web.ID}},
			"another account":          {AccountID: f.Account.ID + 1},
			"an agent without inboxes": {AccountID: f.Account.ID, AgentID: f.Agent.ID, InboxIDs: []int64{}},
		} {
			if _, _, err := reader.Timeline(t.Context(), v, f.Invoice.ID, feed.TimelineQuery{Limit: 1}); core.KindOf(err) != core.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		var lost *feed.Resync
		_, _, err = reader.Timeline(t.Context(), account, f.Invoice.ID, feed.TimelineQuery{Before: &feed.Position{Epoch: "another", Seq: 5}, Limit: 1})
		if !errors.As(err, &lost) || lost.Reason != feed.OtherEpoch {
			t.Errorf("a place of another history: %v", err)
		}
		if _, _, err := reader.Timeline(t.Context(), account, f.Invoice.ID, feed.TimelineQuery{}); core.KindOf(err) != core.Invalid {
			t.Errorf("no limit: %v", err)
		}
	})
}
