package storetest

import (
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// walkThreads follows a list from page to page, and looks at what pages promise.
func walkThreads(e *env, account int64, q store.ThreadQuery) []core.Conversation {
	e.Helper()
	var got []core.Conversation
	for {
		page := must(e.st.PageThreads(e.ctx, account, q))
		if len(page.Threads) > q.Limit {
			fail("%+v: a page of %d threads", q, len(page.Threads))
		}
		got = append(got, conversationsOf(page.Threads)...)
		if page.Next == nil {
			return got
		}
		if q.From != nil && *page.Next == *q.From {
			fail("%+v: the list does not go on", q)
		}
		q.From = page.Next
	}
}

var pagingChecks = []check{
	{"Paging/pages of every order and filter cover the list exactly once", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for _, filter := range filters(f) {
			var want []core.Conversation
			for _, c := range all {
				if filter.match(c) {
					want = append(want, c)
				}
			}
			for i, size := range []struct{ limit, scan int }{{5, 1000}, {7, 9}, {100, 1000}} {
				for order := range orderKeys {
					q := filter.q
					q.Order, q.Desc, q.Limit, q.Scan = order, (int(order)+i)%2 == 0, size.limit, size.scan
					if needsInbox(q) {
						continue
					}
					got := walkThreads(e, f.Account.ID, q)
					e.same(fmt.Sprintf("%s %s by %d of %d", filter.name, orderNames[order], q.Limit, q.Scan), idsOf(got), idsOf(sorted(want, order, q.Desc)))
				}
			}
		}
	}},
	{"Paging/a page looks at no more than it may", func(e *env) {
		f := Seed(e, e.st)
		tangled(e, f)
		q := store.ThreadQuery{IdentityID: f.AdaWeb.ID, SubInboxID: f.Desk.ID, Order: store.ByCreation, Limit: 10, Scan: 12}
		first := must(e.st.PageThreads(e.ctx, f.Account.ID, q))
		if len(first.Threads) != 0 || first.Next == nil {
			e.Fatalf("the match is the last of all: got %d threads, next %v", len(first.Threads), first.Next)
		}
		e.same("found in the end", idsOf(walkThreads(e, f.Account.ID, q)), []int64{f.Chat.ID})
	}},
	{"Paging/a page brings its parts, attachments among them", func(e *env) {
		f := Seed(e, e.st)
		a := core.Attachment{AccountID: f.Account.ID, ConversationID: f.Ask.ID, MessageID: f.Entries[f.Ask.ID][0].ID}
		e.tx(f.Account.ID, func(tx store.Tx) error {
			said := f.Entries[f.Ask.ID][0]
			said.AttachmentCount = 1
			return first(tx.InsertAttachment(e.ctx, &a), tx.UpdateEntry(e.ctx, said))
		})
		q := store.ThreadQuery{ContactID: f.Visitor.ID, Order: store.ByLastMessage, Limit: 5, With: store.WithContact | store.WithLast}
		want := must(e.st.ListThreads(e.ctx, f.Account.ID, q))
		q.Scan = 5
		e.same("page", must(e.st.PageThreads(e.ctx, f.Account.ID, q)), store.ThreadPage{Threads: want})
		e.same("attachments", want[0].Last.Attachments, []core.Attachment{a})
	}},
	{"Paging/PlaceOf is where a list goes on", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for order := range orderKeys {
			list := sorted(all, order, true)
			from := store.PlaceOf(order, &list[9])
			got := must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{Order: order, Desc: true, From: &from, Limit: 100}))
			e.same(orderNames[order], idsOf(conversationsOf(got)), idsOf(list[10:]))
		}
	}},
	{"Paging/pages without a meaning are refused", func(e *env) {
		account := e.account().ID
		for what, q := range map[string]store.ThreadQuery{
			"no scan":                       {Limit: 1},
			"negative scan":                 {Limit: 1, Scan: -1},
			"no limit":                      {Scan: 1},
			"offset":                        {Limit: 1, Scan: 1, Offset: 1},
			"ext":                           {Limit: 1, Scan: 1, Ext: []store.ExtMatch{{Path: []string{"a"}}}},
			"by closing everywhere":         {Limit: 1, Scan: 1, Order: store.ByClosing},
			"by customer update everywhere": {Limit: 1, Scan: 1, Order: store.ByCustomerUpdate},
		} {
			_, err := e.st.PageThreads(e.ctx, account, q)
			e.kind(what, err, core.Invalid)
		}
	}},
	{"Paging/an agent's own cursor tells what is unread", func(e *env) {
		f := Seed(e, e.st)
		unread := func(agent int64) []int64 {
			q := store.ThreadQuery{Unread: &store.CursorOf{Side: core.AgentSide, AgentID: agent}, Limit: 10, Scan: 10}
			return idsOf(walkThreads(e, f.Account.ID, q))
		}
		e.tx(f.Account.ID, func(tx store.Tx) error {
			return tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: f.Account.ID, ConversationID: f.Invoice.ID, AgentID: f.Agent.ID, Seq: 1})
		})
		e.same("with an own cursor", unread(f.Agent.ID), []int64{f.Chat.ID, f.Ask.ID})
		e.same("without", unread(f.Admin.ID), []int64{f.Chat.ID, f.Invoice.ID, f.Ask.ID})
	}},
}

