package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// writes are all inserts and updates of records with text. Each takes a record
// that is fine and hands it to spoil before it stores it.
type write struct {
	name string
	run  func(tx store.Tx, spoil func(record any)) error
}

func insertOf[T any](e *env, name string, record func() T, insert func(tx store.Tx) func(ctx context.Context, v *T) error) write {
	return write{name, func(tx store.Tx, spoil func(any)) error {
		v := record()
		spoil(&v)
		return insert(tx)(e.ctx, &v)
	}}
}

func updateOf[T any](e *env, name string, record func() T, update func(tx store.Tx) func(ctx context.Context, v T) error) write {
	return write{name, func(tx store.Tx, spoil func(any)) error {
		v := record()
		spoil(&v)
		return update(tx)(e.ctx, v)
	}}
}

func textWrites(e *env, f theirs) []write {
	account := f.Account.ID
	entry := func() core.Entry {
		return core.Entry{ID: 9000, AccountID: account, ConversationID: f.Quiet.ID, Position: 90, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}}
	}
	token := func() core.Token {
		return core.Token{AccountID: account, Name: "n", Hash: "n", Scopes: []core.Scope{"read"}}
	}
	identity := func() core.Identity { return core.Identity{AccountID: account, ContactID: f.Ada.ID, Address: "n"} }
	door := func() core.ContactInbox {
		return core.ContactInbox{AccountID: account, IdentityID: f.AdaWeb.ID, ContactID: f.Ada.ID, InboxID: f.API.ID, SourceID: "n"}
	}
	attachment := func() core.Attachment { v := f.attachment; v.ID = 0; return v }
	return []write{
		insertOf(e, "InsertAccount", func() core.Account { return core.Account{} }, func(tx store.Tx) func(context.Context, *core.Account) error { return tx.InsertAccount }),
		updateOf(e, "UpdateAccount", func() core.Account { return f.Account }, func(tx store.Tx) func(context.Context, core.Account) error { return tx.UpdateAccount }),
		insertOf(e, "InsertAgent", func() core.Agent { return agent(account, "n") }, func(tx store.Tx) func(context.Context, *core.Agent) error { return tx.InsertAgent }),
		updateOf(e, "UpdateAgent", func() core.Agent { return f.Agent }, func(tx store.Tx) func(context.Context, core.Agent) error { return tx.UpdateAgent }),
		insertOf(e, "InsertToken", token, func(tx store.Tx) func(context.Context, *core.Token) error { return tx.InsertToken }),
		updateOf(e, "UpdateToken", func() core.Token { return f.token }, func(tx store.Tx) func(context.Context, core.Token) error { return tx.UpdateToken }),
		insertOf(e, "InsertTeam", func() core.Team { return core.Team{AccountID: account, Name: "n"} }, func(tx store.Tx) func(context.Context, *core.Team) error { return tx.InsertTeam }),
		insertOf(e, "InsertLabelGroup", func() core.LabelGroup { return core.LabelGroup{AccountID: account, Name: "n"} }, func(tx store.Tx) func(context.Context, *core.LabelGroup) error { return tx.InsertLabelGroup }),
		insertOf(e, "InsertLabel", func() core.Label { return core.Label{AccountID: account, Title: "n"} }, func(tx store.Tx) func(context.Context, *core.Label) error { return tx.InsertLabel }),
		insertOf(e, "InsertInbox", func() core.Inbox { return core.Inbox{AccountID: account, Name: "n"} }, func(tx store.Tx) func(context.Context, *core.Inbox) error { return tx.InsertInbox }),
		insertOf(e, "InsertSubInbox", func() core.SubInbox { return core.SubInbox{AccountID: account, InboxID: f.Web.ID, Name: "n"} }, func(tx store.Tx) func(context.Context, *core.SubInbox) error { return tx.InsertSubInbox }),
		insertOf(e, "InsertContact", func() core.Contact { return core.Contact{AccountID: account} }, func(tx store.Tx) func(context.Context, *core.Contact) error { return tx.InsertContact }),
		updateOf(e, "UpdateContact", func() core.Contact { return f.Ada }, func(tx store.Tx) func(context.Context, core.Contact) error { return tx.UpdateContact }),
		insertOf(e, "InsertIdentity", identity, func(tx store.Tx) func(context.Context, *core.Identity) error { return tx.InsertIdentity }),
		insertOf(e, "InsertContactInbox", door, func(tx store.Tx) func(context.Context, *core.ContactInbox) error { return tx.InsertContactInbox }),
		updateOf(e, "UpdateContactInbox", func() core.ContactInbox { return f.AdaWebDoor }, func(tx store.Tx) func(context.Context, core.ContactInbox) error { return tx.UpdateContactInbox }),
		insertOf(e, "InsertCannedResponse", func() core.CannedResponse { return core.CannedResponse{AccountID: account, ShortCode: "n"} }, func(tx store.Tx) func(context.Context, *core.CannedResponse) error { return tx.InsertCannedResponse }),
		insertOf(e, "InsertAttributeDefinition", func() core.AttributeDefinition {
			return core.AttributeDefinition{AccountID: account, AppliesTo: "n", Key: "n", Options: []string{"x"}}
		}, func(tx store.Tx) func(context.Context, *core.AttributeDefinition) error {
			return tx.InsertAttributeDefinition
		}),
		updateOf(e, "UpdateAttributeDefinition", func() core.AttributeDefinition { return f.definition }, func(tx store.Tx) func(context.Context, core.AttributeDefinition) error {
			return tx.UpdateAttributeDefinition
		}),
		insertOf(e, "InsertWebhook", func() core.Webhook { return core.Webhook{AccountID: account, URL: "n", Events: []string{"x"}} }, func(tx store.Tx) func(context.Context, *core.Webhook) error { return tx.InsertWebhook }),
		insertOf(e, "InsertConversation", func() core.Conversation { return plainConversation(f.Fixture) }, func(tx store.Tx) func(context.Context, *core.Conversation) error { return tx.InsertConversation }),
		updateOf(e, "UpdateConversation", func() core.Conversation { return f.Chat }, func(tx store.Tx) func(context.Context, core.Conversation) error { return tx.UpdateConversation }),
		insertOf(e, "InsertEntry", entry, func(tx store.Tx) func(context.Context, *core.Entry) error { return tx.InsertEntry }),
		updateOf(e, "UpdateEntry", func() core.Entry { return f.Entries[f.Chat.ID][0] }, func(tx store.Tx) func(context.Context, core.Entry) error { return tx.UpdateEntry }),
		insertOf(e, "InsertAttachment", attachment, func(tx store.Tx) func(context.Context, *core.Attachment) error { return tx.InsertAttachment }),
	}
}

