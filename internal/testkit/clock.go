package testkit

import (
	"sync"
	"time"
)

// Clock is a fake clock: it stands still until it is advanced. It is safe for
// concurrent use. Its zero value stands at the zero time; NewClock gives a more
// likely one.
type Clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

// NewClock returns a clock that stands at start, in UTC and truncated to
// microseconds, the finest instant that the server keeps.
func NewClock(start time.Time) *Clock {
	return &Clock{now: start.UTC().Truncate(time.Microsecond)}
}

// Now returns the instant at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d and returns the new instant. A negative d moves
// it back, as a real clock does when it is set.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
