//go:build unix

package app_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/service/integrity"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// hostileInputs is how many requests each operation has to bear.
func hostileInputs() int {
	if testkit.Small() {
		return 60
	}
	return 200
}

// TestHostileInput sends malformed and malicious requests to every operation:
// none makes the server fail. Where the caller may only read, none stores
// anything, and the server answers as before; elsewhere the other account stays
// as it is, and the doctor is content.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	for _, d := range doors(t) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			testserver.Each(t, d.fixture, func(t *testing.T, s *testserver.Server) {
				rng := testkit.Random(t)
				before := export(t, s.Store)
				c := &client{t: t, addr: strings.TrimPrefix(s.URL, "http://")}
				defer c.close()
				assail := func(d *door, op *operation) {
					h := hostile{door: *d, op: op, rng: rng}
					for n := range hostileInputs() {
						r := h.request(n)
						if got := c.send(r); got.status >= 500 && !(d.name == "commbox" && got.status == http.StatusNotImplemented) {
							t.Errorf("%s %s: answered %d %s to\n%.2000q", op.Method, op.Pattern, got.status, got.body, r.text)
						}
					}
				}
				reading := d.reading()
				for i := range d.operations {
					op := &d.operations[i]
					well := c.send(reading.plain(op))
					assail(reading, op)
					if again := c.send(reading.plain(op)); again.status != well.status || again.body != well.body {
						t.Errorf("%s %s: answered %d %s, and afterwards %d %s", op.Method, op.Pattern, well.status, well.body, again.status, again.body)
					}
				}
				if after := export(t, s.Store); !bytes.Equal(before, after) {
					t.Errorf("something was stored: %d bytes before, %d after", len(before), len(after))
				}
				if d.readKey == "" {
					return
				}
				before = export(t, s.Store, 2)
				for _, op := range d.readsFirst() {
					if !op.reads() && s.Do(t, op.Method, d.target(op)).Status != http.StatusNotImplemented {
						assail(&d, op)
					}
				}
				if after := export(t, s.Store, 2); !bytes.Equal(before, after) {
					t.Errorf("something of the other account was stored: %d bytes before, %d after", len(before), len(after))
				}
				if _, err := integrity.Check(t.Context(), s.Store, func(f integrity.Fault) { t.Error(f) }); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// rawRequest is a request as it goes over the wire.
type rawRequest struct {
	method string
	text   string
}

// answer is what came back; status 0 = the connection was closed.
type answer struct {
	status int
	body   string
}

// client sends raw requests over one connection for as long as that lasts. It
// belongs to one goroutine.
type client struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// patience is how long an answer may take on a busy machine.
const patience = 30 * time.Second