// needsInbox tells whether pages of q are refused for want of an inbox.
func needsInbox(q store.ThreadQuery) bool {
	few := q.InboxID + q.IdentityID + q.ContactID + q.ContactInboxID + q.ConversationID + q.DisplayID
	return few == 0 && (q.Order == store.ByClosing || q.Order == store.ByCustomerUpdate)
}

var unreadListChecks = []check{
	{"Unread/ContactUnreadByConversation lists and sums over the contact's conversations", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		add := func(inbox core.Inbox, identity core.Identity, at core.Time, seq, cursor int64) int64 {
			v := plainConversation(f)
			v.InboxID, v.IdentityID, v.ContactID, v.LastMessageAt, v.AgentSeq, v.ContactCursor = inbox.ID, identity.ID, identity.ContactID, at, seq, cursor
			e.tx(account, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			return v.ID
		}
		web, mail := add(f.Web, f.AdaWeb, noon+9*hour, 10, 7), add(f.Mail, f.AdaMail, noon+8*hour, 20, 0)
		tie := add(f.Web, f.AdaWeb, noon+8*hour, 1, 0)
		add(f.Web, f.AdaWeb, noon+9*hour, 5, 5)
		api := add(f.API, f.AdaWeb, noon, 1_000_000, 0)
		count := func(pairs ...int64) []store.UnreadCount {
			var all []store.UnreadCount
			for i := 0; i < len(pairs); i += 2 {
				all = append(all, store.UnreadCount{ConversationID: pairs[i], Count: pairs[i+1]})
			}
			return all
		}
		all := count(web, 3, tie, 1, mail, 20, f.Chat.ID, 1, api, 1_000_000)
		for name, step := range map[string]struct {
			q    store.UnreadQuery
			want store.Unread
		}{
			"all":               {store.UnreadQuery{Limit: 9}, store.Unread{Total: 1_000_025, Conversations: all}},
			"as many as asked":  {store.UnreadQuery{Limit: 5}, store.Unread{Total: 1_000_025, Conversations: all}},
			"cut":               {store.UnreadQuery{Limit: 2}, store.Unread{Total: 1_000_025, Conversations: all[:2], More: true}},
			"an inbox":          {store.UnreadQuery{Limit: 9, InboxIDs: []int64{f.Mail.ID}}, store.Unread{Total: 20, Conversations: count(mail, 20)}},
			"inboxes":           {store.UnreadQuery{Limit: 1, InboxIDs: []int64{f.Mail.ID, f.Web.ID}}, store.Unread{Total: 25, Conversations: all[:1], More: true}},
			"channels":          {store.UnreadQuery{Limit: 9, Channels: []core.Channel{core.ChannelEmail, core.ChannelAPI}}, store.Unread{Total: 1_000_020, Conversations: count(mail, 20, api, 1_000_000)}},
			"a channel unknown": {store.UnreadQuery{Limit: 9, Channels: []core.Channel{core.ChannelSMS}}, store.Unread{}},
		} {
			step.q.ContactID = f.Ada.ID
			want := store.ContactUnread{ContactID: f.Ada.ID, Unread: step.want}
			e.same(name, found(e.st.ContactUnreadByConversation(e.ctx, account, step.q)), want)
			step.q.ContactID, step.q.Identifier = 0, f.Ada.Identifier
			e.same(name+", by identifier", found(e.st.ContactUnreadByConversation(e.ctx, account, step.q)), want)
		}
		e.same("nothing unread", found(e.st.ContactUnreadByConversation(e.ctx, account, store.UnreadQuery{ContactID: f.Visitor.ID, Limit: 1})), store.ContactUnread{ContactID: f.Visitor.ID})
		missing(e.st.ContactUnreadByConversation(e.ctx, account, store.UnreadQuery{ContactID: 99, Limit: 1}))
		missing(e.st.ContactUnreadByConversation(e.ctx, account, store.UnreadQuery{Identifier: "ada-2", Limit: 1}))
		missing(e.st.ContactUnreadByConversation(e.ctx, account, store.UnreadQuery{Limit: 1})) // contacts without an identifier are many
		_, _, err := e.st.ContactUnreadByConversation(e.ctx, account, store.UnreadQuery{ContactID: f.Ada.ID})
		e.kind("no limit", err, core.Invalid)
	}},
}

