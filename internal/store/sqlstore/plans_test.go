package sqlstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// statement is one that a method ran.
type statement struct {
	sql  string
	args []any
}

// recorder notes the statements that run on an engine's reader pool.
type recorder struct {
	sqlstore.Engine
	mu   sync.Mutex
	seen []statement // guarded by mu
}

func (r *recorder) Query(ctx context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	r.mu.Lock()
	r.seen = append(r.seen, statement{sql, args})
	r.mu.Unlock()
	return r.Engine.Query(ctx, sql, args...)
}

// hotRead is a read that must cost what it returns, and the index that it must
// go by on both engines.
type hotRead struct {
	name  string
	index string
	run   func(ctx context.Context, st store.Store) error
	// sorts allows PostgreSQL to sort the rows that it found by the index: when
	// all of them, or a few more, are part of the answer.
	sorts bool
}

func threads(q store.ThreadQuery) func(ctx context.Context, st store.Store) error {
	return func(ctx context.Context, st store.Store) error {
		q.Limit = 20
		_, err := st.ListThreads(ctx, fat, q)
		return err
	}
}

// fat is one of the two accounts that fill makes: that of the odd ids.
const fat = 2

const allParts = store.WithContact | store.WithIdentity | store.WithInbox | store.WithPrimary | store.WithLast | store.WithAgents

