package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"parley/internal/auth"
	"parley/internal/blob"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/job"
	"parley/internal/live"
	"parley/internal/service/automation"
	"parley/internal/service/conversation"
	"parley/internal/service/feed"
	"parley/internal/service/file"
	"parley/internal/service/search"
	"parley/internal/store"
	"parley/internal/webhook"
)

// Waits of the listeners. Bodies that stream set their own write deadlines, a
// chunk at a time.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 120 * time.Second
	stopTimeout       = 15 * time.Second
	tracesTimeout     = 5 * time.Second
	maxHeaderBytes    = 64 << 10
)

// heapFloorBytes keeps the garbage collector from running for every few
// megabytes while little is alive: requests leave garbage and the server keeps
// next to nothing, so that with a heap of a few megabytes the collector would
// take a fifth of the processor. It is room that is reserved and never touched,
// so it costs no memory; the heap grows to twice this before it is collected.
const heapFloorBytes = 32 << 20

// Server is a running Parley: the store, the public listener, the admin
// listener and, on SQLite, the admin socket.
type Server struct {
	// Addr is the address that the public listener has.
	Addr net.Addr
	// AdminAddr is the address of the admin listener, nil when it is off.
	AdminAddr net.Addr
	// Store is the open database; it is closed when Run returns.
	Store store.Store

	listeners []listener // in the order of their stop
	socket    string     // the path of the admin socket, "" without
	tracing   *tracing
	jobs      *job.Runner
	webhooks  *webhook.Deliverer
	callOut   *http.Client // of webhooks
	files     *file.Files
	live      *Live
	closeBlob func() error // of the store of files
	closeBus  func()
	heapFloor []byte
	log       *slog.Logger
}

// listener is an address and who answers on it.
type listener struct {
	net.Listener
	server *http.Server
}

// NewServer opens the database and the listeners, in that order: what answers
// is ready.
func NewServer(ctx context.Context, cfg *config.Config, clock core.Clock, log *slog.Logger) (*Server, error) {
	floor := make([]byte, heapFloorBytes)
	untouched(floor)
	m := newMetrics()
	st, err := openStore(ctx, cfg, log, m.group)
	if err != nil {
		return nil, err
	}
	s := &Server{Store: st, log: log, heapFloor: floor, closeBlob: func() error { return nil }, closeBus: func() {}}
	if err := s.open(ctx, cfg, clock, m); err != nil {
		return nil, errors.Join(err, s.closeAll(ctx))
	}
	return s, nil
}

// startJobs does what is due, now and from now on, until ctx ends; the channel
// is closed when the last of it is done.
func (s *Server) startJobs(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var running sync.WaitGroup
		running.Go(func() { s.webhooks.Watch(ctx, s.jobs.Hurry) })
		s.jobs.Run(ctx)
		running.Wait()
		s.callOut.CloseIdleConnections()
	}()
	return done
}

func (s *Server) open(ctx context.Context, cfg *config.Config, clock core.Clock, m *metrics) error {
	key, err := IDKey(ctx, s.Store)
	if err != nil {
		return err
	}
	proxies, err := httpx.ParseProxies(cfg.TrustedProxies)
	if err != nil {
		return fmt.Errorf("read trusted proxies: %w", err)
	}
	if s.tracing, err = newTracing(ctx); err != nil {
		return err
	}
	var blobs blob.Store
	if blobs, s.closeBlob, err = openBlobs(cfg); err != nil {
		return err
	}
	if s.files, err = newFiles(cfg, s.Store, blobs, clock, key); err != nil {
		return err
	}
	if err := s.openLive(ctx, cfg, clock, key); err != nil {
		return err
	}
	if err := s.openJobs(ctx, cfg, clock); err != nil {
		return err
	}
	tokens := auth.NewTokens(s.Store, clock)
	h := newHealth(s.Store, s.log)
	m.watch(h) //nolint:contextcheck // a scrape has no context
	doors := NewHandler(HandlerOptions{
		Store: s.Store, Clock: clock, Log: s.log, IDKey: key, Tokens: tokens,
		Limits: httpx.NewLimits(cfg.RateLimit, clock, m.limitHit), Proxies: proxies, AllowedOrigin: cfg.OriginAllowed, PublicURL: cfg.PublicURL, health: h, Files: s.files, Live: s.live, PlainWebhooks: len(cfg.WebhookNetworks) > 0,
		Observe: func(ctx context.Context, method string, c *httpx.Call, a httpx.Answer) {
			m.observe(method, c, a)
			s.tracing.observe(ctx, method, c, a)
			s.logCall(ctx, method, c, a)
		},
	})
	public := &http.Server{
		Handler:           m.counting(s.tracing.around(doors)),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
	if s.Addr, err = s.listen(ctx, "addr", cfg.Addr, public); err != nil {
		return err
	}
	if cfg.AdminAddr != config.Off {
		// A profile takes as long as it was asked to.
		operator := &http.Server{Handler: operatorHandler(m, h), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout}
		if s.AdminAddr, err = s.listen(ctx, "admin-addr", cfg.AdminAddr, operator); err != nil {
			return err
		}
	}
	if cfg.Postgres() {
		return nil
	}
	return s.openSocket(ctx, cfg, clock, tokens)
}

// openLive makes what tells clients of events, over the bus to the other nodes.
func (s *Server) openLive(ctx context.Context, cfg *config.Config, clock core.Clock, key []byte) (err error) {
	var bus live.Bus
	if bus, s.closeBus, err = openBus(ctx, cfg, s.Store, key, s.log); err != nil {
		return err
	}
	s.live, err = NewLive(LiveOptions{Store: s.Store, Clock: clock, Log: s.log, IDKey: key, Files: s.files, Bus: bus, Poll: cfg.Postgres()})
	return err
}

// openJobs makes what does the jobs, and has the regular ones begin.
func (s *Server) openJobs(ctx context.Context, cfg *config.Config, clock core.Clock) (err error) {
	auto := automation.New(conversation.NewWrites(s.Store, clock), clock)
	if err := auto.Begin(ctx, s.Store); err != nil {
		return err
	}
	retention := feed.NewRetention(clock, cfg.EventsKeep)
	if err := retention.Begin(ctx, s.Store); err != nil {
		return err
	}
	handlers := auto.Handlers()
	maps.Copy(handlers, retention.Handlers())
	maps.Copy(handlers, search.NewBackfill(clock).Handlers())
	if s.webhooks, s.callOut, err = newDeliverer(cfg, s.Store, clock, s.log, newFormats(s.Store, s.files.Links, s.live.render)); err != nil {
		return err
	}
	s.jobs = job.NewRunner(s.Store, clock, s.log, handlers, s.webhooks.Outside())
	return nil
}

// openSocket opens the admin socket, through which the command line speaks to
// the process that owns the database.
func (s *Server) openSocket(ctx context.Context, cfg *config.Config, clock core.Clock, tokens *auth.Tokens) error {
	socket, err := listenAdmin(ctx, cfg.AdminSocket())
	if err != nil {
		return err
	}
	s.socket = cfg.AdminSocket()
	ops := NewOperations(s.Store, clock)
	ops.TokensChanged = tokens.Forget
	ops.DataDir = cfg.DataDir
	// No deadlines: an import is as long as its file.
	s.add(socket, &http.Server{Handler: adminHandler(ops)}) //nolint:gosec // the socket is the operator's own
	return nil
}

// listen opens a TCP address for srv.
func (s *Server) listen(ctx context.Context, flag, addr string, srv *http.Server) (net.Addr, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (--%s): %w", addr, flag, err)
	}
	s.add(l, srv)
	return l.Addr(), nil
}

