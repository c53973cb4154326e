// Package interchange reads and writes accounts as NDJSON: one JSON object a
// line, each a record with its kind. It is the lossless, portable form of an
// installation: for moving between engines, for readable backups, for
// migrations from other systems, for fixtures. docs/interchange.md is the
// reference of the format.
//
// Import is strict: what it does not understand stops it, with the number of
// the line and the reason. It streams, so that its memory does not grow with
// the file, and stores batches of records, each in one transaction; a batch
// that fails leaves nothing of itself, and importing the file again goes on
// from there, because records that exist are skipped. What it has to remember
// about a record until a later batch lies in the database (store.Staging).
//
// Export writes one unchanging state. The same state gives the same bytes.
//
// Positions, sequences, cursors and stamps are never invented here: they come
// from the file or from the rules of package core.
//
// Import and Export may run side by side on one store, and beside everything
// else that uses it; two imports into the same account at the same time are
// not supported. The package depends on core and on the store contract.
package interchange
