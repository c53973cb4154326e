package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestImports(t *testing.T) {
	t.Parallel()
	testkit.ForbidImports(t, "parley/internal/service", "parley/internal/dialect", "parley/internal/api", "parley/internal/app", "parley/internal/store/sqlite")
}

func openTest(t *testing.T, opts Options) *Engine {
	t.Helper()
	if opts.URL == "" {
		opts.URL = testkit.Postgres(t)
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

func wantUnavailable(t *testing.T, err error, mentions string) {
	t.Helper()
	if err == nil || core.KindOf(err) != core.Unavailable || !strings.Contains(err.Error(), mentions) {
		t.Errorf("error = %v, want unavailable and %q in it", err, mentions)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Options{URL: "postgres://user:secret@/?host=%zz"})
	if err == nil || core.KindOf(err) != core.Invalid || strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
		t.Errorf("a broken URL: %v, want invalid, without the password", err)
	}
	_, err = Open(t.Context(), Options{URL: "postgres://user:secret@/db?host=" + t.TempDir()})
	wantUnavailable(t, err, "not available")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestPoolSize(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	for _, c := range []struct {
		opts Options
		want int32
	}{
		{Options{URL: url}, defaultMaxConns},
		{Options{URL: url, MaxConns: 3}, 3},
		{Options{URL: url + "&pool_max_conns=5"}, 5},
		{Options{URL: url + "&pool_max_conns=5", MaxConns: 4}, 4},
	} {
		if got := openTest(t, c.opts).pool.Config().MaxConns; got != c.want {
			t.Errorf("%d connections, want %d", got, c.want)
		}
	}
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	const ask = "SELECT current_setting('transaction_isolation') || ', ' || current_setting('transaction_read_only')"
	check := func(q sqlstore.Querier, want string) error {
		got, err := scanOne[string](t.Context(), q, ask)
		if got != want {
			t.Errorf("isolation = %s, want %s", got, want)
		}
		return err
	}
	if err := check(mustBegin(t, e), "read committed, off"); err != nil {
		t.Error(err)
	}
	err := e.Snapshot(t.Context(), func(_ context.Context, q sqlstore.Querier) error { return check(q, "repeatable read, on") })
	if err != nil {
		t.Error(err)
	}
}

// kill ends the transaction's session from another one, as a restart does.
func kill(t *testing.T, e *Engine, q sqlstore.Querier) {
	t.Helper()
	pid, err := scanOne[int64](t.Context(), q, "SELECT pg_backend_pid()::bigint")
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, e, "SELECT pg_terminate_backend($1::bigint::int, 10000)", pid)
}

func TestALostConnection(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{MaxConns: 3})
	mustExec(t, e, "CREATE TABLE t (id bigint)")

	tx := mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO t VALUES (1)")
	kill(t, e, tx)
	_, err := tx.Exec(t.Context(), "INSERT INTO t VALUES (2)")
	wantUnavailable(t, e.Classify(err), "not available")
	_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (3)")
	wantUnavailable(t, e.Classify(err), "not available")
	_ = tx.Rollback() // may complain that the connection is gone

	tx = mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO t VALUES (4)")
	kill(t, e, tx)
	err = tx.Commit(t.Context())
	wantUnavailable(t, e.Classify(err), "not available")
	if errors.Is(err, sqlstore.ErrRolledBack) {
		t.Error("a commit that was not answered passes for a roll-back")
	}

	// Idle connections that died are noticed before a transaction is lost on them.
	for range 3 {
		tx = mustBegin(t, e)
		kill(t, e, tx)
		_ = tx.Rollback()
	}
	tx = mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO t VALUES (5)")
	if err := tx.Commit(t.Context()); err != nil {
		t.Errorf("Commit on a new connection: %v", err)
	}
	if sum, err := scanOne[int64](t.Context(), e, "SELECT sum(id)::bigint FROM t"); err != nil || sum != 5 {
		t.Errorf("sum = %d, %v, want 5", sum, err)
	}
}

