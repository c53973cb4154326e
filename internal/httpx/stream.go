package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Sizes and waits of a streamed body.
const (
	// bufferBytes is how much of a body is held back. A body that ends within
	// it is sent whole, with its length, and a failure until then can still
	// become a clean error answer.
	bufferBytes = 64 << 10
	// chunkTimeout is how long the client may take to accept one chunk.
	chunkTimeout = 30 * time.Second
)

// Stream writes a body of unknown length in chunks. Use: append to it piece by
// piece, then Finish. It holds at most one chunk plus the largest piece.
//
// A Stream belongs to one goroutine.
type Stream struct {
	w       http.ResponseWriter
	ctx     context.Context //nolint:containedctx // a Stream lives no longer than its request
	control *http.ResponseController
	buf     []byte
	status  int
	started bool
	// BeforeHeader, when set, runs once before the first byte is sent; whole
	// is the complete body when it fits the buffer, else nil. It may set
	// headers, and by returning true it ends the answer itself (a 304, say).
	BeforeHeader func(whole []byte) (done bool)
}

// NewStream prepares an answer of the given status and content type.
func NewStream(w http.ResponseWriter, r *http.Request, status int, contentType string) *Stream {
	w.Header().Set("Content-Type", contentType)
	return &Stream{
		w: w, ctx: r.Context(), control: http.NewResponseController(w),
		buf: make([]byte, 0, 4<<10), status: status,
	}
}

// Append lets f append to the body. It fails when the client is gone or too
// slow: the caller returns that error and stops.
func (s *Stream) Append(f func([]byte) []byte) error {
	s.buf = f(s.buf)
	if len(s.buf) < bufferBytes {
		return nil
	}
	if !s.started {
		if s.BeforeHeader != nil && s.BeforeHeader(nil) {
			return errAnswered
		}
		s.w.WriteHeader(s.status)
		s.started = true
	}
	return s.flush()
}

// errAnswered ends a handler whose answer BeforeHeader has already sent.
var errAnswered = errors.New("answered before the body")

// Finish sends what is left. After an error of Append or Finish the answer
// cannot be mended: see Failed.
func (s *Stream) Finish() error {
	if s.started {
		return s.flush()
	}
	if s.BeforeHeader != nil && s.BeforeHeader(s.buf) {
		return nil
	}
	s.w.Header().Set("Content-Length", strconv.Itoa(len(s.buf)))
	s.w.WriteHeader(s.status)
	s.started = true
	return s.flush()
}

func (s *Stream) flush() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(chunkTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) { //nolint:forbidigo // socket deadlines are the machine's time
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := s.w.Write(s.buf); err != nil {
		return fmt.Errorf("write body: %w", err)
	}
	s.buf = s.buf[:0]
	return nil
}
