package chatwoot

import (
	"errors"
	"net/http"
	"strconv"

	"parley/internal/core"
)

// contentType is that of every JSON answer (server).
const contentType = "application/json; charset=utf-8"

// errHMAC refuses a contact inbox that has not proved who it is, in an inbox
// that demands it (ours: the server lets it pass here, and fails with 500 where
// it does check. The published documents promise a 401; the text is the
// widget's).
var errHMAC error = &core.Error{Kind: core.Unauthenticated, Message: "HMAC failed: Invalid Identifier Hash Provided"}

// writeError answers as the server does: with the framework's default body for
// what is absent, malformed or broken. What went wrong in detail is not told,
// but for the text of a refusal. See httpx.ErrorWriter.
func writeError(w http.ResponseWriter, _ *http.Request, err error) {
	switch core.KindOf(err) {
	case core.NotFound:
		writeStatus(w, http.StatusNotFound)
	case core.TooLarge:
		writeStatus(w, http.StatusRequestEntityTooLarge)
	case core.Invalid:
		writeStatus(w, http.StatusBadRequest)
	case core.Unauthenticated, core.Forbidden:
		write(w, http.StatusUnauthorized, contentType, appendRefusal(nil, refusal{messageOf(err)}))
	case core.RateLimited:
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "1")
		}
		write(w, http.StatusTooManyRequests, "text/plain", []byte("Retry later\n")) // server
	case core.Internal, core.Conflict, core.Unavailable, core.Precondition:
		writeStatus(w, http.StatusInternalServerError)
	}
}

// messageOf returns the text of err that callers may see.
func messageOf(err error) string {
	var e *core.Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return http.StatusText(http.StatusUnauthorized)
}

// writeStatus answers with the framework's default error.
func writeStatus(w http.ResponseWriter, status int) {
	write(w, status, contentType, appendErrorBody(nil, errorBody{status, http.StatusText(status)}))
}

func write(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