// TestBeginPassesByDeadConnections cuts the idle connections of the pool.
func TestBeginPassesByDeadConnections(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	e, other := openTest(t, Options{URL: url, MaxConns: 2}), openTest(t, Options{URL: url, MaxConns: 1})
	first, second := mustBegin(t, e), mustBegin(t, e)
	for _, tx := range []sqlstore.EngineTx{first, second} {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, other, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	tx := mustBegin(t, e)
	mustExec(t, tx, "SELECT 1")
}

func TestCommitThatIsRefusedStoresNothing(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	mustExec(t, e, "CREATE TABLE p (id bigint PRIMARY KEY)")
	mustExec(t, e, "CREATE TABLE c (p bigint REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
	tx := mustBegin(t, e)
	mustExec(t, tx, "INSERT INTO c VALUES (1)")
	if err := tx.Commit(t.Context()); !errors.Is(err, sqlstore.ErrRolledBack) || core.KindOf(e.Classify(err)) != core.Invalid {
		t.Errorf("Commit = %v, want a roll-back", err)
	}
	tx = mustBegin(t, e)
	if _, err := tx.Exec(t.Context(), "no sql"); err == nil {
		t.Fatal("no error")
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, sqlstore.ErrRolledBack) {
		t.Errorf("Commit of a failed transaction = %v, want a roll-back", err)
	}
}

func TestATransactionHasALimit(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{TxTimeout: 5 * time.Second, MaxConns: 2}) // long enough to connect twice on a busy machine
	tx := mustBegin(t, e)
	_, err := tx.Exec(t.Context(), "SELECT pg_sleep(60)")
	err = e.Classify(err)
	wantUnavailable(t, err, "too long")
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the engine's limit passes for the caller's deadline")
	}
	_ = tx.Rollback()
	first, second := mustBegin(t, e), mustBegin(t, e)
	_, err = e.Begin(t.Context()) // the pool is empty
	wantUnavailable(t, e.Classify(err), "too long")
	for _, tx := range []sqlstore.EngineTx{first, second} {
		if err := tx.Rollback(); err != nil {
			t.Errorf("Rollback: %v", err)
		}
	}
}

