package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Waits for a child.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 20 * time.Second
)

// Child is a process that serves for as long as we live: it watches its
// standard input, which ends with us whatever we die of.
type Child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *childOutput
	stop  func() error
}

// childOutput keeps what a child writes and finds the address in it.
type childOutput struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
	told chan string     // the address, once
	done bool            // guarded by mu: it was told
}

// addressMark stands before the address in what a child writes, as the server's
// log has it in its text form; a blank or line end stands behind it.
const addressMark = "msg=serving addr="

// Write implements io.Writer.
func (o *childOutput) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() < 1<<20 { // a log beyond that helps nobody
		o.text.Write(b)
	}
	if _, rest, ok := strings.Cut(o.text.String(), addressMark); ok && !o.done {
		if end := strings.IndexAny(rest, " \n"); end > 0 {
			o.told <- rest[:end]
			o.done = true
		}
	}
	return len(b), nil
}

// String returns what was written so far.
func (o *childOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Start runs a program that writes msg=serving addr=HOST:PORT as soon as it
// serves there, and ends with its standard input. input is what it gets to read before that.
// It returns the base URL.
func Start(ctx context.Context, program string, args, env []string, input []byte) (c *Child, url string, err error) {
	out := &childOutput{told: make(chan string, 1)}
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // our own binary, which Stop ends in order
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", program, err)
	}
	ended := make(chan struct{})
	var waitErr error
	go func() {
		waitErr = cmd.Wait()
		close(ended)
	}()
	c = &Child{cmd: cmd, stdin: stdin, out: out, stop: sync.OnceValue(func() error {
		_ = stdin.Close()
		kill := time.AfterFunc(stopTimeout, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		<-ended
		if waitErr != nil {
			return fmt.Errorf("%s: %w: %s", args[0], waitErr, out)
		}
		return nil
	})}
	if _, err := stdin.Write(input); err != nil {
		return nil, "", errors.Join(err, c.Stop())
	}
	late := time.NewTimer(startTimeout)
	defer late.Stop()
	select {
	case addr := <-out.told:
		return c, "http://" + addr, nil
	case <-ended:
		return nil, "", fmt.Errorf("%s ended: %w: %s", args[0], errors.Join(errors.New("it does not serve"), waitErr), out)
	case <-late.C:
		err = fmt.Errorf("%s does not serve after %s", args[0], startTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, "", errors.Join(err, c.Stop())
}

// PID is the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Stop ends the child, waits for it, and reports one that failed. It may be
// called again.
func (c *Child) Stop() error { return c.stop() }

// UntilEOF returns a context that ends with ctx and with r: how a child notices
// that its parent is gone.
func UntilEOF(ctx context.Context, r io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		// Nobody waits for it: a read of standard input cannot be cut off.
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx, cancel
}
