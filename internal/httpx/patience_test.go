package httpx

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/internal/core"
)

// TestLongerBodies: a door may give some requests a bound of their own, which
// holds before a byte is read, too.
func TestLongerBodies(t *testing.T) {
	t.Parallel()
	adapter := Adapter{
		Error:     func(w http.ResponseWriter, _ *http.Request, err error) { w.WriteHeader(400 + int(core.KindOf(err))) },
		BodyBytes: func(r *http.Request) int64 { return map[string]int64{"/files": 2 * MaxBodyBytes}[r.URL.Path] + 1 },
	}
	for _, c := range []struct {
		path string
		size int64
		want int
	}{
		{"/files", 2*MaxBodyBytes + 1, http.StatusOK},
		{"/files", 2*MaxBodyBytes + 2, 400 + int(core.TooLarge)},
		{"/other", 1, http.StatusOK},
		{"/other", 2, 400 + int(core.TooLarge)},
	} {
		for _, told := range []bool{true, false} {
			r := request(http.MethodPost, c.path, bytes.NewReader(make([]byte, c.size)))
			if !told {
				r.ContentLength = -1
			} else if c.want != http.StatusOK {
				r.Body = io.NopCloser(unread{t})
			}
			w := httptest.NewRecorder()
			adapter.Handle(func(w http.ResponseWriter, r *http.Request) error {
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					return &core.Error{Kind: core.TooLarge, Err: err}
				}
				w.WriteHeader(http.StatusOK)
				return nil
			}).ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("%d bytes to %s, told %t: answered %d, want %d", c.size, c.path, told, w.Code, c.want)
			}
		}
	}
}

// deadlined notes the deadlines that it is given.
type deadlined struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlined) SetReadDeadline(at time.Time) error  { d.read = append(d.read, at); return nil }
func (d *deadlined) SetWriteDeadline(at time.Time) error { d.write = append(d.write, at); return nil }

func TestPatience(t *testing.T) {
	t.Parallel()
	d := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	AwaitUpload(d)
	if len(d.read) != 1 || len(d.write) != 1 || !d.write[0].After(d.read[0]) {
		t.Errorf("the answer has to be written by %v, the body to be read by %v", d.write, d.read)
	}
	d = &deadlined{ResponseRecorder: httptest.NewRecorder()}
	w := Patient(d)
	for range 3 {
		if _, err := io.WriteString(w, "abc"); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.write) != 3 || d.Body.String() != "abcabcabc" {
		t.Errorf("%d chunks had a deadline: %q", len(d.write), d.Body)
	}
}
