package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// orderKeys are the sort keys of each order, as the contract has them.
var orderKeys = map[store.Order]func(c core.Conversation) []int64{
	store.ByID:           func(c core.Conversation) []int64 { return []int64{c.ID} },
	store.ByLastMessage:  func(c core.Conversation) []int64 { return []int64{int64(c.LastMessageAt), int64(c.CreatedAt), c.ID} },
	store.ByLastActivity: func(c core.Conversation) []int64 { return []int64{int64(c.LastActivityAt), int64(c.CreatedAt), c.ID} },
	store.ByCreation:     func(c core.Conversation) []int64 { return []int64{int64(c.CreatedAt), c.ID} },
	store.ByClosing: func(c core.Conversation) []int64 {
		closed := int64(c.ClosedAt)
		if closed == 0 {
			closed = math.MaxInt64
		}
		return []int64{closed, int64(c.CreatedAt), c.ID}
	},
	store.ByCustomerUpdate: func(c core.Conversation) []int64 {
		return []int64{int64(c.CustomerUpdatedAt), int64(c.CreatedAt), c.ID}
	},
}

var orderNames = map[store.Order]string{
	store.ByID: "ByID", store.ByLastMessage: "ByLastMessage", store.ByLastActivity: "ByLastActivity",
	store.ByCreation: "ByCreation", store.ByClosing: "ByClosing", store.ByCustomerUpdate: "ByCustomerUpdate",
}

// sorted returns all in the order of q.
func sorted(all []core.Conversation, order store.Order, desc bool) []core.Conversation {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b core.Conversation) int {
		n := slices.Compare(orderKeys[order](a), orderKeys[order](b))
		if desc {
			n = -n
		}
		return n
	})
	return all
}

