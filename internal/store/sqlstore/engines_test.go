package sqlstore_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// migrated is an engine that can make its own schema.
type migrated interface {
	sqlstore.Engine
	Migrate(ctx context.Context) error
}

// openers open an empty database on each engine, closed at the end of the test.
var openers = map[string]func(t testing.TB) migrated{
	"sqlite": func(t testing.TB) migrated {
		t.Helper()
		e, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "test.db")})
		return closing(t, e, err)
	},
	"postgres": func(t testing.TB) migrated {
		t.Helper()
		e, err := postgres.Open(t.Context(), postgres.Options{URL: testkit.Postgres(t)})
		return closing(t, e, err)
	},
}

func closing(t testing.TB, e migrated, err error) migrated {
	t.Helper()
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

// onEngines runs a check on an empty database of each engine.
func onEngines(t *testing.T, check func(t *testing.T, e migrated)) {
	t.Helper()
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

// run executes statements in a transaction of their own.
func run(t testing.TB, e sqlstore.Engine, statements ...string) {
	t.Helper()
	tx := begin(t, e)
	for _, s := range statements {
		if _, err := tx.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

// begin starts a transaction that is rolled back at the end of the test.
func begin(t testing.TB, e sqlstore.Engine) sqlstore.EngineTx {
	t.Helper()
	tx, err := e.Begin(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("Begin: %v", err)
	}
	t.Cleanup(func() {
		if err := tx.Rollback(); err != nil {
			t.Errorf("Rollback: %v", err)
		}
	})
	return tx
}

// column returns the first column of all rows.
func column[T any](ctx context.Context, q sqlstore.Querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func mustColumn[T any](t testing.TB, q sqlstore.Querier, sql string, args ...any) []T {
	t.Helper()
	all, err := column[T](t.Context(), q, sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

func TestMigrationsAreNumberedPairs(t *testing.T) {
	t.Parallel()
	names := func(steps fs.FS) []string {
		if _, err := sqlstore.LatestMigration(steps); err != nil {
			t.Error(err)
		}
		entries, err := fs.ReadDir(steps, ".")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
			text, err := fs.ReadFile(steps, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.ToUpper(string(text)), "NO TRANSACTION") {
				t.Errorf("%s does not run in one transaction", e.Name())
			}
		}
		return names
	}
	lite, post := names(sqlite.Migrations()), names(postgres.Migrations())
	if !slices.Equal(lite, post) {
		t.Errorf("sqlite has %q and postgres %q, want the same", lite, post)
	}
}

func TestMigrateIsIdempotent(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		if err := e.Ready(t.Context()); core.KindOf(orNone(err)) != core.Unavailable {
			t.Errorf("Ready on an empty database = %v, want unavailable", err)
		}
		for range 2 {
			if err := e.Migrate(t.Context()); err != nil {
				t.Fatalf("Migrate: %v", err)
			}
			if err := e.Ready(t.Context()); err != nil {
				t.Fatalf("Ready: %v", err)
			}
		}
	})
}

// orNone stands in for an error that did not come, so that its kind can be asked.
func orNone(err error) error {
	if err == nil {
		return fmt.Errorf("no error")
	}
	return err
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		run(t, e, "INSERT INTO goose_db_version (version_id, is_applied) SELECT 99998, is_applied FROM goose_db_version WHERE version_id = 1",
			"INSERT INTO settings (name, value) VALUES ('kept', 'x')")
		for name, err := range map[string]error{"Migrate": e.Migrate(t.Context()), "Ready": e.Ready(t.Context())} {
			if core.KindOf(orNone(err)) != core.Unavailable || !strings.Contains(err.Error(), "99998") {
				t.Errorf("%s = %v, want unavailable, with the version", name, err)
			}
		}
		if got := mustColumn[string](t, e, "SELECT name FROM settings"); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("settings = %q, want them untouched", got)
		}
	})
}

func TestClassify(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		run(t, e, "CREATE TABLE parents (id bigint PRIMARY KEY)", `CREATE TABLE things (
			id bigint PRIMARY KEY, name text NOT NULL UNIQUE, age bigint CHECK (age > 0), parent bigint REFERENCES parents (id))`,
			"INSERT INTO things (id, name) VALUES (1, 'a')")
		for sql, want := range map[string]core.Kind{
			"INSERT INTO things (id, name) VALUES (1, 'b')":            core.Conflict,
			"INSERT INTO things (id, name) VALUES (2, 'a')":            core.Conflict,
			"INSERT INTO things (id, name) VALUES (2, NULL)":           core.Invalid,
			"INSERT INTO things (id, name, age) VALUES (2, 'b', 0)":    core.Invalid,
			"INSERT INTO things (id, name, parent) VALUES (2, 'b', 9)": core.Invalid,
			"INSERT INTO nothing (id) VALUES (1)":                      core.Internal,
			"no sql":                                                   core.Internal,
		} {
			tx := begin(t, e)
			_, err := tx.Exec(t.Context(), sql)
			got := e.Classify(err)
			if core.KindOf(orNone(got)) != want {
				t.Errorf("%s: %v, want %v", sql, got, want)
			}
			if e.Classify(got) != got { //nolint:errorlint // the very same
				t.Errorf("%s: classified twice it is another error", sql)
			}
			if e.Retryable(err) {
				t.Errorf("%s: retryable", sql)
			}
			if err := tx.Rollback(); err != nil {
				t.Errorf("Rollback: %v", err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := e.Query(ctx, "SELECT 1")
		wantErr(t, "a context's error", e.Classify(err), context.Canceled)
		if err := e.Classify(nil); err != nil {
			t.Errorf("Classify(nil) = %v", err)
		}
	})
}

func TestSnapshotDoesNotMove(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		run(t, e, "CREATE TABLE things (id bigint PRIMARY KEY)", "INSERT INTO things VALUES (1)")
		const count = "SELECT count(*) FROM things"
		err := e.Snapshot(t.Context(), func(ctx context.Context, q sqlstore.Querier) error {
			before := mustColumn[int64](t, q, count)                            //nolint:contextcheck // the test's
			run(t, e, "INSERT INTO things VALUES (2)")                          //nolint:contextcheck // the test's
			if after := mustColumn[int64](t, q, count); after[0] != before[0] { //nolint:contextcheck // the test's
				t.Errorf("the snapshot counts %d and then %d", before[0], after[0])
			}
			if _, err := q.Exec(ctx, "INSERT INTO things VALUES (3)"); err == nil {
				t.Error("a snapshot was written to")
			}
			return nil
		})
		if err != nil {
			t.Errorf("Snapshot: %v", err)
		}
		if got := mustColumn[int64](t, e, count); got[0] != 2 {
			t.Errorf("after it there are %d rows, want 2", got[0])
		}
		func() {
			defer func() { _ = recover() }()
			_ = e.Snapshot(t.Context(), func(context.Context, sqlstore.Querier) error { panic("in a snapshot") })
		}()
		// Were its connection lost or its transaction still open, these would hang or see old rows.
		run(t, e, "INSERT INTO things VALUES (4)")
		for range 20 {
			if got := mustColumn[int64](t, e, count); got[0] != 3 {
				t.Fatalf("after a panic a reader sees %d rows, want 3", got[0])
			}
		}
	})
}

