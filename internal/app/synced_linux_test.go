package app_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// TestSyncedBeforeAcknowledged traces a process that appends one entry after
// the other: between the last write to SQLite's log and each acknowledgement
// the log was synced to the disk. A kill cannot show that, only a power loss
// could: what the kernel holds outlives a process.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("%v: install the package strace", err)
	}
	v := victim{engine: "sqlite", where: t.TempDir()}
	v.inspect(t, func(st store.Store) { storetest.Seed(t, st) })
	file := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-s", "16", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", file, os.Args[0])
	cmd.Env = append(os.Environ(), testkit.HelperEnv+"=append one by one", engineEnv+"="+v.engine, whereEnv+"="+v.where, tagEnv+"=round 0")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("trace the process: %v (in a container, ptrace may have to be allowed)\n%s", err, &said)
	}
	trace, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()

	var synced synced
	lines := bufio.NewScanner(trace)
	for lines.Scan() {
		if err := synced.read(lines.Text()); err != nil {
			t.Error(err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if said := strings.Count(string(out), "\n"); said != tracedWrites || synced.acknowledged != tracedWrites {
		t.Errorf("%d entries were acknowledged, %d in the trace, want %d", said, synced.acknowledged, tracedWrites)
	}
	if synced.syncs < tracedWrites {
		t.Errorf("%d syncs of the log for %d entries", synced.syncs, tracedWrites)
	}
	t.Logf("%d syncs of the log, %d entries acknowledged", synced.syncs, synced.acknowledged)
}

// synced follows a trace.
type synced struct {
	dirty        bool // the log was written to after its last sync
	fresh        bool // the log was synced after the last acknowledgement
	syncs        int
	acknowledged int
	syncing      map[string]bool // by thread: a sync of the log has begun
}

// Calls as strace writes them: whole, or begun and resumed when another thread
// came between.
var (
	wholeCall = regexp.MustCompile(`^(\d+) +(\w+)\((\d+)<([^>]*)>(.*)`)
	resumed   = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.* = (-?\d+)`)
)

// read takes one line. It returns an error for an acknowledgement of what was
// not synced.
func (s *synced) read(line string) error {
	if m := resumed.FindStringSubmatch(line); m != nil {
		if s.syncing[m[1]] && m[3] == "0" {
			s.done()
		}
		delete(s.syncing, m[1])
		return nil
	}
	m := wholeCall.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	thread, call, fd, path, rest := m[1], m[2], m[3], m[4], m[5]
	isLog := strings.HasSuffix(path, sqlite.FileName+"-wal")
	switch {
	case isLog && (call == "write" || call == "pwrite64"):
		s.dirty = true
	case isLog && strings.HasSuffix(rest, "<unfinished ...>"):
		if s.syncing == nil {
			s.syncing = map[string]bool{}
		}
		s.syncing[thread] = true
	case isLog && strings.HasSuffix(rest, " = 0"):
		s.done()
	case fd == "1" && call == "write":
		s.acknowledged++
		fresh := s.fresh
		s.fresh = false
		if !fresh || s.dirty {
			return fmt.Errorf("acknowledgement %d: log synced since the last one: %t, written to since: %t", s.acknowledged, fresh, s.dirty)
		}
	}
	return nil
}

// done notes a sync of the log.
func (s *synced) done() {
	s.syncs++
	s.dirty, s.fresh = false, true
}
