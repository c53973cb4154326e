package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// AttachmentsName is the folder of attachments in the data dir, which a backup
// holds beside the database where it exists.
const AttachmentsName = "attachments"

// Source is a database that can be backed up while it works: a store.Store, or
// an engine without one.
type Source interface {
	Dump(ctx context.Context, dir string) (store.Dump, error)
}

// Options says what to back up, and where to.
type Options struct {
	Source        Source
	DataDir       string // for the files beside the database
	Dir           string // must not exist, or be empty
	ParleyVersion string
	Clock         core.Clock
}

// Create writes a backup and returns its manifest. Everything that was
// committed before the call is in it. After an error Dir is as it was. A
// process that is killed leaves a folder next to it whose name tells that it is
// part of a backup.
func Create(ctx context.Context, o Options) (m Manifest, err error) {
	if err := checkTarget(o.Dir); err != nil {
		return Manifest{}, err
	}
	began := o.Clock()
	parent := filepath.Dir(o.Dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("create backup: %w", err)
	}
	part, err := os.MkdirTemp(parent, filepath.Base(o.Dir)+".partial-")
	if err != nil {
		return Manifest{}, fmt.Errorf("create backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("create backup: %w", err), os.RemoveAll(part))
		}
	}()
	m, err = fill(ctx, o, part)
	if err != nil {
		return Manifest{}, err
	}
	m.CreatedAt = began.Std().Format(time.RFC3339)
	if err := writeManifest(part, m); err != nil {
		return Manifest{}, err
	}
	// An empty folder gives way; one that is not empty any more does not.
	if err := os.Remove(o.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("the folder cannot be replaced, name one that does not exist: %w", err)
	}
	if err := os.Rename(part, o.Dir); err != nil {
		return Manifest{}, err
	}
	return m, syncDir(parent)
}

// checkTarget refuses a folder that holds anything.
func checkTarget(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("create backup: %w", err)
	case len(entries) > 0:
		return &core.Error{Kind: core.Conflict, Message: dir + " is not empty: a backup needs a folder of its own"}
	}
	return nil
}

// fill writes everything but the manifest, and returns that.
func fill(ctx context.Context, o Options, part string) (Manifest, error) {
	database := filepath.Join(part, databaseName)
	if err := os.Mkdir(database, 0o700); err != nil {
		return Manifest{}, err
	}
	dump, err := o.Source.Dump(ctx, database)
	if err != nil {
		return Manifest{}, err
	}
	// After the database: whatever it names is there by now.
	if err := copyTree(ctx, filepath.Join(o.DataDir, AttachmentsName), filepath.Join(part, filesName, AttachmentsName)); err != nil {
		return Manifest{}, fmt.Errorf("copy %s: %w", AttachmentsName, err)
	}
	m := Manifest{FormatVersion: FormatVersion, ParleyVersion: o.ParleyVersion, Engine: dump.Engine, SchemaVersion: dump.SchemaVersion}
	if m.Files, err = seal(ctx, part); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// copyTree copies a folder with all below it; what does not exist is nothing to
// copy. Files that vanish on the way were deleted.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, rel); {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Type().IsRegular():
			if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
				return err
			}
			if err := copyFile(ctx, path, target); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		return fmt.Errorf("%s is no plain file", path)
	})
}

func copyFile(ctx context.Context, from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // below a folder that the operator names
	if err != nil {
		return err
	}
	defer in.Close()                                                      //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // see above
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, stopping{ctx, in})
	return err
}

// seal puts everything below dir on the disk and returns its files, by name.
func seal(ctx context.Context, dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return syncDir(path)
		}
		if err := syncFile(path); err != nil {
			return err
		}
		f, err := digest(ctx, path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		f.Name = filepath.ToSlash(rel)
		files = append(files, f)
		return err
	})
	return files, err
}

func writeManifest(dir string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestName)
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return errors.Join(syncFile(path), syncDir(dir))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // our own
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in a folder durable. Windows has no such call, and
// keeps them by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // our own
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
