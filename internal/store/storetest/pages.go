package storetest

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// pageOf is one method of store.Page, reduced to ids.
type pageOf struct {
	name string
	list func(ctx context.Context, account, after int64, limit int) ([]int64, error)
	// insert adds one row with the id, 0 = the next.
	insert func(tx store.Tx, f Fixture, n int) (int64, error)
}

func ids[T any](list func(ctx context.Context, account, after int64, limit int) ([]T, error), id func(v T) int64) func(ctx context.Context, account, after int64, limit int) ([]int64, error) {
	return func(ctx context.Context, account, after int64, limit int) ([]int64, error) {
		rows, err := list(ctx, account, after, limit)
		got := []int64{}
		for _, row := range rows {
			got = append(got, id(row))
		}
		return got, err
	}
}

func pagesOf(e *env) []pageOf {
	st, ctx := e.st, e.ctx
	return []pageOf{
		{"PageAgents", ids(st.PageAgents, func(v core.Agent) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := agent(f.Account.ID, fmt.Sprint(n))
			return insertedID(tx.InsertAgent(ctx, &v), &v.ID)
		}},
		{"PageProfiles", ids(st.PageProfiles, func(v core.Profile) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Profile{AccountID: f.Account.ID, UniqueName: fmt.Sprint(n)}
			return insertedID(tx.InsertProfile(ctx, &v), &v.ID)
		}},
		{"PageTokens", ids(st.PageTokens, func(v core.Token) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Token{AccountID: f.Account.ID, Name: fmt.Sprint(n), Hash: fmt.Sprint(f.Account.ID, "-", n)}
			return insertedID(tx.InsertToken(ctx, &v), &v.ID)
		}},
		{"PageTeams", ids(st.PageTeams, func(v core.Team) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Team{AccountID: f.Account.ID, Name: fmt.Sprint(n)}
			return insertedID(tx.InsertTeam(ctx, &v), &v.ID)
		}},
		{"PageLabelGroups", ids(st.PageLabelGroups, func(v core.LabelGroup) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.LabelGroup{AccountID: f.Account.ID, Name: fmt.Sprint(n)}
			return insertedID(tx.InsertLabelGroup(ctx, &v), &v.ID)
		}},
		{"PageLabels", ids(st.PageLabels, func(v core.Label) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Label{AccountID: f.Account.ID, Title: fmt.Sprint(n)}
			return insertedID(tx.InsertLabel(ctx, &v), &v.ID)
		}},
		{"PageInboxes", ids(st.PageInboxes, func(v core.Inbox) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Inbox{AccountID: f.Account.ID, Name: fmt.Sprint(n)}
			return insertedID(tx.InsertInbox(ctx, &v), &v.ID)
		}},
		{"PageSubInboxes", ids(st.PageSubInboxes, func(v core.SubInbox) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.SubInbox{AccountID: f.Account.ID, InboxID: f.Web.ID, Name: fmt.Sprint(n)}
			return insertedID(tx.InsertSubInbox(ctx, &v), &v.ID)
		}},
		{"PageContacts", ids(st.PageContacts, func(v core.Contact) int64 { return v.ID }), func(tx store.Tx, f Fixture, _ int) (int64, error) {
			v := core.Contact{AccountID: f.Account.ID}
			return insertedID(tx.InsertContact(ctx, &v), &v.ID)
		}},
		{"PageIdentities", ids(st.PageIdentities, func(v core.Identity) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Identity{AccountID: f.Account.ID, ContactID: f.Ada.ID, Address: fmt.Sprint(n)}
			return insertedID(tx.InsertIdentity(ctx, &v), &v.ID)
		}},
		{"PageContactInboxes", ids(st.PageContactInboxes, func(v core.ContactInbox) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.ContactInbox{AccountID: f.Account.ID, IdentityID: f.AdaWeb.ID, ContactID: f.Ada.ID, InboxID: f.Web.ID, SourceID: fmt.Sprint(n)}
			return insertedID(tx.InsertContactInbox(ctx, &v), &v.ID)
		}},
		{"PageConversations", ids(st.PageConversations, func(v core.Conversation) int64 { return v.ID }), func(tx store.Tx, f Fixture, _ int) (int64, error) {
			v := plainConversation(f)
			return insertedID(tx.InsertConversation(ctx, &v), &v.ID)
		}},
		{"PageCannedResponses", ids(st.PageCannedResponses, func(v core.CannedResponse) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.CannedResponse{AccountID: f.Account.ID, ShortCode: fmt.Sprint(n)}
			return insertedID(tx.InsertCannedResponse(ctx, &v), &v.ID)
		}},
		{"PageAttributeDefinitions", ids(st.PageAttributeDefinitions, func(v core.AttributeDefinition) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.AttributeDefinition{AccountID: f.Account.ID, AppliesTo: core.AppliesToContact, Key: fmt.Sprint(n)}
			return insertedID(tx.InsertAttributeDefinition(ctx, &v), &v.ID)
		}},
		{"PageWebhooks", ids(st.PageWebhooks, func(v core.Webhook) int64 { return v.ID }), func(tx store.Tx, f Fixture, n int) (int64, error) {
			v := core.Webhook{AccountID: f.Account.ID, URL: fmt.Sprint(n)}
			return insertedID(tx.InsertWebhook(ctx, &v), &v.ID)
		}},
	}
}

