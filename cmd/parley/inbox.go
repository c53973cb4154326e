package main

import (
	"parley/internal/app"
	"parley/internal/core"
)

type inboxCmd struct {
	Create inboxCreateCmd `cmd:"" help:"Create an inbox; prints its id and keys as JSON."`
}

type inboxCreateCmd struct {
	Account    int64        `required:"" placeholder:"ID" help:"Id of the account."`
	Name       string       `required:"" placeholder:"NAME" help:"Name of the inbox, unique in the account."`
	Channel    core.Channel `required:"" enum:"web,api,email,sms,whatsapp" help:"How the inbox reaches contacts: web, api, email, sms, whatsapp."`
	Identifier string       `help:"Name of the inbox in the client API, unique in the installation; made for an api inbox that is given none."`
}

// Run creates the inbox.
func (c inboxCreateCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		out, err := op.CreateInbox(e.ctx, app.InboxRequest{AccountID: c.Account, Name: c.Name, Channel: c.Channel, Identifier: c.Identifier})
		return e.print(out, err)
	})
}
