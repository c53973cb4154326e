package main

import (
	"encoding/json"
	"fmt"
	"time"

	"parley/internal/app"
	"parley/internal/core"
)

type accountCmd struct {
	Create accountCreateCmd `cmd:"" help:"Create an account; prints its id and uuid as JSON."`
}

type accountCreateCmd struct {
	Name string `required:"" help:"Name of the account."`
}

// Run creates the account.
func (c accountCreateCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.CreateAccount(e.ctx, c.Name)
		return e.print(out, err)
	})
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Create a token; prints it as JSON, once."`
}

type tokenCreateCmd struct {
	Account int64         `required:"" help:"Id of the account."`
	Name    string        `required:"" help:"Name of the token, unique in the account."`
	Agent   int64         `help:"Id of the agent in whose name the token acts; without it the account itself."`
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

// print writes one line of JSON unless the command failed.
func (e *env) print(out json.RawMessage, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.io.out, "%s\n", out)
	return err
}
