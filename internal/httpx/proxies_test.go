package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		peer  string
		lines []string
		want  string
	}{
		"no proxy":                             {"192.0.2.7:1234", nil, "192.0.2.7"},
		"a stranger's word":                    {"192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.7"},
		"a proxy that says nothing":            {"10.1.2.3:1", nil, "10.1.2.3"},
		"a proxy":                              {"10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"what the client wrote itself":         {"10.1.2.3:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                          {"10.1.2.3:1", []string{"203.0.113.9, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"two lines":                            {"10.1.2.3:1", []string{"203.0.113.9", "198.51.100.1,10.9.9.9"}, "198.51.100.1"},
		"only proxies":                         {"10.1.2.3:1", []string{"10.4.4.4, 10.9.9.9"}, "10.4.4.4"},
		"rubbish at the end":                   {"10.1.2.3:1", []string{"198.51.100.1, nobody"}, "10.1.2.3"},
		"rubbish before a proxy":               {"10.1.2.3:1", []string{"198.51.100.1, , 10.9.9.9"}, "10.9.9.9"},
		"with a port":                          {"10.1.2.3:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"IPv6":                                 {"[2001:db8::1]:1", []string{"2001:db9::5"}, "2001:db9::5"},
		"IPv6 in brackets":                     {"[2001:db8::1]:1", []string{"[2001:db9::5]"}, "2001:db9::5"},
		"IPv6 in brackets with a port":         {"[2001:db8::1]:1", []string{"[2001:db9::5]:80"}, "2001:db9::5"},
		"IPv4 inside IPv6":                     {"[::ffff:10.1.2.3]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"a zone makes no address of one's own": {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"a listener without addresses":         {"@", []string{"198.51.100.1"}, "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = c.peer
		for _, l := range c.lines {
			r.Header.Add("X-Forwarded-For", l)
		}
		if got := proxies.Client(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if _, err := ParseProxies([]string{"10.0.0.0"}); err == nil {
		t.Error("an address passed for a network")
	}
}
