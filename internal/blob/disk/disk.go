// Package disk keeps files in a folder: one file a key, in sub-folders by the
// key's first two digits. A file is written under another name, synced, and
// takes its own by a rename that is synced, too.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"time"

	"parley/internal/blob"
	"parley/internal/core"
)

// Store keeps files below one folder, and reaches nothing outside of it.
type Store struct{ root *os.Root }

// Open returns the store in dir, which is made when it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder of files: %w", err)
	}
	return &Store{root}, nil
}

// Close releases the folder.
func (s *Store) Close() error { return s.root.Close() }

// place is where a key's file is, below the folder.
func place(key string) (string, error) {
	if err := blob.Check(key); err != nil {
		return "", err
	}
	return path.Join(key[:2], key), nil
}

// Put implements blob.Store.
func (s *Store) Put(_ context.Context, key string, r io.Reader, sizeBytes int64) (err error) {
	name, err := place(key)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("store file: %w", err)
		}
	}()
	dir := path.Dir(name)
	switch err := s.root.Mkdir(dir, 0o700); {
	case err == nil:
		if err := s.sync("."); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	part := name + ".partial"
	if err := s.write(part, r, sizeBytes); err != nil {
		return errors.Join(err, s.root.Remove(part))
	}
	if err := s.root.Rename(part, name); err != nil {
		return errors.Join(err, s.root.Remove(part))
	}
	return s.sync(dir)
}

// write makes a file that is whole and on the disk.
func (s *Store) write(name string, r io.Reader, sizeBytes int64) error {
	// One that a killed process left gives way.
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(r, sizeBytes+1))
	if err == nil && n != sizeBytes {
		err = fmt.Errorf("it has %d bytes or more, %d were announced", n, sizeBytes)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// sync makes the names in a folder durable. Windows has no such call, and keeps
// them by itself.
func (s *Store) sync(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements blob.Store.
func (s *Store) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	name, err := place(key)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, core.Absent("file")
	case err != nil:
		return nil, fmt.Errorf("open file: %w", err)
	}
	return f, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(_ context.Context, key string) error {
	name, err := place(key)
	if err != nil {
		return err
	}
	for _, n := range []string{name, name + ".partial"} { // a killed process may have left the latter
		if err := s.root.Remove(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove file: %w", err)
		}
	}
	return nil
}

// Link implements blob.Store: a disk has no addresses.
func (*Store) Link(context.Context, string, blob.Headers, time.Duration) (string, error) {
	return "", nil
}
