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
