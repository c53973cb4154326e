package postgres_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	database := testkit.Postgres(t)
	storetest.Run(t, func(t testing.TB) store.Store { return openSchema(t, database) })
}

// openSchema returns an empty store in a schema of its own, which the server
// makes many times faster than a database.
func openSchema(t testing.TB, database string) store.Store {
	t.Helper()
	schema := "s_" + strings.ToLower(rand.Text())
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA "+schema)
	if cerr := conn.Close(t.Context()); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: database + "&search_path=" + schema})
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
