package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
)

// serveOne answers one request with h behind an adapter and tells what was
// observed and logged.
func serveOne(r *http.Request, h HandlerFunc) (w *httptest.ResponseRecorder, call *Call, answer Answer, log string) {
	var buf bytes.Buffer
	a := Adapter{Log: slog.New(slog.NewTextHandler(&buf, nil)), Error: func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(400 + int(core.KindOf(err)))
		fmt.Fprint(w, core.KindOf(err))
	}}
	handler := WithCalls(a.Handle(h), nil, func(_ context.Context, _ string, c *Call, a Answer) { call, answer = c, a })
	w = httptest.NewRecorder()
	func() {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // it is compared
				panic(p)
			}
		}()
		handler.ServeHTTP(w, r)
	}()
	return w, call, answer, buf.String()
}

func request(method, target string, body io.Reader) *http.Request {
	return httptest.NewRequest(method, target, body)
}

func TestErrorsBecomeAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h      HandlerFunc
		status int // 0: cut
		logged string
		retry  string
	}{
		"an answer":     {func(w http.ResponseWriter, _ *http.Request) error { _, err := w.Write([]byte("x")); return err }, 200, "", ""},
		"nothing":       {func(http.ResponseWriter, *http.Request) error { return nil }, 200, "", ""},
		"a refusal":     {func(http.ResponseWriter, *http.Request) error { return core.Absent("it") }, 400 + int(core.NotFound), "", ""},
		"a fault":       {func(http.ResponseWriter, *http.Request) error { return errors.New("why") }, 400 + int(core.Internal), "why", ""},
		"a panic":       {func(http.ResponseWriter, *http.Request) error { panic("why") }, 400 + int(core.Internal), "handler_test.go", ""},
		"a late fault":  {func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(202); return errors.New("why") }, 202, "why", ""},
		"a hung up one": {func(http.ResponseWriter, *http.Request) error { return context.Canceled }, 0, "", ""},
		"a limit": {func(http.ResponseWriter, *http.Request) error {
			return &core.Error{Kind: core.RateLimited, RetryAfter: 1001 * time.Millisecond}
		}, 400 + int(core.RateLimited), "", "2"},
	} {
		w, _, answer, log := serveOne(request(http.MethodGet, "/", http.NoBody), c.h)
		if answer.Status != c.status || w.Header().Get("Retry-After") != c.retry || answer.Bytes != int64(w.Body.Len()) {
			t.Errorf("%s: %+v, Retry-After %q", name, answer, w.Header().Get("Retry-After"))
		}
		if (c.logged == "") != (log == "") || !strings.Contains(log, c.logged) {
			t.Errorf("%s: logged %q", name, log)
		}
	}
}

// unread fails the test when anybody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhatARequestMayBring(t *testing.T) {
	t.Parallel()
	large := request(http.MethodPost, "/", unread{t})
	large.ContentLength = MaxBodyBytes + 1
	for name, c := range map[string]struct {
		r    *http.Request
		want core.Kind
	}{
		"a long path":                 {request(http.MethodGet, "/"+strings.Repeat("a", MaxPathBytes), http.NoBody), core.Invalid},
		"a path that is long encoded": {request(http.MethodGet, "/"+strings.Repeat("%2F", MaxPathBytes/3+1), http.NoBody), core.Invalid},
		"a long query":                {request(http.MethodGet, "/?"+strings.Repeat("a", MaxQueryBytes+1), http.NoBody), core.Invalid},
		"a large body":                {large, core.TooLarge},
	} {
		w, _, _, _ := serveOne(c.r, func(http.ResponseWriter, *http.Request) error {
			t.Errorf("%s reached the handler", name)
			return nil
		})
		if got := w.Body.String(); got != c.want.String() {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, r := range map[string]*http.Request{
		"the longest path":  request(http.MethodGet, "/"+strings.Repeat("a", MaxPathBytes-1), http.NoBody),
		"the longest query": request(http.MethodGet, "/?"+strings.Repeat("a", MaxQueryBytes), http.NoBody),
		"the largest body":  request(http.MethodPost, "/", bytes.NewReader(make([]byte, MaxBodyBytes))),
	} {
		if _, _, answer, _ := serveOne(r, func(_ http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}); answer.Status != http.StatusOK {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	endless := request(http.MethodPost, "/", io.LimitReader(zeros{}, 2*MaxBodyBytes))
	endless.ContentLength = -1
	var read int64
	serveOne(endless, func(_ http.ResponseWriter, r *http.Request) (err error) {
		read, err = io.Copy(io.Discard, r.Body)
		return err
	})
	if read != MaxBodyBytes {
		t.Errorf("%d bytes of an endless body were read", read)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestCalls(t *testing.T) {
	t.Parallel()
	for given, kept := range map[string]bool{
		"a-1": true, "": false, "with space": false, "line\nbreak": false, "ü": false, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		r := request(http.MethodGet, "/", http.NoBody)
		r.Header.Set("X-Request-Id", given)
		w, call, _, _ := serveOne(r, func(_ http.ResponseWriter, r *http.Request) error {
			CallOf(r.Context()).Route = "/x"
			return nil
		})
		id := w.Header().Get("X-Request-Id")
		if (id == given) != kept || id == "" || call.ID != id || call.Route != "/x" || call.Addr.String() != "192.0.2.1" {
			t.Errorf("request id %q: %q, %+v", given, id, call)
		}
	}
	if c := CallOf(context.Background()); c == nil || c.ID != "" {
		t.Errorf("outside of a call: %+v", c)
	}
}
