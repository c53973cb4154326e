package uncodie

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzGate: an origin that may call is a page of this machine, and a key is
// what stands in one of two headers.
func FuzzGate(f *testing.F) {
	f.Add("http://localhost:3000", "key", "Bearer key")
	f.Add("https://127.0.0.1", "", "bearer key")
	f.Add("http://localhost@evil.example", "\x00", "Bearer ")
	f.Add("HTTP://LOCALHOST:99999", "", "Bearer Bearer k")
	f.Add("http://[::1%25localhost]", "", "")
	h := &handler{allowedOrigin: ownMachine}
	f.Fuzz(func(t *testing.T, origin, apiKey, authorization string) {
		if h.originAllowed(origin) {
			u, err := url.Parse(origin)
			if err != nil || !ownMachine(strings.ToLower(u.Hostname())) {
				t.Errorf("the origin %q may call", origin)
			}
		}
		header := http.Header{"X-Api-Key": {apiKey}, "Authorization": {authorization}}
		got := credential(header)
		if apiKey != "" && got != apiKey || apiKey == "" && len(got) > len(authorization) {
			t.Errorf("credential of %q = %q", header, got)
		}
	})
}
