package interchange

import (
	"context"
	"fmt"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// unresolved reports a conversation that names an entry which never came.
func (im *importer) unresolved(ctx context.Context) error {
	var first *LineError
	for _, account := range im.order {
		fault, err := im.unresolvedIn(ctx, account)
		if err != nil {
			return err
		}
		if fault != nil && (first == nil || fault.Line < first.Line) {
			first = fault
		}
	}
	if first != nil {
		return first
	}
	return nil
}

func (im *importer) unresolvedIn(ctx context.Context, account int64) (*LineError, error) {
	var first *LineError
	err := im.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		first = nil
		id, err := stagedNumber(ctx, tx, account, stagedWaiting, 0)
		for ; err == nil && id != 0; id, err = stagedNumber(ctx, tx, account, stagedWaiting, id) {
			state, _, err := findState(ctx, tx, account, id)
			if err != nil {
				return err
			}
			key, entry := state.waits()
			if key == "" || (first != nil && first.Line <= state.Line) {
				continue
			}
			first = &LineError{state.Line, fmt.Errorf("conversation %d: %s names message %d, which never came", id, key, entry)}
		}
		return err
	})
	return first, err
}

// finish tells of what was stored: one event and a new epoch for each account
// that changed. Only a complete import lets go of what is staged.
func (im *importer) finish(ctx context.Context, complete bool) error {
	for _, account := range im.order {
		var err error
		if complete {
			err = im.makeContactInboxes(ctx, account)
		}
		if err == nil {
			err = im.finishAccount(ctx, account, complete)
		}
		if err != nil {
			return fmt.Errorf("finish the import into account %d: %w", account, err)
		}
	}
	return nil
}

// makeContactInboxes makes the contact inboxes of conversations that the file gives
// none. They come last, so that the ids they take are of no record of the
// file.
func (im *importer) makeContactInboxes(ctx context.Context, account int64) error {
	for more := true; more; {
		err := im.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
			id, err := stagedNumber(ctx, tx, account, stagedIncomplete, 0)
			if err != nil || id == 0 {
				more = false
				return err
			}
			more = true
			for n := 0; n < defaultBatchRecords && id != 0; n++ {
				if err := makeContactInbox(ctx, tx, account, id); err != nil {
					return err
				}
				if id, err = stagedNumber(ctx, tx, account, stagedIncomplete, id); err != nil {
					return err
				}
			}
			return putNumber(ctx, tx, account, stagedIncomplete, 0, id)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func makeContactInbox(ctx context.Context, tx store.Tx, account, id int64) error {
	c, err := tx.LockConversation(ctx, account, id)
	if err != nil || c.ContactInboxID != 0 {
		return err
	}
	ci, ok, err := tx.FindContactInbox(ctx, account, c.IdentityID, c.InboxID)
	if err != nil {
		return err
	}
	if !ok {
		ci = core.ContactInbox{
			AccountID:   account,
			IdentityID:  c.IdentityID,
			ContactID:   c.ContactID,
			InboxID:     c.InboxID,
			SourceID:    newSourceID(),
			PubsubToken: core.NewKey(),
			CreatedAt:   c.CreatedAt,
		}
		if err := tx.InsertContactInbox(ctx, &ci); err != nil {
			return err
		}
	}
	c.ContactInboxID = ci.ID
	return tx.UpdateConversation(ctx, c)
}

func (im *importer) finishAccount(ctx context.Context, account int64, complete bool) error {
	return im.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		n, err := stagedNumber(ctx, tx, account, stagedCount, 0)
		if err != nil {
			return err
		}
		_, before, err := tx.FindStaged(ctx, account, stagedCount, 0)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := im.tell(ctx, tx, account, n); err != nil {
				return err
			}
		}
		switch {
		case complete && (before || im.staged[account]):
			return tx.ClearStaged(ctx, account)
		case n > 0:
			return putNumber(ctx, tx, account, stagedCount, 0, 0)
		}
		return nil
	})
}

// indexDelay is how long after the last batch the search index is filled, where
// no end of the import has it done before.
const indexDelay = core.Time(time.Minute / time.Microsecond)

// indexAt has what was stored indexed at a time: batches leave the index alone.
func indexAt(ctx context.Context, tx store.Tx, account int64, at core.Time) error {
	return tx.PutJob(ctx, store.Job{AccountID: account, Kind: store.BackfillJob, RunAt: at})
}

// tell renews the account's epoch, so that cursors of the log from before the
// import are noticed, and writes the event.
func (im *importer) tell(ctx context.Context, tx store.Tx, account, records int64) error {
	if err := indexAt(ctx, tx, account, im.opts.Clock()); err != nil {
		return err
	}
	a, err := tx.Account(ctx, account)
	if err != nil {
		return err
	}
	a.Epoch = core.NewEpoch()
	if err := tx.UpdateAccount(ctx, a); err != nil {
		return err
	}
	tx.Emit(core.Event{
		AccountID: account,
		Type:      core.AccountImported,
		At:        im.now,
		Actor:     core.Actor{Type: core.ActorSystem},
		Data:      core.Import{Account: a, Records: records},
	})
	return nil
}
