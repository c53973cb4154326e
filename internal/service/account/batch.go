package account

import (
	"context"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/store"
)

// batch is how many conversations one command changes, so that it holds up no
// others.
const batch = 100

// inBatches runs step in one command after the other until it is done.
func (s *Accounts) inBatches(ctx context.Context, account int64, step func(ctx context.Context, tx store.Tx) (done bool, err error)) error {
	for done := false; !done; {
		err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
			done, err = step(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changeConversations applies a rule, which returns the names of what it
// changed, to conversations, for the cause. Those that are nobody's then are
// offered to others.
func (s *Accounts) changeConversations(
	ctx context.Context, tx store.Tx, by core.Actor, account int64, ids []int64, cause string, rule func(c *core.Conversation, at core.Time) []string,
) error {
	now := s.clock()
	for _, id := range ids {
		c, err := tx.LockConversation(ctx, account, id)
		if err != nil {
			return err
		}
		was := c
		changed := rule(&c, now)
		if len(changed) == 0 {
			continue
		}
		if err := tx.UpdateConversation(ctx, c); err != nil {
			return err
		}
		tx.Emit(core.Event{
			AccountID: account, Type: core.ConversationUpdated, At: now, Actor: orSystem(by),
			ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
			Data: core.ConversationChange{Conversation: c, Changed: changed, Cause: cause, Before: core.BeforeOf(&was, changed)},
		})
		if !c.Unassigned() {
			continue
		}
		inbox, err := tx.Inbox(ctx, account, c.InboxID)
		if err != nil {
			return err
		}
		if err := assignment.Offer(ctx, tx, &c, &inbox, now); err != nil {
			return err
		}
	}
	return nil
}
