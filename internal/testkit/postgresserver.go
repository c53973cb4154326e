//go:build unix

package testkit

import (
	"bufio"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresServer is a PostgreSQL server of one test's own, which the test may
// stop and start. It is durable as in production, unlike the server that all
// tests share. Its methods belong to one goroutine at a time.
type PostgresServer struct {
	// URL is that of its database, which is empty at first.
	URL string

	dir string   // its files and its socket
	bin string   // the folder of its programs
	log *os.File // what its programs say
}

// StartPostgres brings up a server with scripts/with-postgres.sh and takes it
// down at the end of the test; also when the test process is killed.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	script := filepath.Join(moduleDir(t), "scripts", "with-postgres.sh")
	// The script ends with its command, and that with its input.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), script, "sh", "-c", `echo "$PARLEY_TEST_POSTGRES"; exec cat`)
	cmd.Env = append(os.Environ(), "PARLEY_TEST_PG_FSYNC=on")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("start a PostgreSQL server: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("start a PostgreSQL server: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start a PostgreSQL server: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it may have ended by itself, which Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("take down the PostgreSQL server: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("start a PostgreSQL server: no URL comes from %s: %v", script, err)
	}
	s := &PostgresServer{URL: strings.TrimSpace(line)}
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatalf("the URL of the PostgreSQL server: %v", err)
	}
	s.dir = u.Query().Get("host")
	if s.log, err = os.CreateTemp(t.TempDir(), "pg_ctl"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.log.Close() }) // it is read before, if at all
	conn, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatalf("connect to the PostgreSQL server: %v", err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT setting FROM pg_config WHERE name = 'BINDIR'").Scan(&s.bin); err != nil {
		t.Fatalf("ask for the server's programs: %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatalf("disconnect from the PostgreSQL server: %v", err)
	}
	return s
}

// Stop ends the server at once, as a crash would: whoever is connected is cut
// off, and the next start recovers from the log.
func (s *PostgresServer) Stop(t testing.TB) {
	t.Helper()
	s.control(t, "stop", "-m", "immediate", "-w", "-t", "60")
}

// Start starts the server again and returns when it answers.
func (s *PostgresServer) Start(t testing.TB) {
	t.Helper()
	s.control(t, "start", "-l", filepath.Join(s.dir, "data", "server.log"), "-w", "-t", "60")
}

// control runs pg_ctl as the owner of the server's files: PostgreSQL refuses to
// run as root.
func (s *PostgresServer) control(t testing.TB, args ...string) {
	t.Helper()
	args = append(args, "-D", filepath.Join(s.dir, "data"))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(s.bin, "pg_ctl"), args...)
	cmd.Dir = "/"
	// A file, not a pipe: the server inherits it and would keep a pipe open.
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if os.Getuid() == 0 {
		var info syscall.Stat_t
		if err := syscall.Stat(s.dir, &info); err != nil {
			t.Fatalf("pg_ctl %s: %v", args[0], err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: info.Uid, Gid: info.Gid}}
	}
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(s.log.Name())
		t.Fatalf("pg_ctl %s: %v\n%s", args[0], err, said)
	}
}

// moduleDir returns the folder of go.mod, above the test's own.
func moduleDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("the test runs outside the module: there is no go.mod above it")
		}
		dir = parent
	}
}