var agentUnreadChecks = []check{
	{"Unread/AgentUnread counts what an agent is in charge of or takes part in", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		add := func(at core.Time, seq, cursor int64, apply func(c *core.Conversation)) int64 {
			v := plainConversation(f)
			v.LastMessageAt, v.ContactSeq, v.AgentCursor = at, seq, cursor
			apply(&v)
			e.tx(account, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			return v.ID
		}
		mine := func(c *core.Conversation) { c.AssigneeID = f.Admin.ID }
		old := add(noon, 5, 3, mine)
		read := add(noon+hour, 7, 7, mine)
		both := add(noon+2*hour, 9, 0, func(c *core.Conversation) {
			c.AssigneeID, c.ParticipantIDs, c.Status = f.Admin.ID, []int64{f.Admin.ID}, core.Snoozed
		})
		part := add(noon+3*hour, 1, 0, func(c *core.Conversation) { c.ParticipantIDs = []int64{f.Agent.ID, f.Admin.ID} })
		add(noon+4*hour, 8, 0, func(c *core.Conversation) { c.AssigneeID, c.Status = f.Admin.ID, core.Resolved })
		add(noon+4*hour, 8, 0, func(c *core.Conversation) { c.ParticipantIDs, c.Status = []int64{f.Admin.ID}, core.Resolved })
		add(noon+4*hour, 8, 0, func(c *core.Conversation) { c.ParticipantIDs = []int64{f.Admin.ID * 10} })
		bots := add(noon+5*hour, 2, 1, func(c *core.Conversation) { c.AssigneeBotID = f.Bot.ID })
		unread := func(what string, agent int64, limit int, want store.Unread) {
			e.Helper()
			e.same(what, must(e.st.AgentUnread(e.ctx, account, store.AgentUnreadQuery{AgentID: agent, Limit: limit})), want)
		}
		all := []store.UnreadCount{{ConversationID: part, Count: 1}, {ConversationID: both, Count: 9}, {ConversationID: old, Count: 2}}
		unread("by the shared cursor", f.Admin.ID, 9, store.Unread{Total: 12, Conversations: all})
		unread("cut", f.Admin.ID, 1, store.Unread{Total: 12, Conversations: all[:1], More: true})
		unread("a bot", f.Bot.ID, 9, store.Unread{Total: 1, Conversations: []store.UnreadCount{{ConversationID: bots, Count: 1}}})
		e.tx(account, func(tx store.Tx) error {
			own := func(conversation, seq int64) error {
				return tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: account, ConversationID: conversation, AgentID: f.Admin.ID, Seq: seq})
			}
			return first(own(both, 9), own(read, 6), own(old, 4))
		})
		unread("by the agent's own", f.Admin.ID, 9, store.Unread{Total: 3, Conversations: []store.UnreadCount{
			{ConversationID: part, Count: 1}, {ConversationID: read, Count: 1}, {ConversationID: old, Count: 1},
		}})
		unread("nobody", 999, 9, store.Unread{})
		other := add(noon+6*hour, 1, 0, func(c *core.Conversation) { c.AssigneeID, c.InboxID = f.Admin.ID, f.Mail.ID })
		e.same("in an inbox", must(e.st.AgentUnread(e.ctx, account, store.AgentUnreadQuery{AgentID: f.Admin.ID, InboxIDs: []int64{f.Mail.ID}, Limit: 9})),
			store.Unread{Total: 1, Conversations: []store.UnreadCount{{ConversationID: other, Count: 1}}})
		_, err := e.st.AgentUnread(e.ctx, account, store.AgentUnreadQuery{AgentID: f.Admin.ID})
		e.kind("no limit", err, core.Invalid)
		e.same("another account", must(e.st.AgentUnread(e.ctx, e.account().ID, store.AgentUnreadQuery{AgentID: f.Admin.ID, Limit: 9})), store.Unread{})
	}},
}
