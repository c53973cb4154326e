package sqlstore

import (
	"encoding/json"

	"parley/internal/core"
)

// A row type joins a core value with what its columns hold in another form:
// booleans as 0 or 1, lists as JSON arrays. Three methods know the order of
// the table's columns: targets (where to scan to), value (the core value after
// a scan) and, as functions, the args to bind.

// row is what one line of a result is scanned into.
type row[T any] interface {
	targets() []any
	value() T
}

// flag is a boolean column.
type flag = int64

// idList is a column of ids in order, as a JSON array; "" is the empty list.
func idList(ids []int64) string {
	if len(ids) == 0 {
		return ""
	}
	text, err := json.Marshal(ids)
	if err != nil {
		panic(err) // integers always encode
	}
	return string(text)
}

func parseIDs(text string) []int64 {
	if text == "" {
		return nil
	}
	var ids []int64
	// The column is written by idList alone. What another hand put there
	// reads as the empty list: parley doctor compares such lists.
	_ = json.Unmarshal([]byte(text), &ids)
	return ids
}

// texts is a column of texts in order, as a JSON array; "" is the empty list.
// Each text is looked at by itself: JSON would hide a NUL.
type texts []string

func (t texts) check() error {
	for _, text := range t {
		if err := checkText(text); err != nil {
			return err
		}
	}
	return nil
}

func (t texts) encode() string {
	if len(t) == 0 {
		return ""
	}
	text, err := json.Marshal([]string(t))
	if err != nil {
		panic(err) // strings always encode
	}
	return string(text)
}

func scopeTexts(scopes []core.Scope) texts {
	list := make(texts, len(scopes))
	for i, s := range scopes {
		list[i] = string(s)
	}
	return list
}

func parseTexts[S ~string](text string) []S {
	if text == "" {
		return nil
	}
	var list []S
	_ = json.Unmarshal([]byte(text), &list) // see parseIDs
	return list
}

var accountTable = newTable("accounts", `id int, uuid text, name text, locale text, timezone text, settings text, epoch text,
	event_seq int, last_display_id int, conversation_count int, created_at int, updated_at int`)

type accountRow struct{ core.Account }

func (r *accountRow) targets() []any {
	a := &r.Account
	return []any{
		&a.ID, &a.UUID, &a.Name, &a.Locale, &a.Timezone, &a.Settings, &a.Epoch,
		&a.EventSeq, &a.LastDisplayID, &a.ConversationCount, &a.CreatedAt, &a.UpdatedAt,
	}
}

func (r *accountRow) value() core.Account { return r.Account }

func accountArgs(a *core.Account) []any {
	return []any{
		id(a.ID), keyText(a.UUID), a.Name, a.Locale, a.Timezone, string(a.Settings), a.Epoch,
		a.EventSeq, a.LastDisplayID, a.ConversationCount, a.CreatedAt, a.UpdatedAt,
	}
}

var agentTable = newTable("agents", `id int, account_id int, uuid text, type text, name text, first_name text, last_name text,
	display_name text, description text, email text, password_hash text, role text, identity_id int, provider_type int,
	address text, avatar_url text, availability text, user_name text, sync_capacity int, async_capacity int, profile_ids text,
	ext text, created_at int, updated_at int, deleted_at int`)

type agentRow struct {
	core.Agent
	profileIDs string
}

func (r *agentRow) targets() []any {
	a := &r.Agent
	return []any{
		&a.ID, &a.AccountID, &a.UUID, &a.Type, &a.Name, &a.FirstName, &a.LastName,
		&a.DisplayName, &a.Description, &a.Email, &a.PasswordHash, &a.Role, &a.IdentityID, &a.ProviderType,
		&a.Address, &a.AvatarURL, &a.Availability, &a.UserName, &a.SyncCapacity, &a.AsyncCapacity, &r.profileIDs,
		&a.Ext, &a.CreatedAt, &a.UpdatedAt, &a.DeletedAt,
	}
}

func (r *agentRow) value() core.Agent {
	r.ProfileIDs = parseIDs(r.profileIDs)
	return r.Agent
}

func agentArgs(a *core.Agent) []any {
	return []any{
		id(a.ID), id(a.AccountID), keyText(a.UUID), string(a.Type), a.Name, a.FirstName, a.LastName,
		a.DisplayName, a.Description, keyText(a.Email), a.PasswordHash, string(a.Role), id(a.IdentityID), a.ProviderType,
		a.Address, a.AvatarURL, string(a.Availability), keyText(a.UserName), a.SyncCapacity, a.AsyncCapacity, idList(a.ProfileIDs),
		string(a.Ext), a.CreatedAt, a.UpdatedAt, a.DeletedAt,
	}
}

var profileTable = newTable("profiles", "id int, account_id int, name text, unique_name text, permissions text, created_at int")

type profileRow struct {
	core.Profile
	permissions string
}

func (r *profileRow) targets() []any {
	p := &r.Profile
	return []any{&p.ID, &p.AccountID, &p.Name, &p.UniqueName, &r.permissions, &p.CreatedAt}
}

func (r *profileRow) value() core.Profile {
	r.Permissions = parseTexts[string](r.permissions)
	return r.Profile
}

func profileArgs(p *core.Profile) []any {
	return []any{id(p.ID), id(p.AccountID), p.Name, keyText(p.UniqueName), texts(p.Permissions), p.CreatedAt}
}

