package auth

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"parley/internal/core"
)

// Bounds of passwords. A longer one costs time and adds nothing.
const (
	minPasswordRunes = 8
	maxPasswordBytes = 1024
)

// hashing bounds how many passwords are hashed at the same time: each takes
// 64 MiB while it lasts.
var hashing = make(chan struct{}, 2)

// HashPassword returns what is stored of a password: argon2id in the PHC string
// format. It waits for its turn, until ctx ends. One that is too short or too
// long is core.Invalid.
func HashPassword(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < minPasswordRunes || len(password) > maxPasswordBytes {
		return "", core.Refuse("password", fmt.Sprintf("a password has at least %d characters and at most %d bytes", minPasswordRunes, maxPasswordBytes))
	}
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-hashing }()
	hash, err := argon2id.CreateHash(password, argon2id.DefaultParams)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}
