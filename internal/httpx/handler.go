package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"parley/internal/core"
)

// HandlerFunc serves a request or returns why it could not.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// ErrorWriter answers with an error in a dialect's shape. It is called only
// while nothing of the answer has been sent.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, err error)

// Limits of what a request may bring. Longer headers are refused by net/http.
const (
	MaxPathBytes  = 32 << 10 // several of the longest stored keys, every byte encoded
	MaxQueryBytes = 16 << 10
	MaxBodyBytes  = 1 << 20
)

// Adapter makes http.Handlers of HandlerFuncs, for one dialect.
type Adapter struct {
	Log   *slog.Logger
	Error ErrorWriter
	// Gate, when set, is told of calls for what does not exist.
	Gate *Gate
	// BodyBytes, when set, says how long a request's body may be; else it is
	// MaxBodyBytes.
	BodyBytes func(r *http.Request) int64
}

// Handle returns a handler that bounds what the request brings, runs h, answers its error through the
// dialect's ErrorWriter and recovers from panics with an internal error. An
// error or panic after the answer has begun closes the connection, so that the
// client sees a broken body and never a short one that looks whole.
func (a Adapter) Handle(h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tw := &trackingWriter{ResponseWriter: w}
		err := a.call(h, tw, r)
		switch {
		case err == nil, errors.Is(err, errAnswered):
			return
		case r.Context().Err() != nil || errors.Is(err, context.Canceled):
			// The client hung up or the server is stopping: nobody is listening.
			panic(http.ErrAbortHandler)
		}
		if kind := core.KindOf(err); kind == core.Internal || kind == core.Unavailable {
			a.Log.ErrorContext(r.Context(), "request failed", slog.Any("error", err),
				slog.String("request_id", CallOf(r.Context()).ID), slog.String("method", r.Method),
				slog.String("route", CallOf(r.Context()).Route))
		}
		if a.Gate != nil && core.KindOf(err) == core.NotFound && CallOf(r.Context()).Route != "" {
			a.Gate.missed(r.Context())
		}
		if tw.started {
			panic(http.ErrAbortHandler)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Cache-Control"} {
			w.Header().Del(name)
		}
		var known *core.Error
		if errors.As(err, &known) && known.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(int64((known.RetryAfter+time.Second-1)/time.Second), 10))
		}
		a.Error(w, r, err)
	})
}

func (a Adapter) call(h HandlerFunc, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // it is compared, not wrapped
			panic(p)
		}
		err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}()
	if err := a.bound(w, r); err != nil {
		return err
	}
	return h(w, r)
}

// bound refuses a request that brings too much, before a byte of its body is
// read, and stops a body that does not tell its length at the limit.
func (a Adapter) bound(w http.ResponseWriter, r *http.Request) error {
	switch {
	case len(r.URL.EscapedPath()) > MaxPathBytes:
		return core.Refuse("path", "is too long")
	case len(r.URL.RawQuery) > MaxQueryBytes:
		return core.Refuse("query", "is too long")
	}
	limit := int64(MaxBodyBytes)
	if a.BodyBytes != nil {
		limit = a.BodyBytes(r)
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // or net/http would read it all
		return &core.Error{Kind: core.TooLarge, Message: "the body is too large"}
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	return nil
}

// trackingWriter remembers whether the answer has begun.
type trackingWriter struct {
	http.ResponseWriter
	started bool
}

func (w *trackingWriter) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *trackingWriter) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *trackingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
