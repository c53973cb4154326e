package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/store"
)

// Waits of the listeners. Bodies that stream set their own write deadlines, a
// chunk at a time.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 120 * time.Second
	stopTimeout       = 15 * time.Second
	maxHeaderBytes    = 64 << 10
)

// Server is a running Parley: the store, the public listener and, on SQLite,
// the admin socket.
type Server struct {
	// Addr is the address that the public listener has.
	Addr net.Addr
	// Store is the open database; it is closed when Run returns.
	Store store.Store

	public *http.Server
	listen net.Listener
	admin  *http.Server
	socket net.Listener
	log    *slog.Logger
}

// NewServer opens the database and the listeners, in that order: what answers
// is ready.
func NewServer(ctx context.Context, cfg *config.Config, clock core.Clock, log *slog.Logger) (*Server, error) {
	st, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	warnUnused(ctx, cfg, log)
	s := &Server{Store: st, log: log}
	if err := s.open(ctx, cfg, clock); err != nil {
		return nil, errors.Join(err, s.closeAll())
	}
	return s, nil
}

// warnUnused tells of settings that are accepted for what is to come and have
// no effect yet: an operator must not believe in a limit that nobody holds.
func warnUnused(ctx context.Context, cfg *config.Config, log *slog.Logger) {
	def := config.Default()
	for flag, set := range map[string]bool{
		"admin-addr":      cfg.AdminAddr != def.AdminAddr,
		"nats-url":        cfg.NATSURL != "",
		"public-url":      cfg.PublicURL != "",
		"trusted-proxies": len(cfg.TrustedProxies) > 0,
		"rate-limit":      cfg.RateLimit != def.RateLimit && cfg.RateLimit != 0,
	} {
		if set {
			log.WarnContext(ctx, "this setting has no effect yet", slog.String("flag", flag))
		}
	}
}

func (s *Server) open(ctx context.Context, cfg *config.Config, clock core.Clock) error {
	key, err := IDKey(ctx, s.Store)
	if err != nil {
		return err
	}
	if !cfg.Postgres() {
		if s.socket, err = listenAdmin(ctx, cfg.AdminSocket()); err != nil {
			return err
		}
		// No deadlines: an import is as long as its file.
		s.admin = &http.Server{ //nolint:gosec // the socket is the operator's own
			Handler: adminHandler(NewOperations(s.Store, clock)), ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		}
	}
	if s.listen, err = new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr); err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}
	s.Addr = s.listen.Addr()
	s.public = &http.Server{
		Handler:           NewHandler(HandlerOptions{Store: s.Store, Clock: clock, Log: s.log, IDKey: key}),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	return nil
}

// Run serves until ctx ends, then finishes the requests in flight, refuses new
// ones, and closes everything. It returns nil after an orderly stop.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 2)
	start := func(srv *http.Server, l net.Listener) {
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
				return
			}
			failed <- nil
		}()
	}
	servers := []*http.Server{s.public}
	start(s.public, s.listen)
	if s.admin != nil {
		servers = append(servers, s.admin)
		start(s.admin, s.socket)
	}
	s.log.InfoContext(ctx, "serving", slog.String("addr", s.Addr.String()))
	var err error
	waiting := len(servers)
	select {
	case <-ctx.Done():
	case err = <-failed:
		waiting--
	}
	s.log.InfoContext(ctx, "stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, srv := range servers {
		if e := srv.Shutdown(stop); e != nil {
			// Requests that would not end in time are cut off.
			s.log.WarnContext(ctx, "requests cut off at stop", slog.Any("error", e))
			_ = srv.Close()
		}
	}
	for range waiting {
		err = errors.Join(err, <-failed)
	}
	return errors.Join(err, s.closeAll())
}

// closeAll releases what open took, in reverse order.
func (s *Server) closeAll() error {
	for _, l := range []net.Listener{s.listen, s.socket} {
		if l != nil {
			_ = l.Close() // closed already after an orderly stop
		}
	}
	if s.socket != nil {
		_ = os.Remove(s.socket.Addr().String())
	}
	if err := s.Store.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
