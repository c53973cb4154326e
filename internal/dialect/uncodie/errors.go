package uncodie

import (
	"errors"
	"net/http"

	"parley/internal/core"
)

// Codes of the error envelope. Codes and statuses are the contract, texts are
// matched loosely (D1 "Error Codes"; the gate's are the source's).
const (
	codeInvalidRequest    = "INVALID_REQUEST"
	codeUnauthorized      = "UNAUTHORIZED"
	codeInvalidAPIKey     = "INVALID_API_KEY"
	codeInsufficientScope = "INSUFFICIENT_SCOPE"
	codeNotFound          = "NOT_FOUND"
	codeRateLimit         = "RATE_LIMIT" // named by the documentation, never sent by the source
	codeAuthError         = "AUTH_ERROR"
	codeDatabaseError     = "DATABASE_ERROR"
	codeInternal          = "INTERNAL_SERVER_ERROR"
)

// errKeyRequired refuses a call that brings no key at all.
var errKeyRequired error = &core.Error{
	Kind: core.Unauthenticated, Message: "API key is required for server-to-server requests",
}

// gateError is a failure while a key was being checked.
type gateError struct{ err error }

func (e gateError) Error() string { return e.err.Error() }
func (e gateError) Unwrap() error { return e.err }

// writeError answers with the error envelope: success false, error {code,
// message}. See httpx.ErrorWriter.
func writeError(w http.ResponseWriter, _ *http.Request, err error) {
	status, f := failureOf(err)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(appendFailure(nil, f))
}

// failureOf turns an error into a status and an envelope. The texts of failures
// that are ours are fixed: the source shows its database's own.
func failureOf(err error) (int, failure) {
	var known *core.Error
	classified := errors.As(err, &known)
	var gate gateError
	switch {
	case errors.As(err, &gate):
		return http.StatusInternalServerError, failure{codeAuthError, "Error processing API key authentication"}
	case !classified:
		return http.StatusInternalServerError, failure{codeInternal, "An unexpected error occurred"}
	case errors.Is(err, errKeyRequired):
		return http.StatusUnauthorized, failure{codeUnauthorized, known.Message}
	}
	switch known.Kind {
	case core.Invalid, core.Conflict, core.Precondition:
		return http.StatusBadRequest, failure{codeInvalidRequest, known.Message}
	case core.NotFound:
		return http.StatusNotFound, failure{codeNotFound, known.Message}
	case core.Forbidden:
		return http.StatusForbidden, failure{codeInsufficientScope, known.Message}
	case core.Unauthenticated:
		return http.StatusUnauthorized, failure{codeInvalidAPIKey, "Invalid or expired API key"}
	case core.TooLarge:
		return http.StatusRequestEntityTooLarge, failure{codeInvalidRequest, known.Message}
	case core.RateLimited:
		return http.StatusTooManyRequests, failure{codeRateLimit, "Too many requests, try again later"}
	case core.Internal, core.Unavailable:
	}
	// The store gives every failure of its own a kind; what nobody classified
	// was caught above.
	return http.StatusInternalServerError, failure{codeDatabaseError, "Error querying the database"}
}
