// Package blob is the contract of where files are kept: whole, unchanging
// pieces of content under keys that this server makes up. disk keeps them below
// the data dir, s3 in a bucket of any S3-compatible service; blobtest is the
// suite that both pass.
//
// A store knows nothing of accounts, messages and types: what a file is and who
// may see it stands in the database. It imports the standard library and core
// alone. Every method is safe for concurrent use.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"time"

	"parley/internal/core"
)

// Store keeps content under keys.
type Store interface {
	// Put stores sizeBytes bytes of r under the key, durably and whole: when it
	// fails, or the process dies, nothing stands there. A key is put once.
	Put(ctx context.Context, key string, r io.Reader, sizeBytes int64) error
	// Open returns the content, core.NotFound where there is none.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete removes what stands under the key; nothing there is no error.
	Delete(ctx context.Context, key string) error
	// Link returns an address from which anybody can fetch the content for the
	// time given, with the headers given; "" from a store that has no
	// addresses: then the content is opened and sent on.
	Link(ctx context.Context, key string, h Headers, valid time.Duration) (string, error)
}

// Headers are what a linked address answers with.
type Headers struct {
	ContentType        string
	ContentDisposition string
}

// keyBytes makes keys that cannot be guessed.
const keyBytes = 16

// NewKey returns a random key.
func NewKey() string {
	var b [keyBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return hex.EncodeToString(b[:])
}

// thumbnailSuffix ends the key of a picture's thumbnail.
const thumbnailSuffix = "-thumbnail"

// Thumbnail returns the key of the thumbnail of the picture under key.
func Thumbnail(key string) string { return key + thumbnailSuffix }

// Check refuses, as core.NotFound, what NewKey and Thumbnail have not made: a
// key becomes a name on a disk, and rows that were imported hold any text.
func Check(key string) error {
	if len(key) == 2*keyBytes+len(thumbnailSuffix) && key[2*keyBytes:] == thumbnailSuffix {
		key = key[:2*keyBytes]
	}
	if len(key) != 2*keyBytes {
		return core.Absent("file")
	}
	for i := range len(key) {
		if c := key[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return core.Absent("file")
		}
	}
	return nil
}
