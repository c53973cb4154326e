package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

var contactChecks = []check{
	{"Contacts/InsertContact keeps every field", func(e *env) {
		account := e.account().ID
		c := filled[core.Contact](1)
		c.ID, c.UUID, c.AccountID = 0, "", account
		e.tx(account, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &c) })
		if c.ID <= 0 || len(c.UUID) != 36 {
			e.Fatalf("got id %d and uuid %q", c.ID, c.UUID)
		}
		e.same("Contact", must(e.st.Contact(e.ctx, account, c.ID)), c)
		e.same("FindContactByUUID", found(e.st.FindContactByUUID(e.ctx, account, c.UUID)), c)
		e.same("FindContactByIdentifier", found(e.st.FindContactByIdentifier(e.ctx, account, c.Identifier)), c)
		e.same("FindContactByEmail", found(e.st.FindContactByEmail(e.ctx, account, c.Email)), c)
		e.same("FindContactByPhone", found(e.st.FindContactByPhone(e.ctx, account, c.Phone)), c)
	}},
	{"Contacts/ListIdentities pages by id and counts conversations", func(e *env) {
		f := Seed(e, e.st)
		extra := core.Identity{AccountID: f.Account.ID, ContactID: f.Ada.ID, ProviderType: 5, Address: "extra"}
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertIdentity(e.ctx, &extra) })
		want := []store.IdentityUse{{Identity: f.AdaWeb}, {Identity: f.AdaMail}, {Identity: extra}}
		for _, c := range []core.Conversation{f.Chat, f.Invoice, f.Quiet, f.Ask} {
			for i := range want {
				if want[i].ID == c.IdentityID {
					want[i].Conversations++
				}
			}
		}
		slices.SortFunc(want, func(a, b store.IdentityUse) int { return cmp.Compare(a.ID, b.ID) })
		e.same("all", must(e.st.ListIdentities(e.ctx, f.Account.ID, f.Ada.ID, 0, 9)), want)
		for i := range want {
			after := int64(0)
			if i > 0 {
				after = want[i-1].ID
			}
			e.same("one", must(e.st.ListIdentities(e.ctx, f.Account.ID, f.Ada.ID, after, 1)), want[i:i+1])
		}
		e.same("past the end", must(e.st.ListIdentities(e.ctx, f.Account.ID, f.Ada.ID, extra.ID+want[2].ID, 9)), []store.IdentityUse{})
	}},
	{"Contacts/UpdateContact stores every field but the uuid", func(e *env) {
		account := e.account().ID
		c := core.Contact{AccountID: account}
		e.tx(account, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &c) })
		for _, u := range []core.Contact{filled[core.Contact](2), {}} {
			u.ID, u.AccountID = c.ID, account
			e.tx(account, func(tx store.Tx) error { return tx.UpdateContact(e.ctx, u) })
			u.UUID = c.UUID
			e.same("Contact", must(e.st.Contact(e.ctx, account, c.ID)), u)
		}
		e.refused("absent", account, core.NotFound, func(tx store.Tx) error {
			return tx.UpdateContact(e.ctx, core.Contact{ID: c.ID + 1, AccountID: account})
		})
	}},
	{"Contacts/natural keys are unique where given; empty ones find nothing", func(e *env) {
		account := e.account().ID
		full := core.Contact{AccountID: account, Email: "a@example.com", Phone: "+1", Identifier: "i"}
		none, none2 := core.Contact{AccountID: account}, core.Contact{AccountID: account}
		e.tx(account, func(tx store.Tx) error {
			return first(tx.InsertContact(e.ctx, &full), tx.InsertContact(e.ctx, &none), tx.InsertContact(e.ctx, &none2))
		})
		for what, find := range map[string]func(ctx context.Context, account int64, key string) (core.Contact, bool, error){
			"identifier": e.st.FindContactByIdentifier, "email": e.st.FindContactByEmail, "phone": e.st.FindContactByPhone,
		} {
			if _, ok, err := find(e.ctx, account, ""); ok || err != nil {
				e.Errorf("empty %s: got %v, %v", what, ok, err)
			}
		}
		a := agent(account, "A")
		e.tx(account, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &a) })
		for what, v := range map[string]core.Contact{
			"id": {ID: full.ID}, "id of an agent": {ID: a.ID}, "uuid": {UUID: full.UUID},
			"email": {Email: full.Email}, "phone": {Phone: full.Phone}, "identifier": {Identifier: full.Identifier},
		} {
			v.AccountID = account
			e.refused("insert "+what, account, core.Conflict, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &v) })
		}
		none.Email = full.Email
		e.refused("update email", account, core.Conflict, func(tx store.Tx) error { return tx.UpdateContact(e.ctx, none) })
		missing(e.st.FindContactByEmail(e.ctx, account, "A@example.com"))
	}},
	{"Contacts/InsertIdentity keeps every field and is found by its address", func(e *env) {
		d := e.identity()
		account := d.AccountID
		e.same("Identity", must(e.st.Identity(e.ctx, account, d.ID)), d)
		e.same("FindIdentityByUUID", found(e.st.FindIdentityByUUID(e.ctx, account, d.UUID)), d)
		e.same("FindIdentityByAddress", found(e.st.FindIdentityByAddress(e.ctx, account, d.ProviderType, d.Address)), d)
		missing(e.st.FindIdentityByAddress(e.ctx, account, d.ProviderType+1, d.Address))
		missing(e.st.FindIdentityByUUID(e.ctx, account, "x"))
		_, err := e.st.Identity(e.ctx, account, d.ID+1)
		e.kind("absent", err, core.NotFound)
	}},
	{"Contacts/UpdateIdentity keeps every field but where it is and whose", func(e *env) {
		d := e.identity()
		account := d.AccountID
		for _, u := range []core.Identity{filled[core.Identity](2), {}} {
			u.ID, u.AccountID = d.ID, account
			e.tx(account, func(tx store.Tx) error { return tx.UpdateIdentity(e.ctx, u) })
			u.UUID, u.ContactID, u.ProviderType, u.Address = d.UUID, d.ContactID, d.ProviderType, d.Address
			e.same("Identity", must(e.st.Identity(e.ctx, account, d.ID)), u)
		}
		e.refused("absent", account, core.NotFound, func(tx store.Tx) error {
			return tx.UpdateIdentity(e.ctx, core.Identity{ID: d.ID + 1, AccountID: account})
		})
	}},
	{"Contacts/an address is unique with its provider type", func(e *env) {
		account := e.account().ID
		c := core.Contact{AccountID: account}
		a := agent(account, "A")
		d := core.Identity{AccountID: account, ProviderType: 1, Address: "x"}
		e.tx(account, func(tx store.Tx) error {
			if err := first(tx.InsertContact(e.ctx, &c), tx.InsertAgent(e.ctx, &a)); err != nil {
				return err
			}
			d.ContactID = c.ID
			other := core.Identity{AccountID: account, ProviderType: 2, Address: "x", ContactID: c.ID}
			return first(tx.InsertIdentity(e.ctx, &d), tx.InsertIdentity(e.ctx, &other))
		})
		for what, v := range map[string]core.Identity{
			"id":               {ID: d.ID, Address: "y"},
			"id of an agent's": {ID: a.IdentityID, Address: "y"},
			"uuid":             {UUID: d.UUID, Address: "y"},
			"address":          {ProviderType: 1, Address: "x"},
		} {
			v.AccountID, v.ContactID = account, c.ID
			e.refused(what, account, core.Conflict, func(tx store.Tx) error { return tx.InsertIdentity(e.ctx, &v) })
		}
		e.refused("contact", account, core.Invalid, func(tx store.Tx) error {
			return tx.InsertIdentity(e.ctx, &core.Identity{AccountID: account, ContactID: 99, Address: "z"})
		})
		if n := must(e.st.CountIdentities(e.ctx, account, c.ID)); n != 2 {
			e.Errorf("CountIdentities: got %d, want 2", n)
		}
		if n := must(e.st.CountIdentities(e.ctx, account, 99)); n != 0 {
			e.Errorf("CountIdentities of an absent contact: got %d", n)
		}
	}},
	{"Contacts/InsertContactInbox keeps every field", func(e *env) {
		f := Seed(e, e.st)
		ci := filled[core.ContactInbox](1)
		ci.ID, ci.AccountID, ci.IdentityID, ci.ContactID, ci.InboxID = 0, f.Account.ID, f.AdaWeb.ID, f.Ada.ID, f.API.ID
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertContactInbox(e.ctx, &ci) })
		e.same("ContactInbox", must(e.st.ContactInbox(e.ctx, f.Account.ID, ci.ID)), ci)
		e.same("by source", found(e.st.FindContactInboxBySource(e.ctx, f.Account.ID, f.API.ID, ci.SourceID)), ci)
		e.same("by identity", found(e.st.FindContactInbox(e.ctx, f.Account.ID, f.AdaWeb.ID, f.API.ID)), ci)
		_, err := e.st.ContactInbox(e.ctx, f.Account.ID, 99)
		e.kind("absent", err, core.NotFound)
		missing(e.st.FindContactInboxBySource(e.ctx, f.Account.ID, f.Web.ID, ci.SourceID))
		missing(e.st.FindContactInbox(e.ctx, f.Account.ID, f.VisitorWeb.ID, f.API.ID))
	}},
	{"Contacts/UpdateContactInbox stores every field", func(e *env) {
		f := Seed(e, e.st)
		u := filled[core.ContactInbox](2)
		u.ID, u.AccountID, u.IdentityID, u.ContactID, u.InboxID = f.VisitorDoor.ID, f.Account.ID, f.AdaWeb.ID, f.Ada.ID, f.API.ID
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateContactInbox(e.ctx, u) })
		e.same("ContactInbox", must(e.st.ContactInbox(e.ctx, f.Account.ID, u.ID)), u)
		u.ID = 99
		e.refused("absent", f.Account.ID, core.NotFound, func(tx store.Tx) error { return tx.UpdateContactInbox(e.ctx, u) })
		u = f.AdaWebDoor
		u.IdentityID = 99
		e.refused("identity", f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.UpdateContactInbox(e.ctx, u) })
	}},
	{"Contacts/a source id is unique in its inbox", func(e *env) {
		f := Seed(e, e.st)
		v := f.AdaWebDoor
		v.ID, v.InboxID = 0, f.API.ID
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertContactInbox(e.ctx, &v) })
		v.ID = 0
		e.refused("source", f.Account.ID, core.Conflict, func(tx store.Tx) error { return tx.InsertContactInbox(e.ctx, &v) })
		for what, change := range map[string]func(v *core.ContactInbox){
			"identity": func(v *core.ContactInbox) { v.IdentityID = 99 },
			"contact":  func(v *core.ContactInbox) { v.ContactID = 99 },
			"inbox":    func(v *core.ContactInbox) { v.InboxID = 99 },
		} {
			v := f.AdaWebDoor
			v.ID, v.SourceID = 0, "new"
			change(&v)
			e.refused(what, f.Account.ID, core.Invalid, func(tx store.Tx) error { return tx.InsertContactInbox(e.ctx, &v) })
		}
	}},
	{"Contacts/FindContactInbox returns the oldest door, the smaller id among equals", func(e *env) {
		f := Seed(e, e.st)
		var want core.ContactInbox
		for i, at := range []core.Time{5, 3, 3, 9} {
			v := core.ContactInbox{AccountID: f.Account.ID, IdentityID: f.AdaMail.ID, ContactID: f.Ada.ID, InboxID: f.API.ID, SourceID: fmt.Sprint(i), CreatedAt: at}
			e.tx(f.Account.ID, func(tx store.Tx) error { return tx.InsertContactInbox(e.ctx, &v) })
			if i == 1 {
				want = v
			}
		}
		e.same("oldest", found(e.st.FindContactInbox(e.ctx, f.Account.ID, f.AdaMail.ID, f.API.ID)), want)
	}},
}

