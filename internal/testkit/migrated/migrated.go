// Package migrated gives tests databases whose schema is up to date already. To
// copy one takes a PostgreSQL server a fraction of what our migrations take it.
package migrated

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"sync"
	"testing"

	"parley/internal/store/postgres"
	"parley/internal/testkit"
)

// Postgres creates a database for this test alone, as empty as the migrations
// leave it, and returns its URL. See testkit.Postgres for the rest.
func Postgres(t testing.TB) (url string) {
	t.Helper()
	version, err := version()
	if err != nil {
		t.Fatalf("read migrations: %v", err)
	}
	return testkit.PostgresLike(t, version, migrate)
}

// version names the migrations by what is in them.
var version = sync.OnceValues(func() (string, error) {
	steps := postgres.Migrations()
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
})

func migrate(ctx context.Context, url string) error {
	e, err := postgres.Open(ctx, postgres.Options{URL: url})
	if err != nil {
		return err
	}
	return errors.Join(e.Migrate(ctx), e.Close())
}
