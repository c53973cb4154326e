// Package chatwoot answers in the dialect of Chatwoot 4.10, as OmniVibe
// publishes it: the client API at /public/api/v1 that contacts' own apps call.
// README.md says what is compatible and what is not; coverage.txt lists every
// published operation.
//
// Sources of wire facts in this package: "seed" is the published page "List all
// conversations" of docs.omnivibe.com.br; "server" is what a Chatwoot 4.10
// server was observed to answer, where the two differ or the page is silent;
// "ours" is a decision of this project, listed in README.md.
//
// The way of an answer: core values -> convert.go -> the structs of wire.go ->
// the appenders of encode.go -> an httpx.Stream.
//
// The way of a webhook's body: an event -> webhook.go, which reads what the event
// does not carry (webhook_push.go) -> the structs of wire_webhooks.go ->
// encoding/json, with marshal.go.
//
// The handler is safe for concurrent use.
package chatwoot
