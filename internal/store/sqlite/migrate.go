package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
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
// It returns core.Unavailable for a schema that is newer than this binary and
// for a file that belongs to another program.
func (e *Engine) Migrate(ctx context.Context) error {
	return e.migrate(ctx, Migrations())
}

func (e *Engine) migrate(ctx context.Context, steps fs.FS) (err error) {
	latest, err := sqlstore.LatestMigration(steps)
	if err != nil {
		return err
	}
	current, err := e.version(ctx)
	if err != nil {
		return e.Classify(fmt.Errorf("read the schema's version of %s: %w", e.path, err))
	}
	if current > latest {
		return sqlstore.NewerSchema(e.path, current, latest)
	}
	if current == latest {
		return nil
	}
	// The migrations need the writer's connection, which its pool holds.
	c, err := e.writer.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.writer.release(c)
	if err := c.discard(); err != nil {
		return e.Classify(err)
	}
	db := sql.OpenDB(e.writer.connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, steps, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return e.Classify(fmt.Errorf("migrate %s from %d to %d: %w", e.path, current, latest, err))
	}
	if e.logger != nil {
		e.logger.InfoContext(ctx, "database migrated", slog.String("path", e.path),
			slog.Int64("from_version", current), slog.Int64("to_version", latest))
	}
	return nil
}

// version returns the number of the newest step that was applied, 0 for an
// empty file. Its error never means that the file is empty.
func (e *Engine) version(ctx context.Context) (int64, error) {
	known, err := scanOne[int64](ctx, e, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'goose_db_version'")
	if err != nil {
		return 0, err
	}
	if known == 0 {
		others, err := scanOne[int64](ctx, e, "SELECT count(*) FROM sqlite_schema")
		if err != nil {
			return 0, err
		}
		if others > 0 {
			return 0, &core.Error{Kind: core.Unavailable, Message: e.path + " is a database of another program"}
		}
		return 0, nil
	}
	return scanOne[int64](ctx, e, "SELECT max(version_id) FROM goose_db_version WHERE is_applied = 1")
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
