package sqlstore

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

var uploadTable = newTable("uploads", "account_id int, key text, created_at int")

type uploadRow struct{ store.Upload }

func (r *uploadRow) targets() []any      { return []any{&r.AccountID, &r.Key, &r.CreatedAt} }
func (r *uploadRow) value() store.Upload { return r.Upload }

var (
	findUploadSQL  = uploadTable.selectFrom("WHERE account_id = $1 AND key = $2")
	listUploadsSQL = uploadTable.selectFrom("WHERE account_id = $1 AND created_at < $2 ORDER BY created_at, key LIMIT $3")
	putUploadSQL   = uploadTable.insert()
	takeUploadSQL  = "DELETE FROM uploads WHERE account_id = $1 AND key = $2"
)

// FindUpload implements store.Uploads.
func (r reader) FindUpload(ctx context.Context, account int64, key string) (store.Upload, bool, error) {
	return find(ctx, r.checked, new(uploadRow), findUploadSQL, account, key)
}

// ListUploads implements store.Uploads.
func (r reader) ListUploads(ctx context.Context, account int64, before core.Time, limit int) ([]store.Upload, error) {
	return page(ctx, r.checked, new(uploadRow), limit, listUploadsSQL, account, before)
}

// PutUpload implements store.Tx.
func (t *tx) PutUpload(ctx context.Context, u store.Upload) error {
	_, err := t.exec(ctx, putUploadSQL, id(u.AccountID), keyText(u.Key), u.CreatedAt)
	return err
}

// TakeUpload implements store.Tx.
func (t *tx) TakeUpload(ctx context.Context, account int64, key string) (bool, error) {
	n, err := t.exec(ctx, takeUploadSQL, account, key)
	return n > 0, err
}
