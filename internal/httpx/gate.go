package httpx

import (
	"context"

	"parley/internal/auth"
	"parley/internal/core"
)

// Gate lets callers in. It turns their credentials into principals and holds
// each caller to a rate; every request passes it once, before it costs
// anything. It is safe for concurrent use.
type Gate struct {
	tokens *auth.Tokens
	limits *Limits
}

// NewGate returns a gate; nil limits let everybody in as often as they like.
func NewGate(tokens *auth.Tokens, limits *Limits) *Gate {
	return &Gate{tokens: tokens, limits: limits}
}

// Token returns the principal of the token that the call brought. A wrong one
// is core.Unauthenticated, and so is none; both count against the address. A
// token that has used up its rate, or an address that brought too many wrong
// ones, is core.RateLimited.
func (g *Gate) Token(ctx context.Context, token string) (auth.Principal, error) {
	c := CallOf(ctx)
	address := ofAddress(c.Addr)
	if token == "" {
		if err := g.Anonymous(ctx); err != nil {
			return auth.Principal{}, err
		}
	} else if err := g.limits.try(c, address); err != nil {
		return auth.Principal{}, err
	}
	p, err := g.tokens.Check(ctx, token)
	if err != nil {
		if token != "" && core.KindOf(err) == core.Unauthenticated {
			g.limits.failed(address)
		}
		return auth.Principal{}, err
	}
	c.AccountID, c.TokenID = p.AccountID, p.TokenID
	c.subject = subject{token: p.TokenID}
	return p, g.limits.request(c)
}

// Bearer returns the principal of what a call brought as a bearer token: an API
// token. Failures are those of Token.
func (g *Gate) Bearer(ctx context.Context, text string) (auth.Principal, error) {
	return g.Token(ctx, text)
}

// Forget has every token looked up anew. Whoever has revoked one calls it
// after the change is committed.
func (g *Gate) Forget() { g.tokens.Forget() }

// Anonymous lets in a call that needs no token. It counts against the address.
func (g *Gate) Anonymous(ctx context.Context) error {
	c := CallOf(ctx)
	c.subject = ofAddress(c.Addr)
	return g.limits.request(c)
}

// missed notes that the call asked for something that does not exist.
func (g *Gate) missed(ctx context.Context) { g.limits.missed(CallOf(ctx).subject) }
