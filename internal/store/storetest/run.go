package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/store"
)

// check is one promise of the contract.
type check struct {
	name string
	run  func(e *env)
}

// Run checks one engine against the contract. open returns an empty store with
// a current schema and closes it when the test ends.
func Run(t *testing.T, open func(t testing.TB) store.Store) {
	t.Helper()
	all := slices.Concat(
		installationChecks, accountChecks, agentChecks, tokenChecks, listChecks, staffChecks, inboxChecks, contactChecks,
		conversationChecks, unreadChecks, unreadListChecks, agentUnreadChecks, threadChecks, pagingChecks, tallyChecks, addressChecks, extChecks, lastChecks, entryChecks, eventChecks, pageChecks, idChecks, stagingChecks, repeatChecks, moveChecks, jobChecks, turnChecks, uploadChecks, webhookChecks,
		txChecks, groupChecks, tenancyChecks, textChecks, engineChecks, searchChecks,
	)
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.name] {
			t.Fatalf("two checks are called %s", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if r := recover(); r != nil {
					f, ok := r.(failure)
					if !ok {
						panic(r)
					}
					t.Fatal(f.text)
				}
			}()
			c.run(&env{TB: t, ctx: t.Context(), st: open(t)})
		})
	}
}

// env is what a check works with.
type env struct {
	testing.TB
	ctx context.Context
	st  store.Store
}

// failure ends a check: see must.
type failure struct{ text string }

func fail(format string, args ...any) {
	_, file, line, _ := runtime.Caller(2)
	panic(failure{fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))})
}

// must returns v and ends the check when there is an error. It belongs on the
// check's own goroutine.
func must[T any](v T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return v
}

// found returns v and ends the check when it was not found.
func found[T any](v T, ok bool, err error) T {
	if err != nil {
		fail("%v", err)
	}
	if !ok {
		fail("not found")
	}
	return v
}

// missing ends the check unless nothing was found, and that without an error.
func missing[T any](v T, ok bool, err error) {
	if err != nil {
		fail("%v", err)
	}
	if ok {
		fail("found %+v", v)
	}
}

// tx runs fn in a transaction that must succeed.
func (e *env) tx(account int64, fn func(tx store.Tx) error) {
	e.Helper()
	if err := e.try(account, fn); err != nil {
		fail("%v", err)
	}
}

// try runs fn in a transaction.
func (e *env) try(account int64, fn func(tx store.Tx) error) error {
	return e.st.InTx(e.ctx, account, func(_ context.Context, tx store.Tx) error { return fn(tx) })
}

// account adds an account.
func (e *env) account() core.Account {
	e.Helper()
	a := core.Account{Name: "Acme", Epoch: "epoch-1", CreatedAt: noon, UpdatedAt: noon}
	e.tx(0, func(tx store.Tx) error { return tx.InsertAccount(e.ctx, &a) })
	return a
}

// identity adds an account, a contact and an identity of the contact with a
// value in every field.
func (e *env) identity() core.Identity {
	e.Helper()
	c := core.Contact{AccountID: e.account().ID}
	d := filled[core.Identity](1)
	e.tx(c.AccountID, func(tx store.Tx) error {
		if err := tx.InsertContact(e.ctx, &c); err != nil {
			return err
		}
		d.ID, d.UUID, d.AccountID, d.ContactID = 0, "", c.AccountID, c.ID
		return tx.InsertIdentity(e.ctx, &d)
	})
	return d
}

// same compares two values; an empty list is as good as none.
func (e *env) same(what string, got, want any) {
	e.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		e.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// kind checks that err has the kind.
func (e *env) kind(what string, err error, want core.Kind) {
	e.Helper()
	if err == nil {
		e.Errorf("%s: got no error, want %v", what, want)
		return
	}
	if got := core.KindOf(err); got != want {
		e.Errorf("%s: got kind %v, want %v: %v", what, got, want, err)
	}
	var known *core.Error
	if !errors.As(err, &known) {
		e.Errorf("%s: %v holds no *core.Error", what, err)
	}
}

// refused runs fn in a transaction that must fail with the kind.
func (e *env) refused(what string, account int64, want core.Kind, fn func(tx store.Tx) error) {
	e.Helper()
	e.kind(what, e.try(account, fn), want)
}
