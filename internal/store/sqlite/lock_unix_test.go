//go:build unix

package sqlite

import (
	"syscall"
	"testing"
)

// TestCloseGivesTheDirectoryUpAtOnce closes a lock while a copy of its file is
// open, as it is for a moment in a process that is being started meanwhile.
func TestCloseGivesTheDirectoryUpAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := syscall.Dup(int(lock.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(inherited) })
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
