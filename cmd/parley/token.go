package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"parley/internal/app"
	"parley/internal/core"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Create a token; prints it as JSON, once."`
	List   tokenListCmd   `cmd:"" help:"List tokens: who they are for, what they may do, and whether they are valid."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once and for good."`
	Rotate tokenRotateCmd `cmd:"" help:"Replace a token by a new one; the old one goes on working for a while."`
}

type tokenCreateCmd struct {
	Account int64         `required:"" placeholder:"ID" help:"Id of the account."`
	Name    string        `required:"" placeholder:"NAME" help:"Name of the token, unique in the account."`
	Agent   int64         `placeholder:"ID" help:"Id of the agent in whose name the token acts; without it the account itself."`
	Scope   []core.Scope  `enum:"read,write,admin" help:"What the token may do: read, write, admin; may be repeated; without it all."`
	Expires time.Duration `help:"How long the token is valid, such as 720h; without it for ever."`
}

// Run creates the token.
func (c tokenCreateCmd) Run(e *env) error {
	if c.Expires < 0 {
		return core.Refuse("expires", "must not be negative")
	}
	t := app.TokenRequest{AccountID: c.Account, Name: c.Name, AgentID: c.Agent, Scopes: c.Scope}
	if c.Expires > 0 {
		t.ExpiresAt = e.clock() + core.Time(c.Expires.Microseconds())
	}
	return e.withOperator(func(op app.Operator) error {
		out, err := op.CreateToken(e.ctx, t)
		return e.print(out, err)
	})
}

type tokenListCmd struct {
	Account int64 `placeholder:"ID" help:"Id of the account; without it all."`
	JSON    bool  `name:"json" help:"Print a JSON array instead of a table."`
}

// Run lists the tokens.
func (c tokenListCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		tokens, err := op.ListTokens(e.ctx, c.Account)
		if err != nil {
			return err
		}
		if c.JSON {
			out, err := json.Marshal(tokens)
			return e.print(out, err)
		}
		return e.printTokens(tokens)
	})
}

// printTokens prints a table, without colours or frames: it is read by grep,
// too.
func (e *env) printTokens(tokens []app.TokenInfo) error {
	w := tabwriter.NewWriter(e.io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ACCOUNT\tID\tSTATE\tSUBJECT\tSCOPES\tCREATED\tEXPIRES\tNAME")
	for i := range tokens {
		t := &tokens[i]
		subject := "account"
		if t.AgentID != 0 {
			subject = "agent " + strconv.FormatInt(t.AgentID, 10)
		}
		scopes := make([]string, len(t.Scopes))
		for i, s := range t.Scopes {
			scopes[i] = string(s)
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%q\n", t.AccountID, t.ID, t.State, subject,
			cmp.Or(strings.Join(scopes, ","), "all"), t.CreatedAt, cmp.Or(t.ExpiresAt, "never"), t.Name)
	}
	return w.Flush()
}

type tokenRevokeCmd struct {
	Account int64 `required:"" placeholder:"ID" help:"Id of the account."`
	ID      int64 `name:"id" required:"" placeholder:"ID" help:"Id of the token; token list tells it."`
}

// Run revokes the token.
func (c tokenRevokeCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.RevokeToken(e.ctx, c.Account, c.ID)
		return e.print(out, err)
	})
}

type tokenRotateCmd struct {
	Account int64         `required:"" placeholder:"ID" help:"Id of the account."`
	ID      int64         `name:"id" required:"" placeholder:"ID" help:"Id of the token; token list tells it."`
	Overlap time.Duration `default:"24h" help:"How long the old token goes on working, such as 30m; 0s ends it at once."`
}

// Run rotates the token.
func (c tokenRotateCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.RotateToken(e.ctx, c.Account, c.ID, c.Overlap)
		return e.print(out, err)
	})
}