// textFields calls visit with every text of the record, one after the other;
// each is put back before the next.
func textFields(record any, visit func(name string, field reflect.Value)) {
	v := reflect.ValueOf(record).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch field := v.Field(i); {
		case field.Kind() == reflect.String:
			visit(name, field)
		case field.Kind() == reflect.Slice && field.Len() > 0 && field.Type().Elem().Kind() == reflect.String:
			visit(name, field.Index(0))
		}
	}
}

// skipped fields of updates never change, so that their text is not looked at.
var skipped = map[string][]string{
	"UpdateAccount": {"UUID"}, "UpdateToken": {"Hash"}, "UpdateContact": {"UUID"}, "UpdateConversation": {"UUID"}, "UpdateEntry": {"UUID"},
}

var textChecks = []check{
	{"Text/NUL and broken UTF-8 are refused in every field before a statement runs", func(e *env) {
		f := seedTheirs(e)
		for _, w := range textWrites(e, f) {
			for _, bad := range []string{"a\x00b", "a\xffb", "\xed\xa0\x80"} {
				for n := 0; ; n++ {
					field := ""
					var inner error
					err := e.try(f.Account.ID, func(tx store.Tx) error {
						inner = w.run(tx, func(record any) { field = spoilText(w.name, record, n, bad) })
						return nil // nothing failed: the command may go on
					})
					if field == "" {
						break
					}
					e.kind(fmt.Sprintf("%s %s %q", w.name, field, bad), inner, core.Invalid)
					if err != nil {
						e.Errorf("%s %s: a statement ran: %v", w.name, field, err)
					}
				}
			}
		}
	}},
	{"Text/NUL and broken UTF-8 are refused in settings, staging, events and reads", func(e *env) {
		a := e.account().ID
		for _, bad := range []string{"a\x00b", "\xff"} {
			for what, run := range map[string]func(tx store.Tx) error{
				"setting name":  func(tx store.Tx) error { return tx.PutSetting(e.ctx, bad, "v") },
				"setting value": func(tx store.Tx) error { return tx.PutSetting(e.ctx, "n", bad) },
				"staged kind":   func(tx store.Tx) error { return tx.PutStaged(e.ctx, a, bad, 1, "v") },
				"staged text":   func(tx store.Tx) error { return tx.PutStaged(e.ctx, a, "k", 1, bad) },
				"find": func(tx store.Tx) error {
					_, _, err := tx.FindContactByEmail(e.ctx, a, bad)
					return err
				},
			} {
				e.refused(what, a, core.Invalid, run)
			}
			_, _, err := e.st.FindTokenByHash(e.ctx, bad)
			e.kind("read", err, core.Invalid)
		}
	}},
	{"Text/comparisons are by bytes: case, accents and forms differ", func(e *env) {
		a := e.account().ID
		titles := []string{"vip", "VIP", "Vip", "é", "É", "e\u0301", "ß", "ss", "SS", "ı", "i", "I", " vip", "vip ", "", "\u200bvip", "\U0001f600"}
		for _, title := range titles {
			l := core.Label{AccountID: a, Title: title}
			e.tx(a, func(tx store.Tx) error { return tx.InsertLabel(e.ctx, &l) })
			e.same(fmt.Sprintf("%q", title), found(e.st.FindLabelByTitle(e.ctx, a, title)), l)
		}
		for _, absent := range []string{"vIP", "Ss", "%", "v_p", "vip\t"} {
			missing(e.st.FindLabelByTitle(e.ctx, a, absent))
		}
	}},
	{"Text/JSON keeps its bytes: key order, spacing, numbers, escapes, repeated keys", func(e *env) {
		f := Seed(e, e.st)
		for _, text := range []core.JSON{oddJSON, "", "{}", "{ }", "null", `{"n":1e400,"i":12345678901234567890,"f":0.10}`, "[1,\n\t2]", `"x"`} {
			u := f.Ada
			u.CustomAttributes, u.AdditionalAttributes, u.Ext = text, text, text
			e.tx(f.Account.ID, func(tx store.Tx) error {
				tx.Emit(core.Event{AccountID: f.Account.ID, Type: core.ContactUpdated, Data: core.ContactChange{Contact: u}})
				return tx.UpdateContact(e.ctx, u)
			})
			e.same(string(text), must(e.st.Contact(e.ctx, f.Account.ID, u.ID)), u)
			log := e.log(f.Account.ID)
			e.same("event "+string(text), log[len(log)-1].Data, core.ContactChange{Contact: u})
		}
	}},
	{"Text/very long texts, and the limit of those that are indexed", func(e *env) {
		f := Seed(e, e.st)
		long := strings.Repeat("0123456789 é漢\U0001f600", 1<<20/19+1)[:1<<20]
		long = strings.ToValidUTF8(long, "")
		var en core.Entry
		e.tx(f.Account.ID, func(tx store.Tx) (err error) {
			en, _, err = Say(e.ctx, tx, f.Ask, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Visitor.ID}, Content: long, Ext: core.JSON(`{"x":"` + long + `"}`), CreatedAt: noon})
			return err
		})
		if got := must(e.st.Entry(e.ctx, f.Account.ID, en.ID)); got != en {
			e.Errorf("1 MB of content: got %d bytes back", len(got.Content))
		}
		log := e.log(f.Account.ID)
		if got := log[len(log)-1].Data.(core.EntryChange).Entry; got != en {
			e.Errorf("1 MB in an event: got %d bytes back", len(got.Content))
		}
		key := strings.Repeat("k", store.MaxKeyBytes)
		e.tx(f.Account.ID, func(tx store.Tx) error {
			return first(
				tx.InsertLabel(e.ctx, &core.Label{AccountID: f.Account.ID, Title: key}),
				tx.InsertInbox(e.ctx, &core.Inbox{AccountID: f.Account.ID, Name: key, Identifier: key, UUID: key}),
				tx.InsertIdentity(e.ctx, &core.Identity{AccountID: f.Account.ID, ContactID: f.Ada.ID, Address: key}),
				tx.InsertContact(e.ctx, &core.Contact{AccountID: f.Account.ID, Email: key, Phone: key, Identifier: key}))
		})
		e.refused("longer key", f.Account.ID, core.Invalid, func(tx store.Tx) error {
			return tx.InsertLabel(e.ctx, &core.Label{AccountID: f.Account.ID, Title: key + "k"})
		})
		missing(e.st.FindLabelByTitle(e.ctx, f.Account.ID, key+"k"))
	}},
	{"Text/an empty text is no NULL", func(e *env) {
		f := Seed(e, e.st)
		e.tx(f.Account.ID, func(tx store.Tx) error {
			return first(
				tx.InsertTeam(e.ctx, &core.Team{AccountID: f.Account.ID}),
				tx.InsertSubInbox(e.ctx, &core.SubInbox{AccountID: f.Account.ID, InboxID: f.Web.ID}))
		})
		found(e.st.FindTeamByName(e.ctx, f.Account.ID, ""))
		found(e.st.FindSubInboxByName(e.ctx, f.Account.ID, f.Web.ID, ""))
		e.refused("a second empty name", f.Account.ID, core.Conflict, func(tx store.Tx) error {
			return tx.InsertTeam(e.ctx, &core.Team{AccountID: f.Account.ID})
		})
	}},
}

