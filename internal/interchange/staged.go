package interchange

import (
	"context"
	"strconv"

	"parley/internal/store"
)

// What an import stages, by kind. The key is 0 where none is named.
const (
	// stagedCount is how many records were stored in the account of which no
	// event has told yet.
	stagedCount = "stored"
	// stagedThread is a threadState, by the conversation's id in the store.
	stagedThread = "conversation"
	// stagedOwnIdentity is the id of an agent, by that of its own identity, if
	// the file does not give it.
	stagedOwnIdentity = "own_identity"
	// stagedHeard marks contacts, by id, whose last activity follows from
	// their messages, because the file does not give it.
	stagedHeard = "heard"
	// stagedWaiting lists the conversations that waited for an entry at the
	// end of some batch.
	stagedWaiting = "waiting"
	// stagedIncomplete lists the conversations whose contact inbox is yet to be
	// made.
	stagedIncomplete = "incomplete"
)

// stagedNumber reads a number; 0 when it is not staged.
func stagedNumber(ctx context.Context, tx store.Tx, account int64, kind string, key int64) (int64, error) {
	text, ok, err := tx.FindStaged(ctx, account, kind, key)
	if err != nil || !ok {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func putNumber(ctx context.Context, tx store.Tx, account int64, kind string, key, n int64) error {
	return tx.PutStaged(ctx, account, kind, key, strconv.FormatInt(n, 10))
}

// A staged list is a linked one, because staged things are found by key alone:
// under each id stands the next one, the first under 0.

// push adds an id at the front of a list, unless it is there: twice, and the
// list would have no end.
func push(ctx context.Context, tx store.Tx, account int64, kind string, id int64) error {
	if _, listed, err := tx.FindStaged(ctx, account, kind, id); err != nil || listed {
		return err
	}
	first, err := stagedNumber(ctx, tx, account, kind, 0)
	if err != nil {
		return err
	}
	if err := putNumber(ctx, tx, account, kind, id, first); err != nil {
		return err
	}
	return putNumber(ctx, tx, account, kind, 0, id)
}
