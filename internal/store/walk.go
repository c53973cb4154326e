package store

import "context"

// All reads a whole table of the account page by page, size rows at a time:
// page is a method of Page, and id gives a row's id. It is for tables of which
// an account has few rows.
func All[T any](
	ctx context.Context, account int64, size int,
	page func(ctx context.Context, account, after int64, limit int) ([]T, error), id func(*T) int64,
) ([]T, error) {
	var all []T
	for after := int64(0); ; {
		rows, err := page(ctx, account, after, size)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(rows) < size {
			return all, nil
		}
		after = id(&rows[len(rows)-1])
	}
}
