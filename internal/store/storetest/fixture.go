package storetest

import (
	"context"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// noon is the instant at which fixtures begin: 14 November 2023, 12:00 UTC.
const noon = core.Time(1_699_963_200_000_000)

const (
	second = core.Time(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
)

// Fixture is a small account as Seed makes it. Its values are what the store
// held when Seed returned.
//
// Ada is a known contact with two identities and three conversations: Chat (in
// the web inbox; the last word was an agent's, and unread), Invoice (resolved; in
// the mail inbox, under her second identity) and Quiet (opened by the agent,
// without any entry). The Visitor is anonymous and has one conversation, Ask,
// which nobody has answered.
type Fixture struct {
	Account core.Account

	Admin core.Agent // administrator
	Agent core.Agent // a person
	Bot   core.Agent

	Team  core.Team
	Label core.Label

	Web  core.Inbox
	API  core.Inbox // Identifier "api-inbox-" and the account's id
	Mail core.Inbox
	Desk core.SubInbox // of Web

	Ada         core.Contact
	AdaWeb      core.Identity
	AdaMail     core.Identity
	AdaWebDoor  core.ContactInbox
	AdaMailDoor core.ContactInbox

	Visitor     core.Contact
	VisitorWeb  core.Identity
	VisitorDoor core.ContactInbox

	Chat    core.Conversation
	Invoice core.Conversation
	Quiet   core.Conversation
	Ask     core.Conversation

	// Entries are those of Chat, Invoice and Ask, by conversation and position.
	Entries map[int64][]core.Entry
}

// Seed adds an account to the store. It may be called more than once: each call
// makes another account.
func Seed(t testing.TB, st store.Store) Fixture {
	t.Helper()
	f := Fixture{Entries: map[int64][]core.Entry{}}
	ctx := t.Context()
	steps := []func(ctx context.Context, tx store.Tx) error{f.seedStaff, f.seedInboxes, f.seedContacts, f.seedConversations}
	f.Account = core.Account{Name: "Acme", Locale: "en", Timezone: "Europe/Berlin", Settings: `{"a": 1}`, Epoch: "epoch-1", CreatedAt: noon, UpdatedAt: noon}
	err := st.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error { return tx.InsertAccount(ctx, &f.Account) })
	if err != nil {
		t.Fatalf("seed account: %v", err)
	}
	for _, step := range steps {
		if err := st.InTx(ctx, f.Account.ID, step); err != nil {
			t.Fatalf("seed: %v", err)
		}
	}
	if f.Account, err = st.Account(ctx, f.Account.ID); err != nil {
		t.Fatalf("seed: %v", err)
	}
	return f
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Fixture) seedStaff(ctx context.Context, tx store.Tx) error {
	account := f.Account.ID
	f.Admin = core.Agent{AccountID: account, Type: core.Person, Name: "Grace Hopper", Email: "grace@example.com", Role: core.Administrator, ProviderType: 1, Address: "grace@example.com", CreatedAt: noon}
	f.Agent = core.Agent{AccountID: account, Type: core.Person, Name: "Alan Turing", DisplayName: "Alan", Email: "alan@example.com", Role: core.Member, ProviderType: 1, Address: "alan@example.com", CreatedAt: noon}
	f.Bot = core.Agent{AccountID: account, Type: core.Bot, Name: "Eliza", Role: core.Member, CreatedAt: noon}
	if err := first(tx.InsertAgent(ctx, &f.Admin), tx.InsertAgent(ctx, &f.Agent), tx.InsertAgent(ctx, &f.Bot)); err != nil {
		return err
	}
	f.Team = core.Team{AccountID: account, Name: "Support", AgentIDs: []int64{f.Agent.ID, f.Admin.ID}, CreatedAt: noon}
	f.Label = core.Label{AccountID: account, Title: "vip", Color: "#ff0000", CreatedAt: noon}
	return first(tx.InsertTeam(ctx, &f.Team), tx.InsertLabel(ctx, &f.Label))
}

func (f *Fixture) seedInboxes(ctx context.Context, tx store.Tx) error {
	account := f.Account.ID
	f.Web = core.Inbox{AccountID: account, Name: "Website", Channel: core.ChannelWeb, HMACToken: "web-secret", CreatedAt: noon, UpdatedAt: noon}
	f.API = core.Inbox{AccountID: account, Name: "App", Channel: core.ChannelAPI, Identifier: "api-inbox-" + f.Account.UUID, HMACToken: "api-secret", CreatedAt: noon, UpdatedAt: noon}
	f.Mail = core.Inbox{AccountID: account, Name: "Mail", Channel: core.ChannelEmail, CreatedAt: noon, UpdatedAt: noon}
	if err := first(tx.InsertInbox(ctx, &f.Web), tx.InsertInbox(ctx, &f.API), tx.InsertInbox(ctx, &f.Mail)); err != nil {
		return err
	}
	f.Desk = core.SubInbox{AccountID: account, InboxID: f.Web.ID, Name: "Desk"}
	return tx.InsertSubInbox(ctx, &f.Desk)
}

func (f *Fixture) seedContacts(ctx context.Context, tx store.Tx) error {
	account := f.Account.ID
	f.Ada = core.Contact{AccountID: account, Name: "Ada Lovelace", Email: "ada@example.com", Phone: "+441234567", Identifier: "ada-1", LabelIDs: []int64{f.Label.ID}, CreatedAt: noon, UpdatedAt: noon}
	f.Visitor = core.Contact{AccountID: account, CreatedAt: noon + minute, UpdatedAt: noon + minute}
	if err := first(tx.InsertContact(ctx, &f.Ada), tx.InsertContact(ctx, &f.Visitor)); err != nil {
		return err
	}
	f.AdaWeb = core.Identity{AccountID: account, ContactID: f.Ada.ID, ProviderType: core.AnonymousProvider, Address: "ada-web", CreatedAt: noon}
	f.AdaMail = core.Identity{AccountID: account, ContactID: f.Ada.ID, ProviderType: 1, Address: "ada@example.com", Email: "ada@example.com", CreatedAt: noon}
	f.VisitorWeb = core.Identity{AccountID: account, ContactID: f.Visitor.ID, ProviderType: core.AnonymousProvider, Address: "visitor-web", CreatedAt: noon + minute}
	if err := first(tx.InsertIdentity(ctx, &f.AdaWeb), tx.InsertIdentity(ctx, &f.AdaMail), tx.InsertIdentity(ctx, &f.VisitorWeb)); err != nil {
		return err
	}
	door := func(i core.Identity, inbox core.Inbox) core.ContactInbox {
		return core.ContactInbox{AccountID: account, IdentityID: i.ID, ContactID: i.ContactID, InboxID: inbox.ID, SourceID: "source-" + i.Address, PubsubToken: "pubsub-" + i.UUID, CreatedAt: i.CreatedAt}
	}
	f.AdaWebDoor, f.AdaMailDoor, f.VisitorDoor = door(f.AdaWeb, f.Web), door(f.AdaMail, f.Mail), door(f.VisitorWeb, f.Web)
	return first(tx.InsertContactInbox(ctx, &f.AdaWebDoor), tx.InsertContactInbox(ctx, &f.AdaMailDoor), tx.InsertContactInbox(ctx, &f.VisitorDoor))
}

func (f *Fixture) seedConversations(ctx context.Context, tx store.Tx) error {
	open := func(door core.ContactInbox, at core.Time) core.Conversation {
		c := core.Conversation{AccountID: f.Account.ID, InboxID: door.InboxID, ContactID: door.ContactID, IdentityID: door.IdentityID, ContactInboxID: door.ID, CreatedAt: at}
		c.Begin()
		return c
	}
	f.Chat, f.Invoice = open(f.AdaWebDoor, noon+hour), open(f.AdaMailDoor, noon+2*hour)
	f.Quiet, f.Ask = open(f.AdaWebDoor, noon+3*hour), open(f.VisitorDoor, noon+4*hour)
	f.Chat.Subject, f.Chat.SubInboxID, f.Chat.OwnerID, f.Chat.AssigneeID, f.Chat.TeamID = "A question", f.Desk.ID, f.Agent.ID, f.Agent.ID, f.Team.ID
	f.Chat.LabelIDs, f.Chat.Ext = []int64{f.Label.ID}, `{"uncodie": {"status": "active"}}`
	f.Invoice.Status, f.Invoice.StatusCode, f.Invoice.ClosedAt = core.Resolved, 2, noon+5*hour
	f.Quiet.OpenedBy, f.Quiet.BotID = core.AgentSide, f.Bot.ID
	for _, c := range []*core.Conversation{&f.Chat, &f.Invoice, &f.Quiet, &f.Ask} {
		if err := tx.InsertConversation(ctx, c); err != nil {
			return err
		}
		tx.Emit(core.Event{
			AccountID: c.AccountID, Type: core.ConversationCreated, At: c.CreatedAt,
			ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
			Data: core.ConversationChange{Conversation: *c},
		})
	}
	ada := core.Actor{Type: core.ActorContact, ID: f.Ada.ID}
	alan := core.Actor{Type: core.ActorAgent, ID: f.Agent.ID}
	visitor := core.Actor{Type: core.ActorContact, ID: f.Visitor.ID}
	for _, s := range []struct {
		to *core.Conversation
		e  core.Entry
	}{
		{&f.Chat, core.Entry{Kind: core.Message, Sender: ada, Content: "Hello?", Listed: true, Counts: true, CreatedAt: noon + hour + minute}},
		{&f.Chat, core.Entry{Kind: core.Note, Sender: alan, Origin: core.OriginPerson, Content: "I take this one.", CreatedAt: noon + hour + 2*minute}},
		{&f.Chat, core.Entry{Kind: core.Activity, Sender: core.Actor{Type: core.ActorSystem}, Code: "assigned", Params: `{"agent_id": 1}`, CreatedAt: noon + hour + 3*minute}},
		{&f.Chat, core.Entry{Kind: core.Message, Sender: alan, Origin: core.OriginPerson, Content: "Hello Ada.", Listed: true, Counts: true, CreatedAt: noon + hour + 4*minute}},
		{&f.Invoice, core.Entry{Kind: core.Message, Sender: ada, Content: "An invoice is missing.", ExternalID: "<1@example.com>", Listed: true, Counts: true, CreatedAt: noon + 2*hour + minute}},
		{&f.Ask, core.Entry{Kind: core.Message, Sender: visitor, Content: "Anybody there?", Listed: true, Counts: true, CreatedAt: noon + 4*hour + minute}},
	} {
		e, c, err := Say(ctx, tx, *s.to, s.e)
		if err != nil {
			return err
		}
		*s.to = c
		f.Entries[c.ID] = append(f.Entries[c.ID], e)
	}
	return nil
}

// Say appends e to the conversation under its lock, by the rules of core, and
// adds the event. It returns the entry and the conversation as stored.
func Say(ctx context.Context, tx store.Tx, c core.Conversation, e core.Entry) (core.Entry, core.Conversation, error) {
	c, err := tx.LockConversation(ctx, c.AccountID, c.ID)
	if err != nil {
		return e, c, err
	}
	if e.ID, err = tx.NextEntryID(ctx); err != nil {
		return e, c, err
	}
	core.Append(&c, &e)
	if err := first(tx.InsertEntry(ctx, &e), tx.UpdateConversation(ctx, c)); err != nil {
		return e, c, err
	}
	typ := core.MessageCreated
	switch e.Kind {
	case core.Message:
	case core.Note:
		typ = core.NoteCreated
	case core.Activity:
		typ = core.ActivityCreated
	}
	tx.Emit(core.Event{
		AccountID: c.AccountID, Type: typ, At: e.CreatedAt, Actor: e.Sender,
		ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
		Data: core.EntryChange{Entry: e, Conversation: c},
	})
	return e, c, nil
}
