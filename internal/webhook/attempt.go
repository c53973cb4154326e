package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/internal/core"
	"parley/internal/safehttp"
	"parley/internal/store"
)

// answerBytes is how much of an answer the ledger keeps.
const answerBytes = 1024

// delays are the waits before the attempts behind the first one: three days in
// all. Each is up to a tenth shorter or longer, so that what failed together
// does not come back together.
var delays = [...]core.Time{
	5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, 12 * hour, 12 * hour, 12 * hour, 13 * hour,
}

// Spans of time in microseconds.
const (
	second = core.Time(time.Second / time.Microsecond)
	minute = 60 * second
	hour   = 60 * minute
)

// How a receiver that fails is treated: after so many failures in a row one
// attempt at a time is made, after a pause that doubles up to the longest; when
// nothing has arrived for too long, the webhook is paused.
const (
	troubled     = 5
	firstPause   = 2 * second
	longestPause = 5 * minute
	givenUp      = 72 * hour
)

// jitter is d, up to a tenth shorter or longer.
func jitter(d core.Time) core.Time {
	return d - d/10 + core.Time(rand.Int64N(int64(d/5)+1)) //nolint:gosec // to spread, not to hide
}

// pause is how long nothing is sent after so many failures in a row.
func pause(failures int64) core.Time {
	if failures < troubled {
		return 0
	}
	return jitter(min(firstPause<<min(failures-troubled, 16), longestPause))
}

// call sends a delivery once. ok is false when ctx ended it: then nothing is
// known of it.
func (d *Deliverer) call(ctx context.Context, w *core.Webhook, v *core.Delivery) (a core.Attempt, ok bool) {
	a = core.Attempt{AccountID: v.AccountID, WebhookID: v.WebhookID, Seq: v.Seq, Number: v.Attempts + 1, At: d.clock()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(v.Body))
	if err != nil {
		a.Error = "the address cannot be called"
		return a, true
	}
	at := a.At.Unix()
	if f, ok := d.formats[w.Format].(HeaderFormat); ok {
		f.Header(req.Header, &Sending{MessageID: v.MessageID, At: at, Body: v.Body, Secret: w.Secret})
	}
	req.Header.Set("Content-Type", v.ContentType)
	req.Header.Set("User-Agent", "Parley-Webhooks")
	req.Header.Set(headerID, v.MessageID)
	req.Header.Set(headerTimestamp, strconv.FormatInt(at, 10))
	req.Header.Set(headerSignature, signatures(w.Secrets(a.At), v.MessageID, at, v.Body))
	resp, err := d.client.Do(req) //nolint:bodyclose // ReadBody closes it
	if err == nil {
		a.Status = int64(resp.StatusCode)
		a.Answer = strings.ReplaceAll(strings.ToValidUTF8(string(safehttp.ReadBody(resp, answerBytes)), "\uFFFD"), "\x00", "\uFFFD")
	} else {
		if ctx.Err() != nil {
			return a, false
		}
		a.Error = reason(err)
	}
	a.Duration = max(int64(d.clock()-a.At), 0)
	return a, true
}

// reason says why there was no answer, without what the server's network is
// like.
func reason(err error) string {
	var (
		late    net.Error
		unknown *net.DNSError
		cert    *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, safehttp.ErrRefused):
		return "the address is not allowed"
	case errors.As(err, &late) && late.Timeout():
		return "no answer in time"
	case errors.As(err, &unknown):
		return "the host is not known"
	case errors.As(err, &cert):
		return "the certificate is not valid"
	}
	return "the connection failed"
}

// settle moves a delivery, and its webhook's position, on by an attempt. It
// returns why the webhook is to be paused, "" = it is not.
func settle(v *core.Delivery, p *store.WebhookPosition, a *core.Attempt, now core.Time) (paused string) {
	v.Attempts, v.Status = a.Number, a.Status
	if a.Status/100 == 2 {
		v.State, v.Failures, v.NextAt, v.FinishedAt = core.DeliveryDelivered, 0, 0, now
		p.Failures, p.FailingSince, p.RetryAt = 0, 0, 0
		return ""
	}
	v.Failures++
	if v.Failures > int64(len(delays)) {
		v.State, v.NextAt, v.FinishedAt = core.DeliveryFailed, 0, now
	} else {
		v.NextAt = now + jitter(delays[v.Failures-1])
	}
	if p.FailingSince == 0 {
		p.FailingSince = a.At
	}
	// What was under way together fails together, and counts once.
	if now >= p.RetryAt {
		p.Failures++
		if wait := pause(p.Failures); wait > 0 {
			p.RetryAt = now + wait
		}
	}
	switch {
	case a.Status == http.StatusGone:
		return core.PausedGone
	case now-p.FailingSince >= givenUp:
		return core.PausedFailing
	}
	return ""
}
