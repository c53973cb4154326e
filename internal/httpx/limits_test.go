package httpx

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/store"
)

// clock is a time that the test moves.
type clock struct{ now core.Time }

func (c *clock) read() core.Time         { return c.now }
func (c *clock) advance(d time.Duration) { c.now += core.Time(d / time.Microsecond) }
func newClock() *clock                   { return &clock{now: 1_700_000_000_000_000} }
func from(addr string) context.Context   { return of(&Call{Addr: netip.MustParseAddr(addr)}) }
func of(c *Call) context.Context         { return context.WithValue(context.Background(), callKey{}, c) }

func wantPass(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// wantRefusal expects core.RateLimited with the time to wait.
func wantRefusal(t *testing.T, what string, err error, wait time.Duration) {
	t.Helper()
	var e *core.Error
	if !errors.As(err, &e) || e.Kind != core.RateLimited || e.RetryAfter.Round(time.Millisecond) != wait {
		t.Errorf("%s: %#v, want a refusal for %v", what, err, wait)
	}
}

// tokenStore knows the token "right".
type tokenStore struct{ store.Tokens }

func (tokenStore) FindTokenByHash(_ context.Context, hash string) (core.Token, bool, error) {
	return core.Token{ID: 7, AccountID: 3}, hash == auth.HashToken("right"), nil
}

func newGate(perMinute int, c *clock, refused func(LimitName)) *Gate {
	return NewGate(auth.NewTokens(tokenStore{}, c.read), nil, NewLimits(perMinute, c.read, refused))
}

func TestATokenHasItsRate(t *testing.T) {
	t.Parallel()
	c := newClock()
	var refused []LimitName
	g := newGate(60, c, func(n LimitName) { refused = append(refused, n) })
	call := &Call{Addr: netip.MustParseAddr("192.0.2.1")}
	for range 60 {
		p, err := g.Token(of(call), "right")
		if err != nil || p.TokenID != 7 || call.AccountID != 3 || call.TokenID != 7 {
			t.Fatalf("%+v, %+v, %v", p, call, err)
		}
	}
	_, err := g.Token(of(call), "right")
	wantRefusal(t, "the 61st of a minute", err, time.Second)
	_, err = g.Token(from("198.51.100.9"), "right")
	wantRefusal(t, "the same token from elsewhere", err, time.Second)
	c.advance(time.Second)
	_, err = g.Token(of(call), "right")
	wantPass(t, "a second later", err)
	_, err = g.Token(of(call), "right")
	wantRefusal(t, "and one more", err, time.Second)
	c.advance(-time.Hour) // a clock that is set back must not lock anybody out for long
	_, err = g.Token(of(call), "right")
	wantRefusal(t, "on a clock that was set back", err, time.Second)
	wantPass(t, "a call without a token from the same address", g.Anonymous(of(call)))
	if len(refused) != 4 || refused[0] != LimitToken {
		t.Errorf("told of %v", refused)
	}
}

func TestAnAddressHasItsRate(t *testing.T) {
	t.Parallel()
	c := newClock()
	g := newGate(2, c, nil)
	for _, a := range []string{"192.0.2.1", "2001:db8::1"} {
		wantPass(t, a, g.Anonymous(from(a)))
		wantPass(t, a, g.Anonymous(from(a)))
		wantRefusal(t, a, g.Anonymous(from(a)), 30*time.Second)
	}
	wantPass(t, "another address", g.Anonymous(from("192.0.2.2")))
	wantRefusal(t, "the same /64", g.Anonymous(from("2001:db8::ffff:1")), 30*time.Second)
	wantPass(t, "another /64", g.Anonymous(from("2001:db8:0:1::1")))
	if _, err := g.Token(from("192.0.2.1"), ""); core.KindOf(err) != core.RateLimited {
		t.Errorf("no token, from an address that is used up: %v", err)
	}
}

// TestWrongTokensStopTheAddress refuses a guesser before the store is asked,
// even with the right token.
func TestWrongTokensStopTheAddress(t *testing.T) {
	t.Parallel()
	c := newClock()
	var refused []LimitName
	g := newGate(100, c, func(n LimitName) { refused = append(refused, n) }) // 2 wrong ones a minute
	for range 2 {
		if _, err := g.Token(from("192.0.2.1"), "wrong"); core.KindOf(err) != core.Unauthenticated {
			t.Errorf("a wrong token: %v", err)
		}
	}
	_, err := g.Token(from("192.0.2.1"), "right")
	wantRefusal(t, "the third token", err, 30*time.Second)
	_, err = g.Token(from("192.0.2.2"), "right")
	wantPass(t, "another address", err)
	c.advance(30 * time.Second)
	_, err = g.Token(from("192.0.2.1"), "right")
	wantPass(t, "after the wait", err)
	if len(refused) != 1 || refused[0] != LimitFailures {
		t.Errorf("told of %v", refused)
	}
}

func TestUnknownIDsAreLimited(t *testing.T) {
	t.Parallel()
	c := newClock()
	var refused []LimitName
	g := newGate(20, c, func(n LimitName) { refused = append(refused, n) }) // 2 misses a minute
	for range 2 {
		call := &Call{Addr: netip.MustParseAddr("192.0.2.1"), Route: "/things/{id}"}
		wantPass(t, "a call", g.Anonymous(of(call)))
		g.missed(of(call))
	}
	wantRefusal(t, "after two misses", g.Anonymous(from("192.0.2.1")), 30*time.Second)
	_, err := g.Token(from("192.0.2.1"), "right")
	wantPass(t, "a token from there", err)
	if len(refused) != 1 || refused[0] != LimitMisses {
		t.Errorf("told of %v", refused)
	}
	g.missed(context.Background()) // a call that never passed the gate
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	c := newClock()
	g := newGate(0, c, nil)
	for range 10_000 {
		wantPass(t, "a call", g.Anonymous(from("192.0.2.1")))
	}
	for range 100 {
		if _, err := g.Token(from("192.0.2.1"), "wrong"); core.KindOf(err) != core.Unauthenticated {
			t.Fatalf("a wrong token: %v", err)
		}
		g.missed(from("192.0.2.1"))
	}
}

// TestBucketsAreBounded has more callers than are remembered: full buckets go
// first, and a caller in the middle of its allowance is kept while there is
// room.
func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := NewLimits(10, c.read, nil)
	spent := subject{addr: netip.MustParseAddr("192.0.2.1")}
	for l.request(&Call{subject: spent}) == nil { //nolint:revive // until it is used up
	}
	const callers = 2 * bucketShards * maxShardBucket
	for i := range int64(callers) {
		if i%(maxShardBucket/2) == 0 {
			c.advance(7 * time.Second)                    // those before have refilled
			for l.request(&Call{subject: spent}) == nil { //nolint:revive // until it is used up
			}
		}
		wantPass(t, "a new caller", l.request(&Call{subject: subject{token: i + 1}}))
	}
	total := 0
	for i := range l.requests.shards {
		total += len(l.requests.shards[i].all)
	}
	if total > bucketShards*maxShardBucket {
		t.Errorf("%d buckets are kept", total)
	}
	if l.request(&Call{subject: spent}) == nil {
		t.Error("a caller without allowance was forgiven while full buckets were there to drop")
	}
}
