package conversation

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

// AppendIn is Append inside a command that the caller runs.
func (s *Writes) AppendIn(ctx context.Context, tx store.Tx, account int64, in NewEntry) (core.Entry, error) {
	return s.appendIn(ctx, tx, account, in)
}
