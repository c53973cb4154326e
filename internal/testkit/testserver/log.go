package testserver

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Log returns a logger that writes everything, from debug up, to the test's own
// log. The test fails when a record holds a secret: a token or the text of a
// message of any fixture that this process has imported, or what Secret named.
// It fails when one tells of a panic, too.
func Log(t testing.TB) *slog.Logger {
	next := slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug})
	return slog.New(&guard{Handler: next, t: t})
}

// Secret names texts that no log may hold, beside those of the fixtures.
func Secret(texts ...string) {
	secrets.Lock()
	defer secrets.Unlock()
	for _, text := range texts {
		secrets.texts[text] = true
	}
}

// Secrets returns every text that no log may hold.
func Secrets() []string {
	secrets.Lock()
	defer secrets.Unlock()
	return slices.Sorted(maps.Keys(secrets.texts))
}

// secrets are those of all tests of the process: a text that is secret in one
// has no place in the log of another either.
var secrets = struct {
	sync.Mutex
	texts map[string]bool // guarded by Mutex
}{texts: map[string]bool{}}

// minTextBytes is the length of the shortest message that is looked for:
// shorter ones are words that a log may use.
const minTextBytes = 8

// keepSecrets makes secrets of a fixture's tokens and messages.
func keepSecrets(t testing.TB, fixture string) {
	t.Helper()
	lines, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatalf("read fixture: %v", err)
	}
	for line := range bytes.Lines(lines) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var l struct {
			Token        string `json:"token"`
			HMACToken    string `json:"hmac_token"`
			WebsiteToken string `json:"website_token"`
			PubsubToken  string `json:"pubsub_token"`
			Content      string `json:"content"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("read fixture: %v", err)
		}
		for _, token := range []string{l.Token, l.HMACToken, l.WebsiteToken, l.PubsubToken} {
			if token != "" {
				Secret(token)
			}
		}
		if len(l.Content) >= minTextBytes {
			Secret(l.Content)
		}
	}
}

// guard looks through records before their form hides what they hold.
type guard struct {
	slog.Handler
	t testing.TB
}

// Handle implements slog.Handler.
func (g *guard) Handle(ctx context.Context, r slog.Record) error {
	g.check(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		g.checkAttr(a)
		return true
	})
	return g.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (g *guard) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		g.checkAttr(a)
	}
	return &guard{Handler: g.Handler.WithAttrs(attrs), t: g.t}
}

// WithGroup implements slog.Handler.
func (g *guard) WithGroup(name string) slog.Handler {
	return &guard{Handler: g.Handler.WithGroup(name), t: g.t}
}

func (g *guard) checkAttr(a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, member := range value.Group() {
			g.checkAttr(member)
		}
		return
	}
	g.check(a.Key)
	g.check(value.String())
}

func (g *guard) check(text string) {
	if strings.Contains(text, "panic") {
		g.t.Errorf("the log tells of a panic: %s", text)
	}
	secrets.Lock()
	defer secrets.Unlock()
	for secret := range secrets.texts {
		if strings.Contains(text, secret) {
			g.t.Errorf("the log holds %.80q: %.300q", secret, text)
		}
	}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}
