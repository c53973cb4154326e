package inbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// Sight is which inboxes somebody sees. The zero value sees none.
type Sight struct {
	All      bool    // every inbox of the account, also those to come
	InboxIDs []int64 // else these, by id
}

// Sees tells whether the inbox is in sight.
func (s Sight) Sees(inbox int64) bool {
	if s.All {
		return true
	}
	_, found := slices.BinarySearch(s.InboxIDs, inbox)
	return found
}

// Sights tells what agents see: see docs/adr/0020. It remembers that for a
// second.
type Sights struct {
	store store.Reader
	clock core.Clock

	mu    sync.Mutex // guards what follows
	known map[viewer]knownSight
}

type viewer struct{ account, agent int64 }

type knownSight struct {
	sight  Sight
	readAt core.Time
}

// Bounds of what Sights remembers.
const (
	maxSightAge = core.Time(time.Second / time.Microsecond)
	maxSights   = 10_000
)

// NewSights returns the sights of the agents in st.
func NewSights(st store.Reader, clock core.Clock) *Sights {
	return &Sights{store: st, clock: clock, known: map[viewer]knownSight{}}
}

// Of returns what an agent sees; agent 0 is the account itself, which sees all.
// Who is no agent of the account, or not any more, sees nothing. The sight is
// the caller's to read and nobody's to change.
func (s *Sights) Of(ctx context.Context, account, agent int64) (Sight, error) {
	if agent == 0 {
		return Sight{All: true}, nil
	}
	now, v := s.clock(), viewer{account, agent}
	s.mu.Lock()
	k, ok := s.known[v]
	s.mu.Unlock()
	// A clock that was set back must not make an old reading look fresh.
	if age := now - k.readAt; ok && age >= 0 && age < maxSightAge {
		return k.sight, nil
	}
	sight, err := s.read(ctx, v)
	if err != nil {
		return Sight{}, fmt.Errorf("read what agent %d sees: %w", agent, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSights {
		clear(s.known) // all of it is read again within a second anyway
	}
	s.known[v] = knownSight{sight, now}
	return sight, nil
}

func (s *Sights) read(ctx context.Context, v viewer) (Sight, error) {
	a, err := s.store.Agent(ctx, v.account, v.agent)
	switch {
	case err != nil && core.KindOf(err) == core.NotFound, err == nil && a.DeletedAt.IsSet():
		return Sight{}, nil
	case err != nil:
		return Sight{}, err
	case a.Role == core.Administrator:
		return Sight{All: true}, nil
	}
	ids, all, err := s.store.InboxesInSight(ctx, v.account, v.agent)
	return Sight{All: all, InboxIDs: ids}, err
}

// Forget drops what is remembered of an agent: who has heard of a change asks
// behind it.
func (s *Sights) Forget(account, agent int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, viewer{account, agent})
}
