package store

// The names of the engines, as backups tell them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Dump says what a Store has written of itself.
type Dump struct {
	Engine        string // SQLite or Postgres: only the same engine can read the files
	SchemaVersion int64  // of the data
}

// Restoring is what an engine needs to know to take a dump's place. An engine
// that returns an error has changed nothing that anybody reads, and so has one
// that is killed on the way.
type Restoring struct {
	Dir           string // where the dump is
	SchemaVersion int64  // of the dump
	// Replace allows a target that holds accounts.
	Replace bool
	// Before is called when everything is ready and the target has not been
	// touched yet. Its error ends the restore.
	Before func() error
}
