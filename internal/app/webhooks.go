package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"parley/internal/api"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/dialect/chatwoot"
	"parley/internal/live"
	"parley/internal/safehttp"
	"parley/internal/service/file"
	hooks "parley/internal/service/webhook"
	"parley/internal/store"
	"parley/internal/webhook"
)

// Waits of webhooks.
const (
	// attemptTimeout bounds an attempt. It must be well below the claim that a
	// node has on a webhook, which is renewed between attempts.
	attemptTimeout = 12 * time.Second
	// webhookLinger is how long a node listens on for a webhook that has nothing
	// to send.
	webhookLinger = 10 * time.Second
)

// ownFormat sends events as /v1/events shows them to the account. Webhooks
// choose it by formatParley.
type ownFormat struct{ render *api.Renderer }

// The names of formats.
const (
	formatParley   = "parley"
	formatChatwoot = "chatwoot"
)

// Body implements webhook.Format.
func (f ownFormat) Body(ctx context.Context, _ int64, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	body, err = f.render.Event(ctx, e, live.AccountView)
	return "application/json", body, err == nil, err
}

// newWebhooks returns the use cases around webhooks; plain allows addresses
// without TLS.
func newWebhooks(st store.Store, clock core.Clock, plain bool) *hooks.Webhooks {
	return hooks.New(st, clock, hooks.Options{Formats: []string{formatParley, formatChatwoot}, Types: core.EventTypes(), Plain: plain})
}

// newDeliverer returns what sends events to webhooks, and the client that it
// calls them with.
func newDeliverer(cfg *config.Config, st store.Store, clock core.Clock, log *slog.Logger, render *api.Renderer, links *file.Links) (*webhook.Deliverer, *http.Client, error) {
	var networks []netip.Prefix
	for _, text := range cfg.WebhookNetworks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, nil, fmt.Errorf("read webhook networks: %w", err)
		}
		networks = append(networks, n)
	}
	client := safehttp.NewClient(safehttp.Options{Networks: networks, Timeout: attemptTimeout})
	d := webhook.New(webhook.Options{
		Store: st, Clock: clock, Log: log, Client: client, Linger: webhookLinger,
		Formats: map[string]webhook.Format{formatParley: ownFormat{render}, formatChatwoot: chatwoot.NewWebhookFormat(st, links)},
	})
	return d, client, nil
}
