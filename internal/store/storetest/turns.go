package storetest

import (
	"cmp"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// unassigned adds an open conversation of the web inbox that is nobody's.
func (e *env) unassigned(f Fixture, change func(c *core.Conversation)) int64 {
	v := plainConversation(f)
	v.InboxID, v.ContactInboxID, v.Status, v.AssigneeID, v.AssigneeBotID, v.TeamID = f.API.ID, 0, core.Open, 0, 0, 0
	change(&v)
	e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
	return v.ID
}

var turnChecks = []check{
	{"Turns/ListUnassigned brings what is open and nobody's, who waits longest first", func(e *env) {
		f := Seed(e, e.st)
		account, inbox, team := f.Account.ID, f.API.ID, f.Team.ID
		if must(e.st.HasUnassigned(e.ctx, account, inbox)) {
			e.Error("an empty inbox has something")
		}
		for _, change := range []func(c *core.Conversation){
			func(c *core.Conversation) { c.Status = core.Resolved },
			func(c *core.Conversation) { c.Status = core.Pending },
			func(c *core.Conversation) { c.Status = core.Snoozed },
			func(c *core.Conversation) { c.AssigneeID = f.Agent.ID },
			func(c *core.Conversation) { c.AssigneeBotID = f.Bot.ID },
		} {
			e.unassigned(f, change)
		}
		if must(e.st.HasUnassigned(e.ctx, account, inbox)) {
			e.Error("what is not open, or somebody's, is nobody's")
		}
		calm := e.unassigned(f, func(*core.Conversation) {})
		late := e.unassigned(f, func(c *core.Conversation) { c.WaitingSince = noon + 2 })
		early := e.unassigned(f, func(c *core.Conversation) { c.WaitingSince = noon + 1 })
		same := e.unassigned(f, func(c *core.Conversation) { c.WaitingSince = noon + 1 })
		theirs := e.unassigned(f, func(c *core.Conversation) { c.WaitingSince, c.TeamID = noon, team })
		want := []store.Unassigned{{ID: early, WaitingSince: noon + 1}, {ID: same, WaitingSince: noon + 1}, {ID: late, WaitingSince: noon + 2}, {ID: calm}}
		e.same("no team's", must(e.st.ListUnassigned(e.ctx, account, inbox, 0, 9)), want)
		e.same("the first", must(e.st.ListUnassigned(e.ctx, account, inbox, 0, 2)), want[:2])
		e.same("a team's", must(e.st.ListUnassigned(e.ctx, account, inbox, team, 9)), []store.Unassigned{{ID: theirs, WaitingSince: noon}})
		e.same("another inbox's", must(e.st.ListUnassigned(e.ctx, account, f.Mail.ID, 0, 9)), []store.Unassigned(nil))
		other := e.account().ID
		e.same("another account's", must(e.st.ListUnassigned(e.ctx, other, inbox, 0, 9)), []store.Unassigned(nil))
		if !must(e.st.HasUnassigned(e.ctx, account, inbox)) || must(e.st.HasUnassigned(e.ctx, other, inbox)) {
			e.Error("HasUnassigned in the account or in another one")
		}
	}},
	{"Turns/CountOpen counts what agents are in charge of, by inbox", func(e *env) {
		f := Seed(e, e.st) // Chat is open, and Agent's
		account := f.Account.ID
		for _, change := range []func(c *core.Conversation){
			func(c *core.Conversation) { c.AssigneeID = f.Agent.ID },
			func(c *core.Conversation) { c.AssigneeID = f.Agent.ID },
			func(c *core.Conversation) { c.AssigneeID, c.Status = f.Agent.ID, core.Pending },
			func(c *core.Conversation) { c.AssigneeID, c.Status = f.Agent.ID, core.Resolved },
			func(c *core.Conversation) { c.AssigneeID, c.InboxID = f.Admin.ID, f.Mail.ID },
			func(c *core.Conversation) { c.AssigneeBotID = f.Bot.ID },
		} {
			e.unassigned(f, change)
		}
		got := must(e.st.CountOpen(e.ctx, account, []int64{f.Agent.ID, f.Admin.ID, f.Bot.ID, 4711, f.Agent.ID}))
		slices.SortFunc(got, func(a, b store.OpenCount) int {
			return cmp.Or(cmp.Compare(a.AgentID, b.AgentID), cmp.Compare(a.InboxID, b.InboxID))
		})
		e.same("all", got, []store.OpenCount{
			{AgentID: f.Admin.ID, InboxID: f.Mail.ID, Channel: core.ChannelEmail, Count: 1},
			{AgentID: f.Agent.ID, InboxID: f.Web.ID, Channel: core.ChannelWeb, Count: 1},
			{AgentID: f.Agent.ID, InboxID: f.API.ID, Channel: core.ChannelAPI, Count: 2},
		})
		e.same("of nobody", must(e.st.CountOpen(e.ctx, account, nil)), []store.OpenCount(nil))
		e.same("another account's", must(e.st.CountOpen(e.ctx, e.account().ID, []int64{f.Agent.ID})), []store.OpenCount(nil))
	}},
	{"Turns/PutTurn and LockTurns", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			e.same("nobody's yet", must(tx.LockTurns(e.ctx, a, 7)), int64(0))
			return first(tx.PutTurn(e.ctx, a, 7, 5), tx.PutTurn(e.ctx, a, 8, 6), tx.PutTurn(e.ctx, a, 7, 9))
		})
		e.tx(a, func(tx store.Tx) error {
			e.same("one inbox", must(tx.LockTurns(e.ctx, a, 7)), int64(9))
			e.same("another", must(tx.LockTurns(e.ctx, a, 8)), int64(6))
			return nil
		})
		e.tx(b, func(tx store.Tx) error {
			e.same("another account", must(tx.LockTurns(e.ctx, b, 7)), int64(0))
			return nil
		})
	}},
}
