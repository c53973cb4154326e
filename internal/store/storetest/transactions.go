package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"parley/internal/core"
	"parley/internal/store"
)

var errChanged = errors.New("changed my mind")

var txChecks = []check{
	{"InTx/a transaction sees what it wrote, others only after the commit", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		c := core.Contact{AccountID: account, Email: "new@example.com"}
		e.tx(account, func(tx store.Tx) error {
			if err := tx.InsertContact(e.ctx, &c); err != nil {
				return err
			}
			got, ok, err := tx.FindContactByEmail(e.ctx, account, c.Email)
			if err != nil || !ok || got.ID != c.ID {
				e.Errorf("inside: got %v, %v, %v", got.ID, ok, err)
			}
			_, ok, err = e.st.FindContactByEmail(e.ctx, account, c.Email)
			if err != nil || ok {
				e.Errorf("outside, before the commit: got %v, %v", ok, err)
			}
			return nil
		})
		found(e.st.FindContactByEmail(e.ctx, account, c.Email))
	}},
	{"InTx/an error leaves nothing, whatever was written before", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		before := must(e.st.Account(e.ctx, account))
		logged := len(e.log(account))
		err := e.try(account, func(tx store.Tx) error {
			c, v := core.Contact{AccountID: account, Email: "x@example.com"}, plainConversation(f)
			_, _, serr := Say(e.ctx, tx, f.Ask, core.Entry{Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}, CreatedAt: noon})
			if err := first(serr, tx.InsertContact(e.ctx, &c), tx.InsertConversation(e.ctx, &v), tx.PutStaged(e.ctx, account, "x", 1, "y"), tx.PutSetting(e.ctx, "s", "v")); err != nil {
				return err
			}
			tx.Emit(small(account, "x"))
			return errChanged
		})
		if !errors.Is(err, errChanged) {
			e.Errorf("got %v, want the command's own error", err)
		}
		missing(e.st.FindContactByEmail(e.ctx, account, "x@example.com"))
		missing(e.st.FindSetting(e.ctx, "s"))
		e.same("account", must(e.st.Account(e.ctx, account)), before)
		e.same("conversation", must(e.st.Conversation(e.ctx, account, f.Ask.ID)), f.Ask)
		if got := len(e.log(account)); got != logged {
			e.Errorf("got %d events, want %d", got, logged)
		}
	}},
	{"InTx/a failed statement that the command swallows fails it all the same", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		err := e.try(account, func(tx store.Tx) error {
			c := core.Contact{AccountID: account, Identifier: "swallowed"}
			if err := tx.InsertContact(e.ctx, &c); err != nil {
				return err
			}
			_ = tx.InsertContact(e.ctx, &core.Contact{AccountID: account, Email: f.Ada.Email})
			return nil
		})
		e.kind("swallowed", err, core.Conflict)
		missing(e.st.FindContactByIdentifier(e.ctx, account, "swallowed"))
	}},
	{"InTx/a panic leaves nothing and comes back as an error", func(e *env) {
		account := e.account().ID
		err := e.try(account, func(tx store.Tx) error {
			if err := tx.InsertContact(e.ctx, &core.Contact{AccountID: account, Email: "x@example.com"}); err != nil {
				return err
			}
			panic("a bug")
		})
		e.kind("panic", err, core.Internal)
		missing(e.st.FindContactByEmail(e.ctx, account, "x@example.com"))
		e.tx(account, func(tx store.Tx) error { return tx.InsertContact(e.ctx, &core.Contact{AccountID: account}) })
	}},
	{"InTx/a context that has ended runs nothing", func(e *env) {
		account := e.account().ID
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		err := e.st.InTx(ctx, account, func(context.Context, store.Tx) error {
			e.Error("the command ran")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			e.Errorf("got %v, want the context's error", err)
		}
	}},
	{"InTx/a command that has begun is carried to its end", func(e *env) {
		account := e.account().ID
		ctx, cancel := context.WithCancel(e.ctx)
		err := e.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
			cancel()
			return tx.InsertContact(ctx, &core.Contact{AccountID: account, Email: "x@example.com"})
		})
		if err != nil {
			e.Errorf("got %v", err)
		}
		found(e.st.FindContactByEmail(e.ctx, account, "x@example.com"))
	}},
	{"InTx/a command that waits when its context ends has no effect", func(e *env) {
		account := e.account().ID
		ctx, cancel := context.WithCancel(e.ctx)
		begun, answered := make(chan struct{}), make(chan error, 1)
		release := make(chan struct{})
		go func() {
			answered <- e.try(account, func(store.Tx) error {
				close(begun)
				<-release
				return nil
			})
		}()
		<-begun
		waiting := make(chan error, 1)
		go func() {
			waiting <- e.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
				return tx.InsertContact(ctx, &core.Contact{AccountID: account, Email: "x@example.com"})
			})
		}()
		cancel() // before or after it joined the line: both are "not begun"
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			e.Errorf("got %v, want the context's error", err)
		}
		close(release)
		if err := <-answered; err != nil {
			e.Error(err)
		}
		missing(e.st.FindContactByEmail(e.ctx, account, "x@example.com"))
	}},
	{"Readers/a context that has ended stops a read", func(e *env) {
		account := e.account().ID
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		if _, err := e.st.Account(ctx, account); !errors.Is(err, context.Canceled) {
			e.Errorf("got %v, want the context's error", err)
		}
	}},
	{"View/shows one unchanging state", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		err := e.st.View(e.ctx, func(ctx context.Context, r store.Reader) error {
			before := must(r.ListThreads(ctx, account, store.ThreadQuery{Limit: 99, With: store.WithLast}))
			log := must(r.ListEvents(ctx, account, 0, 99))
			e.tx(account, func(tx store.Tx) error {
				v := plainConversation(f)
				_, _, err := Say(e.ctx, tx, f.Chat, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}, CreatedAt: noon})
				return first(err, tx.InsertConversation(e.ctx, &v))
			})
			e.same("threads", must(r.ListThreads(ctx, account, store.ThreadQuery{Limit: 99, With: store.WithLast})), before)
			e.same("log", must(r.ListEvents(ctx, account, 0, 99)), log)
			if n := must(r.CountThreads(ctx, account, store.ThreadQuery{})); n != 4 {
				e.Errorf("inside: got %d conversations, want 4", n)
			}
			return nil
		})
		if err != nil {
			e.Fatal(err)
		}
		if n := must(e.st.CountThreads(e.ctx, account, store.ThreadQuery{})); n != 5 {
			e.Errorf("after: got %d conversations, want 5", n)
		}
	}},
	{"View/returns the function's error", func(e *env) {
		if err := e.st.View(e.ctx, func(context.Context, store.Reader) error { return errChanged }); !errors.Is(err, errChanged) {
			e.Errorf("got %v", err)
		}
		_, err := e.st.ListAccounts(e.ctx, 0, 1)
		if err != nil {
			e.Errorf("the connection was not given back: %v", err)
		}
	}},
	{"Ready/of an open store", func(e *env) {
		if err := e.st.Ready(e.ctx); err != nil {
			e.Error(err)
		}
	}},
	{"Close/refuses what comes after it, and may be called again", func(e *env) {
		account := e.account().ID
		if err := e.st.Close(); err != nil {
			e.Fatal(err)
		}
		e.refused("InTx", account, core.Unavailable, func(store.Tx) error { return nil })
		_, err := e.st.Account(e.ctx, account)
		e.kind("Account", err, core.Unavailable)
		e.kind("Ready", e.st.Ready(e.ctx), core.Unavailable)
		if err := e.st.Close(); err != nil {
			e.Errorf("second Close: %v", err)
		}
	}},
}

