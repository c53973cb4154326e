package storetest

import (
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

var entryChecks = []check{
	{"Entries/InsertEntry keeps every field", func(e *env) {
		f := Seed(e, e.st)
		en := filled[core.Entry](1)
		e.tx(f.Account.ID, func(tx store.Tx) error {
			id, err := tx.NextEntryID(e.ctx)
			en.ID, en.UUID, en.AccountID, en.ConversationID, en.Position = id, "", f.Account.ID, f.Quiet.ID, 7
			en.Kind, en.Sender.Type, en.Origin = core.Note, core.ActorAgent, core.OriginCampaign
			return first(err, tx.InsertEntry(e.ctx, &en))
		})
		if len(en.UUID) != 36 {
			e.Errorf("got uuid %q", en.UUID)
		}
		e.same("Entry", must(e.st.Entry(e.ctx, f.Account.ID, en.ID)), en)
		e.same("by uuid", found(e.st.FindEntryByUUID(e.ctx, f.Account.ID, en.UUID)), en)
		e.same("by external id", found(e.st.FindEntryByExternalID(e.ctx, f.Account.ID, f.Quiet.ID, en.ExternalID)), en)
	}},
	{"Entries/absent ones", func(e *env) {
		f := Seed(e, e.st)
		_, err := e.st.Entry(e.ctx, f.Account.ID, 99)
		e.kind("Entry", err, core.NotFound)
		_, err = e.st.Attachment(e.ctx, f.Account.ID, 99)
		e.kind("Attachment", err, core.NotFound)
		missing(e.st.FindEntryByUUID(e.ctx, f.Account.ID, ""))
		missing(e.st.FindEntryByExternalID(e.ctx, f.Account.ID, f.Chat.ID, ""))
		missing(e.st.FindEntryByExternalID(e.ctx, f.Account.ID, f.Chat.ID, "<1@example.com>")) // another conversation's
		e.refused("UpdateEntry", f.Account.ID, core.NotFound, func(tx store.Tx) error {
			return tx.UpdateEntry(e.ctx, core.Entry{ID: 99, AccountID: f.Account.ID, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}})
		})
	}},
	{"Entries/InsertEntry needs an id and a position", func(e *env) {
		f := Seed(e, e.st)
		ok := core.Entry{ID: 900, AccountID: f.Account.ID, ConversationID: f.Quiet.ID, Position: 1, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}}
		for what, change := range map[string]func(v *core.Entry){
			"id":           func(v *core.Entry) { v.ID = 0 },
			"position":     func(v *core.Entry) { v.Position = 0 },
			"conversation": func(v *core.Entry) { v.ConversationID = 99 },
			"kind":         func(v *core.Entry) { v.Kind = "remark" },
			"sender":       func(v *core.Entry) { v.Sender.Type = "" },
		} {
			v := ok
			change(&v)
			e.refused(what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertEntry(e.ctx, &v) })
		}
	}},
	{"Entries/InsertEntry refuses what is taken", func(e *env) {
		f := Seed(e, e.st)
		taken := f.Entries[f.Invoice.ID][0]
		for what, change := range map[string]func(v *core.Entry){
			"id":          func(v *core.Entry) { v.ID = taken.ID },
			"uuid":        func(v *core.Entry) { v.UUID = taken.UUID },
			"position":    func(v *core.Entry) { v.Position = taken.Position },
			"external id": func(v *core.Entry) { v.ExternalID = taken.ExternalID },
		} {
			v := core.Entry{ID: 900, AccountID: f.Account.ID, ConversationID: f.Invoice.ID, Position: 2, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}}
			change(&v)
			e.refused(what, f.Account.ID, core.Conflict, func(tx store.Tx) error { return tx.InsertEntry(e.ctx, &v) })
		}
		// An external id and a position are the conversation's own.
		v := core.Entry{ID: 900, AccountID: f.Account.ID, ConversationID: f.Quiet.ID, Position: 1, ExternalID: taken.ExternalID, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}}
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertEntry(e.ctx, &v) })
	}},
	{"Entries/a given id lifts the sequence", func(e *env) {
		f := Seed(e, e.st)
		e.tx(f.Account.ID, func(tx store.Tx) error {
			v := core.Entry{ID: 5000, AccountID: f.Account.ID, ConversationID: f.Quiet.ID, Position: 1, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}}
			w := v
			w.ID, w.Position = 4000, 2
			return first(tx.InsertEntry(e.ctx, &v), tx.InsertEntry(e.ctx, &w))
		})
		e.tx(f.Account.ID, func(tx store.Tx) error {
			a, err := tx.NextEntryID(e.ctx)
			b, err2 := tx.NextEntryID(e.ctx)
			if a <= 5000 || b <= a {
				e.Errorf("got %d and %d, want rising ids above 5000", a, b)
			}
			return first(err, err2)
		})
	}},
	{"Entries/UpdateEntry stores every field that may change", func(e *env) {
		f := Seed(e, e.st)
		old := f.Entries[f.Chat.ID][0]
		u := filled[core.Entry](2)
		u.ID, u.AccountID, u.Kind, u.Sender.Type = old.ID, f.Account.ID, core.Message, core.ActorContact
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateEntry(e.ctx, u) })
		u.UUID, u.ConversationID, u.Position = old.UUID, old.ConversationID, old.Position // these never change
		e.same("Entry", must(e.st.Entry(e.ctx, f.Account.ID, old.ID)), u)
		e.same("neighbour", must(e.st.Entry(e.ctx, f.Account.ID, old.ID+1)), f.Entries[f.Chat.ID][1])
	}},
	{"Entries/ListEntries of one conversation: kinds, bounds, directions, pages", func(e *env) {
		f := Seed(e, e.st)
		all := talk(e, f, f.Quiet, 23)
		for i, q := range entryQueries() {
			q.ConversationIDs = []int64{f.Quiet.ID}
			e.same(fmt.Sprintf("query %d: %+v", i, q), positionsOf(must(e.st.ListEntries(e.ctx, f.Account.ID, q))), positionsOf(selectEntries(all, q)))
		}
		e.same("whole", must(e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{ConversationIDs: []int64{f.Quiet.ID}, Limit: 100})), all)
		for _, desc := range []bool{false, true} {
			var got []core.Entry
			q := store.EntryQuery{ConversationIDs: []int64{f.Quiet.ID}, Desc: desc, Limit: 5}
			for {
				page := must(e.st.ListEntries(e.ctx, f.Account.ID, q))
				if got = append(got, page...); len(page) < q.Limit {
					break
				}
				if last := got[len(got)-1].Position; desc {
					q.Before = last
				} else {
					q.After = last
				}
			}
			if desc {
				slices.Reverse(got)
			}
			e.same(fmt.Sprint("pages, desc ", desc), got, all)
		}
	}},
	{"Entries/ListEntries of many conversations: by conversation, then position in the direction asked for", func(e *env) {
		f := Seed(e, e.st)
		all := slices.Concat(f.Entries[f.Chat.ID], f.Entries[f.Invoice.ID], talk(e, f, f.Quiet, 9), f.Entries[f.Ask.ID])
		ids := []int64{f.Ask.ID, f.Quiet.ID, f.Chat.ID, f.Invoice.ID, 777, f.Quiet.ID}
		for _, n := range []int{2, 4, 6} {
			for i, q := range entryQueries() {
				q.ConversationIDs = ids[:n]
				e.same(fmt.Sprintf("%d conversations, query %d", n, i), positionsOf(must(e.st.ListEntries(e.ctx, f.Account.ID, q))), positionsOf(selectEntries(all, q)))
			}
		}
		many := make([]int64, store.MaxIDs)
		for i := range many {
			many[i] = f.Chat.ID
		}
		e.same("500 ids", must(e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{ConversationIDs: many, Limit: 99})), f.Entries[f.Chat.ID])
		_, err := e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{ConversationIDs: append(many, 1), Limit: 1})
		e.kind("501 ids", err, core.Invalid)
		_, err = e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{ConversationIDs: ids})
		e.kind("no limit", err, core.Invalid)
		if got := must(e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{Limit: 9})); len(got) != 0 {
			e.Errorf("no conversations: got %d entries", len(got))
		}
	}},
	{"Entries/InsertAttachment keeps every field", func(e *env) {
		f := Seed(e, e.st)
		a := filled[core.Attachment](1)
		a.ID, a.AccountID, a.ConversationID, a.MessageID = 0, f.Account.ID, f.Chat.ID, f.Entries[f.Chat.ID][0].ID
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &a) })
		e.same("Attachment", must(e.st.Attachment(e.ctx, f.Account.ID, a.ID)), a)
		for what, change := range map[string]func(v *core.Attachment){
			"message":              func(v *core.Attachment) { v.MessageID = 99 },
			"another conversation": func(v *core.Attachment) { v.ConversationID = f.Ask.ID },
		} {
			v := a
			v.ID = 0
			change(&v)
			e.refused(what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &v) })
		}
		v := a
		e.refused("id", f.Account.ID, core.Conflict, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &v) })
	}},
	{"Entries/Attachments lists by message, then id", func(e *env) {
		f := Seed(e, e.st)
		messages := f.Entries[f.Chat.ID]
		of := map[int64][]core.Attachment{}
		for i := range 6 {
			m := messages[3*(i%2)]
			a := core.Attachment{AccountID: f.Account.ID, ConversationID: f.Chat.ID, MessageID: m.ID, Name: fmt.Sprint(i)}
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &a) })
			of[m.ID] = append(of[m.ID], a)
		}
		one, two := messages[0].ID, messages[3].ID
		e.same("one", must(e.st.Attachments(e.ctx, f.Account.ID, []int64{two})), of[two])
		e.same("both", must(e.st.Attachments(e.ctx, f.Account.ID, []int64{two, 99, one})), append(slices.Clone(of[one]), of[two]...))
		if got := must(e.st.Attachments(e.ctx, f.Account.ID, nil)); len(got) != 0 {
			e.Errorf("no messages: got %v", got)
		}
		_, err := e.st.Attachments(e.ctx, f.Account.ID, make([]int64, store.MaxIDs+1))
		e.kind("too many", err, core.Invalid)
	}},
}

