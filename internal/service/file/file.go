// Package file holds the use cases around the files of messages: taking them
// in, giving them out at an address that is signed, and removing those that no
// message came to carry.
//
// A file is noted in the database before it is stored, and the transaction that
// stores its message takes the note away: see docs/adr/0012. So a file has
// either a message or a note, whoever dies when, and Sweep finds what has only
// a note. Nothing is ever removed because a listing of the store does not
// explain it.
//
// All of it is safe for concurrent use, but for a Batch, which belongs to one
// request.
package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"parley/internal/blob"
	"parley/internal/core"
	"parley/internal/media"
	"parley/internal/store"
)

// Options say where files are kept and which are taken.
type Options struct {
	Store store.Store
	Blobs blob.Store
	Clock core.Clock
	Links *Links
	// Tickets stand for files that were uploaded before their message.
	Tickets *Tickets
	// Folder is where files lie while they arrive; it is made when the first
	// one does.
	Folder     string
	LimitBytes int64 // of one file
}

// Files are the use cases.
type Files struct{ Options }

// New returns the use cases.
func New(o Options) *Files { return &Files{o} }

// MaxFiles bounds the files of one message.
const MaxFiles = 20

// Incoming is a file as it was sent.
type Incoming struct {
	Name string // as the sender calls it, any text
	Type string // media type as the sender says, "" = none
	Body io.Reader
}

// Batch is the files of one message to be. It holds what was stored so far;
// Release must be called when the message is stored or refused. The zero value
// is one that takes no files.
type Batch struct {
	files   *Files
	account int64
	kept    []core.Attachment
	sums    []string
}

// Begin returns an empty batch.
func (f *Files) Begin(account int64) *Batch { return &Batch{files: f, account: account} }

// Attachments are the batch's files as a message carries them.
func (b *Batch) Attachments() []core.Attachment { return b.kept }

// Sums are the SHA-256 of each file with its name: what tells a request that is
// made again from another one.
func (b *Batch) Sums() []string { return b.sums }

// Add looks at a file and stores it. A file that is too large is core.TooLarge;
// one that is not what it is called, a picture that cannot be read, and too many
// files are core.Invalid. What cannot be read from the body is the reader's
// error.
func (b *Batch) Add(ctx context.Context, in Incoming) (err error) {
	f := b.files
	if len(b.kept) == MaxFiles {
		return core.Refuse("file", fmt.Sprintf("a message has at most %d files", MaxFiles))
	}
	arrived, err := f.arrive(in.Body)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, arrived.close()) }()
	mediaType, err := media.Sniff(arrived.File)
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	if err := media.CheckLabel(in.Name, in.Type, mediaType); err != nil {
		return err
	}
	if err := arrived.rewind(); err != nil {
		return err
	}
	picture, err := media.Measure(ctx, mediaType, arrived.File)
	if err != nil {
		return err
	}
	a := core.Attachment{
		AccountID: b.account, FileType: media.Kind(mediaType), Name: media.Name(in.Name, mediaType), Path: blob.NewKey(), MIME: mediaType,
		SizeBytes: arrived.bytes, Width: int64(picture.Width), Height: int64(picture.Height), CreatedAt: f.Clock(),
	}
	err = f.Store.InTx(ctx, b.account, func(ctx context.Context, tx store.Tx) error {
		return tx.PutUpload(ctx, store.Upload{AccountID: b.account, Key: a.Path, CreatedAt: a.CreatedAt})
	})
	if err != nil {
		return fmt.Errorf("note file: %w", err)
	}
	if err := f.put(ctx, &a, arrived, picture.Thumbnail); err != nil {
		f.discard(ctx, b.account, a.Path)
		return err
	}
	b.kept, b.sums = append(b.kept, a), append(b.sums, arrived.sum+" "+a.Name)
	return nil
}

// put stores the content of a file that is noted.
func (f *Files) put(ctx context.Context, a *core.Attachment, content *arrival, thumbnail []byte) error {
	if a.HasThumbnail() {
		if err := f.Blobs.Put(ctx, blob.Thumbnail(a.Path), bytes.NewReader(thumbnail), int64(len(thumbnail))); err != nil {
			return err
		}
	}
	if err := content.rewind(); err != nil {
		return err
	}
	return f.Blobs.Put(ctx, a.Path, content.File, a.SizeBytes)
}

