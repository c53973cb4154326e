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
	"sync"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// MaxTokenBytes is the length of the longest token; longer ones are refused
// without a look-up.
const MaxTokenBytes = 200

// Principal is an authenticated caller.
type Principal struct {
	AccountID int64
	AgentID   int64 // 0: the account itself
	TokenID   int64
	Scopes    []core.Scope
	ExpiresAt core.Time // of the token; unset = never
}

// Can tells whether the principal holds the scope; no scopes at all mean all.
func (p Principal) Can(s core.Scope) bool {
	return len(p.Scopes) == 0 || slices.Contains(p.Scopes, s)
}

// Tokens checks API tokens against the store. It remembers what it found for
// maxAge, so that a token revoked on another node is refused here within a
// second; one revoked on this node at once, see Forget.
type Tokens struct {
	store store.Tokens
	clock core.Clock

	mu    sync.Mutex // guards what follows
	known map[[sha256.Size]byte]knownToken
	// forgotten counts the calls of Forget: what was read before the last one
	// is not remembered.
	forgotten uint64
}

// knownToken is a token as it was read from the store.
type knownToken struct {
	token  core.Token
	readAt core.Time
}

// Bounds of what Tokens remembers.
const (
	maxAge   = core.Time(time.Second / time.Microsecond)
	maxKnown = 10_000
)

// NewTokens returns a checker that reads st and judges age and expiry by clock.
func NewTokens(st store.Tokens, clock core.Clock) *Tokens {
	return &Tokens{store: st, clock: clock, known: map[[sha256.Size]byte]knownToken{}}
}

// Check returns the principal of a token. An unknown, expired or revoked token
// is core.Unauthenticated: from outside they look the same.
func (t *Tokens) Check(ctx context.Context, token string) (Principal, error) {
	if token == "" || len(token) > MaxTokenBytes {
		return Principal{}, unauthenticated()
	}
	now := t.clock()
	tok, ok, err := t.find(ctx, sha256.Sum256([]byte(token)), now)
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
func (t *Tokens) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.known)
	t.forgotten++
}

// find returns the token with the hash, from memory or from the store. Misses
// are not remembered: whoever guesses is stopped by the limits.
func (t *Tokens) find(ctx context.Context, hash [sha256.Size]byte, now core.Time) (core.Token, bool, error) {
	t.mu.Lock()
	k, ok := t.known[hash]
	forgotten := t.forgotten
	t.mu.Unlock()
	// A clock that was set back must not make an old reading look fresh.
	if age := now - k.readAt; ok && age >= 0 && age < maxAge {
		return k.token, true, nil
	}
	tok, ok, err := t.store.FindTokenByHash(ctx, hex.EncodeToString(hash[:]))
	if err != nil || !ok {
		return core.Token{}, false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forgotten == forgotten {
		if len(t.known) >= maxKnown {
			clear(t.known) // all of it is read again within a second anyway
		}
		t.known[hash] = knownToken{token: tok, readAt: now}
	}
	return tok, true, nil
}

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
