package api

import (
	"fmt"
	"sync"
	"time"

	"parley/internal/core"
)

// How many streams one caller has open on this node.
const (
	maxCustomerStreams = 20
	maxTokenStreams    = 1000
)

// streams counts the streams that each caller has open. It is safe for
// concurrent use.
type streams struct {
	mu     sync.Mutex
	opened map[string]int // by caller; guarded by mu
}

// open counts a stream, until done is called. One too many is
// core.RateLimited.
func (s *streams) open(c *caller) (done func(), err error) {
	limit := maxTokenStreams
	if c.Customer != nil {
		limit = maxCustomerStreams
	}
	who := fmt.Sprint(c.AccountID, " ", c.name())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened[who] >= limit {
		return nil, &core.Error{Kind: core.RateLimited, Message: "too many streams are open", RetryAfter: 10 * time.Second}
	}
	if s.opened == nil {
		s.opened = map[string]int{}
	}
	s.opened[who]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.opened[who]--; s.opened[who] == 0 {
			delete(s.opened, who)
		}
	}, nil
}
