package app_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/testkit/testserver"
)

// stageEnv tells a test that it runs in a process of its own, which it may do
// things to that would harm others.
const stageEnv = "PARLEY_TEST_STAGE"

// diskBytes is the size of the small disk.
const diskBytes = "8m"

// alone runs the test again in a process of its own and reports what became of
// it. It returns true in that process. With mounts the process has a view of
// the file systems of its own, where it may mount; granted is false where the
// machine does not allow that.
func alone(t *testing.T, mounts bool) (here, granted bool) {
	t.Helper()
	if os.Getenv(stageEnv) != "" {
		return true, true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), stageEnv+"=1")
	if mounts {
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if os.Getuid() != 0 {
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
	}
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return false, false
	case err != nil && !errors.As(err, &exit):
		t.Fatalf("run the test alone: %v", err)
	case err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()):
		t.Errorf("alone: %v\n%s", err, said)
	}
	return false, true
}

// TestFullDisk fills the disk under a writing server, and frees it again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	here, granted := alone(t, true)
	if !granted {
		t.Log("this machine grants no mounts: a limit of the file size stands in for the full disk, see TestFileLimit")
	}
	if !here {
		return
	}
	disk := mount(t)
	ballast := filepath.Join(disk, "ballast")
	starve(t, filepath.Join(disk, "data"), "no space left",
		func() {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			for chunk := make([]byte, 4096); err == nil; {
				_, err = f.Write(chunk)
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("fill the disk: %v", err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		},
		func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		})
}

// TestFileLimit keeps the files of a writing server from growing, for a while.
func TestFileLimit(t *testing.T) {
	t.Parallel()
	if here, _ := alone(t, false); !here {
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // the call then fails, as on a disk that refuses
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	grow := limit.Cur
	set := func(bytes uint64) {
		limit.Cur = bytes
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	data := t.TempDir()
	starve(t, data, "not available",
		// Nothing is written behind this place either where the file is long
		// already, as the log is that begins again.
		func() { set(64 << 10) },
		func() { set(grow) })
}

// starve serves and writes while the disk takes no more: writers are told so,
// in words that contain says, readers notice nothing; once there is room again
// all goes on by itself. Nothing that was acknowledged is missing.
func starve(t *testing.T, dataDir, says string, fill, free func()) {
	t.Helper()
	v := victim{engine: "sqlite", where: dataDir}
	acks := newRecorder()
	failed := 0
	v.inspect(t, func(st store.Store) {
		testserver.Import(t, st, harbourFixture)
		s := testserver.Serve(t, st, "sqlite")
		mustAppend := func(tag string) {
			if err := appendTo(t.Context(), st, acks, tag, 50); err != nil {
				t.Fatalf("%s: %v", tag, err)
			}
		}
		mustAppend("round 0")
		for _, tag := range []string{"round 1", "round 3"} {
			fill()
			for failed < 10 {
				err := appendTo(t.Context(), st, acks, tag, 1000)
				if err == nil {
					t.Fatal("a full disk took a thousand entries")
				}
				if core.KindOf(err) != core.Unavailable || !strings.Contains(err.Error(), says) {
					t.Errorf("writing to a full disk: %v, want unavailable and %q", err, says)
				}
				tag += "+"
				failed++
			}
			wantWell(t, s)
			free()
			mustAppend(tag + " after")
			wantWell(t, s)
			failed = 0
		}
		wantAll(t, st, acks.acknowledged(t))
		wantOnce(t, st, acks.acknowledged(t), 20)
		healthy(t, st)
	})
	v.inspect(t, func(st store.Store) { // as a start finds it
		wantAll(t, st, acks.acknowledged(t))
		wantOnce(t, st, acks.acknowledged(t), 20)
		healthy(t, st)
	})
	wantSoundFile(t, filepath.Join(dataDir, sqlite.FileName))
}

// TestReadOnlyDisk starts on a disk that cannot be written to: it is said so,
// and nothing is harmed.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	here, granted := alone(t, true)
	if !granted {
		t.Log("this machine grants no mounts")
	}
	if !here {
		return
	}
	disk := mount(t)
	v := victim{engine: "sqlite", where: filepath.Join(disk, "data")}
	acks := newRecorder()
	v.inspect(t, func(st store.Store) {
		testserver.Import(t, st, harbourFixture)
		if err := appendTo(t.Context(), st, acks, "round 0", 20); err != nil {
			t.Fatal(err)
		}
	})
	remount := func(flags uintptr) {
		if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|flags, "size="+diskBytes); err != nil {
			t.Fatalf("mount again: %v", err)
		}
	}
	remount(syscall.MS_RDONLY)
	st, err := openAt(t.Context(), v.engine, v.where)
	if err == nil {
		_ = st.Close()
		t.Fatal("a server started on a disk that it cannot write to")
	}
	if core.KindOf(err) != core.Unavailable || !strings.Contains(err.Error(), v.where) || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("starting on a read-only disk: %v (%s)", err, core.KindOf(err))
	}
	remount(0)
	v.inspect(t, func(st store.Store) {
		wantOnce(t, st, acks.acknowledged(t), 0)
		healthy(t, st)
		if err := appendTo(t.Context(), st, acks, "round 1", 20); err != nil {
			t.Errorf("writing to the disk that may be written to again: %v", err)
		}
	})
}

// mount mounts a small disk that is gone with this process.
func mount(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size="+diskBytes); err != nil {
		t.Fatalf("mount a disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount the disk: %v", err)
		}
	})
	return disk
}
