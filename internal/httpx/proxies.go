package httpx

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the reverse proxies before this server. Their
// X-Forwarded-For is believed, nobody else's.
type Proxies []netip.Prefix

// ParseProxies reads networks such as 10.0.0.0/8.
func ParseProxies(networks []string) (Proxies, error) {
	p := make(Proxies, len(networks))
	for i, s := range networks {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		p[i] = prefix.Masked()
	}
	return p, nil
}

func (p Proxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Client returns the address of the client: the peer's own, unless that is a
// trusted proxy. Then X-Forwarded-For is read from its end, each proxy having
// appended whom it heard; the first address that is no trusted proxy is the
// client. Whatever stands before it was written by anybody. The zero address
// means that the peer has none.
func (p Proxies) Client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap().WithZone("")
	if !p.trust(client) {
		return client
	}
	lines := r.Header.Values("X-Forwarded-For")
	for _, line := range slices.Backward(lines) {
		for line != "" {
			i := strings.LastIndexByte(line, ',')
			addr, ok := parseHop(strings.TrimSpace(line[i+1:]))
			if !ok {
				return client // the last hop that can be believed
			}
			client = addr
			if !p.trust(client) {
				return client
			}
			line = line[:max(i, 0)]
		}
	}
	return client
}

// parseHop reads an address, with a port or without: some proxies add one.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
