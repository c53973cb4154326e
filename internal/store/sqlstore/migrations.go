package sqlstore

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"parley/internal/core"
)

var migrationName = regexp.MustCompile(`^(\d{5})_[a-z0-9_]+\.sql$`)

// LatestMigration returns the number of the last step in a folder of schema
// migrations. Steps are called NNNNN_name.sql; the numbers start at 1 and have
// no gaps.
func LatestMigration(steps fs.FS) (int64, error) {
	entries, err := fs.ReadDir(steps, ".")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	// ReadDir sorts by name, which for five digits is by number.
	for i, entry := range entries {
		m := migrationName.FindStringSubmatch(entry.Name())
		if m == nil {
			return 0, fmt.Errorf("read migrations: %s is not called NNNNN_name.sql", entry.Name())
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read migrations: %s: %w", entry.Name(), err)
		}
		if n != int64(i)+1 {
			return 0, fmt.Errorf("read migrations: %s should have the number %d", entry.Name(), i+1)
		}
	}
	return int64(len(entries)), nil
}

// NewerSchema is the error for a database that a later version of this program
// has migrated: reading it with old eyes could lose data.
func NewerSchema(database string, current, latest int64) error {
	return &core.Error{
		Kind: core.Unavailable,
		Message: fmt.Sprintf("%s has schema version %d, and this program knows versions up to %d: start the newer version that migrated it",
			database, current, latest),
	}
}

// OtherSchema is the error of Ready for a database whose schema is not the one
// that this binary works with.
func OtherSchema(current, latest int64) error {
	return &core.Error{
		Kind:    core.Unavailable,
		Message: fmt.Sprintf("the database has schema version %d, and this program works with version %d", current, latest),
	}
}

// RenewEpochs gives every account's event log a new epoch: after a restore the
// places that readers remember mean nothing any more.
func RenewEpochs(ctx context.Context, q Querier) error {
	// Raw, because it runs on the schema that a dump has, which may be older.
	ids, err := list(ctx, checked{q: q, classify: func(err error) error { return err }}, new(number), "SELECT id FROM accounts")
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	for _, id := range ids {
		if _, err := q.Exec(ctx, "UPDATE accounts SET epoch = $2 WHERE id = $1", id, core.NewEpoch()); err != nil {
			return fmt.Errorf("renew the epoch of account %d: %w", id, err)
		}
	}
	return nil
}

// CheckJSONPath panics unless every member of a JSON path is a plain name
// ([a-z_]+). Paths become part of SQL texts, so they are constants of this
// program and never input.
func CheckJSONPath(path []string) {
	if len(path) == 0 {
		panic("sqlstore: empty JSON path")
	}
	for _, member := range path {
		if member == "" {
			panic("sqlstore: empty name in a JSON path")
		}
		for i := range len(member) {
			if c := member[i]; c != '_' && (c < 'a' || c > 'z') {
				panic("sqlstore: " + strconv.Quote(member) + " is no name for a JSON path")
			}
		}
	}
}
