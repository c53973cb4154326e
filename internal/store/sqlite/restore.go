package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

// stagePrefix begins the name of the folder in which a restore gets the
// database ready. One that a killed restore has left is removed by the next.
const stagePrefix = "restore-"

// Restore puts the database of a dump, brought up to date and with new epochs,
// into the data directory. The file that was there is kept beside it under its
// name and keepSuffix; kept is its path, "" when there was none.
//
// The new file is made ready under another name and takes its place by one
// rename: at every moment there is either the old database, whole, or the new
// one. It returns core.Unavailable when another process owns the directory and
// when the dump is newer than this binary, core.Conflict when there are
// accounts and they may not be replaced.
func Restore(ctx context.Context, opts Options, r store.Restoring, keepSuffix string) (kept string, err error) {
	latest, err := sqlstore.LatestMigration(Migrations())
	if err != nil {
		return "", err
	}
	if r.SchemaVersion > latest {
		return "", sqlstore.NewerSchema("the backup", r.SchemaVersion, latest)
	}
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return "", fmt.Errorf("create the data directory: %w", err)
	}
	lock, err := Lock(opts.DataDir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := filepath.Join(opts.DataDir, FileName)
	there, err := settle(ctx, path, r.Replace)
	if err != nil {
		return "", err
	}
	if err := removeStages(opts.DataDir); err != nil {
		return "", err
	}
	stage, err := os.MkdirTemp(opts.DataDir, stagePrefix)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	opts.DataDir, opts.Path = "", filepath.Join(stage, FileName)
	if err := prepare(ctx, opts, filepath.Join(r.Dir, FileName)); err != nil {
		return "", err
	}
	if err := r.Before(); err != nil {
		return "", err
	}
	if there {
		kept = path + keepSuffix
	}
	return kept, swap(opts.Path, path, kept)
}

// settle looks at the database that is to be replaced and moves its log into
// the file, so that the file is all there is of it. there is false when there
// is none.
func settle(ctx context.Context, path string, replace bool) (there bool, err error) {
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return false, noLog(path)
	case err != nil:
		return false, err
	}
	e, err := Open(ctx, Options{Path: path})
	if err != nil {
		return false, fmt.Errorf("open the present database (to restore all the same, move it away): %w", err)
	}
	held, err := e.holdsAccounts(ctx)
	if err := errors.Join(err, e.Close()); err != nil {
		return false, fmt.Errorf("look at the present database (to restore all the same, move it away): %w", e.Classify(err))
	}
	if held && !replace {
		return false, &core.Error{Kind: core.Conflict, Message: path + " holds accounts already: --replace puts it aside"}
	}
	return true, noLog(path)
}

// holdsAccounts tells whether the database has any.
func (e *Engine) holdsAccounts(ctx context.Context) (bool, error) {
	version, err := e.version(ctx)
	if err != nil || version == 0 {
		return false, err
	}
	n, err := scanOne[int64](ctx, e, "SELECT EXISTS (SELECT 1 FROM accounts)")
	return n != 0, err
}

// noLog refuses a log beside the path: it would be taken for the log of the
// file that comes there.
func noLog(path string) error {
	switch info, err := os.Stat(path + "-wal"); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Size() > 0:
		return &core.Error{Kind: core.Unavailable, Message: path + "-wal is in use or left over: close whatever has the database open, or move it away"}
	}
	return nil
}

func removeStages(dir string) error {
	stages, err := filepath.Glob(filepath.Join(dir, stagePrefix+"*"))
	if err != nil {
		return err
	}
	for _, stage := range stages {
		if err := os.RemoveAll(stage); err != nil {
			return fmt.Errorf("remove what a stopped restore left: %w", err)
		}
	}
	return nil
}

// prepare copies the dump to opts.Path, migrates it and renews the epochs.
func prepare(ctx context.Context, opts Options, from string) error {
	if err := copyFile(from, opts.Path); err != nil {
		return fmt.Errorf("copy the backup's database: %w", err)
	}
	e, err := Open(ctx, opts)
	if err != nil {
		return err
	}
	err = e.Migrate(ctx)
	if err == nil {
		err = e.renewEpochs(ctx)
	}
	if err := errors.Join(err, e.Close()); err != nil {
		return e.Classify(err)
	}
	return noLog(opts.Path)
}

func (e *Engine) renewEpochs(ctx context.Context) error {
	tx, err := e.Begin(ctx)
	if err != nil {
		return err
	}
	if err := sqlstore.RenewEpochs(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit(ctx)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // the operator names the backup
	if err != nil {
		return err
	}
	defer in.Close()                                                      //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // see above
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

// swap gives the file at next the name path. The file that has it is called
// kept too, before it loses it; "" = there is none.
func swap(next, path, kept string) error {
	if kept != "" {
		if err := os.Link(path, kept); err != nil {
			return fmt.Errorf("keep the present database: %w", err)
		}
	}
	if err := os.Rename(next, path); err != nil {
		if kept != "" {
			err = errors.Join(err, os.Remove(kept))
		}
		return fmt.Errorf("put the database in place: %w", err)
	}
	return syncDir(filepath.Dir(path))
}
