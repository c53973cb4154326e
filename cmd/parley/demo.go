package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/demo"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

type demoCmd struct {
	Seed uint64 `default:"1" help:"Seed of the demo's chance: the same seed gives the same account."`
}

// Run serves a demo account on a database of its own, which is removed at the
// end.
func (c demoCmd) Run(e *env) error {
	if e.cfg.Postgres() {
		return errors.New("the demo brings its own throw-away database: leave --database-url out")
	}
	dir, err := os.MkdirTemp("", "parley-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a left-over below the temporary folder harms nobody
	cfg := *e.cfg
	cfg.DataDir = dir
	if cfg.AdminAddr == config.Default().AdminAddr {
		cfg.AdminAddr = "127.0.0.1:0" // beside a server, too
	}
	s, err := app.NewServer(e.ctx, &cfg, e.clock, e.log)
	if err != nil {
		return err
	}
	ops := app.NewOperations(s.Store, e.clock)
	keys, err := c.prepare(e, ops, s.Store)
	if err != nil {
		return errors.Join(err, ops.Close())
	}
	printDemo(e, "http://"+s.Addr.String(), keys, dir)

	live := &demo.Live{
		Reads: conversation.NewReads(s.Store), Writes: conversation.NewWrites(s.Store, e.clock), Log: e.log, Seed: c.Seed,
	}
	return runBoth(e.ctx, s.Run, live.Run)
}

// demoKeys open the demo account.
type demoKeys struct {
	token   string // an API token of the account
	visitor string // a customer token of the showcase visitor
}

// prepare imports the demo account and makes keys for it.
func (c demoCmd) prepare(e *env, ops *app.Operations, st store.Inboxes) (demoKeys, error) {
	var file bytes.Buffer
	if err := demo.Generate(&file, c.Seed, e.clock()); err != nil {
		return demoKeys{}, err
	}
	if _, err := ops.Import(e.ctx, &file, false); err != nil {
		return demoKeys{}, fmt.Errorf("import the demo account: %w", err)
	}
	out, err := ops.CreateToken(e.ctx, app.TokenRequest{AccountID: demo.AccountID, Name: "demo"})
	if err != nil {
		return demoKeys{}, err
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return demoKeys{}, err
	}
	web, err := st.Inbox(e.ctx, demo.AccountID, demo.WebInboxID)
	if err != nil {
		return demoKeys{}, err
	}
	visitor, err := demo.VisitorToken(web.HMACToken, e.clock())
	return demoKeys{token: made.Token, visitor: visitor}, err
}

// runBoth runs both until ctx ends or one of them fails, which stops the
// other. The writer stops before the server closes its database.
func runBoth(ctx context.Context, server, writer func(context.Context) error) error {
	serving, stopServer := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServer()
	writing, stopWriter := context.WithCancel(ctx)
	defer stopWriter()
	served := make(chan error, 1)
	go func() {
		served <- server(serving)
		stopWriter()
	}()
	err := writer(writing)
	stopServer()
	return errors.Join(err, <-served)
}

// printDemo tells where everything is.
func printDemo(e *env, url string, keys demoKeys, dir string) {
	fmt.Fprintf(e.io.out, `
Parley demo: Harbor Outfitters, %d contacts, %d conversations, and somebody writes every few seconds.

  server    %[3]s
  health    %[3]s/readyz
  docs      %[3]s/docs
  OpenAPI   %[3]s/openapi/commbox.json  %[3]s/openapi/chatwoot.json  %[3]s/openapi/uncodie.json  %[3]s/openapi/v1.json
  token     %[4]s
  data      %[5]s
  recount   parley doctor --data-dir %[5]s

CommBox, conversations of a visitor with unread counts:
  curl -s -H 'Authorization: Bearer %[4]s' '%[3]s/v2/users/identities/%[6]d/objects'

CommBox, one conversation with all its messages:
  curl -s -H 'Authorization: Bearer %[4]s' '%[3]s/streams/%[7]d/objects/%[8]d?includeChilds=true'

Chatwoot (OmniVibe), a contact's own list:
  curl -s '%[3]s/public/api/v1/inboxes/%[9]s/contacts/%[10]s/conversations'

Uncodie, conversations of a lead:
  curl -s -H 'x-api-key: %[4]s' '%[3]s/api/agents/customerSupport/conversations?lead_id=%[11]s&limit=5'

Parley's own API, who calls:
  curl -s -H 'Authorization: Bearer %[4]s' '%[3]s/v1/me'

What the visitor has not read:
  curl -s -H 'Authorization: Bearer %[4]s' '%[3]s/v1/contacts/identity:%[6]d/unread'

What was said with these words (the index is filled within seconds after the start):
  curl -s -H 'Authorization: Bearer %[4]s' '%[3]s/v1/search?q=invoice+order&limit=3'

All that happens, as it happens:
  curl -sN -H 'Authorization: Bearer %[4]s' -H 'Accept: text/event-stream' '%[3]s/v1/events'

The badge of the visitor, live in a browser for 24 hours:
  %[3]s/demo/badge#token=%[12]s

Stop with Ctrl-C; the demo's data goes with it.
`, demo.ContactCount, demo.ConversationCount, url, keys.token, dir,
		demo.VisitorID, demo.WebInboxID, demo.VisitorThread, demo.APIIdentifier, demo.AppSourceID, demo.LeadUUID, keys.visitor)
}
