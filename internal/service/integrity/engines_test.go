package integrity_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // reaches behind the store's back

	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit/migrated"
)

// engine is a database, and a way to write into it past the store and without
// its foreign keys.
type engine struct {
	store store.Store
	exec  func(sql string)
}

// engines opens an empty store on each.
var engines = map[string]func(t *testing.T) engine{"sqlite": openSQLite, "postgres": openPostgres}

func openSQLite(t *testing.T) engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, st.Close)
	// Foreign keys are off unless a connection asks for them.
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	closed(t, db.Close)
	return engine{store: st, exec: func(text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}}
}

func openPostgres(t *testing.T) engine {
	t.Helper()
	url := migrated.Postgres(t)
	st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, st.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, func() error { return conn.Close(context.WithoutCancel(t.Context())) })
	e := engine{store: st, exec: func(text string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}}
	e.exec(`DO $$ DECLARE k record; BEGIN
		FOR k IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'f' LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.t, k.conname);
		END LOOP;
	END $$`)
	return e
}

func closed(t *testing.T, closeIt func() error) {
	t.Helper()
	t.Cleanup(func() {
		if err := closeIt(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}
