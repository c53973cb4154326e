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
	"parley/internal/dialect/commbox"
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

// The names of the formats, by which webhooks choose one. enum tags of
// internal/api repeat them.
const (
	formatParley      = "parley"
	formatChatwoot    = "chatwoot"
	formatCommboxXML  = "commbox_xml"
	formatCommboxJSON = "commbox_json"
)

// formatNames are all of them; the first one is a webhook's that names none.
var formatNames = []string{formatParley, formatChatwoot, formatCommboxXML, formatCommboxJSON}

// newFormats returns what each of formatNames stands for.
func newFormats(st store.Store, links *file.Links, render *api.Renderer) map[string]webhook.Format {
	return map[string]webhook.Format{
		formatParley:      ownFormat{render},
		formatChatwoot:    chatwoot.NewWebhookFormat(st, links),
		formatCommboxXML:  commbox.NewWebhookFormat(st, links, commbox.WebhookXML),
		formatCommboxJSON: commbox.NewWebhookFormat(st, links, commbox.WebhookJSON),
	}
}

// ownFormat sends events as /v1/events shows them to the account.
type ownFormat struct{ render *api.Renderer }

// Body implements webhook.Format.
func (f ownFormat) Body(ctx context.Context, _ int64, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	body, err = f.render.Event(ctx, e, live.AccountView, true)
	return "application/json", body, err == nil, err
}

// newWebhooks returns the use cases around webhooks; plain allows addresses
// without TLS.
func newWebhooks(st store.Store, clock core.Clock, plain bool) *hooks.Webhooks {
	return hooks.New(st, clock, hooks.Options{Formats: formatNames, Types: core.EventTypes(), Plain: plain})
}

// newDeliverer returns what sends events to webhooks, and the client that it
// calls them with.
func newDeliverer(cfg *config.Config, st store.Store, clock core.Clock, log *slog.Logger, formats map[string]webhook.Format) (*webhook.Deliverer, *http.Client, error) {
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
		Formats: formats,
	})
	return d, client, nil
}
