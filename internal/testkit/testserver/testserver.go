// Package testserver runs the whole server for a test: a real database, a
// fixture imported through the interchange form, and the real doors behind a
// real HTTP listener, with a clock that the test sets.
package testserver

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/blob"
	"parley/internal/blob/disk"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/interchange"
	"parley/internal/service/file"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
)

// Now is the present of every test server: 2026-03-01T09:00:05.1234567Z, cut
// to microseconds.
var Now = core.TimeOf(time.Date(2026, 3, 1, 9, 0, 5, 123456700, time.UTC))

// Server is a running server on its own database.
type Server struct {
	URL    string
	Store  store.Store
	Files  *file.Files
	Engine string // sqlite or postgres
}

// Engines returns the engines that a test of what stands above the store runs on:
// both. Small runs have SQLite alone: there the store's own tests, and those of
// what works between nodes, run on both.
func Engines() []string {
	if testkit.Small() {
		return []string{"sqlite"}
	}
	return []string{"sqlite", "postgres"}
}

// Each runs the test once on each engine, with the fixture file imported.
func Each(t *testing.T, fixture string, run func(t *testing.T, s *Server)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, Start(t, engine, fixture))
		})
	}
}

// Start serves the fixture file ("" for an empty database) on the engine until
// the test ends.
func Start(t testing.TB, engine, fixture string) *Server {
	t.Helper()
	st := Open(t, engine)
	if fixture != "" {
		Import(t, st, fixture)
	}
	return Serve(t, st, engine)
}

// IDKey returns every test server's key of opaque ids. It is fixed, so that
// opaque ids in golden files are.
func IDKey() []byte {
	key := make([]byte, 64)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

// Options say how to serve. The zero value is Serve's.
type Options struct {
	Clock  core.Clock             // nil stands still at Now
	Adjust func(srv *http.Server) // sets the listener's limits; nil = none
	Blobs  blob.Store             // nil keeps files in a folder of the test
	// FilesLimit is the size of the largest file, 0 = the default.
	FilesLimit int64
	PublicURL  string
	RateLimit  int // requests a minute, 0 = any number
}

// Serve runs the doors on a store until the test ends.
func Serve(t testing.TB, st store.Store, engine string) *Server {
	t.Helper()
	return ServeWith(t, st, engine, Options{})
}

// ServeWith is Serve with options.
func ServeWith(t testing.TB, st store.Store, engine string, o Options) *Server {
	t.Helper()
	if o.Clock == nil {
		o.Clock = func() core.Time { return Now }
	}
	key := IDKey()
	err := st.InTx(t.Context(), 0, func(ctx context.Context, tx store.Tx) error {
		return tx.PutSetting(ctx, "id_key", base64.StdEncoding.EncodeToString(key))
	})
	if err != nil {
		t.Fatalf("set id key: %v", err)
	}
	files := newFiles(t, st, o, key)
	live, err := app.NewLive(app.LiveOptions{Store: st, Clock: o.Clock, Log: Log(t), IDKey: key, Files: files, Poll: engine == "postgres"})
	if err != nil {
		t.Fatalf("make what is live: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		live.Run(ctx)
	}()
	handler := app.NewHandler(app.HandlerOptions{
		Store: st, Clock: o.Clock, Log: Log(t), IDKey: key, Files: files, PublicURL: o.PublicURL, Live: live,
		Limits: httpx.NewLimits(o.RateLimit, o.Clock, nil),
	})
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = slog.NewLogLogger(Log(t).Handler(), slog.LevelWarn)
	if o.Adjust != nil {
		o.Adjust(srv.Config)
	}
	srv.Start()
	t.Cleanup(func() {
		live.Close() // streams end only so
		stop()
		<-done
		srv.Close()
	})
	return &Server{URL: srv.URL, Store: st, Files: files, Engine: engine}
}

// newFiles keeps files in a folder of the test, or where the options say.
func newFiles(t testing.TB, st store.Store, o Options, key []byte) *file.Files {
	t.Helper()
	if o.Blobs == nil {
		d, err := disk.Open(t.TempDir())
		if err != nil {
			t.Fatalf("open store of files: %v", err)
		}
		t.Cleanup(func() { _ = d.Close() })
		o.Blobs = d
	}
	if o.FilesLimit == 0 {
		o.FilesLimit = 40 << 20
	}
	links, err := file.NewLinks(key, o.PublicURL)
	if err != nil {
		t.Fatalf("make addresses of files: %v", err)
	}
	tickets, err := file.NewTickets(key)
	if err != nil {
		t.Fatalf("make tickets of files: %v", err)
	}
	return file.New(file.Options{Store: st, Blobs: o.Blobs, Clock: o.Clock, Links: links, Tickets: tickets, Folder: t.TempDir(), LimitBytes: o.FilesLimit})
}

// Open returns an empty, migrated store of the engine.
func Open(t testing.TB, engine string) store.Store {
	t.Helper()
	var st store.Store
	var err error
	switch engine {
	case "sqlite":
		st, err = sqlite.OpenStore(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "parley.db")})
	case "postgres":
		st, err = postgres.OpenStore(t.Context(), postgres.Options{URL: migrated.Postgres(t)})
	default:
		t.Fatalf("unknown engine %q", engine)
	}
	if err != nil {
		t.Fatalf("open %s store: %v", engine, err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close %s store: %v", engine, err)
		}
	})
	return st
}

// Import reads a fixture file into the store.
func Import(t testing.TB, st store.Store, fixture string) {
	t.Helper()
	f, err := os.Open(fixture)
	if err != nil {
		t.Fatalf("open fixture: %v", err)
	}
	defer f.Close()
	keepSecrets(t, fixture)
	if _, err := interchange.Import(t.Context(), st, f, interchange.Options{Clock: func() core.Time { return Now }}); err != nil {
		t.Fatalf("import %s: %v", fixture, err)
	}
}

// Response is an answer with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request; header is name, value, name, value ...
func (s *Server) Do(t testing.TB, method, path string, header ...string) Response {
	t.Helper()
	return s.Send(t, method, path, "", header...)
}

// Send is Do with a body; "" = none.
func (s *Server) Send(t testing.TB, method, path, body string, header ...string) Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatalf("new request: %v", err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read body of %s %s: %v", method, path, err)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: got}
}
