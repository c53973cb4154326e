// Package repeat runs a command once, however often its caller asks for it:
// see docs/adr/0010.
package repeat

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// Key names a command so that it may be asked again: the same caller, key and
// hash within a day get the answer of the first time, and nothing happens
// twice. The same key with another hash is core.Conflict. A Key belongs to one
// request.
type Key struct {
	Caller    string // token or contact, as the door names them
	Operation string
	Key       string
	Hash      string // of all that was asked
	// Repeated is set by Once: the answer is the one of an earlier request.
	Repeated bool
}

// Field is the Field of errors about the key itself.
const Field = "idempotency key"

// answersKept is how long answers are kept.
const answersKept = core.Time(24 * time.Hour / time.Microsecond)

// maxKeyBytes bounds a caller's key.
const maxKeyBytes = 255

// Once runs a command that gives an answer. When it was asked before, found is
// called with the answer of then instead. k may be nil: then the command may
// not be asked again.
func Once(
	ctx context.Context, st store.Store, clock core.Clock, account int64, k *Key,
	run func(ctx context.Context, tx store.Tx) (answer string, err error),
	found func(ctx context.Context, tx store.Tx, answer string) error,
) error {
	if k == nil {
		return st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
			_, err := run(ctx, tx)
			return err
		})
	}
	if len(k.Key) > maxKeyBytes {
		return core.Refuse(Field, "is too long")
	}
	once := func(ctx context.Context, tx store.Tx) error {
		now := clock()
		before, ok, err := tx.FindAnswer(ctx, account, k.Caller, k.Operation, k.Key)
		if err != nil {
			return err
		}
		if k.Repeated = ok && before.CreatedAt >= now-answersKept; k.Repeated {
			if before.Hash != k.Hash {
				return &core.Error{Kind: core.Conflict, Field: Field, Message: "the key was used for another request"}
			}
			return found(ctx, tx, before.Answer)
		}
		answer, err := run(ctx, tx)
		if err != nil {
			return err
		}
		return tx.PutAnswer(ctx, store.AnsweredRequest{
			AccountID: account, Caller: k.Caller, Operation: k.Operation, Key: k.Key,
			Hash: k.Hash, Answer: answer, CreatedAt: now,
		}, now-answersKept)
	}
	err := st.InTx(ctx, account, once)
	if err != nil && core.KindOf(err) == core.Conflict {
		// Another node may have answered it at the same moment: then its answer
		// is found now, and any other conflict comes again.
		err = st.InTx(ctx, account, once)
	}
	return err
}

// Made is Once for a command that makes one thing: run makes it and returns it
// with its id; find returns the thing of an id as it is now.
func Made[T any](
	ctx context.Context, st store.Store, clock core.Clock, account int64, k *Key,
	run func(ctx context.Context, tx store.Tx) (T, int64, error),
	find func(ctx context.Context, tx store.Tx, id int64) (T, error),
) (T, error) {
	var made T
	err := Once(ctx, st, clock, account, k, func(ctx context.Context, tx store.Tx) (answer string, err error) {
		var id int64
		made, id, err = run(ctx, tx)
		return strconv.FormatInt(id, 10), err
	}, func(ctx context.Context, tx store.Tx, answer string) error {
		id, err := strconv.ParseInt(answer, 10, 64)
		if err != nil {
			return fmt.Errorf("read the answer of a request: %w", err)
		}
		made, err = find(ctx, tx, id)
		return err
	})
	return made, err
}