func (s *Server) add(l net.Listener, srv *http.Server) {
	srv.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)
	s.listeners = append(s.listeners, listener{l, srv})
}

// logCall tells of a request without its path, its query or its body: they
// hold ids that open conversations, and what people said.
func (s *Server) logCall(ctx context.Context, method string, c *httpx.Call, a httpx.Answer) {
	if !s.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	s.log.DebugContext(ctx, "request", slog.String("request_id", c.ID), slog.String("door", c.Door),
		slog.String("method", knownMethod(method)), slog.String("route", c.Route), slog.Int("status", a.Status),
		slog.Int64("bytes", a.Bytes), slog.Duration("took", a.Took), slog.String("client", c.Addr.String()),
		slog.Int64("account_id", c.AccountID), slog.Int64("token_id", c.TokenID))
}

// Run serves until ctx ends, then finishes the requests in flight, refuses new
// ones, and closes everything. It returns nil after an orderly stop.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		go func() {
			if err := l.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
				return
			}
			failed <- nil
		}()
	}
	working, stopWork := context.WithCancel(ctx)
	worked := s.startJobs(working)
	s.log.InfoContext(ctx, "serving", slog.String("addr", s.Addr.String()))
	if s.AdminAddr != nil {
		s.log.InfoContext(ctx, "serving metrics and profiles", slog.String("addr", s.AdminAddr.String()))
	}
	sweeping, stopSweeping := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		sweepFiles(sweeping, s.files, s.log)
	}()
	following, stopFollowing := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		s.live.Run(following)
	}()
	var err error
	waiting := len(s.listeners)
	select {
	case <-ctx.Done():
	case err = <-failed:
		waiting--
	}
	s.log.InfoContext(ctx, "stopping")
	s.live.Close() // streams end only so
	stopFollowing()
	<-followed
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, l := range s.listeners {
		if e := l.server.Shutdown(stop); e != nil {
			// Requests that would not end in time are cut off.
			s.log.WarnContext(ctx, "requests cut off at stop", slog.Any("error", e))
			_ = l.server.Close()
		}
	}
	for range waiting {
		err = errors.Join(err, <-failed)
	}
	stopWork()
	<-worked
	stopSweeping()
	<-swept
	runtime.KeepAlive(s.heapFloor)
	return errors.Join(err, s.closeAll(context.WithoutCancel(ctx)))
}

// closeAll releases what open took, in reverse order.
func (s *Server) closeAll(ctx context.Context) error {
	for _, l := range s.listeners {
		_ = l.Close() // closed already after an orderly stop
	}
	if s.socket != "" {
		_ = os.Remove(s.socket)
	}
	ctx, cancel := context.WithTimeout(ctx, tracesTimeout)
	defer cancel()
	if err := s.tracing.close(ctx); err != nil {
		s.log.WarnContext(ctx, "the last traces were not sent", slog.Any("error", err))
	}
	s.closeBus()
	err := s.closeBlob()
	if e := s.Store.Close(); e != nil {
		err = errors.Join(err, fmt.Errorf("close database: %w", e))
	}
	return err
}
