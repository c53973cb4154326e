package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"parley/internal/backup"
	"parley/internal/blob"
	"parley/internal/blob/disk"
	"parley/internal/blob/s3"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/file"
	"parley/internal/store"
)

// arrivingName is the folder in the data dir where files lie while they arrive.
const arrivingName = "arriving"

// objectPrefix begins the names of all objects in a bucket.
const objectPrefix = "attachments/"

// openBlobs opens the store of files that the configuration names. close is
// never nil.
func openBlobs(cfg *config.Config) (blobs blob.Store, closeBlobs func() error, err error) {
	if cfg.S3Endpoint != "" {
		blobs, err = s3.New(s3.Options{
			Endpoint: cfg.S3Endpoint, Bucket: cfg.S3Bucket, Region: cfg.S3Region, AccessKey: cfg.S3AccessKey.Reveal(),
			SecretKey: cfg.S3SecretKey.Reveal(), PathStyle: cfg.S3PathStyle, Prefix: objectPrefix,
		})
		return blobs, func() error { return nil }, err
	}
	d, err := disk.Open(filepath.Join(cfg.DataDir, backup.AttachmentsName))
	if err != nil {
		return nil, func() error { return nil }, err
	}
	return d, d.Close, nil
}

// newFiles returns the use cases of files as the configuration has them.
func newFiles(cfg *config.Config, st store.Store, blobs blob.Store, clock core.Clock, idKey []byte) (*file.Files, error) {
	links, err := file.NewLinks(idKey, cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	tickets, err := file.NewTickets(idKey)
	if err != nil {
		return nil, err
	}
	return file.New(file.Options{
		Store: st, Blobs: blobs, Clock: clock, Links: links, Tickets: tickets, Folder: filepath.Join(cfg.DataDir, arrivingName), LimitBytes: int64(cfg.FilesLimit),
	}), nil
}

// sweepEvery is how often left-over files are looked for.
const sweepEvery = time.Hour

// sweepFiles removes files that no message carries, now and every hour, until
// ctx ends.
func sweepFiles(ctx context.Context, files *file.Files, log *slog.Logger) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		n, err := files.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "left-over files were not removed", slog.Any("error", err))
		}
		if n > 0 {
			log.InfoContext(ctx, "removed files that no message carries", slog.Int("count", n))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fileDoor serves the files of messages to whoever has their address.
type fileDoor struct {
	files *file.Files
	gate  *httpx.Gate
}

func newFileDoor(files *file.Files, gate *httpx.Gate, log *slog.Logger) http.Handler {
	return httpx.Adapter{Log: log, Error: writeFileError, Gate: gate}.Handle(fileDoor{files, gate}.serve)
}

// maxAge is how long a client may show a file without asking again: a message
// that is deleted should not live on in caches.
const maxAge = 5 * time.Minute

// serve serves GET /files/{account}/{attachment}/{name} and the same with
// thumbnail before the name.
func (d fileDoor) serve(w http.ResponseWriter, r *http.Request) error {
	if err := d.gate.Anonymous(r.Context()); err != nil {
		return err
	}
	account, err := pathID(r, "account")
	if err != nil {
		return err
	}
	attachment, err := pathID(r, "attachment")
	if err != nil {
		return err
	}
	found, err := d.files.Find(r.Context(), file.Request{
		AccountID: account, AttachmentID: attachment, Signature: r.URL.Query().Get("sig"),
		Thumbnail: strings.HasSuffix(httpx.CallOf(r.Context()).Route, "/thumbnail/{name}"),
	})
	if err != nil {
		return err
	}
	link, err := d.files.Link(r.Context(), found)
	if err != nil {
		return fmt.Errorf("link file: %w", err)
	}
	if link != "" {
		header(w, "no-store")
		http.Redirect(w, r, link, http.StatusFound)
		return nil
	}
	content, err := d.files.Open(r.Context(), found)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	defer content.Close() //nolint:errcheck // it was only read
	header(w, "private, max-age="+strconv.Itoa(int(maxAge.Seconds())))
	w.Header().Set("Content-Type", found.Type)
	w.Header().Set("Content-Disposition", found.Disposition)
	w.Header().Set("ETag", `"`+found.Tag()+`"`)
	http.ServeContent(httpx.Patient(w), r, "", found.CreatedAt.Std(), content)
	return nil
}

// header sets what keeps a file from acting on this server's origin, and its
// address from getting around.
func header(w http.ResponseWriter, cache string) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", cache)
}

// pathID reads an id from the path; what is none names nothing.
func pathID(r *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id < 1 || id > core.MaxID {
		return 0, core.Absent("file")
	}
	return id, nil
}

// writeFileError answers with a failure in plain words.
func writeFileError(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusInternalServerError
	switch core.KindOf(err) {
	case core.NotFound:
		status = http.StatusNotFound
	case core.Invalid:
		status = http.StatusBadRequest
	case core.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case core.RateLimited:
		status = http.StatusTooManyRequests
	case core.Unavailable:
		status = http.StatusServiceUnavailable
	case core.Internal, core.Conflict, core.Forbidden, core.Unauthenticated, core.Precondition:
	}
	text(w, status, http.StatusText(status)+"\n")
}
