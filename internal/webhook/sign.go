package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"parley/internal/core"
)

// The headers of Standard Webhooks.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// secretPrefix begins secrets in the form of Standard Webhooks.
const secretPrefix = "whsec_"

// signatures signs a body as Standard Webhooks 1 does, once with each secret.
func signatures(secrets []string, id string, at int64, body string) string {
	var all []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, key(secret))
		_, _ = mac.Write([]byte(id + "." + strconv.FormatInt(at, 10) + "." + body)) // it never fails
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// key is what a secret signs with: the bytes that it encodes, or the text
// itself of one that was imported and is of another form.
func key(secret string) []byte {
	if text, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return b
		}
	}
	return []byte(secret)
}

// messageID names an event on its way to a webhook: always the same, and never
// that of another one, of another history of the log either.
func messageID(e *core.Event, webhook int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d/%d", e.Epoch, e.AccountID, e.Seq, webhook))
	return "msg_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
