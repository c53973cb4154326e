package storetest

import (
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// staffChecks are about what can be changed and removed of agents' profiles,
// teams and labels, and about what agents are in charge of.
var staffChecks = []check{
	{"Staff/profiles keep every field, and lose all when they are deleted", func(e *env) {
		account := e.account().ID
		p := filled[core.Profile](1)
		p.ID, p.AccountID = 0, account
		e.tx(account, func(tx store.Tx) error { return tx.InsertProfile(e.ctx, &p) })
		e.same("by id", must(e.st.Profile(e.ctx, account, p.ID)), p)
		e.same("by unique name", found(e.st.FindProfileByUniqueName(e.ctx, account, p.UniqueName)), p)
		u := filled[core.Profile](2)
		u.ID, u.AccountID = p.ID, account
		e.tx(account, func(tx store.Tx) error { return tx.UpdateProfile(e.ctx, u) })
		e.same("updated", must(e.st.Profile(e.ctx, account, p.ID)), u)
		e.tx(account, func(tx store.Tx) error { return tx.DeleteProfile(e.ctx, account, p.ID) })
		_, err := e.st.Profile(e.ctx, account, p.ID)
		e.kind("deleted", err, core.NotFound)
		again := core.Profile{AccountID: account, UniqueName: p.UniqueName}
		e.tx(account, func(tx store.Tx) error { return tx.InsertProfile(e.ctx, &again) })
		if again.ID <= p.ID {
			e.Errorf("id %d was given before", again.ID)
		}
	}},
	{"Staff/canned responses change whole, and lose all when they are deleted", func(e *env) {
		account := e.account().ID
		c, u := filled[core.CannedResponse](1), filled[core.CannedResponse](2)
		c.ID, c.AccountID = 0, account
		e.tx(account, func(tx store.Tx) error { return tx.InsertCannedResponse(e.ctx, &c) })
		e.same("by id", must(e.st.CannedResponse(e.ctx, account, c.ID)), c)
		u.ID, u.AccountID = c.ID, account
		e.tx(account, func(tx store.Tx) error { return tx.UpdateCannedResponse(e.ctx, u) })
		e.same("updated", must(e.st.CannedResponse(e.ctx, account, c.ID)), u)
		missing(e.st.FindCannedResponse(e.ctx, account, c.ShortCode))
		e.tx(account, func(tx store.Tx) error { return tx.DeleteCannedResponse(e.ctx, account, c.ID) })
		_, err := e.st.CannedResponse(e.ctx, account, c.ID)
		e.kind("deleted", err, core.NotFound)
	}},
	{"Staff/attribute definitions change whole, and lose all when they are deleted", func(e *env) {
		account := e.account().ID
		d, u := filled[core.AttributeDefinition](1), filled[core.AttributeDefinition](2)
		d.ID, d.AccountID = 0, account
		e.tx(account, func(tx store.Tx) error { return tx.InsertAttributeDefinition(e.ctx, &d) })
		e.same("by id", must(e.st.AttributeDefinition(e.ctx, account, d.ID)), d)
		e.same("by key", found(e.st.FindAttributeDefinition(e.ctx, account, d.AppliesTo, d.Key)), d)
		u.ID, u.AccountID = d.ID, account
		e.tx(account, func(tx store.Tx) error { return tx.UpdateAttributeDefinition(e.ctx, u) })
		e.same("updated", must(e.st.AttributeDefinition(e.ctx, account, d.ID)), u)
		missing(e.st.FindAttributeDefinition(e.ctx, account, d.AppliesTo, d.Key))
		e.tx(account, func(tx store.Tx) error { return tx.DeleteAttributeDefinition(e.ctx, account, d.ID) })
		_, err := e.st.AttributeDefinition(e.ctx, account, d.ID)
		e.kind("deleted", err, core.NotFound)
	}},
	{"Staff/attribute definitions are listed by key, those of contacts apart", func(e *env) {
		account := e.account().ID
		insert := func(to core.AppliesTo, key string) core.AttributeDefinition {
			d := core.AttributeDefinition{AccountID: account, AppliesTo: to, Key: key}
			e.tx(account, func(tx store.Tx) error { return tx.InsertAttributeDefinition(e.ctx, &d) })
			return d
		}
		b, other, a, upper := insert("contact", "b"), insert("conversation", "b"), insert("contact", "a"), insert("contact", "B")
		e.same("contacts", must(e.st.AttributeDefinitions(e.ctx, account, core.AppliesToContact)), []core.AttributeDefinition{upper, a, b})
		e.same("conversations", must(e.st.AttributeDefinitions(e.ctx, account, core.AppliesToConversation)), []core.AttributeDefinition{other})
		e.same("b", found(e.st.FindAttributeDefinition(e.ctx, account, core.AppliesToConversation, "b")), other)
	}},
	{"Staff/teams, groups and labels change whole", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		group := core.LabelGroup{AccountID: account, Name: "g"}
		e.tx(account, func(tx store.Tx) error { return tx.InsertLabelGroup(e.ctx, &group) })
		team, label, newGroup := filled[core.Team](1), filled[core.Label](2), filled[core.LabelGroup](3)
		team.ID, team.AccountID = f.Team.ID, account
		label.ID, label.AccountID, label.GroupID, label.DeletedAt = f.Label.ID, account, group.ID, 0
		newGroup.ID, newGroup.AccountID = group.ID, account
		e.tx(account, func(tx store.Tx) error {
			return first(tx.UpdateTeam(e.ctx, team), tx.UpdateLabel(e.ctx, label), tx.UpdateLabelGroup(e.ctx, newGroup))
		})
		e.same("team", must(e.st.Team(e.ctx, account, team.ID)), team)
		e.same("label", must(e.st.Label(e.ctx, account, label.ID)), label)
		e.same("group", must(e.st.LabelGroup(e.ctx, account, group.ID)), newGroup)
		e.same("labels of the group", must(e.st.LabelsOfGroup(e.ctx, account, group.ID, 9)), []core.Label{label})
	}},
	{"Staff/a deleted label is read by its id alone, and its title is free", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		gone := f.Label
		gone.DeletedAt = noon
		e.tx(account, func(tx store.Tx) error { return tx.UpdateLabel(e.ctx, gone) })
		_, err := e.st.Label(e.ctx, account, gone.ID)
		e.kind("Label", err, core.NotFound)
		missing(e.st.FindLabelByTitle(e.ctx, account, gone.Title))
		if rows := must(e.st.PageLabels(e.ctx, account, 0, 9)); len(rows) != 0 {
			e.Errorf("PageLabels: %v", rows)
		}
		e.same("LabelsByID", must(e.st.LabelsByID(e.ctx, account, []int64{gone.ID})), []core.Label{gone})
		heir := core.Label{AccountID: account, Title: gone.Title}
		e.tx(account, func(tx store.Tx) error { return tx.InsertLabel(e.ctx, &heir) })
		e.refused("the title of the heir", account, core.Conflict, func(tx store.Tx) error {
			return tx.InsertLabel(e.ctx, &core.Label{AccountID: account, Title: gone.Title})
		})
	}},
	{"Staff/what is referred to is not removed", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		group := core.LabelGroup{AccountID: account, Name: "g"}
		label := core.Label{AccountID: account, Title: "l"}
		e.tx(account, func(tx store.Tx) error {
			err := tx.InsertLabelGroup(e.ctx, &group)
			label.GroupID = group.ID
			return first(err, tx.InsertLabel(e.ctx, &label))
		})
		e.refused("team", account, core.Invalid, func(tx store.Tx) error { return tx.DeleteTeam(e.ctx, account, f.Team.ID) })
		e.refused("group", account, core.Invalid, func(tx store.Tx) error { return tx.DeleteLabelGroup(e.ctx, account, group.ID) })
		e.tx(account, func(tx store.Tx) error {
			chat := must(tx.LockConversation(e.ctx, account, f.Chat.ID))
			chat.TeamID, label.GroupID = 0, 0
			return first(tx.UpdateConversation(e.ctx, chat), tx.UpdateLabel(e.ctx, label), tx.DeleteTeam(e.ctx, account, f.Team.ID),
				tx.DeleteLabelGroup(e.ctx, account, group.ID))
		})
		_, err := e.st.Team(e.ctx, account, f.Team.ID)
		e.kind("team", err, core.NotFound)
		_, err = e.st.LabelGroup(e.ctx, account, group.ID)
		e.kind("group", err, core.NotFound)
	}},
	{"Staff/another account's rows cannot be changed or removed", func(e *env) {
		f, mine := seedTheirs(e), e.account().ID
		profile := core.Profile{AccountID: f.Account.ID, UniqueName: "p"}
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertProfile(e.ctx, &profile) })
		label, group, team, foreign, canned, definition := f.Label, f.group, f.Team, profile, f.canned, f.definition
		definition.AccountID = mine
		label.AccountID, group.AccountID, team.AccountID, foreign.AccountID, canned.AccountID = mine, mine, mine, mine, mine
		for what, write := range map[string]func(tx store.Tx) error{
			"UpdateLabel":      func(tx store.Tx) error { return tx.UpdateLabel(e.ctx, label) },
			"UpdateLabelGroup": func(tx store.Tx) error { return tx.UpdateLabelGroup(e.ctx, group) },
			"UpdateTeam":       func(tx store.Tx) error { return tx.UpdateTeam(e.ctx, team) },
			"UpdateProfile":    func(tx store.Tx) error { return tx.UpdateProfile(e.ctx, foreign) },
			"DeleteLabelGroup": func(tx store.Tx) error { return tx.DeleteLabelGroup(e.ctx, mine, group.ID) },
			"DeleteTeam":       func(tx store.Tx) error { return tx.DeleteTeam(e.ctx, mine, team.ID) },
			"DeleteProfile":    func(tx store.Tx) error { return tx.DeleteProfile(e.ctx, mine, profile.ID) },
			"UpdateCanned":     func(tx store.Tx) error { return tx.UpdateCannedResponse(e.ctx, canned) },
			"UpdateAttribute":  func(tx store.Tx) error { return tx.UpdateAttributeDefinition(e.ctx, definition) },
			"DeleteAttribute":  func(tx store.Tx) error { return tx.DeleteAttributeDefinition(e.ctx, mine, definition.ID) },
			"DeleteCanned":     func(tx store.Tx) error { return tx.DeleteCannedResponse(e.ctx, mine, canned.ID) },
		} {
			e.refused(what, mine, core.NotFound, write)
		}
		for what, get := range map[string]func() error{
			"Label":      func() error { _, err := e.st.Label(e.ctx, mine, label.ID); return err },
			"LabelGroup": func() error { _, err := e.st.LabelGroup(e.ctx, mine, group.ID); return err },
			"Team":       func() error { _, err := e.st.Team(e.ctx, mine, team.ID); return err },
			"Profile":    func() error { _, err := e.st.Profile(e.ctx, mine, profile.ID); return err },
			"Attribute":  func() error { _, err := e.st.AttributeDefinition(e.ctx, mine, definition.ID); return err },
			"Canned":     func() error { _, err := e.st.CannedResponse(e.ctx, mine, canned.ID); return err },
		} {
			e.kind(what, get(), core.NotFound)
		}
		missing(e.st.FindProfileByUniqueName(e.ctx, mine, "p"))
		missing(e.st.FindAgentByUserName(e.ctx, mine, "alan"))
		if rows := must(e.st.LabelsOfGroup(e.ctx, mine, group.ID, 9)); len(rows) != 0 {
			e.Errorf("LabelsOfGroup: %v", rows)
		}
		if rows := must(e.st.ConversationsOfAgent(e.ctx, mine, f.Agent.ID, 9)); len(rows) != 0 {
			e.Errorf("ConversationsOfAgent: %v", rows)
		}
		if rows := must(e.st.ConversationsOfTeam(e.ctx, mine, f.Team.ID, 9)); len(rows) != 0 {
			e.Errorf("ConversationsOfTeam: %v", rows)
		}
		if rows := must(e.st.CountAssigned(e.ctx, mine, f.Agent.ID)); len(rows) != 0 {
			e.Errorf("CountAssigned: %v", rows)
		}
	}},
	{"Staff/what an agent is in charge of", func(e *env) {
		f := Seed(e, e.st)
		account, agent := f.Account.ID, f.Agent.ID
		var ids []int64
		for i, c := range []core.Conversation{
			{InboxID: f.Web.ID, AssigneeID: agent, Status: core.Open, WaitingSince: noon},
			{InboxID: f.Web.ID, AssigneeBotID: agent, Status: core.Pending},
			{InboxID: f.API.ID, AssigneeID: agent, Status: core.Snoozed, WaitingSince: noon},
			{InboxID: f.API.ID, AssigneeID: agent, Status: core.Resolved},
			{InboxID: f.API.ID, AssigneeID: f.Admin.ID, Status: core.Snoozed, ParticipantIDs: []int64{f.Admin.ID, agent}},
			{InboxID: f.Mail.ID, AssigneeID: f.Admin.ID, Status: core.Open},
			{InboxID: f.Mail.ID, Status: core.Resolved, ParticipantIDs: []int64{agent}},
			{InboxID: f.Mail.ID, Status: core.Open, ParticipantIDs: []int64{agent*10 + 1}},
		} {
			v := plainConversation(f)
			v.InboxID, v.AssigneeID, v.AssigneeBotID, v.Status, v.WaitingSince = c.InboxID, c.AssigneeID, c.AssigneeBotID, c.Status, c.WaitingSince
			v.ContactInboxID, v.ParticipantIDs = 0, c.ParticipantIDs
			e.tx(account, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			if i < 5 {
				ids = append(ids, v.ID)
			}
		}
		ids = append(ids, f.Chat.ID)
		got := must(e.st.ConversationsOfAgent(e.ctx, account, agent, 9))
		slices.Sort(got)
		slices.Sort(ids)
		e.same("conversations", got, ids)
		e.same("of the team", must(e.st.ConversationsOfTeam(e.ctx, account, f.Team.ID, 9)), []int64{f.Chat.ID})
		if all := must(e.st.ConversationsOfAgent(e.ctx, account, agent, len(ids))); len(all) != len(ids) {
			e.Errorf("a limit of all gives %v", all)
		}
		if some := must(e.st.ConversationsOfAgent(e.ctx, account, agent, 2)); len(some) != 2 {
			e.Errorf("a limit of 2 gives %v", some)
		}
		waiting := int64(0)
		if f.Chat.WaitingSince.IsSet() {
			waiting = 1
		}
		e.same("counts", must(e.st.CountAssigned(e.ctx, account, agent)), []store.Assigned{
			{InboxID: f.Web.ID, Count: 3, Waiting: 1 + waiting}, {InboxID: f.API.ID, Count: 1, Waiting: 1},
		})
	}},
	{"Staff/user names are taken in their account only", func(e *env) {
		a, b := e.account().ID, e.account().ID
		named := func(account int64, name string) core.Agent {
			v := agent(account, "")
			v.UserName = name
			return v
		}
		one, two, none, never := named(a, "rui"), named(b, "rui"), named(a, ""), named(a, "")
		e.tx(a, func(tx store.Tx) error {
			return first(tx.InsertAgent(e.ctx, &one), tx.InsertAgent(e.ctx, &none), tx.InsertAgent(e.ctx, &never))
		})
		e.tx(b, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &two) })
		e.same("found", found(e.st.FindAgentByUserName(e.ctx, a, "rui")), one)
		missing(e.st.FindAgentByUserName(e.ctx, a, ""))
		e.refused("the name", a, core.Conflict, func(tx store.Tx) error {
			v := named(a, "rui")
			return tx.InsertAgent(e.ctx, &v)
		})
	}},
}
