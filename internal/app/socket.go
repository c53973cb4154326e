package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"parley/internal/core"
)

// The admin socket speaks HTTP over a Unix socket that only the data dir's
// owner can open. It answers a failure with 422 and the message as plain text;
// a failure after the body began ends the connection.

// trailerError carries a failure that came after the body began.
const trailerError = "Parley-Error"

// maxAdminBody bounds the small requests; an import streams.
const maxAdminBody = 1 << 20

// listenAdmin opens the admin socket. A socket that a killed server left is
// replaced: the lock says that nobody else owns the data dir.
func listenAdmin(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old admin socket: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("protect admin socket: %w", err)
	}
	return l, nil
}

// adminHandler serves an Operator over the admin socket.
func adminHandler(op Operator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /import", func(w http.ResponseWriter, r *http.Request) {
		summary, err := op.Import(r.Context(), r.Body, r.URL.Query().Get("remap") == "true")
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.Header().Set(trailerError, oneLine(err))
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_, _ = w.Write(summary)
	})
	mux.HandleFunc("GET /export", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.ParseInt(r.URL.Query().Get("account"), 10, 64)
		w.Header().Set("Trailer", trailerError)
		if err := op.Export(r.Context(), w, id, r.URL.Query().Get("with_secrets") == "true"); err != nil {
			w.Header().Set(trailerError, oneLine(err))
		}
	})
	mux.HandleFunc("POST /doctor", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", trailerError)
		if _, err := op.Doctor(r.Context(), w); err != nil {
			w.Header().Set(trailerError, oneLine(err))
		}
	})
	mux.HandleFunc("POST /accounts", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name string `json:"name"`
		}
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.CreateAccount(ctx, in.Name) })
	})
	mux.HandleFunc("POST /inboxes", func(w http.ResponseWriter, r *http.Request) {
		var in InboxRequest
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.CreateInbox(ctx, in) })
	})
	mux.HandleFunc("POST /agents", func(w http.ResponseWriter, r *http.Request) {
		var in AgentRequest
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.CreateAgent(ctx, in) })
	})
	handleTokens(mux, op)
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		var in backupCall
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.Backup(ctx, in.Dir) })
	})
	return mux
}

// handleTokens serves what an Operator does with tokens.
func handleTokens(mux *http.ServeMux, op Operator) {
	mux.HandleFunc("POST /tokens", func(w http.ResponseWriter, r *http.Request) {
		var in TokenRequest
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.CreateToken(ctx, in) })
	})
	mux.HandleFunc("POST /tokens/list", func(w http.ResponseWriter, r *http.Request) {
		var in tokenCall
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) {
			infos, err := op.ListTokens(ctx, in.AccountID)
			if err != nil {
				return nil, err
			}
			return json.Marshal(infos)
		})
	})
	mux.HandleFunc("POST /tokens/revoke", func(w http.ResponseWriter, r *http.Request) {
		var in tokenCall
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) { return op.RevokeToken(ctx, in.AccountID, in.ID) })
	})
	mux.HandleFunc("POST /tokens/rotate", func(w http.ResponseWriter, r *http.Request) {
		var in tokenCall
		adminCall(w, r, &in, func(ctx context.Context) (json.RawMessage, error) {
			return op.RotateToken(ctx, in.AccountID, in.ID, in.Overlap)
		})
	})
}

// backupCall names the folder of a backup.
type backupCall struct {
	Dir string `json:"dir"`
}

// tokenCall names a token, and what to do with it.
type tokenCall struct {
	AccountID int64         `json:"account_id"`
	ID        int64         `json:"id"`
	Overlap   time.Duration `json:"overlap"` // nanoseconds
}

func adminCall(w http.ResponseWriter, r *http.Request, in any, call func(ctx context.Context) (json.RawMessage, error)) {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody)).Decode(in)
	var out json.RawMessage
	if err == nil {
		out, err = call(r.Context())
	}
	if err != nil {
		w.Header().Set(trailerError, oneLine(err))
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out)
}

// oneLine is the error as a header can carry it. The socket is the operator's
// own, so causes may be told.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// remoteOperator is the Operator of a server that runs already.
type remoteOperator struct{ client *http.Client }