// releaseTimeout bounds the removal of a file behind a request.
const releaseTimeout = 30 * time.Second

// Release removes what no message carries: all of it when the message was
// refused, and the files that came again when its request did. err is what
// storing the message gave. After a failure that leaves open whether it was
// stored nothing is touched; that, and what cannot be removed now, is left to
// Sweep.
func (b *Batch) Release(ctx context.Context, err error) {
	if err != nil && !errors.Is(err, context.Canceled) { // a command that was cancelled had no effect
		switch core.KindOf(err) {
		case core.Internal, core.Unavailable:
			return
		case core.Invalid, core.NotFound, core.Conflict, core.Forbidden, core.Unauthenticated, core.RateLimited, core.TooLarge, core.Precondition:
		}
	}
	for i := range b.kept {
		b.files.discard(ctx, b.account, b.kept[i].Path)
	}
}

// discard removes a file, unless a message carries it; also for a caller who is
// gone. Where it fails, Sweep does it.
func (f *Files) discard(ctx context.Context, account int64, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if _, noted, err := f.Store.FindUpload(ctx, account, key); err == nil && noted {
		_ = f.remove(ctx, account, key)
	}
}

// remove deletes a file and then its note: one without the other is found
// again.
func (f *Files) remove(ctx context.Context, account int64, key string) error {
	for _, k := range []string{blob.Thumbnail(key), key} {
		if err := f.Blobs.Delete(ctx, k); err != nil {
			return err
		}
	}
	return f.Store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.TakeUpload(ctx, account, key)
		return err
	})
}

// sweptAfter is the age at which a note is believed to be left over: no message
// takes a file that was noted so long ago, see core.UploadLife.
const sweptAfter = 2 * core.UploadLife

// sweepPage is how many notes are read at once.
const sweepPage = 100

// Sweep removes the files of all accounts that were noted longer than an hour
// ago and that no message came to carry, and returns how many.
func (f *Files) Sweep(ctx context.Context) (removed int, err error) {
	before := f.Clock() - sweptAfter
	var after int64
	for {
		accounts, err := f.Store.ListAccounts(ctx, after, sweepPage)
		if err != nil || len(accounts) == 0 {
			return removed, err
		}
		for i := range accounts {
			after = accounts[i].ID
			n, err := f.sweepAccount(ctx, after, before)
			removed += n
			if err != nil {
				return removed, fmt.Errorf("sweep files of account %d: %w", after, err)
			}
		}
	}
}

func (f *Files) sweepAccount(ctx context.Context, account int64, before core.Time) (removed int, err error) {
	for {
		old, err := f.Store.ListUploads(ctx, account, before, sweepPage)
		if err != nil || len(old) == 0 {
			return removed, err
		}
		for _, u := range old {
			if err := f.remove(ctx, account, u.Key); err != nil {
				return removed, err
			}
			removed++
		}
	}
}

// arrival is a file that was received and is not judged yet.
type arrival struct {
	*os.File
	bytes int64
	sum   string // SHA-256 in hexadecimal
}

// arrive receives a file, up to the limit.
func (f *Files) arrive(body io.Reader) (*arrival, error) {
	if err := os.MkdirAll(f.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of arriving files: %w", err)
	}
	file, err := os.CreateTemp(f.Folder, "file-")
	if err != nil {
		return nil, fmt.Errorf("receive file: %w", err)
	}
	a := &arrival{File: file}
	// Where an open file may lose its name nothing stays when this process is
	// killed; elsewhere close removes it.
	_ = os.Remove(file.Name())
	sum := sha256.New()
	a.bytes, err = io.Copy(io.MultiWriter(file, sum), io.LimitReader(body, f.LimitBytes+1))
	if err == nil && a.bytes > f.LimitBytes {
		err = &core.Error{Kind: core.TooLarge, Field: "file", Message: fmt.Sprintf("a file has at most %d bytes", f.LimitBytes)}
	}
	if err == nil {
		err = a.rewind()
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.sum = hex.EncodeToString(sum.Sum(nil))
	return a, nil
}

func (a *arrival) rewind() error {
	if _, err := a.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	return nil
}

func (a *arrival) close() error {
	err := a.Close()
	_ = os.Remove(filepath.Clean(a.Name())) // it has its name only where it could not lose it
	return err
}
