package commbox

import (
	"net/http"
	"strings"

	"parley/internal/core"
)

// description is the text of an error answer (OpenAPI 2.07, Get Object: 400,
// 401, 404, 429 and 500). Of 501 no body is published: the shape is that of
// the others.
func description(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "Bad Request"
	case http.StatusUnauthorized:
		return "Unauthorized access"
	case http.StatusNotFound:
		return "Not found"
	case http.StatusRequestEntityTooLarge:
		return "Request Entity Too Large"
	case http.StatusTooManyRequests:
		return "Too Many Requests"
	case http.StatusNotImplemented:
		return "Not Implemented"
	}
	return "Operation failed"
}

// statusOf returns the HTTP status of a failure. CommBox publishes no other
// statuses than these: a token that lacks a right is told 401, what is taken
// 400, and what is not available now 500.
func statusOf(kind core.Kind) int {
	switch kind {
	case core.Invalid, core.Conflict, core.Precondition:
		return http.StatusBadRequest
	case core.Unauthenticated, core.Forbidden:
		return http.StatusUnauthorized
	case core.NotFound:
		return http.StatusNotFound
	case core.TooLarge:
		return http.StatusRequestEntityTooLarge
	case core.RateLimited:
		return http.StatusTooManyRequests
	case core.Internal, core.Unavailable:
	}
	return http.StatusInternalServerError
}

// writeError answers with the failure. What went wrong in detail is not told:
// the published bodies have no place for it.
func (d *dialect) writeError(w http.ResponseWriter, r *http.Request, err error) {
	d.refuse(w, r, statusOf(core.KindOf(err)))
}

// refuse answers with the three keys of every error, without data.
func (d *dialect) refuse(w http.ResponseWriter, r *http.Request, status int) {
	if status == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "1")
	}
	b := number(make([]byte, 0, 128), `{"status":`, int64(status))
	told := description(status)
	if status == http.StatusUnauthorized && r.Method == http.MethodPatch {
		told = "Unauthorized" // Set Stream, the only call with this verb, says it so
	}
	b = text(b, `,"description":`, told)
	b = d.appendResponseTime(append(b, ','), r)
	b = append(b, '}')
	_ = d.send(w, status, b) // it has no failure to tell
}

// appendResponseTime appends the key response_time and the present: up to
// milliseconds below /v2 (V2's sample has three digits), up to seven digits
// elsewhere (Get Object's has seven), each without zeros at its end.
func (d *dialect) appendResponseTime(b []byte, r *http.Request) []byte {
	layout := `"2006-01-02T15:04:05.9999999Z"`
	if version, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); strings.EqualFold(version, "v2") {
		layout = `"2006-01-02T15:04:05.999Z"`
	}
	return d.clock().Std().AppendFormat(append(b, `"response_time":`...), layout)
}
