package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// benchmark runs one benchmark on both engines, filled.
func benchmark(b *testing.B, run func(b *testing.B, st store.Store)) {
	b.Run("sqlite", func(b *testing.B) {
		engine, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "bench.db")})
		if err != nil {
			b.Fatal(err)
		}
		if err := engine.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		load(b, engine)
		st := sqlstore.New(engine, nil)
		defer func() { _ = st.Close() }()
		run(b, st)
	})
	b.Run("postgres", func(b *testing.B) {
		engine, err := postgres.Open(b.Context(), postgres.Options{URL: testkit.Postgres(b)})
		if err != nil {
			b.Fatal(err)
		}
		if err := engine.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		load(b, engine)
		if _, err := engine.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
		st := sqlstore.New(engine, nil)
		defer func() { _ = st.Close() }()
		run(b, st)
	})
}

// BenchmarkListThreads reads the page that websites ask for all day: the newest
// 20 conversations of a customer with all that lists print.
func BenchmarkListThreads(b *testing.B) {
	for name, with := range map[string]store.Parts{"bare": 0, "all": allParts} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, func(b *testing.B, st store.Store) {
				b.ReportAllocs()
				for i := int64(0); b.Loop(); i++ {
					q := store.ThreadQuery{IdentityID: i%500*2 + 1, Order: store.ByLastMessage, Desc: true, Limit: 20, With: with}
					threads, err := st.ListThreads(b.Context(), fat, q)
					if err != nil || len(threads) != 20 {
						b.Fatal(len(threads), err)
					}
				}
			})
		})
	}
}

// BenchmarkAppend appends one message after the other, each in a commit of its
// own.
func BenchmarkAppend(b *testing.B) {
	benchmark(b, func(b *testing.B, st store.Store) {
		f := storetest.Seed(b, st)
		b.ReportAllocs()
		for b.Loop() {
			err := st.InTx(b.Context(), f.Account.ID, func(ctx context.Context, tx store.Tx) error {
				e := core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: f.Ada.ID}, Counts: true, Listed: true, Content: "hello", CreatedAt: 1}
				_, _, err := storetest.Say(ctx, tx, f.Chat, e)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
