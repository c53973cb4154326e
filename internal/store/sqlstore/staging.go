package sqlstore

import "context"

var (
	putStagedSQL = `INSERT INTO staged (account_id, kind, key, text) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, kind, key) DO UPDATE SET text = excluded.text`
	findStagedSQL  = "SELECT text FROM staged WHERE account_id = $1 AND kind = $2 AND key = $3"
	clearStagedSQL = "DELETE FROM staged WHERE account_id = $1"
)

// PutStaged implements store.Staging.
func (t *tx) PutStaged(ctx context.Context, account int64, kind string, key int64, text string) error {
	_, err := t.exec(ctx, putStagedSQL, id(account), keyText(kind), key, text)
	return err
}

// FindStaged implements store.Staging.
func (t *tx) FindStaged(ctx context.Context, account int64, kind string, key int64) (string, bool, error) {
	return find(ctx, t.checked, new(line), findStagedSQL, account, kind, key)
}

// ClearStaged implements store.Staging.
func (t *tx) ClearStaged(ctx context.Context, account int64) error {
	_, err := t.exec(ctx, clearStagedSQL, account)
	return err
}
