package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"parley/internal/core"
)

// FormatVersion is the version of the folder's form that this program writes,
// and the newest that it reads.
const FormatVersion = 1

// Names inside a backup.
const (
	manifestName = "manifest.json"
	databaseName = "database"
	filesName    = "files"
)

// Manifest says what a backup holds.
type Manifest struct {
	FormatVersion int    `json:"format_version"`
	ParleyVersion string `json:"parley_version"`
	Engine        string `json:"engine"`
	SchemaVersion int64  `json:"schema_version"`
	CreatedAt     string `json:"created_at"` // RFC 3339, when the backup began
	Files         []File `json:"files"`
}

// File is one file of a backup.
type File struct {
	Name   string `json:"name"` // its path inside the backup, with slashes
	Size   int64  `json:"size"` // in bytes
	SHA256 string `json:"sha256"`
}

// Backup is a folder that was found whole.
type Backup struct {
	Manifest
	dir string
}

// DatabaseDir is the folder of the database's own files.
func (b *Backup) DatabaseDir() string { return filepath.Join(b.dir, databaseName) }

// Open reads the backup in dir and compares every file with its checksum. What
// is wrong with it, all at once, is core.Invalid.
func Open(ctx context.Context, dir string) (*Backup, error) {
	b := &Backup{dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the operator names the backup
	if errors.Is(err, fs.ErrNotExist) {
		return nil, core.Refuse("", dir+" is no backup, or was never finished: it has no "+manifestName)
	}
	if err != nil {
		return nil, fmt.Errorf("read backup: %w", err)
	}
	if err := b.parse(text); err != nil {
		return nil, err
	}
	var faults []error
	for _, f := range b.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := f.verify(ctx, dir); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.Name, err))
		}
	}
	if len(faults) > 0 {
		return nil, &core.Error{Kind: core.Invalid, Message: "the backup is damaged", Err: errors.Join(faults...)}
	}
	return b, nil
}

// parse reads the manifest. The version comes first: a later form may have
// other members.
func (b *Backup) parse(text []byte) error {
	damaged := func(err error) error {
		return &core.Error{Kind: core.Invalid, Message: "the backup's " + manifestName + " is damaged", Err: err}
	}
	var form struct {
		FormatVersion int `json:"format_version"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return damaged(err)
	}
	if form.FormatVersion > FormatVersion {
		return &core.Error{Kind: core.Unavailable, Message: fmt.Sprintf(
			"the backup has form %d, and this program knows forms up to %d: restore with the newer version that wrote it", form.FormatVersion, FormatVersion)}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b.Manifest); err != nil {
		return damaged(err)
	}
	if b.FormatVersion < 1 || b.Engine == "" || b.SchemaVersion < 1 || len(b.Files) == 0 {
		return damaged(errors.New("a member is missing"))
	}
	for _, f := range b.Files {
		if !f.known() {
			return damaged(fmt.Errorf("%q is no file of a backup", f.Name))
		}
	}
	return nil
}

// known tells whether a backup has such files. What a manifest names is copied
// into a data dir, and must not lead anywhere else.
func (f File) known() bool {
	if path.Clean(f.Name) != f.Name || !filepath.IsLocal(filepath.FromSlash(f.Name)) {
		return false
	}
	return strings.HasPrefix(f.Name, databaseName+"/") || strings.HasPrefix(f.Name, filesName+"/"+AttachmentsName+"/")
}

// verify compares the file with what the manifest says of it.
func (f File) verify(ctx context.Context, dir string) error {
	got, err := digest(ctx, filepath.Join(dir, filepath.FromSlash(f.Name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("is missing")
	case err != nil:
		return err
	case got.Size != f.Size:
		return fmt.Errorf("has %d bytes, want %d", got.Size, f.Size)
	case got.SHA256 != f.SHA256:
		return errors.New("has another checksum")
	}
	return nil
}

// digest returns size and checksum of a file; the name is the caller's to set.
func digest(ctx context.Context, path string) (File, error) {
	in, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return File{}, err
	}
	defer in.Close() //nolint:errcheck // it was only read
	sum := sha256.New()
	n, err := io.Copy(sum, stopping{ctx, in})
	return File{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// stopping is a reader that ends with the context.
type stopping struct {
	ctx context.Context //nolint:containedctx // of the one copy that it is made for
	r   io.Reader
}

// Read implements io.Reader.
func (s stopping) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}
