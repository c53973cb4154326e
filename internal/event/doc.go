// Package event is the log of what happened in an account: how its payloads
// are written down, and how they are read back.
//
// # Invariants
//
// A payload is one JSON object with snake_case keys, the same for ever once it
// is in a log: keys are added, never renamed. Zero values are left out. Times
// are integers, microseconds since 1970 UTC. JSON that a record carries is a
// string member, so that its text survives byte for byte. Encode and Decode
// lose nothing but secrets, which no payload holds: token hashes, password
// hashes, an inbox's HMAC and website tokens, pubsub tokens, webhook secrets.
// An empty list comes back as nil.
//
// # Concurrency
//
// The codec is pure functions. The package imports core and the standard
// library only.
package event
