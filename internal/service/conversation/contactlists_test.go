package conversation_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestOfContact walks the lists of one contact page by page.
func TestOfContact(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		all, web := conversation.Sight{All: true}, conversation.Sight{InboxIDs: []int64{f.Web.ID}}
		for name, c := range map[string]struct {
			list   conversation.ContactList
			want   []int64
			unread int64
		}{
			"everything":            {conversation.ContactList{Sight: all}, []int64{f.Quiet.ID, f.Invoice.ID, f.Chat.ID}, 1},
			"what an agent sees":    {conversation.ContactList{Sight: web}, []int64{f.Quiet.ID, f.Chat.ID}, 1},
			"nothing is unread":     {conversation.ContactList{Sight: conversation.Sight{InboxIDs: []int64{f.Mail.ID, f.API.ID}}}, []int64{f.Invoice.ID}, 0},
			"who sees nothing":      {conversation.ContactList{}, nil, 0},
			"unread":                {conversation.ContactList{Sight: all, Unread: true}, []int64{f.Chat.ID}, 1},
			"an inbox":              {conversation.ContactList{Sight: all, InboxID: f.Mail.ID}, []int64{f.Invoice.ID}, 1},
			"an inbox out of sight": {conversation.ContactList{Sight: web, InboxID: f.Mail.ID}, nil, 1},
			"statuses":              {conversation.ContactList{Sight: all, Statuses: []core.Status{core.Open, core.Pending}}, []int64{f.Quiet.ID, f.Chat.ID}, 1},
			"a label":               {conversation.ContactList{Sight: all, LabelID: f.Label.ID}, []int64{f.Chat.ID}, 1},
		} {
			for _, limit := range []int{1, 2, 50} {
				list := c.list
				list.Limit, list.With = limit, store.WithContact
				var got []int64
				for {
					page, err := conversation.NewReads(st).OfContact(t.Context(), f.Account.ID, f.Ada.ID, list)
					if err != nil {
						t.Fatal(err)
					}
					if page.Total != int64(len(c.want)) || page.UnreadTotal != c.unread {
						t.Errorf("%s: got total %d, unread %d, want %d, %d", name, page.Total, page.UnreadTotal, len(c.want), c.unread)
					}
					for _, thread := range page.Threads {
						if got = append(got, thread.Conversation.ID); thread.Contact.ID != f.Ada.ID {
							t.Errorf("%s: the contact is missing", name)
						}
					}
					if list.From = page.Next; page.Next == nil {
						break
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s by %d (-want +got):\n%s", name, limit, diff)
				}
			}
		}
		for what, sight := range map[string]conversation.Sight{"seen": all, "not seen": {}} {
			if _, err := conversation.NewReads(st).OfContact(t.Context(), f.Account.ID, 999_999, conversation.ContactList{Sight: sight, Limit: 1}); core.KindOf(err) != core.NotFound {
				t.Errorf("no contact, %s: got %v, want core.NotFound", what, err)
			}
		}
	})
}

func TestUnread(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		reads := conversation.NewReads(st)
		chat := store.Unread{Total: 1, Conversations: []store.UnreadCount{{ConversationID: f.Chat.ID, Count: 1}}}
		for name, c := range map[string]struct {
			q    conversation.UnreadQuery
			want store.Unread
		}{
			"by id":            {conversation.UnreadQuery{ContactID: f.Ada.ID, Sight: conversation.Sight{All: true}}, chat},
			"by identifier":    {conversation.UnreadQuery{Identifier: f.Ada.Identifier, Sight: conversation.Sight{InboxIDs: []int64{f.Web.ID}}}, chat},
			"other channels":   {conversation.UnreadQuery{ContactID: f.Ada.ID, Sight: conversation.Sight{All: true}, Channels: []core.Channel{core.ChannelEmail}}, store.Unread{}},
			"other inboxes":    {conversation.UnreadQuery{ContactID: f.Ada.ID, Sight: conversation.Sight{InboxIDs: []int64{f.Mail.ID}}}, store.Unread{}},
			"who sees nothing": {conversation.UnreadQuery{ContactID: f.Ada.ID}, store.Unread{}},
		} {
			c.q.Limit = 10
			got, err := reads.Unread(t.Context(), f.Account.ID, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(store.ContactUnread{ContactID: f.Ada.ID, Unread: c.want}, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if _, err := reads.Unread(t.Context(), f.Account.ID, conversation.UnreadQuery{Identifier: fmt.Sprint(f.Ada.ID), Limit: 1}); core.KindOf(err) != core.NotFound {
			t.Errorf("nobody: got %v, want core.NotFound", err)
		}
	})
}