func hotReads() []hotRead {
	reads := []hotRead{
		{"unread by channel", "conversations_unread", func(ctx context.Context, st store.Store) error {
			_, err := st.ContactUnread(ctx, fat, 7, core.ChannelWeb, core.ChannelAPI)
			return err
		}, false},
		{"unread", "conversations_unread", func(ctx context.Context, st store.Store) error {
			_, err := st.ContactUnread(ctx, fat, 7)
			return err
		}, false},
		{"unread of an agent", "conversations_", func(ctx context.Context, st store.Store) error {
			_, err := st.AgentUnread(ctx, fat, store.AgentUnreadQuery{AgentID: 1_000_041, InboxIDs: []int64{1, 3}, Limit: 100})
			return err
		}, false},
		{"count of what the agents have not read", "conversations_agent_unread", func(ctx context.Context, st store.Store) error {
			_, err := st.CountThreads(ctx, fat, store.ThreadQuery{Unread: &store.CursorOf{Side: core.AgentSide}, InboxIDs: []int64{1, 3}, Statuses: []core.Status{core.Open}})
			return err
		}, false},
		{"count of what an agent takes part in", "conversations_participants", func(ctx context.Context, st store.Store) error {
			_, err := st.CountThreads(ctx, fat, store.ThreadQuery{ParticipantID: 1_000_041, InboxIDs: []int64{1, 3}, Statuses: []core.Status{core.Open, core.Pending}})
			return err
		}, false},
		{"tallies", "conversation_tallies", func(ctx context.Context, st store.Store) error {
			_, err := st.ListTallies(ctx, fat)
			return err
		}, false},
		{"entries of one conversation", "entries_position", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEntries(ctx, fat, store.EntryQuery{ConversationIDs: []int64{9}, After: 1, Limit: 50})
			return err
		}, false},
		{"newest entries of one conversation", "entries_position", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEntries(ctx, fat, store.EntryQuery{ConversationIDs: []int64{9}, Kinds: []core.EntryKind{core.Message}, Desc: true, Limit: 50})
			return err
		}, false},
		{"identities of a contact", "identities_contact", func(ctx context.Context, st store.Store) error {
			_, err := st.ListIdentities(ctx, fat, 7, 0, 100)
			return err
		}, false},
		{"conversations of each identity", "conversations_identity_", func(ctx context.Context, st store.Store) error {
			_, err := st.ListIdentities(ctx, fat, 7, 0, 100)
			return err
		}, false},
		{"log", "events", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEvents(ctx, fat, 5, 100)
			return err
		}, false},
		{"log, some types", "events", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsOf(ctx, fat, store.EventQuery{After: 5, Types: []core.EventType{core.LabelCreated, core.NoteCreated}, Limit: 50, Scan: 1000})
			return err
		}, false},
		{"events of a contact", "events_contact", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsOf(ctx, fat, store.EventQuery{ContactID: 7, Limit: 50, Scan: 1000})
			return err
		}, false},
		{"events of a contact, some types", "events_contact", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsOf(ctx, fat, store.EventQuery{ContactID: 7, After: 5, Types: []core.EventType{core.LabelCreated}, Limit: 50, Scan: 1000})
			return err
		}, false},
		{"events of a conversation", "events_conversation", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsOf(ctx, fat, store.EventQuery{ConversationID: 9, Limit: 50, Scan: 1000})
			return err
		}, false},
		{"events of a conversation, backwards", "events_conversation", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsBefore(ctx, fat, 9, 100, 50)
			return err
		}, false},
		{"events of a contact in a conversation", "events_con", func(ctx context.Context, st store.Store) error {
			_, err := st.ListEventsOf(ctx, fat, store.EventQuery{ConversationID: 9, ContactID: 9, Types: []core.EventType{core.LabelCreated}, Limit: 50, Scan: 1000})
			return err
		}, false},
		{"walk of conversations", "conversations", func(ctx context.Context, st store.Store) error {
			_, err := st.PageConversations(ctx, fat, 5, 100)
			return err
		}, false},
		{"walk of contacts", "contacts", func(ctx context.Context, st store.Store) error {
			_, err := st.PageContacts(ctx, fat, 5, 100)
			return err
		}, false},
		{"what an agent is in charge of", "conversations_assignee", func(ctx context.Context, st store.Store) error {
			_, err := st.CountAssigned(ctx, fat, 1_000_041)
			return err
		}, false},
		{"conversations of an agent", "conversations_assignee", func(ctx context.Context, st store.Store) error {
			_, err := st.ConversationsOfAgent(ctx, fat, 1_000_041, 100)
			return err
		}, false},
		{"conversations of a team", "conversations_team", func(ctx context.Context, st store.Store) error {
			_, err := st.ConversationsOfTeam(ctx, fat, 3, 100)
			return err
		}, false},
		{"whether something is nobody's", "conversations_unassigned", func(ctx context.Context, st store.Store) error {
			_, err := st.HasUnassigned(ctx, fat, 1)
			return err
		}, false},
		{"what is nobody's", "conversations_unassigned", func(ctx context.Context, st store.Store) error {
			_, err := st.ListUnassigned(ctx, fat, 1, 0, 50)
			return err
		}, false},
		{"what is a team's and nobody's", "conversations_unassigned", func(ctx context.Context, st store.Store) error {
			_, err := st.ListUnassigned(ctx, fat, 1, 3, 50)
			return err
		}, false},
		{"count by identity", "conversations_", func(ctx context.Context, st store.Store) error {
			_, err := st.CountThreads(ctx, fat, store.ThreadQuery{IdentityID: 7})
			return err
		}, false},
	}
	reads = append(append(reads, pagedReads()...), unreadOfContact()...)
	for _, desc := range []bool{false, true} {
		for name, r := range map[string]struct {
			index string
			q     store.ThreadQuery
		}{
			"identity by closing":       {"conversations_identity_closing", store.ThreadQuery{IdentityID: 7, Order: store.ByClosing}},
			"identity by last message":  {"conversations_identity_last", store.ThreadQuery{IdentityID: 7, Order: store.ByLastMessage}},
			"contact by last message":   {"conversations_contact_last", store.ThreadQuery{ContactID: 7, Order: store.ByLastMessage}},
			"account by last message":   {"conversations_last", store.ThreadQuery{Order: store.ByLastMessage}},
			"contact inbox by id":       {"conversations_contact_inbox", store.ThreadQuery{ContactInboxID: 7}},
			"contact by id":             {"conversations_contact", store.ThreadQuery{ContactID: 7}},
			"contact by id after":       {"conversations_contact", store.ThreadQuery{ContactID: 7, From: &store.Place{ID: 900}}},
			"owner by last message":     {"conversations_owner_last", store.ThreadQuery{OwnerID: 1_000_041, Order: store.ByLastMessage}},
			"bot by last message":       {"conversations_bot_last", store.ThreadQuery{BotID: 1_000_041, Order: store.ByLastMessage}},
			"account, far into it":      {"conversations_last", store.ThreadQuery{Order: store.ByLastMessage, Offset: 40}},
			"account by id after":       {"conversations", store.ThreadQuery{From: &store.Place{ID: 900}}},
			"inbox by creation":         {"conversations_inbox_created", store.ThreadQuery{InboxID: 1, Order: store.ByCreation, Range: store.Range{By: store.ByCreation, From: 3, To: 900}}},
			"inbox by closing":          {"conversations_inbox_closing", store.ThreadQuery{InboxID: 1, Order: store.ByClosing, Range: store.Range{By: store.ByClosing, From: 3, To: 900}}},
			"inbox by customer update":  {"conversations_inbox_updated", store.ThreadQuery{InboxID: 1, Order: store.ByCustomerUpdate, Range: store.Range{By: store.ByCustomerUpdate, From: 1, To: 900}}},
			"inbox by last activity":    {"conversations_inbox_activity", store.ThreadQuery{InboxID: 1, Order: store.ByLastActivity, Range: store.Range{By: store.ByLastActivity, From: 1, To: 900}}},
			"inbox and states":          {"conversations_inbox_created", store.ThreadQuery{InboxID: 1, States: []store.State{{Status: core.Open}, {Status: core.Open, Code: 1}}, Order: store.ByCreation, Range: store.Range{By: store.ByCreation, From: 3, To: 900}}},
			"address in an inbox":       {"conversations_inbox_address", store.ThreadQuery{InboxID: 1, Ext: []store.ExtMatch{{Path: []string{"commbox", "provider_address"}, Value: "a7"}}, Order: store.ByCreation}},
			"identity in an inbox":      {"conversations_identity_closing", store.ThreadQuery{IdentityID: 7, InboxID: 1, Order: store.ByClosing}},
			"one conversation":          {"", store.ThreadQuery{ConversationID: 9}},
			"one conversation, display": {"conversations_display_id", store.ThreadQuery{DisplayID: 9}},
		} {
			q := r.q
			q.Desc, q.With = desc, allParts
			reads = append(reads, hotRead{fmt.Sprint(name, ", desc ", desc), r.index, threads(q), false})
		}
	}
	return reads
}

