// Package bench measures how a server answers: it fills a database with
// repeatable data, puts a server under load, and compares it with a floor, a
// bare HTTP server that sends an answer of the same length.
//
// It also follows what happens through /v1: streams, idle sockets, a webhook
// (LivePlan).
//
// It knows no dialect. What to ask for stands in a file of targets (Targets),
// which the fill writes for its own data and an operator for any other server.
// docs/performance.md tells what the figures mean.
package bench