// DialOperator reaches the server that listens on the admin socket; ok is
// false when none does.
func DialOperator(ctx context.Context, path string) (op Operator, ok bool) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, false
	}
	_ = conn.Close()
	return &remoteOperator{client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		},
		ResponseHeaderTimeout: 0, // an import answers at its end
		IdleConnTimeout:       time.Minute,
	}}}, true
}

// Close lets go of the socket.
func (o *remoteOperator) Close() error {
	o.client.CloseIdleConnections()
	return nil
}

// do sends one request. It returns the body and the error that the server
// told, in the header or behind the body.
func (o *remoteOperator) do(ctx context.Context, method, path string, body io.Reader, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://admin"+path, body)
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("read from the running server: %w", err)
	}
	for _, h := range []http.Header{resp.Header, resp.Trailer} {
		if msg := h.Get(trailerError); msg != "" {
			return &core.Error{Kind: core.Invalid, Message: msg}
		}
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the running server answered %s", resp.Status)
	}
	return nil
}

func (o *remoteOperator) call(ctx context.Context, path string, in any) (json.RawMessage, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = o.do(ctx, http.MethodPost, path, bytes.NewReader(body), &out)
	return out.Bytes(), err
}

// Import implements Operator.
func (o *remoteOperator) Import(ctx context.Context, r io.Reader, remap bool) (json.RawMessage, error) {
	var out bytes.Buffer
	err := o.do(ctx, http.MethodPost, "/import?remap="+strconv.FormatBool(remap), io.NopCloser(r), &out)
	return out.Bytes(), err
}

// Export implements Operator.
func (o *remoteOperator) Export(ctx context.Context, w io.Writer, account int64, withSecrets bool) error {
	path := fmt.Sprintf("/export?account=%d&with_secrets=%t", account, withSecrets)
	return o.do(ctx, http.MethodGet, path, http.NoBody, w)
}

// CreateAccount implements Operator.
func (o *remoteOperator) CreateAccount(ctx context.Context, name string) (json.RawMessage, error) {
	return o.call(ctx, "/accounts", map[string]string{"name": name})
}

// CreateInbox implements Operator.
func (o *remoteOperator) CreateInbox(ctx context.Context, i InboxRequest) (json.RawMessage, error) {
	return o.call(ctx, "/inboxes", i)
}

// CreateAgent implements Operator.
func (o *remoteOperator) CreateAgent(ctx context.Context, a AgentRequest) (json.RawMessage, error) {
	return o.call(ctx, "/agents", a)
}

// CreateToken implements Operator.
func (o *remoteOperator) CreateToken(ctx context.Context, t TokenRequest) (json.RawMessage, error) {
	return o.call(ctx, "/tokens", t)
}

// ListTokens implements Operator.
func (o *remoteOperator) ListTokens(ctx context.Context, account int64) ([]TokenInfo, error) {
	out, err := o.call(ctx, "/tokens/list", tokenCall{AccountID: account})
	if err != nil {
		return nil, err
	}
	var infos []TokenInfo
	if err := json.Unmarshal(out, &infos); err != nil {
		return nil, fmt.Errorf("read from the running server: %w", err)
	}
	return infos, nil
}

// RevokeToken implements Operator.
func (o *remoteOperator) RevokeToken(ctx context.Context, account, id int64) (json.RawMessage, error) {
	return o.call(ctx, "/tokens/revoke", tokenCall{AccountID: account, ID: id})
}

// RotateToken implements Operator.
func (o *remoteOperator) RotateToken(ctx context.Context, account, id int64, overlap time.Duration) (json.RawMessage, error) {
	return o.call(ctx, "/tokens/rotate", tokenCall{AccountID: account, ID: id, Overlap: overlap})
}

// Backup implements Operator.
func (o *remoteOperator) Backup(ctx context.Context, dir string) (json.RawMessage, error) {
	return o.call(ctx, "/backup", backupCall{Dir: dir})
}

// Doctor implements Operator.
func (o *remoteOperator) Doctor(ctx context.Context, w io.Writer) (int, error) {
	var out bytes.Buffer
	err := o.do(ctx, http.MethodPost, "/doctor", http.NoBody, &out)
	faults := bytes.Count(out.Bytes(), []byte("\n"))
	if _, werr := w.Write(out.Bytes()); err == nil {
		err = werr
	}
	return faults, err
}
