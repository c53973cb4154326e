package sqlite

import (
	"bufio"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// crashEnv names the database of a child process that is to be killed.
const crashEnv = "PARLEY_TEST_CRASH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		if err := writeUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/service", "parley/internal/dialect", "parley/internal/api", "parley/internal/app", "parley/internal/store/postgres")
}

func openTest(t *testing.T, opts Options) *Engine {
	t.Helper()
	if opts.Path == "" && opts.DataDir == "" {
		opts.Path = filepath.Join(t.TempDir(), "test.db")
	}
	e, err := Open(t.Context(), opts)
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

func mustBegin(t *testing.T, e *Engine) sqlstore.EngineTx {
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

func mustExec(t *testing.T, q sqlstore.Querier, text string, args ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func mustCommit(t *testing.T, tx sqlstore.EngineTx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func wantUnavailable(t *testing.T, err error, mentions string) {
	t.Helper()
	if err == nil || core.KindOf(err) != core.Unavailable || !strings.Contains(err.Error(), mentions) {
		t.Errorf("error = %v, want unavailable and %q in it", err, mentions)
	}
}

// pragma returns a setting as text, whatever its type.
func pragma(t *testing.T, q sqlstore.Querier, name string) (string, error) {
	t.Helper()
	v, err := scanOne[any](t.Context(), q, "PRAGMA "+name)
	return fmt.Sprint(v), err
}

func TestSettingsOfEveryConnection(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{ReadPool: 3, MMapBytes: 1 << 20})
	common := map[string]string{"busy_timeout": "10000", "journal_mode": "wal", "temp_store": "2", "mmap_size": "1048576"}
	check := func(q sqlstore.Querier, who string, more map[string]string) {
		t.Helper()
		for _, settings := range []map[string]string{common, more} {
			for name, want := range settings {
				got, err := pragma(t, q, name)
				if err != nil || got != want {
					t.Errorf("%s: %s = %s, %v, want %s", who, name, got, err, want)
				}
			}
		}
	}
	check(mustBegin(t, e), "writer", map[string]string{"synchronous": "2", "foreign_keys": "1", "query_only": "0", "cache_size": "-8192"})
	var held []*conn
	for range 3 {
		c, err := e.readers.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		check(c, "reader", map[string]string{"query_only": "1", "cache_size": "-2730"})
	}
	for _, c := range held {
		e.readers.release(c)
	}
	off := openTest(t, Options{MMapBytes: -1})
	if got, err := pragma(t, off, "mmap_size"); err != nil || got != "0" {
		t.Errorf("mmap_size = %s, %v, want it off", got, err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	_, err := e.Exec(t.Context(), "CREATE TABLE t (id integer)")
	wantUnavailable(t, e.Classify(err), "written")
}

func TestStrangePaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "what?mode=memory.db", "a#b.db", "100%25.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		e := openTest(t, Options{Path: path})
		tx := mustBegin(t, e)
		mustExec(t, tx, "CREATE TABLE t (id integer)")
		mustCommit(t, tx)
		info, err := os.Stat(path)
		if err != nil || info.Size() == 0 && !exists(path+"-wal") {
			t.Errorf("%s: the database is not in its file: %v", name, err)
		}
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode = %v, want 0600", name, info.Mode().Perm())
		}
	}
	if _, err := Open(t.Context(), Options{}); err == nil {
		t.Error("a database without a name was opened")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestOneProcessOwnsTheDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	e, err := Open(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, FileName); e.Path() != want {
		t.Errorf("Path() = %s, want %s", e.Path(), want)
	}
	_, err = Open(t.Context(), Options{DataDir: dir})
	wantUnavailable(t, err, filepath.Join(dir, LockName))
	wantUnavailable(t, err, fmt.Sprint(os.Getpid()))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	lock, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close: %v", err)
	}
	_, err = Open(t.Context(), Options{DataDir: dir})
	wantUnavailable(t, err, LockName)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	openTest(t, Options{DataDir: dir})
}

// TestAFailedReadIsNoNewDatabase opens files that are not what they should be:
// none of them may be migrated, or changed at all.
func TestAFailedReadIsNoNewDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	garbage := []byte(strings.Repeat("this is no database. ", 1000))
	if err := os.WriteFile(path, garbage, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := OpenStore(t.Context(), Options{Path: path}); err == nil {
		t.Errorf("garbage was opened: %v", s.Close())
	}
	if got, err := os.ReadFile(path); err != nil || !slices.Equal(got, garbage) {
		t.Errorf("garbage was changed: %v", err)
	}

	other := openTest(t, Options{})
	tx := mustBegin(t, other)
	mustExec(t, tx, "CREATE TABLE recipes (id integer)")
	mustCommit(t, tx)
	wantUnavailable(t, other.Migrate(t.Context()), "another program")
	tables, err := scanOne[int64](t.Context(), other, "SELECT count(*) FROM sqlite_schema")
	if err != nil || tables != 1 {
		t.Errorf("another program's database has %d tables now, %v, want 1", tables, err)
	}

	// A version table that cannot be read is a failure and not version 0.
	broken := openTest(t, Options{})
	tx = mustBegin(t, broken)
	mustExec(t, tx, "CREATE TABLE goose_db_version (something_else integer)")
	mustCommit(t, tx)
	if err := broken.Migrate(t.Context()); err == nil {
		t.Error("an unreadable version counted as a new database")
	}
}

func TestAStepThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	steps := fstest.MapFS{
		"00001_one.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id integer);\n")},
		"00002_two.sql": {Data: []byte("-- +goose Up\nCREATE TABLE two (id integer);\nCREATE TABLE one (id integer);\n")},
	}
	if err := e.migrate(t.Context(), steps); err == nil {
		t.Error("a failing step passed")
	}
	if v, err := e.version(t.Context()); err != nil || v != 1 {
		t.Errorf("version = %d, %v, want 1", v, err)
	}
	steps["00002_two.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (id integer);\n")}
	if err := e.migrate(t.Context(), steps); err != nil {
		t.Errorf("the repaired step: %v", err)
	}
	tx := mustBegin(t, e) // the writer came back with its settings
	if got, err := pragma(t, tx, "foreign_keys"); err != nil || got != "1" {
		t.Errorf("foreign_keys = %s, %v", got, err)
	}
	for name, steps := range map[string]fs.FS{
		"gap":      fstest.MapFS{"00002_two.sql": {}},
		"bad name": fstest.MapFS{"1_one.sql": {}},
		"twice":    fstest.MapFS{"00001_a.sql": {}, "00001_b.sql": {}},
	} {
		if err := e.migrate(t.Context(), steps); err == nil {
			t.Errorf("%s: the steps were accepted", name)
		}
	}
}

