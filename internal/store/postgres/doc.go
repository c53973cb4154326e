// Package postgres runs the shared SQL of package sqlstore on PostgreSQL,
// through pgx and its pool.
//
// Invariants:
//
//   - Write transactions are READ COMMITTED and take row locks where the SQL
//     says FOR UPDATE; snapshots are REPEATABLE READ and read-only.
//   - Nothing needs a session: no advisory locks, no LISTEN, no temporary
//     tables.
//   - Every transaction has a time limit, so that a network that swallows
//     packets cannot hold a writer for ever.
//   - A COMMIT that was not answered has an unknown outcome and is reported as
//     such: see Engine.Begin.
//   - A schema that is newer than this binary is refused, and a read that fails
//     never counts as "new database".
//
// Concurrency: an Engine is safe for concurrent use, by several processes too.
// Sequences are not transactional: an id that a failed transaction took is not
// given again. The pool owns its goroutines; Close waits for them, unless a
// connection is never given back.
package postgres
