package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/testkit/testserver"
)

func clock() core.Time { return testserver.Now }

// settings are those of a server on a data dir of its own. The dir's path is
// short: it holds a Unix socket.
func settings(t *testing.T) *config.Config {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cfg := config.Default()
	cfg.Addr, cfg.AdminAddr, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", dir
	return &cfg
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, body := ask(t, url)
	return resp.StatusCode, body
}

// TestServerLifeCycle starts a server, reaches it over both listeners, stops
// it, and starts another on the same data.
func TestServerLifeCycle(t *testing.T) { //nolint:paralleltest // goleak looks at all goroutines
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	cfg := settings(t)
	s, err := app.NewServer(t.Context(), cfg, clock, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	if status, body := get(t, "http://"+s.Addr.String()+"/readyz"); status != http.StatusOK || body != "ready\n" {
		t.Errorf("readyz: %d %q", status, body)
	}
	info, err := os.Stat(cfg.AdminSocket())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("admin socket has mode %o, want 600", info.Mode().Perm())
	}
	if _, err := app.NewServer(t.Context(), cfg, clock, testserver.Log(t)); core.KindOf(err) != core.Unavailable {
		t.Errorf("a second server on the same data dir: %v", err)
	}
	operate(t, cfg)

	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Stat(cfg.AdminSocket()); !os.IsNotExist(err) {
		t.Errorf("the admin socket is still there: %v", err)
	}
	again, err := app.NewServer(t.Context(), cfg, clock, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := again.Store.Account(t.Context(), 1); err != nil || a.Name != "Acme" {
		t.Errorf("after the restart: %+v, %v", a, err)
	}
	ctx, stop = context.WithCancel(t.Context())
	stop()
	if err := again.Run(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// operate does over the socket what the command line does.
func operate(t *testing.T, cfg *config.Config) {
	t.Helper()
	op, ok := app.DialOperator(t.Context(), cfg.AdminSocket())
	if !ok {
		t.Fatal("nobody listens on the admin socket")
	}
	defer func() {
		if err := op.Close(); err != nil {
			t.Error(err)
		}
	}()
	if out, err := op.CreateAccount(t.Context(), "Acme"); err != nil || !strings.HasPrefix(string(out), `{"account_id":1,`) {
		t.Fatalf("create account: %s, %v", out, err)
	}
	if _, err := op.CreateAccount(t.Context(), ""); core.KindOf(err) != core.Invalid {
		t.Errorf("account without a name: %v", err)
	}
	const label = `{"kind":"label","id":7,"account_id":1,"title":"vip"}` + "\n"
	if out, err := op.Import(t.Context(), strings.NewReader(label), false); err != nil || !strings.Contains(string(out), `"labels":1`) {
		t.Errorf("import: %s, %v", out, err)
	}
	if out, err := op.Import(t.Context(), strings.NewReader(label+"{\n"), false); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("import of a broken line: %s, %v", out, err)
	}
	var file bytes.Buffer
	if err := op.Export(t.Context(), &file, 1, false); err != nil || !strings.Contains(file.String(), `"title":"vip"`) {
		t.Errorf("export: %s, %v", &file, err)
	}
	if err := op.Export(t.Context(), io.Discard, 99, false); err == nil {
		t.Error("export of an absent account: no error")
	}
	if out, err := op.CreateToken(t.Context(), app.TokenRequest{AccountID: 1, Name: "ci"}); err != nil || !strings.HasPrefix(string(out), `{"token":`) {
		t.Errorf("create token: %s, %v", out, err)
	}
	if out, err := op.RotateToken(t.Context(), 1, 1, time.Minute); err != nil || !strings.HasSuffix(string(out), `,"id":2}`) {
		t.Errorf("rotate token: %s, %v", out, err)
	}
	if out, err := op.RevokeToken(t.Context(), 1, 1); err != nil || !strings.Contains(string(out), `"state":"revoked"`) {
		t.Errorf("revoke token: %s, %v", out, err)
	}
	if list, err := op.ListTokens(t.Context(), 1); err != nil || len(list) != 2 || list[0].State != "revoked" || list[1].State != "valid" {
		t.Errorf("list tokens: %+v, %v", list, err)
	}
	if faults, err := op.Doctor(t.Context(), io.Discard); faults != 0 || err != nil {
		t.Errorf("doctor: %d faults, %v", faults, err)
	}
}
