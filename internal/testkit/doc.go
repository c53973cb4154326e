// Package testkit holds what the tests of every other package share: a fresh
// PostgreSQL database, a clock that moves only when told to, whole-body golden
// files, checks of responses against the published documents, and guards of the
// import direction.
//
// It never skips. A server that a test needs and cannot reach fails the test,
// because a skipped test looks like a passed one.
//
// Its helpers may be used from parallel tests. The package imports nothing
// below parley/internal, so every package there can use it, and only test code
// may import it: it adds the flag -update to the test binary.
package testkit
