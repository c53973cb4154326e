// Package sqlite runs the shared SQL of package sqlstore on an embedded SQLite
// file (modernc.org/sqlite, no cgo).
//
// Invariants:
//
//   - One process owns the file: see Lock. Several processes writing to it
//     would not corrupt it, but live delivery in one would never hear of the
//     other's events.
//   - One connection writes, in immediate transactions; a pool of read-only
//     connections reads beside it (WAL), each statement or snapshot on what was
//     last committed.
//   - What Commit acknowledged is on the disk: synchronous=FULL.
//   - A file whose schema this binary does not know is refused, and a read that
//     fails never counts as "new database".
//
// Concurrency: an Engine is safe for concurrent use. Every connection belongs
// to one goroutine at a time; it is lent by a pool and keeps its own prepared
// statements. The engine starts no goroutines of its own.
package sqlite
