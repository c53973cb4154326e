package file

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Tickets are what stands for files between their upload and their message.
// Whoever has a ticket may attach the file once, within core.UploadLife. What
// is known of the file is in the ticket itself, sealed: nothing is stored but
// the file's note.
type Tickets struct{ seal cipher.AEAD }

// NewTickets returns the tickets of an installation. secret is its key of opaque
// ids.
func NewTickets(secret []byte) (*Tickets, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley upload tickets", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of upload tickets: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher of upload tickets: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher of upload tickets: %w", err)
	}
	return &Tickets{seal}, nil
}

// maxTicketBytes bounds a ticket: most of it is the file's name.
const maxTicketBytes = 4 << 10

// issue returns the ticket of a file that is noted.
func (t *Tickets) issue(a *core.Attachment) (string, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("write ticket: %w", err)
	}
	sealed := t.seal.Seal(nil, nil, text, ofAccount(a.AccountID)) //nolint:gosec // the cipher takes random nonces itself
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open returns the file of a ticket of the account, as a message carries it. A
// text that is no ticket of it is core.Invalid; whether the file is still there
// is seen when the message is stored.
func (t *Tickets) Open(account int64, ticket string) (core.Attachment, error) {
	var a core.Attachment
	if len(ticket) <= maxTicketBytes {
		if sealed, err := base64.RawURLEncoding.DecodeString(ticket); err == nil {
			if text, err := t.seal.Open(nil, nil, sealed, ofAccount(account)); err == nil && json.Unmarshal(text, &a) == nil {
				return a, nil
			}
		}
	}
	return core.Attachment{}, core.Refuse("upload_id", "it is none")
}

func ofAccount(account int64) []byte { return strconv.AppendInt(nil, account, 10) }

// Uploaded is a file that waits for its message.
type Uploaded struct {
	Ticket    string
	File      core.Attachment
	ExpiresAt core.Time // when no message can carry it any more
}

// Issue returns the ticket of the one file of a batch. A batch without one, or
// with more, is core.Invalid. again may be nil: then the command may not be
// asked again. The batch must not be released when it went well.
func (f *Files) Issue(ctx context.Context, b *Batch, again *repeat.Key) (Uploaded, error) {
	if len(b.kept) != 1 {
		return Uploaded{}, core.Refuse("file", "an upload is one file")
	}
	var ticket string
	err := repeat.Once(ctx, f.Store, f.Clock, b.account, again, func(context.Context, store.Tx) (answer string, err error) {
		ticket, err = f.Tickets.issue(&b.kept[0])
		return ticket, err
	}, func(_ context.Context, _ store.Tx, answer string) error {
		ticket = answer
		return nil
	})
	if err != nil {
		return Uploaded{}, fmt.Errorf("issue upload ticket: %w", err)
	}
	a, err := f.Tickets.Open(b.account, ticket)
	return Uploaded{ticket, a, a.CreatedAt + core.UploadLife}, err
}
