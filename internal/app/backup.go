package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"parley/internal/backup"
	"parley/internal/buildinfo"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
)

// Backup implements Operator.
func (o *Operations) Backup(ctx context.Context, dir string) (json.RawMessage, error) {
	return createBackup(ctx, o.store, o.DataDir, dir, o.clock)
}

func createBackup(ctx context.Context, source backup.Source, dataDir, dir string, clock core.Clock) (json.RawMessage, error) {
	if !filepath.IsAbs(dir) {
		return nil, core.Refuse("dir", "must be an absolute path")
	}
	m, err := backup.Create(ctx, backup.Options{
		Source: source, DataDir: dataDir, Dir: filepath.Clean(dir), ParleyVersion: buildinfo.Version, Clock: clock,
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// Backup writes a backup of a database that no server of this machine holds,
// into dir, an absolute path. It takes the database as it is: unlike every
// other command it does not migrate, so that it can come before an upgrade.
func Backup(ctx context.Context, cfg *config.Config, dir string, clock core.Clock, log *slog.Logger) (manifest json.RawMessage, err error) {
	var engine interface {
		backup.Source
		Close() error
	}
	if cfg.Postgres() {
		engine, err = postgres.Open(ctx, postgres.Options{URL: cfg.DatabaseURL.Reveal(), Logger: log})
	} else {
		// Opening would make an empty one.
		if _, err := os.Stat(filepath.Join(cfg.DataDir, sqlite.FileName)); errors.Is(err, fs.ErrNotExist) {
			return nil, core.Absent("a database in " + cfg.DataDir)
		}
		engine, err = sqlite.Open(ctx, sqlite.Options{DataDir: cfg.DataDir, Logger: log})
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	return createBackup(ctx, engine, cfg.DataDir, dir, clock)
}

// RestoreOptions say how to restore.
type RestoreOptions struct {
	Dir     string // of the backup
	Replace bool   // replace accounts that are there already
	NoCheck bool   // leave out the doctor's check at the end

	// before is called when all is ready and nothing touched yet: see
	// store.Restoring. For tests; nil = nothing.
	before func() error
}

// Restored says what a restore has done.
type Restored struct {
	CreatedAt     string `json:"created_at"` // of the backup
	ParleyVersion string `json:"parley_version"`
	SchemaVersion int64  `json:"schema_version"` // of the backup; the database has been migrated since
	// Kept is where the replaced SQLite file is, "" when there was none.
	Kept string `json:"kept,omitempty"`
	// Faults is how many the doctor found; absent when it was not asked.
	Faults *int `json:"faults,omitempty"`
}

// Restore puts a backup in the place of the database that the configuration
// names, and lets the doctor write what is wrong with it to w. Nothing is
// touched before the whole backup has been compared with its checksums; a
// process that is killed leaves the old database or the new one, whole.
//
// It returns core.Invalid for a backup that is damaged or of the other engine,
// core.Unavailable when a server runs or the backup is newer than this binary,
// core.Conflict when there is something that may not be replaced.
func Restore(ctx context.Context, cfg *config.Config, o RestoreOptions, clock core.Clock, log *slog.Logger, w io.Writer) (Restored, error) {
	b, err := backup.Open(ctx, o.Dir)
	if err != nil {
		return Restored{}, err
	}
	out := Restored{CreatedAt: b.CreatedAt, ParleyVersion: b.ParleyVersion, SchemaVersion: b.SchemaVersion}
	if out.Kept, err = restoreDatabase(ctx, cfg, b, o, clock, log); err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	st, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return out, err
	}
	if !o.NoCheck {
		var faults int
		faults, err = NewOperations(st, clock).Doctor(ctx, w)
		out.Faults = &faults
	}
	return out, errors.Join(err, st.Close())
}

// restoreDatabase puts the files beside the database and then the database in
// place. Should it be killed in between, the files harm nobody.
func restoreDatabase(
	ctx context.Context, cfg *config.Config, b *backup.Backup, o RestoreOptions, clock core.Clock, log *slog.Logger,
) (kept string, err error) {
	want := store.SQLite
	if cfg.Postgres() {
		want = store.Postgres
	}
	if b.Engine != want {
		return "", core.Refuse("", "the backup is of "+b.Engine+" and the configured database is "+want+
			": restore it where it belongs, then export --with-secrets and import")
	}
	if err := b.CheckFiles(ctx, cfg.DataDir); err != nil {
		return "", err
	}
	r := store.Restoring{Dir: b.DatabaseDir(), SchemaVersion: b.SchemaVersion, Replace: o.Replace, Before: func() error {
		if o.before != nil {
			if err := o.before(); err != nil {
				return err
			}
		}
		return b.PlaceFiles(ctx, cfg.DataDir)
	}}
	if cfg.Postgres() {
		return "", postgres.Restore(ctx, postgres.Options{URL: cfg.DatabaseURL.Reveal(), Logger: log}, r)
	}
	suffix := ".before-restore-" + clock().Std().Format("20060102T150405.000000")
	return sqlite.Restore(ctx, sqlite.Options{DataDir: cfg.DataDir, Logger: log}, r, suffix)
}
