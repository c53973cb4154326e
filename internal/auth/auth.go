// Package auth turns credentials into principals: who calls, for which
// account, with which rights. Dialects find the credential where their clients
// put it and render the refusal; what a credential is worth is decided here.
//
// All of it is safe for concurrent use.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"parley/internal/core"
	"parley/internal/memo"
	"parley/internal/store"
)

// maxAge is for how long is remembered what was found out about credentials.
const maxAge = core.Time(time.Second / time.Microsecond)

// MaxTokenBytes is the length of the longest token; longer ones are refused
// without a look-up.
const MaxTokenBytes = 200

// Principal is an authenticated caller: an account, an agent of it, or a
// customer.
type Principal struct {
	AccountID int64
	AgentID   int64     // 0: the account itself, or a customer
	Customer  *Customer // nil: the account itself, or an agent
	TokenID   int64     // 0: a customer token, which nothing stores
	Scopes    []core.Scope
	ExpiresAt core.Time // of the token; unset = never
}

// Can tells whether the principal holds the scope; no scopes at all mean all.
func (p Principal) Can(s core.Scope) bool {
	return len(p.Scopes) == 0 || slices.Contains(p.Scopes, s)
}

// Tokens checks API tokens against the store. It remembers what it found for a
// second, so that a token revoked on another node is refused here within one;
// one revoked on this node at once, see Forget.
type Tokens struct {
	store store.Tokens
	clock core.Clock
	known *memo.Memo[[sha256.Size]byte, core.Token]
}

// NewTokens returns a checker that reads st and judges age and expiry by clock.
func NewTokens(st store.Tokens, clock core.Clock) *Tokens {
	return &Tokens{store: st, clock: clock, known: memo.New[[sha256.Size]byte, core.Token](maxAge)}
}

// Check returns the principal of a token. An unknown, expired or revoked token
// is core.Unauthenticated: from outside they look the same.
func (t *Tokens) Check(ctx context.Context, token string) (Principal, error) {
	return t.check(ctx, token, t.known.Get)
}

// CheckAnew is Check that believes nothing that is remembered.
func (t *Tokens) CheckAnew(ctx context.Context, token string) (Principal, error) {
	return t.check(ctx, token, anew)
}

// look finds what a hash stands for, in memory or not.
type look[V any] func(now core.Time, hash [sha256.Size]byte, find func() (V, bool, error)) (V, bool, error)

// anew is a look past what is remembered.
func anew[V any](_ core.Time, _ [sha256.Size]byte, find func() (V, bool, error)) (V, bool, error) {
	return find()
}

func (t *Tokens) check(ctx context.Context, token string, look look[core.Token]) (Principal, error) {
	if token == "" || len(token) > MaxTokenBytes {
		return Principal{}, unauthenticated()
	}
	now := t.clock()
	hash := sha256.Sum256([]byte(token))
	tok, ok, err := look(now, hash, func() (core.Token, bool, error) {
		return t.store.FindTokenByHash(ctx, hex.EncodeToString(hash[:]))
	})
	if err != nil {
		return Principal{}, fmt.Errorf("look up token: %w", err)
	}
	if !ok || tok.RevokedAt.IsSet() || (tok.ExpiresAt.IsSet() && tok.ExpiresAt <= now) {
		return Principal{}, unauthenticated()
	}
	return Principal{AccountID: tok.AccountID, AgentID: tok.AgentID, TokenID: tok.ID, Scopes: tok.Scopes, ExpiresAt: tok.ExpiresAt}, nil
}

// Forget drops all that is remembered. Whoever changes tokens on this node
// calls it after the change is committed.
func (t *Tokens) Forget() { t.known.Clear() }

func unauthenticated() error {
	return &core.Error{Kind: core.Unauthenticated, Message: "the token is not valid"}
}

// HashToken returns what is stored of a token: lower-case hex of the SHA-256
// of its text. Tokens are long and random, so a plain hash cannot be reversed.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// NewToken makes a token: prefix, an underscore and 32 random bytes in
// URL-safe base64. The prefix is at most 8 characters and has no underscore,
// as Uncodie's key form asks.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return "parley_" + base64.RawURLEncoding.EncodeToString(b[:])
}
