package webhook

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// maxOpened is how many deliveries are opened again at once.
const maxOpened = 10_000

// Deliveries returns deliveries of the webhook without their bodies, the newest
// event first: see store.DeliveryQuery. A list goes on before the Seq of its
// last row.
func (s *Webhooks) Deliveries(ctx context.Context, account, webhook int64, q store.DeliveryQuery) ([]core.Delivery, error) {
	if _, err := s.Webhook(ctx, account, webhook); err != nil {
		return nil, err
	}
	rows, err := s.store.ListDeliveries(ctx, account, webhook, q)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return rows, nil
}

// Delivery returns a delivery with its body, by the number of its event.
func (s *Webhooks) Delivery(ctx context.Context, account, webhook, seq int64) (core.Delivery, error) {
	if _, err := s.Webhook(ctx, account, webhook); err != nil {
		return core.Delivery{}, err
	}
	d, err := s.store.Delivery(ctx, account, webhook, seq)
	if err != nil {
		return core.Delivery{}, fmt.Errorf("read delivery: %w", err)
	}
	return d, nil
}

// Attempts returns at most limit attempts of a delivery after the number, the
// first one first.
func (s *Webhooks) Attempts(ctx context.Context, account, webhook, seq, after int64, limit int) ([]core.Attempt, error) {
	if _, err := s.Delivery(ctx, account, webhook, seq); err != nil {
		return nil, err
	}
	rows, err := s.store.ListAttempts(ctx, account, webhook, seq, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	return rows, nil
}

// Replay sends a delivery again that has ended, under the same message id and
// with the same body. It comes before newer ones of its conversation. One that
// is open is on its way already and stays as it is; one without a body is
// core.Conflict.
func (s *Webhooks) Replay(ctx context.Context, account, webhook, seq int64) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		d, err := tx.Delivery(ctx, account, webhook, seq)
		if err != nil {
			return err
		}
		if d.Body == "" {
			return &core.Error{Kind: core.Conflict, Message: "the delivery has no body"}
		}
		_, err = s.reopen(ctx, tx, account, webhook, store.DeliveryQuery{Before: seq + 1, After: seq - 1, Limit: 1})
		return err
	})
	if err != nil {
		return fmt.Errorf("replay delivery: %w", err)
	}
	return nil
}

// ReplayRange is Replay for all that match the query, the oldest first, at most
// q.Limit; more than 10,000 are refused. It returns how many are sent again.
func (s *Webhooks) ReplayRange(ctx context.Context, account, webhook int64, q store.DeliveryQuery) (n int, err error) {
	if q.Limit > maxOpened {
		return 0, core.Refuse("limit", fmt.Sprintf("at most %d deliveries are sent again at once", maxOpened))
	}
	err = s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		n, err = s.reopen(ctx, tx, account, webhook, q)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("replay deliveries: %w", err)
	}
	return n, nil
}

func (s *Webhooks) reopen(ctx context.Context, tx store.Tx, account, webhook int64, q store.DeliveryQuery) (int, error) {
	w, err := tx.Webhook(ctx, account, webhook)
	if err != nil {
		return 0, err
	}
	if !w.Active() {
		return 0, &core.Error{Kind: core.Conflict, Message: "nothing is sent to the webhook: it is paused or not enabled"}
	}
	now := s.clock()
	n, err := tx.OpenDeliveries(ctx, account, webhook, q, false, now)
	if err != nil || n == 0 {
		return n, err
	}
	return n, tx.HastenJob(ctx, store.DeliverOf(account, webhook, now))
}
