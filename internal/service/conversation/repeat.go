package conversation

import (
	"context"

	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Repeat names a command so that it may be asked again.
type Repeat = repeat.Key

// repeatable runs a command that gives an answer. When it was asked before, found
// is called with the answer of then instead. r may be nil.
func (s *Writes) repeatable(
	ctx context.Context, account int64, r *Repeat,
	run func(ctx context.Context, tx store.Tx) (answer string, err error),
	found func(ctx context.Context, tx store.Tx, answer string) error,
) error {
	return repeat.Once(ctx, s.store, s.clock, account, r, run, found)
}
