package commbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/file"
)

// maxParts bounds the parts of a multipart body.
const maxParts = 100

// readBody is readSent for a call that takes no files: they are core.Invalid.
func readBody(r *http.Request, into any) error {
	return readSent(r, into, func(*multipart.Part) error { return core.Refuse("file", "files are not taken here") })
}

// readFiles is readSent for a call that takes files, which are looked at and
// kept. The batch must be released, also after a failure; it is empty where
// none came.
func (d *dialect) readFiles(w http.ResponseWriter, r *http.Request, caller auth.Principal, into any) (*file.Batch, error) {
	if d.files == nil {
		return new(file.Batch), readBody(r, into)
	}
	if isMultipart(r) {
		httpx.AwaitUpload(w)
	}
	ctx, batch := r.Context(), d.files.Begin(caller.AccountID)
	err := readSent(r, into, func(part *multipart.Part) error {
		err := batch.Add(ctx, file.Incoming{Name: part.FileName(), Type: part.Header.Get("Content-Type"), Body: body{part}})
		if err != nil {
			return fmt.Errorf("take file: %w", err)
		}
		return nil
	})
	return batch, err
}

// body is what a request brings: where it ends early, or is too long, that is
// the caller's doing.
type body struct{ io.Reader }

// Read implements io.Reader.
func (b body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // Read returns this very value
		err = bodyError(err)
	}
	return n, err
}

// isMultipart tells whether a request says that its body has parts.
func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && strings.HasPrefix(kind, "multipart/")
}

// bodyBytes is how long a request's body may be: that of a call that takes
// files has room for the largest one.
func (d *dialect) bodyBytes(r *http.Request) int64 {
	if d.files == nil || !isMultipart(r) {
		return httpx.MaxBodyBytes
	}
	if calls, _ := d.router.find(r.URL); !calls[r.Method].files {
		return httpx.MaxBodyBytes
	}
	return d.files.LimitBytes + httpx.MaxBodyBytes
}

// readSent reads what a call was sent into a struct, whose fields have the
// types of this file, and passes the files in it to take. CommBox takes the
// same members in four forms: JSON as {"data":{...}}, the inner object alone
// (older revisions), a form whose field data holds that JSON, and a multipart
// body with either that field or one field for each member. Names match in any
// letter case, and unknown ones are ignored. An empty body leaves into as it is.
//
// What cannot be read is core.Invalid; too much is core.TooLarge.
func readSent(r *http.Request, into any, take func(*multipart.Part) error) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = "" // clients that name no type, or a broken one, send JSON
	}
	switch {
	case kind == "application/x-www-form-urlencoded":
		raw, err := readAll(r.Body)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'{'}) {
			return decodeJSON(raw, into) // curl calls it a form unless it is told
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return core.Refuse("body", "the form cannot be read")
		}
		members := map[string]string{}
		for name, values := range form {
			members[name] = values[0]
		}
		return decodeForm(members, into)
	case strings.HasPrefix(kind, "multipart/"):
		members, err := readParts(multipart.NewReader(r.Body, params["boundary"]), take)
		if err != nil {
			return err
		}
		return decodeForm(members, into)
	}
	raw, err := readAll(r.Body)
	if err != nil {
		return err
	}
	return decodeJSON(raw, into)
}

// readAll reads a body, which the listener's limit bounds.
func readAll(body io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, bodyError(err)
	}
	return raw, nil
}

// bodyError says whose fault it is that a body could not be read.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &core.Error{Kind: core.TooLarge, Message: "the body is too large", Err: err}
	}
	return &core.Error{Kind: core.Invalid, Field: "body", Message: "the body cannot be read", Err: err}
}

