package postgres

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
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
