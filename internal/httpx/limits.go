package httpx

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parley/internal/auth"
	"parley/internal/core"
)

// How much tighter than RequestsPerMinute the other limits are.
const (
	missesShare   = 10 // a tenth may ask for what does not exist
	failuresShare = 50 // a fiftieth may bring a wrong token
)

// LimitName names a limit, for metrics.
type LimitName string

// The limits of a server.
const (
	LimitToken    LimitName = "token"    // requests of one token
	LimitCustomer LimitName = "customer" // requests of one customer, whatever tokens are used
	LimitAddress  LimitName = "address"  // requests without a token from one address
	LimitMisses   LimitName = "misses"   // requests for unknown ids, by token or address
	LimitFailures LimitName = "failures" // wrong tokens from one address
)

// Limits hold every caller to a rate, on this node. Each allowance refills
// evenly over a minute and holds at most one minute's worth. They are safe for
// concurrent use; nil Limits let everything pass.
type Limits struct {
	requests, misses, failures *buckets
	clock                      core.Clock
	refused                    func(LimitName)
}

// NewLimits returns limits of so many requests a minute for each token, for each
// customer, and for each address that brings no token; nil when perMinute is 0. refused, which
// may be nil, is told of every refusal.
func NewLimits(perMinute int, clock core.Clock, refused func(LimitName)) *Limits {
	if perMinute <= 0 {
		return nil
	}
	if refused == nil {
		refused = func(LimitName) {}
	}
	return &Limits{
		requests: newBuckets(perMinute),
		misses:   newBuckets(max(perMinute/missesShare, 1)),
		failures: newBuckets(max(perMinute/failuresShare, 1)),
		clock:    clock, refused: refused,
	}
}

// Allowance is what is left of a limit when a call has been charged.
type Allowance struct {
	Name      LimitName // "" where nothing limits
	Quota     int       // requests in a minute, and at once
	Remaining int
	Reset     time.Duration // until there is one more than Remaining; 0: nothing is missing
}

// subject is whom an allowance belongs to: a token, a customer of an account,
// or an address.
type subject struct {
	token    int64
	account  int64
	customer string
	addr     netip.Addr
}

// ofPrincipal returns the subject of a caller who was let in.
func ofPrincipal(p auth.Principal) subject {
	if p.Customer != nil {
		return subject{account: p.AccountID, customer: p.Customer.Subject}
	}
	return subject{token: p.TokenID}
}

// ofAddress returns the subject of an address. One customer of an IPv6 network
// has a /64 of addresses at least.
func ofAddress(a netip.Addr) subject {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	return subject{addr: a}
}

// request charges one request to the call's subject, or says when to come
// again. The call is told what is left.
func (l *Limits) request(c *Call) error {
	if l == nil {
		return nil
	}
	now := l.clock().Std()
	if wait := l.misses.wait(c.subject, now); wait > 0 {
		return l.refuse(c, LimitMisses, l.misses, wait)
	}
	name := LimitAddress
	switch {
	case c.subject.token != 0:
		name = LimitToken
	case c.subject.customer != "":
		name = LimitCustomer
	}
	if wait := l.requests.take(c.subject, now); wait > 0 {
		return l.refuse(c, name, l.requests, wait)
	}
	c.Allowance = l.requests.left(name, c.subject, now)
	return nil
}

// try says when the call's address may come again after too many wrong tokens.
func (l *Limits) try(c *Call, address subject) error {
	if l == nil {
		return nil
	}
	if wait := l.failures.wait(address, l.clock().Std()); wait > 0 {
		return l.refuse(c, LimitFailures, l.failures, wait)
	}
	return nil
}

// failed charges a wrong token.
func (l *Limits) failed(s subject) {
	if l != nil {
		l.failures.take(s, l.clock().Std())
	}
}

// missed charges a request for something that does not exist.
func (l *Limits) missed(s subject) {
	if l != nil && s != (subject{}) {
		l.misses.take(s, l.clock().Std())
	}
}

func (l *Limits) refuse(c *Call, name LimitName, b *buckets, wait time.Duration) error {
	l.refused(name)
	c.Allowance = Allowance{Name: name, Quota: b.perMinute, Reset: wait}
	return &core.Error{Kind: core.RateLimited, Message: "too many requests", RetryAfter: wait}
}

// Sizes of the map of buckets.
const (
	bucketShards   = 16
	maxShardBucket = 8 << 10
)

// buckets are token buckets by subject. A full bucket is as good as none, so
// those are dropped when a shard has grown; when all of them are in use, some
// are forgiven.
type buckets struct {
	perMinute int
	seed      maphash.Seed
	shards    [bucketShards]struct {
		sync.Mutex // guards all

		all map[subject]*rate.Limiter
	}
}

func newBuckets(perMinute int) *buckets {
	b := &buckets{perMinute: perMinute, seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].all = map[subject]*rate.Limiter{}
	}
	return b
}

// take takes one from the subject's bucket. When there is none, it takes
// nothing and returns how long until there is.
func (b *buckets) take(s subject, now time.Time) time.Duration {
	l := b.of(s, now)
	if l.AllowN(now, 1) {
		return 0
	}
	return b.until(l, now)
}

// left returns what the subject's bucket holds.
func (b *buckets) left(name LimitName, s subject, now time.Time) Allowance {
	tokens := b.of(s, now).TokensAt(now)
	whole := math.Floor(tokens)
	a := Allowance{Name: name, Quota: b.perMinute, Remaining: int(whole)}
	if a.Remaining < b.perMinute {
		a.Reset = time.Duration((whole + 1 - tokens) * float64(time.Minute) / float64(b.perMinute))
	}
	return a
}

// wait returns how long until the bucket has one, and takes nothing.
func (b *buckets) wait(s subject, now time.Time) time.Duration {
	shard := &b.shards[maphash.Comparable(b.seed, s)%bucketShards]
	shard.Lock()
	l := shard.all[s]
	shard.Unlock()
	if l == nil {
		return 0
	}
	return b.until(l, now)
}

func (b *buckets) until(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return max(time.Duration(missing*float64(time.Minute)/float64(b.perMinute)), 1)
}

func (b *buckets) of(s subject, now time.Time) *rate.Limiter {
	shard := &b.shards[maphash.Comparable(b.seed, s)%bucketShards]
	shard.Lock()
	defer shard.Unlock()
	l := shard.all[s]
	if l != nil {
		return l
	}
	if len(shard.all) >= maxShardBucket {
		for other, old := range shard.all {
			if old.TokensAt(now) >= float64(b.perMinute) {
				delete(shard.all, other)
			}
		}
		for other := range shard.all {
			if len(shard.all) < maxShardBucket*3/4 {
				break // room for a while: sweeping costs
			}
			delete(shard.all, other)
		}
	}
	l = rate.NewLimiter(rate.Every(time.Minute/time.Duration(b.perMinute)), b.perMinute)
	shard.all[s] = l
	return l
}
