//go:build unix

package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/store"
	"parley/internal/testkit"
)

// What the helpers "restore" and "serve" are told beside the data directory: see main_test.go.
const (
	backupEnv   = "PARLEY_TEST_BACKUP"
	databaseEnv = "PARLEY_TEST_DATABASE"
)

// restoreUntilKilled restores as far as it can without touching anything that
// is read, says so, and waits.
func restoreUntilKilled(ctx context.Context) error {
	cfg := config.Default()
	cfg.DataDir, cfg.DatabaseURL = os.Getenv(whereEnv), config.Secret(os.Getenv(databaseEnv))
	o := app.RestoreOptions{Dir: os.Getenv(backupEnv), Replace: true}.Before(func() error {
		fmt.Fprintln(os.Stdout, "ready")
		select {}
	})
	_, err := app.Restore(ctx, &cfg, o, clock, slog.New(slog.DiscardHandler), io.Discard)
	return err
}

// TestRestoreSurvivesKill kills a restore when all of it is written and only
// the last step is missing: the old database is there, whole, and the next
// restore finds nothing in its way.
func TestRestoreSurvivesKill(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		dir := backUp(t, filled(t, engine))
		cfg := place(t, engine)
		var before string
		open(t, cfg, func(st store.Store) {
			if _, err := app.NewOperations(st, clock).CreateAccount(t.Context(), "Other"); err != nil {
				t.Fatal(err)
			}
			before = string(export(t, st))
		})
		killRestore(t, cfg, dir)
		open(t, cfg, func(st store.Store) {
			if string(export(t, st)) != before {
				t.Error("the database has changed")
			}
			if faults, err := app.NewOperations(st, clock).Doctor(t.Context(), io.Discard); faults != 0 || err != nil {
				t.Errorf("%d faults, %v", faults, err)
			}
		})
		if _, err := restore(t, cfg, app.RestoreOptions{Dir: dir, Replace: true}); err != nil {
			t.Errorf("again: %v", err)
		}
		files, err := os.ReadDir(cfg.DataDir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir() && strings.HasPrefix(f.Name(), "restore-") {
				t.Errorf("%s was left behind", f.Name())
			}
		}
	})
}

func killRestore(t *testing.T, cfg *config.Config, backup string) {
	t.Helper()
	child := testkit.StartHelper(t, "restore", backupEnv+"="+backup, whereEnv+"="+cfg.DataDir, databaseEnv+"="+cfg.DatabaseURL.Reveal())
	if line := child.Line(t); line != "ready" {
		t.Errorf("the child said %q", line)
	}
	child.Kill(t)
}
