package postgres

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

// tables are all tables of the schema, each after those that it refers to. A
// test holds the list against the migrations.
var tables = []string{
	"settings", "account_uuids", "token_hashes", "inbox_identifiers", "inbox_ids", "accounts", "profiles", "agents", "tokens", "teams", "label_groups", "labels",
	"canned_responses", "attribute_definitions", "webhooks", "inboxes", "sub_inboxes", "contacts", "identities", "contact_inboxes", "conversations", "entries",
	"attachments", "read_cursors", "events", "staged", "answered_requests", "received_messages", "jobs", "uploads", "turns", "conversation_tallies",
	"search_docs", "inbox_members", "webhook_positions", "webhook_deliveries", "webhook_attempts",
}

// indexName is the file of a dump that names the others.
const indexName = "tables.json"

// index is what a dump consists of.
type index struct {
	Tables    []dumpedTable            `json:"tables"`
	Sequences map[sqlstore.Space]int64 `json:"sequences"` // the last id that each has given
}

// dumpedTable is one table, whose rows are in a file in the text form of COPY.
type dumpedTable struct {
	Name    string   `json:"name"`
	File    string   `json:"file"`
	Columns []string `json:"columns"`
}

func (t dumpedTable) list() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return pgx.Identifier{t.Name}.Sanitize() + " (" + strings.Join(quoted, ", ") + ")"
}

// Dump implements sqlstore.Engine: it copies every table in one snapshot. It
// needs no program of the server's, and what it writes is taken back in one
// transaction, event log and all.
func (e *Engine) Dump(ctx context.Context, dir string) (store.Dump, error) {
	d, err := e.dump(ctx, dir)
	// What is wrong with the folder is no fault of the database.
	if file := new(fs.PathError); errors.As(err, &file) {
		return d, err
	}
	return d, e.Classify(err)
}

func (e *Engine) dump(ctx context.Context, dir string) (store.Dump, error) {
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return store.Dump{}, err
	}
	defer c.Release()
	held, err := listTables(ctx, c)
	if err != nil {
		return store.Dump{}, fmt.Errorf("list tables: %w", err)
	}
	t, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return store.Dump{}, err
	}
	defer func() { _ = rollback(t) }() //nolint:contextcheck // nothing was written, and it has a context of its own
	q := querier{t}
	// The snapshot is taken by the first query, and LOCK is none.
	if err := hold(ctx, q, held, "ACCESS SHARE"); err != nil {
		return store.Dump{}, err
	}
	version, err := versionIn(ctx, q)
	if err != nil {
		return store.Dump{}, fmt.Errorf("read the schema's version: %w", err)
	}
	var ix index
	if ix.Tables, err = listTables(ctx, t); err != nil {
		return store.Dump{}, fmt.Errorf("list tables: %w", err)
	}
	if len(ix.Tables) != len(held) {
		return store.Dump{}, &core.Error{Kind: core.Unavailable, Message: "the database is being migrated: try again"}
	}
	for _, table := range ix.Tables {
		if err := dumpTable(ctx, t, table, filepath.Join(dir, table.File)); err != nil {
			return store.Dump{}, fmt.Errorf("copy table %s: %w", table.Name, err)
		}
	}
	// Sequences stand outside of snapshots. Read last they have passed every id
	// that was copied.
	if ix.Sequences, err = readSequences(ctx, q); err != nil {
		return store.Dump{}, fmt.Errorf("read sequences: %w", err)
	}
	text, err := json.MarshalIndent(ix, "", "  ")
	if err != nil {
		return store.Dump{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, indexName), text, 0o600); err != nil {
		return store.Dump{}, err
	}
	return store.Dump{Engine: store.Postgres, SchemaVersion: version}, nil
}

// listTables returns those of our tables that the database has, with their
// columns.
func listTables(ctx context.Context, q asker) ([]dumpedTable, error) {
	var found []dumpedTable
	for _, name := range tables {
		columns, err := scanAll[string](ctx, q, `SELECT attname FROM pg_attribute
			WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`, name)
		if err != nil {
			return nil, err
		}
		if len(columns) > 0 {
			found = append(found, dumpedTable{Name: name, File: name + ".copy", Columns: columns})
		}
	}
	if len(found) == 0 {
		return nil, &core.Error{Kind: core.NotFound, Message: "the database holds no tables of this program"}
	}
	return found, nil
}

// hold keeps tables from being migrated until the transaction ends. Rewriting
// one would make it empty for an older snapshot.
func hold(ctx context.Context, q querier, all []dumpedTable, mode string) error {
	if _, err := q.Exec(ctx, "LOCK TABLE "+nameAll(all)+" IN "+mode+" MODE"); err != nil {
		return fmt.Errorf("hold the tables: %w", err)
	}
	return nil
}

// nameAll is the tables as a list in SQL.
func nameAll(all []dumpedTable) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = pgx.Identifier{t.Name}.Sanitize()
	}
	return strings.Join(names, ", ")
}

func dumpTable(ctx context.Context, t pgx.Tx, table dumpedTable, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	if _, err := t.Conn().PgConn().CopyTo(ctx, w, "COPY "+table.list()+" TO STDOUT"); err != nil {
		return err
	}
	return w.Flush()
}

// readSequences returns the last id that each space has given, where it has
// given any.
func readSequences(ctx context.Context, q querier) (map[sqlstore.Space]int64, error) {
	spaces, err := scanAll[sqlstore.Space](ctx, q.tx, `SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
		WHERE pg_class.oid = to_regclass(relname) AND relname = ANY ($1) AND attname = 'id' AND attidentity <> ''`, tables)
	if err != nil {
		return nil, err
	}
	for space := range sequences {
		spaces = append(spaces, space)
	}
	last := map[sqlstore.Space]int64{}
	for _, space := range spaces {
		expr, name := sequence(space)
		value, err := scanOne[int64](ctx, q, "SELECT COALESCE(pg_sequence_last_value("+expr+"), 0)", name)
		if err != nil {
			return nil, err
		}
		if value > 0 {
			last[space] = value
		}
	}
	return last, nil
}

// asker is a connection, or a transaction on one.
type asker interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// scanAll returns the only column of all rows.
func scanAll[T any](ctx context.Context, q asker, text string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
