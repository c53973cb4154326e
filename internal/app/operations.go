package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"parley/internal/core"
	"parley/internal/interchange"
	"parley/internal/service/account"
	"parley/internal/service/inbox"
	"parley/internal/service/integrity"
	"parley/internal/store"
)

// Operator is what the command line does to an installation. It is served
// either on the database itself (NewOperations) or, when a server holds it, by
// that server over its admin socket (DialOperator).
type Operator interface {
	// Import reads interchange lines and returns the summary as JSON, also
	// beside an error: it then names the last good line.
	Import(ctx context.Context, r io.Reader, remap bool) (summary json.RawMessage, err error)
	// Export writes interchange lines; account 0 = all.
	Export(ctx context.Context, w io.Writer, account int64, withSecrets bool) error
	// CreateAccount returns {"account_id":n,"uuid":"..."}.
	CreateAccount(ctx context.Context, name string) (json.RawMessage, error)
	// CreateInbox returns the inbox with the keys that its channel needs.
	CreateInbox(ctx context.Context, i InboxRequest) (json.RawMessage, error)
	// CreateAgent returns {"agent_id":n,"uuid":"...","identity_id":n}.
	CreateAgent(ctx context.Context, a AgentRequest) (json.RawMessage, error)
	// CreateToken returns {"token":"..."}.
	CreateToken(ctx context.Context, t TokenRequest) (json.RawMessage, error)
	// ListTokens returns the tokens of an account, 0 = all: without the texts,
	// which nobody has any more.
	ListTokens(ctx context.Context, account int64) ([]TokenInfo, error)
	// RevokeToken returns the token as it is now, as TokenInfo.
	RevokeToken(ctx context.Context, account, id int64) (json.RawMessage, error)
	// RotateToken returns {"token":"...","id":n} of the new token.
	RotateToken(ctx context.Context, account, id int64, overlap time.Duration) (json.RawMessage, error)
	// Backup writes a backup into dir, an absolute path, and returns its
	// manifest. The files are this process's, or the server's that is asked.
	Backup(ctx context.Context, dir string) (json.RawMessage, error)
	// Doctor writes one line per fault and returns how many there were.
	Doctor(ctx context.Context, w io.Writer) (faults int, err error)
	// Close lets go of the database or the socket.
	Close() error
}

// TokenRequest says which token to make.
type TokenRequest struct {
	AccountID int64        `json:"account_id"`
	Name      string       `json:"name"`
	AgentID   int64        `json:"agent_id"`
	Scopes    []core.Scope `json:"scopes"`
	ExpiresAt core.Time    `json:"expires_at"` // microseconds, 0 = never
}

// InboxRequest says which inbox to make.
type InboxRequest struct {
	AccountID  int64        `json:"account_id"`
	Name       string       `json:"name"`
	Channel    core.Channel `json:"channel"`
	Identifier string       `json:"identifier"`
}