// pagedReads are walks, each from its middle. Those with a filter look for the
// end of the page's part first, and have a comma in the name.
func pagedReads() []hotRead {
	var reads []hotRead
	agents := &store.CursorOf{Side: core.AgentSide}
	for _, desc := range []bool{false, true} {
		for name, r := range map[string]struct {
			index string
			q     store.ThreadQuery
		}{
			"account by activity":                {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity}},
			"account by activity, some inboxes":  {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity, InboxIDs: []int64{1, 3, 5}}},
			"account by activity, a channel":     {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity, Channels: []core.Channel{core.ChannelWeb}}},
			"account by creation":                {"conversations_created", store.ThreadQuery{Order: store.ByCreation}},
			"account by creation, a status":      {"conversations_created", store.ThreadQuery{Order: store.ByCreation, Statuses: []core.Status{core.Resolved}}},
			"account by message, a team":         {"conversations_last", store.ThreadQuery{Order: store.ByLastMessage, TeamID: 3}},
			"account by message, an inbox":       {"conversations_last", store.ThreadQuery{Order: store.ByLastMessage, InboxID: 1}},
			"account by activity, an agent's":    {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity, AssigneeID: 1_000_041}},
			"account by activity, unread by him": {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity, Unread: &store.CursorOf{Side: core.AgentSide, AgentID: 1_000_041}}},
			"account by activity, a label":       {"conversations_activity", store.ThreadQuery{Order: store.ByLastActivity, LabelID: 5}},
			"account by id, a participant":       {"conversations", store.ThreadQuery{ParticipantID: 1_000_041}},
			"open":                               {"conversations_open_activity", store.ThreadQuery{Order: store.ByLastActivity, Statuses: []core.Status{core.Open}}},
			"open, an agent's":                   {"conversations_open", store.ThreadQuery{Order: store.ByLastActivity, Statuses: []core.Status{core.Open}, AssigneeID: 1_000_041}},
			"open, nobody's, some inboxes":       {"conversations_open", store.ThreadQuery{Order: store.ByLastActivity, Statuses: []core.Status{core.Open}, Unassigned: true, InboxIDs: []int64{1, 3}}},
			"open, an inbox":                     {"conversations_open", store.ThreadQuery{Order: store.ByLastActivity, Statuses: []core.Status{core.Open}, InboxID: 1}},
			"unread by agents":                   {"conversations_agent_unread", store.ThreadQuery{Order: store.ByLastActivity, Unread: agents}},
			"unread by agents, open":             {"conversations_agent_unread", store.ThreadQuery{Order: store.ByLastActivity, Unread: agents, Statuses: []core.Status{core.Open}}},
			"inbox by creation":                  {"conversations_inbox_created", store.ThreadQuery{Order: store.ByCreation, InboxID: 1}},
			"inbox by closing, a status":         {"conversations_inbox_closing", store.ThreadQuery{Order: store.ByClosing, InboxID: 1, Statuses: []core.Status{core.Resolved}}},
			"inbox by customer update":           {"conversations_inbox_updated", store.ThreadQuery{Order: store.ByCustomerUpdate, InboxID: 1}},
			"inbox by activity, a status":        {"conversations_inbox_activity", store.ThreadQuery{Order: store.ByLastActivity, InboxID: 1, Statuses: []core.Status{core.Pending}}},
			"contact by message":                 {"conversations_contact_last", store.ThreadQuery{Order: store.ByLastMessage, ContactID: 7}},
			"contact by message, an inbox":       {"conversations_contact_last", store.ThreadQuery{Order: store.ByLastMessage, ContactID: 7, InboxID: 1}},
			"contact by message, unread":         {"conversations_contact_unread", store.ThreadQuery{Order: store.ByLastMessage, ContactID: 7, Unread: &store.CursorOf{Side: core.ContactSide}}},
		} {
			q := r.q
			q.Desc, q.With, q.Limit, q.Scan = desc, allParts, 20, 50
			q.From = &store.Place{Key: 500, CreatedAt: 500, ID: 10_000}
			run := func(ctx context.Context, st store.Store) error {
				_, err := st.PageThreads(ctx, fat, q)
				return err
			}
			reads = append(reads, hotRead{fmt.Sprint("page of ", name, ", desc ", desc), r.index, run, strings.Contains(name, ", ")})
		}
	}
	return reads
}

