package contact_test

import (
	"testing"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

func at(provider int64, address string) contact.NewIdentity {
	return contact.NewIdentity{ProviderType: provider, Address: address}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := contact.NewWrites(st, func() core.Time { return now })
		before := seq(t, st, account)
		name, mail, phone, blocked := "Grace Hopper", " Grace@Navy.example ", "4930123456", true
		c, identities, err := w.Create(ctx, account, system, contact.NewContact{Changes: contact.Changes{Name: &name, Email: &mail, Phone: &phone, Blocked: &blocked}, Addresses: []contact.NewIdentity{
			at(core.MailProvider, "Grace@Navy.example"), at(5, "4930123456"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := st.Contact(ctx, account, c.ID)
		if err != nil || stored.Name != name || stored.Email != "grace@navy.example" || stored.Phone != "+4930123456" || !stored.Blocked || stored.CreatedAt != now {
			t.Errorf("stored %+v, %v", stored, err)
		}
		if len(identities) != 2 || identities[0].Email != "grace@navy.example" || identities[1].Email != "" || identities[1].ContactID != c.ID {
			t.Errorf("its addresses %+v", identities)
		}
		for i := range identities {
			if got, err := st.Identity(ctx, account, identities[i].ID); err != nil || got != identities[i] {
				t.Errorf("stored %+v, %v; want %+v", got, err, identities[i])
			}
		}
		if got := types(t, st, account, before); got != "contact.created identity.created identity.created" {
			t.Errorf("events %s", got)
		}

		before = seq(t, st, account)
		for what, refused := range map[string]struct {
			in        contact.Changes
			addresses []contact.NewIdentity
			want      core.Kind
		}{
			"e-mail of another":    {contact.Changes{Email: &mail}, nil, core.Conflict},
			"phone of another":     {contact.Changes{Phone: &phone}, nil, core.Conflict},
			"address of another":   {contact.Changes{}, []contact.NewIdentity{at(7, "new"), at(5, "4930123456")}, core.Conflict},
			"one address twice":    {contact.Changes{}, []contact.NewIdentity{at(7, "new"), at(7, "new")}, core.Conflict},
			"address with nothing": {contact.Changes{}, []contact.NewIdentity{at(7, "")}, core.Invalid},
		} {
			if _, _, err := w.Create(ctx, account, system, contact.NewContact{Changes: refused.in, Addresses: refused.addresses}); core.KindOf(err) != refused.want {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := types(t, st, account, before); got != "" {
			t.Errorf("refused, and told %s", got)
		}
		// The same is free in another account.
		foreign := storetest.Seed(t, st)
		if _, _, err := w.Create(ctx, foreign.Account.ID, system, contact.NewContact{Changes: contact.Changes{Email: &mail}, Addresses: []contact.NewIdentity{at(5, "4930123456")}}); err != nil {
			t.Error(err)
		}
	})
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		ctx, account := t.Context(), f.Account.ID
		w := contact.NewWrites(st, func() core.Time { return now })
		before := seq(t, st, account)
		first, empty := "Ada", ""
		in := at(16, "972505555555_by")
		in.FirstName = &first
		i, err := w.AddIdentity(ctx, account, f.Ada.ID, system, in)
		if err != nil || i.ContactID != f.Ada.ID || i.FirstName != first || i.ID == 0 {
			t.Fatalf("added %+v, %v", i, err)
		}
		user := "ada"
		change := contact.IdentityChanges{FirstName: &empty, UserName: &user}
		for range 2 { // the second changes nothing, and tells nothing
			if i, err = w.ChangeIdentity(ctx, account, i.ID, system, change); err != nil || i.FirstName != "" || i.UserName != user {
				t.Fatalf("changed to %+v, %v", i, err)
			}
		}
		if stored, err := st.Identity(ctx, account, i.ID); err != nil || stored != i {
			t.Errorf("stored %+v, %v; want %+v", stored, err, i)
		}
		if got := types(t, st, account, before); got != "identity.created identity.updated" {
			t.Errorf("events %s", got)
		}

		foreign := storetest.Seed(t, st)
		for what, refused := range map[string]struct {
			contact int64
			in      contact.NewIdentity
			want    core.Kind
		}{
			"taken":         {f.Ada.ID, in, core.Conflict},
			"nothing":       {f.Ada.ID, at(16, ""), core.Invalid},
			"of nobody":     {core.MaxID, at(16, "x"), core.NotFound},
			"of a stranger": {foreign.Ada.ID, at(16, "x"), core.NotFound},
		} {
			if _, err := w.AddIdentity(ctx, account, refused.contact, system, refused.in); core.KindOf(err) != refused.want {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, id := range []int64{core.MaxID, foreign.AdaMail.ID} {
			if _, err := w.ChangeIdentity(ctx, account, id, system, change); core.KindOf(err) != core.NotFound {
				t.Errorf("identity %d: %v", id, err)
			}
		}
	})
}
