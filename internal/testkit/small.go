package testkit

import "os"

// Small tells whether tests should make do with little data. It is set with
// PARLEY_TEST_SMALL, as the race tests do: the race detector slows the embedded
// SQLite about twenty times. A small run checks the same things on fewer rows, and
// what stands above the store on one engine; it leaves none of them out.
func Small() bool { return os.Getenv("PARLEY_TEST_SMALL") != "" }
