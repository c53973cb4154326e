//go:build unix

package app_test

import (
	"context"
	"testing"

	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
)

// Some of these tests need a second process: one that can be killed, traced or
// starved. It is this test binary, told by the environment what to do.
const (
	engineEnv = "PARLEY_TEST_ENGINE" // sqlite or postgres
	whereEnv  = "PARLEY_TEST_WHERE"  // a data directory, or the URL of a database
	tagEnv    = "PARLEY_TEST_TAG"    // begins every text that the helper writes
)

// helpers is what a second process can do, by name.
var helpers = map[string]func(ctx context.Context) error{
	"append":            appendUntilKilled,
	"append one by one": appendOneByOne,
	"hold":              holdTheFile,
	"restore":           restoreUntilKilled,
	"serve":             serveUntilKilled,
}

func TestMain(m *testing.M) { testkit.Main(m, helpers) }

// openAt opens the store that a helper and its test share, one after the other
// on SQLite: one process owns the data directory.
func openAt(ctx context.Context, engine, where string) (store.Store, error) {
	if engine == "postgres" {
		return postgres.OpenStore(ctx, postgres.Options{URL: where})
	}
	return sqlite.OpenStore(ctx, sqlite.Options{DataDir: where})
}

// healthy reports every fault that the doctor finds.
func healthy(t *testing.T, st store.Store) {
	t.Helper()
	_, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Errorf("doctor: %s", f) })
	if err != nil {
		t.Errorf("doctor: %v", err)
	}
}
