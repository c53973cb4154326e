package feed

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"

	"parley/internal/core"
)

// Cursors turns positions into the text that clients keep, and back. The same
// position gives the same text on every node, for as long as the installation's
// key lives. It is sealed: customers see cursors, and a bare number would tell
// them how much an account has to do.
//
// It is safe for concurrent use.
type Cursors struct{ siv *subtle.AESSIV }

// NewCursors derives its key from secret, the installation's key of opaque ids.
func NewCursors(secret []byte) (*Cursors, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley feed cursors", subtle.AESSIVKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key of cursors: %w", err)
	}
	siv, err := subtle.NewAESSIV(key)
	if err != nil {
		return nil, fmt.Errorf("cipher of cursors: %w", err)
	}
	return &Cursors{siv: siv}, nil
}

const (
	seqBytes = 8 // a fixed length, so that a cursor's tells nothing
	// maxCursorBytes bounds what is looked at; an epoch has 26 characters.
	maxCursorBytes = 256
)

// Seal returns the cursor of a position in the account's log, about 70
// characters of the URL-safe alphabet of base64.
func (c *Cursors) Seal(account int64, p Position) string {
	plain := append(binary.BigEndian.AppendUint64(make([]byte, 0, seqBytes+len(p.Epoch)), uint64(p.Seq)), p.Epoch...)
	sealed, err := c.siv.EncryptDeterministically(plain, cursorData(account))
	if err != nil {
		panic(fmt.Sprintf("seal cursor: %v", err)) // it fails only on texts of gigabytes
	}
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Open returns the position that text stands for in the account's log. It
// misses for whatever this installation did not seal for this account.
func (c *Cursors) Open(account int64, text string) (p Position, ok bool) {
	// Go's base64 passes over line ends.
	if len(text) > maxCursorBytes || strings.ContainsAny(text, "\r\n") {
		return Position{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Position{}, false
	}
	plain, err := c.siv.DecryptDeterministically(sealed, cursorData(account))
	if err != nil || len(plain) < seqBytes {
		return Position{}, false
	}
	p = Position{Epoch: string(plain[seqBytes:]), Seq: int64(binary.BigEndian.Uint64(plain))}
	return p, p.Seq >= 0 && p.Seq <= core.MaxID
}

// cursorData binds a cursor to its account.
func cursorData(account int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(account)) }
