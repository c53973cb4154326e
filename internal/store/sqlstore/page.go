package sqlstore

import (
	"context"

	"parley/internal/core"
)

// walk is the statement of a page by id.
func walk(t table) string {
	return t.selectFrom("WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3")
}

var (
	pageAgentsSQL               = walk(agentTable)
	pageProfilesSQL             = walk(profileTable)
	pageTokensSQL               = walk(tokenTable)
	pageTeamsSQL                = walk(teamTable)
	pageLabelGroupsSQL          = walk(labelGroupTable)
	pageLabelsSQL               = labelTable.selectFrom("WHERE account_id = $1 AND id > $2 AND deleted_at = 0 ORDER BY id LIMIT $3")
	pageInboxesSQL              = walk(inboxTable)
	pageSubInboxesSQL           = walk(subInboxTable)
	pageContactsSQL             = walk(contactTable)
	pageIdentitiesSQL           = walk(identityTable)
	pageContactInboxesSQL       = walk(contactInboxTable)
	pageConversationsSQL        = walk(conversationTable)
	pageCannedResponsesSQL      = walk(cannedResponseTable)
	pageAttributeDefinitionsSQL = walk(attributeDefinitionTable)
	pageWebhooksSQL             = walk(webhookTable)
	pageReadCursorsSQL          = readCursorTable.selectFrom("WHERE account_id = $1 AND conversation_id = $2 AND agent_id > $3 ORDER BY agent_id LIMIT $4")
)

// page returns at most limit rows; the limit is the last value bound. The
// engines do not agree on what a negative one means.
func page[T any](ctx context.Context, c checked, r row[T], limit int, sql string, args ...any) ([]T, error) {
	if limit <= 0 {
		return nil, core.Refuse("limit", "must be positive")
	}
	return list(ctx, c, r, sql, append(args, limit)...)
}

// PageAgents implements store.Page.
func (r reader) PageAgents(ctx context.Context, account, after int64, limit int) ([]core.Agent, error) {
	return page(ctx, r.checked, new(agentRow), limit, pageAgentsSQL, account, after)
}

// PageProfiles implements store.Page.
func (r reader) PageProfiles(ctx context.Context, account, after int64, limit int) ([]core.Profile, error) {
	return page(ctx, r.checked, new(profileRow), limit, pageProfilesSQL, account, after)
}

// PageTokens implements store.Page.
func (r reader) PageTokens(ctx context.Context, account, after int64, limit int) ([]core.Token, error) {
	return page(ctx, r.checked, new(tokenRow), limit, pageTokensSQL, account, after)
}

// PageTeams implements store.Page.
func (r reader) PageTeams(ctx context.Context, account, after int64, limit int) ([]core.Team, error) {
	return page(ctx, r.checked, new(teamRow), limit, pageTeamsSQL, account, after)
}

// PageLabelGroups implements store.Page.
func (r reader) PageLabelGroups(ctx context.Context, account, after int64, limit int) ([]core.LabelGroup, error) {
	return page(ctx, r.checked, new(labelGroupRow), limit, pageLabelGroupsSQL, account, after)
}

// PageLabels implements store.Page.
func (r reader) PageLabels(ctx context.Context, account, after int64, limit int) ([]core.Label, error) {
	return page(ctx, r.checked, new(labelRow), limit, pageLabelsSQL, account, after)
}

// PageInboxes implements store.Page.
func (r reader) PageInboxes(ctx context.Context, account, after int64, limit int) ([]core.Inbox, error) {
	return page(ctx, r.checked, new(inboxRow), limit, pageInboxesSQL, account, after)
}

// PageSubInboxes implements store.Page.
func (r reader) PageSubInboxes(ctx context.Context, account, after int64, limit int) ([]core.SubInbox, error) {
	return page(ctx, r.checked, new(subInboxRow), limit, pageSubInboxesSQL, account, after)
}

// PageContacts implements store.Page.
func (r reader) PageContacts(ctx context.Context, account, after int64, limit int) ([]core.Contact, error) {
	return page(ctx, r.checked, new(contactRow), limit, pageContactsSQL, account, after)
}

// PageIdentities implements store.Page.
func (r reader) PageIdentities(ctx context.Context, account, after int64, limit int) ([]core.Identity, error) {
	return page(ctx, r.checked, new(identityRow), limit, pageIdentitiesSQL, account, after)
}

// PageContactInboxes implements store.Page.
func (r reader) PageContactInboxes(ctx context.Context, account, after int64, limit int) ([]core.ContactInbox, error) {
	return page(ctx, r.checked, new(contactInboxRow), limit, pageContactInboxesSQL, account, after)
}

// PageConversations implements store.Page.
func (r reader) PageConversations(ctx context.Context, account, after int64, limit int) ([]core.Conversation, error) {
	return page(ctx, r.checked, new(conversationRow), limit, pageConversationsSQL, account, after)
}

// PageCannedResponses implements store.Page.
func (r reader) PageCannedResponses(ctx context.Context, account, after int64, limit int) ([]core.CannedResponse, error) {
	return page(ctx, r.checked, new(cannedResponseRow), limit, pageCannedResponsesSQL, account, after)
}

// PageWebhooks implements store.Page.
func (r reader) PageWebhooks(ctx context.Context, account, after int64, limit int) ([]core.Webhook, error) {
	return page(ctx, r.checked, new(webhookRow), limit, pageWebhooksSQL, account, after)
}

// PageReadCursors implements store.Page.
func (r reader) PageReadCursors(ctx context.Context, account, conversation, afterAgent int64, limit int) ([]core.ReadCursor, error) {
	return page(ctx, r.checked, new(readCursorRow), limit, pageReadCursorsSQL, account, conversation, afterAgent)
}