var moveChecks = []check{
	{"Contacts/MoveIdentity takes along what hangs on the identity, and nothing else", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		e.tx(account, func(tx store.Tx) error {
			return tx.MoveIdentity(e.ctx, account, f.VisitorWeb.ID, f.Visitor.ID, f.Ada.ID)
		})
		if i := must(e.st.Identity(e.ctx, account, f.VisitorWeb.ID)); i.ContactID != f.Ada.ID {
			e.Errorf("identity of %d", i.ContactID)
		}
		if d := must(e.st.ContactInbox(e.ctx, account, f.VisitorDoor.ID)); d.ContactID != f.Ada.ID {
			e.Errorf("contact inbox of %d", d.ContactID)
		}
		if c := must(e.st.Conversation(e.ctx, account, f.Ask.ID)); c.ContactID != f.Ada.ID {
			e.Errorf("conversation of %d", c.ContactID)
		}
		for _, was := range f.Entries[f.Ask.ID] {
			if was.Sender.Type == core.ActorContact {
				was.Sender.ID = f.Ada.ID
			}
			e.same("entry", must(e.st.Entry(e.ctx, account, was.ID)), was)
		}
		e.same("another conversation", must(e.st.Conversation(e.ctx, account, f.Chat.ID)), f.Chat)
		for _, was := range f.Entries[f.Chat.ID] {
			e.same("another's entry", must(e.st.Entry(e.ctx, account, was.ID)), was)
		}
	}},
	{"Contacts/MoveIdentity and DeleteContact refuse what is not there", func(e *env) {
		f, other := Seed(e, e.st), Seed(e, e.st)
		account := f.Account.ID
		for name, fn := range map[string]func(tx store.Tx) error{
			"absent":    func(tx store.Tx) error { return tx.MoveIdentity(e.ctx, account, core.MaxID, f.Visitor.ID, f.Ada.ID) },
			"another's": func(tx store.Tx) error { return tx.MoveIdentity(e.ctx, account, f.VisitorWeb.ID, f.Ada.ID, f.Ada.ID) },
			"foreign": func(tx store.Tx) error {
				return tx.MoveIdentity(e.ctx, account, other.VisitorWeb.ID, other.Visitor.ID, f.Ada.ID)
			},
			"absent contact":  func(tx store.Tx) error { return tx.DeleteContact(e.ctx, account, core.MaxID) },
			"foreign contact": func(tx store.Tx) error { return tx.DeleteContact(e.ctx, account, other.Ada.ID) },
		} {
			e.refused(name, account, core.NotFound, fn)
		}
		e.refused("to a foreign contact", account, core.Invalid, func(tx store.Tx) error {
			return tx.MoveIdentity(e.ctx, account, f.VisitorWeb.ID, f.Visitor.ID, other.Ada.ID)
		})
		e.same("untouched", must(e.st.Contact(e.ctx, other.Account.ID, other.Ada.ID)), other.Ada)
	}},
}
