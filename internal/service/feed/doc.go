// Package feed is what readers of the event log share: pages of it for those
// who may see only a part, and how long it is kept.
//
// It depends on core and the store contract. All of it is safe for concurrent
// use.
package feed
