package conversation

import (
	"context"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// Repeat names a command so that it may be asked again: the same caller, key
// and hash within a day get the answer of the first time, and nothing happens
// twice. The same key with another hash is core.Conflict.
type Repeat struct {
	Caller    string // token or contact, as the door names them
	Operation string
	Key       string
	Hash      string // of all that was asked
}

// answersKept is how long answers are kept.
const answersKept = core.Time(24 * time.Hour / time.Microsecond)

// maxRepeatKeyBytes bounds a caller's key.
const maxRepeatKeyBytes = 255

// repeatable runs a command that gives an answer. When it was asked before, found
// is called with the answer of then instead. r may be nil.
func (s *Writes) repeatable(
	ctx context.Context, account int64, r *Repeat,
	run func(ctx context.Context, tx store.Tx) (answer string, err error),
	found func(ctx context.Context, tx store.Tx, answer string) error,
) error {
	if r == nil {
		return s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
			_, err := run(ctx, tx)
			return err
		})
	}
	if len(r.Key) > maxRepeatKeyBytes {
		return core.Refuse("idempotency key", "is too long")
	}
	once := func(ctx context.Context, tx store.Tx) error {
		now := s.clock()
		before, ok, err := tx.FindAnswer(ctx, account, r.Caller, r.Operation, r.Key)
		if err != nil {
			return err
		}
		if ok && before.CreatedAt >= now-answersKept {
			if before.Hash != r.Hash {
				return &core.Error{Kind: core.Conflict, Field: "idempotency key", Message: "the key was used for another request"}
			}
			return found(ctx, tx, before.Answer)
		}
		answer, err := run(ctx, tx)
		if err != nil {
			return err
		}
		return tx.PutAnswer(ctx, store.AnsweredRequest{
			AccountID: account, Caller: r.Caller, Operation: r.Operation, Key: r.Key,
			Hash: r.Hash, Answer: answer, CreatedAt: now,
		}, now-answersKept)
	}
	err := s.store.InTx(ctx, account, once)
	if err != nil && core.KindOf(err) == core.Conflict {
		// Another node may have answered it at the same moment: then its answer
		// is found now, and any other conflict comes again.
		err = s.store.InTx(ctx, account, once)
	}
	return err
}
