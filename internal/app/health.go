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
// current. However many ask, the database gets one question at a time, whose
// answer serves all who came before it was asked.
type health struct {
	store store.Store
	log   *slog.Logger

	ask chan struct{} // holds one token: who takes it may touch what follows
	at  time.Time
	err error
}

// readyTimeout is how long the database may take to answer.
const readyTimeout = 2 * time.Second

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
	came := time.Now() //nolint:forbidigo // both moments are on the machine's own clock
	select {
	case <-h.ask:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { h.ask <- struct{}{} }()
	if h.at.After(came) {
		return h.err
	}
	// The answer is for all who wait, so it outlives the one who asked.
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	h.at = time.Now() //nolint:forbidigo // see above
	h.err = h.store.Ready(asking)
	if h.err != nil {
		h.log.WarnContext(ctx, "not ready", slog.Any("error", h.err))
	}
	return h.err
}
