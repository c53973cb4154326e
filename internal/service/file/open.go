package file

import (
	"context"
	"crypto/hmac"
	"fmt"
	"io"
	"time"

	"parley/internal/blob"
	"parley/internal/core"
	"parley/internal/media"
)

// Request asks for a file by the parts of its address.
type Request struct {
	AccountID, AttachmentID int64
	Signature               string
	Thumbnail               bool
}

// Found is a file that may be given out.
type Found struct {
	Name        string
	Type        string // media type
	Disposition string // value of the header
	CreatedAt   core.Time

	key string
}

// Tag names the content: another content has another tag.
func (f *Found) Tag() string { return f.key }

// Find returns the file of an address. An address that is not signed right, and
// one whose message is deleted, are core.NotFound like one of nothing.
func (f *Files) Find(ctx context.Context, r Request) (Found, error) {
	a, err := f.Store.Attachment(ctx, r.AccountID, r.AttachmentID)
	if err != nil {
		return Found{}, fmt.Errorf("find file: %w", err)
	}
	if !a.IsStored() || !hmac.Equal([]byte(r.Signature), []byte(f.Links.sign(&a, r.Thumbnail))) || r.Thumbnail && !a.HasThumbnail() {
		return Found{}, core.Absent("file")
	}
	message, err := f.Store.Entry(ctx, r.AccountID, a.MessageID)
	if err != nil {
		return Found{}, fmt.Errorf("find message of file: %w", err)
	}
	if message.IsDeleted() {
		return Found{}, core.Absent("file")
	}
	found := Found{Name: a.Name, Type: a.MIME, CreatedAt: a.CreatedAt, key: a.Path}
	if r.Thumbnail {
		found.Type, found.key = media.ThumbnailType, blob.Thumbnail(a.Path)
	}
	found.Disposition = media.Disposition(found.Name, found.Type)
	return found, nil
}

// linkLife is how long an address of the store itself is good for.
const linkLife = 5 * time.Minute

// Link returns an address of the store itself that answers with the file for a
// few minutes; "" when the store has none: then Open reads it.
func (f *Files) Link(ctx context.Context, found Found) (string, error) {
	return f.Blobs.Link(ctx, found.key, blob.Headers{ContentType: found.Type, ContentDisposition: found.Disposition}, linkLife)
}

// Open returns the content; core.NotFound when it is lost.
func (f *Files) Open(ctx context.Context, found Found) (io.ReadSeekCloser, error) {
	return f.Blobs.Open(ctx, found.key)
}
