package demo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"parley/internal/core"
)

// visitorTokenLife is as long as a customer token may hold.
const visitorTokenLife = 24 * time.Hour

// VisitorToken signs a customer token of the showcase visitor with key, the
// HMAC token of the web inbox, as the website's server would.
func VisitorToken(key string, now core.Time) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(key)}, nil)
	if err != nil {
		return "", fmt.Errorf("sign the demo's customer token: %w", err)
	}
	at := now.Std()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Audience: jwt.Audience{strconv.Itoa(WebInboxID)}, Subject: "identity:" + strconv.Itoa(VisitorID),
		IssuedAt: jwt.NewNumericDate(at), Expiry: jwt.NewNumericDate(at.Add(visitorTokenLife)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign the demo's customer token: %w", err)
	}
	return token, nil
}