// tangled adds conversations of Ada whose times tie in every combination, some
// before 1970, some unset, with all sorts of people and labels, and returns all
// of the account.
func tangled(e *env, f Fixture) []core.Conversation {
	e.Helper()
	times := []core.Time{0, -5, noon, noon + 1}
	var all []core.Conversation
	e.tx(f.Account.ID, func(tx store.Tx) error {
		for i := range 32 {
			c := plainConversation(f)
			c.CreatedAt = times[1+i%3]
			c.LastMessageAt = times[1+(i/2)%3]
			c.LastActivityAt = times[1+(i/3)%3]
			c.CustomerUpdatedAt = times[1+(i/4)%3]
			c.ClosedAt = times[(i/2)%4]
			c.AssigneeID, c.AssigneeBotID = []int64{0, f.Admin.ID, 0}[i%3], []int64{0, 0, f.Bot.ID}[i%3]
			c.ParticipantIDs = [][]int64{nil, {f.Agent.ID}, {f.Admin.ID, f.Agent.ID}, {f.Agent.ID * 10}}[i%4]
			c.LabelIDs = [][]int64{nil, {f.Label.ID, 1000 + f.Label.ID}, {1000 + f.Label.ID}}[i%3]
			c.ContactSeq, c.AgentSeq, c.ContactCursor = int64(i%2), 5, int64(5-i%3)
			if err := tx.InsertConversation(e.ctx, &c); err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	return append(all, f.Chat, f.Invoice, f.Quiet, f.Ask)
}

func conversationsOf(threads []core.Thread) []core.Conversation {
	var all []core.Conversation
	for _, t := range threads {
		all = append(all, t.Conversation)
	}
	return all
}

func idsOf(all []core.Conversation) []int64 {
	ids := []int64{}
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// filters are thread queries, each with the conversations that it selects.
type filter struct {
	name  string
	q     store.ThreadQuery
	match func(c core.Conversation) bool
}

func filters(f Fixture) []filter {
	return []filter{
		{"all", store.ThreadQuery{}, func(core.Conversation) bool { return true }},
		{"conversation", store.ThreadQuery{ConversationID: f.Chat.ID}, func(c core.Conversation) bool { return c.ID == f.Chat.ID }},
		{"display id", store.ThreadQuery{DisplayID: f.Invoice.DisplayID}, func(c core.Conversation) bool { return c.ID == f.Invoice.ID }},
		{"identity", store.ThreadQuery{IdentityID: f.AdaWeb.ID}, func(c core.Conversation) bool { return c.IdentityID == f.AdaWeb.ID }},
		{"contact", store.ThreadQuery{ContactID: f.Visitor.ID}, func(c core.Conversation) bool { return c.ContactID == f.Visitor.ID }},
		{"contact inbox", store.ThreadQuery{ContactInboxID: f.AdaWebDoor.ID}, func(c core.Conversation) bool { return c.ContactInboxID == f.AdaWebDoor.ID }},
		{"channel", store.ThreadQuery{Channels: []core.Channel{core.ChannelEmail}}, func(c core.Conversation) bool { return c.InboxID == f.Mail.ID }},
		{"channels", store.ThreadQuery{Channels: []core.Channel{core.ChannelEmail, core.ChannelWeb, core.ChannelSMS}}, func(c core.Conversation) bool { return c.InboxID != f.API.ID }},
		{"inbox", store.ThreadQuery{InboxID: f.Mail.ID}, func(c core.Conversation) bool { return c.InboxID == f.Mail.ID }},
		{"sub-inbox", store.ThreadQuery{SubInboxID: f.Desk.ID}, func(c core.Conversation) bool { return c.SubInboxID == f.Desk.ID }},
		{"owner", store.ThreadQuery{OwnerID: f.Agent.ID}, func(c core.Conversation) bool { return c.OwnerID == f.Agent.ID }},
		{"bot", store.ThreadQuery{BotID: f.Bot.ID}, func(c core.Conversation) bool { return c.BotID == f.Bot.ID }},
		{"one state", store.ThreadQuery{States: []store.State{{Status: core.Resolved, Code: 2}}}, func(c core.Conversation) bool { return c.Status == core.Resolved }},
		{"states", store.ThreadQuery{States: []store.State{{Status: core.Resolved, Code: 4}, {Status: core.Pending}, {Status: core.Open, Code: 0}}}, func(c core.Conversation) bool { return c.Status == core.Open }},
		{"identity and states", store.ThreadQuery{IdentityID: f.AdaMail.ID, States: []store.State{{Status: core.Open}}}, func(core.Conversation) bool { return false }},
		{"contact and inbox", store.ThreadQuery{ContactID: f.Ada.ID, InboxID: f.Web.ID}, func(c core.Conversation) bool { return c.ContactID == f.Ada.ID && c.InboxID == f.Web.ID }},
		{"identity and inbox", store.ThreadQuery{IdentityID: f.AdaWeb.ID, InboxID: f.Web.ID}, func(c core.Conversation) bool { return c.IdentityID == f.AdaWeb.ID && c.InboxID == f.Web.ID }},
		{"range of creation", store.ThreadQuery{Range: store.Range{By: store.ByCreation, From: -5, To: noon}}, func(c core.Conversation) bool { return c.CreatedAt >= -5 && c.CreatedAt <= noon }},
		{"range of creation in an inbox", store.ThreadQuery{InboxID: f.Web.ID, Range: store.Range{By: store.ByCreation, From: noon, To: noon}}, func(c core.Conversation) bool { return c.InboxID == f.Web.ID && c.CreatedAt == noon }},
		{"range of closing", store.ThreadQuery{Range: store.Range{By: store.ByClosing, From: -5, To: noon + hour}}, func(c core.Conversation) bool { return c.ClosedAt.IsSet() && c.ClosedAt <= noon+hour }},
		{"range of the last message", store.ThreadQuery{Range: store.Range{By: store.ByLastMessage, From: noon, To: noon}}, func(c core.Conversation) bool { return c.LastMessageAt == noon }},
		{"range of activity", store.ThreadQuery{Range: store.Range{By: store.ByLastActivity, From: noon, To: noon}}, func(c core.Conversation) bool { return c.LastActivityAt == noon }},
		{"range of customer updates", store.ThreadQuery{Range: store.Range{By: store.ByCustomerUpdate, From: -5, To: -5}}, func(c core.Conversation) bool { return c.CustomerUpdatedAt == -5 }},
		{"empty range", store.ThreadQuery{Range: store.Range{By: store.ByCreation, From: noon, To: noon - 1}}, func(core.Conversation) bool { return false }},
		{"conversations", store.ThreadQuery{ConversationIDs: []int64{f.Ask.ID, f.Chat.ID, 999_999}}, func(c core.Conversation) bool { return c.ID == f.Ask.ID || c.ID == f.Chat.ID }},
		{"conversations of an inbox", store.ThreadQuery{ConversationIDs: []int64{f.Ask.ID, f.Invoice.ID}, InboxID: f.Mail.ID}, func(c core.Conversation) bool { return c.ID == f.Invoice.ID }},
		{"inboxes", store.ThreadQuery{InboxIDs: []int64{f.Mail.ID, f.API.ID}}, func(c core.Conversation) bool { return c.InboxID != f.Web.ID }},
		{"statuses", store.ThreadQuery{Statuses: []core.Status{core.Resolved, core.Snoozed}}, func(c core.Conversation) bool { return c.Status == core.Resolved }},
		{"open", store.ThreadQuery{Statuses: []core.Status{core.Open}}, func(c core.Conversation) bool { return c.Status == core.Open }},
		{"team", store.ThreadQuery{TeamID: f.Team.ID}, func(c core.Conversation) bool { return c.TeamID == f.Team.ID }},
		{"assignee", store.ThreadQuery{AssigneeID: f.Admin.ID}, func(c core.Conversation) bool { return c.AssigneeID == f.Admin.ID }},
		{"assignee bot", store.ThreadQuery{AssigneeID: f.Bot.ID}, func(c core.Conversation) bool { return c.AssigneeBotID == f.Bot.ID }},
		{"unassigned", store.ThreadQuery{Unassigned: true}, func(c core.Conversation) bool { return c.AssigneeID == 0 && c.AssigneeBotID == 0 }},
		{"participant", store.ThreadQuery{ParticipantID: f.Agent.ID}, func(c core.Conversation) bool { return slices.Contains(c.ParticipantIDs, f.Agent.ID) }},
		{"label", store.ThreadQuery{LabelID: f.Label.ID}, func(c core.Conversation) bool { return slices.Contains(c.LabelIDs, f.Label.ID) }},
		{"unread by the contact", store.ThreadQuery{Unread: &store.CursorOf{Side: core.ContactSide}}, func(c core.Conversation) bool { return c.ContactUnread() > 0 }},
		{"unread by the contact, one contact", store.ThreadQuery{ContactID: f.Ada.ID, Unread: &store.CursorOf{Side: core.ContactSide}}, func(c core.Conversation) bool { return c.ContactID == f.Ada.ID && c.ContactUnread() > 0 }},
		{"unread by the agents", store.ThreadQuery{Unread: &store.CursorOf{Side: core.AgentSide}}, func(c core.Conversation) bool { return c.AgentUnread() > 0 }},
		{"unread by an agent without cursors", store.ThreadQuery{Unread: &store.CursorOf{Side: core.AgentSide, AgentID: f.Admin.ID}}, func(c core.Conversation) bool { return c.AgentUnread() > 0 }},
		{"open, unassigned, in some inboxes", store.ThreadQuery{InboxIDs: []int64{f.Mail.ID, f.Web.ID}, Statuses: []core.Status{core.Open}, Unassigned: true}, func(c core.Conversation) bool { return c.Status == core.Open && c.AssigneeID+c.AssigneeBotID == 0 }},
		{"absent identity", store.ThreadQuery{IdentityID: 999}, func(core.Conversation) bool { return false }},
	}
}

var threadChecks = []check{
	{"Threads/every order and both directions, ties by creation and id", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for order := range orderKeys {
			for _, desc := range []bool{false, true} {
				q := store.ThreadQuery{Order: order, Desc: desc, Limit: 100}
				got := conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, q)))
				e.same(fmt.Sprint(orderNames[order], " desc ", desc), got, sorted(all, order, desc))
			}
		}
	}},
	{"Threads/pages by offset cover the list exactly once", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for order := range orderKeys {
			for _, size := range []int{1, 7, 36} {
				desc := size != 7
				var got []core.Conversation
				for offset := 0; ; offset += size {
					q := store.ThreadQuery{Order: order, Desc: desc, Limit: size, Offset: offset}
					page := must(e.st.ListThreads(e.ctx, f.Account.ID, q))
					if got = append(got, conversationsOf(page)...); len(page) < size {
						break
					}
				}
				e.same(fmt.Sprint(orderNames[order], " by ", size), idsOf(got), idsOf(sorted(all, order, desc)))
			}
		}
	}},
	{"Threads/pages after an id cover the list exactly once, while rows move", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for _, desc := range []bool{false, true} {
			for _, size := range []int{1, 5, 36} {
				var got []core.Conversation
				var from *store.Place
				for {
					q := store.ThreadQuery{Desc: desc, Limit: size, From: from}
					page := must(e.st.ListThreads(e.ctx, f.Account.ID, q))
					if got = append(got, conversationsOf(page)...); len(page) < size {
						break
					}
					from = &store.Place{ID: got[len(got)-1].ID}
					if size == 5 { // the list by id does not move with a message
						e.tx(f.Account.ID, func(tx store.Tx) error {
							_, _, err := Say(e.ctx, tx, f.Ask, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Visitor.ID}, CreatedAt: noon + hour})
							return err
						})
					}
				}
				e.same(fmt.Sprint("desc ", desc, " by ", size), idsOf(got), idsOf(sorted(all, store.ByID, desc)))
			}
		}
	}},
	{"Threads/every filter, alone and in every order", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		for _, filter := range filters(f) {
			for order := range orderKeys {
				q := filter.q
				q.Order, q.Desc, q.Limit = order, true, 100
				var want []core.Conversation
				for _, c := range all {
					if filter.match(c) {
						want = append(want, c)
					}
				}
				got := conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, q)))
				e.same(filter.name+" "+orderNames[order], idsOf(got), idsOf(sorted(want, order, true)))
				if n := must(e.st.CountThreads(e.ctx, f.Account.ID, q)); n != int64(len(want)) {
					e.Errorf("%s: CountThreads: got %d, want %d", filter.name, n, len(want))
				}
			}
		}
	}},
	{"Threads/CountThreads ignores the paging", func(e *env) {
		f := Seed(e, e.st)
		for _, q := range []store.ThreadQuery{
			{ContactID: f.Ada.ID},
			{ContactID: f.Ada.ID, Limit: 1},
			{ContactID: f.Ada.ID, Limit: 1, Offset: 2},
			{ContactID: f.Ada.ID, From: &store.Place{ID: f.Ask.ID}},
			{ContactID: f.Ada.ID, With: store.WithContact | store.WithLast},
		} {
			if n := must(e.st.CountThreads(e.ctx, f.Account.ID, q)); n != 3 {
				e.Errorf("%+v: got %d, want 3", q, n)
			}
		}
		if n := must(e.st.CountThreads(e.ctx, f.Account.ID, store.ThreadQuery{Limit: 1})); n != 4 {
			e.Errorf("without a filter: got %d, want 4", n)
		}
	}},
	{"Threads/CountThreads without a filter follows the transaction", func(e *env) {
		f := Seed(e, e.st)
		e.tx(f.Account.ID, func(tx store.Tx) error {
			c := plainConversation(f)
			err := tx.InsertConversation(e.ctx, &c)
			if n, nerr := tx.CountThreads(e.ctx, f.Account.ID, store.ThreadQuery{}); nerr != nil || n != 5 {
				e.Errorf("inside: got %d, %v, want 5", n, nerr)
			}
			return err
		})
		if n := must(e.st.Account(e.ctx, f.Account.ID)).ConversationCount; n != 5 {
			e.Errorf("kept counter: got %d, want 5", n)
		}
	}},
	{"Threads/queries without a meaning are refused", func(e *env) {
		account := e.account().ID
		for what, q := range map[string]store.ThreadQuery{
			"no limit":         {},
			"negative limit":   {Limit: -1},
			"negative offset":  {Limit: 1, Offset: -1},
			"unknown order":    {Limit: 1, Order: 77},
			"scan":             {Limit: 1, Scan: 1},
			"unknown status":   {Limit: 1, Statuses: []core.Status{"lost"}},
			"too many inboxes": {Limit: 1, InboxIDs: make([]int64, store.MaxIDs+1)},
			"unknown range":    {Limit: 1, Range: store.Range{By: 77}},
		} {
			_, err := e.st.ListThreads(e.ctx, account, q)
			e.kind(what, err, core.Invalid)
		}
		_, err := e.st.CountThreads(e.ctx, account, store.ThreadQuery{Range: store.Range{By: 77}})
		e.kind("unknown range, counted", err, core.Invalid)
	}},
	{"Threads/States matches any number of pairs", func(e *env) {
		f := Seed(e, e.st)
		for _, n := range []int{1, 2, 4, 5, 17} {
			var states []store.State
			for i := range n - 1 {
				states = append(states, store.State{Status: core.Snoozed, Code: int64(i)})
			}
			states = append(states, store.State{Status: core.Resolved, Code: 2})
			got := must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{Limit: 9, States: states}))
			e.same(fmt.Sprint(n, " states"), idsOf(conversationsOf(got)), []int64{f.Invoice.ID})
		}
	}},
	{"Threads/Ext compares the text of a member, else the status or the channel", func(e *env) {
		f := Seed(e, e.st)
		ids := map[string]int64{}
		for name, ext := range map[string]core.JSON{
			"active":  `{"uncodie":{"status":"active","channel":"web chat"}}`,
			"Active":  `{"uncodie":{"status":"Active"}}`,
			"quoted":  `{"uncodie":{"status":"it's \"éß\" \\ %_"}}`,
			"null":    `{"uncodie":{"status":null}}`,
			"other":   `{"commbox":{"status":"active"}}`,
			"number":  `{"uncodie":{"status": 12}}`,
			"nothing": ``,
			"object":  `{}`,
			"scalar":  `{"uncodie":"active"}`,
		} {
			c := plainConversation(f)
			c.Ext, c.Subject, c.InboxID = ext, name, f.API.ID
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &c) })
			ids[name] = c.ID
		}
		status := []string{"uncodie", "status"}
		absent := []string{"null", "other", "nothing", "object", "scalar"}
		for _, step := range []struct {
			match []store.ExtMatch
			want  []string
		}{
			{[]store.ExtMatch{{Path: status, Value: "active"}}, []string{"active"}},
			{[]store.ExtMatch{{Path: status, Value: "ACTIVE"}}, nil},
			{[]store.ExtMatch{{Path: status, Value: `it's "éß" \ %_`}}, []string{"quoted"}},
			{[]store.ExtMatch{{Path: status, Value: "12"}}, []string{"number"}},
			{[]store.ExtMatch{{Path: status, Value: ""}}, nil},
			{[]store.ExtMatch{{Path: status, Value: "active", OrStatuses: []core.Status{core.Open}}}, append([]string{"active"}, absent...)},
			{[]store.ExtMatch{{Path: status, Value: "x", OrStatuses: []core.Status{core.Pending, core.Resolved}}}, nil},
			{[]store.ExtMatch{{Path: status, Value: "x", OrChannels: []core.Channel{core.ChannelSMS, core.ChannelAPI}}}, absent},
			{[]store.ExtMatch{{Path: status, Value: "active"}, {Path: []string{"uncodie", "channel"}, Value: "web chat"}}, []string{"active"}},
			{[]store.ExtMatch{{Path: status, Value: "active"}, {Path: []string{"uncodie", "channel"}, Value: "x"}}, nil},
		} {
			q := store.ThreadQuery{InboxID: f.API.ID, Ext: step.match, Limit: 50}
			want := []int64{}
			for _, name := range step.want {
				want = append(want, ids[name])
			}
			slices.Sort(want)
			e.same(fmt.Sprintf("%+v", step.match), idsOf(conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, q)))), want)
			if n := must(e.st.CountThreads(e.ctx, f.Account.ID, q)); n != int64(len(want)) {
				e.Errorf("%+v: CountThreads: got %d, want %d", step.match, n, len(want))
			}
		}
	}},
}