func insertedID(err error, id *int64) (int64, error) { return *id, err }

var pageChecks = []check{
	{"Page/every table pages by id and covers the account exactly once", func(e *env) {
		one, two := Seed(e, e.st), Seed(e, e.st)
		for _, p := range pagesOf(e) {
			before := must(p.list(e.ctx, one.Account.ID, 0, 100))
			want := before
			for n := range 5 {
				// Rows of another account lie between.
				for _, f := range []Fixture{one, two} {
					e.tx(f.Account.ID, func(tx store.Tx) error {
						id, err := p.insert(tx, f, n)
						if f.Account.ID == one.Account.ID {
							want = append(want, id)
						}
						return err
					})
				}
			}
			for _, size := range []int{1, 3, len(want), 100} {
				got := []int64{}
				for after := int64(0); ; after = got[len(got)-1] {
					page := must(p.list(e.ctx, one.Account.ID, after, size))
					if got = append(got, page...); len(page) < size {
						break
					}
				}
				e.same(fmt.Sprint(p.name, " by ", size), got, want)
			}
		}
	}},
	{"Page/nothing in an empty account, and a limit is needed", func(e *env) {
		account := e.account().ID
		for _, p := range pagesOf(e) {
			if got := must(p.list(e.ctx, account, 0, 5)); len(got) != 0 {
				e.Errorf("%s: got %v", p.name, got)
			}
			for _, limit := range []int{0, -1} {
				_, err := p.list(e.ctx, account, 0, limit)
				e.kind(p.name, err, core.Invalid)
			}
		}
		_, err := e.st.PageReadCursors(e.ctx, account, 1, 0, 0)
		e.kind("PageReadCursors", err, core.Invalid)
	}},
	{"Page/rows come whole", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		e.same("agents", must(e.st.PageAgents(e.ctx, account, 0, 9)), []core.Agent{f.Admin, f.Agent, f.Bot})
		e.same("teams", must(e.st.PageTeams(e.ctx, account, 0, 9)), []core.Team{f.Team})
		e.same("labels", must(e.st.PageLabels(e.ctx, account, 0, 9)), []core.Label{f.Label})
		e.same("inboxes", must(e.st.PageInboxes(e.ctx, account, 0, 9)), []core.Inbox{f.Web, f.API, f.Mail})
		e.same("sub-inboxes", must(e.st.PageSubInboxes(e.ctx, account, 0, 9)), []core.SubInbox{f.Desk})
		e.same("contacts", must(e.st.PageContacts(e.ctx, account, 0, 9)), []core.Contact{f.Ada, f.Visitor})
		e.same("identities", must(e.st.PageIdentities(e.ctx, account, 0, 9)), []core.Identity{f.AdaWeb, f.AdaMail, f.VisitorWeb})
		e.same("contact inboxes", must(e.st.PageContactInboxes(e.ctx, account, 0, 9)), []core.ContactInbox{f.AdaWebDoor, f.AdaMailDoor, f.VisitorDoor})
		e.same("conversations", must(e.st.PageConversations(e.ctx, account, 0, 9)), []core.Conversation{f.Chat, f.Invoice, f.Quiet, f.Ask})
	}},
}