func TestCommitThatIsRefusedStoresNothing(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	tx := mustBegin(t, e)
	mustExec(t, tx, "CREATE TABLE p (id integer PRIMARY KEY)")
	mustExec(t, tx, "CREATE TABLE c (p integer REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
	mustCommit(t, tx)
	tx = mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO c VALUES (1)")
	if err := tx.Commit(t.Context()); !errors.Is(err, sqlstore.ErrRolledBack) || core.KindOf(e.Classify(err)) != core.Invalid {
		t.Errorf("Commit = %v, want a roll-back", err)
	}
	tx = mustBegin(t, e)
	if n, err := scanOne[int64](t.Context(), tx, "SELECT count(*) FROM c"); err != nil || n != 0 {
		t.Errorf("%d rows, %v, want none", n, err)
	}
}

// TestAFullDiskEndsTheTransaction makes SQLite roll back by itself.
func TestAFullDiskEndsTheTransaction(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	tx := mustBegin(t, e)
	mustExec(t, tx, "CREATE TABLE t (id integer PRIMARY KEY, b blob)")
	mustExec(t, tx, "PRAGMA max_page_count = 10")
	mustCommit(t, tx)
	tx = mustBegin(t, e)
	_, err := tx.Exec(t.Context(), "INSERT INTO t (b) VALUES (zeroblob(1000000))")
	wantUnavailable(t, e.Classify(err), "space")
	if err := tx.Rollback(); err != nil {
		t.Errorf("Rollback: %v", err)
	}
	tx = mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO t (b) VALUES (zeroblob(10))")
	mustCommit(t, tx)
}

// TestAnotherHolderOfTheFile has somebody else lock the database for a while.
func TestAnotherHolderOfTheFile(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	other := openTest(t, Options{Path: e.Path()})
	// The engine waits for long; the test must not.
	c, err := e.writer.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, c, "PRAGMA busy_timeout = 1")
	e.writer.release(c)

	tx := mustBegin(t, other)
	_, err = e.Begin(t.Context())
	wantUnavailable(t, e.Classify(err), "busy")
	if !e.Retryable(err) {
		t.Error("not retryable")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustBegin(t, e)
}

func TestTheWriterIsOneAtATime(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	tx := mustBegin(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Begin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Begin with an ended context = %v", err)
	}
	second := make(chan error)
	go func() {
		tx, err := e.Begin(context.WithoutCancel(t.Context()))
		if err == nil {
			err = tx.Rollback()
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Errorf("a second transaction began beside the first: %v", err)
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second transaction: %v", err)
	}
}

func TestStatementsAreBoundedAndReused(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{ReadPool: 1})
	for i := range 3 * maxStatements {
		if got, err := scanOne[int64](t.Context(), e, fmt.Sprintf("SELECT %d", i)); err != nil || got != int64(i) {
			t.Fatalf("SELECT %d = %d, %v", i, got, err)
		}
	}
	c, err := e.readers.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.readers.release(c)
	if n := len(c.stmts); n != maxStatements {
		t.Errorf("%d statements are kept, want %d", n, maxStatements)
	}
	one, err := c.prepare(t.Context(), "SELECT 'again'")
	if err != nil {
		t.Fatal(err)
	}
	if two, err := c.prepare(t.Context(), "SELECT 'again'"); err != nil || one != two {
		t.Errorf("a known text was prepared again: %v", err)
	}
}

// lostConn is a connection that the driver has given up.
type lostConn struct{ driver.Conn }

func (lostConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, driver.ErrBadConn
}

func TestALostConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{ReadPool: 1})
	c, err := e.readers.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.driver = lostConn{c.driver}
	e.readers.release(c)
	if _, err := scanOne[int64](t.Context(), e, "SELECT 1"); err == nil {
		t.Error("a statement ran on a lost connection")
	}
	if got, err := scanOne[int64](t.Context(), e, "SELECT 1"); err != nil || got != 1 {
		t.Errorf("the next statement: %d, %v", got, err)
	}
}

