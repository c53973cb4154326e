package postgres

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"parley/internal/store"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// TestDumpKnowsEveryTable holds the list of what is dumped against the
// migrations: a table that is missing there would be missing in every backup.
func TestDumpKnowsEveryTable(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := e.pool.Query(t.Context(), `SELECT relname::text, COALESCE((SELECT array_agg(p.relname::text ORDER BY p.relname)
		FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid WHERE k.conrelid = c.oid AND k.contype = 'f'), '{}')
		FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname NOT LIKE 'goose%' ORDER BY relname`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var made []string
	for rows.Next() {
		var name string
		var parents []string
		if err := rows.Scan(&name, &parents); err != nil {
			t.Fatal(err)
		}
		made = append(made, name)
		for _, parent := range parents {
			if slices.Index(tables, parent) >= slices.Index(tables, name) {
				t.Errorf("%s refers to %s, which has to come before it", name, parent)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(tables)
	slices.Sort(want)
	if diff := cmp.Diff(made, want); diff != "" {
		t.Errorf("tables (-made by the migrations +dumped):\n%s", diff)
	}
}

// TestDumpNeedsOneConnection dumps and restores through a pool of one: whoever
// waited for a second connection would wait for ever.
func TestDumpNeedsOneConnection(t *testing.T) {
	t.Parallel()
	from, to := testkit.Postgres(t), testkit.Postgres(t)
	e := openTest(t, Options{URL: from, MaxConns: 1})
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	latest, err := sqlstore.LatestMigration(Migrations())
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Dump(t.Context(), dir)
	if err != nil || d != (store.Dump{Engine: store.Postgres, SchemaVersion: latest}) {
		t.Fatalf("dump: %+v, %v", d, err)
	}
	r := store.Restoring{Dir: dir, SchemaVersion: d.SchemaVersion, Before: func() error { return nil }}
	if err := Restore(t.Context(), Options{URL: to, MaxConns: 1}, r); err != nil {
		t.Fatal(err)
	}
	if err := openTest(t, Options{URL: to}).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestUpStopsAtTheVersion makes an older schema, as a restore of an older
// backup does.
func TestUpStopsAtTheVersion(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	steps := fstest.MapFS{
		"00001_one.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id bigint);\n")},
		"00002_two.sql": {Data: []byte("-- +goose Up\nCREATE TABLE two (id bigint);\n")},
	}
	for _, want := range []int64{1, 2} {
		if err := e.up(t.Context(), steps, want); err != nil {
			t.Fatal(err)
		}
		if got, err := e.version(t.Context()); err != nil || got != want {
			t.Errorf("got version %d, %v, want %d", got, err, want)
		}
	}
}