func TestOneResultAtATime(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		tx := begin(t, e)
		rows, err := tx.Query(t.Context(), "SELECT 1 UNION ALL SELECT 2")
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if _, err := tx.Exec(t.Context(), "SELECT 3"); err == nil {
			t.Error("a statement ran while rows were open")
		}
		rows.Close()
		rows.Close()
		if got := mustColumn[int64](t, tx, "SELECT 3"); got[0] != 3 {
			t.Errorf("got %d", got[0])
		}
	})
}

func TestTransactionEndsOnce(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		run(t, e, "CREATE TABLE things (id bigint PRIMARY KEY)")
		tx := begin(t, e)
		if _, err := tx.Exec(t.Context(), "INSERT INTO things VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := tx.Rollback(); err != nil {
				t.Errorf("Rollback: %v", err)
			}
		}
		if _, err := tx.Exec(t.Context(), "INSERT INTO things VALUES (2)"); err == nil {
			t.Error("a statement ran after the transaction")
		}
		if err := tx.Commit(t.Context()); err == nil {
			t.Error("a transaction was committed after its end")
		}
		if got := mustColumn[int64](t, e, "SELECT id FROM things"); len(got) != 0 {
			t.Errorf("rows = %v, want none", got)
		}
	})
}

func TestJSONText(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		run(t, e, "CREATE TABLE docs (ext text NOT NULL)")
		for _, c := range []struct {
			doc  string
			path []string
			want string // "-" = NULL
		}{
			{"", []string{"a"}, "-"},
			{"{}", []string{"a"}, "-"},
			{`{"a":null}`, []string{"a"}, "-"},
			{`{"a":"text"}`, []string{"a"}, "text"},
			{`{"a":""}`, []string{"a"}, ""},
			{`{"a":"null"}`, []string{"a"}, "null"},
			{`{"a":"\u00fc\"\n"}`, []string{"a"}, "ü\"\n"},
			{`{"a":true}`, []string{"a"}, "true"},
			{`{"a":false}`, []string{"a"}, "false"},
			{`{"a":1}`, []string{"a"}, "1"},
			{`{"a":1.50}`, []string{"a"}, "1.50"},
			{`{"a":12345678901234567890123}`, []string{"a"}, "12345678901234567890123"},
			{`{"a":{"b_c":"deep"}}`, []string{"a", "b_c"}, "deep"},
			{`{"a":"text"}`, []string{"a", "b"}, "-"},
			{`{"a":[1,{"b":2}]}`, []string{"a", "b"}, "-"},
			{`{"a":[1,2]}`, []string{"a"}, "[1,2]"},
			{`[]`, []string{"a"}, "-"},
		} {
			tx := begin(t, e)
			if _, err := tx.Exec(t.Context(), "INSERT INTO docs VALUES ($1)", c.doc); err != nil {
				t.Fatal(err)
			}
			got, err := column[string](t.Context(), tx, "SELECT COALESCE("+e.JSONText("ext", c.path)+", '-') FROM docs")
			if err != nil || got[0] != c.want {
				t.Errorf("%s at %v = %q, %v, want %q", c.doc, c.path, got, err, c.want)
			}
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}
		for _, path := range [][]string{nil, {""}, {"A"}, {"a'"}, {"a", "b}"}, {"a.b"}, {"1"}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("the path %q was accepted", path)
					}
				}()
				e.JSONText("ext", path)
			}()
		}
	})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		tx := begin(t, e)
		next := func(space sqlstore.Space) int64 {
			t.Helper()
			id, err := e.NextID(t.Context(), tx, space)
			if err != nil {
				t.Fatalf("NextID(%s): %v", space, err)
			}
			return id
		}
		lift := func(space sqlstore.Space, id int64) {
			t.Helper()
			if err := e.Lift(t.Context(), tx, space, id); err != nil {
				t.Fatalf("Lift(%s, %d): %v", space, id, err)
			}
		}
		for _, space := range []sqlstore.Space{sqlstore.SpacePerson, sqlstore.SpaceIdentity, sqlstore.SpaceEntry} {
			lift(space, 1) // before any was given: the edge of a fresh sequence
			steps := []struct{ lift, want int64 }{{0, 2}, {2, 3}, {3, 4}, {100, 101}, {50, 102}, {1_000_000, 1_000_001}, {core.MaxID - 1, core.MaxID}}
			for _, s := range steps {
				if s.lift != 0 {
					lift(space, s.lift)
				}
				got := next(space)
				if far := s.lift == 1_000_000 && e.PerAccount(); got != s.want && (!far || got < s.want) { // there a far lift leaves room
					t.Errorf("%s: lifted to %d, the next id is %d, want %d", space, s.lift, got, s.want)
				}
			}
			for _, id := range []int64{0, -1, core.MaxID + 1} {
				if err := e.Lift(t.Context(), tx, space, id); core.KindOf(orNone(err)) != core.Invalid {
					t.Errorf("Lift to %d = %v, want invalid", id, err)
				}
			}
		}
	})
}

