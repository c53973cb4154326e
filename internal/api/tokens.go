package api

import (
	"context"
	"time"

	"parley/internal/core"
	"parley/internal/service/account"
)

// Token is a credential of the account, or of one of its agents.
type Token struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	AgentID   *int64   `json:"agent_id" doc:"The agent whom it stands for; null: the account."`
	Scopes    []string `json:"scopes" enum:"read,write,admin"`
	State     string   `json:"state" enum:"valid,expired,revoked"`
	ExpiresAt *Time    `json:"expires_at" nullable:"true" doc:"null: never."`
	RevokedAt *Time    `json:"revoked_at" nullable:"true"`
	CreatedAt Time     `json:"created_at"`
}

// MadeToken is a token that was just made.
type MadeToken struct {
	Token
	Text *string `json:"token" doc:"What to send. It is shown this once and stored nowhere: null when the request is asked again."`
}

// TokenInput is what a token is made of.
type TokenInput struct {
	Name      string     `json:"name" minLength:"1" maxLength:"255" doc:"No other token of the account has it."`
	AgentID   *int64     `json:"agent_id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"The agent whom it stands for; null: the account."`
	Scopes    []string   `json:"scopes,omitempty" maxItems:"3" enum:"read,write,admin" doc:"All of them, where none is given."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"null: never."`
}

// TokenRotation is how a token makes way for another one.
type TokenRotation struct {
	OverlapSeconds int64 `json:"overlap_seconds,omitempty" minimum:"0" maximum:"2592000" doc:"How long the old one opens what it did; 0: it ends at once."`
}

// allScopes are those that a token without any has.
var allScopes = []core.Scope{core.ScopeRead, core.ScopeWrite, core.ScopeAdmin}

func (a *API) toToken(t *core.Token) Token {
	shown := Token{
		ID: t.ID, Name: t.Name, AgentID: orNull(t.AgentID), Scopes: []string{}, State: t.State(a.clock()),
		ExpiresAt: timeOrNull(t.ExpiresAt), RevokedAt: timeOrNull(t.RevokedAt), CreatedAt: Time(t.CreatedAt),
	}
	scopes := t.Scopes
	if len(scopes) == 0 {
		scopes = allScopes
	}
	for _, s := range scopes {
		shown.Scopes = append(shown.Scopes, string(s))
	}
	return shown
}

// tokenState is what a body shows of a token: it expires without a change of
// the record.
func (a *API) tokenState(t *core.Token) core.EventData { return extended{*t, t.State(a.clock())} }

// showMade answers with a token that was just made, by this request or, with no
// text, by an earlier one.
func (a *API) showMade(text string, t core.Token, err error) (reply[MadeToken], error) {
	return reply[MadeToken]{
		body: MadeToken{Token: a.toToken(&t), Text: orNull(text)}, record: a.tokenState(&t), location: address("/v1/tokens/", t.ID),
	}, err
}

func (a *API) tokenOperations() {
	n := names{unique: "name"}
	read(a, op{path: "/v1/tokens", id: "listTokens", tag: "Tokens", summary: "List the tokens, also those that are not valid any more", permit: core.PermitStaff}, a.listTokens)
	read(a, op{path: "/v1/tokens/{id}", id: "getToken", tag: "Tokens", summary: "Read a token", permit: core.PermitStaff}, a.getToken)
	create(a, op{path: "/v1/tokens", id: "createToken", tag: "Tokens", summary: "Make a token", permit: core.PermitStaff, names: n}, a.createToken)
	create(a, op{path: "/v1/tokens/{id}/rotate", id: "rotateToken", tag: "Tokens", summary: "Make a token in place of another one", permit: core.PermitStaff}, a.rotateToken)
	remove(a, op{path: "/v1/tokens/{id}", id: "revokeToken", tag: "Tokens", summary: "End a token for good", permit: core.PermitStaff}, a.revokeToken)
}

// listTokens serves GET /v1/tokens.
func (a *API) listTokens(ctx context.Context, c *caller, in *PageOf) (reply[List[Token]], error) {
	return listByID(in, "tokens", func(after int64, limit int) ([]core.Token, error) {
		return a.accounts.PageTokens(ctx, c.AccountID, after, limit)
	}, func(t *core.Token) int64 { return t.ID }, a.toToken)
}

// getToken serves GET /v1/tokens/{id}.
func (a *API) getToken(ctx context.Context, c *caller, in *ByID) (reply[Token], error) {
	t, err := a.accounts.Token(ctx, c.AccountID, in.ID)
	return reply[Token]{body: a.toToken(&t), record: a.tokenState(&t)}, err
}

// createToken serves POST /v1/tokens.
func (a *API) createToken(ctx context.Context, c *caller, in *Creation[TokenInput]) (reply[MadeToken], error) {
	b := &in.Body
	wanted := account.NewToken{AccountID: c.AccountID, Name: b.Name, AgentID: valueOf(b.AgentID), By: c.actor()}
	for _, s := range b.Scopes {
		wanted.Scopes = append(wanted.Scopes, core.Scope(s))
	}
	if b.ExpiresAt != nil {
		wanted.ExpiresAt = instantOf(*b.ExpiresAt)
	}
	return a.showMade(a.accounts.CreateToken(ctx, wanted, c.again))
}

// rotateToken serves POST /v1/tokens/{id}/rotate.
func (a *API) rotateToken(ctx context.Context, c *caller, in *Change[TokenRotation]) (reply[MadeToken], error) {
	overlap := time.Duration(in.Body.OverlapSeconds) * time.Second
	text, t, err := a.accounts.RotateToken(ctx, c.actor(), c.AccountID, in.ID, overlap, c.again)
	a.gate.Forget()
	return a.showMade(text, t, err)
}

// revokeToken serves DELETE /v1/tokens/{id}.
func (a *API) revokeToken(ctx context.Context, c *caller, in *ByID) error {
	_, err := a.accounts.RevokeToken(ctx, c.actor(), c.AccountID, in.ID, unchangedAs(c, a.tokenState))
	a.gate.Forget()
	return err
}
