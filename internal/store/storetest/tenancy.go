package storetest

import (
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// theirs is what a foreign account may be asked for.
type theirs struct {
	Fixture
	token        core.Token
	group        core.LabelGroup
	canned       core.CannedResponse
	definition   core.AttributeDefinition
	hook         core.Webhook
	attachment   core.Attachment
	conversation core.Conversation // with every reference and an external id
}

func seedTheirs(e *env) theirs {
	e.Helper()
	f := theirs{Fixture: Seed(e, e.st)}
	account := f.Account.ID
	f.token = core.Token{AccountID: account, Name: "t", Hash: "aa"}
	f.group = core.LabelGroup{AccountID: account, Name: "g"}
	f.canned = core.CannedResponse{AccountID: account, ShortCode: "hi"}
	f.definition = core.AttributeDefinition{AccountID: account, AppliesTo: core.AppliesToContact, Key: "plan"}
	f.hook = core.Webhook{AccountID: account, URL: "https://example.com"}
	f.attachment = core.Attachment{AccountID: account, ConversationID: f.Chat.ID, MessageID: f.Entries[f.Chat.ID][0].ID}
	f.conversation = fullConversation(f.Fixture, 1)
	e.tx(account, func(tx store.Tx) error {
		return first(
			tx.InsertToken(e.ctx, &f.token), tx.InsertLabelGroup(e.ctx, &f.group), tx.InsertCannedResponse(e.ctx, &f.canned),
			tx.InsertAttributeDefinition(e.ctx, &f.definition), tx.InsertWebhook(e.ctx, &f.hook), tx.InsertAttachment(e.ctx, &f.attachment), tx.InsertConversation(e.ctx, &f.conversation),
			tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: account, ConversationID: f.Chat.ID, AgentID: f.Agent.ID}))
	})
	return f
}