func (c *client) send(r rawRequest) answer {
	c.t.Helper()
	if c.conn == nil {
		var err error
		if c.conn, err = new(net.Dialer).DialContext(c.t.Context(), "tcp", c.addr); err != nil {
			c.t.Fatalf("the server is gone: %v", err)
		}
		c.in = bufio.NewReader(c.conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	// The server may answer and close before it has read everything.
	sent := make(chan error, 1)
	go func(conn net.Conn) {
		_, err := io.WriteString(conn, r.text)
		sent <- err
	}(c.conn)
	resp, err := http.ReadResponse(c.in, &http.Request{Method: r.method})
	if err != nil {
		if isTimeout(err) {
			c.t.Errorf("no answer to\n%.2000q", r.text)
		}
		c.close()
		<-sent
		return answer{}
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.Close || err != nil {
		c.close()
	}
	if <-sent != nil {
		c.close()
	}
	return answer{resp.StatusCode, string(body)}
}

// isTimeout tells whether patience ran out.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// frame writes a request with a correct length.
func frame(method, target string, header []string, body string) rawRequest {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: parley.example\r\n", method, target)
	for i := 0; i+1 < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return rawRequest{method, b.String()}
}

// authorization shows a key in every way that a dialect reads.
func authorization(key string) []string {
	if key == "" {
		return nil
	}
	return []string{"Authorization", "Bearer " + key}
}

// plain is a request that nothing is wrong with.
func (d *door) plain(op *operation) rawRequest {
	return frame(op.Method, d.target(op), append(authorization(d.key), "X-Request-Id", "plain"), "") // problems repeat the id
}

// target is the path and query of a plain request.
func (d *door) target(op *operation) string {
	target := op.path(func(p string) string {
		if v, ok := d.instead[op.Method+" "+op.Pattern][p]; ok {
			return v
		}
		return d.value(p)
	})
	sep := "?"
	for _, name := range op.query {
		if v, ok := d.good[name]; ok {
			target += sep + name + "=" + v
			sep = "&"
		}
	}
	return target
}

// nasty are values for any parameter, as they stand in an address.
var nasty = []string{
	"", "%00", "a%00b", "%ff%fe", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%C3", "..%2f..%2fetc%2fpasswd", "%2e%2e", "..", ".", "%2F", "%5C..", "%252F", "%25",
	"'%20OR%201=1--", "';DROP%20TABLE%20accounts;--", "1)%20UNION%20SELECT%201--", "$1", "%24%7Bjndi:ldap://x%7D", "%3Cscript%3Ealert(1)%3C/script%3E",
	"%25s%25n%25x", "-1", "-0", "+1", "0", "00001", "1e3", "1E400", "1.5", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551616",
	"9007199254740993", "99999999999999999999999999999999999999", "NaN", "Infinity", "0x10", "1_000", "%D9%A1", "%20%201", "1%20", "1%0A", "null", "undefined", "true", "[]", "{}",
	"%7B%22a%22:1%7D", "%F0%9F%98%80", "%E2%80%AE", "%0d%0aSet-Cookie:x", "%09", "*", ",", ";", ",,,", "1,2,3", "1;2", "a=b", "@", "~", "!", "(", "|", "^",
	"00000000-0000-0000-0000-000000000000", "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz", "==", "_f_b%3d%3d", "AAAAAAAAAAAAAAAAAAAAAA==", "%253d%253d",
}

// hostile makes requests to one operation.
type hostile struct {
	door door
	op   *operation
	rng  *rand.Rand
	left []string // values of nasty that were not used yet
}

// value returns a value for a parameter: each of nasty before any comes again,
// and now and then something long.
func (h *hostile) value() string {
	switch h.rng.IntN(20) {
	case 0:
		return strings.Repeat("9", 1+h.rng.IntN(4000))
	case 1:
		return strings.Repeat("%C3%A9", 1+h.rng.IntN(1000))
	case 2:
		var s strings.Builder // any bytes at all
		for range 1 + h.rng.IntN(40) {
			fmt.Fprintf(&s, "%%%02x", byte(h.rng.Uint32()))
		}
		return s.String()
	}
	if len(h.left) == 0 {
		h.left = slices.Clone(nasty)
		h.rng.Shuffle(len(h.left), func(i, j int) { h.left[i], h.left[j] = h.left[j], h.left[i] })
	}
	v := h.left[0]
	h.left = h.left[1:]
	return v
}

// request makes the n-th request. Most spoil one part of a good one, so that
// the others lead it as far in as can be.
func (h *hostile) request(n int) rawRequest {
	op, rng := h.op, h.rng
	method, target, header, body := op.Method, h.door.target(op), authorization(h.door.key), ""
	switch n % 10 {
	case 0, 1, 2:
		target = h.spoilParams(target)
	case 3, 4, 5:
		target = h.spoilQuery(target)
	case 6:
		target = h.spoilPath(target)
	case 7:
		header = append(header, spoilHeader(rng)...)
		if rng.IntN(3) == 0 {
			header = spoilHeader(rng)
		}
	case 8:
		method = []string{"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "BREW", "M-SEARCH", "X!#$%&'*+-.^_`|~", op.Method}[rng.IntN(12)]
		header = append(header, "X-HTTP-Method-Override", "DELETE")
	case 9:
		if method == http.MethodGet && rng.IntN(2) == 0 {
			method = http.MethodPost
		}
		var kind string
		kind, body = spoilBody(op, rng)
		header = append(header, "Content-Type", kind)
	}
	return frame(method, strings.NewReplacer(" ", "%20", "\n", "%0A").Replace(target), header, body)
}

// spoilParams spoils a parameter of the path, and maybe others.
func (h *hostile) spoilParams(target string) string {
	names := h.op.params()
	if len(names) == 0 {
		return target + h.value()
	}
	bad := names[h.rng.IntN(len(names))]
	_, query, _ := strings.Cut(target, "?")
	return h.op.path(func(name string) string {
		if name == bad || h.rng.IntN(8) == 0 {
			return h.value()
		}
		return h.door.value(name)
	}) + "?" + query
}

// spoilPath spoils the form of the path.
func (h *hostile) spoilPath(target string) string {
	rng := h.rng
	path, query, _ := strings.Cut(target, "?")
	segments := strings.Split(path, "/")
	at := 1 + rng.IntN(len(segments)-1)
	switch rng.IntN(10) {
	case 0:
		segments[at] += "/" // an empty segment
	case 1:
		segments[at] = "../" + segments[at]
	case 2:
		segments[at] = "%2e%2e/" + segments[at]
	case 3:
		segments[at] += "%2F" + segments[at]
	case 4:
		segments[at] += []string{".json", ".xml", ";x=1", "%20", "%00", "%3F", "%23", "."}[rng.IntN(8)]
	case 5:
		segments[at] = strings.ToUpper(segments[at])
	case 6:
		segments = append(segments, strings.Repeat("x", 20_000))
	case 7:
		segments = append(segments, strings.Split(strings.Repeat("a/", 2000), "/")...)
	case 8:
		segments[at] = strings.ReplaceAll(segments[at], "s", "%73")
	case 9:
		segments = append(segments[:at], segments[at+1:]...)
	}
	path = strings.Join(segments, "/")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path + "?" + query
}

// spoilQuery spoils parameters of the query, or its form.
func (h *hostile) spoilQuery(target string) string {
	names := slices.Concat(h.op.query, h.op.query, []string{"access_token", "page", "id[]", "a[b][c]", "%00", "%ff", "__proto__", "callback"})
	name := names[h.rng.IntN(len(names))]
	path, query, _ := strings.Cut(target, "?")
	switch h.rng.IntN(16) {
	case 0:
		return target + "?" + strings.Repeat("&", 2000)
	case 1:
		return target + "?" + strings.Repeat(name+"=1&", 1000)
	case 2:
		return target + "?%zz=%&=&=1&a;b&%&" + name
	case 3:
		return path + "?" + name + "=" + h.value() + "&" + name + "=" + h.door.value(name) + "&" + name + "&" + query
	}
	// At the front: of a repeated parameter some doors take the first.
	for range 1 + h.rng.IntN(4) {
		query = name + "=" + h.value() + "&" + query
		name = names[h.rng.IntN(len(names))]
	}
	return path + "?" + query
}

func spoilHeader(rng *rand.Rand) []string {
	long := strings.Repeat("k", 1+rng.IntN(30_000))
	all := [][]string{
		{"Authorization", "Basic Og=="},
		{"Authorization", "Bearer"},
		{"Authorization", "Bearer " + long},
		{"Authorization", long},
		{"Authorization", "Bearer \xff\xfe"},
		{"Authorization", "Digest username=\"x\""},
		{"Authorization", "Negotiate AAAA"},
		{"Authorization", "Bearer a\tb"},
		{"Authorization", "a", "Authorization", "b"},
		{"x-api-key", long},
		{"x-api-key", "' OR 1=1"},
		{"x-api-key", "\x80"},
		{"x-required-scope", strings.Repeat("\"", 500)},
		{"api_access_token", long},
		{"Cookie", strings.Repeat("a=b; ", 3000)},
		{"X-Request-Id", strings.Repeat("x", 500)},
		{"X-Request-Id", "a\tb\xff"},
		{"If-None-Match", strings.Repeat(`W/"x",`, 5000)},
		{"If-None-Match", "*"},
		{"If-Modified-Since", "yesterday"},
		{"Range", "bytes=0-,1-,2-"},
		{"Origin", "null"},
		{"Origin", "http://[::1"},
		{"Origin", "javascript:alert(1)"},
		{"Origin", long},
		{"Access-Control-Request-Method", "\x7f", "Origin", "https://x.example"},
		{"Accept", "*/*;q=zzz"},
		{"Accept-Encoding", "gzip;q=1000000"},
		{"Accept-Language", strings.Repeat("de,", 4000)},
		{"Content-Type", "text/html; charset=utf-16"},
		{"Content-Type", ";;;"},
		{"Expect", "100-continue"},
		{"Expect", "sorcery"},
		{"Upgrade", "websocket", "Connection", "Upgrade"},
		{"Upgrade", "h2c", "Connection", "Upgrade, HTTP2-Settings", "HTTP2-Settings", "AAMAAABk"},
		{"Connection", "close, keep-alive, x"},
		{"X-Forwarded-For", "127.0.0.1, ::1, x"},
		{"X-Forwarded-Host", "evil.example"},
		{"X-Original-URL", "/admin"},
		{"Forwarded", "for=\"_x\""},
		{"Transfer-Encoding-X", "chunked"},
		{"X-Empty", ""},
		{"Content-Encoding", "gzip"},
		{"Te", "trailers"},
		{"Trailer", "Authorization"},
		{"Max-Forwards", "-1"},
	}
	return all[rng.IntN(len(all))]
}

// spoilBody returns a content type and a body, which may not go together.
func spoilBody(op *operation, rng *rand.Rand) (kind, body string) {
	kinds := []string{
		"application/json", "application/json; charset=utf-16", "application/json; charset=\"", "text/plain", "application/x-www-form-urlencoded",
		"multipart/form-data", "multipart/form-data; boundary=" + strings.Repeat("b", 200), "application/xml", "", "application/json, application/json",
	}
	values := []string{
		`null`, `true`, `-1`, `0`, `1e400`, `1.5`, `9223372036854775808`, `""`, `"\u0000"`, `"\ud800"`, `"` + strings.Repeat("x", 50_000) + `"`, `[]`, `{}`, `[[[[[]]]]]`,
		`"` + "\xff\xfe" + `"`, `"<script>"`, `"' OR 1=1--"`, `{"$ne":null}`, `"../../etc/passwd"`, `NaN`, `undefined`, `01`, `'x'`,
	}
	names := append([]string{"id", "content", "account_id", "__proto__"}, op.body...)
	switch rng.IntN(9) {
	case 0:
		body = strings.Repeat("[", 20_000)
	case 1:
		body = strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	case 2:
		body = "\x1f\x8b\x08\x00 no gzip at all"
	case 3:
		body = "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"../../x\"\r\n\r\n\x00"
	case 4:
		body = "\xef\xbb\xbf{}" // a byte order mark
	case 5:
		body = "\xfe\xff\x00{\x00}" // UTF-16
	default:
		var b strings.Builder
		for i := range 1 + rng.IntN(6) { // names repeat
			b.WriteString([]string{"{", ",", ", ", ",\x00", ",,"}[min(i, 1+rng.IntN(4))])
			fmt.Fprintf(&b, "%q:%s", names[rng.IntN(len(names))], values[rng.IntN(len(values))])
		}
		body = b.String() + []string{"}", "", "}}", "}{}", "]"}[rng.IntN(5)]
	}
	return kinds[rng.IntN(len(kinds))], body
}

// mangled are requests whose very framing is wrong, with TARGET for the target
// of an operation.
var mangled = []struct {
	name, text string
}{
	{"length and chunks", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"},
	{"length and chunks, smuggling", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"two lengths", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"},
	{"two lengths in one", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\nConnection: close\r\n\r\nabcd"},
	{"negative length", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
	{"length that is no number", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n"},
	{"huge length", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"},
	{"length of an exabyte", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000000000\r\nConnection: close\r\n\r\nabc"},
	{"body that is too short", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc"},
	{"chunks of nonsense", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nabc\r\n"},
	{"negative chunk", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n-1\r\nabc\r\n"},
	{"huge chunk", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nffffffffffffffffff\r\nabc\r\n"},
	{"long chunk extension", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;" + strings.Repeat("x", 20_000) + "\r\na\r\n0\r\n\r\n"},
	{"chunks without an end", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n"},
	{"unknown transfer coding", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
	{"hidden transfer coding", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\nContent-Length: 3\r\n\r\nabc"},
	{"transfer coding twice", "POST TARGET HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
	{"blank before the colon", "POST TARGET HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc"},
	{"line that goes on", "GET TARGET HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\nConnection: close\r\n\r\n"},
	{"bare line feeds", "GET TARGET HTTP/1.1\nHost: x\nConnection: close\n\n"},
	{"bare carriage return", "GET TARGET HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\nConnection: close\r\n\r\n"},
	{"NUL in a header", "GET TARGET HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\nConnection: close\r\n\r\n"},
	{"header without a colon", "GET TARGET HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"},
	{"header without a name", "GET TARGET HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n"},
	{"no host", "GET TARGET HTTP/1.1\r\nConnection: close\r\n\r\n"},
	{"two hosts", "GET TARGET HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
	{"host of nonsense", "GET TARGET HTTP/1.1\r\nHost: a b/c@d\r\nConnection: close\r\n\r\n"},
	{"absolute target", "GET http://evil.exampleTARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"target without a slash", "GET xTARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"raw bytes in the target", "GET TARGET\xff\xfe\x01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"blanks in the target", "GET TARGET a b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"broken escape", "GET TARGET%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"tunnel", "CONNECT TARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"everything", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"HTTP/0.9", "GET TARGET\r\n\r\n"},
	{"HTTP/1.0", "GET TARGET HTTP/1.0\r\n\r\n"},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	{"version of the future", "GET TARGET HTTP/3.7\r\nHost: x\r\n\r\n"},
	{"long method", strings.Repeat("A", 10_000) + " TARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
	{"flood of headers", "GET TARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + strings.Repeat("X-Flood: aaaaaaaaaaaaaaaaaaaaaaaa\r\n", 5000) + "\r\n"},
	{"one huge header", "GET TARGET HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: " + strings.Repeat("a", 2<<20) + "\r\n\r\n"},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 100)},
	{"nothing but an end", "\r\n\r\n\r\n"},
}

// TestMangledRequests sends what is no HTTP, or HTTP that two readers would
// understand differently, to an operation of each door.
func TestMangledRequests(t *testing.T) {
	t.Parallel()
	for _, d := range doors(t) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			testserver.Each(t, d.fixture, func(t *testing.T, s *testserver.Server) {
				before := export(t, s.Store)
				addr := strings.TrimPrefix(s.URL, "http://")
				op := &d.operations[0]
				c := &client{t: t, addr: addr}
				defer c.close()
				well := c.send(d.plain(op))
				for _, m := range mangled {
					got := exchange(t, addr, strings.ReplaceAll(m.text, "TARGET", d.target(op)))
					for line := range strings.Lines(got) {
						// 501 and 505 are the HTTP library's words for codings and versions that nobody knows.
						if strings.HasPrefix(line, "HTTP/1.1 5") && !strings.HasPrefix(line, "HTTP/1.1 501") && !strings.HasPrefix(line, "HTTP/1.1 505") {
							t.Errorf("%s: %.300q", m.name, got)
						}
					}
				}
				if again := c.send(d.plain(op)); again != well {
					t.Errorf("answered %d %s, and afterwards %d %s", well.status, well.body, again.status, again.body)
				}
				if after := export(t, s.Store); !bytes.Equal(before, after) {
					t.Errorf("something was stored: %d bytes before, %d after", len(before), len(after))
				}
			})
		})
	}
}

// exchange sends text on a connection of its own, ends its side of it, and
// returns all that comes back until the server ends the other.
func exchange(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, text) // the server may have had enough
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	got, err := io.ReadAll(conn)
	if isTimeout(err) {
		t.Errorf("the connection hangs after %d bytes for %.100q", len(got), text)
	}
	<-sent
	return string(got)
}

// TestSlowSenders opens connections that send a part of a request and then
// nothing: the server ends them, and serves others meanwhile.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, harbourFixture)
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{Adjust: func(srv *http.Server) {
		srv.ReadHeaderTimeout, srv.ReadTimeout, srv.IdleTimeout = 2*time.Second, 3*time.Second, 3*time.Second // others must not miss them on a busy machine
	}})
	addr := strings.TrimPrefix(s.URL, "http://")
	parts := []string{
		"", "G", "GET /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /objects/1/remarks HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"POST /objects/1/remarks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na",
		"POST /public/api/v1/inboxes/a/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + strings.Repeat("a", 300_000),
	}
	var senders sync.WaitGroup
	for range 8 {
		for _, part := range parts {
			senders.Go(func() {
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
				if err != nil {
					t.Errorf("the server is gone: %v", err)
					return
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				_, _ = io.WriteString(conn, part) // the server may have had enough
				_, err = io.Copy(io.Discard, conn)
				if isTimeout(err) {
					t.Errorf("the server waits for ever after %.100q", part)
				}
			})
		}
	}
	wantWell(t, s)
	senders.Wait()
	wantWell(t, s)
}
