package api

import (
	"context"
	"time"

	"parley/internal/core"
)

// Webhook is an address that events are sent to.
type Webhook struct {
	ID           int64    `json:"id"`
	URL          string   `json:"url"`
	Events       []string `json:"events" doc:"The types of events that are sent; * stands for all."`
	Format       string   `json:"format" doc:"How an event is put into a body."`
	Enabled      bool     `json:"enabled"`
	PausedAt     *Time    `json:"paused_at" nullable:"true" doc:"Set while nothing is sent because the receiver was given up."`
	PausedReason *string  `json:"paused_reason" doc:"failing: nothing has arrived for days; gone: the receiver has answered 410."`
	CreatedAt    Time     `json:"created_at"`
	UpdatedAt    Time     `json:"updated_at"`
}

// KeyedWebhook is a webhook with what receivers check signatures with.
type KeyedWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"Signs what is sent, as Standard Webhooks say. No other answer shows it."`
}

// WebhookInput is what a webhook is made of.
type WebhookInput struct {
	URL     string   `json:"url" minLength:"1" maxLength:"2048" doc:"Begins with https://, or with http:// where the operator allows a private network. No other webhook of the account has it."`
	Events  []string `json:"events,omitempty" maxItems:"100" minLength:"1" maxLength:"100" doc:"The types of events that are sent; * stands for all, and so does none."`
	Format  string   `json:"format,omitempty" enum:"parley,chatwoot,commbox_xml,commbox_json" default:"parley" doc:"How an event is put into a body: as /v1/events shows it, or as a Chatwoot server or CommBox sends it, which have a body for some types alone."`
	Enabled bool     `json:"enabled,omitempty" default:"true"`
}

// WebhookPatch is a change of a webhook.
type WebhookPatch struct {
	URL     Optional[string]   `json:"url,omitzero" minLength:"1" maxLength:"2048"`
	Events  Optional[[]string] `json:"events,omitzero" maxItems:"100" minLength:"1" maxLength:"100"`
	Format  Optional[string]   `json:"format,omitzero" enum:"parley,chatwoot,commbox_xml,commbox_json"`
	Enabled Optional[bool]     `json:"enabled,omitzero" doc:"One that is enabled again hears of what happens from then on, after what was to be sent before."`
}

// SecretRotation is how a webhook's secret makes way for another one.
type SecretRotation struct {
	OverlapSeconds int64 `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" doc:"How long the old secret signs beside the new one; 0: it does not."`
}

func toWebhook(w *core.Webhook) Webhook {
	return Webhook{
		ID: w.ID, URL: w.URL, Events: orEmpty(w.Events), Format: w.Format, Enabled: w.Enabled,
		PausedAt: timeOrNull(w.PausedAt), PausedReason: orNull(w.PausedReason), CreatedAt: Time(w.CreatedAt), UpdatedAt: Time(w.UpdatedAt),
	}
}

func showWebhook(w core.Webhook, err error) (reply[Webhook], error) {
	return reply[Webhook]{body: toWebhook(&w), record: w}, err
}

func showSecret(w core.Webhook, err error) (reply[KeyedWebhook], error) {
	return reply[KeyedWebhook]{
		body: KeyedWebhook{Webhook: toWebhook(&w), Secret: w.Secret}, record: w, location: address("/v1/webhooks/", w.ID),
	}, err
}

// The heading of what has to do with webhooks.
const webhooksTag = "Webhooks"

