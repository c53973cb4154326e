package httpx

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// Call is what the server knows of a request while it serves it: for limits,
// logs, metrics and traces. Handlers add what they learn. It belongs to the
// request's goroutine.
type Call struct {
	// ID is the request's id: the caller's X-Request-Id when it is short and
	// printable, else a new one. It is echoed in the answer.
	ID string
	// Addr is the client's address, as far as trusted proxies tell it; the zero
	// address where the listener knows none.
	Addr netip.Addr
	// Door names who answers: a dialect, "v1", or "parley".
	Door string
	// Route is the pattern of the path, never the path itself: "" for paths
	// that nobody serves.
	Route string
	// AccountID and TokenID are the caller's, 0 without a token.
	AccountID, TokenID int64
	// Allowance is what is left of the limit that the gate charged, or that
	// refused the call.
	Allowance Allowance

	subject subject // whose allowance the call uses
}

// Answer is how a call ended.
type Answer struct {
	Status int // 0: the connection was cut before a status was sent
	Bytes  int64
	Took   time.Duration
}

// Observer is told of every call after its answer.
type Observer func(ctx context.Context, method string, c *Call, a Answer)

type callKey struct{}

// CallOf returns the call that ctx belongs to; outside one, an empty call that
// nobody looks at.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// WithCalls gives every request its Call. proxies tells which peers' word
// about the client's address is believed; observe may be nil.
func WithCalls(next http.Handler, proxies Proxies, observe Observer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Call{ID: r.Header.Get("X-Request-Id"), Addr: proxies.Client(r)}
		if !printable(c.ID) {
			c.ID = uuid.NewString()
		}
		w.Header().Set("X-Request-Id", c.ID)
		ctx := context.WithValue(r.Context(), callKey{}, c)
		if observe == nil {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		rec := &recorder{ResponseWriter: w}
		start := time.Now() //nolint:forbidigo // it is subtracted below, and never shown
		defer func() {
			// Also when the handler cuts the connection by a panic.
			rec.answer.Took = time.Since(start) //nolint:forbidigo // see above
			observe(ctx, r.Method, c, rec.answer)
		}()
		next.ServeHTTP(rec, r.WithContext(ctx))
		if rec.answer.Status == 0 {
			rec.answer.Status = http.StatusOK // net/http sends it for a handler that wrote nothing
		}
	})
}

// recorder notes the status and the length of an answer.
type recorder struct {
	http.ResponseWriter
	answer Answer
}

func (w *recorder) WriteHeader(status int) {
	if w.answer.Status == 0 && status >= http.StatusOK {
		w.answer.Status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.answer.Status == 0 {
		w.answer.Status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.answer.Bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// maxRequestIDBytes bounds an id that a caller brings along.
const maxRequestIDBytes = 128

func printable(s string) bool {
	if s == "" || len(s) > maxRequestIDBytes {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