var tokenTable = newTable("tokens", `id int, account_id int, name text, agent_id ref, hash text, scopes text,
	expires_at int, revoked_at int, created_at int`)

type tokenRow struct {
	core.Token
	scopes string
}

func (r *tokenRow) targets() []any {
	t := &r.Token
	return []any{&t.ID, &t.AccountID, &t.Name, &t.AgentID, &t.Hash, &r.scopes, &t.ExpiresAt, &t.RevokedAt, &t.CreatedAt}
}

func (r *tokenRow) value() core.Token {
	r.Scopes = parseTexts[core.Scope](r.scopes)
	return r.Token
}

func tokenArgs(t *core.Token) []any {
	return []any{
		id(t.ID), id(t.AccountID), keyText(t.Name), ref(t.AgentID), keyText(t.Hash), scopeTexts(t.Scopes),
		t.ExpiresAt, t.RevokedAt, t.CreatedAt,
	}
}

var teamTable = newTable("teams", "id int, account_id int, name text, agent_ids text, created_at int")

type teamRow struct {
	core.Team
	agentIDs string
}

func (r *teamRow) targets() []any {
	t := &r.Team
	return []any{&t.ID, &t.AccountID, &t.Name, &r.agentIDs, &t.CreatedAt}
}

func (r *teamRow) value() core.Team {
	r.AgentIDs = parseIDs(r.agentIDs)
	return r.Team
}

func teamArgs(t *core.Team) []any {
	return []any{id(t.ID), id(t.AccountID), keyText(t.Name), idList(t.AgentIDs), t.CreatedAt}
}

var labelGroupTable = newTable("label_groups", "id int, account_id int, name text, created_at int")

type labelGroupRow struct{ core.LabelGroup }

func (r *labelGroupRow) targets() []any {
	g := &r.LabelGroup
	return []any{&g.ID, &g.AccountID, &g.Name, &g.CreatedAt}
}

func (r *labelGroupRow) value() core.LabelGroup { return r.LabelGroup }

func labelGroupArgs(g *core.LabelGroup) []any {
	return []any{id(g.ID), id(g.AccountID), keyText(g.Name), g.CreatedAt}
}

var labelTable = newTable("labels", `id int, account_id int, title text, group_id ref, type int, color text, description text,
	ext text, created_at int, deleted_at int`)

type labelRow struct{ core.Label }

func (r *labelRow) targets() []any {
	l := &r.Label
	return []any{&l.ID, &l.AccountID, &l.Title, &l.GroupID, &l.Type, &l.Color, &l.Description, &l.Ext, &l.CreatedAt, &l.DeletedAt}
}

func (r *labelRow) value() core.Label { return r.Label }

func labelArgs(l *core.Label) []any {
	return []any{
		id(l.ID), id(l.AccountID), keyText(l.Title), ref(l.GroupID), l.Type, l.Color, l.Description,
		string(l.Ext), l.CreatedAt, l.DeletedAt,
	}
}

var cannedResponseTable = newTable("canned_responses", "id int, account_id int, short_code text, content text, created_at int, updated_at int")

type cannedResponseRow struct{ core.CannedResponse }

func (r *cannedResponseRow) targets() []any {
	c := &r.CannedResponse
	return []any{&c.ID, &c.AccountID, &c.ShortCode, &c.Content, &c.CreatedAt, &c.UpdatedAt}
}

func (r *cannedResponseRow) value() core.CannedResponse { return r.CannedResponse }

func cannedResponseArgs(c *core.CannedResponse) []any {
	return []any{id(c.ID), id(c.AccountID), keyText(c.ShortCode), c.Content, c.CreatedAt, c.UpdatedAt}
}

var inboxTable = newTable("inboxes", `id int, account_id int, uuid text, name text, channel text, identifier text, website_token text,
	hmac_token text, hmac_mandatory int, greeting text, timezone text, working_hours text, settings text, created_at int, updated_at int`)

type inboxRow struct {
	core.Inbox
	hmacMandatory flag
}

func (r *inboxRow) targets() []any {
	i := &r.Inbox
	return []any{
		&i.ID, &i.AccountID, &i.UUID, &i.Name, &i.Channel, &i.Identifier, &i.WebsiteToken,
		&i.HMACToken, &r.hmacMandatory, &i.Greeting, &i.Timezone, &i.WorkingHours, &i.Settings, &i.CreatedAt, &i.UpdatedAt,
	}
}

func (r *inboxRow) value() core.Inbox {
	r.HMACMandatory = r.hmacMandatory != 0
	return r.Inbox
}

func inboxArgs(i *core.Inbox) []any {
	return []any{
		id(i.ID), id(i.AccountID), keyText(i.UUID), keyText(i.Name), string(i.Channel), keyText(i.Identifier), i.WebsiteToken,
		i.HMACToken, i.HMACMandatory, i.Greeting, i.Timezone, string(i.WorkingHours), string(i.Settings), i.CreatedAt, i.UpdatedAt,
	}
}

var subInboxTable = newTable("sub_inboxes", "id int, account_id int, inbox_id int, name text")

type subInboxRow struct{ core.SubInbox }

func (r *subInboxRow) targets() []any {
	s := &r.SubInbox
	return []any{&s.ID, &s.AccountID, &s.InboxID, &s.Name}
}

func (r *subInboxRow) value() core.SubInbox { return r.SubInbox }

func subInboxArgs(s *core.SubInbox) []any {
	return []any{id(s.ID), id(s.AccountID), id(s.InboxID), keyText(s.Name)}
}
