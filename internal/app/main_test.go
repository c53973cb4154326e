//go:build unix

package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
)

// Some of these tests need a second process: one that can be killed, traced or
// starved. It is this test binary, told by the environment what to do.
const (
	helperEnv = "PARLEY_TEST_HELPER" // the name of what to do, see helpers
	engineEnv = "PARLEY_TEST_ENGINE" // sqlite or postgres
	whereEnv  = "PARLEY_TEST_WHERE"  // a data directory, or the URL of a database
	tagEnv    = "PARLEY_TEST_TAG"    // begins every text that the helper writes
)

// seedEnv repeats the random choices of a run that failed: its log names the
// value.
const seedEnv = "PARLEY_TEST_SEED"

// helpers is what a second process can do, by name.
var helpers = map[string]func(ctx context.Context) error{
	"append":            appendUntilKilled,
	"append one by one": appendOneByOne,
	"hold":              holdTheFile,
	"restore":           restoreUntilKilled,
	"serve":             serveUntilKilled,
}

func TestMain(m *testing.M) {
	name := os.Getenv(helperEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	work, ok := helpers[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no helper is called %q\n", name)
		os.Exit(2)
	}
	if err := work(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// process is a helper that runs.
type process struct {
	cmd *exec.Cmd
	out *bufio.Scanner // what it says
}

// help starts the helper of that name, with settings for its environment.
func help(t *testing.T, name string, env ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), helperEnv+"="+name), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd: cmd, out: bufio.NewScanner(out)}
}

// line waits for the next line that the process says.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Errorf("the process says nothing more: %v", p.out.Err())
	}
	return p.out.Text()
}

// kill kills the process, which must not have ended by itself.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by itself: %v", err)
	}
}

// random returns the source of a test's random choices, and logs its seed.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedEnv, err)
		}
	}
	t.Logf("run again with %s=%d", seedEnv, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// openAt opens the store that a helper and its test share, one after the other
// on SQLite: one process owns the data directory.
func openAt(ctx context.Context, engine, where string) (store.Store, error) {
	if engine == "postgres" {
		return postgres.OpenStore(ctx, postgres.Options{URL: where})
	}
	return sqlite.OpenStore(ctx, sqlite.Options{DataDir: where})
}

// healthy reports every fault that the doctor finds.
func healthy(t *testing.T, st store.Store) {
	t.Helper()
	_, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Errorf("doctor: %s", f) })
	if err != nil {
		t.Errorf("doctor: %v", err)
	}
}