// AgentRequest says which agent to make.
type AgentRequest struct {
	AccountID int64     `json:"account_id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Role      core.Role `json:"role"`
}

// TokenInfo is what may be told of a token.
type TokenInfo struct {
	ID        int64        `json:"id"`
	AccountID int64        `json:"account_id"`
	Name      string       `json:"name"`
	AgentID   int64        `json:"agent_id,omitempty"` // absent: the account itself
	Scopes    []core.Scope `json:"scopes,omitempty"`   // absent: all
	State     string       `json:"state"`              // valid, expired or revoked
	CreatedAt string       `json:"created_at"`         // times are RFC 3339
	ExpiresAt string       `json:"expires_at,omitempty"`
	RevokedAt string       `json:"revoked_at,omitempty"`
}

func tokenInfo(t *core.Token, now core.Time) TokenInfo {
	return TokenInfo{
		ID: t.ID, AccountID: t.AccountID, Name: t.Name, AgentID: t.AgentID, Scopes: t.Scopes, State: t.State(now),
		CreatedAt: instant(t.CreatedAt), ExpiresAt: instant(t.ExpiresAt), RevokedAt: instant(t.RevokedAt),
	}
}

// instant is a time in RFC 3339, "" when it is unset.
func instant(t core.Time) string {
	if !t.IsSet() {
		return ""
	}
	return t.Std().Format(time.RFC3339)
}

// Operations is the Operator on a store of this process.
type Operations struct {
	// DataDir is where a backup looks for files beside the database.
	DataDir string
	// TokensChanged, where it is set, is called after tokens were made, revoked
	// or rotated, before the caller hears of it: a cache of look-ups has to
	// forget what it knows.
	TokensChanged func()

	store    store.Store
	accounts *account.Accounts
	inboxes  *inbox.Inboxes
	clock    core.Clock
}

// NewOperations returns the Operator on st, which it closes.
func NewOperations(st store.Store, clock core.Clock) *Operations {
	return &Operations{store: st, accounts: account.New(st, clock), inboxes: inbox.New(st, clock), clock: clock}
}

// Close closes the store.
func (o *Operations) Close() error { return o.store.Close() }

// Import implements Operator.
func (o *Operations) Import(ctx context.Context, r io.Reader, remap bool) (json.RawMessage, error) {
	summary, err := interchange.Import(ctx, o.store, r, interchange.Options{Remap: remap, Clock: o.clock})
	o.tokensChanged() // also after a failure: what came before it is stored
	out, jsonErr := json.Marshal(summary)
	if err == nil {
		err = jsonErr
	}
	return out, err
}

// Export implements Operator.
func (o *Operations) Export(ctx context.Context, w io.Writer, accountID int64, withSecrets bool) error {
	opts := interchange.ExportOptions{WithSecrets: withSecrets}
	if accountID != 0 {
		opts.Accounts = []int64{accountID}
	}
	return interchange.Export(ctx, o.store, w, opts)
}

// CreateAccount implements Operator.
func (o *Operations) CreateAccount(ctx context.Context, name string) (json.RawMessage, error) {
	made, err := o.accounts.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		AccountID int64  `json:"account_id"`
		UUID      string `json:"uuid"`
	}{made.ID, made.UUID})
}

// CreateInbox implements Operator.
func (o *Operations) CreateInbox(ctx context.Context, i InboxRequest) (json.RawMessage, error) {
	made, err := o.inboxes.Create(ctx, inbox.NewInbox{AccountID: i.AccountID, Name: i.Name, Channel: i.Channel, Identifier: i.Identifier}, nil)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		InboxID      int64  `json:"inbox_id"`
		UUID         string `json:"uuid"`
		Identifier   string `json:"identifier,omitempty"`
		WebsiteToken string `json:"website_token,omitempty"`
		HMACToken    string `json:"hmac_token,omitempty"`
	}{made.ID, made.UUID, made.Identifier, made.WebsiteToken, made.HMACToken})
}

// CreateAgent implements Operator.
func (o *Operations) CreateAgent(ctx context.Context, a AgentRequest) (json.RawMessage, error) {
	made, err := o.accounts.CreateAgent(ctx, account.NewAgent{AccountID: a.AccountID, Name: a.Name, Email: a.Email, Role: a.Role}, nil)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		AgentID    int64  `json:"agent_id"`
		UUID       string `json:"uuid"`
		IdentityID int64  `json:"identity_id"`
	}{made.ID, made.UUID, made.IdentityID})
}

// CreateToken implements Operator.
func (o *Operations) CreateToken(ctx context.Context, t TokenRequest) (json.RawMessage, error) {
	text, _, err := o.accounts.CreateToken(ctx, account.NewToken{
		AccountID: t.AccountID, Name: t.Name, AgentID: t.AgentID, Scopes: t.Scopes, ExpiresAt: t.ExpiresAt,
	}, nil)
	if err != nil {
		return nil, err
	}
	o.tokensChanged()
	return json.Marshal(struct {
		Token string `json:"token"`
	}{text})
}

// ListTokens implements Operator.
func (o *Operations) ListTokens(ctx context.Context, accountID int64) ([]TokenInfo, error) {
	tokens, err := o.accounts.ListTokens(ctx, accountID)
	if err != nil {
		return nil, err
	}
	now := o.clock()
	infos := make([]TokenInfo, len(tokens))
	for i := range tokens {
		infos[i] = tokenInfo(&tokens[i], now)
	}
	return infos, nil
}

// RevokeToken implements Operator.
func (o *Operations) RevokeToken(ctx context.Context, accountID, id int64) (json.RawMessage, error) {
	t, err := o.accounts.RevokeToken(ctx, core.Actor{}, accountID, id, nil)
	if err != nil {
		return nil, err
	}
	o.tokensChanged()
	return json.Marshal(tokenInfo(&t, o.clock()))
}

// RotateToken implements Operator.
func (o *Operations) RotateToken(ctx context.Context, accountID, id int64, overlap time.Duration) (json.RawMessage, error) {
	text, made, err := o.accounts.RotateToken(ctx, core.Actor{}, accountID, id, overlap, nil)
	if err != nil {
		return nil, err
	}
	o.tokensChanged()
	return json.Marshal(struct {
		Token string `json:"token"`
		ID    int64  `json:"id"`
	}{text, made.ID})
}

func (o *Operations) tokensChanged() {
	if o.TokensChanged != nil {
		o.TokensChanged()
	}
}

// Doctor implements Operator.
func (o *Operations) Doctor(ctx context.Context, w io.Writer) (int, error) {
	faults := 0
	var werr error
	_, err := integrity.Check(ctx, o.store, func(f integrity.Fault) {
		faults++
		if werr == nil {
			_, werr = fmt.Fprintln(w, strings.ReplaceAll(f.String(), "\n", " "))
		}
	})
	if err == nil {
		err = werr
	}
	return faults, err
}
