package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/internal/core"
	"parley/internal/memo"
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
	known *memo.Memo[viewer, Sight]
}

type viewer struct{ account, agent int64 }

// maxSightAge is for how long a sight is remembered.
const maxSightAge = core.Time(time.Second / time.Microsecond)

// NewSights returns the sights of the agents in st.
func NewSights(st store.Reader, clock core.Clock) *Sights {
	return &Sights{store: st, clock: clock, known: memo.New[viewer, Sight](maxSightAge)}
}

// Of returns what an agent sees; agent 0 is the account itself, which sees all.
// Who is no agent of the account, or not any more, sees nothing. The sight is
// the caller's to read and nobody's to change.
func (s *Sights) Of(ctx context.Context, account, agent int64) (Sight, error) {
	if agent == 0 {
		return Sight{All: true}, nil
	}
	v := viewer{account, agent}
	sight, _, err := s.known.Get(s.clock(), v, func() (Sight, bool, error) {
		sight, err := s.read(ctx, v)
		return sight, true, err
	})
	if err != nil {
		return Sight{}, fmt.Errorf("read what agent %d sees: %w", agent, err)
	}
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
	s.known.Forget(viewer{account, agent})
}
