// Package store is the contract between Parley's use cases and its databases:
// small role interfaces, joined into Reader, Tx and Store. The comments bind:
// which error, which order, what is atomic. The conformance suite in storetest
// checks every one of them on every engine.
//
// Rules that hold for every method:
//
//   - It takes the account. A row of another account answers exactly like an
//     absent one: core.NotFound from a Get, nothing in a list.
//   - Failures are *core.Error values: NotFound, Conflict, Invalid,
//     Unavailable, else Internal with the driver's error as cause.
//   - Find methods may miss and then return ok == false and no error.
//   - Ids are positive and below 2^53; 0 stands for "none". Times are
//     core.Time, unset is stored as 0.
//   - Text holds no NUL byte and is valid UTF-8; the edges refuse others, and
//     the store does so again with core.Invalid.
//   - Readers are safe for concurrent use; a Tx belongs to the one function it
//     was given to.
//
// The package imports core and nothing else.
package store
