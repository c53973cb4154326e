package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"parley/internal/core"
)

// HandlerFunc serves a request or returns why it could not.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// ErrorWriter answers with an error in a dialect's shape. It is called only
// while nothing of the answer has been sent.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, err error)

// Adapter makes http.Handlers of HandlerFuncs, for one dialect.
type Adapter struct {
	Log   *slog.Logger
	Error ErrorWriter
}

// Handle returns a handler that runs h, answers its error through the
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
				slog.String("request_id", RequestID(r.Context())), slog.String("method", r.Method))
		}
		if tw.started {
			panic(http.ErrAbortHandler)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Cache-Control"} {
			w.Header().Del(name)
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
	return h(w, r)
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
