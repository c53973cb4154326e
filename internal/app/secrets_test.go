//go:build unix

package app_test

import (
	"net/http"
	"net/url"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// secretsAnOperation is how many secrets each operation hears.
const secretsAnOperation = 12

// TestLogsHoldNoSecrets calls every operation with tokens and texts of messages
// in every place of a request, while all is well and while every read fails: each
// operation with some of them, each of them at some operations. The log of a test
// server fails the test when it holds one of them (testserver.Log), here and in
// every other test.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	for _, d := range doors(t) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			v := victim{engine: "sqlite", where: t.TempDir()}
			st, err := openAt(t.Context(), v.engine, v.where)
			if err != nil {
				t.Fatal(err)
			}
			testserver.Import(t, st, d.fixture)
			s := testserver.Serve(t, st, "sqlite")
			secrets := testserver.Secrets()
			if len(secrets) < secretsAnOperation {
				t.Fatalf("%d secrets", len(secrets))
			}
			d.whisper(t, s, secrets)
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			// Now every look-up fails, and is logged with its cause.
			d.whisper(t, s, secrets)
		})
	}
}

// whisper sends secrets to each operation. Of those that are not served one is
// enough.
func (d *door) whisper(t *testing.T, s *testserver.Server, secrets []string) {
	t.Helper()
	for i := range d.operations {
		op := &d.operations[i]
		n := secretsAnOperation
		if testkit.Small() {
			n = 3
		}
		for _, secret := range turn(secrets, i, n) {
			escaped := escape(secret)
			status := s.Do(t, op.Method, d.target(op), authorization(d.key)...).Status
			s.Do(t, op.Method, op.path(func(string) string { return escaped }), authorization(d.key)...)
			s.Do(t, op.Method, op.path(d.value)+"?access_token="+escaped+"&q="+escaped)
			for _, q := range op.query {
				s.Do(t, op.Method, op.path(d.value)+"?"+q+"="+escaped, authorization(d.key)...)
			}
			// In a header whatever a header may not hold stands escaped.
			line := url.QueryEscape(secret)
			if printable(secret) {
				line = secret
			}
			for _, name := range []string{"Authorization", "x-api-key", "api_access_token"} {
				s.Do(t, op.Method, d.target(op), name, line)
			}
			// Not X-Request-Id: that is for the log.
			s.Do(t, op.Method, d.target(op), append(authorization(d.key),
				"X-Forwarded-For", line, "User-Agent", line, "Cookie", line, "Referer", line, "Origin", line)...)
			s.Send(t, http.MethodPost, d.target(op), `{"content":"`+line+`"}`, "Authorization", "Bearer "+line, "Content-Type", "application/json")
			if status == http.StatusNotImplemented {
				break
			}
		}
	}
}

// printable tells whether a header may hold s.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