// TestOwnSequence covers tables with an id sequence of their own.
func TestOwnSequence(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		id := "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
		if !e.PerAccount() {
			id = "INTEGER PRIMARY KEY AUTOINCREMENT"
		}
		run(t, e, "CREATE TABLE id_spaces (space text PRIMARY KEY, last_id bigint NOT NULL)", "CREATE TABLE things (id "+id+", name text)")
		tx := begin(t, e)
		var last int64
		for _, s := range []struct{ given, want int64 }{{0, 1}, {7, 7}, {0, 8}, {3, 3}, {0, 9}, {5000, 5000}, {0, 5001}} {
			sql, args := "INSERT INTO things (name) VALUES ($1) RETURNING id", []any{"x"}
			if s.given != 0 {
				sql, args = "INSERT INTO things (name, id) VALUES ($1, $2) RETURNING id", []any{"x", s.given}
			}
			got := mustColumn[int64](t, tx, sql, args...)
			if s.given != 0 {
				if err := e.Lift(t.Context(), tx, "things", s.given); err != nil {
					t.Fatalf("Lift: %v", err)
				}
			}
			far := s.given == 0 && last == 5000 && e.PerAccount() // there a far lift leaves room
			if got[0] != s.want && (!far || got[0] < s.want) {
				t.Errorf("id = %d, want %d", got[0], s.want)
			}
			last = got[0]
		}
		// A deleted id does not come back.
		if _, err := tx.Exec(t.Context(), "DELETE FROM things"); err != nil {
			t.Fatal(err)
		}
		if got := mustColumn[int64](t, tx, "INSERT INTO things (name) VALUES ('y') RETURNING id"); got[0] != last+1 {
			t.Errorf("id after a deletion = %d, want %d", got[0], last+1)
		}
	})
}

