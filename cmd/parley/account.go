package main

import "parley/internal/app"

type accountCmd struct {
	Create accountCreateCmd `cmd:"" help:"Create an account; prints its id and uuid as JSON."`
}

type accountCreateCmd struct {
	Name string `required:"" placeholder:"NAME" help:"Name of the account."`
}

// Run creates the account.
func (c accountCreateCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.CreateAccount(e.ctx, c.Name)
		return e.print(out, err)
	})
}
