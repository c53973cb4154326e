package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"parley/internal/core"
)

// LockName is the name of the lock file in a data directory. It is a file of
// its own: locks on the database itself belong to SQLite, and closing any
// descriptor of that file would drop them.
const LockName = "lock"

// errHeld is what tryLock returns when somebody else holds the lock.
var errHeld = errors.New("the lock is held")

// DirLock is the ownership of a data directory. The operating system gives it
// up when the process ends, however it ends.
type DirLock struct {
	file *os.File
}

// Lock takes the data directory for this process. It does not wait: when
// another process (or another lock of this one) has it, the error is
// core.Unavailable and names the file and, where it can be read, the process.
func Lock(dir string) (*DirLock, error) {
	path := filepath.Join(dir, LockName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, unusable("lock the data directory", err)
	}
	if err := tryLock(f); err != nil {
		owner := ownerOf(f)
		err = errors.Join(err, f.Close())
		if errors.Is(err, errHeld) {
			return nil, &core.Error{Kind: core.Unavailable, Message: "another process" + owner + " holds " + path + ": is a server running on this data directory?"}
		}
		return nil, unusable("lock "+path, err)
	}
	// The number is for people: the lock is what counts.
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(unusable("write "+path, err), f.Close())
	}
	return &DirLock{file: f}, nil
}

// ownerOf reads the process number that the holder wrote, as text to put into
// a message; "" when there is none.
func ownerOf(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (%d)", pid)
}

// Close gives the directory up. The file stays: removing it would let two
// processes hold locks on two files of the same name.
func (l *DirLock) Close() error { return errors.Join(unlock(l.file), l.file.Close()) }
