package uncodie

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
)

// Headers of a preflight answer (source).
const (
	allowedMethods = "GET, POST, PUT, DELETE, OPTIONS"
	allowedHeaders = "Content-Type, Authorization, X-SA-API-KEY, x-api-key, x-api-secret, Accept, Origin, X-Requested-With"
	preflightAge   = "86400"
)

// admit decides who may call, in the source's order: preflight, origin, key,
// scope. It answers preflights and refused origins itself and then reports
// passed as false.
//
// The source lets a page of an allowed origin pass without a key. An Origin
// header is no credential, anybody can send one, so here a key is needed with
// and without it.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) (caller auth.Principal, passed bool, err error) {
	header := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		if !h.originAllowed(origin) {
			w.WriteHeader(http.StatusForbidden) // without a body (source)
			return caller, false, nil
		}
		// Refusals carry them as well: a page could not read the reason without.
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Set("Vary", "Origin")
	}
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", allowedMethods)
		header.Set("Access-Control-Allow-Headers", allowedHeaders)
		header.Set("Access-Control-Max-Age", preflightAge)
		header.Set("Vary", "Origin")
		w.WriteHeader(http.StatusNoContent)
		return caller, false, nil
	}
	if caller, err = h.authenticate(r); err != nil {
		return caller, false, err
	}
	if scope := r.Header.Get("x-required-scope"); scope != "" {
		if err := requireScope(caller, core.Scope(scope)); err != nil {
			return caller, false, err
		}
	}
	header.Set("X-Middleware-Executed", "true")
	header.Set("Vary", "Origin")
	return caller, true, nil
}

// originAllowed judges an Origin header by its host; the port is free (source).
// "null", which sandboxed pages send, has none and is refused.
func (h *handler) originAllowed(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return false
	}
	return h.allowedOrigin(strings.ToLower(u.Hostname()))
}

func ownMachine(host string) bool { return host == "localhost" || host == "127.0.0.1" }

// authenticate checks the caller's key. A look-up that fails is a failure of
// the gate, which has a code of its own.
func (h *handler) authenticate(r *http.Request) (auth.Principal, error) {
	key := credential(r.Header)
	caller, err := h.gate.Token(r.Context(), key)
	if err == nil {
		return caller, nil
	}
	switch kind := core.KindOf(err); {
	case kind == core.Unauthenticated && key == "":
		return auth.Principal{}, errKeyRequired
	case kind == core.Unauthenticated, kind == core.RateLimited:
		return auth.Principal{}, err
	}
	return auth.Principal{}, gateError{fmt.Errorf("check key: %w", err)}
}

// credential finds the key: x-api-key first, else Authorization, with the exact
// prefix "Bearer " or bare (source).
func credential(header http.Header) string {
	if key := header.Get("x-api-key"); key != "" {
		return key
	}
	return strings.TrimPrefix(header.Get("Authorization"), "Bearer ")
}

// requireScope refuses callers without the scope.
func requireScope(caller auth.Principal, scope core.Scope) error {
	if caller.Can(scope) {
		return nil
	}
	return &core.Error{Kind: core.Forbidden, Message: fmt.Sprintf("API key does not have the '%s' scope", scope)}
}
