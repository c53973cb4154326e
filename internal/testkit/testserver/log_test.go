package testserver

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
)

// recorder counts failures that are expected.
type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Errorf(string, ...any) { r.failures++ }
func (r *recorder) Log(...any)            {}

// TestLogTellsOfSecrets: wherever a secret stands in a record, the test fails.
func TestLogTellsOfSecrets(t *testing.T) {
	t.Parallel()
	const secret = "the-secret-of-this-test \"\n"
	Secret(secret)
	for name, log := range map[string]func(l *slog.Logger){
		"message":      func(l *slog.Logger) { l.Info("with " + secret) },
		"value":        func(l *slog.Logger) { l.Debug("x", slog.String("a", secret+"!")) }, // form hides its line end
		"error":        func(l *slog.Logger) { l.Warn("x", slog.Any("error", fmt.Errorf("wrapped: %w", errors.New(secret)))) },
		"group":        func(l *slog.Logger) { l.Info("x", slog.Group("g", slog.Group("h", slog.String("a", secret)))) },
		"with":         func(l *slog.Logger) { l.With(slog.String("a", secret)).Info("x") },
		"behind group": func(l *slog.Logger) { l.WithGroup("g").Info("x", slog.String("a", secret)) },
		"valuer":       func(l *slog.Logger) { l.Info("x", slog.Any("a", valuer(secret))) },
		"panic":        func(l *slog.Logger) { l.Error("x", slog.String("error", "panic: x")) },
	} {
		r := &recorder{TB: t}
		log(Log(r))
		if r.failures != 1 {
			t.Errorf("%s: %d failures, want one", name, r.failures)
		}
	}
	r := &recorder{TB: t}
	Log(r).Info("all is well", slog.String("a", "the-secret-of-another-test"))
	if r.failures != 0 {
		t.Errorf("%d failures without a secret", r.failures)
	}
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }
