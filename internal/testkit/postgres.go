package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresEnv names the server on which Postgres makes its databases: a URL
// whose user may create some.
const postgresEnv = "PARLEY_TEST_POSTGRES"

// Postgres creates an empty database for this test alone and returns its URL.
// The database is dropped at the end of the test, whoever is still connected.
//
// The server is the one that PARLEY_TEST_POSTGRES names; `make test` brings up
// a private one. Without a server the test fails.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	server, err := serverURL(os.Getenv(postgresEnv))
	if err != nil {
		t.Fatalf("%s: %v; run `make test`, which starts a private server", postgresEnv, err)
	}
	// rand.Text is upper-case base32: folded, it is safe in SQL without quotes.
	name := "parley_test_" + strings.ToLower(rand.Text())

	// template0 can't be connected to, so parallel tests never wait for each other's
	// sessions as they would with template1.
	onServer(t.Context(), t, server, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() {
		// The test's own context is over by now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		onServer(ctx, t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})

	database := *server
	database.Path = "/" + name
	return database.String()
}

// serverURL checks the value of PARLEY_TEST_POSTGRES.
func serverURL(value string) (*url.URL, error) {
	if value == "" {
		return nil, errors.New("not set")
	}
	u, err := url.Parse(value)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("not a postgres:// URL")
	}
	return u, nil
}

// onServer runs one statement on a connection of its own and fails t if it can't.
func onServer(ctx context.Context, t testing.TB, server *url.URL, statement string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, server.String())
	if err != nil {
		t.Fatalf("connect to the server of %s: %v", postgresEnv, err)
	}
	_, err = conn.Exec(ctx, statement)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
