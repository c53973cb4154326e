package conversation_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// takePart has the administrator take part in Quiet and in Invoice, which is
// resolved.
func takePart(t *testing.T, st store.Store, f storetest.Fixture) {
	t.Helper()
	for _, id := range []int64{f.Quiet.ID, f.Invoice.ID} {
		err := st.InTx(t.Context(), f.Account.ID, func(ctx context.Context, tx store.Tx) error {
			c, err := tx.LockConversation(ctx, f.Account.ID, id)
			if err != nil {
				return err
			}
			c.ParticipantIDs = []int64{f.Admin.ID}
			return tx.UpdateConversation(ctx, c)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// walkView follows a view to its end.
func walkView(t *testing.T, reads *conversation.Reads, account int64, v conversation.View) []int64 {
	t.Helper()
	var ids []int64
	for {
		page, err := reads.ListView(t.Context(), account, v)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Threads {
			ids = append(ids, page.Threads[i].Conversation.ID)
		}
		if v.From = page.Next; page.Next == nil {
			return ids
		}
	}
}

func TestListView(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		takePart(t, st, f)
		reads := conversation.NewReads(st)
		ask, quiet, invoice, chat := f.Ask.ID, f.Quiet.ID, f.Invoice.ID, f.Chat.ID
		all, web := conversation.Sight{All: true}, conversation.Sight{InboxIDs: []int64{f.Web.ID}}
		two := conversation.Sight{InboxIDs: []int64{f.API.ID, f.Mail.ID}}
		agents := &conversation.CursorOf{Side: core.AgentSide}
		for name, c := range map[string]struct {
			view conversation.View
			want []int64
		}{
			"everything":                {conversation.View{Sight: all}, []int64{ask, quiet, invoice, chat}},
			"one inbox is seen":         {conversation.View{Sight: web}, []int64{ask, quiet, chat}},
			"two inboxes are seen":      {conversation.View{Sight: two}, []int64{invoice}},
			"nothing is seen":           {conversation.View{}, nil},
			"an inbox":                  {conversation.View{Sight: all, InboxID: f.Mail.ID}, []int64{invoice}},
			"an inbox that is seen":     {conversation.View{Sight: two, InboxID: f.Mail.ID}, []int64{invoice}},
			"an inbox that is not seen": {conversation.View{Sight: web, InboxID: f.Mail.ID}, nil},
			"mine":                      {conversation.View{Sight: all, Whose: conversation.Mine, AgentID: f.Agent.ID}, []int64{chat}},
			"mine, another's":           {conversation.View{Sight: all, Whose: conversation.Mine, AgentID: f.Agent.ID, AssigneeID: f.Admin.ID}, nil},
			"nobody's":                  {conversation.View{Sight: all, Whose: conversation.Nobodys}, []int64{ask, quiet, invoice}},
			"nobody's, open":            {conversation.View{Sight: all, Whose: conversation.Nobodys, Statuses: []core.Status{core.Open}}, []int64{ask, quiet}},
			"nobody's, open, in sight":  {conversation.View{Sight: two, Whose: conversation.Nobodys, Statuses: []core.Status{core.Open}}, nil},
			"participating":             {conversation.View{Sight: all, Whose: conversation.Participating, AgentID: f.Admin.ID}, []int64{quiet, invoice}},
			"a team's":                  {conversation.View{Sight: all, TeamID: f.Team.ID}, []int64{chat}},
			"a sub-inbox":               {conversation.View{Sight: all, SubInboxID: f.Desk.ID}, []int64{chat}},
			"a label":                   {conversation.View{Sight: all, LabelID: f.Label.ID}, []int64{chat}},
			"a channel":                 {conversation.View{Sight: all, Channels: []core.Channel{core.ChannelEmail}}, []int64{invoice}},
			"a contact":                 {conversation.View{Sight: web, ContactID: f.Ada.ID}, []int64{quiet, chat}},
			"unread":                    {conversation.View{Sight: all, Unread: agents}, []int64{ask, invoice, chat}},
			"unread, open, in sight":    {conversation.View{Sight: web, Unread: agents, Statuses: []core.Status{core.Open}}, []int64{ask, chat}},
		} {
			for _, limit := range []int{1, 3, 50} {
				c.view.Order, c.view.Desc, c.view.Limit = conversation.ByLastActivity, true, limit
				if diff := cmp.Diff(c.want, walkView(t, reads, f.Account.ID, c.view)); diff != "" {
					t.Errorf("%s by %d (-want +got):\n%s", name, limit, diff)
				}
			}
		}
		for _, whose := range []conversation.Whose{conversation.Mine, conversation.Participating} {
			_, err := reads.ListView(t.Context(), f.Account.ID, conversation.View{Sight: all, Whose: whose, Limit: 1})
			if core.KindOf(err) != core.Invalid {
				t.Errorf("without an agent: got %v, want core.Invalid", err)
			}
		}
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		takePart(t, st, f)
		reads := conversation.NewReads(st)
		web := conversation.InboxCounts{InboxID: f.Web.ID, All: 3, Open: 3, Mine: 1, Unassigned: 2}
		mail := conversation.InboxCounts{InboxID: f.Mail.ID, All: 1, Unassigned: 1}
		others := web
		others.Mine = 0
		open := map[core.Status]int64{core.Open: 3}
		for name, c := range map[string]struct {
			q    conversation.CountsQuery
			want conversation.Counts
		}{
			"everything": {
				conversation.CountsQuery{Sight: conversation.Sight{All: true}, AgentID: f.Agent.ID},
				conversation.Counts{All: 4, Mine: 1, Unassigned: 3, AgentsUnread: 3, MineUnread: 1, ByStatus: map[core.Status]int64{core.Open: 3, core.Resolved: 1}, ByInbox: []conversation.InboxCounts{web, mail}},
			},
			"who takes part": {
				conversation.CountsQuery{Sight: conversation.Sight{InboxIDs: []int64{f.Web.ID, f.API.ID}}, AgentID: f.Admin.ID},
				conversation.Counts{All: 3, Unassigned: 2, Participating: 1, AgentsUnread: 2, ByStatus: open, ByInbox: []conversation.InboxCounts{others}},
			},
			"a program": {
				conversation.CountsQuery{Sight: conversation.Sight{All: true}, InboxID: f.Web.ID, Statuses: []core.Status{core.Open}},
				conversation.Counts{All: 3, Unassigned: 2, AgentsUnread: 2, ByStatus: open, ByInbox: []conversation.InboxCounts{others}},
			},
			"a team": {
				conversation.CountsQuery{Sight: conversation.Sight{All: true}, TeamID: f.Team.ID},
				conversation.Counts{All: 1, AgentsUnread: 1, ByStatus: map[core.Status]int64{core.Open: 1}, ByInbox: []conversation.InboxCounts{{InboxID: f.Web.ID, All: 1, Open: 1}}},
			},
			"what is resolved": {
				conversation.CountsQuery{Sight: conversation.Sight{All: true}, AgentID: f.Admin.ID, Statuses: []core.Status{core.Resolved}},
				conversation.Counts{All: 1, Unassigned: 1, AgentsUnread: 1, ByStatus: map[core.Status]int64{core.Resolved: 1}, ByInbox: []conversation.InboxCounts{mail}},
			},
			"who sees nothing": {conversation.CountsQuery{AgentID: f.Agent.ID}, conversation.Counts{}},
		} {
			got, err := reads.Counts(t.Context(), f.Account.ID, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestAgentUnread(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		reads := conversation.NewReads(st)
		got, err := reads.AgentUnread(t.Context(), f.Account.ID, f.Agent.ID, conversation.Sight{All: true}, 10)
		want := store.Unread{Total: 1, Conversations: []store.UnreadCount{{ConversationID: f.Chat.ID, Count: 1}}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for _, elsewhere := range []conversation.Sight{{}, {InboxIDs: []int64{f.Mail.ID}}} {
			if got, err := reads.AgentUnread(t.Context(), f.Account.ID, f.Agent.ID, elsewhere, 10); got.Total != 0 || len(got.Conversations) > 0 || err != nil {
				t.Errorf("with %+v in sight: got %+v, %v, want nothing", elsewhere, got, err)
			}
		}
		if _, err := reads.AgentUnread(t.Context(), f.Account.ID, 999_999, conversation.Sight{All: true}, 10); core.KindOf(err) != core.NotFound {
			t.Errorf("no agent: got %v, want core.NotFound", err)
		}
	})
}