// TestPreparedStatementsSeeANewSchema guards against stale plans.
func TestPreparedStatementsSeeANewSchema(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{ReadPool: 1})
	tx := mustBegin(t, e)
	mustExec(t, tx, "CREATE TABLE t (id integer)")
	mustExec(t, tx, "INSERT INTO t VALUES (1)")
	mustCommit(t, tx)
	const read = "SELECT * FROM t"
	for range 2 {
		if got, err := scanOne[int64](t.Context(), e, read); err != nil || got != 1 {
			t.Fatalf("%d, %v", got, err)
		}
		tx = mustBegin(t, e)
		mustExec(t, tx, "ALTER TABLE t RENAME COLUMN id TO number")
		mustExec(t, tx, "ALTER TABLE t RENAME COLUMN number TO id")
		mustCommit(t, tx)
	}
}

// TestCloseWaitsForOpenRows holds a reader while the engine closes.
func TestCloseWaitsForOpenRows(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	rows, err := e.Query(t.Context(), "SELECT 1 UNION ALL SELECT 2")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- e.Close() }()
	// Close has begun once nobody gets a connection any more.
	<-e.readers.closed
	var n int64
	if err := rows.Scan(&n); err != nil || n != 1 {
		t.Errorf("Scan while the engine closes: %d, %v", n, err)
	}
	select {
	case err := <-closed:
		t.Errorf("Close did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if !rows.Next() || rows.Next() || rows.Err() != nil {
		t.Errorf("the rows ended early: %v", rows.Err())
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestAcknowledgedSurvivesAKill kills a writing process and looks for every
// commit that it reported.
func TestAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	var reported int64
	for range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), crashEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 50 && lines.Scan(); n++ {
			reported++
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		for lines.Scan() { // what it still had reported
			reported++
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the process was not killed")
		}
		if reported == 0 {
			t.Fatal("the process reported no commit")
		}
	}
	e := openTest(t, Options{Path: path})
	n, err := scanOne[int64](t.Context(), e, "SELECT count(*) FROM t")
	if err != nil || n < reported {
		t.Errorf("%d rows, %v, want the %d that were reported", n, err, reported)
	}
	if check, err := scanOne[string](t.Context(), e, "PRAGMA integrity_check"); err != nil || check != "ok" {
		t.Errorf("integrity_check = %s, %v", check, err)
	}
}

// writeUntilKilled is what the child process does.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	e, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	for text := "CREATE TABLE IF NOT EXISTS t (id integer PRIMARY KEY AUTOINCREMENT, x text)"; ; text = "INSERT INTO t (x) VALUES (hex(randomblob(500)))" {
		tx, err := e.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
		if strings.HasPrefix(text, "INSERT") {
			if _, err := fmt.Fprintln(os.Stdout, "stored"); err != nil {
				return err
			}
		}
	}
}
