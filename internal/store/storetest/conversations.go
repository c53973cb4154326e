package storetest

import (
	"cmp"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// fullConversation has every field set; its references are those of the
// fixture.
func fullConversation(f Fixture, seed int64) core.Conversation {
	c := filled[core.Conversation](seed)
	c.ID, c.UUID, c.AccountID, c.DisplayID = 0, "", f.Account.ID, 0
	c.InboxID, c.SubInboxID, c.ContactID, c.IdentityID, c.ContactInboxID = f.Web.ID, f.Desk.ID, f.Ada.ID, f.AdaWeb.ID, f.AdaWebDoor.ID
	c.Status, c.OpenedBy = core.Snoozed, core.AgentSide
	c.ParticipantIDs = []int64{f.Agent.ID, f.Bot.ID}
	c.AssigneeID, c.LastAssigneeID, c.AssigneeBotID, c.OwnerID, c.BotID, c.TeamID = f.Agent.ID, f.Admin.ID, f.Bot.ID, f.Agent.ID, f.Bot.ID, f.Team.ID
	return c
}

// plainConversation is one of Ada's in the web inbox.
func plainConversation(f Fixture) core.Conversation {
	c := core.Conversation{AccountID: f.Account.ID, InboxID: f.Web.ID, ContactID: f.Ada.ID, IdentityID: f.AdaWeb.ID, CreatedAt: noon}
	c.Begin()
	return c
}

var conversationChecks = []check{
	{"Conversations/InsertConversation keeps every field", func(e *env) {
		f := Seed(e, e.st)
		c := fullConversation(f, 1)
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &c) })
		if c.ID <= 0 || len(c.UUID) != 36 || c.DisplayID != f.Account.LastDisplayID+1 {
			e.Fatalf("got id %d, uuid %q, display id %d", c.ID, c.UUID, c.DisplayID)
		}
		e.same("Conversation", must(e.st.Conversation(e.ctx, f.Account.ID, c.ID)), c)
		e.same("by uuid", found(e.st.FindConversationByUUID(e.ctx, f.Account.ID, c.UUID)), c)
		e.same("by display id", found(e.st.FindConversationByDisplayID(e.ctx, f.Account.ID, c.DisplayID)), c)
	}},
	{"Conversations/absent ones", func(e *env) {
		account := e.account().ID
		_, err := e.st.Conversation(e.ctx, account, 1)
		e.kind("Conversation", err, core.NotFound)
		missing(e.st.FindConversationByUUID(e.ctx, account, ""))
		missing(e.st.FindConversationByDisplayID(e.ctx, account, 0))
		missing(e.st.FindReadCursor(e.ctx, account, 1, 1))
		e.refused("LockConversation", account, core.NotFound, func(tx store.Tx) error {
			_, err := tx.LockConversation(e.ctx, account, 1)
			return err
		})
		e.refused("UpdateConversation", account, core.NotFound, func(tx store.Tx) error {
			return tx.UpdateConversation(e.ctx, core.Conversation{ID: 1, AccountID: account, Status: core.Open})
		})
	}},
	{"Conversations/UpdateConversation stores the whole row", func(e *env) {
		f := Seed(e, e.st)
		want := fullConversation(f, 2)
		want.ID, want.AccountID = f.Ask.ID, f.Account.ID
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, want) })
		want.UUID, want.DisplayID = f.Ask.UUID, f.Ask.DisplayID // these never change
		e.same("full", must(e.st.Conversation(e.ctx, f.Account.ID, f.Ask.ID)), want)
		bare := core.Conversation{ID: f.Ask.ID, AccountID: f.Account.ID, InboxID: f.API.ID, ContactID: f.Ada.ID, IdentityID: f.AdaMail.ID, Status: core.Open}
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, bare) })
		bare.UUID, bare.DisplayID = f.Ask.UUID, f.Ask.DisplayID
		e.same("bare", must(e.st.Conversation(e.ctx, f.Account.ID, f.Ask.ID)), bare)
		e.same("others", must(e.st.Conversation(e.ctx, f.Account.ID, f.Chat.ID)), f.Chat)
	}},
	{"Conversations/UpdateConversation after LockConversation stores each field by itself", func(e *env) {
		f := Seed(e, e.st)
		full := fullConversation(f, 3)
		for _, change := range fieldChanges(full) {
			want := f.Ask
			change.apply(&want)
			e.tx(f.Account.ID, func(tx store.Tx) error {
				c, err := tx.LockConversation(e.ctx, f.Account.ID, f.Ask.ID)
				if err != nil {
					return err
				}
				change.apply(&c)
				return tx.UpdateConversation(e.ctx, c)
			})
			e.same(change.name, must(e.st.Conversation(e.ctx, f.Account.ID, f.Ask.ID)), want)
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, f.Ask) })
		}
	}},
	{"Conversations/display ids run per account and go on above given ones", func(e *env) {
		one, two := Seed(e, e.st), Seed(e, e.st)
		for _, f := range []Fixture{one, two} {
			if f.Chat.DisplayID != 1 || f.Ask.DisplayID != 4 || f.Account.LastDisplayID != 4 {
				e.Errorf("got display ids %d to %d, the last %d; want 1 to 4", f.Chat.DisplayID, f.Ask.DisplayID, f.Account.LastDisplayID)
			}
		}
		for _, step := range []struct{ give, want int64 }{{90, 90}, {50, 50}, {0, 91}, {0, 92}} {
			c := plainConversation(one)
			c.DisplayID = step.give
			e.tx(one.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &c) })
			if c.DisplayID != step.want {
				e.Errorf("gave %d: got %d, want %d", step.give, c.DisplayID, step.want)
			}
		}
		if got := must(e.st.Account(e.ctx, one.Account.ID)).LastDisplayID; got != 92 {
			e.Errorf("last display id: got %d, want 92", got)
		}
		if got := must(e.st.Account(e.ctx, two.Account.ID)).LastDisplayID; got != 4 {
			e.Errorf("last display id of the other account: got %d, want 4", got)
		}
	}},
	{"Conversations/InsertConversation refuses what is taken or absent", func(e *env) {
		f := Seed(e, e.st)
		for what, change := range map[string]func(v *core.Conversation){
			"id":         func(v *core.Conversation) { v.ID = f.Chat.ID },
			"uuid":       func(v *core.Conversation) { v.UUID = f.Chat.UUID },
			"display id": func(v *core.Conversation) { v.DisplayID = f.Chat.DisplayID },
		} {
			v := plainConversation(f)
			change(&v)
			e.refused(what, f.Account.ID, core.Conflict, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		}
		for what, change := range conversationRefs(99) {
			v := plainConversation(f)
			change(&v)
			e.refused(what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			u := f.Chat
			change(&u)
			e.refused("update "+what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, u) })
		}
		v := plainConversation(f)
		v.Status = "closed"
		e.refused("status", f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		v = plainConversation(f)
		v.AccountID = 99
		e.refused("account", f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		if got := must(e.st.CountThreads(e.ctx, f.Account.ID, store.ThreadQuery{})); got != 4 {
			e.Errorf("got %d conversations after refusals, want 4", got)
		}
	}},
	{"Conversations/external ids need not be unique", func(e *env) {
		f := Seed(e, e.st)
		for range 2 {
			v := plainConversation(f)
			v.ExternalID = "same"
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		}
	}},
	{"Conversations/PutReadCursor stores and replaces", func(e *env) {
		f := Seed(e, e.st)
		last := f.Entries[f.Chat.ID][3]
		cursor := core.ReadCursor{AccountID: f.Account.ID, ConversationID: f.Chat.ID, AgentID: f.Agent.ID, EntryID: last.ID, Seq: last.ContactSeq}
		for _, seq := range []int64{1, 2, 0} {
			cursor.Seq = seq
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.PutReadCursor(e.ctx, cursor) })
			e.same("FindReadCursor", found(e.st.FindReadCursor(e.ctx, f.Account.ID, f.Chat.ID, f.Agent.ID)), cursor)
			e.same("ReadCursors", must(e.st.ReadCursors(e.ctx, f.Account.ID, f.Agent.ID, []int64{f.Invoice.ID, f.Chat.ID, 99})), []core.ReadCursor{cursor})
		}
		missing(e.st.FindReadCursor(e.ctx, f.Account.ID, f.Chat.ID, f.Admin.ID))
		e.same("ReadCursors of another", must(e.st.ReadCursors(e.ctx, f.Account.ID, f.Admin.ID, []int64{f.Chat.ID})), []core.ReadCursor(nil))
		e.same("ReadCursors of none", must(e.st.ReadCursors(e.ctx, f.Account.ID, f.Agent.ID, nil)), []core.ReadCursor(nil))
		for what, v := range map[string]core.ReadCursor{
			"conversation": {AccountID: f.Account.ID, ConversationID: 99, AgentID: f.Agent.ID},
			"agent":        {AccountID: f.Account.ID, ConversationID: f.Chat.ID, AgentID: f.Ada.ID},
		} {
			e.refused(what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.PutReadCursor(e.ctx, v) })
		}
	}},
}

