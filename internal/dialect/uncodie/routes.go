// Package uncodie answers in the dialect of Uncodie Market Fit (Makinari): its
// customer-support REST API under /api/agents, /api/visitors and their
// neighbours.
//
// A request passes the gate (gate.go: keys, scopes, origins), is decoded
// (query.go), becomes one call of a use case (conversations.go), and the answer
// is appended member by member (convert.go, wire.go, encode.go). Failures become
// envelopes in errors.go. README.md tells what is compatible and what is not.
//
// Facts of the wire cite their source: "D1" and "D2" are the two generations of
// the published documentation, "source" is the published server.
//
// The handler is safe for concurrent use and keeps no state between requests.
package uncodie

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"parley/internal/auth"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// Deps is what the dialect is built from.
type Deps struct {
	Conversations *conversation.Reads
	Gate          *httpx.Gate
	Log           *slog.Logger
	// AllowedOrigin tells whether pages of a host, without port and in lower
	// case, may call from a browser. nil allows the machine's own: localhost
	// and 127.0.0.1.
	AllowedOrigin func(host string) bool
}

// handler serves the dialect.
type handler struct {
	conversations *conversation.Reads
	gate          *httpx.Gate
	allowedOrigin func(host string) bool
	endpoints     map[string]endpoint // by path
}

// endpoint is one known path. All of them are read with GET.
type endpoint func(w http.ResponseWriter, r *http.Request, caller auth.Principal) error

// routes names every path that is served. Paths match letter by letter: the
// hyphenated forms exist only in the addresses of the documentation.
func (h *handler) routes() map[string]endpoint {
	return map[string]endpoint{
		"/api/agents/customerSupport/conversations": h.listConversations,
	}
}

// Operations lists every call that the dialect serves, by path.
func Operations() []httpx.Operation {
	var all []httpx.Operation
	for _, path := range slices.Sorted(maps.Keys((&handler{}).routes())) {
		all = append(all, httpx.Operation{Method: http.MethodGet, Pattern: path})
	}
	return all
}

// New returns the dialect's handler.
func New(d Deps) http.Handler {
	h := &handler{conversations: d.Conversations, gate: d.Gate, allowedOrigin: d.AllowedOrigin}
	if h.allowedOrigin == nil {
		h.allowedOrigin = ownMachine
	}
	h.endpoints = h.routes()
	return httpx.Adapter{Log: d.Log, Error: writeError, Gate: d.Gate}.Handle(h.serve)
}

// serve passes a request through the gate and on to its endpoint. The gate
// stands before every path, known or not.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) error {
	caller, passed, err := h.admit(w, r)
	if err != nil || !passed {
		return err
	}
	serve, known := h.endpoints[r.URL.Path]
	if known {
		httpx.CallOf(r.Context()).Route = r.URL.Path
	}
	switch {
	case !known:
		// The source's framework answers with a page, not with JSON.
		http.NotFound(w, r)
		return nil
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		// Empty, as the source's framework has it; RFC 9110 asks for Allow.
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	if err := requireScope(caller, "read"); err != nil {
		return err
	}
	return serve(w, r, caller)
}