// countStates reads every conversation of an account, and so rightly a whole
// table that is half the account's; SQLite goes by the index all the same.
func countStates() hotRead {
	return hotRead{"counts of states", "COVERING INDEX conversations_inbox_state", func(ctx context.Context, st store.Store) error {
		_, err := st.CountStates(ctx, fat)
		return err
	}, false}
}

// entriesFound are those of a page of search hits: each is found by its id.
func entriesFound(index string) hotRead {
	return hotRead{"entries by id", index, func(ctx context.Context, st store.Store) error {
		_, err := st.EntriesByID(ctx, fat, []int64{2010, 2014, 2018, 2022, 2026, 2030, 2034})
		return err
	}, false}
}

// countOpen goes by the index on both engines. PostgreSQL may sort what it found
// there, which is no more than the agents are in charge of.
func countOpen() hotRead {
	return hotRead{"open conversations of agents", "COVERING INDEX conversations_assignee", func(ctx context.Context, st store.Store) error {
		_, err := st.CountOpen(ctx, fat, []int64{1_000_041, 1_000_043})
		return err
	}, true}
}

// unreadOfContact are the counts of a badge.
func unreadOfContact() []hotRead {
	var reads []hotRead
	for name, q := range map[string]store.UnreadQuery{
		"unread of a contact":               {ContactID: 7, Limit: 100},
		"unread of a contact by identifier": {Identifier: "i7", InboxIDs: []int64{1, 3}, Limit: 100},
		"unread of a contact by channel":    {ContactID: 7, Channels: []core.Channel{core.ChannelWeb}, Limit: 100},
	} {
		reads = append(reads, hotRead{name, "conversations_contact_unread", func(ctx context.Context, st store.Store) error {
			_, _, err := st.ContactUnreadByConversation(ctx, fat, q)
			return err
		}, true})
	}
	return append(append(reads, deliveryReads()...), dueJobs()...)
}

// dueJobs are looked for every second, also when jobs of another kind are many
// and older. PostgreSQL may sort them when it expects that they are few.
func dueJobs() []hotRead {
	var reads []hotRead
	for name, kinds := range map[string][]string{
		"due jobs":               {"conversation.wake", "webhook.deliver", "inbox.assign"},
		"due jobs of some kinds": {"conversation.wake", "events.prune"},
		"due jobs that are few":  {"inbox.assign", "events.prune"},
	} {
		reads = append(reads, hotRead{name, "jobs_due", func(ctx context.Context, st store.Store) error {
			_, err := st.ListDueJobs(ctx, kinds, 1_000, 64)
			return err
		}, true})
	}
	return reads
}

