// Package commbox is the dialect of the CommBox REST API, version 2.07: what
// its clients call at the root of the listener, with the bodies and errors
// that they know. README.md says what is compatible and what is not,
// coverage.txt lists every published operation.
//
// A request is routed, authenticated, its parameters are read, and only then
// is anything looked up: see dialect.serve. Bodies are appended piece by piece
// to a stream, so that an answer costs one page of a history in memory and not
// the history.
//
// WebhookFormat puts events of the log into the bodies of CommBox's webhooks.
//
// The package knows the use cases and core; the store only by the queries that
// the use cases take, and to read what events do not carry. All of it is safe for concurrent use.
package commbox
