package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
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
	// template0 can't be connected to, so parallel tests never wait for each other's
	// sessions as they would with template1.
	return newDatabase(t, testServer(t), "template0")
}

// PostgresLike is Postgres with a copy of what prepare made in an empty
// database. That is done once a server for all that ask for the same name, a
// word of letters and digits: it must tell what prepare does.
func PostgresLike(t testing.TB, name string, prepare func(ctx context.Context, dsn string) error) (dsn string) {
	t.Helper()
	server, template := testServer(t), "parley_template_"+name
	if err := made.once(t.Context(), server, template, prepare); err != nil {
		t.Fatalf("make %s: %v", template, err)
	}
	return newDatabase(t, server, template)
}

// made are the templates that this process knows to be there.
var made = templates{names: map[string]bool{}}

type templates struct {
	sync.Mutex
	names map[string]bool // guarded by Mutex
}

func (m *templates) once(ctx context.Context, server *url.URL, name string, prepare func(ctx context.Context, dsn string) error) error {
	m.Lock()
	defer m.Unlock()
	if m.names[name] {
		return nil
	}
	err := makeTemplate(ctx, server, name, prepare)
	m.names[name] = err == nil
	return err
}

// templateLock is the number of the lock under which processes make templates.
const templateLock = 7_265_179

// makeTemplate makes the template unless another process has. What was left
// half done has another name.
func makeTemplate(ctx context.Context, server *url.URL, template string, prepare func(ctx context.Context, dsn string) error) (err error) {
	conn, err := pgx.Connect(ctx, server.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }() // which gives the lock back
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return err
	}
	var known bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", template).Scan(&known); known || err != nil {
		return err
	}
	unfinished := template + "_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)", "CREATE DATABASE " + unfinished + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := prepare(ctx, database(server, unfinished)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+template)
	return err
}

// testServer returns the server's URL.
func testServer(t testing.TB) *url.URL {
	t.Helper()
	server, err := serverURL(os.Getenv(postgresEnv))
	if err != nil {
		t.Fatalf("%s: %v; run `make test`, which starts a private server", postgresEnv, err)
	}
	return server
}

// dropWait is long: every drop waits for the whole server to write what it
// holds, and many tests end at once.
const dropWait = 3 * time.Minute

// newDatabase copies the template, and drops the copy when the test ends.
func newDatabase(t testing.TB, server *url.URL, template string) (dsn string) {
	t.Helper()
	// rand.Text is upper-case base32: folded, it is safe in SQL without quotes.
	name := "parley_test_" + strings.ToLower(rand.Text())
	onServer(t.Context(), t, server, "CREATE DATABASE "+name+" TEMPLATE "+template)
	t.Cleanup(func() {
		// The test's own context is over by now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), dropWait)
		defer cancel()
		onServer(ctx, t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return database(server, name)
}

// database is the URL of one of the server's databases.
func database(server *url.URL, name string) string {
	u := *server
	u.Path = "/" + name
	return u.String()
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
