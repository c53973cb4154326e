package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"parley/internal/store/sqlstore"
)

// lockInterval is how often a process that waits for another one's migration
// looks again; it gives up after lockTries looks.
const (
	lockInterval = 500 * time.Millisecond
	lockTries    = 600
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the schema's steps, NNNNN_name.sql each.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	return sub
}

// Migrate brings the schema up to date, each step in a transaction of its own.
// Processes that do so at the same moment wait for each other. It returns
// core.Unavailable for a schema that is newer than this binary.
func (e *Engine) Migrate(ctx context.Context) error {
	return e.migrate(ctx, Migrations())
}

func (e *Engine) migrate(ctx context.Context, steps fs.FS) error {
	latest, err := sqlstore.LatestMigration(steps)
	if err != nil {
		return err
	}
	current, err := e.version(ctx)
	if err != nil {
		return e.Classify(fmt.Errorf("read the schema's version: %w", err))
	}
	if current > latest {
		return sqlstore.NewerSchema("the database", current, latest)
	}
	if current == latest {
		return nil
	}
	if err := e.up(ctx, steps, latest); err != nil {
		return e.Classify(fmt.Errorf("migrate the database from %d to %d: %w", current, latest, err))
	}
	// A newer binary may have migrated further while this one waited.
	if current, err = e.version(ctx); err != nil {
		return e.Classify(fmt.Errorf("read the schema's version: %w", err))
	}
	if current > latest {
		return sqlstore.NewerSchema("the database", current, latest)
	}
	return nil
}

// up applies what is missing up to the version. The lock is a row of a table: it works behind
// poolers and on databases without advisory locks, and expires with its holder.
func (e *Engine) up(ctx context.Context, steps fs.FS, to int64) (err error) {
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(lockInterval, lockTries))
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*e.pool.Config().ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, steps, goose.WithDisableGlobalRegistry(true), goose.WithLocker(locker))
	if err != nil {
		return err
	}
	applied, err := provider.UpTo(ctx, to)
	if err == nil && len(applied) > 0 && e.logger != nil {
		e.logger.InfoContext(ctx, "database migrated", slog.Int64("to_version", applied[len(applied)-1].Source.Version))
	}
	return err
}

// version returns the number of the newest step that was applied, 0 for an
// empty database. Its error never means that the database is empty.
func (e *Engine) version(ctx context.Context) (int64, error) { return versionIn(ctx, e) }

func versionIn(ctx context.Context, q sqlstore.Querier) (int64, error) {
	known, err := scanOne[bool](ctx, q, "SELECT to_regclass('goose_db_version') IS NOT NULL")
	if err != nil || !known {
		return 0, err
	}
	return scanOne[int64](ctx, q, "SELECT max(version_id) FROM goose_db_version WHERE is_applied")
}

// Ready implements sqlstore.Engine.
func (e *Engine) Ready(ctx context.Context) error {
	latest, err := sqlstore.LatestMigration(Migrations())
	if err != nil {
		return err
	}
	current, err := e.version(ctx)
	if err != nil {
		return e.Classify(err)
	}
	if current != latest {
		return sqlstore.OtherSchema(current, latest)
	}
	return nil
}
