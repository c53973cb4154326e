// Package core is the domain of Parley: the things that are kept (accounts,
// contacts, identities, inboxes, conversations and their entries), the rules
// that change them, and the events that tell of each change.
//
// Rules are pure functions: state in, new state out. They never read a clock,
// a database or the network. No type here carries json, db or form tags: each
// dialect and the store translate at their own edge. The package imports the
// standard library only, and a test keeps it so.
//
// Values of this package are plain data: they are safe to read from many
// goroutines and must not be written by more than one.
package core
