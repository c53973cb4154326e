package storetest

import (
	"parley/internal/core"
	"parley/internal/store"
)

// answered is a request of the account; hash and answer differ by seed.
func answered(account int64, key string, seed int64) store.AnsweredRequest {
	r := filled[store.AnsweredRequest](seed)
	r.AccountID, r.Caller, r.Operation, r.Key, r.CreatedAt = account, "token 1", "append", key, noon+core.Time(seed)
	return r
}

var repeatChecks = []check{
	{"Repeats/PutAnswer stores under account, caller, operation and key, once", func(e *env) {
		a, b := e.account().ID, e.account().ID
		one, other := answered(a, "k", 1), answered(a, "K", 3)
		caller, operation, foreign := answered(a, "k", 4), answered(a, "k", 5), answered(b, "k", 6)
		caller.Caller, operation.Operation = "token 2", "start"
		all := []store.AnsweredRequest{one, other, caller, operation, foreign}
		e.tx(a, func(tx store.Tx) error {
			var err error
			for _, r := range all {
				err = first(err, tx.PutAnswer(e.ctx, r, noon))
			}
			return err
		})
		e.refused("again", a, core.Conflict, func(tx store.Tx) error { return tx.PutAnswer(e.ctx, answered(a, "k", 2), noon) })
		e.tx(a, func(tx store.Tx) error {
			for _, want := range all {
				e.same(want.Caller+want.Operation+want.Key, found(tx.FindAnswer(e.ctx, want.AccountID, want.Caller, want.Operation, want.Key)), want)
			}
			missing(tx.FindAnswer(e.ctx, a, "token 3", "append", "k"))
			missing(tx.FindAnswer(e.ctx, b, "token 1", "append", "K"))
			return nil
		})
	}},
	{"Repeats/PutAnswer forgets the account's old ones", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return first(
				tx.PutAnswer(e.ctx, answered(a, "old", 1), noon), tx.PutAnswer(e.ctx, answered(a, "edge", 2), noon),
				tx.PutAnswer(e.ctx, answered(b, "old", 1), noon), tx.PutAnswer(e.ctx, answered(a, "new", 3), noon+2))
		})
		e.tx(a, func(tx store.Tx) error { return tx.PutAnswer(e.ctx, answered(a, "edge", 4), noon+3) }) // the older one went
		e.tx(a, func(tx store.Tx) error {
			missing(tx.FindAnswer(e.ctx, a, "token 1", "append", "old"))
			for _, r := range []store.AnsweredRequest{answered(a, "edge", 4), answered(a, "new", 3), answered(b, "old", 1)} {
				e.same(r.Key, found(tx.FindAnswer(e.ctx, r.AccountID, r.Caller, r.Operation, r.Key)), r)
			}
			return nil
		})
	}},
	{"Repeats/PutReceived keeps one entry for each name in an inbox", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		e.tx(account, func(tx store.Tx) error {
			return first(
				tx.PutReceived(e.ctx, account, f.Web.ID, "m-1", 11), tx.PutReceived(e.ctx, account, f.Web.ID, "M-1", 12),
				tx.PutReceived(e.ctx, account, f.API.ID, "m-1", 13))
		})
		e.refused("taken", account, core.Conflict, func(tx store.Tx) error {
			return tx.PutReceived(e.ctx, account, f.Web.ID, "m-1", 14)
		})
		other := e.account().ID
		e.tx(account, func(tx store.Tx) error {
			for _, want := range []struct {
				inbox int64
				name  string
				entry int64
			}{{f.Web.ID, "m-1", 11}, {f.Web.ID, "M-1", 12}, {f.API.ID, "m-1", 13}} {
				if got := found(tx.FindReceived(e.ctx, account, want.inbox, want.name)); got != want.entry {
					e.Errorf("%+v: got %d", want, got)
				}
			}
			missing(tx.FindReceived(e.ctx, account, f.API.ID, "M-1"))
			missing(tx.FindReceived(e.ctx, other, f.Web.ID, "m-1"))
			return nil
		})
	}},
}