// addressChecks are about the one member of ext that is looked up by an index.
var addressChecks = []check{
	{"Threads/Ext finds an address of any length", func(e *env) {
		f := Seed(e, e.st)
		addresses := []string{"", "972505555555", "<1@example.org>", "it's \"é\" \\", strings.Repeat("é", 255), strings.Repeat("é", 256), strings.Repeat("é", 255) + "x", strings.Repeat("m", 5000)}
		for i, address := range addresses {
			c := plainConversation(f)
			quoted, err := json.Marshal(address)
			if err != nil {
				fail("%v", err)
			}
			c.Ext, c.Subject = core.JSON(`{"commbox":{"provider_address":`+string(quoted)+`,"provider_type":`+fmt.Sprint(i)+`}}`), address
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &c) })
		}
		for _, address := range append(addresses, "97250555555", strings.Repeat("m", 4999)) {
			want := []string{}
			if slices.Contains(addresses, address) {
				want = append(want, address)
			}
			for _, order := range []store.Order{store.ByCreation, store.ByClosing} {
				q := store.ThreadQuery{InboxID: f.Web.ID, Order: order, Limit: 9, Ext: []store.ExtMatch{{Path: []string{"commbox", "provider_address"}, Value: address}}}
				got := []string{}
				for _, t := range must(e.st.ListThreads(e.ctx, f.Account.ID, q)) {
					got = append(got, t.Conversation.Subject)
				}
				e.same(fmt.Sprintf("%.30s %s", address, orderNames[order]), got, want)
			}
		}
	}},
	{"Threads/CountStates counts every conversation once", func(e *env) {
		f := Seed(e, e.st)
		all := tangled(e, f)
		want := map[store.StateCount]int64{}
		for _, c := range all {
			want[store.StateCount{InboxID: c.InboxID, SubInboxID: c.SubInboxID, State: store.State{Status: c.Status, Code: c.StatusCode}}]++
		}
		got := map[store.StateCount]int64{}
		for _, c := range must(e.st.CountStates(e.ctx, f.Account.ID)) {
			n := c.Count
			c.Count = 0
			got[c] += n
		}
		e.same("counts", got, want)
		e.same("of an empty account", must(e.st.CountStates(e.ctx, e.account().ID)), []store.StateCount{})
	}},
}

