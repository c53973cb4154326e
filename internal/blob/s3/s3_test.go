package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/blob"
	"parley/internal/blob/blobtest"
	"parley/internal/blob/s3"
	"parley/internal/core"
)

func open(t *testing.T, b *blobtest.Bucket, change func(o *s3.Options)) *s3.Store {
	t.Helper()
	o := s3.Options{
		Endpoint: b.Endpoint(), Bucket: blobtest.BucketName, Region: blobtest.Region, AccessKey: blobtest.AccessKey, SecretKey: blobtest.SecretKey,
		PathStyle: true, Prefix: "parley/",
	}
	if change != nil {
		change(&o)
	}
	st, err := s3.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestConformance(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { t.Helper(); return open(t, blobtest.NewBucket(t), nil) })
}

// TestLink: an address works without credentials, with the headers that it was
// made for and no others.
func TestLink(t *testing.T) {
	t.Parallel()
	b := blobtest.NewBucket(t)
	st, key := open(t, b, nil), blob.NewKey()
	if err := st.Put(t.Context(), key, strings.NewReader("<script>"), 8); err != nil {
		t.Fatal(err)
	}
	if names := b.Names(); len(names) != 1 || names[0] != "parley/"+key {
		t.Errorf("the bucket holds %v", names)
	}
	link, err := st.Link(t.Context(), key, blob.Headers{ContentType: "text/html", ContentDisposition: `attachment; filename="a b.html"`}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(link, "X-Amz-Expires=60") {
		t.Errorf("the address does not expire: %s", link)
	}
	if got := get(t, link); got.StatusCode != http.StatusOK || got.Header.Get("Content-Disposition") != `attachment; filename="a b.html"` {
		t.Errorf("answered %d, %v", got.StatusCode, got.Header)
	}
	if got := get(t, strings.Replace(link, "attachment", "inline", 1)); got.StatusCode != http.StatusForbidden {
		t.Errorf("another disposition: answered %d", got.StatusCode)
	}
}

func get(t *testing.T, link string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

// TestFailures: a service that is away is unavailable, wrong credentials and an
// absent bucket are no absent file, and no error holds the secret.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(o *s3.Options)
		fail   bool
		want   core.Kind
	}{
		"away":           {nil, true, core.Unavailable},
		"another secret": {func(o *s3.Options) { o.SecretKey = "wrong-secret" }, false, core.Internal},
		"no bucket":      {func(o *s3.Options) { o.Bucket = "nobodys" }, false, core.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := blobtest.NewBucket(t)
			b.Fail(c.fail)
			st, key := open(t, b, c.change), blob.NewKey()
			calls := map[string]error{"put": st.Put(t.Context(), key, strings.NewReader("x"), 1), "delete": st.Delete(t.Context(), key)}
			if name != "no bucket" { // the answer to a HEAD cannot tell it from an absent object
				_, calls["open"] = st.Open(t.Context(), key)
			}
			for what, err := range calls {
				if err == nil || core.KindOf(err) != c.want || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s: %v, want it %s", what, err, c.want)
				}
			}
		})
	}
	for _, o := range []s3.Options{{}, {Endpoint: "http://x"}, {Bucket: "b"}, {Endpoint: "://", Bucket: "b"}, {Endpoint: "host:9000", Bucket: "b"}} {
		if _, err := s3.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
