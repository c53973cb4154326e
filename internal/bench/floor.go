package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// FloorProgram is how the floor is started as a child of its own.
type FloorProgram struct {
	Program string
	// Args are followed by the length of the body.
	Args []string
	Env  []string
}

// start runs a floor that answers with the body.
func (f FloorProgram) start(ctx context.Context, body []byte) (*Child, string, error) {
	args := append(append([]string{}, f.Args...), strconv.Itoa(len(body)))
	return Start(ctx, f.Program, args, f.Env, body)
}

// ServeFloor is the floor's process: the least that an HTTP server in Go can
// do. It reads a body of size bytes from in, answers every request with it on a
// free loopback port, which it writes to out, and ends with ctx or in. An answer
// without a body is a 304.
func ServeFloor(ctx context.Context, size int, in io.Reader, out io.Writer) error {
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return fmt.Errorf("read the floor's body: %w", err)
	}
	listen, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	length := []string{strconv.Itoa(size)}
	contentType := []string{"application/json"}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // deadlines have their price, and only our parent calls
		if size == 0 {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = contentType, length
		_, _ = w.Write(body)
	})}
	ctx, cancel := UntilEOF(ctx, in)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listen) }()
	if _, err := fmt.Fprintf(out, "%s%s\n", addressMark, listen.Addr()); err != nil {
		return errors.Join(err, srv.Close())
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return errors.Join(srv.Close(), ignoreClosed(<-served))
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
