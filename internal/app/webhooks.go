package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/safehttp"
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

// webhookFormats are the forms in which webhooks get events, by name.
var webhookFormats = map[string]webhook.Format{}

// newWebhooks returns the use cases around webhooks; plain allows addresses
// without TLS.
func newWebhooks(st store.Store, clock core.Clock, plain bool) *hooks.Webhooks {
	return hooks.New(st, clock, hooks.Options{Formats: []string{"parley"}, Types: core.EventTypes(), Plain: plain})
}

// newDeliverer returns what sends events to webhooks, and the client that it
// calls them with.
func newDeliverer(cfg *config.Config, st store.Store, clock core.Clock, log *slog.Logger) (*webhook.Deliverer, *http.Client, error) {
	var networks []netip.Prefix
	for _, text := range cfg.WebhookNetworks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, nil, fmt.Errorf("read webhook networks: %w", err)
		}
		networks = append(networks, n)
	}
	client := safehttp.NewClient(safehttp.Options{Networks: networks, Timeout: attemptTimeout})
	d := webhook.New(webhook.Options{Store: st, Clock: clock, Log: log, Client: client, Formats: webhookFormats, Linger: webhookLinger})
	return d, client, nil
}
