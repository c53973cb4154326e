package main

import "testing"

func TestReadyURL(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/readyz",
		":8080":          "http://127.0.0.1:8080/readyz",
		"0.0.0.0:80":     "http://127.0.0.1:80/readyz",
		"[::]:80":        "http://[::1]:80/readyz",
		"[::1]:80":       "http://[::1]:80/readyz",
		"chat:80":        "http://chat:80/readyz",
	} {
		if got, err := readyURL(addr); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", addr, got, err, want)
		}
	}
}
