package storetest

import (
	"errors"
	"maps"

	"parley/internal/core"
	"parley/internal/store"
)

// tallies reads the kept counts; there are none of 0 and none twice.
func tallies(e *env, account int64) map[store.TallyKey]int64 {
	e.Helper()
	got := map[store.TallyKey]int64{}
	for _, t := range must(e.st.ListTallies(e.ctx, account)) {
		if _, twice := got[t.TallyKey]; twice || t.Count == 0 {
			e.Errorf("%+v: listed twice, or empty", t)
		}
		got[t.TallyKey] = t.Count
	}
	return got
}

// counted counts the conversations themselves.
func counted(e *env, account int64) map[store.TallyKey]int64 {
	e.Helper()
	want := map[store.TallyKey]int64{}
	for _, c := range must(e.st.PageConversations(e.ctx, account, 0, 1000)) {
		want[store.TallyOf(&c)]++
	}
	return want
}

var tallyChecks = []check{
	{"Tallies/follow conversations that are added and changed", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		e.same("of the fixture", tallies(e, account), map[store.TallyKey]int64{
			{InboxID: f.Web.ID, Status: core.Open, AssigneeID: f.Agent.ID, TeamID: f.Team.ID}: 1,
			{InboxID: f.Web.ID, Status: core.Open}:                                            2,
			{InboxID: f.Mail.ID, Status: core.Resolved}:                                       1,
		})
		change := func(lock bool, c core.Conversation, apply func(c *core.Conversation)) {
			e.Helper()
			e.tx(account, func(tx store.Tx) error {
				c, err := tx.Conversation(e.ctx, account, c.ID)
				if lock {
					c, err = tx.LockConversation(e.ctx, account, c.ID)
				}
				apply(&c)
				return first(err, tx.UpdateConversation(e.ctx, c))
			})
			e.same("after a change", tallies(e, account), counted(e, account))
		}
		for _, lock := range []bool{true, false} {
			change(lock, f.Chat, func(c *core.Conversation) { c.Status = core.Pending })
			change(lock, f.Chat, func(c *core.Conversation) { c.AssigneeID, c.AssigneeBotID = 0, f.Bot.ID })
			change(lock, f.Chat, func(c *core.Conversation) { c.TeamID, c.SubInboxID, c.InboxID = 0, 0, f.Mail.ID })
			change(lock, f.Chat, func(c *core.Conversation) { c.Subject = "What nothing is counted by" })
			change(lock, f.Chat, func(c *core.Conversation) {
				c.Status, c.AssigneeID, c.AssigneeBotID, c.TeamID, c.InboxID = core.Open, f.Agent.ID, 0, f.Team.ID, f.Web.ID
			})
		}
		e.tx(account, func(tx store.Tx) error { // there and back again, and one that is new and changed
			c := must(tx.LockConversation(e.ctx, account, f.Ask.ID))
			c.Status = core.Snoozed
			err := tx.UpdateConversation(e.ctx, c)
			c.Status = core.Open
			added := plainConversation(f)
			err = first(err, tx.UpdateConversation(e.ctx, c), tx.InsertConversation(e.ctx, &added))
			added.AssigneeID = f.Admin.ID
			return first(err, tx.UpdateConversation(e.ctx, added))
		})
		e.same("in the end", tallies(e, account), counted(e, account))
		e.same("another account", tallies(e, e.account().ID), map[store.TallyKey]int64{})
	}},
	{"Tallies/a command that fails changes none", func(e *env) {
		f := Seed(e, e.st)
		before := maps.Clone(tallies(e, f.Account.ID))
		failed := errors.New("no")
		err := e.try(f.Account.ID, func(tx store.Tx) error {
			c := plainConversation(f)
			return first(tx.InsertConversation(e.ctx, &c), failed)
		})
		if !errors.Is(err, failed) {
			e.Errorf("got %v, want %v", err, failed)
		}
		e.same("after it", tallies(e, f.Account.ID), before)
	}},
}
