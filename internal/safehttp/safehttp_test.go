package safehttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/safehttp"
)

const patience = 30 * time.Second // far more than a call needs

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func call(t *testing.T, o safehttp.Options, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return safehttp.NewClient(o).Do(req)
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "223.255.255.254": true, "172.15.255.255": true, "172.32.0.0": true, "100.63.255.255": true, "100.128.0.0": true,
		"2606:4700::1111": true, "2a00:1450::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "127.0.0.1": false, "127.255.255.255": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.8": false, "192.0.2.1": false, "192.88.99.1": false,
		"192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false, "203.0.113.9": false, "224.0.0.1": false,
		"240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "::127.0.0.1": false, "fe80::1": false, "fe80::1%eth0": false,
		"fc00::1": false, "fd12::1": false, "fec0::1": false, "ff02::1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "100::1": false,
		"2001::1": false, "2001:1::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "4000::1": false,
	} {
		if got := safehttp.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is public: %t", text, got)
		}
	}
	if safehttp.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// The name is looked up once, and what it resolved to is judged: however a
// private address is written, nothing connects.
func TestPrivateNetworksAreRefused(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(net.Conn, http.ConnState) { connections.Add(1) }
	s.Start()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []safehttp.Options{{Timeout: patience}, {Timeout: patience, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}} {
		for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "[::]"} {
			for _, scheme := range []string{"http", "https"} {
				if _, err := call(t, o, scheme+"://"+host+":"+port); !errors.Is(err, safehttp.ErrRefused) {
					t.Errorf("%s://%s with %v: got %v, want a refusal", scheme, host, o.Networks, err)
				}
			}
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestPlainIsForNetworksOfTheOperator: without TLS nothing leaves the networks
// that the operator names, public or not.
func TestPlainIsForNetworksOfTheOperator(t *testing.T) {
	t.Parallel()
	if _, err := call(t, safehttp.Options{Timeout: patience}, "http://8.8.8.8/"); !errors.Is(err, safehttp.ErrRefused) {
		t.Errorf("got %v, want a refusal", err)
	}
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	for _, url := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)} {
		resp, err := call(t, safehttp.Options{Timeout: patience, Networks: loopback}, url)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", url, resp.StatusCode)
		}
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	var asked atomic.Bool
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	if _, err := call(t, safehttp.Options{Timeout: patience, Networks: loopback}, "http://192.168.77.1/"); !errors.Is(err, safehttp.ErrRefused) || asked.Load() {
		t.Errorf("got %v, the proxy was asked: %t", err, asked.Load())
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	resp, err := call(t, safehttp.Options{Timeout: patience, Networks: loopback}, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusTemporaryRedirect || calls.Load() != 1 {
		t.Errorf("status %d after %d calls", resp.StatusCode, calls.Load())
	}
}

// Whoever never answers, or never ends, is given up.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { hang(r) },
		"no end": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "beginning")
			_ = http.NewResponseController(w).Flush()
			hang(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(handler)
			t.Cleanup(s.Close)
			resp, err := call(t, safehttp.Options{Timeout: 100 * time.Millisecond, Networks: loopback}, s.URL)
			if err != nil {
				var late net.Error
				if !errors.As(err, &late) || !late.Timeout() {
					t.Errorf("got %v, want a timeout", err)
				}
				return
			}
			if got := string(safehttp.ReadBody(resp, 100)); got != "beginning" {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/headers" {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("an answer that is packed would be taken")
		}
		_, _ = io.CopyN(w, endless{}, 1<<20)
	}))
	t.Cleanup(s.Close)
	o := safehttp.Options{Timeout: patience, Networks: loopback}
	resp, err := call(t, o, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := safehttp.ReadBody(resp, 512); len(got) != 512 {
		t.Errorf("read %d bytes", len(got))
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer is open still")
	}
	if resp, err := call(t, o, s.URL+"/headers"); err == nil {
		resp.Body.Close()
		t.Error("headers of a megabyte were taken")
	}
}

// hang waits until the caller goes away, which a server sees once it has read
// what was sent.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A call ends with its context.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		hang(r)
	}))
	t.Cleanup(s.Close)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := safehttp.NewClient(safehttp.Options{Timeout: patience, Networks: loopback}).Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v %v", resp, err)
	}
}
