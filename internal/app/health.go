package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/store"
)

// health answers /healthz, which tells that the process runs, and /readyz,
// which tells that it can serve: the database answers and its schema is
// current. It asks the database at most once a second however many ask.
type health struct {
	store store.Store
	log   *slog.Logger

	ask chan struct{} // holds one token: who takes it may touch what follows
	at  time.Time
	err error
}

// Waits of a question for readiness.
const (
	readyAge     = time.Second
	readyTimeout = 2 * time.Second
)

func newHealth(st store.Store, log *slog.Logger) *health {
	h := &health{store: st, log: log, ask: make(chan struct{}, 1)}
	h.ask <- struct{}{}
	return h
}

// ServeHTTP answers both paths.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/healthz":
		text(w, http.StatusOK, "ok\n")
	case r.URL.Path != "/readyz":
		http.NotFound(w, r)
	case h.ready(r.Context()) != nil:
		text(w, http.StatusServiceUnavailable, "not ready\n")
	default:
		text(w, http.StatusOK, "ready\n")
	}
}

// ready returns nil while the server can serve.
func (h *health) ready(ctx context.Context) error {
	select {
	case <-h.ask:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { h.ask <- struct{}{} }()
	now := time.Now() //nolint:forbidigo // an age on the machine's clock
	if !h.at.IsZero() && now.Sub(h.at) < readyAge {
		return h.err
	}
	// The answer is for all who wait, so it outlives the one who asked.
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	h.err, h.at = h.store.Ready(asking), now
	if h.err != nil {
		h.log.WarnContext(ctx, "not ready", slog.Any("error", h.err))
	}
	return h.err
}
