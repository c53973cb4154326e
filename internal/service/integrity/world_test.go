package integrity_test

import (
	"context"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

const second core.Time = 1_000_000

// world is a small healthy database: one account with everything in it, and a
// second one that the first must not see.
type world struct {
	account           int64
	ada, robot        int64 // agents
	label, team       int64
	token, group      int64
	hook              int64 // a webhook, which stands at the first event
	web, mail         int64 // inboxes
	webPart, mailPart int64 // their sub-inboxes
	cara, carl, lone  int64 // contacts
	caraID, carlID    int64 // identities
	door, mailDoor    int64 // cara's contact inboxes
	talk, empty       int64 // conversations
	// The entries of talk: an agent's answer, a note, a message of cara's, a
	// bot's with two files, an activity, a message of cara's, an unlisted
	// template. They lie at seconds 101 to 107.
	e      [8]int64
	file   int64 // one of the two
	events int64
	other  int64 // the second account
}

// builder writes in one command and fails the test when it cannot.
type builder struct {
	t   *testing.T
	ctx context.Context
	tx  store.Tx
	w   *world
}

func (b *builder) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// build fills an empty store.
func build(t *testing.T, st store.Store) world {
	t.Helper()
	var w world
	run := func(account int64, fill func(b *builder)) {
		t.Helper()
		err := st.InTx(t.Context(), account, func(ctx context.Context, tx store.Tx) error {
			fill(&builder{t: t, ctx: ctx, tx: tx, w: &w})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run(0, func(b *builder) { w.account = b.account("one") })
	run(w.account, (*builder).people)
	run(w.account, (*builder).contacts)
	run(w.account, (*builder).talk)
	run(0, func(b *builder) { w.other = b.account("two") })
	run(w.other, (*builder).foreign)
	a, err := st.Account(t.Context(), w.account)
	if err != nil {
		t.Fatal(err)
	}
	w.events = a.EventSeq
	return w
}

func (b *builder) account(name string) int64 {
	a := core.Account{Name: name, Epoch: name, CreatedAt: second, UpdatedAt: second}
	b.ok(b.tx.InsertAccount(b.ctx, &a))
	b.tx.Emit(core.Event{AccountID: a.ID, Type: core.AccountCreated, At: second, Actor: core.Actor{Type: core.ActorSystem}, Data: a})
	return a.ID
}

func (b *builder) agent(name string, kind core.AgentType) int64 {
	a := core.Agent{AccountID: b.w.account, Type: kind, Name: name, Role: core.Member, CreatedAt: second, UpdatedAt: second}
	b.ok(b.tx.InsertAgent(b.ctx, &a))
	b.tx.Emit(core.Event{AccountID: b.w.account, Type: core.AgentCreated, At: second, Actor: core.Actor{Type: core.ActorSystem}, Data: a})
	return a.ID
}

func (b *builder) people() {
	w := b.w
	w.ada, w.robot = b.agent("Ada", core.Person), b.agent("Robot", core.Bot)
	team := core.Team{AccountID: w.account, Name: "help", AgentIDs: []int64{w.ada, w.robot}, CreatedAt: second}
	b.ok(b.tx.InsertTeam(b.ctx, &team))
	group := core.LabelGroup{AccountID: w.account, Name: "topics", CreatedAt: second}
	b.ok(b.tx.InsertLabelGroup(b.ctx, &group))
	label := core.Label{AccountID: w.account, Title: "refund", GroupID: group.ID, CreatedAt: second}
	b.ok(b.tx.InsertLabel(b.ctx, &label))
	token := core.Token{AccountID: w.account, Name: "key", AgentID: w.ada, Hash: "00ff", CreatedAt: second}
	b.ok(b.tx.InsertToken(b.ctx, &token))
	hook := core.Webhook{AccountID: b.w.account, URL: "https://example.com/hook", Format: "parley", Enabled: true, CreatedAt: second, UpdatedAt: second}
	b.ok(b.tx.InsertWebhook(b.ctx, &hook))
	w.hook = hook.ID
	w.team, w.group, w.label, w.token = team.ID, group.ID, label.ID, token.ID
	for _, in := range []struct {
		name       string
		channel    core.Channel
		identifier string
		id, sub    *int64
	}{{"site", core.ChannelWeb, "door-1", &w.web, &w.webPart}, {"post", core.ChannelEmail, "", &w.mail, &w.mailPart}} {
		inbox := core.Inbox{AccountID: w.account, Name: in.name, Channel: in.channel, Identifier: in.identifier, CreatedAt: second, UpdatedAt: second}
		b.ok(b.tx.InsertInbox(b.ctx, &inbox))
		sub := core.SubInbox{AccountID: w.account, InboxID: inbox.ID, Name: "part"}
		b.ok(b.tx.InsertSubInbox(b.ctx, &sub))
		*in.id, *in.sub = inbox.ID, sub.ID
	}
}

func (b *builder) contact(account int64, name string, labels ...int64) int64 {
	c := core.Contact{AccountID: account, Name: name, LabelIDs: labels, CreatedAt: second, UpdatedAt: second}
	b.ok(b.tx.InsertContact(b.ctx, &c))
	return c.ID
}

func (b *builder) identity(account, contact int64, address string) int64 {
	i := core.Identity{AccountID: account, ContactID: contact, ProviderType: core.AnonymousProvider, Address: address, CreatedAt: second}
	b.ok(b.tx.InsertIdentity(b.ctx, &i))
	return i.ID
}

func (b *builder) door(account, contact, identity, inbox int64, source string) int64 {
	ci := core.ContactInbox{
		AccountID: account, ContactID: contact, IdentityID: identity, InboxID: inbox, SourceID: source, PubsubToken: source, CreatedAt: second,
	}
	b.ok(b.tx.InsertContactInbox(b.ctx, &ci))
	return ci.ID
}

func (b *builder) contacts() {
	w := b.w
	w.cara, w.carl, w.lone = b.contact(w.account, "Cara", w.label), b.contact(w.account, "Carl"), b.contact(w.account, "Lone")
	w.caraID, w.carlID = b.identity(w.account, w.cara, "cara"), b.identity(w.account, w.carl, "carl")
	w.door = b.door(w.account, w.cara, w.caraID, w.web, "cara-web")
	w.mailDoor = b.door(w.account, w.cara, w.caraID, w.mail, "cara-mail")
}

// say appends and stores an entry.
func (b *builder) say(c *core.Conversation, e core.Entry, files ...string) core.Entry {
	var err error
	e.ID, err = b.tx.NextEntryID(b.ctx)
	b.ok(err)
	e.AttachmentCount = int64(len(files))
	core.Append(c, &e)
	b.ok(b.tx.InsertEntry(b.ctx, &e))
	for _, name := range files {
		a := core.Attachment{AccountID: c.AccountID, ConversationID: c.ID, MessageID: e.ID, FileType: "file", Name: name, CreatedAt: e.CreatedAt}
		b.ok(b.tx.InsertAttachment(b.ctx, &a))
		b.w.file = a.ID
	}
	b.tx.Emit(core.Event{
		AccountID: c.AccountID, Type: core.MessageCreated, At: e.CreatedAt, Actor: e.Sender, ContactID: c.ContactID, ConversationID: c.ID,
		InboxID: c.InboxID, Data: core.EntryChange{Entry: e, Conversation: *c},
	})
	return e
}

// own moves an agent's own cursor.
func (b *builder) own(c *core.Conversation, agent int64, e core.Entry) {
	r, found, err := b.tx.FindReadCursor(b.ctx, c.AccountID, c.ID, agent)
	b.ok(err)
	if !found {
		r = core.OwnCursor(c, agent)
	}
	r.ReadTo(&e)
	b.ok(b.tx.PutReadCursor(b.ctx, r))
}

func (b *builder) talk() {
	w := b.w
	c := core.Conversation{
		AccountID: w.account, InboxID: w.web, SubInboxID: w.webPart, ContactID: w.cara, IdentityID: w.caraID, ContactInboxID: w.door,
		LabelIDs: []int64{w.label}, AssigneeID: w.ada, LastAssigneeID: w.ada, AssigneeBotID: w.robot, OwnerID: w.ada, BotID: w.robot,
		TeamID: w.team, CreatedAt: 100 * second,
	}
	c.Begin()
	b.ok(b.tx.InsertConversation(b.ctx, &c))
	cara := core.Actor{Type: core.ActorContact, ID: w.cara, IdentityID: w.caraID}
	ada := core.Actor{Type: core.ActorAgent, ID: w.ada}
	robot := core.Actor{Type: core.ActorAgent, ID: w.robot}
	system := core.Actor{Type: core.ActorSystem}
	said := []core.Entry{
		{},
		b.say(&c, core.Entry{Kind: core.Message, Sender: ada, Origin: core.OriginPerson, Listed: true, Counts: true, CreatedAt: 101 * second}),
		b.say(&c, core.Entry{Kind: core.Note, Sender: ada, Origin: core.OriginPerson, CreatedAt: 102 * second}),
		b.say(&c, core.Entry{Kind: core.Message, Sender: cara, Listed: true, Counts: true, CreatedAt: 103 * second}),
		b.say(&c, core.Entry{Kind: core.Message, Sender: robot, Origin: core.OriginBot, Listed: true, Counts: true, CreatedAt: 104 * second}, "a", "b"),
		b.say(&c, core.Entry{Kind: core.Activity, Sender: system, Code: "assigned", CreatedAt: 105 * second}),
		b.say(&c, core.Entry{Kind: core.Message, Sender: cara, Listed: true, Counts: true, CreatedAt: 106 * second}),
		b.say(&c, core.Entry{Kind: core.Message, Sender: system, Origin: core.OriginTemplate, Counts: true, CreatedAt: 107 * second}),
	}
	for i, e := range said {
		w.e[i] = e.ID
	}
	b.own(&c, w.ada, said[1])
	b.own(&c, w.robot, said[4])
	b.own(&c, w.ada, said[6])
	core.ReadUpTo(&c, core.AgentSide, &said[3])
	core.Delete(&c, &said[4], 110*second)
	b.ok(b.tx.UpdateEntry(b.ctx, said[4]))
	c.PrimaryMessageID = w.e[1]
	b.ok(b.tx.UpdateConversation(b.ctx, c))
	w.talk = c.ID

	empty := core.Conversation{AccountID: w.account, InboxID: w.mail, ContactID: w.cara, IdentityID: w.caraID, ContactInboxID: w.mailDoor, CreatedAt: 90 * second}
	empty.Begin()
	b.ok(b.tx.InsertConversation(b.ctx, &empty))
	w.empty = empty.ID
}

// foreign fills the second account with one message.
func (b *builder) foreign() {
	inbox := core.Inbox{AccountID: b.w.other, Name: "site", Channel: core.ChannelWeb, CreatedAt: second, UpdatedAt: second}
	b.ok(b.tx.InsertInbox(b.ctx, &inbox))
	contact := b.contact(b.w.other, "Olga")
	identity := b.identity(b.w.other, contact, "olga")
	door := b.door(b.w.other, contact, identity, inbox.ID, "olga")
	c := core.Conversation{AccountID: b.w.other, InboxID: inbox.ID, ContactID: contact, IdentityID: identity, ContactInboxID: door, CreatedAt: second}
	c.Begin()
	b.ok(b.tx.InsertConversation(b.ctx, &c))
	b.say(&c, core.Entry{Kind: core.Message, Sender: core.Actor{Type: core.ActorContact, ID: contact}, Listed: true, Counts: true, CreatedAt: 2 * second})
	b.ok(b.tx.UpdateConversation(b.ctx, c))
}
