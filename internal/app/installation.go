// Package app wires Parley together: the store, the use cases, the doors, and
// the order in which they start and stop. It is the only package that knows
// all the others.
package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"parley/internal/store"
)

// idKeySetting names the setting that keeps the key of opaque ids. It lives in
// the database so that all nodes share it and a restore brings it back: a
// client keeps encrypted ids in its own configuration.
const idKeySetting = "id_key"

// idKeyBytes is the key's length. The keys of the ciphers are derived from it.
const idKeyBytes = 64

// IDKey returns the installation's key of opaque ids, making it on first use.
func IDKey(ctx context.Context, st store.Store) ([]byte, error) {
	value, ok, err := st.FindSetting(ctx, idKeySetting)
	if err != nil {
		return nil, fmt.Errorf("read id key: %w", err)
	}
	if !ok {
		err = st.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error {
			// Another node may have been first.
			if value, ok, err = tx.FindSetting(ctx, idKeySetting); ok || err != nil {
				return err
			}
			var key [idKeyBytes]byte
			_, _ = rand.Read(key[:]) // crypto/rand.Read never fails
			value = base64.StdEncoding.EncodeToString(key[:])
			return tx.PutSetting(ctx, idKeySetting, value)
		})
		if err != nil {
			return nil, fmt.Errorf("make id key: %w", err)
		}
	}
	key, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(key) != idKeyBytes {
		return nil, fmt.Errorf("the setting %s is not %d bytes in base64", idKeySetting, idKeyBytes)
	}
	return key, nil
}
