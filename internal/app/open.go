package app

import (
	"context"
	"fmt"
	"log/slog"

	"parley/internal/config"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
)

// OpenStore opens the database that the configuration names, creating and
// migrating it. On SQLite it takes the data dir's lock: one process owns the
// file.
func OpenStore(ctx context.Context, cfg *config.Config, log *slog.Logger) (store.Store, error) {
	return openStore(ctx, cfg, log, nil)
}

// openStore is OpenStore; onCommit, when set, is told how many commands shared
// a write transaction.
func openStore(ctx context.Context, cfg *config.Config, log *slog.Logger, onCommit func(commands int)) (store.Store, error) {
	if cfg.Postgres() {
		st, err := postgres.OpenStore(ctx, postgres.Options{URL: cfg.DatabaseURL.Reveal(), Logger: log, OnCommit: onCommit})
		if err != nil {
			return nil, fmt.Errorf("open PostgreSQL database: %w", err)
		}
		return st, nil
	}
	st, err := sqlite.OpenStore(ctx, sqlite.Options{DataDir: cfg.DataDir, Logger: log, OnCommit: onCommit})
	if err != nil {
		return nil, fmt.Errorf("open SQLite database: %w", err)
	}
	return st, nil
}
