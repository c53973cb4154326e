package chatwoot

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"parley/internal/core"
)

// Every GET answer carries a weak ETag (server). A body that is held whole is
// tagged by its bytes; a longer one, which streams, by the version of the
// account's event log: every change is an event.

// formVersion stands for the form of the bodies in the tags of streamed ones:
// raise it with every change of wire.go or convert.go, so that no client keeps
// a body of the older form.
const formVersion = 1

// bodyTag is the tag of a whole body.
func bodyTag(body []byte) string { return weakTag(body) }

// logTag is the tag of whatever the path shows at the log's present version.
func logTag(a core.Account, path string) string {
	version := strconv.Itoa(formVersion) + " " + a.Epoch + " " + strconv.FormatInt(a.EventSeq, 10)
	return weakTag([]byte(version + " " + path))
}

func weakTag(what []byte) string {
	sum := sha256.Sum256(what)
	return `W/"` + hex.EncodeToString(sum[:16]) + `"`
}

// matches tells whether If-None-Match holds the tag, or *. The comparison is
// weak (RFC 9110, 13.1.2): W/ does not matter. Our tags hold no comma, so the
// header can be cut at each, also inside of other servers' tags.
func matches(r *http.Request, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for _, header := range r.Header.Values("If-None-Match") {
		for part := range strings.SplitSeq(header, ",") {
			part = strings.TrimSpace(part)
			if part == "*" || strings.TrimPrefix(part, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// setValidators adds what a later conditional request needs. The caching rule
// is the framework's default for what has a tag (server): nobody but the
// caller keeps the body, and asks before using it again.
func setValidators(w http.ResponseWriter, tag string) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "max-age=0, private, must-revalidate")
}

// notModified answers 304.
func notModified(w http.ResponseWriter, tag string) {
	w.Header().Del("Content-Type")
	setValidators(w, tag)
	w.WriteHeader(http.StatusNotModified)
}
