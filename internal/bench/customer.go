package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// customerTokenLife is how long customer tokens hold: longer than any
// measurement.
const customerTokenLife = 12 * time.Hour

// customerToken signs a token that stands for the contact of an identity, as an
// application's own server does.
func (t *LiveTargets) customerToken(identity int64, now time.Time) string {
	claims, err := json.Marshal(map[string]any{
		"aud": strconv.FormatInt(t.InboxID, 10), "sub": fmt.Sprintf("identity:%d", identity), "exp": now.Add(customerTokenLife).Unix(),
	})
	if err != nil {
		panic(fmt.Sprintf("bench: claims: %v", err)) // texts and numbers can be encoded
	}
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(t.HMACToken))
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil))
}
