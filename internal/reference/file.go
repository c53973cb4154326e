package reference

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/swaggest/swgui/v5/static"
)

// file is something that is always answered with. It is kept compressed, which
// is how nearly everybody asks for it.
type file struct {
	contentType string
	zipped      []byte
	tag         string
}

// newFile returns a handler that answers with content.
func newFile(contentType string, content []byte) *file {
	var zipped bytes.Buffer
	// Neither call fails: the level is a valid one, and a buffer takes everything.
	z, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	_, _ = z.Write(content)
	_ = z.Close()
	return newZipped(contentType, zipped.Bytes())
}

// newZipped is newFile for content that is compressed already.
func newZipped(contentType string, zipped []byte) *file {
	sum := sha256.Sum256(zipped)
	return &file{contentType: contentType, zipped: zipped, tag: `W/"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP answers a GET or HEAD with the file. Clients ask each time whether
// theirs is current, so that a new version of the server is seen at once.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	content := f.zipped
	if takesGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		content = f.plain()
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// plain returns the content as it was before it was compressed.
func (f *file) plain() []byte {
	z, err := gzip.NewReader(bytes.NewReader(f.zipped))
	if err != nil {
		panic(err) // it is part of the program, and a test reads all of them
	}
	content, err := io.ReadAll(z)
	if err != nil {
		panic(err) // as above
	}
	return content
}

// takesGzip tells whether a client takes gzip, by its values of
// Accept-Encoding (RFC 9110).
func takesGzip(accepted []string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		name, parameter, _ := strings.Cut(coding, ";")
		weight, isWeight := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		takes := !isWeight || err == nil && q > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip":
			return takes
		case "*":
			others = takes
		}
	}
	return others
}

// contentTypes are those of assets, by their endings.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// assets returns what pages load, by its name.
func assets() map[string]*file {
	all := map[string]*file{}
	for _, name := range []string{"reference.js", "reference.css", "icon.svg"} {
		content, err := own.ReadFile("assets/" + name)
		if err != nil {
			panic(fmt.Errorf("read an embedded file: %w", err))
		}
		all[name] = newFile(contentTypes[path.Ext(name)], content)
	}
	for _, name := range []string{"swagger-ui-bundle.js", "swagger-ui.css"} {
		zipped, err := static.FS.ReadFile(name + ".gz")
		if err != nil {
			panic(fmt.Errorf("read a file of Swagger UI: %w", err))
		}
		all[name] = newZipped(contentTypes[path.Ext(name)], zipped)
	}
	return all
}
