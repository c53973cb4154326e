package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/file"
	"parley/internal/service/repeat"
)

// caller is who calls an operation, and what the headers ask of it.
type caller struct {
	auth.Principal
	header     http.Header
	credential string      // what it showed
	again      *repeat.Key // of a create that came with an Idempotency-Key
	files      *file.Batch // that came with the request; nil: none
}

// needs refuses a caller whose token lacks a scope.
func (c *caller) needs(s core.Scope) error {
	if c.Can(s) {
		return nil
	}
	return &core.Error{Kind: core.Forbidden, Message: "the token lacks the scope " + string(s)}
}

// actor is who is recorded as the one who did it.
func (c *caller) actor() core.Actor {
	switch {
	case c.Customer != nil:
		return core.Actor{Type: core.ActorContact, ID: c.Customer.ContactID}
	case c.AgentID != 0:
		return core.Actor{Type: core.ActorAgent, ID: c.AgentID}
	}
	return core.Actor{Type: core.ActorSystem}
}

// name names the caller among those who may ask again.
func (c *caller) name() string {
	if c.Customer != nil {
		sum := sha256.Sum256([]byte(c.Customer.Subject)) // which may be longer than an index can hold
		return "customer " + hex.EncodeToString(sum[:16])
	}
	return "token " + strconv.FormatInt(c.TokenID, 10)
}

// maxKeyBytes bounds an Idempotency-Key.
const maxKeyBytes = 255

// keyOf names a request that brings an Idempotency-Key; nil without one. What
// was read is what counts, not how it was written.
func keyOf(c *caller, operation string, in any) (*repeat.Key, error) {
	key := c.header.Get("Idempotency-Key")
	if key == "" {
		return nil, nil
	}
	if len(key) > maxKeyBytes || !visible(key) {
		return nil, core.Refuse(repeat.Field, fmt.Sprintf("a key has at most %d visible ASCII characters", maxKeyBytes))
	}
	asked, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("hash the request: %w", err)
	}
	if c.files != nil {
		asked = fmt.Append(asked, c.files.Sums())
	}
	hash := sha256.Sum256(fmt.Appendf(nil, "%s %s", operation, asked))
	return &repeat.Key{
		Caller: c.name(), Operation: operation, Key: key, Hash: hex.EncodeToString(hash[:]),
	}, nil
}

// visible tells whether a text is of visible ASCII characters.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
