package blobtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The credentials and names that a Bucket knows.
const (
	BucketName = "files"
	Region     = "eu-test-1"
	AccessKey  = "access-key"
	SecretKey  = "the secret key of the bucket"
)

// Bucket is an S3 service with one bucket, in memory. Every request must bear
// a right signature of version 4 (of which it checks the secret, the scope and
// the signed headers, or the query of a presigned address).
type Bucket struct {
	*httptest.Server

	mu      sync.Mutex
	objects map[string][]byte // guarded by mu, by name
	fails   bool              // guarded by mu: every call is answered 503
}

// NewBucket serves a bucket until the test ends.
func NewBucket(t testing.TB) *Bucket {
	t.Helper()
	b := &Bucket{objects: map[string][]byte{}}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

// Names returns the names of the objects.
func (b *Bucket) Names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for name := range b.objects {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Fail makes the service answer 503 from now on, or no longer.
func (b *Bucket) Fail(fails bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = fails
}

// ServeHTTP implements http.Handler.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/"+BucketName+"/")
	if !ok || name == "" {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	if !signed(r) {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the connection broke: nothing is stored
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	content, there := b.objects[name]
	switch {
	case b.fails:
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
	case r.Method == http.MethodPut:
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			if body, ok = unchunk(body); !ok {
				refuse(w, http.StatusBadRequest, "IncompleteBody")
				return
			}
		}
		b.objects[name] = body
		w.Header().Set("ETag", tag(body))
	case r.Method == http.MethodDelete:
		delete(b.objects, name)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		q := r.URL.Query()
		w.Header().Set("ETag", tag(content))
		w.Header().Set("Content-Type", "application/octet-stream")
		for param, header := range map[string]string{"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"} {
			if v := q.Get(param); v != "" {
				w.Header().Set(header, v)
			}
		}
		http.ServeContent(w, r, "", time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), bytes.NewReader(content))
	}
}

func tag(content []byte) string {
	return fmt.Sprintf("\"%x\"", md5.Sum(content))
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused</Message></Error>", code)
}

// unchunk takes apart a body that was signed chunk by chunk: each has a line
// with its length in hexadecimal and a signature before it.
func unchunk(body []byte) ([]byte, bool) {
	var whole []byte
	for {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		if !ok {
			return nil, false
		}
		text, _, _ := strings.Cut(string(line), ";")
		var n int
		if _, err := fmt.Sscanf(text, "%x", &n); err != nil || n > len(rest) {
			return nil, false
		}
		if n == 0 {
			return whole, true
		}
		whole = append(whole, rest[:n]...)
		body = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

// signed checks a request's signature, in its header or in its query.
func signed(r *http.Request) bool {
	q := r.URL.Query()
	var credential, headers, signature, date, payload string
	if given := q.Get("X-Amz-Signature"); given != "" {
		credential, headers, signature, date, payload = q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"), given, q.Get("X-Amz-Date"), "UNSIGNED-PAYLOAD"
		q.Del("X-Amz-Signature")
	} else {
		fields := map[string]string{}
		rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
		if !ok {
			return false
		}
		for field := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			fields[name] = value
		}
		credential, headers, signature = fields["Credential"], fields["SignedHeaders"], fields["Signature"]
		date, payload = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Content-Sha256")
	}
	scope, ok := strings.CutPrefix(credential, AccessKey+"/")
	if !ok || len(date) < 8 || scope != date[:8]+"/"+Region+"/s3/aws4_request" {
		return false
	}
	var canonical strings.Builder
	canonical.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n" + strings.ReplaceAll(q.Encode(), "+", "%20") + "\n")
	for name := range strings.SplitSeq(headers, ";") {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		canonical.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	canonical.WriteString("\n" + headers + "\n" + payload)
	sum := sha256.Sum256([]byte(canonical.String()))
	key := []byte("AWS4" + SecretKey)
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	want := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	return hmac.Equal([]byte(want), []byte(signature))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Endpoint is the service's URL.
func (b *Bucket) Endpoint() string {
	u := url.URL{Scheme: "http", Host: b.Listener.Addr().String()}
	return u.String()
}