var tenancyChecks = []check{
	{"Tenancy/Get answers as if the row were absent", func(e *env) {
		f, mine := seedTheirs(e), e.account().ID
		for what, get := range map[string]func() error{
			"Agent":        func() error { _, err := e.st.Agent(e.ctx, mine, f.Agent.ID); return err },
			"Token":        func() error { _, err := e.st.Token(e.ctx, mine, f.token.ID); return err },
			"Inbox":        func() error { _, err := e.st.Inbox(e.ctx, mine, f.Web.ID); return err },
			"SubInbox":     func() error { _, err := e.st.SubInbox(e.ctx, mine, f.Desk.ID); return err },
			"Contact":      func() error { _, err := e.st.Contact(e.ctx, mine, f.Ada.ID); return err },
			"Identity":     func() error { _, err := e.st.Identity(e.ctx, mine, f.AdaWeb.ID); return err },
			"ContactInbox": func() error { _, err := e.st.ContactInbox(e.ctx, mine, f.AdaWebDoor.ID); return err },
			"Conversation": func() error { _, err := e.st.Conversation(e.ctx, mine, f.Chat.ID); return err },
			"Entry":        func() error { _, err := e.st.Entry(e.ctx, mine, f.Entries[f.Chat.ID][0].ID); return err },
			"Webhook":      func() error { _, err := e.st.Webhook(e.ctx, mine, f.hook.ID); return err },
			"Attachment":   func() error { _, err := e.st.Attachment(e.ctx, mine, f.attachment.ID); return err },
		} {
			e.kind(what, get(), core.NotFound)
		}
	}},
	{"Tenancy/Find misses", func(e *env) {
		f, mine := seedTheirs(e), e.account().ID
		missing(e.st.FindAgentByUUID(e.ctx, mine, f.Agent.UUID))
		missing(e.st.FindAgentByEmail(e.ctx, mine, f.Agent.Email))
		missing(e.st.FindAgentByIdentity(e.ctx, mine, f.Agent.IdentityID))
		missing(e.st.FindTokenByName(e.ctx, mine, f.token.Name))
		missing(e.st.FindLabelByTitle(e.ctx, mine, f.Label.Title))
		missing(e.st.FindLabelGroupByName(e.ctx, mine, f.group.Name))
		missing(e.st.FindTeamByName(e.ctx, mine, f.Team.Name))
		missing(e.st.FindCannedResponse(e.ctx, mine, f.canned.ShortCode))
		missing(e.st.FindAttributeDefinition(e.ctx, mine, f.definition.AppliesTo, f.definition.Key))
		missing(e.st.FindWebhookByURL(e.ctx, mine, f.hook.URL))
		missing(e.st.FindInboxByName(e.ctx, mine, f.Web.Name))
		missing(e.st.FindSubInboxByName(e.ctx, mine, f.Web.ID, f.Desk.Name))
		missing(e.st.FindContactByUUID(e.ctx, mine, f.Ada.UUID))
		missing(e.st.FindContactByIdentifier(e.ctx, mine, f.Ada.Identifier))
		missing(e.st.FindContactByEmail(e.ctx, mine, f.Ada.Email))
		missing(e.st.FindContactByPhone(e.ctx, mine, f.Ada.Phone))
		missing(e.st.FindIdentityByUUID(e.ctx, mine, f.AdaWeb.UUID))
		missing(e.st.FindIdentityByAddress(e.ctx, mine, f.AdaWeb.ProviderType, f.AdaWeb.Address))
		missing(e.st.FindContactInboxBySource(e.ctx, mine, f.Web.ID, f.AdaWebDoor.SourceID))
		missing(e.st.FindContactInbox(e.ctx, mine, f.AdaWeb.ID, f.Web.ID))
		missing(e.st.ContactUnreadByConversation(e.ctx, mine, store.UnreadQuery{ContactID: f.Ada.ID, Limit: 1}))
		missing(e.st.ContactUnreadByConversation(e.ctx, mine, store.UnreadQuery{Identifier: f.Ada.Identifier, Limit: 1}))
		missing(e.st.FindConversationByUUID(e.ctx, mine, f.Chat.UUID))
		missing(e.st.FindConversationByDisplayID(e.ctx, mine, f.Chat.DisplayID))
		missing(e.st.FindReadCursor(e.ctx, mine, f.Chat.ID, f.Agent.ID))
		e.same("ReadCursors", must(e.st.ReadCursors(e.ctx, mine, f.Agent.ID, []int64{f.Chat.ID})), []core.ReadCursor(nil))
		missing(e.st.FindEntryByUUID(e.ctx, mine, f.Entries[f.Chat.ID][0].UUID))
		missing(e.st.FindEntryByExternalID(e.ctx, mine, f.Invoice.ID, f.Entries[f.Invoice.ID][0].ExternalID))
	}},
	{"Tenancy/lists and counts are empty", func(e *env) {
		f, mine := seedTheirs(e), e.account().ID
		empty := func(what string, n int, err error) {
			e.Helper()
			if n != 0 || err != nil {
				e.Errorf("%s: got %d, %v", what, n, err)
			}
		}
		agents, err := e.st.AgentsByID(e.ctx, mine, []int64{f.Agent.ID, f.Bot.ID})
		empty("AgentsByID", len(agents), err)
		labels, err := e.st.LabelsByID(e.ctx, mine, []int64{f.Label.ID})
		empty("LabelsByID", len(labels), err)
		definitions, err := e.st.AttributeDefinitions(e.ctx, mine, f.definition.AppliesTo)
		empty("AttributeDefinitions", len(definitions), err)
		n, err := e.st.CountIdentities(e.ctx, mine, f.Ada.ID)
		empty("CountIdentities", int(n), err)
		identities, err := e.st.ListIdentities(e.ctx, mine, f.Ada.ID, 0, 9)
		empty("ListIdentities", len(identities), err)
		states, err := e.st.CountStates(e.ctx, mine)
		empty("CountStates", len(states), err)
		tallies, err := e.st.ListTallies(e.ctx, mine)
		empty("ListTallies", len(tallies), err)
		n, err = e.st.ContactUnread(e.ctx, mine, f.AdaWeb.ID)
		empty("ContactUnread", int(n), err)
		n, err = e.st.ContactUnread(e.ctx, mine, f.AdaWeb.ID, core.ChannelWeb)
		empty("ContactUnread by channel", int(n), err)
		entries, err := e.st.ListEntries(e.ctx, mine, store.EntryQuery{ConversationIDs: []int64{f.Chat.ID, f.Ask.ID}, Limit: 9})
		empty("ListEntries", len(entries), err)
		attachments, err := e.st.Attachments(e.ctx, mine, []int64{f.attachment.MessageID})
		empty("Attachments", len(attachments), err)
		events, err := e.st.ListEvents(e.ctx, mine, 0, 9)
		empty("ListEvents", len(events), err)
		cursors, err := e.st.PageReadCursors(e.ctx, mine, f.Chat.ID, 0, 9)
		empty("PageReadCursors", len(cursors), err)
		for _, filter := range filters(f.Fixture) {
			q := filter.q
			q.Limit, q.With = 9, store.WithContact|store.WithLast
			threads, err := e.st.ListThreads(e.ctx, mine, q)
			empty("ListThreads "+filter.name, len(threads), err)
			n, err := e.st.CountThreads(e.ctx, mine, q)
			empty("CountThreads "+filter.name, int(n), err)
		}
		for _, p := range pagesOf(e) {
			rows, err := p.list(e.ctx, mine, 0, 9)
			empty(p.name, len(rows), err)
		}
		e.tx(mine, func(tx store.Tx) error {
			_, ok, err := tx.FindStaged(e.ctx, mine, "x", 1)
			if ok {
				e.Error("FindStaged found something")
			}
			return err
		})
	}},
	{"Tenancy/updates and locks answer as if the row were absent", func(e *env) {
		f, mine := seedTheirs(e), e.account().ID
		agent, token, contact, door, chat, entry := f.Agent, f.token, f.Ada, f.AdaWebDoor, f.Chat, f.Entries[f.Chat.ID][0]
		agent.AccountID, token.AccountID, contact.AccountID, door.AccountID, chat.AccountID, entry.AccountID = mine, mine, mine, mine, mine, mine
		contact.Email, contact.Phone, contact.Identifier = "", "", ""
		// An update may fail for its references before it misses its row.
		chat.SubInboxID, chat.ContactInboxID, chat.OwnerID, chat.AssigneeID, chat.TeamID = 0, 0, 0, 0, 0
		for what, update := range map[string]func(tx store.Tx) error{
			"UpdateAgent":        func(tx store.Tx) error { return tx.UpdateAgent(e.ctx, agent) },
			"UpdateToken":        func(tx store.Tx) error { return tx.UpdateToken(e.ctx, token) },
			"UpdateContact":      func(tx store.Tx) error { return tx.UpdateContact(e.ctx, contact) },
			"UpdateContactInbox": func(tx store.Tx) error { return tx.UpdateContactInbox(e.ctx, door) },
			"UpdateConversation": func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, chat) },
			"UpdateEntry":        func(tx store.Tx) error { return tx.UpdateEntry(e.ctx, entry) },
			"LockConversation": func(tx store.Tx) error {
				_, err := tx.LockConversation(e.ctx, mine, f.Chat.ID)
				return err
			},
		} {
			e.refused(what, mine, core.NotFound, update)
		}
		e.same("contact", must(e.st.Contact(e.ctx, f.Account.ID, f.Ada.ID)), f.Ada)
		e.same("conversation", must(e.st.Conversation(e.ctx, f.Account.ID, f.Chat.ID)), f.Chat)
	}},
	{"Tenancy/a reference to another account's row is one to an absent row", func(e *env) {
		f, mine := seedTheirs(e), Seed(e, e.st)
		account := mine.Account.ID
		id := map[string]int64{
			"inbox": f.Web.ID, "sub-inbox": f.Desk.ID, "contact": f.Ada.ID, "identity": f.AdaWeb.ID, "contact inbox": f.AdaWebDoor.ID,
			"assignee": f.Agent.ID, "last assignee": f.Agent.ID, "assignee bot": f.Bot.ID, "owner": f.Agent.ID, "bot": f.Bot.ID, "team": f.Team.ID,
		}
		for what, foreign := range id {
			v := plainConversation(mine)
			conversationRefs(foreign)[what](&v)
			e.refused("conversation's "+what, account, core.Invalid, func(tx store.Tx) error { return tx.InsertConversation(e.ctx, &v) })
			u := mine.Chat
			conversationRefs(foreign)[what](&u)
			e.refused("updated conversation's "+what, account, core.Invalid, func(tx store.Tx) error { return tx.UpdateConversation(e.ctx, u) })
		}
		for what, insert := range map[string]func(tx store.Tx) error{
			"token's agent": func(tx store.Tx) error {
				return tx.InsertToken(e.ctx, &core.Token{AccountID: account, Name: "t", Hash: "new", AgentID: f.Agent.ID})
			},
			"label's group": func(tx store.Tx) error {
				return tx.InsertLabel(e.ctx, &core.Label{AccountID: account, Title: "t", GroupID: f.group.ID})
			},
			"sub-inbox's inbox": func(tx store.Tx) error {
				return tx.InsertSubInbox(e.ctx, &core.SubInbox{AccountID: account, InboxID: f.Web.ID, Name: "x"})
			},
			"identity's contact": func(tx store.Tx) error {
				return tx.InsertIdentity(e.ctx, &core.Identity{AccountID: account, ContactID: f.Ada.ID, Address: "x"})
			},
			"door's identity": func(tx store.Tx) error {
				return tx.InsertContactInbox(e.ctx, &core.ContactInbox{AccountID: account, IdentityID: f.AdaWeb.ID, ContactID: mine.Ada.ID, InboxID: mine.Web.ID, SourceID: "x"})
			},
			"door's contact": func(tx store.Tx) error {
				return tx.InsertContactInbox(e.ctx, &core.ContactInbox{AccountID: account, IdentityID: mine.AdaWeb.ID, ContactID: f.Ada.ID, InboxID: mine.Web.ID, SourceID: "x"})
			},
			"door's inbox": func(tx store.Tx) error {
				return tx.InsertContactInbox(e.ctx, &core.ContactInbox{AccountID: account, IdentityID: mine.AdaWeb.ID, ContactID: mine.Ada.ID, InboxID: f.Web.ID, SourceID: "x"})
			},
			"entry's conversation": func(tx store.Tx) error {
				return tx.InsertEntry(e.ctx, &core.Entry{ID: 9000, AccountID: account, ConversationID: f.Chat.ID, Position: 90, Kind: core.Note, Sender: core.Actor{Type: core.ActorSystem}})
			},
			"attachment's message": func(tx store.Tx) error {
				return tx.InsertAttachment(e.ctx, &core.Attachment{AccountID: account, ConversationID: f.Chat.ID, MessageID: f.attachment.MessageID})
			},
			"cursor's conversation": func(tx store.Tx) error {
				return tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: account, ConversationID: f.Chat.ID, AgentID: mine.Agent.ID})
			},
			"cursor's agent": func(tx store.Tx) error {
				return tx.PutReadCursor(e.ctx, core.ReadCursor{AccountID: account, ConversationID: mine.Chat.ID, AgentID: f.Agent.ID})
			},
		} {
			e.refused(what, account, core.Invalid, insert)
		}
	}},
	{"Tenancy/what belongs to no account that exists is refused", func(e *env) {
		const nobody = 4711
		for _, p := range pagesOf(e) {
			f := Fixture{Account: core.Account{ID: nobody}}
			e.refused(p.name, nobody, core.Invalid, func(tx store.Tx) error {
				_, err := p.insert(tx, f, 1)
				return err
			})
		}
	}},
	{"Tenancy/natural keys of two accounts do not meet", func(e *env) {
		one, two := seedTheirs(e), Seed(e, e.st)
		// Seed gives both the same e-mails, phones, identifiers, addresses and
		// source ids: each account finds its own.
		for _, f := range []Fixture{one.Fixture, two} {
			account := f.Account.ID
			e.same("agent", found(e.st.FindAgentByEmail(e.ctx, account, f.Agent.Email)), f.Agent)
			e.same("contact", found(e.st.FindContactByEmail(e.ctx, account, f.Ada.Email)), f.Ada)
			e.same("identity", found(e.st.FindIdentityByAddress(e.ctx, account, f.AdaWeb.ProviderType, f.AdaWeb.Address)), f.AdaWeb)
			e.same("door", found(e.st.FindContactInboxBySource(e.ctx, account, f.Web.ID, f.AdaWebDoor.SourceID)), f.AdaWebDoor)
			e.same("conversation", found(e.st.FindConversationByDisplayID(e.ctx, account, 2)), f.Invoice)
			e.same("inbox", found(e.st.FindInboxByIdentifier(e.ctx, fmt.Sprint("api-inbox-", f.Account.UUID))), f.API)
		}
	}},
}