// TestCloseWaitsForGivenUpQueries: a query whose caller has gone, and that the
// server does not end when it is asked to, has its connection for a while longer.
func TestCloseWaitsForGivenUpQueries(t *testing.T) {
	t.Parallel()
	e, err := Open(t.Context(), Options{URL: testkit.Postgres(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tx, err := e.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const stubborn = `DO $$ DECLARE over timestamptz := clock_timestamp() + interval '12 seconds'; BEGIN
		WHILE clock_timestamp() < over LOOP
			BEGIN
				PERFORM pg_sleep(0.2);
			EXCEPTION WHEN query_canceled THEN NULL;
			END;
		END LOOP;
	END $$`
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := tx.Exec(ctx, stubborn); !errors.Is(err, context.Canceled) {
		t.Errorf("Exec: %v, want %v", err, context.Canceled)
	}
	_ = tx.Rollback() // of a connection that is lost
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestAFrozenTransactionEnds: what it holds becomes free although its process
// says nothing any more.
func TestAFrozenTransactionEnds(t *testing.T) {
	t.Parallel()
	frozen := openTest(t, Options{TxSilence: time.Second})
	mustExec(t, frozen, "CREATE TABLE t (id bigint PRIMARY KEY, n bigint)")
	mustExec(t, frozen, "INSERT INTO t VALUES (1, 0)")
	other := openTest(t, Options{URL: frozen.pool.Config().ConnString()})
	const update = "UPDATE t SET n = n + 1 WHERE id = 1"
	held, next := mustBegin(t, frozen), mustBegin(t, other)
	mustExec(t, held, update)
	mustExec(t, next, update) // waits
	if err := next.Commit(t.Context()); err != nil {
		t.Errorf("Commit behind it: %v", err)
	}
	_, err := held.Exec(t.Context(), update)
	wantUnavailable(t, frozen.Classify(err), "the database")
	if err := held.Commit(t.Context()); err == nil {
		t.Error("it was committed")
	}
	if n, err := scanOne[int64](t.Context(), other, "SELECT n FROM t"); n != 1 || err != nil {
		t.Errorf("n is %d, %v, want 1", n, err)
	}
}

func TestDeadlocksAreRetryable(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	mustExec(t, e, "CREATE TABLE t (id bigint PRIMARY KEY, n bigint)")
	mustExec(t, e, "INSERT INTO t VALUES (1, 0), (2, 0)")
	const update = "UPDATE t SET n = n + 1 WHERE id = $1"
	one, two := mustBegin(t, e), mustBegin(t, e)
	mustExec(t, one, update, int64(1))
	mustExec(t, two, update, int64(2))
	blocked := make(chan error, 1)
	go func() {
		_, err := one.Exec(context.WithoutCancel(t.Context()), update, int64(2))
		if err != nil {
			err = errors.Join(err, one.Rollback())
		}
		blocked <- err
	}()
	_, err := two.Exec(t.Context(), update, int64(1))
	if err != nil {
		_ = two.Rollback()
	}
	if other := <-blocked; err == nil {
		err = other
	}
	if !e.Retryable(err) {
		t.Errorf("error = %v, want a retryable one", err)
	}
	wantUnavailable(t, e.Classify(err), "busy")
}

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		e := openTest(t, Options{URL: url, MaxConns: 2})
		wg.Go(func() {
			if err := e.Migrate(t.Context()); err != nil {
				t.Errorf("Migrate: %v", err)
			}
			if err := e.Ready(t.Context()); err != nil {
				t.Errorf("Ready: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestAFailedReadIsNoNewDatabase(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	mustExec(t, e, "CREATE TABLE goose_db_version (something_else bigint)")
	if err := e.Migrate(t.Context()); err == nil {
		t.Error("an unreadable version counted as a new database")
	}
	if n, err := scanOne[int64](t.Context(), e, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); err != nil || n != 1 {
		t.Errorf("%d tables, %v, want the one that was there", n, err)
	}
}

func TestAStepThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	steps := fstest.MapFS{
		"00001_one.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id bigint);\n")},
		"00002_two.sql": {Data: []byte("-- +goose Up\nCREATE TABLE two (id bigint);\nCREATE TABLE one (id bigint);\n")},
	}
	if err := e.migrate(t.Context(), steps); err == nil {
		t.Error("a failing step passed")
	}
	if v, err := e.version(t.Context()); err != nil || v != 1 {
		t.Errorf("version = %d, %v, want 1", v, err)
	}
	steps["00002_two.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (id bigint);\n")}
	if err := e.migrate(t.Context(), steps); err != nil {
		t.Errorf("the repaired step: %v", err)
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]core.Kind{
		"23505": core.Conflict, "23503": core.Invalid, "23502": core.Invalid, "23514": core.Invalid, "22021": core.Invalid,
		"53300": core.Unavailable, "53100": core.Unavailable, "57P01": core.Unavailable, "57P03": core.Unavailable, "25006": core.Unavailable,
		"08006": core.Unavailable, "40001": core.Unavailable, "40P01": core.Unavailable, "55P03": core.Unavailable,
		"42P01": core.Internal, "42601": core.Internal, "": core.Internal,
	} {
		kind, message := judge(code)
		if kind != want {
			t.Errorf("%s is %v, want %v", code, kind, want)
		}
		if kind != core.Internal && message == "" {
			t.Errorf("%s has no message to show", code)
		}
	}
}

// TestLiftNeverTakesBack lifts a sequence to just where it is, while another
// session takes ids as fast as the server can: it must never be set back.
func TestLiftNeverTakesBack(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{MaxConns: 2})
	mustExec(t, e, "CREATE SEQUENCE entry_ids")
	if _, err := e.NextID(t.Context(), e, sqlstore.SpaceEntry); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var lifter sync.WaitGroup
	lifter.Go(func() {
		for ahead := int64(1); ; ahead = (ahead + 37) % 4000 {
			select {
			case <-stop:
				return
			default:
			}
			last, err := scanOne[int64](t.Context(), e, "SELECT pg_sequence_last_value('entry_ids')")
			if err == nil {
				err = e.Lift(t.Context(), e, sqlstore.SpaceEntry, last+ahead)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	rounds := 5
	if testkit.Small() {
		rounds = 2
	}
	for range rounds {
		back, err := scanOne[int64](t.Context(), e, `SELECT count(*) FROM (
			SELECT n, lag(n) OVER (ORDER BY i) AS before FROM (SELECT i, nextval('entry_ids') AS n FROM generate_series(1, 200000) AS g (i)) AS taken
		) AS pairs WHERE n <= before`)
		if err != nil || back != 0 {
			t.Errorf("the sequence was set back %d times, %v", back, err)
		}
	}
	close(stop)
	lifter.Wait()
}

// TestAnalyze looks for what the planner knows of a table afterwards.
func TestAnalyze(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustExec(t, e, "INSERT INTO settings (name, value) SELECT 'name' || i, '' FROM generate_series(1, 3000) AS g (i)")
	if err := e.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := scanOne[int64](t.Context(), e, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'settings'"); err != nil || n != 3000 {
		t.Errorf("the planner counts on %d rows, %v", n, err)
	}
}

// TestCloseWaitsForOpenRows holds a connection while the engine closes.
func TestCloseWaitsForOpenRows(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	rows, err := e.Query(t.Context(), "SELECT 1::bigint UNION ALL SELECT 2::bigint")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- e.Close() }()
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
