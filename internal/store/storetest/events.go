package storetest

import (
	"fmt"
	"slices"
	"sync"

	"parley/internal/core"
	"parley/internal/store"
)

// Payloads has one event of every type with every field of its payload set,
// but for the secrets that events leave out.
func Payloads(account int64) []core.Event {
	agent, token, inbox := filled[core.Agent](1), filled[core.Token](2), filled[core.Inbox](3)
	contactInbox, webhook := filled[core.ContactInbox](4), filled[core.Webhook](5)
	agent.PasswordHash, token.Hash, inbox.HMACToken, inbox.WebsiteToken, contactInbox.PubsubToken = "", "", "", "", ""
	webhook.Secret, webhook.FormerSecret = "", ""
	conversation := filled[core.Conversation](6)
	conversation.OpenedBy = core.AgentSide
	entry := core.EntryChange{Entry: filled[core.Entry](7), Attachments: []core.Attachment{filled[core.Attachment](8), filled[core.Attachment](9)}, Conversation: conversation}
	cursor := filled[core.ReadCursor](10)
	change := core.ConversationChange{Conversation: conversation, Changed: []string{"status", "labels"}, Cause: "idle", FromInboxID: 36, Before: filled[core.Before](45)}
	wasContact, wasInbox := filled[core.Contact](46), inbox
	wasInbox.Name = "Before"
	data := map[core.EventType]core.EventData{
		core.AccountCreated: filled[core.Account](11), core.AccountUpdated: filled[core.Account](12),
		core.AccountImported: core.Import{Account: filled[core.Account](13), Records: 14},
		core.AgentCreated:    agent, core.AgentUpdated: agent, core.AgentDeleted: agent,
		core.ProfileCreated: filled[core.Profile](24), core.ProfileUpdated: filled[core.Profile](25), core.ProfileDeleted: filled[core.Profile](26),
		core.TokenCreated: token, core.TokenUpdated: token, core.TokenRevoked: token,
		core.TeamCreated: filled[core.Team](15), core.LabelGroupCreated: filled[core.LabelGroup](16), core.LabelCreated: filled[core.Label](17),
		core.TeamUpdated: filled[core.Team](27), core.TeamDeleted: filled[core.Team](28),
		core.LabelGroupUpdated: filled[core.LabelGroup](29), core.LabelGroupDeleted: filled[core.LabelGroup](30),
		core.LabelUpdated: filled[core.Label](31), core.LabelDeleted: filled[core.Label](32),
		core.InboxCreated: inbox, core.InboxUpdated: core.InboxChange{Inbox: inbox, AgentIDs: []int64{40, 41}, Before: &wasInbox},
		core.SubInboxCreated: filled[core.SubInbox](18), core.SubInboxUpdated: filled[core.SubInbox](42),
		core.ContactCreated: filled[core.Contact](19), core.ContactUpdated: core.ContactChange{Contact: filled[core.Contact](20), Before: &wasContact}, core.IdentityCreated: filled[core.Identity](21),
		core.IdentityUpdated: filled[core.Identity](36),
		core.IdentityMoved:   core.IdentityMove{Identity: filled[core.Identity](33), FromContactID: 37}, core.ContactMerged: core.ContactMerge{Contact: filled[core.Contact](34), Merged: filled[core.Contact](35), Before: &wasContact},
		core.ContactInboxCreated: contactInbox, core.ContactInboxUpdated: contactInbox,
		core.ConversationCreated: change, core.ConversationUpdated: change,
		core.ConversationRead: core.ReadChange{Reader: core.AgentSide, AgentID: 22, Cursor: &cursor, Marked: true, FromSeq: 37, Conversation: conversation},
		core.MessageCreated:   entry, core.MessageUpdated: entry, core.MessageDeleted: entry, core.ActivityCreated: entry,
		core.NoteCreated: entry, core.NoteUpdated: entry, core.NoteDeleted: entry,
		core.CannedResponseCreated: filled[core.CannedResponse](23), core.CannedResponseUpdated: filled[core.CannedResponse](38), core.CannedResponseDeleted: filled[core.CannedResponse](39),
		core.AttributeDefinitionCreated: filled[core.AttributeDefinition](43), core.AttributeDefinitionUpdated: filled[core.AttributeDefinition](44), core.AttributeDefinitionDeleted: filled[core.AttributeDefinition](45),
		core.WebhookCreated: webhook,
		core.WebhookUpdated: webhook, core.WebhookDeleted: webhook, core.WebhookPaused: webhook, core.WebhookTested: webhook,
	}
	var events []core.Event
	for typ, d := range data {
		e := filled[eventFrame](int64(len(typ)))
		events = append(events, core.Event{
			AccountID: account, Type: typ, At: e.At, Actor: e.Actor, ContactID: e.ContactID, ConversationID: e.ConversationID, InboxID: e.InboxID, Data: d,
		})
	}
	slices.SortFunc(events, func(a, b core.Event) int { return compareText(string(a.Type), string(b.Type)) })
	return events
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// eventFrame is what surrounds a payload.
type eventFrame struct {
	At                                 core.Time
	Actor                              core.Actor
	ContactID, ConversationID, InboxID int64
}

// small is an event with little in it.
func small(account int64, title string) core.Event {
	return core.Event{AccountID: account, Type: core.LabelCreated, At: noon, Data: core.Label{AccountID: account, Title: title}}
}

// log reads an account's whole log in pages.
func (e *env) log(account int64) []core.Event {
	e.Helper()
	var all []core.Event
	for after := int64(0); ; after = all[len(all)-1].Seq {
		page := must(e.st.ListEvents(e.ctx, account, after, 7))
		if all = append(all, page...); len(page) < 7 {
			return all
		}
	}
}

func seqs(events []core.Event) []int64 {
	got := []int64{}
	for _, e := range events {
		got = append(got, e.Seq)
	}
	return got
}

func upTo(n int) []int64 {
	want := []int64{}
	for i := range n {
		want = append(want, int64(i+1))
	}
	return want
}

var eventChecks = []check{
	{"Events/every payload comes back as it was emitted", func(e *env) {
		a := e.account()
		want := Payloads(a.ID)
		e.tx(a.ID, func(tx store.Tx) error { tx.Emit(want...); return nil })
		for i := range want {
			want[i].Seq, want[i].Epoch = int64(i+1), a.Epoch
		}
		e.same("log", e.log(a.ID), want)
		if got := must(e.st.Account(e.ctx, a.ID)).EventSeq; got != int64(len(want)) {
			e.Errorf("event_seq: got %d, want %d", got, len(want))
		}
	}},
	{"Events/secrets are left out", func(e *env) {
		a := e.account()
		e.tx(a.ID, func(tx store.Tx) error {
			tx.Emit(
				core.Event{AccountID: a.ID, Type: core.AgentCreated, Data: core.Agent{PasswordHash: "secret"}},
				core.Event{AccountID: a.ID, Type: core.TokenCreated, Data: core.Token{Hash: "secret"}},
				core.Event{AccountID: a.ID, Type: core.InboxCreated, Data: core.Inbox{HMACToken: "secret", WebsiteToken: "secret"}},
				core.Event{AccountID: a.ID, Type: core.ContactInboxCreated, Data: core.ContactInbox{PubsubToken: "secret"}},
				core.Event{AccountID: a.ID, Type: core.WebhookCreated, Data: core.Webhook{Secret: "secret"}},
			)
			return nil
		})
		var got []core.EventData
		for _, ev := range e.log(a.ID) {
			got = append(got, ev.Data)
		}
		e.same("payloads", got, []core.EventData{core.Agent{}, core.Token{}, core.Inbox{}, core.ContactInbox{}, core.Webhook{}})
	}},
	{"Events/sequences are gap-free per account and in the order of emission", func(e *env) {
		a, b := e.account().ID, e.account().ID
		n := 0
		for i := range 20 {
			e.tx(a, func(tx store.Tx) error {
				for range i % 7 {
					tx.Emit(small(a, fmt.Sprint(n)))
					n++
				}
				return nil
			})
			e.tx(b, func(tx store.Tx) error { tx.Emit(small(b, fmt.Sprint(i))); return nil })
		}
		e.same("seqs of a", seqs(e.log(a)), upTo(n))
		e.same("seqs of b", seqs(e.log(b)), upTo(20))
		for i, ev := range e.log(a) {
			if got := ev.Data.(core.Label).Title; got != fmt.Sprint(i) {
				e.Fatalf("event %d is %s", i, got)
			}
		}
	}},
	{"Events/large batches", func(e *env) {
		a := e.account().ID
		for _, n := range []int{1, 3, 4, 5, 16, 17, 21, 100} {
			e.tx(a, func(tx store.Tx) error {
				for range n {
					tx.Emit(small(a, "x"))
				}
				return nil
			})
		}
		e.same("seqs", seqs(e.log(a)), upTo(167))
	}},
	{"Events/many writers leave no gap, and each command's events stand together", func(e *env) {
		a := e.account().ID
		const writers, each = 16, 8
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := e.try(a, func(tx store.Tx) error {
						for k := range 3 {
							tx.Emit(small(a, fmt.Sprint(w, " ", i, " ", k)))
						}
						return nil
					})
					if err != nil {
						e.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all := e.log(a)
		e.same("seqs", seqs(all), upTo(writers*each*3))
		next := map[int]int{}
		for i := 0; i+2 < len(all); i += 3 {
			var w, n, k int
			for j := range 3 {
				if _, err := fmt.Sscan(all[i+j].Data.(core.Label).Title, &w, &n, &k); err != nil || k != j || n != next[w] {
					e.Fatalf("event %d is %v", i+j, all[i+j].Data)
				}
			}
			next[w]++
		}
	}},
	{"Events/ListEvents pages after a sequence number", func(e *env) {
		a := e.account().ID
		e.tx(a, func(tx store.Tx) error { tx.Emit(small(a, "1"), small(a, "2"), small(a, "3")); return nil })
		e.same("first two", seqs(must(e.st.ListEvents(e.ctx, a, 0, 2))), []int64{1, 2})
		e.same("rest", seqs(must(e.st.ListEvents(e.ctx, a, 2, 2))), []int64{3})
		e.same("beyond", seqs(must(e.st.ListEvents(e.ctx, a, 3, 2))), []int64{})
		e.same("absent account", seqs(must(e.st.ListEvents(e.ctx, a+1, 0, 2))), []int64{})
		_, err := e.st.ListEvents(e.ctx, a, 0, 0)
		e.kind("limit", err, core.Invalid)
	}},
	{"Events/ListEventsBefore goes back through a conversation", func(e *env) {
		a, b := e.account().ID, e.account().ID
		about := func(account, conversation int64) core.Event {
			return core.Event{AccountID: account, Type: core.LabelCreated, At: noon, ConversationID: conversation, Data: core.Label{}}
		}
		e.tx(a, func(tx store.Tx) error {
			tx.Emit(about(a, 1), about(a, 2), about(a, 0), about(a, 1), about(a, 1))
			return nil
		})
		e.tx(b, func(tx store.Tx) error { tx.Emit(about(b, 1)); return nil })
		before := func(conversation, seq int64, limit int) []int64 {
			return seqs(must(e.st.ListEventsBefore(e.ctx, a, conversation, seq, limit)))
		}
		e.same("newest", before(1, 0, 2), []int64{5, 4})
		e.same("older", before(1, 4, 2), []int64{1})
		e.same("the end", before(1, 1, 2), []int64{})
		e.same("another", before(2, 0, 9), []int64{2})
		e.same("about none", before(0, 0, 9), []int64{})
		_, err := e.st.ListEventsBefore(e.ctx, a, 1, 0, 0)
		e.kind("limit", err, core.Invalid)
	}},
	{"Events/ListEventsOf narrows by subject and type", func(e *env) {
		a, b := e.account().ID, e.account().ID
		about := func(account int64, typ core.EventType, contact, conversation int64) core.Event {
			ev := core.Event{AccountID: account, Type: typ, At: noon, ContactID: contact, ConversationID: conversation, Data: core.Label{}}
			if typ == core.TeamCreated {
				ev.Data = core.Team{}
			}
			return ev
		}
		label, team := core.LabelCreated, core.TeamCreated
		e.tx(a, func(tx store.Tx) error {
			tx.Emit(
				about(a, label, 1, 10), about(a, team, 2, 20), about(a, label, 1, 11), about(a, label, 0, 0),
				about(a, team, 1, 10), about(a, label, 2, 10), about(a, label, 1, 10), about(a, label, 2, 20),
			)
			return nil
		})
		e.tx(b, func(tx store.Tx) error { tx.Emit(about(b, label, 1, 10)); return nil })
		for _, c := range []struct {
			what string
			q    store.EventQuery
			want []int64
			next int64
			end  bool
		}{
			{"all", store.EventQuery{Limit: 9, Scan: 9}, upTo(8), 8, true},
			{"a full page", store.EventQuery{Limit: 3, Scan: 9}, upTo(3), 3, false},
			{"a full page of the last ones", store.EventQuery{After: 5, Limit: 3, Scan: 9}, []int64{6, 7, 8}, 8, false},
			{"at the head", store.EventQuery{After: 8, Limit: 3, Scan: 9}, nil, 8, true},
			{"scan without types", store.EventQuery{Limit: 9, Scan: 2}, upTo(2), 2, false},
			{"a contact", store.EventQuery{ContactID: 1, Limit: 9, Scan: 9}, []int64{1, 3, 5, 7}, 7, true},
			{"a conversation", store.EventQuery{ConversationID: 10, Limit: 9, Scan: 9}, []int64{1, 5, 6, 7}, 7, true},
			{"both", store.EventQuery{ContactID: 1, ConversationID: 10, After: 1, Limit: 9, Scan: 9}, []int64{5, 7}, 7, true},
			{"nobody's", store.EventQuery{ContactID: 9, Limit: 9, Scan: 9}, nil, 0, true},
			{"a type", store.EventQuery{Types: []core.EventType{team}, Limit: 9, Scan: 9}, []int64{2, 5}, 5, true},
			{"a full page of a type", store.EventQuery{Types: []core.EventType{team}, Limit: 1, Scan: 9}, []int64{2}, 2, false},
			{"types", store.EventQuery{Types: []core.EventType{team, label, core.NoteCreated}, Limit: 9, Scan: 9}, upTo(8), 8, true},
			{"a type, looked at three", store.EventQuery{Types: []core.EventType{team}, After: 2, Limit: 9, Scan: 3}, []int64{5}, 5, false},
			{"a type, looked at two", store.EventQuery{Types: []core.EventType{team}, After: 2, Limit: 9, Scan: 2}, nil, 4, false},
			{"a type of a contact, looked at two", store.EventQuery{Types: []core.EventType{team}, ContactID: 1, Limit: 9, Scan: 2}, nil, 3, false},
			{"a type of a contact, looked at all", store.EventQuery{Types: []core.EventType{team}, ContactID: 1, Limit: 9, Scan: 5}, []int64{5}, 7, true},
			{"a type that is not there", store.EventQuery{Types: []core.EventType{core.NoteCreated}, After: 3, Limit: 9, Scan: 99}, nil, 3, true},
		} {
			got := must(e.st.ListEventsOf(e.ctx, a, c.q))
			if !slices.Equal(seqs(got.Events), c.want) || got.Next != c.next || got.End != c.end {
				e.Errorf("%s: got %v, next %d, end %t; want %v, %d, %t", c.what, seqs(got.Events), got.Next, got.End, c.want, c.next, c.end)
			}
		}
		for _, q := range []store.EventQuery{{Scan: 1}, {Limit: 1}, {Limit: 1, Scan: 1, Types: make([]core.EventType, 65)}} {
			_, err := e.st.ListEventsOf(e.ctx, a, q)
			e.kind("refused", err, core.Invalid)
		}
	}},
	{"Events/PruneEvents removes the oldest and leaves no gap", func(e *env) {
		a, b := e.account().ID, e.account().ID
		at := func(account int64, at core.Time) core.Event {
			return core.Event{AccountID: account, Type: core.LabelCreated, At: at, Data: core.Label{}}
		}
		prune := func(before core.Time, limit, want int) {
			e.Helper()
			e.tx(a, func(tx store.Tx) error {
				if n := must(tx.PruneEvents(e.ctx, a, before, limit)); n != want {
					e.Errorf("pruned %d, want %d", n, want)
				}
				return nil
			})
		}
		e.same("first", must(e.st.FirstEventSeq(e.ctx, a)), int64(1))
		// The fourth is of a clock that was late: it goes when those before it do.
		e.tx(a, func(tx store.Tx) error { tx.Emit(at(a, 10), at(a, 20), at(a, 30), at(a, 20), at(a, 50)); return nil })
		e.tx(b, func(tx store.Tx) error { tx.Emit(at(b, 10)); return nil })
		prune(10, 9, 0)
		prune(40, 1, 1)
		e.same("first", must(e.st.FirstEventSeq(e.ctx, a)), int64(2))
		prune(30, 9, 1)
		e.same("kept", seqs(e.log(a)), []int64{3, 4, 5})
		_ = e.try(a, func(tx store.Tx) error {
			must(tx.PruneEvents(e.ctx, a, 40, 9))
			return core.Refuse("", "no")
		})
		e.same("first, after a command that failed", must(e.st.FirstEventSeq(e.ctx, a)), int64(3))
		e.same("kept, after a command that failed", seqs(e.log(a)), []int64{3, 4, 5})
		prune(40, 9, 2)
		e.tx(a, func(tx store.Tx) error { tx.Emit(at(a, 60)); return nil })
		e.same("kept", seqs(e.log(a)), []int64{5, 6})
		prune(99, 9, 2)
		e.same("first of none", must(e.st.FirstEventSeq(e.ctx, a)), int64(7))
		e.tx(a, func(tx store.Tx) error { tx.Emit(at(a, 70)); return nil })
		e.same("kept", seqs(e.log(a)), []int64{7})
		e.same("another account", seqs(e.log(b)), upTo(1))
		_, err := e.st.FirstEventSeq(e.ctx, b+1)
		e.kind("absent account", err, core.NotFound)
	}},
	{"Events/carry the epoch of their time", func(e *env) {
		a := e.account()
		emit := func() { e.tx(a.ID, func(tx store.Tx) error { tx.Emit(small(a.ID, "x")); return nil }) }
		emit()
		a.Epoch = "epoch-2"
		e.tx(a.ID, func(tx store.Tx) error { return tx.UpdateAccount(e.ctx, a) })
		emit()
		all := e.log(a.ID)
		if len(all) != 2 || all[0].Epoch != "epoch-1" || all[1].Epoch != "epoch-2" {
			e.Errorf("got %+v", all)
		}
	}},
	{"Events/an event of an absent account, or without a payload, fails its command", func(e *env) {
		a := e.account()
		if err := e.try(a.ID, func(tx store.Tx) error { tx.Emit(small(a.ID+9, "x")); return nil }); err == nil {
			e.Error("an absent account: no error")
		}
		if err := e.try(a.ID, func(tx store.Tx) error { tx.Emit(core.Event{AccountID: a.ID, Type: core.LabelCreated}); return nil }); err == nil {
			e.Error("no payload: no error")
		}
		e.same("log", e.log(a.ID), []core.Event{})
	}},
	{"Events/Committed wakes after a commit with events of the account", func(e *env) {
		a, b := e.account().ID, e.account().ID
		closed := func(ch <-chan struct{}) bool {
			select {
			case <-ch:
				return true
			default:
				return false
			}
		}
		ch, second := e.st.Committed(a), e.st.Committed(a)
		e.tx(b, func(tx store.Tx) error { tx.Emit(small(b, "x")); return nil })
		e.tx(a, func(tx store.Tx) error {
			return tx.InsertContact(e.ctx, &core.Contact{AccountID: a})
		})
		_ = e.try(a, func(tx store.Tx) error {
			tx.Emit(small(a, "x"))
			return core.Refuse("", "no")
		})
		if closed(ch) {
			e.Error("woke without an event of the account")
		}
		e.tx(a, func(tx store.Tx) error { tx.Emit(small(a, "x")); return nil })
		<-ch // closed by now or soon; the test's deadline bounds the wait
		<-second
		if closed(e.st.Committed(a)) {
			e.Error("the next channel was closed before the next commit")
		}
		e.same("log", seqs(e.log(a)), upTo(1))
	}},
	{"Events/OnCommitted tells of every commit with events, watched or not", func(e *env) {
		a, b := e.account().ID, e.account().ID
		told := make(chan []int64, 8)
		e.st.OnCommitted(func([]int64) { e.Error("told who was replaced") })
		e.st.OnCommitted(func(accounts []int64) { told <- slices.Clone(accounts) })
		e.tx(a, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &core.Contact{AccountID: a}) })
		_ = e.try(a, func(tx store.Tx) error {
			tx.Emit(small(a, "x"))
			return core.Refuse("", "no")
		})
		e.tx(a, func(tx store.Tx) error { tx.Emit(small(a, "x"), small(a, "y")); return nil })
		e.tx(b, func(tx store.Tx) error { tx.Emit(small(b, "x")); return nil })
		// Whoever has his answer finds that it was told.
		close(told)
		var got [][]int64
		for accounts := range told {
			got = append(got, accounts)
		}
		e.same("told", got, [][]int64{{a}, {b}})
	}},
}
