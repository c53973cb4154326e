// Package sqlstore is the store's SQL, written once for every engine: the
// subset that SQLite and PostgreSQL share, with $n placeholders. An Engine
// brings the connections and the few things that differ; New joins the two
// into a store.Store.
//
// # Invariants
//
//   - Every statement on account-owned rows names one account. What is found
//     without its account goes through a small look-up table first.
//   - No statement relies on a default that differs between engines: orders
//     name every key, no key is NULL, text is compared by its bytes, times and
//     booleans are integers, references are NULL when there is none.
//   - Every bound value passes one check before its statement runs: text is
//     valid UTF-8 without NUL, ids are no larger than core.MaxID, numbers are
//     finite.
//   - Statement texts are few, so that they are prepared once: lists of ids are
//     padded to fixed lengths, limits that stand in a text are of a few sizes,
//     and lists of threads are put together from fixed pieces.
//   - A page is cut by an index before anything is joined to it.
//
// # Concurrency
//
// A Store may be used by many goroutines. What InTx hands out belongs to the
// one function that it was handed to.
package sqlstore