// extChecks are about what the engines' JSON parsers do not agree on.
var extChecks = []check{
	{"Threads/an ext that an engine cannot look into is refused", func(e *env) {
		f := Seed(e, e.st)
		for _, ext := range []core.JSON{
			"{", "no JSON", "{'a':1}", `{"a":1,}`, "{} {}", "// x\n{}", "NaN", `{"a":"\u0000"}`, `{"a":"x\\\u0000"}`, `{"\u0000":1}`,
			`{"a":"\ud800"}`, `{"a":"\udc00\ud800"}`, `{"a":"\ud800\u0041"}`, `{"a":"\uD83D\\uDE00"}`,
			core.JSON(strings.Repeat("[", 501) + strings.Repeat("]", 501)),
		} {
			v := plainConversation(f)
			v.Ext = ext
			e.refused("insert "+string(ext), f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			u := f.Chat
			u.Ext = ext
			e.refused("update "+string(ext), f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, u) })
		}
	}},
	{"Threads/an odd ext does not fail a filter", func(e *env) {
		f := Seed(e, e.st)
		var odd []core.Conversation
		for _, ext := range []core.JSON{
			oddJSON, "null", "1", `"x"`, "[]", "{ }", `{"a":"\\u0000"}`, `{"a":"\ud83d\ude00\\"}`, `{"uncodie":[1]}`, `{"uncodie":{"status":{"deep":[1]}}}`,
			`{"n":1e400,"i":123456789012345678901234567890}`, "{\"a\":\"\u2028\x7f\"}", core.JSON(strings.Repeat("[", 500) + strings.Repeat("]", 500)),
		} {
			v := plainConversation(f)
			v.Ext = ext
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			odd = append(odd, v)
		}
		q := store.ThreadQuery{Limit: 50, Ext: []store.ExtMatch{{Path: []string{"uncodie", "status"}, Value: "active"}}}
		e.same("match", idsOf(conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, q)))), []int64{f.Chat.ID})
		e.same("kept", conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{Limit: 50, From: &store.Place{ID: f.Ask.ID}}))), odd)
	}},
}

