package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostgresGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	first, second := Postgres(t), Postgres(t)
	if first == second {
		t.Fatalf("both calls gave %s", first)
	}
	connect(t, first, "CREATE TABLE things (id bigint PRIMARY KEY)")
	// The same name is free in the other database.
	connect(t, second, "CREATE TABLE things (id bigint PRIMARY KEY)")
}

func TestPostgresDropsTheDatabaseUnderOpenConnections(t *testing.T) {
	t.Parallel()
	var dsn string
	var conn *pgx.Conn
	if !t.Run("user", func(t *testing.T) {
		dsn = Postgres(t)
		conn = connect(t, dsn, "SELECT 1")
	}) {
		return
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived its database")
	}
	if other, err := pgx.Connect(t.Context(), dsn); err == nil {
		_ = other.Close(t.Context())
		t.Errorf("%s is still there after its test", dsn)
	}
}

func TestPostgresLikeCopiesWhatWasPreparedOnce(t *testing.T) {
	t.Parallel()
	name := strings.ToLower(rand.Text())
	t.Cleanup(func() {
		onServer(context.WithoutCancel(t.Context()), t, testServer(t), "DROP DATABASE IF EXISTS parley_template_"+name)
	})
	prepared := 0
	prepare := func(ctx context.Context, dsn string) error {
		if prepared++; prepared == 1 {
			return errors.New("not yet")
		}
		u, err := url.Parse(dsn)
		if err == nil {
			onServer(ctx, t, u, "CREATE TABLE things (id bigint PRIMARY KEY)")
		}
		return err
	}
	failures := record(t, func(r *recorder) { PostgresLike(r, name, prepare) })
	if len(failures) != 1 || !strings.Contains(failures[0], "not yet") {
		t.Errorf("failures = %q, want the one of what prepares", failures)
	}
	for range 2 {
		connect(t, PostgresLike(t, name, prepare), "INSERT INTO things VALUES (1)")
	}
	if prepared != 2 {
		t.Errorf("prepared %d times, of which one failed, want 2", prepared)
	}
}

func TestPostgresFailsWithoutAServer(t *testing.T) {
	t.Setenv("PARLEY_TEST_POSTGRES", "")
	failures := record(t, func(r *recorder) { Postgres(r) })
	if len(failures) != 1 || !strings.Contains(failures[0], "make test") {
		t.Errorf("failures = %q, want one that says `make test`", failures)
	}
}

func TestServerURLRefusesOthers(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "host=/tmp", "mysql://localhost/test", "://"} {
		if u, err := serverURL(value); err == nil {
			t.Errorf("serverURL(%q) = %v, want an error", value, u)
		}
	}
}

// connect runs one statement and leaves the connection open.
func connect(t *testing.T, dsn, statement string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect to %s: %v", dsn, err)
	}
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return conn
}