// talk appends n entries of all kinds and returns them as stored.
func talk(e *env, f Fixture, c core.Conversation, n int) []core.Entry {
	e.Helper()
	var all []core.Entry
	e.tx(f.Account.ID, func(tx store.Tx) error {
		all = nil
		for i := range n {
			en := core.Entry{
				Kind:   []core.EntryKind{core.Message, core.Note, core.Message, core.Activity}[i%4],
				Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}, Listed: i%3 == 0, Counts: true, Content: fmt.Sprint(i), CreatedAt: noon,
			}
			stored, _, err := Say(e.ctx, tx, c, en)
			if err != nil {
				return err
			}
			all = append(all, stored)
		}
		return nil
	})
	return all
}

// entryQueries are without conversations.
func entryQueries() []store.EntryQuery {
	var queries []store.EntryQuery
	for _, kinds := range [][]core.EntryKind{nil, {core.Message}, {core.Note, core.Activity}, {core.Message, core.Note, core.Activity}} {
		for _, bounds := range [][2]int64{{0, 0}, {3, 0}, {0, 8}, {2, 9}, {5, 6}} {
			for _, desc := range []bool{false, true} {
				for _, limit := range []int{3, 100} {
					queries = append(queries, store.EntryQuery{Kinds: kinds, After: bounds[0], Before: bounds[1], Desc: desc, Limit: limit, ListedOnly: len(kinds) == 1})
				}
			}
		}
	}
	return queries
}

// selectEntries is ListEntries on a list in memory.
func selectEntries(all []core.Entry, q store.EntryQuery) []core.Entry {
	var got []core.Entry
	for _, en := range all {
		if !slices.Contains(q.ConversationIDs, en.ConversationID) || (len(q.Kinds) > 0 && !slices.Contains(q.Kinds, en.Kind)) ||
			(q.ListedOnly && !en.Listed) || en.Position <= q.After || (q.Before != 0 && en.Position >= q.Before) {
			continue
		}
		got = append(got, en)
	}
	slices.SortStableFunc(got, func(a, b core.Entry) int {
		if a.ConversationID != b.ConversationID {
			return int(a.ConversationID - b.ConversationID)
		}
		if q.Desc {
			return int(b.Position - a.Position)
		}
		return int(a.Position - b.Position)
	})
	return got[:min(len(got), q.Limit)]
}

func positionsOf(all []core.Entry) [][2]int64 {
	got := [][2]int64{}
	for _, en := range all {
		got = append(got, [2]int64{en.ConversationID, en.Position})
	}
	return got
}
