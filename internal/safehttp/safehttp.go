// Package safehttp is the client for addresses that somebody else has chosen:
// webhooks, pictures, channels. It refuses networks that only this server can
// reach, follows no redirect, waits for nobody for ever, and reads no more of
// an answer than was asked for.
//
// Whether an address may be reached is decided when the connection is made, on
// the IP address that is then dialled. A name that resolves to another address
// by then gains nothing. No proxy of the environment is used: it would connect
// in this server's place.
//
// All of it is safe for concurrent use.
package safehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Bounds of a call.
const (
	dialTimeout    = 5 * time.Second
	idleTimeout    = 90 * time.Second
	idlePerHost    = 16
	maxHeaderBytes = 64 << 10
	// drainedBytes is how much of an answer is read and thrown away, so that its
	// connection can be used again.
	drainedBytes = 64 << 10
)

// ErrRefused is wrapped by the error of a call whose address is not allowed.
var ErrRefused = errors.New("the address is not allowed")

// Options says what a client may do.
type Options struct {
	// Networks are allowed although they are private, and may be spoken to
	// without TLS. Others are reached with https alone.
	Networks []netip.Prefix
	// Timeout bounds a call from its beginning to the last byte that is read;
	// it must be positive.
	Timeout time.Duration
}

// NewClient returns a client that is bound by the options. Answers that
// redirect come back as they are.
func NewClient(o Options) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, ControlContext: o.control}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: plain{&http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    dialTimeout,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    idlePerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			// What is small on the wire must not grow in memory.
			DisableCompression: true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// plainKey marks the context of a call without TLS.
type plainKey struct{}

// plain tells the dialer which calls come without TLS. Connections of the two
// kinds are never shared.
type plain struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		r = r.WithContext(context.WithValue(r.Context(), plainKey{}, true))
	}
	return p.Transport.RoundTrip(r)
}

// control refuses a connection before it is made. address is the one that the
// name was resolved to.
func (o Options) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrRefused, address)
	}
	ip := to.Addr().Unmap().WithZone("")
	if slices.ContainsFunc(o.Networks, func(n netip.Prefix) bool { return n.Contains(ip) }) {
		return nil
	}
	if ctx.Value(plainKey{}) != nil {
		return fmt.Errorf("%w: %s is reached with https only", ErrRefused, ip)
	}
	if !Public(ip) {
		return fmt.Errorf("%w: %s is in a private or special network", ErrRefused, ip)
	}
	return nil
}

// special are the networks that are nobody's on the Internet, or that lead to
// an address of another network: of IPv4 by the registry of IANA; of IPv6 all
// but 2000::/3 is special anyway.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // shared by a provider's customers
	netip.MustParsePrefix("127.0.0.0/8"),     // this machine
	netip.MustParsePrefix("169.254.0.0/16"),  // this link; metadata of clouds
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // examples
	netip.MustParsePrefix("192.88.99.0/24"),  // relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // measurements
	netip.MustParsePrefix("198.51.100.0/24"), // examples
	netip.MustParsePrefix("203.0.113.0/24"),  // examples
	netip.MustParsePrefix("224.0.0.0/3"),     // many receivers, reserved, everybody
	netip.MustParsePrefix("2001::/23"),       // protocols, among them tunnels to IPv4
	netip.MustParsePrefix("2001:db8::/32"),   // examples
	netip.MustParsePrefix("2002::/16"),       // tunnels to IPv4
	netip.MustParsePrefix("3fff::/20"),       // examples
}

// unicast is where IPv6 addresses of the Internet are.
var unicast = netip.MustParsePrefix("2000::/3")

// Public tells whether the address is one of the Internet.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || ip.Is6() && !unicast.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(special, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// ReadBody returns the first bytes of the answer, at most limit, and closes it.
// Some of what comes behind them is thrown away. An answer that breaks off
// gives what has come.
func ReadBody(resp *http.Response, limit int64) []byte {
	defer resp.Body.Close()
	first, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err == nil {
		// Whether the connection can be used again does not matter here.
		_, _ = io.CopyN(io.Discard, resp.Body, drainedBytes)
	}
	return first
}