var idChecks = []check{
	{"IDs/OwnersByID tells whose an id is, in every space and account", func(e *env) {
		one, two := seedTheirs(e), Seed(e, e.st)
		a, b := one.Account.ID, two.Account.ID
		for space, owners := range map[store.IDSpace]map[int64]int64{
			store.AccountIDs:             {a: a, b: b},
			store.PersonIDs:              {one.Agent.ID: a, one.Ada.ID: a, two.Bot.ID: b, two.Visitor.ID: b},
			store.IdentityIDs:            {one.Agent.IdentityID: a, one.AdaWeb.ID: a, two.Bot.IdentityID: b, two.AdaMail.ID: b},
			store.EntryIDs:               {one.Entries[one.Chat.ID][1].ID: a, two.Entries[two.Ask.ID][0].ID: b},
			store.TokenIDs:               {one.token.ID: a},
			store.TeamIDs:                {one.Team.ID: a, two.Team.ID: b},
			store.LabelGroupIDs:          {one.group.ID: a},
			store.LabelIDs:               {one.Label.ID: a, two.Label.ID: b},
			store.InboxIDs:               {one.Web.ID: a, two.API.ID: b},
			store.SubInboxIDs:            {one.Desk.ID: a, two.Desk.ID: b},
			store.ContactInboxIDs:        {one.AdaWebDoor.ID: a, two.VisitorDoor.ID: b},
			store.ConversationIDs:        {one.Chat.ID: a, two.Quiet.ID: b},
			store.AttachmentIDs:          {one.attachment.ID: a},
			store.CannedResponseIDs:      {one.canned.ID: a},
			store.AttributeDefinitionIDs: {one.definition.ID: a},
			store.WebhookIDs:             {one.hook.ID: a},
		} {
			asked := []int64{888_888, -1, 0}
			for id := range owners {
				asked = append(asked, id, id)
			}
			e.same(string(space), must(e.st.OwnersByID(e.ctx, space, asked)), owners)
		}
	}},
	{"IDs/OwnersByID of nothing, too much and an unknown space", func(e *env) {
		if got := must(e.st.OwnersByID(e.ctx, store.PersonIDs, nil)); len(got) != 0 {
			e.Errorf("got %v", got)
		}
		_, err := e.st.OwnersByID(e.ctx, store.PersonIDs, make([]int64, store.MaxIDs+1))
		e.kind("too many", err, core.Invalid)
		_, err = e.st.OwnersByID(e.ctx, "settings", []int64{1})
		e.kind("unknown space", err, core.Invalid)
	}},
	{"IDs/LiftIDs keeps ids from being given out, and never goes back", func(e *env) {
		account := e.account().ID
		e.tx(account, func(tx store.Tx) error {
			return first(
				tx.LiftIDs(e.ctx, store.EntryIDs, 5_000), tx.LiftIDs(e.ctx, store.EntryIDs, 10), tx.LiftIDs(e.ctx, store.PersonIDs, 6_000),
				tx.LiftIDs(e.ctx, store.IdentityIDs, 7_000))
		})
		e.tx(account, func(tx store.Tx) error {
			entry, err := tx.NextEntryID(e.ctx)
			if err != nil {
				return err
			}
			a := agent(account, "a")
			if err := tx.InsertAgent(e.ctx, &a); err != nil {
				return err
			}
			if entry <= 5_000 || a.ID <= 6_000 || a.IdentityID <= 7_000 {
				e.Errorf("entry %d, agent %d, identity %d", entry, a.ID, a.IdentityID)
			}
			return nil
		})
		e.refused("a table's own space", account, core.Invalid, func(tx store.Tx) error { return tx.LiftIDs(e.ctx, store.TeamIDs, 1) })
		e.refused("an id too high", account, core.Invalid, func(tx store.Tx) error { return tx.LiftIDs(e.ctx, store.EntryIDs, core.MaxID+1) })
	}},
}

var stagingChecks = []check{
	{"Staging/PutStaged stores under account, kind and key, over an older text", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return first(
				tx.PutStaged(e.ctx, a, "line", 1, "old"), tx.PutStaged(e.ctx, a, "line", 1, "new"), tx.PutStaged(e.ctx, a, "line", 2, "two"),
				tx.PutStaged(e.ctx, a, "Line", 1, ""), tx.PutStaged(e.ctx, b, "line", 1, "b"), tx.PutStaged(e.ctx, 0, "line", -5, "zero"))
		})
		for _, step := range []struct {
			account int64
			kind    string
			key     int64
			want    string
		}{{a, "line", 1, "new"}, {a, "line", 2, "two"}, {a, "Line", 1, ""}, {b, "line", 1, "b"}, {0, "line", -5, "zero"}} {
			e.tx(a, func(tx store.Tx) error {
				if got := found(tx.FindStaged(e.ctx, step.account, step.kind, step.key)); got != step.want {
					e.Errorf("%+v: got %q", step, got)
				}
				return nil
			})
		}
	}},
	{"Staging/ClearStaged removes the account's and no others", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return first(tx.PutStaged(e.ctx, a, "x", 1, "a"), tx.PutStaged(e.ctx, b, "x", 1, "b"), tx.ClearStaged(e.ctx, a))
		})
		e.tx(a, func(tx store.Tx) error {
			_, ok, err := tx.FindStaged(e.ctx, a, "x", 1)
			if ok || err != nil {
				e.Errorf("got %v, %v", ok, err)
			}
			_, ok, err = tx.FindStaged(e.ctx, b, "x", 1)
			if !ok || err != nil {
				e.Errorf("other account: got %v, %v", ok, err)
			}
			return nil
		})
	}},
}
