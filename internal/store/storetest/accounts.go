package storetest

import (
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

var installationChecks = []check{
	{"Installation/FindSetting misses what was never stored", func(e *env) {
		missing(e.st.FindSetting(e.ctx, "id_key"))
	}},
	{"Installation/PutSetting stores and replaces", func(e *env) {
		for _, value := range []string{"first", "", "second"} {
			e.tx(0, func(tx store.Tx) error { return tx.PutSetting(e.ctx, "id_key", value) })
			if got := found(e.st.FindSetting(e.ctx, "id_key")); got != value {
				e.Errorf("got %q, want %q", got, value)
			}
		}
		missing(e.st.FindSetting(e.ctx, "ID_KEY"))
	}},
}

var accountChecks = []check{
	{"Accounts/InsertAccount keeps every field", func(e *env) {
		a := filled[core.Account](1)
		a.ID, a.UUID = 0, ""
		e.tx(0, func(tx store.Tx) error { return tx.InsertAccount(e.ctx, &a) })
		if a.ID <= 0 || len(a.UUID) != 36 {
			e.Fatalf("got id %d and uuid %q", a.ID, a.UUID)
		}
		e.same("Account", must(e.st.Account(e.ctx, a.ID)), a)
		e.same("FindAccountByUUID", found(e.st.FindAccountByUUID(e.ctx, a.UUID)), a)
	}},
	{"Accounts/InsertAccount keeps a given id and uuid and lifts the sequence", func(e *env) {
		a := core.Account{ID: 70, UUID: "ABCDEF01-0000-0000-0000-00000000000a", Name: "A"}
		b := core.Account{ID: 30, Name: "B"}
		e.tx(0, func(tx store.Tx) error { return first(tx.InsertAccount(e.ctx, &a), tx.InsertAccount(e.ctx, &b)) })
		if a.ID != 70 || a.UUID != "ABCDEF01-0000-0000-0000-00000000000a" || b.ID != 30 {
			e.Errorf("got %+v and %+v", a, b)
		}
		if c := e.account(); c.ID <= 70 {
			e.Errorf("the next id is %d, want one above 70", c.ID)
		}
	}},
	{"Accounts/InsertAccount refuses a taken id or uuid", func(e *env) {
		a := e.account()
		e.refused("id", 0, core.Conflict, func(tx store.Tx) error { return tx.InsertAccount(e.ctx, &core.Account{ID: a.ID}) })
		e.refused("uuid", 0, core.Conflict, func(tx store.Tx) error { return tx.InsertAccount(e.ctx, &core.Account{UUID: a.UUID}) })
		e.same("ListAccounts", must(e.st.ListAccounts(e.ctx, 0, 10)), []core.Account{a})
	}},
	{"Accounts/Account and FindAccountByUUID of an absent one", func(e *env) {
		_, err := e.st.Account(e.ctx, 1)
		e.kind("Account", err, core.NotFound)
		missing(e.st.FindAccountByUUID(e.ctx, "00000000-0000-4000-8000-000000000000"))
		missing(e.st.FindAccountByUUID(e.ctx, ""))
	}},
	{"Accounts/ListAccounts pages by id", func(e *env) {
		var all []core.Account
		for range 5 {
			all = append(all, e.account())
		}
		var got []core.Account
		for after := int64(0); ; after = got[len(got)-1].ID {
			page := must(e.st.ListAccounts(e.ctx, after, 2))
			if got = append(got, page...); len(page) < 2 {
				break
			}
		}
		e.same("pages", got, all)
		_, err := e.st.ListAccounts(e.ctx, 0, 0)
		e.kind("limit 0", err, core.Invalid)
	}},
	{"Accounts/UpdateAccount stores its fields and leaves the counters", func(e *env) {
		a := e.account()
		u := filled[core.Account](2)
		u.ID = a.ID
		e.tx(a.ID, func(tx store.Tx) error { return tx.UpdateAccount(e.ctx, u) })
		want := u
		want.UUID, want.CreatedAt = a.UUID, a.CreatedAt
		want.EventSeq, want.LastDisplayID, want.ConversationCount = 0, 0, 0
		e.same("Account", must(e.st.Account(e.ctx, a.ID)), want)
		u.ID++
		e.refused("absent", 0, core.NotFound, func(tx store.Tx) error { return tx.UpdateAccount(e.ctx, u) })
	}},
}

// agent is a small agent of the account.
func agent(account int64, name string) core.Agent {
	return core.Agent{AccountID: account, Type: core.Person, Role: core.Member, Name: name, CreatedAt: noon}
}

var agentChecks = []check{
	{"Agents/InsertAgent keeps every field", func(e *env) {
		a := filled[core.Agent](1)
		a.ID, a.UUID, a.AccountID, a.Type, a.Role, a.IdentityID = 0, "", e.account().ID, core.Bot, core.Administrator, 0
		e.tx(a.AccountID, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &a) })
		if a.ID <= 0 || len(a.UUID) != 36 || a.IdentityID <= 0 {
			e.Fatalf("got id %d, uuid %q, identity %d", a.ID, a.UUID, a.IdentityID)
		}
		e.same("Agent", must(e.st.Agent(e.ctx, a.AccountID, a.ID)), a)
		e.same("FindAgentByUUID", found(e.st.FindAgentByUUID(e.ctx, a.AccountID, a.UUID)), a)
		e.same("FindAgentByEmail", found(e.st.FindAgentByEmail(e.ctx, a.AccountID, a.Email)), a)
		e.same("FindAgentByIdentity", found(e.st.FindAgentByIdentity(e.ctx, a.AccountID, a.IdentityID)), a)
	}},
	{"Agents/an empty email finds nothing and may be shared", func(e *env) {
		account := e.account().ID
		a, b := agent(account, "A"), agent(account, "B")
		e.tx(account, func(tx store.Tx) error { return first(tx.InsertAgent(e.ctx, &a), tx.InsertAgent(e.ctx, &b)) })
		missing(e.st.FindAgentByEmail(e.ctx, account, ""))
	}},
	{"Agents/InsertAgent refuses what is taken", func(e *env) {
		account := e.account().ID
		a := agent(account, "A")
		a.Email = "a@example.com"
		contact := core.Contact{AccountID: account}
		identity := core.Identity{AccountID: account, Address: "x"}
		e.tx(account, func(tx store.Tx) error {
			if err := first(tx.InsertAgent(e.ctx, &a), tx.InsertContact(e.ctx, &contact)); err != nil {
				return err
			}
			identity.ContactID = contact.ID
			return tx.InsertIdentity(e.ctx, &identity)
		})
		for what, change := range map[string]func(v *core.Agent){
			"id":                      func(v *core.Agent) { v.ID = a.ID },
			"id of a contact":         func(v *core.Agent) { v.ID = contact.ID },
			"uuid":                    func(v *core.Agent) { v.UUID = a.UUID },
			"email":                   func(v *core.Agent) { v.Email = a.Email },
			"identity":                func(v *core.Agent) { v.IdentityID = a.IdentityID },
			"identity of a contact's": func(v *core.Agent) { v.IdentityID = identity.ID },
		} {
			v := agent(account, "B")
			change(&v)
			e.refused(what, account, core.Conflict, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &v) })
		}
		v := agent(account, "B")
		v.Type = "robot"
		e.refused("type", account, core.Invalid, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &v) })
	}},
	{"Agents/UpdateAgent stores the whole row", func(e *env) {
		f := Seed(e, e.st)
		u := filled[core.Agent](2)
		u.ID, u.AccountID, u.Type, u.Role, u.IdentityID = f.Agent.ID, f.Account.ID, core.Bot, core.Administrator, 700
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateAgent(e.ctx, u) })
		e.same("Agent", must(e.st.Agent(e.ctx, f.Account.ID, u.ID)), u)
		u.IdentityID = 0
		e.tx(f.Account.ID, func(tx store.Tx) error { return tx.UpdateAgent(e.ctx, u) })
		if got := must(e.st.Agent(e.ctx, f.Account.ID, u.ID)).IdentityID; got <= 700 {
			e.Errorf("got identity %d, want a new one above 700", got)
		}
		u.ID = 99
		e.refused("absent", f.Account.ID, core.NotFound, func(tx store.Tx) error { return tx.UpdateAgent(e.ctx, u) })
		for what, change := range map[string]func(v *core.Agent){
			"email":    func(v *core.Agent) { v.Email = f.Admin.Email },
			"identity": func(v *core.Agent) { v.IdentityID = f.Admin.IdentityID },
			"uuid":     func(v *core.Agent) { v.UUID = f.Admin.UUID },
		} {
			v := f.Bot
			change(&v)
			e.refused(what, f.Account.ID, core.Conflict, func(tx store.Tx) error { return tx.UpdateAgent(e.ctx, v) })
		}
	}},
	{"Agents/agents and contacts share ids, and so do their identities", func(e *env) {
		account := e.account().ID
		ids, identities := map[int64]bool{}, map[int64]bool{}
		for i := range 3 {
			a, c := agent(account, "A"), core.Contact{AccountID: account}
			if i == 1 {
				a.ID, a.IdentityID = 500, 600 // the sequences go on above them
			}
			e.tx(account, func(tx store.Tx) error {
				if err := first(tx.InsertAgent(e.ctx, &a), tx.InsertContact(e.ctx, &c)); err != nil {
					return err
				}
				d := core.Identity{AccountID: account, ContactID: c.ID, Address: fmt.Sprint(i)}
				err := tx.InsertIdentity(e.ctx, &d)
				identities[d.ID], identities[a.IdentityID] = true, true
				return err
			})
			ids[a.ID], ids[c.ID] = true, true
			if i >= 1 && c.ID <= 500 {
				e.Errorf("contact %d comes after agent 500", c.ID)
			}
		}
		if len(ids) != 6 || len(identities) != 6 {
			e.Errorf("got ids %v and identities %v, want 6 different ones each", ids, identities)
		}
	}},
	{"Agents/AgentsByID returns those that exist, for any number of ids", func(e *env) {
		account := e.account().ID
		all := map[int64]core.Agent{}
		var ids []int64
		for i := range 6 {
			a := agent(account, fmt.Sprint("A", i))
			e.tx(account, func(tx store.Tx) error { return tx.InsertAgent(e.ctx, &a) })
			all[a.ID] = a
			ids = append(ids, a.ID)
		}
		for _, n := range []int{1, 2, 4, 5, 6} {
			checkByIDs(e, ids[:n], all, must(e.st.AgentsByID(e.ctx, account, ids[:n])))
		}
		for absent := int64(1 << 40); len(ids) < store.MaxIDs; absent++ {
			ids = append(ids, absent)
		}
		checkByIDs(e, ids, all, must(e.st.AgentsByID(e.ctx, account, ids)))
		if got := must(e.st.AgentsByID(e.ctx, account, nil)); len(got) != 0 {
			e.Errorf("no ids: got %v", got)
		}
		_, err := e.st.AgentsByID(e.ctx, account, append(ids, 1))
		e.kind("too many ids", err, core.Invalid)
	}},
}