func (a *API) webhookOperations() {
	const list, one = "/v1/webhooks", "/v1/webhooks/{id}"
	n := names{unique: "url"}
	read(a, op{path: list, id: "listWebhooks", tag: webhooksTag, summary: "List the webhooks", permit: core.PermitStaff}, a.listWebhooks)
	read(a, op{path: one, id: "getWebhook", tag: webhooksTag, summary: "Read a webhook", permit: core.PermitStaff}, a.getWebhook)
	create(a, op{path: list, id: "createWebhook", tag: webhooksTag, summary: "Make a webhook", permit: core.PermitStaff, names: n}, a.createWebhook)
	update(a, op{method: "PATCH", path: one, id: "updateWebhook", tag: webhooksTag, summary: "Change a webhook", permit: core.PermitStaff, names: n}, a.updateWebhook)
	remove(a, op{path: one, id: "deleteWebhook", tag: webhooksTag, summary: "Delete a webhook, and with it what was to be sent", permit: core.PermitStaff}, a.deleteWebhook)
	update(a, op{method: "POST", path: one + "/rotate_secret", id: "rotateWebhookSecret", tag: webhooksTag, summary: "Give a webhook another secret", permit: core.PermitStaff, conditional: true}, a.rotateWebhookSecret)
	act(a, op{path: one + "/resume", id: "resumeWebhook", tag: webhooksTag, summary: "Go on sending to a webhook that was paused, from where it stood", permit: core.PermitStaff, conditional: true}, a.resumeWebhook)
	act(a, op{path: one + "/test", id: "testWebhook", tag: webhooksTag, summary: "Send a webhook an event that tells of nothing but the test", permit: core.PermitStaff, conditional: true}, a.testWebhook)
}

// listWebhooks serves GET /v1/webhooks.
func (a *API) listWebhooks(ctx context.Context, c *caller, in *PageOf) (reply[List[Webhook]], error) {
	return listByID(in, "webhooks", func(after int64, limit int) ([]core.Webhook, error) {
		return a.webhooks.Page(ctx, c.AccountID, after, limit)
	}, func(w *core.Webhook) int64 { return w.ID }, toWebhook)
}

// getWebhook serves GET /v1/webhooks/{id}.
func (a *API) getWebhook(ctx context.Context, c *caller, in *ByID) (reply[Webhook], error) {
	return showWebhook(a.webhooks.Webhook(ctx, c.AccountID, in.ID))
}

// createWebhook serves POST /v1/webhooks.
func (a *API) createWebhook(ctx context.Context, c *caller, in *Creation[WebhookInput]) (reply[KeyedWebhook], error) {
	b := &in.Body
	return showSecret(a.webhooks.Create(ctx, c.actor(), core.Webhook{
		AccountID: c.AccountID, URL: b.URL, Events: b.Events, Format: b.Format, Enabled: b.Enabled,
	}, c.again))
}

// updateWebhook serves PATCH /v1/webhooks/{id}.
func (a *API) updateWebhook(ctx context.Context, c *caller, in *Change[WebhookPatch]) (reply[Webhook], error) {
	may, b := unchanged[core.Webhook](c), &in.Body
	return showWebhook(a.webhooks.Update(ctx, c.actor(), c.AccountID, in.ID, func(w *core.Webhook) error {
		for _, change := range []func() error{
			func() error { return may.Of(*w) },
			func() error { return b.URL.changeTo(&w.URL, "url") },
			func() error { return b.Events.changeTo(&w.Events, "events") },
			func() error { return b.Format.changeTo(&w.Format, "format") },
			func() error { return b.Enabled.changeTo(&w.Enabled, "enabled") },
		} {
			if err := change(); err != nil {
				return err
			}
		}
		return nil
	}))
}

// deleteWebhook serves DELETE /v1/webhooks/{id}.
func (a *API) deleteWebhook(ctx context.Context, c *caller, in *ByID) error {
	return a.webhooks.Delete(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Webhook](c))
}

// rotateWebhookSecret serves POST /v1/webhooks/{id}/rotate_secret.
func (a *API) rotateWebhookSecret(ctx context.Context, c *caller, in *Change[SecretRotation]) (reply[KeyedWebhook], error) {
	overlap := time.Duration(in.Body.OverlapSeconds) * time.Second
	return showSecret(a.webhooks.RotateSecret(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Webhook](c), overlap))
}

// resumeWebhook serves POST /v1/webhooks/{id}/resume.
func (a *API) resumeWebhook(ctx context.Context, c *caller, in *ByID) (reply[Webhook], error) {
	return showWebhook(a.webhooks.Resume(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Webhook](c)))
}

// testWebhook serves POST /v1/webhooks/{id}/test.
func (a *API) testWebhook(ctx context.Context, c *caller, in *ByID) (reply[Webhook], error) {
	if err := a.webhooks.Test(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Webhook](c)); err != nil {
		return reply[Webhook]{}, impossible(err)
	}
	return showWebhook(a.webhooks.Webhook(ctx, c.AccountID, in.ID))
}