// readParts reads the fields of a multipart body, which have room for as much
// as a body without files. A part without a name is a file here, as one with a
// file name is; of a repeated field the first counts.
func readParts(parts *multipart.Reader, take func(*multipart.Part) error) (map[string]string, error) {
	members := map[string]string{}
	room := httpx.MaxBodyBytes
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns this very value
			return members, nil
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if part.FileName() != "" || part.FormName() == "" {
			if err := take(part); err != nil {
				return nil, err
			}
			continue
		}
		raw, err := readAll(io.LimitReader(part, int64(room)+1))
		if err != nil {
			return nil, err
		}
		if room -= len(raw); room < 0 {
			return nil, &core.Error{Kind: core.TooLarge, Message: "the fields of the form are too long"}
		}
		if _, again := members[part.FormName()]; !again {
			members[part.FormName()] = string(raw)
		}
	}
	return nil, core.Refuse("body", "the form has too many parts")
}

// decodeForm reads a form: the JSON of its field data, or, without one, its
// fields as texts.
func decodeForm(members map[string]string, into any) error {
	b := []byte{'{'}
	for name, value := range members {
		if strings.EqualFold(name, "data") {
			return decodeJSON([]byte(value), into)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(httpx.AppendString(b, name), ':')
		b = httpx.AppendString(b, value)
	}
	return decodeObject(append(b, '}'), into)
}

// decodeJSON reads an object, or the one in its member data.
func decodeJSON(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	var outer struct {
		Data json.RawMessage `json:"data"`
	}
	if err := decodeObject(raw, &outer); err != nil {
		return err
	}
	if outer.Data != nil {
		raw = outer.Data
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		return nil
	}
	return decodeObject(raw, into)
}

// decodeObject decodes an object and nothing behind it.
func decodeObject(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if err == nil && bytes.TrimSpace(raw)[0] != '{' {
		err = errors.New("not an object")
	}
	if err != nil {
		return &core.Error{Kind: core.Invalid, Field: "body", Message: "the body is not what is asked for", Err: err}
	}
	return nil
}

// The types of members. CommBox's clients send numbers as digits in quotes and
// texts such as phone numbers without quotes; both ways are read.
type (
	// wireInt is a whole number. Set tells whether there was one: null and ""
	// are none.
	wireInt struct {
		N   int64
		Set bool
	}
	// wireBool is true or false, 1 or 0, with quotes or without, in any letter
	// case.
	wireBool struct{ V, Set bool }
	// wireText is a text; a number is its digits as they were sent.
	wireText struct {
		S   string
		Set bool
	}
	// wireObject is an object as it was sent, "" for none; a text that holds
	// one is that one, for forms can send no other.
	wireObject core.JSON
)

// UnmarshalJSON implements json.Unmarshaler.
func (v *wireInt) UnmarshalJSON(raw []byte) error {
	text, err := scalar(raw)
	if err != nil || text == "" {
		return err
	}
	if v.N, err = strconv.ParseInt(text, 10, 64); err != nil {
		return errors.New("not a whole number")
	}
	v.Set = true
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *wireBool) UnmarshalJSON(raw []byte) error {
	text, err := scalar(raw)
	if err != nil || text == "" {
		return err
	}
	switch strings.ToLower(text) {
	case "true", "1":
		v.V = true
	case "false", "0":
		v.V = false
	default:
		return errors.New("neither true nor false")
	}
	v.Set = true
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *wireText) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	switch raw[0] {
	case '"':
		v.Set = true
		return json.Unmarshal(raw, &v.S) // blanks count, and broken UTF-8 is mended
	case 't', 'f', '{', '[':
		return errors.New("not a text")
	}
	v.S, v.Set = string(raw), true
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *wireObject) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if raw[0] == '"' {
		text = core.JSON(text).Text()
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text == "null":
		return nil
	case text[0] != '{' || !json.Valid([]byte(text)):
		return errors.New("not an object")
	}
	*v = wireObject(text)
	return nil
}

// scalar returns the text of a number, a boolean or a string, "" for null.
func scalar(raw []byte) (string, error) {
	switch raw[0] {
	case '"':
		return strings.TrimSpace(core.JSON(raw).Text()), nil
	case '{', '[':
		return "", errors.New("not a single value")
	case 'n':
		return "", nil
	}
	return string(raw), nil
}
