package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// listShown is List without deleted labels.
func (s *Reads) listShown(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	threads, err := s.List(ctx, account, q)
	if err != nil {
		return nil, err
	}
	return threads, s.dropDeleted(ctx, account, threads)
}

// dropDeleted takes deleted labels out of threads that were read: they stay in
// the rows of the conversations that carried them. It costs one look-up of the
// labels that the threads have, and none for threads without labels.
func (s *Reads) dropDeleted(ctx context.Context, account int64, threads []core.Thread) error {
	var ids []int64
	for i := range threads {
		ids = append(ids, threads[i].Conversation.LabelIDs...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	gone := map[int64]bool{}
	for chunk := range slices.Chunk(slices.Compact(ids), store.MaxIDs) {
		labels, err := s.store.LabelsByID(ctx, account, chunk)
		if err != nil {
			return fmt.Errorf("read labels: %w", err)
		}
		for i := range labels {
			if labels[i].DeletedAt.IsSet() {
				gone[labels[i].ID] = true
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for i := range threads {
		c := &threads[i].Conversation
		c.LabelIDs = slices.DeleteFunc(c.LabelIDs, func(id int64) bool { return gone[id] })
	}
	return nil
}
