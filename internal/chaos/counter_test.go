//go:build unix

package chaos_test

import (
	"context"
	"math"
	"sync"
)

// counter counts up, and tells those who wait for it.
type counter struct {
	mu      sync.Mutex
	n       int           // guarded by mu
	changed chan struct{} // closed at the next change; guarded by mu; nil: nobody waits
}

// add counts.
func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.n + n)
}

// finish ends all waiting.
func (c *counter) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(math.MaxInt)
}

func (c *counter) set(n int) {
	if c.n < math.MaxInt {
		c.n = n
	}
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// get returns the count.
func (c *counter) get() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// reach waits until there are n, and returns false when ctx ends before.
func (c *counter) reach(ctx context.Context, n int) bool {
	for {
		c.mu.Lock()
		if c.n >= n {
			c.mu.Unlock()
			return true
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
