package storetest

import (
	"parley/internal/core"
	"parley/internal/store"
)

var inboxChecks = []check{
	{"Inboxes/InsertInbox keeps every field", func(e *env) {
		account := e.account().ID
		i := filled[core.Inbox](1)
		i.ID, i.UUID, i.AccountID = 0, "", account
		e.tx(account, func(tx store.Tx) error { return tx.InsertInbox(e.ctx, &i) })
		if i.ID <= 0 || len(i.UUID) != 36 {
			e.Fatalf("got id %d and uuid %q", i.ID, i.UUID)
		}
		e.same("Inbox", must(e.st.Inbox(e.ctx, account, i.ID)), i)
		e.same("FindInbox", found(e.st.FindInbox(e.ctx, i.ID)), i)
		e.same("FindInboxByName", found(e.st.FindInboxByName(e.ctx, account, i.Name)), i)
		e.same("FindInboxByIdentifier", found(e.st.FindInboxByIdentifier(e.ctx, i.Identifier)), i)
	}},
	{"Inboxes/absent ones", func(e *env) {
		account := e.account().ID
		_, err := e.st.Inbox(e.ctx, account, 1)
		e.kind("Inbox", err, core.NotFound)
		_, err = e.st.SubInbox(e.ctx, account, 1)
		e.kind("SubInbox", err, core.NotFound)
		missing(e.st.FindInbox(e.ctx, 1))
		missing(e.st.FindInboxByName(e.ctx, account, "x"))
		missing(e.st.FindInboxByIdentifier(e.ctx, "x"))
		missing(e.st.FindSubInboxByName(e.ctx, account, 1, "x"))
	}},
	{"Inboxes/an identifier is unique in the installation; an empty one finds nothing", func(e *env) {
		a, b := e.account().ID, e.account().ID
		one := core.Inbox{AccountID: a, Name: "1", Identifier: "app"}
		none, none2 := core.Inbox{AccountID: a, Name: "2"}, core.Inbox{AccountID: a, Name: "3"}
		e.tx(a, func(tx store.Tx) error {
			return first(tx.InsertInbox(e.ctx, &one), tx.InsertInbox(e.ctx, &none), tx.InsertInbox(e.ctx, &none2))
		})
		missing(e.st.FindInboxByIdentifier(e.ctx, ""))
		missing(e.st.FindInboxByIdentifier(e.ctx, "APP"))
		for _, account := range []int64{a, b} {
			e.refused("identifier", account, core.Conflict, func(tx store.Tx) error {
				return tx.InsertInbox(e.ctx, &core.Inbox{AccountID: account, Name: "4", Identifier: "app"})
			})
		}
		e.refused("uuid", a, core.Conflict, func(tx store.Tx) error {
			return tx.InsertInbox(e.ctx, &core.Inbox{AccountID: a, Name: "4", UUID: one.UUID})
		})
		e.same("inboxes", must(e.st.PageInboxes(e.ctx, a, 0, 9)), []core.Inbox{one, none, none2})
	}},
	{"Inboxes/UpdateInbox changes all but the uuid, and moves the identifier", func(e *env) {
		account, other := e.account().ID, e.account().ID
		i, u := filled[core.Inbox](1), filled[core.Inbox](2)
		i.ID, i.UUID, i.AccountID = 0, "", account
		rival := core.Inbox{AccountID: other, Name: "rival", Identifier: "rival"}
		e.tx(account, func(tx store.Tx) error { return tx.InsertInbox(e.ctx, &i) })
		e.tx(other, func(tx store.Tx) error { return tx.InsertInbox(e.ctx, &rival) })
		u.ID, u.AccountID = i.ID, account
		e.tx(account, func(tx store.Tx) error { return tx.UpdateInbox(e.ctx, u) })
		u.UUID = i.UUID
		e.same("Inbox", must(e.st.Inbox(e.ctx, account, i.ID)), u)
		e.same("by the new identifier", found(e.st.FindInboxByIdentifier(e.ctx, u.Identifier)), u)
		missing(e.st.FindInboxByIdentifier(e.ctx, i.Identifier))
		taken := u
		taken.Identifier = "rival"
		e.refused("identifier", account, core.Conflict, func(tx store.Tx) error { return tx.UpdateInbox(e.ctx, taken) })
		foreign := u
		foreign.AccountID = other
		e.refused("another account's", other, core.NotFound, func(tx store.Tx) error { return tx.UpdateInbox(e.ctx, foreign) })
		u.Identifier = ""
		e.tx(account, func(tx store.Tx) error { return tx.UpdateInbox(e.ctx, u) })
		missing(e.st.FindInboxByIdentifier(e.ctx, u.Identifier))
		part := core.SubInbox{AccountID: account, InboxID: i.ID, Name: "a"}
		e.tx(account, func(tx store.Tx) error { return tx.InsertSubInbox(e.ctx, &part) })
		part.Name = "b"
		e.tx(account, func(tx store.Tx) error { return tx.UpdateSubInbox(e.ctx, part) })
		e.same("part", must(e.st.SubInbox(e.ctx, account, part.ID)), part)
		part.AccountID = other
		e.refused("another account's part", other, core.NotFound, func(tx store.Tx) error { return tx.UpdateSubInbox(e.ctx, part) })
	}},
	{"Inboxes/members see theirs and what is everybody's", func(e *env) {
		f, g := Seed(e, e.st), Seed(e, e.st)
		account, agent, admin := f.Account.ID, f.Agent.ID, f.Admin.ID
		sight := func(what string, account, agent int64, want ...int64) {
			e.Helper()
			ids, all, err := e.st.InboxesInSight(e.ctx, account, agent)
			if err != nil || all != (want == nil) {
				e.Errorf("%s: all %t, %v", what, all, err)
			}
			e.same(what, ids, want)
		}
		set := func(inbox int64, agents ...int64) {
			e.tx(account, func(tx store.Tx) error { return tx.SetInboxMembers(e.ctx, account, inbox, agents) })
		}
		sight("no members anywhere", account, agent)
		set(f.Web.ID, agent)
		sight("of all there are", account, agent)
		sight("of others", account, admin, f.API.ID, f.Mail.ID)
		set(f.Mail.ID, max(agent, admin), min(agent, admin))
		e.same("members", must(e.st.InboxMembers(e.ctx, account, []int64{f.Web.ID, f.Mail.ID, f.API.ID, 99})),
			map[int64][]int64{f.Web.ID: {agent}, f.Mail.ID: {min(agent, admin), max(agent, admin)}})
		e.same("of nothing", must(e.st.InboxMembers(e.ctx, account, nil)), map[int64][]int64{})
		e.same("of the agent", must(e.st.InboxesOfAgent(e.ctx, account, agent)), []int64{f.Web.ID, f.Mail.ID})
		sight("of a stranger", account, 99, f.API.ID)
		sight("in another account", g.Account.ID, g.Agent.ID)
		e.same("another account's", must(e.st.InboxMembers(e.ctx, g.Account.ID, []int64{f.Web.ID})), map[int64][]int64{})
		set(f.Web.ID)
		set(f.Mail.ID, admin)
		e.same("after a change", must(e.st.InboxesOfAgent(e.ctx, account, agent)), []int64(nil))
		e.refused("an absent agent", account, core.Invalid, func(tx store.Tx) error { return tx.SetInboxMembers(e.ctx, account, f.Web.ID, []int64{99}) })
		e.refused("a foreign inbox", account, core.Invalid, func(tx store.Tx) error { return tx.SetInboxMembers(e.ctx, account, g.Web.ID, []int64{agent}) })
		e.same("after refusals", must(e.st.InboxMembers(e.ctx, account, []int64{f.Web.ID, f.Mail.ID})), map[int64][]int64{f.Mail.ID: {admin}})
	}},
	{"Inboxes/sub-inboxes are named within their inbox", func(e *env) {
		account := e.account().ID
		one, two := core.Inbox{AccountID: account, Name: "1"}, core.Inbox{AccountID: account, Name: "2"}
		e.tx(account, func(tx store.Tx) error { return first(tx.InsertInbox(e.ctx, &one), tx.InsertInbox(e.ctx, &two)) })
		a := core.SubInbox{AccountID: account, InboxID: one.ID, Name: "desk"}
		b := core.SubInbox{AccountID: account, InboxID: two.ID, Name: "desk"}
		e.tx(account, func(tx store.Tx) error { return first(tx.InsertSubInbox(e.ctx, &a), tx.InsertSubInbox(e.ctx, &b)) })
		e.same("SubInbox", must(e.st.SubInbox(e.ctx, account, a.ID)), a)
		e.same("FindSubInboxByName", found(e.st.FindSubInboxByName(e.ctx, account, two.ID, "desk")), b)
		missing(e.st.FindSubInboxByName(e.ctx, account, one.ID, "Desk"))
		e.refused("name", account, core.Conflict, func(tx store.Tx) error {
			return tx.InsertSubInbox(e.ctx, &core.SubInbox{AccountID: account, InboxID: one.ID, Name: "desk"})
		})
		e.refused("inbox", account, core.Invalid, func(tx store.Tx) error {
			return tx.InsertSubInbox(e.ctx, &core.SubInbox{AccountID: account, InboxID: 99, Name: "desk"})
		})
	}},
}
