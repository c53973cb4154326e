package httpx

import (
	"net/http"
	"time"
)

// uploadTimeout is how long a body with files may take to arrive, and to be
// stored: 40 MB at half a megabit a second.
const uploadTimeout = 12 * time.Minute

// AwaitUpload gives a request more time than the listener gives to all, for a
// body that is long. Call it when the caller is known.
func AwaitUpload(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	until := time.Now().Add(uploadTimeout) //nolint:forbidigo // socket deadlines are the machine's time
	// A connection without deadlines waits as it likes.
	_ = control.SetReadDeadline(until)
	_ = control.SetWriteDeadline(until.Add(chunkTimeout))
}

// Patient returns a writer that waits for a slow client as long as it accepts
// a chunk now and then, however long the body is.
func Patient(w http.ResponseWriter) http.ResponseWriter {
	return &patient{w, http.NewResponseController(w)}
}

type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (w *patient) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(chunkTimeout)) //nolint:forbidigo // see AwaitUpload
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *patient) Unwrap() http.ResponseWriter { return w.ResponseWriter }
