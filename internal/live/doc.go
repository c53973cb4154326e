// Package live delivers the event log to those who wait for it.
//
// The hub follows the log of every account that somebody watches, once per
// node, and hands each event to the subscriptions that may see it and ask for
// it. A subscription first reads what it has missed from the log, then lives on
// a bounded queue; no event is left out and none comes twice between the two.
// Nobody waits for a reader: whoever does not keep up is cut off, and goes on
// from where it was.
//
// Beside the log there are signals, which nobody keeps: who is typing, who is
// online.
//
// The package knows no wire form: its owner renders events and signals, once
// for all subscriptions of the same view. It depends on core, the store contract
// and service/feed. All of it is safe for concurrent use, but for what a
// Subscription says.
package live
