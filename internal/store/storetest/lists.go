package storetest

import (
	"parley/internal/core"
	"parley/internal/store"
)

// listChecks are about the named lists of an account.
var listChecks = []check{
	{"Labels/every record keeps every field", func(e *env) {
		account := e.account().ID
		group, label, team := filled[core.LabelGroup](1), filled[core.Label](2), filled[core.Team](3)
		canned, hook := filled[core.CannedResponse](4), filled[core.Webhook](5)
		group.ID, label.ID, team.ID, canned.ID, hook.ID = 0, 0, 0, 0, 0
		label.DeletedAt = 0 // else it is not found: see staffChecks
		group.AccountID, label.AccountID, team.AccountID, canned.AccountID, hook.AccountID = account, account, account, account, account
		e.tx(account, func(tx store.Tx) error {
			err := first(tx.InsertLabelGroup(e.ctx, &group), tx.InsertTeam(e.ctx, &team), tx.InsertCannedResponse(e.ctx, &canned), tx.InsertWebhook(e.ctx, &hook))
			label.GroupID = group.ID
			return first(err, tx.InsertLabel(e.ctx, &label))
		})
		e.same("group", found(e.st.FindLabelGroupByName(e.ctx, account, group.Name)), group)
		e.same("label", found(e.st.FindLabelByTitle(e.ctx, account, label.Title)), label)
		e.same("labels by id", must(e.st.LabelsByID(e.ctx, account, []int64{label.ID, label.ID, 99})), []core.Label{label})
		e.same("team", found(e.st.FindTeamByName(e.ctx, account, team.Name)), team)
		e.same("canned response", found(e.st.FindCannedResponse(e.ctx, account, canned.ShortCode)), canned)
		e.same("webhook", found(e.st.FindWebhookByURL(e.ctx, account, hook.URL)), hook)
	}},
	{"Labels/finding nothing", func(e *env) {
		account := e.account().ID
		missing(e.st.FindLabelGroupByName(e.ctx, account, "x"))
		missing(e.st.FindLabelByTitle(e.ctx, account, "x"))
		missing(e.st.FindTeamByName(e.ctx, account, "x"))
		missing(e.st.FindCannedResponse(e.ctx, account, "x"))
		missing(e.st.FindWebhookByURL(e.ctx, account, "x"))
		if got := must(e.st.LabelsByID(e.ctx, account, nil)); len(got) != 0 {
			e.Errorf("got %v", got)
		}
		_, err := e.st.LabelsByID(e.ctx, account, make([]int64, store.MaxIDs+1))
		e.kind("too many ids", err, core.Invalid)
	}},
	{"Labels/a name is taken in its account only", func(e *env) {
		a, b := e.account().ID, e.account().ID
		for what, insert := range nameInserts(e) {
			e.tx(a, func(tx store.Tx) error { return insert(tx, a, 0, "same") })
			e.tx(b, func(tx store.Tx) error { return insert(tx, b, 0, "same") })
			e.refused(what, a, core.Conflict, func(tx store.Tx) error { return insert(tx, a, 0, "same") })
			e.tx(a, func(tx store.Tx) error { return insert(tx, a, 0, "other") })
		}
	}},
	{"Labels/a given id is kept, taken once and lifts the sequence", func(e *env) {
		a := e.account().ID
		for what, insert := range nameInserts(e) {
			e.tx(a, func(tx store.Tx) error { return insert(tx, a, 40, "forty") })
			e.refused(what, a, core.Conflict, func(tx store.Tx) error { return insert(tx, a, 40, "again") })
			// Would take 40 and fail if the sequence stood at 39.
			e.tx(a, func(tx store.Tx) error { return insert(tx, a, 39, "thirty-nine") })
			e.tx(a, func(tx store.Tx) error { return insert(tx, a, 0, "next") })
		}
	}},
	{"Labels/a label's group must exist in the account", func(e *env) {
		a, b := e.account().ID, e.account().ID
		g := core.LabelGroup{AccountID: b, Name: "g"}
		e.tx(b, func(tx store.Tx) error { return tx.InsertLabelGroup(e.ctx, &g) })
		for _, id := range []int64{g.ID, 99} {
			e.refused("group", a, core.Invalid, func(tx store.Tx) error {
				return tx.InsertLabel(e.ctx, &core.Label{AccountID: a, Title: "l", GroupID: id})
			})
		}
	}},
}

// nameInserts insert a record of each kind that has one name.
func nameInserts(e *env) map[string]func(tx store.Tx, account, id int64, name string) error {
	return map[string]func(tx store.Tx, account, id int64, name string) error{
		"team": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertTeam(e.ctx, &core.Team{ID: id, AccountID: account, Name: name})
		},
		"profile": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertProfile(e.ctx, &core.Profile{ID: id, AccountID: account, UniqueName: name})
		},
		"label group": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertLabelGroup(e.ctx, &core.LabelGroup{ID: id, AccountID: account, Name: name})
		},
		"label": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertLabel(e.ctx, &core.Label{ID: id, AccountID: account, Title: name})
		},
		"canned response": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertCannedResponse(e.ctx, &core.CannedResponse{ID: id, AccountID: account, ShortCode: name})
		},
		"attribute definition": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertAttributeDefinition(e.ctx, &core.AttributeDefinition{ID: id, AccountID: account, AppliesTo: core.AppliesToContact, Key: name})
		},
		"webhook": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertWebhook(e.ctx, &core.Webhook{ID: id, AccountID: account, URL: name})
		},
		"inbox": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertInbox(e.ctx, &core.Inbox{ID: id, AccountID: account, Name: name})
		},
		"token": func(tx store.Tx, account, id int64, name string) error {
			return tx.InsertToken(e.ctx, &core.Token{ID: id, AccountID: account, Name: name, Hash: name + string(rune('a'+account)) + string(rune('0'+id))})
		},
	}
}
