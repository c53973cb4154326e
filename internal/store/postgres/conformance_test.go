package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store {
		t.Helper()
		return open(t, migrated.Postgres(t))
	})
}

// TestSchemaOfItsOwn has the tables in another schema than the one of all.
func TestSchemaOfItsOwn(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA parley")
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	st := open(t, url+"&search_path=parley")
	f := storetest.Seed(t, st)
	if _, err := st.Account(t.Context(), f.Account.ID); err != nil {
		t.Error(err)
	}
	if err := st.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func open(t testing.TB, url string) store.Store {
	t.Helper()
	st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}
