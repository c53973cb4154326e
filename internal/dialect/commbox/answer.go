package commbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"parley/internal/auth"
	"parley/internal/httpx"
)

// The descriptions of answers (OpenAPI 2.07): most operations have the first,
// those that make staff or list teams the second.
const (
	success = "Operation successful"
	okay    = "OK"
)

// appendEnvelope appends what stands before the data of an answer, the key
// data included.
func (d *dialect) appendEnvelope(b []byte, r *http.Request, description string) []byte {
	b = text(append(b, `"status":200`...), `,"description":`, description)
	b = d.appendResponseTime(append(b, ','), r)
	return append(b, `,"data":`...)
}

// answer sends a short answer whole. data is encoded with the tags of its type.
func (d *dialect) answer(w http.ResponseWriter, r *http.Request, description string, data any) error {
	var encoded bytes.Buffer
	enc := json.NewEncoder(&encoded)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	b := d.appendEnvelope([]byte{'{'}, r, description)
	b = append(append(b, bytes.TrimSuffix(encoded.Bytes(), []byte{'\n'})...), '}')
	return d.send(w, http.StatusOK, b)
}

// send sends a whole body.
func (d *dialect) send(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store") // a key in the query makes caches keep it
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
	return nil
}

// stream sends an answer of any length: data appends its parts, one after the
// other, and returns the first failure.
func (d *dialect) stream(w http.ResponseWriter, r *http.Request, open func([]byte) []byte, data func(*httpx.Stream) error) error {
	w.Header().Set("Cache-Control", "no-store") // a key in the query makes caches keep it
	s := httpx.NewStream(w, r, http.StatusOK, contentType)
	if err := s.Append(func(b []byte) []byte { return d.appendEnvelope(open(b), r, success) }); err != nil {
		return err
	}
	if err := data(s); err != nil {
		return err
	}
	if err := s.Append(func(b []byte) []byte { return append(b, '}') }); err != nil {
		return err
	}
	return s.Finish()
}

// openBrace opens an answer that has nothing before its envelope.
func openBrace(b []byte) []byte { return append(b, '{') }

// getSystemStatus serves GET /core/systemstatus, with a key and without one.
func (d *dialect) getSystemStatus(w http.ResponseWriter, r *http.Request, _ auth.Principal) error {
	return d.answer(w, r, "System is operational", null{})
}

// madeID is the data of what was made: {"id":21221}.
type madeID struct {
	ID int64 `json:"id"`
}

// noID is the data of changed tags and groups: {"id":null} (OpenAPI 2.07).
type noID struct {
	ID null `json:"id"`
}