// TestLiftNeverTakesBack lets lifts and takers race: no id may come twice.
func TestLiftNeverTakesBack(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		const takers, each = 4, 100
		var (
			wg  sync.WaitGroup
			mu  sync.Mutex
			all = map[int64]bool{}
		)
		for range takers {
			wg.Go(func() {
				for range each {
					tx, err := e.Begin(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					id, err := e.NextID(t.Context(), tx, sqlstore.SpaceEntry)
					if err == nil {
						err = e.Lift(t.Context(), tx, sqlstore.SpaceEntry, id+1)
					}
					if err == nil {
						err = tx.Commit(t.Context())
					}
					if err != nil {
						t.Error(err, tx.Rollback())
						return
					}
					mu.Lock()
					if all[id] {
						t.Errorf("id %d was given twice", id)
					}
					all[id] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	})
}

func TestClosedEngineIsUnavailable(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e migrated) {
		for range 2 {
			if err := e.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		_, queryErr := e.Query(t.Context(), "SELECT 1")
		_, beginErr := e.Begin(t.Context())
		for name, err := range map[string]error{
			"Query": queryErr, "Begin": beginErr, "Ready": e.Ready(t.Context()),
			"Snapshot": e.Snapshot(t.Context(), func(context.Context, sqlstore.Querier) error { return nil }),
		} {
			if core.KindOf(orNone(e.Classify(err))) != core.Unavailable {
				t.Errorf("%s after Close = %v, want unavailable", name, err)
			}
		}
	})
}

func TestCancelledReadLeavesTheEngineUsable(t *testing.T) {
	t.Parallel()
	const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 - 1 FROM n) SELECT count(*) FROM n"
	onEngines(t, func(t *testing.T, e migrated) {
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			_, err := column[int64](ctx, e, endless)
			wantErr(t, "endless read", e.Classify(err), context.DeadlineExceeded)
			cancel()

			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			err = e.Snapshot(ctx, func(ctx context.Context, q sqlstore.Querier) error {
				_, err := column[int64](ctx, q, endless)
				return err
			})
			wantErr(t, "endless read in a snapshot", e.Classify(err), context.Canceled)
		}
		for range 20 {
			if got := mustColumn[int64](t, e, "SELECT 1"); got[0] != 1 {
				t.Fatalf("got %v", got)
			}
		}
	})
}

// TestValues compares how both engines bind and return what the codecs use.
func TestValues(t *testing.T) {
	t.Parallel()
	type row struct {
		text string
		real float64
		n    int64
		none *int64
	}
	onEngines(t, func(t *testing.T, e migrated) {
		run(t, e, "CREATE TABLE vals (id bigint PRIMARY KEY, t text NOT NULL, r double precision NOT NULL, n bigint NOT NULL, ref bigint)")
		for i, want := range []row{
			{"", 0, 0, nil},
			{"ü\U0001F600\n\t'\"\\", 0.1, core.MaxID, nil},
			{strings.Repeat("long ", 100_000), -1e300, -1, nil},
			{"0012", 3, 1, nil},
		} {
			tx := begin(t, e)
			n, err := tx.Exec(t.Context(), "INSERT INTO vals (id, t, r, n, ref) VALUES ($1, $2, $3, $4, $5)", int64(i), want.text, want.real, want.n, nil)
			if err != nil || n != 1 {
				t.Fatalf("insert: %d rows, %v", n, err)
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := e.Query(t.Context(), "SELECT t, r, n, ref FROM vals WHERE t = $2 AND id = $1", int64(i), want.text)
			if err != nil {
				t.Fatal(err)
			}
			var got row
			if !rows.Next() {
				t.Fatalf("row %d was not found: %v", i, rows.Err())
			}
			if err := rows.Scan(&got.text, &got.real, &got.n, &got.none); err != nil {
				t.Fatal(err)
			}
			rows.Close()
			if got != want {
				t.Errorf("row %d came back as %.100v, want %.100v", i, got, want)
			}
		}
		tx := begin(t, e)
		if n, err := tx.Exec(t.Context(), "UPDATE vals SET n = n + $1 WHERE id > $2", int64(1), int64(0)); err != nil || n != 3 {
			t.Errorf("an update changed %d rows, %v, want 3", n, err)
		}
	})
}
