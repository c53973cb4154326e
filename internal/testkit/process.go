//go:build unix

package testkit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// HelperEnv names, in the environment of a second process, what that is to do.
const HelperEnv = "PARLEY_TEST_HELPER"

// Main runs a package's tests, or, in a second process that StartHelper began,
// the helper of that name. TestMain calls it.
func Main(m *testing.M, helpers map[string]func(ctx context.Context) error) {
	name := os.Getenv(HelperEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	work, ok := helpers[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no helper is called %q\n", name)
		os.Exit(2)
	}
	if in, err := os.Stdin.Stat(); err == nil && in.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(3) // whoever started it is gone
		}()
	}
	if err := work(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Process is a helper that runs: the test binary once more, to be killed,
// traced or starved. Its methods belong to one goroutine at a time.
type Process struct {
	cmd *exec.Cmd
	in  io.Closer      // ends with the test's process, and the helper with it
	out *bufio.Scanner // what it says
}

// StartHelper starts the helper of that name, with settings for its
// environment, as name=value. It dies with the test, also with one that panics.
func StartHelper(t testing.TB, name string, env ...string) *Process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), HelperEnv+"="+name), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &Process{cmd: cmd, in: in, out: bufio.NewScanner(out)}
}

// Line waits for the next line that the process says.
func (p *Process) Line(t testing.TB) string {
	t.Helper()
	if !p.out.Scan() {
		t.Errorf("the process says nothing more: %v", p.out.Err())
	}
	return p.out.Text()
}

// Signal sends the process a signal.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Errorf("send %s: %v", s, err)
	}
}

// Kill kills the process, which must not have ended by itself.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGKILL)
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by itself: %v", err)
	}
}

// Stop asks the process to end, which it must do without a failure.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the process did not end in order: %v", err)
	}
}