func deliveryReads() []hotRead {
	const hook = 1
	var reads []hotRead
	for name, q := range map[string]store.DeliveryQuery{
		"deliveries":          {},
		"deliveries before":   {Before: 900},
		"deliveries, a type":  {Type: core.LabelCreated},
		"deliveries, a state": {State: core.DeliveryFailed},
	} {
		reads = append(reads, hotRead{name, "webhook_deliveries_", func(ctx context.Context, st store.Store) error {
			q.Limit = 20
			_, err := st.ListDeliveries(ctx, fat, hook, q)
			return err
		}, false})
	}
	return append(reads, hotRead{"open deliveries", "webhook_deliveries_state", func(ctx context.Context, st store.Store) error {
		_, err := st.ListOpenDeliveries(ctx, fat, hook, 900, 20)
		return err
	}, false}, hotRead{"deliveries of events", "webhook_deliveries_", func(ctx context.Context, st store.Store) error {
		_, err := st.DeliveriesBySeq(ctx, fat, hook, []int64{900, 1900})
		return err
	}, false}, hotRead{"attempts of a delivery", "webhook_attempts", func(ctx context.Context, st store.Store) error {
		_, err := st.ListAttempts(ctx, fat, hook, 900, 0, 20)
		return err
	}, false})
}

// fill adds two accounts in equal shares: 1000 contacts, 20 conversations each,
// two entries each, one of 16 conversations with something unread. It is
// written in SQL because both engines take it, in a second.
var fill = []string{
	"INSERT INTO accounts (id, uuid, name, locale, timezone, settings, epoch, event_seq, last_display_id, conversation_count, created_at, updated_at) VALUES (1, '', '', '', '', '', '', 0, 0, 0, 1, 1), (2, '', '', '', '', '', '', 0, 0, 0, 1, 1)",
	"INSERT INTO inboxes (id, account_id, uuid, name, channel, identifier, website_token, hmac_token, hmac_mandatory, greeting, timezone, working_hours, settings, created_at, updated_at) " +
		"SELECT n, 1 + n % 2, 'u' || n, 'n' || n, CASE WHEN n < 4 THEN 'web' ELSE 'email' END, '', '', '', 0, '', '', '', '', 1, 1 FROM numbers",
	"INSERT INTO agents (id, account_id, uuid, type, name, first_name, last_name, display_name, description, email, password_hash, role, identity_id, provider_type, address, avatar_url, availability, created_at, updated_at) " +
		"SELECT 1000000 + n, 1 + n % 2, 'u' || n, 'person', '', '', '', '', '', '', '', '', 1000000 + n, 0, '', '', '', 1, 1 FROM numbers",
	"INSERT INTO teams (id, account_id, name, agent_ids, created_at) SELECT n, 1 + n % 2, 'n' || n, '', 1 FROM numbers",
	"INSERT INTO contacts (id, account_id, uuid, name, first_name, middle_name, last_name, email, phone, phone2, identifier, contact_type, country_code, location, company_id, locale, gender, birthday, remarks, blocked, avatar_url, label_ids, custom_attributes, additional_attributes, ext, last_activity_at, created_at, updated_at) " +
		"SELECT n, 1 + n % 2, 'u' || n, 'name', '', '', '', '', '', '', 'i' || n, '', '', '', 0, '', '', '', '', 0, '', '', '', '', '', 1, 1, 1 FROM numbers",
	"INSERT INTO identities (id, account_id, uuid, contact_id, provider_type, address, first_name, last_name, email, user_name, avatar_url, ext, created_at) " +
		"SELECT n, 1 + n % 2, 'u' || n, n, 6, 'a' || n, '', '', '', '', '', '', 1 FROM numbers",
	"INSERT INTO contact_inboxes (id, account_id, identity_id, contact_id, inbox_id, source_id, pubsub_token, hmac_verified, created_at) " +
		"SELECT n, 1 + n % 2, n, n, 1 + (n + 1) % 2, 's' || n, '', 0, 1 FROM numbers",
	"INSERT INTO conversations (id, account_id, uuid, display_id, inbox_id, sub_inbox_id, contact_id, identity_id, contact_inbox_id, status, status_code, archived_at, priority, subject, opened_by, external_id, label_ids, assignee_id, last_assignee_id, assignee_bot_id, owner_id, bot_id, team_id, custom_attributes, additional_attributes, ext, primary_message_id, snoozed_until, contact_last_seen_at, agent_last_seen_at, created_at, last_position, message_count, last_message_id, last_listed_id, agent_seq, contact_seq, contact_cursor, agent_cursor, contact_read_id, agent_read_id, first_response_at, last_response_at, closed_at, waiting_since, last_message_at, last_activity_at, customer_updated_at, updated_at) " +
		"SELECT k * 1000 + n, 1 + n % 2, 'u' || (k * 1000 + n), k * 1000 + n, 1 + (n + 1) % 2, NULL, n, n, n, CASE k % 4 WHEN 0 THEN 'resolved' WHEN 1 THEN 'pending' ELSE 'open' END, 0, 0, '', '', 0, '', '', CASE WHEN k < 4 THEN 1000040 + n % 40 END, NULL, CASE WHEN k > 17 THEN 1000040 + n % 40 END, CASE WHEN k < 4 THEN 1000040 + n % 40 END, CASE WHEN k > 17 THEN 1000040 + n % 40 END, CASE WHEN k > 17 THEN 1 + (n + 1) % 40 END, '', '', '', 0, 0, 0, 0, k * 7919 % 1000, 2, 2, 2 * (k * 1000 + n) + 1, 2 * (k * 1000 + n) + 1, CASE WHEN n % 16 = 7 THEN 1 ELSE 0 END, 1, 0, 0, 0, 0, 0, 0, k % 3 * (k * 31 % 17), 0, k * 7919 % 1000 + n, k * 7919 % 1000 + n, k * 7919 % 1000 + n, 1 FROM numbers CROSS JOIN tens",
	"INSERT INTO entries (id, account_id, uuid, conversation_id, position, kind, sender_type, sender_id, sender_identity_id, origin, listed, counts, agent_seq, contact_seq, content, content_type, content_attributes, ext, external_id, delivery_status, attachment_count, code, params, deleted_at, created_at, updated_at) " +
		"SELECT 2 * c.id + tens.k, c.account_id, 'u' || (2 * c.id + tens.k), c.id, 1 + tens.k, 'message', CASE WHEN c.id % 2 = 0 THEN 'contact' ELSE 'agent' END, c.contact_id, 0, '', 1, 1, 0, 0, 'hello, is anybody there?', '', '', '', '', '', 0, '', '', 0, 1, 1 FROM conversations c CROSS JOIN tens WHERE tens.k < 2",
	"INSERT INTO events (account_id, seq, epoch, type, at, actor_type, actor_id, actor_identity_id, contact_id, conversation_id, inbox_id, payload) " +
		"SELECT 1 + n % 2, k * 1000 + n, '', 'label.created', 1, '', 0, 0, CASE WHEN n % 10 = 7 THEN n ELSE 0 END, CASE WHEN n % 10 IN (7, 9) THEN k % 5 * 1000 + n ELSE 0 END, 0, '{}' FROM numbers CROSS JOIN tens",
	"INSERT INTO webhooks (id, account_id, url, events, format, secret, created_at, updated_at) SELECT n, 1 + n % 2, 'u' || n, '', '', '', 1, 1 FROM numbers WHERE n < 4",
	"INSERT INTO webhook_deliveries (account_id, webhook_id, seq, message_id, event_type, conversation_id, content_type, body, state, status, attempts, failures, next_at, created_at, finished_at) " +
		"SELECT 1 + n % 2, 1 + n % 3, k * 1000 + n, '', 'label.created', 0, '', '', CASE WHEN k > 18 THEN 'open' ELSE 'delivered' END, 200, 1, 0, 1, k * 1000 + n, 1 FROM numbers CROSS JOIN tens",
	"INSERT INTO webhook_attempts (account_id, webhook_id, seq, number, at, duration, status, error, answer) " +
		"SELECT account_id, webhook_id, seq, 1, 1, 1, 200, '', '' FROM webhook_deliveries",
	"INSERT INTO jobs (account_id, kind, key, run_at, attempts, lease_until, fence) " +
		"SELECT 1 + n % 2, CASE WHEN k = 0 THEN 'conversation.wake' ELSE 'webhook.deliver' END, 'k' || (k * 1000 + n), k * 1000 + n, 0, CASE WHEN n % 10 = 0 THEN 30000 ELSE 0 END, 1 FROM numbers CROSS JOIN tens",
}