var groupChecks = []check{
	{"Groups/positions are dense with many writers on one conversation", func(e *env) {
		f := Seed(e, e.st)
		const writers, each = 16, 6
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				sender := core.Actor{Type: core.ActorContact, ID: f.Ada.ID}
				if w%2 == 0 {
					sender = core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
				}
				for i := range each {
					err := e.try(f.Account.ID, func(tx store.Tx) error {
						_, _, err := Say(e.ctx, tx, f.Quiet, core.Entry{Kind: core.Message, Sender: sender, Origin: core.OriginPerson, Counts: true, Listed: true, Content: fmt.Sprint(w, "-", i), CreatedAt: noon})
						return err
					})
					if err != nil {
						e.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all := must(e.st.ListEntries(e.ctx, f.Account.ID, store.EntryQuery{ConversationIDs: []int64{f.Quiet.ID}, Limit: 999}))
		if len(all) != writers*each {
			e.Fatalf("got %d entries, want %d", len(all), writers*each)
		}
		// Replaying the entries must give what the row holds.
		want := f.Quiet
		for i := range all {
			en := all[i]
			core.Append(&want, &en)
			e.same(fmt.Sprint("entry ", i), en, all[i])
		}
		e.same("conversation", must(e.st.Conversation(e.ctx, f.Account.ID, f.Quiet.ID)), want)
	}},
	{"Groups/each command gets its own answer and harms no other", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		const n = 60
		logged := len(e.log(account))
		results := make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				results[i] = e.try(account, func(tx store.Tx) error {
					insert := func() error {
						tx.Emit(small(account, fmt.Sprint(i)))
						v := plainConversation(f)
						return first(
							tx.InsertContact(e.ctx, &core.Contact{AccountID: account, Identifier: fmt.Sprint("c", i)}),
							tx.InsertConversation(e.ctx, &v))
					}
					switch i % 6 {
					case 1: // refuses before it writes
						return core.Refuse("", "no")
					case 2: // changes its mind
						return first(insert(), errChanged)
					case 3: // a statement fails
						return first(insert(), tx.InsertContact(e.ctx, &core.Contact{AccountID: account, Email: f.Ada.Email}))
					case 4:
						panic(fmt.Sprint("a bug in ", i, insert()))
					}
					return insert()
				})
			})
		}
		wg.Wait()
		good := 0
		for i, err := range results {
			_, ok, ferr := e.st.FindContactByIdentifier(e.ctx, account, fmt.Sprint("c", i))
			if ferr != nil {
				e.Fatal(ferr)
			}
			wantOK := false
			switch i % 6 {
			case 1:
				e.kind(fmt.Sprint("refusal ", i), err, core.Invalid)
			case 2:
				if !errors.Is(err, errChanged) {
					e.Errorf("command %d: got %v", i, err)
				}
			case 3:
				e.kind(fmt.Sprint("conflict ", i), err, core.Conflict)
			case 4:
				e.kind(fmt.Sprint("panic ", i), err, core.Internal)
			default:
				good++
				wantOK = true
				if err != nil {
					e.Errorf("command %d: %v", i, err)
				}
			}
			if ok != wantOK {
				e.Errorf("command %d: stored is %v, want %v", i, ok, wantOK)
			}
		}
		e.same("seqs", seqs(e.log(account)), upTo(logged+good))
		if got := must(e.st.CountThreads(e.ctx, account, store.ThreadQuery{})); got != int64(4+good) {
			e.Errorf("kept counter: got %d, want %d", got, 4+good)
		}
		if got := must(e.st.CountThreads(e.ctx, account, store.ThreadQuery{InboxID: f.Web.ID})); got != int64(3+good) {
			e.Errorf("rows: got %d, want %d", got, 3+good)
		}
	}},
	{"Groups/a read inside a command sees what commands before it wrote", func(e *env) {
		account := e.account().ID
		const n = 40
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				err := e.try(account, func(tx store.Tx) error {
					value, _, err := tx.FindSetting(e.ctx, "counter")
					if err != nil {
						return err
					}
					return tx.PutSetting(e.ctx, "counter", value+"x")
				})
				if err != nil {
					e.Error(err)
				}
			})
		}
		wg.Wait()
		if got := found(e.st.FindSetting(e.ctx, "counter")); len(got) != n {
			e.Errorf("got %d steps, want %d", len(got), n)
		}
	}},
	{"Groups/accounts do not wait for each other's errors", func(e *env) {
		var wg sync.WaitGroup
		var bad atomic.Int64
		fixtures := []Fixture{Seed(e, e.st), Seed(e, e.st), Seed(e, e.st)}
		for i := range 45 {
			f := fixtures[i%3]
			wg.Go(func() {
				err := e.try(f.Account.ID, func(tx store.Tx) error {
					if i%5 == 0 {
						return tx.InsertContact(e.ctx, &core.Contact{AccountID: f.Account.ID, Email: f.Ada.Email})
					}
					tx.Emit(small(f.Account.ID, "x"))
					return nil
				})
				if err != nil {
					bad.Add(1)
				}
			})
		}
		wg.Wait()
		if bad.Load() != 9 {
			e.Errorf("%d commands failed, want 9", bad.Load())
		}
		for _, f := range fixtures {
			all := e.log(f.Account.ID)
			e.same("seqs", seqs(all), upTo(len(all)))
		}
	}},
}
