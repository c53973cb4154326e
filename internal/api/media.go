package api

import (
	"mime"
	"strconv"
	"strings"
)

// accepts tells whether a client takes JSON, by its Accept headers. Whoever
// names nothing takes everything.
func accepts(headers []string) bool {
	named := false
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			named = true
			kind, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
				continue
			}
			switch kind {
			case "*/*", "application/*", "application/json":
				return true
			}
		}
	}
	return !named
}

// isJSON tells whether a Content-Type means JSON. Clients that name no type
// send JSON, too.
func isJSON(header string) bool {
	if header == "" {
		return true
	}
	kind, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	return err == nil && kind == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}
