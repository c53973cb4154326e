package integrity

import (
	"context"

	"parley/internal/core"
)

// checkWebhooks proves that every webhook can go on: it stands somewhere in the
// log, and what is still to be sent lies behind it.
func (c *check) checkWebhooks(ctx context.Context) error {
	return pages(ctx, c, "webhooks", c.r.PageWebhooks, func(w core.Webhook) int64 { return w.ID },
		func(ctx context.Context, webhooks []core.Webhook) error {
			for i := range webhooks {
				if err := c.checkPosition(ctx, webhooks[i].ID); err != nil {
					return err
				}
			}
			return nil
		})
}

func (c *check) checkPosition(ctx context.Context, webhook int64) error {
	p, err := c.r.WebhookPosition(ctx, c.account.ID, webhook)
	if core.KindOf(err) == core.NotFound {
		c.fault("webhook", webhook, "has no position: nothing is sent to it")
		return nil
	}
	if err != nil {
		return err
	}
	if p.Seq < 0 || p.Seq > c.account.EventSeq {
		c.fault("webhook", webhook, "stands at event %d, the log ends at %d", p.Seq, c.account.EventSeq)
	}
	ahead, err := c.r.ListOpenDeliveries(ctx, c.account.ID, webhook, p.Seq, 1)
	if err == nil && len(ahead) > 0 {
		c.fault("webhook", webhook, "stands at event %d, event %d is to be sent already", p.Seq, ahead[0].Seq)
	}
	return err
}
