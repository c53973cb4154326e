package integrity

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

// maxKnown bounds what a lookup remembers.
const maxKnown = 8 * store.MaxIDs

// lookup finds things by id and remembers a bounded number of them, absent
// ones too.
type lookup[T any] struct {
	fetch func(ctx context.Context, ids []int64) ([]T, error)
	id    func(T) int64
	known map[int64]*T // nil: absent
}

func newLookup[T any](fetch func(ctx context.Context, ids []int64) ([]T, error), id func(T) int64) lookup[T] {
	return lookup[T]{fetch: fetch, id: id, known: map[int64]*T{}}
}

// singly makes a fetch of many from a Get of one.
func singly[T any](get func(ctx context.Context, id int64) (T, error)) func(ctx context.Context, ids []int64) ([]T, error) {
	return func(ctx context.Context, ids []int64) ([]T, error) {
		var found []T
		for _, id := range ids {
			one, err := get(ctx, id)
			if err != nil {
				if core.KindOf(err) == core.NotFound {
					continue
				}
				return nil, err
			}
			found = append(found, one)
		}
		return found, nil
	}
}

// fill fetches those of the ids that are not known yet; 0 is none.
func (l *lookup[T]) fill(ctx context.Context, ids []int64) error {
	var missing []int64
	for _, id := range ids {
		if _, known := l.known[id]; !known && id != 0 {
			missing = append(missing, id)
			l.known[id] = nil
		}
	}
	for len(missing) > 0 {
		chunk := missing[:min(len(missing), store.MaxIDs)]
		missing = missing[len(chunk):]
		found, err := l.fetch(ctx, chunk)
		if err != nil {
			return err
		}
		for _, one := range found {
			l.known[l.id(one)] = &one
		}
	}
	return nil
}

// get returns the thing, nil when the account has none with that id.
func (l *lookup[T]) get(ctx context.Context, id int64) (*T, error) {
	if one, known := l.known[id]; known {
		return one, nil
	}
	if len(l.known) >= maxKnown {
		clear(l.known)
	}
	if err := l.fill(ctx, []int64{id}); err != nil {
		return nil, err
	}
	return l.known[id], nil
}

// trim forgets everything when that is much. It is called between pages, so
// that what a page filled stays until the page is done.
func (l *lookup[T]) trim() {
	if len(l.known) >= maxKnown {
		clear(l.known)
	}
}
