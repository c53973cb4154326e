package main

import (
	"parley/internal/app"
	"parley/internal/core"
)

type agentCmd struct {
	Create agentCreateCmd `cmd:"" help:"Make a person an agent of an account; prints the ids as JSON."`
}

type agentCreateCmd struct {
	Account int64     `required:"" placeholder:"ID" help:"Id of the account."`
	Name    string    `required:"" placeholder:"NAME" help:"Name of the agent."`
	Email   string    `required:"" placeholder:"EMAIL" help:"E-mail address, unique in the account."`
	Role    core.Role `default:"agent" enum:"agent,administrator" help:"What the agent may do: agent, administrator."`
}

// Run creates the agent.
func (c agentCreateCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.CreateAgent(e.ctx, app.AgentRequest{AccountID: c.Account, Name: c.Name, Email: c.Email, Role: c.Role})
		return e.print(out, err)
	})
}