const (
	numbers = "numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)"
	tens    = "tens (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM tens WHERE k < 19)"
)

func load(t testing.TB, engine sqlstore.Engine) {
	t.Helper()
	tx, err := engine.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of it after the commit
	for _, sql := range fill {
		if strings.Contains(sql, "FROM ") {
			sql = "WITH RECURSIVE " + numbers + ", " + tens + " " + sql
		}
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	for _, space := range []sqlstore.Space{sqlstore.SpacePerson, sqlstore.SpaceIdentity, sqlstore.SpaceEntry, "accounts", "teams", "inboxes", "contact_inboxes", "conversations"} {
		if err := engine.Lift(t.Context(), tx, space, 3_000_000); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// explain returns the plan's lines.
func explain(ctx context.Context, q sqlstore.Querier, columns int, sql string, args ...any) (string, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		var skip [3]int64
		targets := []any{&skip[0], &skip[1], &skip[2], &line}
		if err := rows.Scan(targets[4-columns:]...); err != nil {
			return "", err
		}
		plan.WriteString(line + "\n")
	}
	return plan.String(), rows.Err()
}

// sortNode is a sort in a plan of PostgreSQL.
var sortNode = regexp.MustCompile(`Sort +\(cost.*\n +Sort Key.*`)

// check runs every hot read and looks at the plans of its statements.
func check(t *testing.T, engine sqlstore.Engine, reads []hotRead, bad *regexp.Regexp, plan func(ctx context.Context, s statement) (string, error)) {
	t.Helper()
	r := &recorder{Engine: engine}
	st := sqlstore.New(r, nil)
	for _, read := range reads {
		r.seen = nil
		if err := read.run(t.Context(), st); err != nil {
			t.Errorf("%s: %v", read.name, err)
			continue
		}
		for _, s := range r.seen {
			text, err := plan(t.Context(), s)
			if err != nil {
				t.Errorf("%s: %v", read.name, err)
				continue
			}
			if read.sorts {
				text = sortNode.ReplaceAllString(text, "")
			}
			if bad.MatchString(text) || !strings.Contains(text, read.index) {
				t.Errorf("%s: want a plan by index %s, without sort and scan, got\n%sfor %s", read.name, read.index, text, s.sql[strings.LastIndex(s.sql, " FROM "):])
			}
		}
	}
}

func TestPlansSQLite(t *testing.T) {
	t.Parallel()
	engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "plans.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	load(t, engine)
	bad := regexp.MustCompile(`TEMP B-TREE|AUTOMATIC|SCAN [^p]|SCAN p[^a]|SEARCH t USING [A-Z ]*INDEX`) // only the page is walked; its ids lead to the rows
	// Without statistics, as a new database has none.
	check(t, engine, append(hotReads(), countStates(), countOpen(), entriesFound("INTEGER PRIMARY KEY")), bad, func(ctx context.Context, s statement) (string, error) {
		return explain(ctx, engine, 4, "EXPLAIN QUERY PLAN "+s.sql, s.args...)
	})
}

func TestPlansPostgres(t *testing.T) {
	t.Parallel()
	engine, err := postgres.Open(t.Context(), postgres.Options{URL: testkit.Postgres(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	load(t, engine)
	if _, err := engine.Exec(t.Context(), "VACUUM ANALYZE"); err != nil {
		t.Fatal(err)
	}
	bad := regexp.MustCompile(`Sort|Seq Scan on (conversations|entries|events|jobs|webhook_)`)
	// A statement is planned for its values at first, and later once for all.
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		t.Run(mode, func(t *testing.T) {
			check(t, engine, append(hotReads(), entriesFound("entries_pkey")), bad, func(ctx context.Context, s statement) (plan string, err error) {
				err = engine.Snapshot(ctx, func(ctx context.Context, q sqlstore.Querier) error {
					var values []string
					for _, arg := range s.args {
						values = append(values, fmt.Sprintf("'%v'", arg))
					}
					for _, sql := range []string{"SET LOCAL plan_cache_mode = " + mode, "PREPARE hot AS " + s.sql} {
						if _, err := q.Exec(ctx, sql); err != nil {
							return err
						}
					}
					if plan, err = explain(ctx, q, 1, "EXPLAIN EXECUTE hot ("+strings.Join(values, ", ")+")"); err != nil {
						return err
					}
					_, err = q.Exec(ctx, "DEALLOCATE hot")
					return err
				})
				return plan, err
			})
		})
	}
}
