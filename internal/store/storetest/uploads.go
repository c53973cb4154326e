package storetest

import (
	"parley/internal/core"
	"parley/internal/store"
)

var uploadChecks = []check{
	{"Uploads/PutUpload notes a key once", func(e *env) {
		a, b := e.account().ID, e.account().ID
		one := store.Upload{AccountID: a, Key: "k", CreatedAt: noon}
		other := store.Upload{AccountID: b, Key: "k", CreatedAt: noon + 1}
		e.tx(a, func(tx store.Tx) error { return tx.PutUpload(e.ctx, one) })
		e.tx(b, func(tx store.Tx) error { return tx.PutUpload(e.ctx, other) })
		e.refused("again", a, core.Conflict, func(tx store.Tx) error { return tx.PutUpload(e.ctx, one) })
		e.same("one", found(e.st.FindUpload(e.ctx, a, "k")), one)
		e.same("of another account", found(e.st.FindUpload(e.ctx, b, "k")), other)
		missing(e.st.FindUpload(e.ctx, a, "K"))
	}},
	{"Uploads/TakeUpload forgets it once, in its account", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return tx.PutUpload(e.ctx, store.Upload{AccountID: a, Key: "k", CreatedAt: noon})
		})
		take := func(account int64, want bool) {
			e.tx(account, func(tx store.Tx) error {
				got, err := tx.TakeUpload(e.ctx, account, "k")
				if err == nil && got != want {
					e.Errorf("account %d: taken is %t", account, got)
				}
				return err
			})
		}
		take(b, false)
		take(a, true)
		take(a, false)
		missing(e.st.FindUpload(e.ctx, a, "k"))
	}},
	{"Uploads/ListUploads has the account's old ones, the oldest first", func(e *env) {
		a, b := e.account().ID, e.account().ID
		all := []store.Upload{
			{AccountID: a, Key: "b", CreatedAt: noon},
			{AccountID: a, Key: "a", CreatedAt: noon + 1},
			{AccountID: a, Key: "c", CreatedAt: noon + 1},
			{AccountID: a, Key: "d", CreatedAt: noon + 2},
		}
		e.tx(a, func(tx store.Tx) error {
			err := tx.PutUpload(e.ctx, store.Upload{AccountID: b, Key: "e", CreatedAt: noon})
			for _, i := range []int{3, 2, 1, 0} {
				err = first(err, tx.PutUpload(e.ctx, all[i]))
			}
			return err
		})
		e.same("before", must(e.st.ListUploads(e.ctx, a, noon+2, 9)), all[:3])
		e.same("page", must(e.st.ListUploads(e.ctx, a, noon+9, 2)), all[:2])
		e.same("none", must(e.st.ListUploads(e.ctx, a, noon, 9)), []store.Upload(nil))
		if _, err := e.st.ListUploads(e.ctx, a, noon, 0); core.KindOf(err) != core.Invalid {
			e.Errorf("a page of none: %v", err)
		}
	}},
}
