package httpx

import (
	"context"

	"parley/internal/auth"
	"parley/internal/core"
)

// Gate lets callers in. It turns their credentials into principals and holds
// each caller to a rate; every request passes it once, before it costs
// anything, and so does what is asked for on a socket later on. It is safe for
// concurrent use.
type Gate struct {
	tokens    *auth.Tokens
	customers *auth.Customers
	limits    *Limits
}

// NewGate returns a gate; nil limits let everybody in as often as they like.
func NewGate(tokens *auth.Tokens, customers *auth.Customers, limits *Limits) *Gate {
	return &Gate{tokens: tokens, customers: customers, limits: limits}
}

// Token returns the principal of the token that the call brought. A wrong one
// is core.Unauthenticated, and so is none; both count against the address. A
// token that has used up its rate, or an address that brought too many wrong
// ones, is core.RateLimited.
func (g *Gate) Token(ctx context.Context, token string) (auth.Principal, error) {
	return g.admit(ctx, token, g.tokens.Check)
}

// Bearer returns the principal of what a call brought as a bearer token: an API
// token, or a customer token. Failures are those of Token.
func (g *Gate) Bearer(ctx context.Context, text string) (auth.Principal, error) {
	if auth.IsCustomerToken(text) {
		return g.admit(ctx, text, g.customers.Check)
	}
	return g.Token(ctx, text)
}

// Recheck says anew what a credential is worth that was let in before, for what
// lasts longer than a request. It charges nothing.
func (g *Gate) Recheck(ctx context.Context, text string) (auth.Principal, error) {
	if auth.IsCustomerToken(text) {
		return g.customers.CheckAnew(ctx, text)
	}
	return g.tokens.CheckAnew(ctx, text)
}

// admit lets in the caller whom a credential stands for.
func (g *Gate) admit(
	ctx context.Context, token string, check func(ctx context.Context, token string) (auth.Principal, error),
) (auth.Principal, error) {
	c := CallOf(ctx)
	address := ofAddress(c.Addr)
	if token == "" {
		if err := g.Anonymous(ctx); err != nil {
			return auth.Principal{}, err
		}
	} else if err := g.limits.try(c, address); err != nil {
		return auth.Principal{}, err
	}
	p, err := check(ctx, token)
	if err != nil {
		switch {
		case token == "" || core.KindOf(err) != core.Unauthenticated:
		case auth.IsGenuine(err):
			// A page whose token is over asks again and again, and its visitors
			// may share an address: they are no guessers.
			if err := g.Anonymous(ctx); err != nil {
				return auth.Principal{}, err
			}
		default:
			g.limits.failed(address)
		}
		return auth.Principal{}, err
	}
	c.AccountID, c.TokenID = p.AccountID, p.TokenID
	c.subject = ofPrincipal(p)
	return p, g.limits.request(c)
}

// Again lets in a caller who has stayed after its request, on a WebSocket say,
// and asks for something more. It charges p, which is what the credential was
// worth when it was let in, as for a request, and returns what the credential is
// worth now.
func (g *Gate) Again(ctx context.Context, p auth.Principal, text string) (auth.Principal, error) {
	if err := g.limits.request(&Call{subject: ofPrincipal(p)}); err != nil {
		return auth.Principal{}, err
	}
	return g.Recheck(ctx, text)
}

// Missed notes that a caller who was let in by Again asked for something that
// does not exist.
func (g *Gate) Missed(p auth.Principal) { g.limits.missed(ofPrincipal(p)) }

// Forget has every credential looked up anew. Whoever has revoked a token or
// changed the key of an inbox calls it after the change is committed.
func (g *Gate) Forget() {
	g.tokens.Forget()
	g.customers.Forget()
}

// Anonymous lets in a call that needs no token. It counts against the address.
func (g *Gate) Anonymous(ctx context.Context) error {
	c := CallOf(ctx)
	c.subject = ofAddress(c.Addr)
	return g.limits.request(c)
}

// missed notes that the call asked for something that does not exist.
func (g *Gate) missed(ctx context.Context) { g.limits.missed(CallOf(ctx).subject) }