// spoilText sets the n-th text of the record and returns its field's name, ""
// when there are not so many.
func spoilText(write string, record any, n int, bad string) (name string) {
	textFields(record, func(field string, v reflect.Value) {
		for _, skip := range skipped[write] {
			if skip == field {
				return
			}
		}
		if n == 0 {
			v.SetString(bad)
			name = field
		}
		n--
	})
	return name
}

var engineChecks = []check{
	{"Engines/ids up to 2^53-1 are kept exactly, none is larger", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		for _, p := range pagesOf(e) {
			if p.name == "PageContacts" || p.name == "PageAgents" {
				continue // their next id is taken below
			}
			_ = must(p.list(e.ctx, account, core.MaxID-1, 5))
		}
		c := core.Contact{ID: core.MaxID - 1, AccountID: account}
		e.tx(account, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &c) })
		e.same("given", must(e.st.Contact(e.ctx, account, core.MaxID-1)), c)
		var next core.Contact
		e.tx(account, func(tx store.Tx) error {
			next = core.Contact{AccountID: account}
			return tx.InsertContact(e.ctx, &next)
		})
		if next.ID != core.MaxID {
			e.Errorf("got id %d, want 2^53-1", next.ID)
		}
		e.refused("no ids are left", account, core.Invalid, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &core.Contact{AccountID: account}) })
		v := plainConversation(f)
		v.ID, v.DisplayID = core.MaxID, core.MaxID
		e.tx(account, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		e.same("conversation", must(e.st.Conversation(e.ctx, account, core.MaxID)), v)
		v = plainConversation(f)
		v.DisplayID = 77
		e.refused("no conversation ids are left", account, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
		for _, id := range []int64{-1, core.MaxID + 1, math.MaxInt64, math.MinInt64} {
			e.refused(fmt.Sprint("contact ", id), account, core.Invalid, func(tx store.Tx) error {
				return tx.InsertContact(e.ctx, &core.Contact{ID: id, AccountID: account})
			})
			e.refused(fmt.Sprint("label ", id), account, core.Invalid, func(tx store.Tx) error {
				return tx.InsertLabel(e.ctx, &core.Label{ID: id, AccountID: account, Title: "x"})
			})
			e.refused(fmt.Sprint("reference ", id), account, core.Invalid, func(tx store.Tx) error {
				return tx.InsertLabel(e.ctx, &core.Label{AccountID: account, Title: "x", GroupID: id})
			})
			_, err := e.st.Contact(e.ctx, account, id)
			e.kind(fmt.Sprint("read ", id), err, core.NotFound)
		}
	}},
	{"Engines/an id is never given twice, whatever ids were given before", func(e *env) {
		f := Seed(e, e.st)
		for _, p := range pagesOf(e) {
			seen := map[int64]bool{}
			last := int64(0)
			for n := range 6 {
				var id int64
				err := e.try(f.Account.ID, func(tx store.Tx) (err error) {
					if id, err = p.insert(tx, f, n); err == nil && n == 2 {
						return errChanged // the id may be spent or not, but is not given back below others
					}
					return err
				})
				if n == 2 {
					continue
				}
				if err != nil {
					e.Fatalf("%s: %v", p.name, err)
				}
				if seen[id] || id <= last {
					e.Errorf("%s: got id %d after %d", p.name, id, last)
				}
				seen[id], last = true, id
			}
		}
	}},
	{"Engines/times keep their microseconds, before 1970 too", func(e *env) {
		f := Seed(e, e.st)
		for _, at := range []core.Time{1, -1, noon + 1, -62_135_596_800_000_001, 253_402_300_799_999_999, math.MaxInt64, math.MinInt64} {
			u := f.Ada
			u.LastActivityAt, u.CreatedAt, u.UpdatedAt = at, at, at
			e.tx(f.Account.ID, func(tx store.Tx) error {
				tx.Emit(core.Event{AccountID: f.Account.ID, Type: core.ContactUpdated, At: at, Data: core.ContactChange{Contact: u}})
				return tx.UpdateContact(e.ctx, u)
			})
			e.same(fmt.Sprint(at), must(e.st.Contact(e.ctx, f.Account.ID, u.ID)), u)
			log := e.log(f.Account.ID)
			if last := log[len(log)-1]; last.At != at || last.Data.(core.ContactChange).CreatedAt != at {
				e.Errorf("event at %d: got %+v", at, last)
			}
		}
	}},
	{"Engines/numbers keep their value", func(e *env) {
		f := Seed(e, e.st)
		for _, n := range []int64{0, -1, math.MaxInt64, math.MinInt64} {
			i := core.Identity{AccountID: f.Account.ID, ContactID: f.Ada.ID, ProviderType: n, Address: "n"}
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertIdentity(e.ctx, &i) })
			e.same(fmt.Sprint(n), found(e.st.FindIdentityByAddress(e.ctx, f.Account.ID, n, "n")), i)
		}
		for _, x := range []float64{0, 0.1, -179.999999, 1e-320, math.MaxFloat64, math.SmallestNonzeroFloat64, 3} {
			a := core.Attachment{AccountID: f.Account.ID, ConversationID: f.Chat.ID, MessageID: f.Entries[f.Chat.ID][0].ID, Latitude: x, Longitude: -x}
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &a) })
			e.same(fmt.Sprint(x), must(e.st.Attachment(e.ctx, f.Account.ID, a.ID)), a)
		}
		for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			a := core.Attachment{AccountID: f.Account.ID, ConversationID: f.Chat.ID, MessageID: f.Entries[f.Chat.ID][0].ID, Latitude: x}
			e.refused(fmt.Sprint(x), f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertAttachment(e.ctx, &a) })
		}
	}},
	{"Engines/an unset time comes before 1970's end and after negative ones", func(e *env) {
		f := Seed(e, e.st)
		want := []int64{}
		for _, at := range []core.Time{-9, 0, 9} {
			v := plainConversation(f)
			v.InboxID, v.LastMessageAt, v.ClosedAt = f.API.ID, at, at
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			want = append(want, v.ID)
		}
		list := func(order store.Order) []int64 {
			return idsOf(conversationsOf(must(e.st.ListThreads(e.ctx, f.Account.ID, store.ThreadQuery{InboxID: f.API.ID, Order: order, Limit: 9}))))
		}
		e.same("by last message", list(store.ByLastMessage), want)
		e.same("by closing", list(store.ByClosing), []int64{want[0], want[2], want[1]})
	}},
}