func checkByIDs(e *env, ids []int64, all map[int64]core.Agent, got []core.Agent) {
	e.Helper()
	want := map[int64]core.Agent{}
	for _, id := range ids {
		if a, ok := all[id]; ok {
			want[id] = a
		}
	}
	by := map[int64]core.Agent{}
	for _, a := range got {
		by[a.ID] = a
	}
	e.same(fmt.Sprint(len(ids), " ids"), by, want)
	if len(got) != len(by) {
		e.Errorf("%d ids: got %d rows, want %d", len(ids), len(got), len(by))
	}
}

var tokenChecks = []check{
	{"Tokens/InsertToken keeps every field", func(e *env) {
		account := e.account().ID
		a := agent(account, "A")
		k := filled[core.Token](1)
		e.tx(account, func(tx store.Tx) error {
			if err := tx.InsertAgent(e.ctx, &a); err != nil {
				return err
			}
			k.ID, k.AccountID, k.AgentID, k.Scopes = 0, account, a.ID, []core.Scope{core.ScopeWrite, core.ScopeRead}
			return tx.InsertToken(e.ctx, &k)
		})
		e.same("FindTokenByHash", found(e.st.FindTokenByHash(e.ctx, k.Hash)), k)
		e.same("FindTokenByName", found(e.st.FindTokenByName(e.ctx, account, k.Name)), k)
		e.same("Token", must(e.st.Token(e.ctx, account, k.ID)), k)
		_, err := e.st.Token(e.ctx, account, k.ID+1)
		e.kind("an absent one", err, core.NotFound)
	}},
	{"Tokens/FindTokenByHash looks in all accounts and finds dead tokens", func(e *env) {
		a, b := e.account().ID, e.account().ID
		old := core.Token{AccountID: a, Name: "t", Hash: "aa", ExpiresAt: 1, RevokedAt: 1}
		other := core.Token{AccountID: b, Name: "t", Hash: "bb"}
		e.tx(a, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &old) })
		e.tx(b, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &other) })
		e.same("expired", found(e.st.FindTokenByHash(e.ctx, "aa")), old)
		e.same("other account", found(e.st.FindTokenByHash(e.ctx, "bb")), other)
		missing(e.st.FindTokenByHash(e.ctx, "cc"))
		missing(e.st.FindTokenByHash(e.ctx, ""))
		missing(e.st.FindTokenByHash(e.ctx, "AA"))
		missing(e.st.FindTokenByName(e.ctx, a, "T"))
	}},
	{"Tokens/InsertToken refuses what is taken or absent", func(e *env) {
		a, b := e.account().ID, e.account().ID
		k := core.Token{AccountID: a, Name: "t", Hash: "aa"}
		e.tx(a, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &k) })
		for what, v := range map[string]core.Token{
			"id":                    {ID: k.ID, AccountID: a, Name: "x", Hash: "xx"},
			"name":                  {AccountID: a, Name: "t", Hash: "xx"},
			"hash":                  {AccountID: a, Name: "x", Hash: "aa"},
			"hash, another account": {AccountID: b, Name: "x", Hash: "aa"},
		} {
			e.refused(what, v.AccountID, core.Conflict, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &v) })
		}
		v := core.Token{AccountID: a, Name: "x", Hash: "xx", AgentID: 99}
		e.refused("agent", a, core.Invalid, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &v) })
	}},
	{"Tokens/UpdateToken stores everything but the hash", func(e *env) {
		account := e.account().ID
		k := core.Token{AccountID: account, Name: "t", Hash: "aa"}
		e.tx(account, func(tx store.Tx) error { return tx.InsertToken(e.ctx, &k) })
		u := filled[core.Token](3)
		u.ID, u.AccountID, u.AgentID, u.Hash = k.ID, account, 0, "other"
		e.tx(account, func(tx store.Tx) error { return tx.UpdateToken(e.ctx, u) })
		u.Hash = "aa"
		e.same("FindTokenByHash", found(e.st.FindTokenByHash(e.ctx, "aa")), u)
		e.same("FindTokenByName", found(e.st.FindTokenByName(e.ctx, account, u.Name)), u)
		missing(e.st.FindTokenByName(e.ctx, account, "t"))
		u.ID++
		e.refused("absent", account, core.NotFound, func(tx store.Tx) error { return tx.UpdateToken(e.ctx, u) })
	}},
}
