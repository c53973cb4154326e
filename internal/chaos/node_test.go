//go:build unix

package chaos_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(ctx context.Context) error{"serve": serve})
}

// What a server is told by its environment.
const (
	dataEnv     = "PARLEY_CHAOS_DATA"
	databaseEnv = "PARLEY_CHAOS_DATABASE"
	natsEnv     = "PARLEY_CHAOS_NATS"
	startEnv    = "PARLEY_CHAOS_START" // when the clock started, in microseconds
)

// pace is how many times as fast as the machine's the clock of all servers of a
// test goes: claims of dead nodes run out, and failed deliveries are tried again,
// after seconds instead of half a minute.
const pace = 10

// clockOf is a clock that all servers of a test share.
func clockOf(start core.Time) core.Clock {
	return func() core.Time { return start + pace*(core.TimeOf(time.Now())-start) }
}

// serve is the helper: a whole server, which says its address.
func serve(ctx context.Context) error {
	cfg := config.Default()
	cfg.Addr, cfg.AdminAddr, cfg.RateLimit = "127.0.0.1:0", config.Off, 0
	cfg.DataDir, cfg.DatabaseURL, cfg.NATSURL = os.Getenv(dataEnv), config.Secret(os.Getenv(databaseEnv)), config.Secret(os.Getenv(natsEnv))
	cfg.WebhookNetworks = []string{"127.0.0.0/8"}
	start, err := strconv.ParseInt(os.Getenv(startEnv), 10, 64)
	if err != nil {
		return err
	}
	// Outages are what the test is about; what is worse comes to its log.
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := app.NewServer(ctx, &cfg, clockOf(core.Time(start)), log)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(os.Stdout, s.Addr.String()+"\n"); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	return s.Run(ctx)
}

// node is a server that runs.
type node struct {
	*testkit.Process
	addr string
}

// startNode starts a server on the installation.
func (w *world) startNode(t *testing.T) *node {
	t.Helper()
	p := testkit.StartHelper(t, "serve", dataEnv+"="+w.cfg.DataDir, databaseEnv+"="+w.cfg.DatabaseURL.Reveal(),
		natsEnv+"="+w.cfg.NATSURL.Reveal(), fmt.Sprintf("%s=%d", startEnv, w.start))
	return &node{p, p.Line(t)}
}

// freeze stops a node in whatever it does until the other one has taken over its
// webhook, if it had that, or all is written, and lets it go on as though no time
// had passed.
func (w *world) freeze(ctx context.Context, t *testing.T, frozen, other *node, written <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-written:
			cancel()
		case <-ctx.Done():
		}
	}()
	w.wire.lead(other.addr)
	frozen.Signal(t, syscall.SIGSTOP)
	w.wire.abandon(frozen.addr)
	w.receiver.accepted.reach(ctx, w.receiver.accepted.get()+20)
	frozen.Signal(t, syscall.SIGCONT)
	w.wire.lead(frozen.addr, other.addr)
}
