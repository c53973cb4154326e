package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/file"
)

// forms says which bodies an operation takes.
type forms int

const (
	onlyJSON    forms = iota
	jsonOrFiles       // JSON, or a multipart body: the JSON in its part message, and files
	oneFile           // a multipart body of one file
)

// maxParts bounds the parts of a multipart body.
const maxParts = 30

// isMultipart tells whether a request says that its body is a form with files.
func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// bodyBytes is how long a request's body may be: where files are taken there is
// room for the largest one.
func (a *API) bodyBytes(r *http.Request) int64 {
	if a.files == nil || !isMultipart(r) {
		return httpx.MaxBodyBytes
	}
	if o, err := a.route(r); err != nil || o.forms == onlyJSON {
		return httpx.MaxBodyBytes
	}
	return a.files.LimitBytes + httpx.MaxBodyBytes
}

// takeFiles reads a multipart body: it keeps the files in the caller's batch,
// which must be released, and returns the request as one whose body is the part
// message.
func (a *API) takeFiles(w http.ResponseWriter, r *http.Request, c *caller, o *op) (*http.Request, error) {
	if a.files == nil {
		return nil, &refusal{kind: unsupportedMediaType, detail: "this server takes no files"}
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, &refusal{kind: malformed, detail: "the form's boundary is missing"}
	}
	httpx.AwaitUpload(w)
	c.files = a.files.Begin(c.AccountID)
	message := []byte("{}")
	if o.forms == oneFile {
		message = nil
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns this very value
			return withBodyOf(r, message), nil
		}
		if err != nil {
			return nil, formError(err)
		}
		if part.FileName() == "" && part.FormName() == "message" && o.forms == jsonOrFiles {
			message, err = io.ReadAll(io.LimitReader(part, httpx.MaxBodyBytes))
		} else if part.FileName() != "" {
			err = a.take(r.Context(), c, part)
		} else {
			err = core.Refuse("file", "the form has a part that is neither a file nor the message")
		}
		if err != nil {
			return nil, formError(err)
		}
	}
	return nil, core.Refuse("file", "the form has too many parts")
}

// take keeps one file.
func (a *API) take(ctx context.Context, c *caller, part *multipart.Part) error {
	err := c.files.Add(ctx, file.Incoming{Name: part.FileName(), Type: part.Header.Get("Content-Type"), Body: formBody{part}})
	if err != nil {
		return fmt.Errorf("take file: %w", err)
	}
	return nil
}

// withBodyOf is the request with a body of JSON.
func withBodyOf(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// formBody is a part of a body: where it ends early, or is too long, that is the
// caller's doing.
type formBody struct{ io.Reader }

// Read implements io.Reader.
func (b formBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // Read returns this very value
		err = formError(err)
	}
	return n, err
}

// formError says whose fault it is that a form could not be read.
func formError(err error) error {
	var known *core.Error
	var own *refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known), errors.As(err, &own):
		return err
	case errors.As(err, &tooLarge):
		return &core.Error{Kind: core.TooLarge, Message: "the body is too large", Err: err}
	case strings.HasPrefix(err.Error(), "multipart:"), errors.Is(err, io.ErrUnexpectedEOF):
		return &refusal{kind: malformed, detail: "the form cannot be read"}
	}
	return err
}

// Upload is a file that waits for its message.
type Upload struct {
	ID        string `json:"id" doc:"What a message names it by, in upload_id."`
	FileType  string `json:"file_type"`
	Name      string `json:"name"`
	MIME      string `json:"mime"`
	SizeBytes int64  `json:"size_bytes"`
	Width     *int64 `json:"width" doc:"Of a picture, in pixels."`
	Height    *int64 `json:"height"`
	ExpiresAt Time   `json:"expires_at" doc:"Until when a message can carry it."`
}

// AttachmentInput names a file that was uploaded.
type AttachmentInput struct {
	UploadID string `json:"upload_id" minLength:"1" maxLength:"4096"`
}

func (a *API) uploadOperations() {
	create(a, op{
		path: "/v1/uploads", id: "createUpload", tag: "Messages", summary: "Send a file for a message to come", customers: true, forms: oneFile,
	}, a.createUpload)
}

// createUpload serves POST /v1/uploads.
func (a *API) createUpload(ctx context.Context, c *caller, _ *empty) (reply[Upload], error) {
	kept, err := a.files.Issue(ctx, c.files, c.again)
	if err != nil {
		return reply[Upload]{}, err
	}
	if c.again == nil || !c.again.Repeated {
		c.files = nil // it waits for its message
	}
	f := &kept.File
	return reply[Upload]{body: Upload{
		ID: kept.Ticket, FileType: f.FileType, Name: f.Name, MIME: f.MIME, SizeBytes: f.SizeBytes, Width: orNull(f.Width), Height: orNull(f.Height),
		ExpiresAt: Time(kept.ExpiresAt),
	}}, nil
}

// attached returns what a message is to carry: the files that came with it, and
// those that were uploaded before.
func (a *API) attached(c *caller, uploads []AttachmentInput) ([]core.Attachment, error) {
	var all []core.Attachment
	if c.files != nil {
		all = append(all, c.files.Attachments()...)
	}
	for _, u := range uploads {
		if a.files == nil {
			return nil, core.Refuse("upload_id", "this server takes no files")
		}
		f, err := a.files.Tickets.Open(c.AccountID, u.UploadID)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) > file.MaxFiles {
		return nil, core.Refuse("files", fmt.Sprintf("a message has at most %d files", file.MaxFiles))
	}
	return all, nil
}