var lastChecks = []check{
	{"Threads/only the parts that were asked for are filled", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		full := core.Thread{
			Conversation: f.Chat, Contact: f.Ada, IdentityCount: 2, Identity: f.AdaWeb, Inbox: f.Web,
			OwnerUUID: f.Agent.UUID, Primary: &f.Entries[f.Chat.ID][0],
			Last: &core.Line{Entry: f.Entries[f.Chat.ID][3], Agent: &f.Agent},
		}
		for with := store.Parts(0); with < 1<<7; with++ {
			got := must(e.st.ListThreads(e.ctx, account, store.ThreadQuery{ConversationID: f.Chat.ID, Limit: 5, With: with}))
			want := core.Thread{Conversation: full.Conversation}
			if with&store.WithContact != 0 {
				want.Contact, want.IdentityCount = full.Contact, full.IdentityCount
			}
			if with&store.WithIdentity != 0 {
				want.Identity = full.Identity
			}
			if with&store.WithInbox != 0 {
				want.Inbox = full.Inbox
			}
			if with&(store.WithLast|store.WithLastListed) != 0 {
				want.Last = full.Last
			}
			if with&store.WithPrimary != 0 {
				want.Primary = full.Primary
			}
			if with&store.WithAgents != 0 {
				want.OwnerUUID = full.OwnerUUID
			}
			e.same(fmt.Sprintf("with %07b", with), got, []core.Thread{want})
		}
	}},
	{"Threads/the parts of each thread are its own", func(e *env) {
		f := Seed(e, e.st)
		const all = store.WithContact | store.WithIdentity | store.WithInbox | store.WithPrimary | store.WithLast | store.WithAgents
		got := must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{Limit: 9, With: all}))
		entries := f.Entries
		e.same("threads", got, []core.Thread{
			{
				Conversation: f.Chat, Contact: f.Ada, IdentityCount: 2, Identity: f.AdaWeb, Inbox: f.Web, OwnerUUID: f.Agent.UUID,
				Primary: &entries[f.Chat.ID][0], Last: &core.Line{Entry: entries[f.Chat.ID][3], Agent: &f.Agent},
			},
			{
				Conversation: f.Invoice, Contact: f.Ada, IdentityCount: 2, Identity: f.AdaMail, Inbox: f.Mail,
				Primary: &entries[f.Invoice.ID][0], Last: &core.Line{Entry: entries[f.Invoice.ID][0], Contact: &f.Ada, Identity: &f.AdaMail},
			},
			{Conversation: f.Quiet, Contact: f.Ada, IdentityCount: 2, Identity: f.AdaWeb, Inbox: f.Web, BotUUID: f.Bot.UUID},
			{
				Conversation: f.Ask, Contact: f.Visitor, IdentityCount: 1, Identity: f.VisitorWeb, Inbox: f.Web,
				Primary: &entries[f.Ask.ID][0], Last: &core.Line{Entry: entries[f.Ask.ID][0], Contact: &f.Visitor, Identity: &f.VisitorWeb},
			},
		})
	}},
	{"Threads/the last message and the last listed one, whoever said them", func(e *env) {
		f := Seed(e, e.st)
		last := func(with store.Parts) core.Line {
			e.Helper()
			t := must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{ConversationID: f.Quiet.ID, Limit: 1, With: with}))
			if t[0].Last == nil {
				return core.Line{}
			}
			return *t[0].Last
		}
		say := func(en core.Entry) core.Entry {
			en.Kind, en.CreatedAt = core.Message, noon
			e.tx(f.Account.ID, func(tx store.Tx) (err error) {
				en, _, err = Say(e.ctx, tx, f.Quiet, en)
				return err
			})
			return en
		}
		e.same("none", last(store.WithLast), core.Line{})
		unlisted := say(core.Entry{Sender: core.Actor{Type: core.ActorSystem}})
		e.same("system", last(store.WithLast), core.Line{Entry: unlisted})
		e.same("nothing listed", last(store.WithLastListed), core.Line{})
		bot := say(core.Entry{Sender: core.Actor{Type: core.ActorAgent, ID: f.Bot.ID}, Origin: core.OriginBot, Listed: true})
		e.same("bot", last(store.WithLastListed), core.Line{Entry: bot, Agent: &f.Bot})
		other := say(core.Entry{Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID, IdentityID: f.AdaMail.ID}})
		e.same("contact through another identity", last(store.WithLast), core.Line{Entry: other, Contact: &f.Ada, Identity: &f.AdaMail})
		e.same("both asked for: the listed one", last(store.WithLast|store.WithLastListed), core.Line{Entry: bot, Agent: &f.Bot})
		gone := say(core.Entry{Sender: core.Actor{Type: core.ActorAgent, ID: 999}})
		e.same("an agent that is not there", last(store.WithLast), core.Line{Entry: gone})
		e.tx(f.Account.ID, func(tx store.Tx) error {
			c, err := tx.LockConversation(e.ctx, f.Account.ID, f.Quiet.ID)
			core.Delete(&c, &gone, noon+1)
			return first(err, tx.UpdateEntry(e.ctx, gone), tx.UpdateConversation(e.ctx, c))
		})
		e.same("a tombstone", last(store.WithLast), core.Line{Entry: gone})
	}},
	{"Threads/the primary message", func(e *env) {
		f := Seed(e, e.st)
		primary := f.Entries[f.Chat.ID][3]
		e.tx(f.Account.ID, func(tx store.Tx) error {
			c, err := tx.LockConversation(e.ctx, f.Account.ID, f.Chat.ID)
			c.PrimaryMessageID = primary.ID
			return first(err, tx.UpdateConversation(e.ctx, c))
		})
		q := store.ThreadQuery{ConversationID: f.Chat.ID, Limit: 1, With: store.WithPrimary}
		e.same("primary", must(e.st.ListThreads(e.ctx, f.Account.ID, q))[0].Primary, &primary)
	}},
	{"Threads/the attachments of the last message", func(e *env) {
		f := Seed(e, e.st)
		var want []core.Attachment
		var entry core.Entry
		e.tx(f.Account.ID, func(tx store.Tx) (err error) {
			want = nil
			en := core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}, AttachmentCount: 3, CreatedAt: noon}
			if entry, _, err = Say(e.ctx, tx, f.Chat, en); err != nil {
				return err
			}
			for i := range 3 {
				a := core.Attachment{AccountID: f.Account.ID, ConversationID: f.Chat.ID, MessageID: entry.ID, Name: fmt.Sprint(i)}
				if err := tx.InsertAttachment(e.ctx, &a); err != nil {
					return err
				}
				want = append(want, a)
			}
			return nil
		})
		got := must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{Limit: 9, With: store.WithLast}))
		e.same("with", got[0].Last, &core.Line{Entry: entry, Contact: &f.Ada, Identity: &f.AdaWeb, Attachments: want})
		e.same("without", got[1].Last.Attachments, []core.Attachment{})
	}},
}
