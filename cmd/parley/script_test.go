package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/internal/testkit"
)

// The command line is a contract that scripts rely on: testdata/script holds
// one script per part of it, run on the real commands.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"parley": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
	}})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			// Unix sockets have short paths: the data dir is not below $WORK.
			dir, err := os.MkdirTemp("", "parley") //nolint:usetesting // t.TempDir is too long for a socket
			if err != nil {
				return err
			}
			e.Defer(func() { _ = os.RemoveAll(dir) })
			addr := fmt.Sprintf("127.0.0.1:%d", port)
			e.Setenv("PARLEY_ADDR", addr)
			e.Setenv("PARLEY_ADMIN_ADDR", "127.0.0.1:0")
			e.Setenv("PARLEY_DATA_DIR", dir+"/data")
			e.Setenv("ADDR", addr)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "small" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return testkit.Small(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready": scriptReady,
			"get":   scriptGet,
			"postgres": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Setenv("PARLEY_DATABASE_URL", testkit.Postgres(t))
			},
			"capture": scriptCapture,
		},
	})
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// scriptReady waits until the server that the script started answers.
func scriptReady(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _, err := fetch(ctx, "http://"+ts.Getenv("ADDR")+"/readyz", nil)
		if err == nil && status == http.StatusOK {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("the server is not ready: %v", err)
		case <-tick.C:
		}
	}
}

// scriptGet fetches a path with optional "Name: value" headers and prints
// status and body.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	status, body, err := fetch(context.Background(), "http://"+ts.Getenv("ADDR")+args[0], args[1:])
	ts.Check(err)
	if (status != http.StatusOK) != neg {
		ts.Fatalf("GET %s: status %d, body %s", args[0], status, body)
	}
	fmt.Fprintf(ts.Stdout(), "%d %s\n", status, body)
}

// scriptCapture sets a variable to a string member of the JSON that the last
// command printed: capture VAR member.
func scriptCapture(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.ReadFile("stdout")
	_, rest, ok := strings.Cut(out, `"`+args[1]+`":"`)
	if !ok {
		ts.Fatalf("no member %s in %s", args[1], out)
	}
	value, _, _ := strings.Cut(rest, `"`)
	ts.Setenv(args[0], value)
}

func fetch(ctx context.Context, url string, headers []string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ": ")
		if !ok {
			return 0, "", errors.New("a header is Name: value")
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
