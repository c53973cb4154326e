package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var anyScenario = &Scenario{Name: "x", Headers: map[string]string{"x-api-key": "k"}, Paths: []Series{{Prefix: "/things/", First: 7, Count: 3, Suffix: "?a=b"}}}

func connTo(t testing.TB, url string, timeout time.Duration) *conn {
	t.Helper()
	to, err := parseEndpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(to, anyScenario, timeout, time.Now)
	t.Cleanup(c.close)
	return c
}

func TestConnReadsWholeAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 30_000)
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-api-key") != "k" || r.Method != http.MethodGet || r.Host == "" {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		switch r.RequestURI {
		case "/things/7?a=b":
			fmt.Fprint(w, "short")
		case "/things/8?a=b": // chunked
			fmt.Fprint(w, long[:100_000])
			w.(http.Flusher).Flush()
			fmt.Fprint(w, long[100_000:])
		case "/things/9?a=b":
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, "last")
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := connTo(t, srv.URL, time.Minute)
	for _, want := range []string{"short", long, "short", "last", "short"} {
		i := map[string]int64{"short": 0, long: 1, "last": 2}[want]
		got, err := c.ask(t.Context(), anyScenario, i)
		if err != nil || string(got) != want {
			t.Fatalf("row %d: %d bytes, %v; want %d bytes", i, len(got), err, len(want))
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2: one until the server closed it", n)
	}
}

// raw serves each connection with the answers in turn, byte by byte as given,
// and closes it after the last.
func raw(t *testing.T, answers ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(c)
			for _, answer := range answers {
				if _, err := http.ReadRequest(r); err != nil {
					break
				}
				fmt.Fprint(c, answer)
			}
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestConnTellsBrokenAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, want string }{
		"cut off":        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "unexpected EOF"},
		"cut off chunk":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "unexpected EOF"},
		"status":         {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", "status 503: busy"},
		"two answers":    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\n", "more than one answer"},
		"no HTTP":        {"hello\r\n\r\n", "malformed"},
		"nothing at all": {"", "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connTo(t, raw(t, c.answer), time.Minute)
			if _, err := conn.ask(t.Context(), anyScenario, 0); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestConnComesBack has a server that closes the connection after every answer
// without saying so, as one does with connections that were idle.
func TestConnComesBack(t *testing.T) {
	t.Parallel()
	c := connTo(t, raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"), time.Minute)
	for range 3 {
		if _, err := c.ask(t.Context(), anyScenario, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConnHasATimeout(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(held) })
	c := connTo(t, srv.URL, 10*time.Millisecond)
	if _, err := c.ask(t.Context(), anyScenario, 0); !isTimeout(err) {
		t.Errorf("got %v, want a timeout", err)
	}
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for url, addr := range map[string]string{
		"http://127.0.0.1:8080": "127.0.0.1:8080", "https://chat.example/": "chat.example:443", "http://[::1]": "[::1]:80",
		"": "", "chat.example": "", "ftp://chat.example": "", "http://chat.example/base": "",
	} {
		e, err := parseEndpoint(url)
		if e.addr != addr || (err == nil) != (addr != "") {
			t.Errorf("%q: %q, %v; want %q", url, e.addr, err, addr)
		}
	}
}

// BenchmarkClients compares what a request costs this process here and with
// net/http's own client.
func BenchmarkClients(b *testing.B) {
	_, url, err := testFloor(b.Context(), bytes.Repeat([]byte("x"), 8000))
	if err != nil {
		b.Fatal(err)
	}
	measure := func(b *testing.B, get func() error) {
		b.ReportAllocs()
		before, ok := cpuTime(os.Getpid())
		for b.Loop() {
			if err := get(); err != nil {
				b.Fatal(err)
			}
		}
		if after, _ := cpuTime(os.Getpid()); ok {
			b.ReportMetric(float64(after-before)/float64(b.N), "cpu-ns/op")
		}
	}
	b.Run("conn", func(b *testing.B) {
		c := connTo(b, url, time.Minute)
		measure(b, func() error {
			_, err := c.ask(b.Context(), anyScenario, 0)
			return err
		})
	})
	b.Run("net/http", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: time.Minute}
		defer client.CloseIdleConnections()
		measure(b, func() error {
			resp, err := client.Get(url + "/things/7?a=b")
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			_, err = io.ReadAll(resp.Body)
			return err
		})
	})
}
