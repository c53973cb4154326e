// Package storetest checks a database against the contract of package store,
// and makes small accounts for the tests of other packages.
//
// Run has one named check for every method and for every promise of the
// contract's comments, and for every known way in which engines differ. A bug
// that shows on one engine only becomes a check here first. Seed fills an
// account by the same methods that the server uses. CheckStaffStep holds a
// migration against a database of before.
//
// Checks run in parallel, each on a store of its own.
package storetest