// conversationRefs set one reference of a conversation each.
func conversationRefs(id int64) map[string]func(v *core.Conversation) {
	return map[string]func(v *core.Conversation){
		"inbox":         func(v *core.Conversation) { v.InboxID = id },
		"sub-inbox":     func(v *core.Conversation) { v.SubInboxID = id },
		"contact":       func(v *core.Conversation) { v.ContactID = id },
		"identity":      func(v *core.Conversation) { v.IdentityID = id },
		"contact inbox": func(v *core.Conversation) { v.ContactInboxID = id },
		"assignee":      func(v *core.Conversation) { v.AssigneeID = id },
		"last assignee": func(v *core.Conversation) { v.LastAssigneeID = id },
		"assignee bot":  func(v *core.Conversation) { v.AssigneeBotID = id },
		"owner":         func(v *core.Conversation) { v.OwnerID = id },
		"bot":           func(v *core.Conversation) { v.BotID = id },
		"team":          func(v *core.Conversation) { v.TeamID = id },
	}
}

var unreadChecks = []check{
	{"Unread/ContactUnread sums over the identity's conversations in the channels", func(e *env) {
		f := Seed(e, e.st)
		add := func(inbox core.Inbox, identity core.Identity, seq, cursor int64) {
			v := plainConversation(f)
			v.InboxID, v.IdentityID, v.ContactID, v.AgentSeq, v.ContactCursor = inbox.ID, identity.ID, identity.ContactID, seq, cursor
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		}
		add(f.Web, f.AdaWeb, 10, 7)
		add(f.Web, f.AdaWeb, 5, 5)
		add(f.API, f.AdaWeb, 1_000_000, 0)
		add(f.Mail, f.AdaWeb, 20, 0)
		add(f.Web, f.AdaMail, 400, 0)
		// The fixture's Chat adds one in the web inbox.
		for _, step := range []struct {
			identity int64
			channels []core.Channel
			want     int64
		}{
			{f.AdaWeb.ID, nil, 1 + 3 + 1_000_000 + 20},
			{f.AdaWeb.ID, []core.Channel{core.ChannelWeb}, 1 + 3},
			{f.AdaWeb.ID, []core.Channel{core.ChannelWeb, core.ChannelAPI}, 1 + 3 + 1_000_000},
			{f.AdaWeb.ID, []core.Channel{core.ChannelSMS}, 0},
			{f.AdaMail.ID, nil, 400},
			{f.VisitorWeb.ID, nil, 0},
			{99, nil, 0},
		} {
			if got := must(e.st.ContactUnread(e.ctx, f.Account.ID, step.identity, step.channels...)); got != step.want {
				e.Errorf("identity %d, channels %v: got %d, want %d", step.identity, step.channels, got, step.want)
			}
		}
	}},
	{"Unread/ContactUnread follows messages and reads", func(e *env) {
		f := Seed(e, e.st)
		account, identity := f.Account.ID, f.AdaWeb.ID
		unread := func(want int64) {
			e.Helper()
			if got := must(e.st.ContactUnread(e.ctx, account, identity, core.ChannelWeb, core.ChannelAPI)); got != want {
				e.Errorf("got %d unread, want %d", got, want)
			}
		}
		unread(1)
		e.tx(account, func(tx store.Tx) error {
			_, _, err := Say(e.ctx, tx, f.Quiet, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}, Counts: true, CreatedAt: noon})
			return err
		})
		unread(2)
		e.tx(account, func(tx store.Tx) error {
			c, err := tx.LockConversation(e.ctx, account, f.Chat.ID)
			if err != nil {
				return err
			}
			last := f.Entries[f.Chat.ID][3]
			core.ReadUpTo(&c, core.ContactSide, &last)
			return tx.UpdateConversation(e.ctx, c)
		})
		unread(1)
	}},
	{"Unread/PageReadCursors lists by agent", func(e *env) {
		f := Seed(e, e.st)
		var want []core.ReadCursor
		for _, a := range []core.Agent{f.Bot, f.Admin, f.Agent} {
			c := core.ReadCursor{AccountID: f.Account.ID, ConversationID: f.Chat.ID, AgentID: a.ID, Seq: a.ID}
			want = append(want, c)
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.PutReadCursor(e.ctx, c) })
		}
		e.tx(f.Account.ID, func(tx store.Tx) error {
			return tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: f.Account.ID, ConversationID: f.Ask.ID, AgentID: f.Bot.ID})
		})
		slices.SortFunc(want, func(a, b core.ReadCursor) int { return cmp.Compare(a.AgentID, b.AgentID) })
		one := must(e.st.PageReadCursors(e.ctx, f.Account.ID, f.Chat.ID, 0, 2))
		two := must(e.st.PageReadCursors(e.ctx, f.Account.ID, f.Chat.ID, one[1].AgentID, 2))
		e.same("pages", append(one, two...), want)
	}},
}
