package file

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"parley/internal/blob"
	"parley/internal/core"
	"parley/internal/store"
)

// Links makes the addresses of files. An address never expires, since other
// systems keep it; who has it may fetch the file, for as long as the message is
// not deleted. It cannot be guessed: its signature takes the installation's key
// and what the file is called in the store.
type Links struct {
	key  []byte
	base string
}

// NewLinks returns the addresses below the public URL, or paths when that is
// "". secret is the installation's key of opaque ids.
func NewLinks(secret []byte, publicURL string) (*Links, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley file addresses", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key of file addresses: %w", err)
	}
	return &Links{key: key, base: strings.TrimSuffix(publicURL, "/")}, nil
}

// signatureBytes is the length of a signature.
const signatureBytes = 16

// sign returns the signature of a file's address, or its thumbnail's.
func (l *Links) sign(a *core.Attachment, thumbnail bool) string {
	mac := hmac.New(sha256.New, l.key)
	_, _ = fmt.Fprintf(mac, "%d/%d/%s/%t", a.AccountID, a.ID, a.Path, thumbnail) // it never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:signatureBytes])
}

// address returns the address of a stored file, or its thumbnail's.
func (l *Links) address(a *core.Attachment, thumbnail bool) string {
	part := ""
	if thumbnail {
		part = "thumbnail/"
	}
	return l.base + "/files/" + strconv.FormatInt(a.AccountID, 10) + "/" + strconv.FormatInt(a.ID, 10) + "/" + part +
		url.PathEscape(a.Name) + "?sig=" + l.sign(a, thumbnail)
}

// Fill gives stored files their addresses. What an import says of other places
// is left alone.
func (l *Links) Fill(attachments []core.Attachment) {
	for i := range attachments {
		a := &attachments[i]
		if a.URL != "" || blob.Check(a.Path) != nil {
			continue
		}
		a.URL = l.address(a, false)
		if a.HasThumbnail() {
			a.ThumbnailURL = l.address(a, true)
		}
	}
}

// Reader returns r with the addresses of stored files filled in wherever
// attachments are read.
func (l *Links) Reader(r store.Reader) store.Reader { return addressed{r, l} }

// addressed is a reader whose attachments have addresses.
type addressed struct {
	store.Reader
	links *Links
}

// Attachment implements store.Entries.
func (r addressed) Attachment(ctx context.Context, account, id int64) (core.Attachment, error) {
	a, err := r.Reader.Attachment(ctx, account, id)
	if err != nil {
		return a, err
	}
	one := []core.Attachment{a}
	r.links.Fill(one)
	return one[0], nil
}

// Attachments implements store.Entries.
func (r addressed) Attachments(ctx context.Context, account int64, messageIDs []int64) ([]core.Attachment, error) {
	all, err := r.Reader.Attachments(ctx, account, messageIDs)
	r.links.Fill(all)
	return all, err
}

// ListThreads implements store.Conversations.
func (r addressed) ListThreads(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	threads, err := r.Reader.ListThreads(ctx, account, q)
	for i := range threads {
		if threads[i].Last != nil {
			r.links.Fill(threads[i].Last.Attachments)
		}
	}
	return threads, err
}
