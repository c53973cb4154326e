// Package badge serves what a website puts on its pages to show how much its
// customer has not read: a script without dependencies, and a page to try it.
// docs/badge.md tells how they are used.
package badge

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// policy is what the demo page may do: run and ask what its own server has,
// which is less than websites allow that use the badge.
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// How long browsers may use what they have: the script for an hour, and for a
// week more while they ask for a newer one; the demo page not at all.
const (
	scriptCaching = "public, max-age=3600, stale-while-revalidate=604800"
	demoCaching   = "no-cache"
)

// Script returns the handler of GET /badge.js.
func Script() http.Handler {
	script := load("badge.js", scriptCaching)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Any website may use it, also one that isolates its pages.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		script.ServeHTTP(w, r)
	})
}

// Demo returns the handler of GET /demo/badge, and of /demo/badge/{file} for
// what belongs to the page. It holds no secrets: the token is in the address's
// fragment, which browsers keep to themselves, or typed in.
func Demo() http.Handler {
	files := map[string]asset{
		"":         load("demo.html", demoCaching),
		"demo.js":  load("demo.js", demoCaching),
		"demo.css": load("demo.css", demoCaching),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := files[r.PathValue("file")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		file.ServeHTTP(w, r)
	})
}

// asset is a file in the two forms in which it is served.
type asset struct {
	plain, zipped      []byte
	kind, tag, caching string
}

// contentTypes are those of the assets. The machine's own table is not asked:
// it may say anything of a script.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
}

// load reads an embedded file. It panics when there is none: the program was
// built wrong.
func load(name, caching string) asset {
	plain, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	var zipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	_, _ = z.Write(plain) // into memory: it cannot fail
	_ = z.Close()
	sum := sha256.Sum256(plain)
	return asset{
		plain: plain, zipped: zipped.Bytes(), kind: contentTypes[path.Ext(name)], caching: caching,
		// Weak: both forms have it.
		tag: `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
	}
}

// ServeHTTP serves the file, compressed to those who can read it.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", a.caching)
	h.Set("ETag", a.tag)
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if takesGzip(r.Header.Values("Accept-Encoding")) {
		body = a.zipped
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	r.Header.Del("Range") // nobody needs a part of it
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip tells whether one of the values of Accept-Encoding allows gzip.
func takesGzip(values []string) bool {
	for coding := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, given := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !given || err == nil && weight > 0
		}
	}
	return false
}
