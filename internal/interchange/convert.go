package interchange

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"parley/internal/core"
)

// A record becomes a core value by its method of that value's name, and comes
// from one by a function named ...Of. Both are pure. References are copied as
// the file gives them; labels, which a file names by title, are the caller's.
// now stands in for a creation time that is not given.

func (r *accountRecord) account(now core.Time) core.Account {
	created := r.CreatedAt.or(now)
	return core.Account{
		ID:        r.ID,
		UUID:      r.UUID,
		Name:      r.Name,
		Locale:    r.Locale,
		Timezone:  r.Timezone,
		Settings:  r.Settings,
		CreatedAt: created,
		UpdatedAt: r.UpdatedAt.or(created),
	}
}

func accountOf(a *core.Account) *accountRecord {
	return &accountRecord{
		ID:        a.ID,
		UUID:      a.UUID,
		Name:      a.Name,
		Locale:    a.Locale,
		Timezone:  a.Timezone,
		Settings:  a.Settings,
		CreatedAt: fixed(a.CreatedAt),
		UpdatedAt: fixed(a.UpdatedAt),
	}
}

func (r *agentRecord) agent(now core.Time) core.Agent {
	created := r.CreatedAt.or(now)
	a := core.Agent{
		ID:            r.ID,
		UUID:          r.UUID,
		AccountID:     r.AccountID,
		Type:          core.AgentType(cmp.Or(r.Type, string(core.Person))),
		Name:          r.Name,
		FirstName:     r.FirstName,
		LastName:      r.LastName,
		DisplayName:   r.DisplayName,
		Description:   r.Description,
		Email:         strings.ToLower(r.Email),
		PasswordHash:  r.PasswordHash,
		Role:          core.Member,
		IdentityID:    r.IdentityID,
		ProviderType:  r.ProviderType,
		Address:       r.Address,
		AvatarURL:     r.AvatarURL,
		Availability:  core.Availability(r.Availability),
		UserName:      r.UserName,
		SyncCapacity:  r.SyncCapacity,
		AsyncCapacity: r.AsyncCapacity,
		ProfileIDs:    r.ProfileIDs,
		Ext:           r.Ext,
		CreatedAt:     created,
		UpdatedAt:     r.UpdatedAt.or(created),
		DeletedAt:     r.DeletedAt.at,
	}
	if r.Role != nil {
		a.Role = core.Role(*r.Role)
	}
	return a
}

func agentOf(a *core.Agent, secrets bool) *agentRecord {
	role := string(a.Role)
	return &agentRecord{
		ID:            a.ID,
		UUID:          a.UUID,
		AccountID:     a.AccountID,
		Type:          string(a.Type),
		Name:          a.Name,
		FirstName:     a.FirstName,
		LastName:      a.LastName,
		DisplayName:   a.DisplayName,
		Description:   a.Description,
		Email:         a.Email,
		PasswordHash:  secret(a.PasswordHash, secrets),
		Role:          &role,
		IdentityID:    a.IdentityID,
		ProviderType:  a.ProviderType,
		Address:       a.Address,
		AvatarURL:     a.AvatarURL,
		Availability:  string(a.Availability),
		UserName:      a.UserName,
		SyncCapacity:  a.SyncCapacity,
		AsyncCapacity: a.AsyncCapacity,
		ProfileIDs:    a.ProfileIDs,
		Ext:           a.Ext,
		CreatedAt:     fixed(a.CreatedAt),
		UpdatedAt:     fixed(a.UpdatedAt),
		DeletedAt:     stamp(a.DeletedAt),
	}
}

func (r *profileRecord) profile(now core.Time) core.Profile {
	return core.Profile{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, UniqueName: r.UniqueName, Permissions: r.Permissions, CreatedAt: r.CreatedAt.or(now),
	}
}

func profileOf(p *core.Profile) *profileRecord {
	return &profileRecord{
		ID: p.ID, AccountID: p.AccountID, Name: p.Name, UniqueName: p.UniqueName, Permissions: p.Permissions, CreatedAt: fixed(p.CreatedAt),
	}
}

// secret is the text when secrets are wanted.
func secret(text string, wanted bool) string {
	if wanted {
		return text
	}
	return ""
}

func (r *tokenRecord) token(now core.Time) core.Token {
	t := core.Token{
		ID:        r.ID,
		AccountID: r.AccountID,
		Name:      r.Name,
		AgentID:   r.AgentID,
		Hash:      r.TokenHash,
		ExpiresAt: r.ExpiresAt.at,
		RevokedAt: r.RevokedAt.at,
		CreatedAt: r.CreatedAt.or(now),
	}
	if r.Token != "" {
		sum := sha256.Sum256([]byte(r.Token))
		t.Hash = hex.EncodeToString(sum[:])
	}
	for _, s := range r.Scopes {
		t.Scopes = append(t.Scopes, core.Scope(s))
	}
	return t
}

func tokenOf(t *core.Token) *tokenRecord {
	r := &tokenRecord{
		ID:        t.ID,
		AccountID: t.AccountID,
		Name:      t.Name,
		AgentID:   t.AgentID,
		TokenHash: t.Hash,
		ExpiresAt: stamp(t.ExpiresAt),
		RevokedAt: stamp(t.RevokedAt),
		CreatedAt: fixed(t.CreatedAt),
	}
	for _, s := range t.Scopes {
		r.Scopes = append(r.Scopes, string(s))
	}
	return r
}

func (r *teamRecord) team(now core.Time) core.Team {
	return core.Team{ID: r.ID, AccountID: r.AccountID, Name: r.Name, AgentIDs: r.AgentIDs, CreatedAt: r.CreatedAt.or(now)}
}

func teamOf(t *core.Team) *teamRecord {
	return &teamRecord{ID: t.ID, AccountID: t.AccountID, Name: t.Name, AgentIDs: t.AgentIDs, CreatedAt: fixed(t.CreatedAt)}
}

func (r *labelGroupRecord) labelGroup(now core.Time) core.LabelGroup {
	return core.LabelGroup{ID: r.ID, AccountID: r.AccountID, Name: r.Name, CreatedAt: r.CreatedAt.or(now)}
}

func labelGroupOf(g *core.LabelGroup) *labelGroupRecord {
	return &labelGroupRecord{ID: g.ID, AccountID: g.AccountID, Name: g.Name, CreatedAt: fixed(g.CreatedAt)}
}

func (r *labelRecord) label(now core.Time) core.Label {
	return core.Label{
		ID:          r.ID,
		AccountID:   r.AccountID,
		Title:       r.Title,
		GroupID:     r.GroupID,
		Type:        r.Type,
		Color:       r.Color,
		Description: r.Description,
		Ext:         r.Ext,
		CreatedAt:   r.CreatedAt.or(now),
	}
}

func labelOf(l *core.Label) *labelRecord {
	return &labelRecord{
		ID:          l.ID,
		AccountID:   l.AccountID,
		Title:       l.Title,
		GroupID:     l.GroupID,
		Type:        l.Type,
		Color:       l.Color,
		Description: l.Description,
		Ext:         l.Ext,
		CreatedAt:   fixed(l.CreatedAt),
	}
}

func (r *inboxRecord) inbox(now core.Time) core.Inbox {
	created := r.CreatedAt.or(now)
	return core.Inbox{
		ID:            r.ID,
		UUID:          r.UUID,
		AccountID:     r.AccountID,
		Name:          r.Name,
		Channel:       core.Channel(r.Channel),
		Identifier:    r.Identifier,
		WebsiteToken:  r.WebsiteToken,
		HMACToken:     r.HMACToken,
		HMACMandatory: r.HMACMandatory,
		Greeting:      r.Greeting,
		Timezone:      r.Timezone,
		WorkingHours:  r.WorkingHours,
		Settings:      r.Settings,
		CreatedAt:     created,
		UpdatedAt:     r.UpdatedAt.or(created),
	}
}

func inboxOf(i *core.Inbox, secrets bool) *inboxRecord {
	return &inboxRecord{
		ID:            i.ID,
		UUID:          i.UUID,
		AccountID:     i.AccountID,
		Name:          i.Name,
		Channel:       string(i.Channel),
		Identifier:    i.Identifier,
		WebsiteToken:  secret(i.WebsiteToken, secrets),
		HMACToken:     secret(i.HMACToken, secrets),
		HMACMandatory: i.HMACMandatory,
		Greeting:      i.Greeting,
		Timezone:      i.Timezone,
		WorkingHours:  i.WorkingHours,
		Settings:      i.Settings,
		CreatedAt:     fixed(i.CreatedAt),
		UpdatedAt:     fixed(i.UpdatedAt),
	}
}

func (r *subInboxRecord) subInbox() core.SubInbox {
	return core.SubInbox{ID: r.ID, InboxID: r.InboxID, Name: r.Name}
}

func subInboxOf(s *core.SubInbox) *subInboxRecord {
	return &subInboxRecord{ID: s.ID, InboxID: s.InboxID, Name: s.Name}
}

func (r *cannedResponseRecord) cannedResponse(now core.Time) core.CannedResponse {
	created := r.CreatedAt.or(now)
	return core.CannedResponse{
		ID: r.ID, AccountID: r.AccountID, ShortCode: r.ShortCode, Content: r.Content, CreatedAt: created, UpdatedAt: r.UpdatedAt.or(created),
	}
}

func cannedResponseOf(c *core.CannedResponse) *cannedResponseRecord {
	return &cannedResponseRecord{
		ID: c.ID, AccountID: c.AccountID, ShortCode: c.ShortCode, Content: c.Content, CreatedAt: fixed(c.CreatedAt), UpdatedAt: fixed(c.UpdatedAt),
	}
}

func (r *attributeDefinitionRecord) attributeDefinition(now core.Time) core.AttributeDefinition {
	created := r.CreatedAt.or(now)
	return core.AttributeDefinition{
		ID: r.ID, AccountID: r.AccountID, AppliesTo: core.AppliesTo(r.AppliesTo), Key: r.Key, Name: r.Name, Description: r.Description,
		Type: core.AttributeType(r.Type), Options: r.Options, Pattern: r.Pattern, PatternHint: r.PatternHint,
		CreatedAt: created, UpdatedAt: r.UpdatedAt.or(created),
	}
}

func attributeDefinitionOf(d *core.AttributeDefinition) *attributeDefinitionRecord {
	return &attributeDefinitionRecord{
		ID: d.ID, AccountID: d.AccountID, AppliesTo: string(d.AppliesTo), Key: d.Key, Name: d.Name, Description: d.Description,
		Type: string(d.Type), Options: d.Options, Pattern: d.Pattern, PatternHint: d.PatternHint,
		CreatedAt: fixed(d.CreatedAt), UpdatedAt: fixed(d.UpdatedAt),
	}
}

func (r *webhookRecord) webhook(now core.Time) core.Webhook {
	created := r.CreatedAt.or(now)
	return core.Webhook{
		ID:           r.ID,
		AccountID:    r.AccountID,
		URL:          r.URL,
		Events:       r.Events,
		Format:       r.Format,
		Secret:       r.Secret,
		FormerSecret: r.FormerSecret,
		FormerUntil:  r.FormerUntil.at,
		Enabled:      r.Enabled == nil || *r.Enabled,
		PausedAt:     r.PausedAt.at,
		PausedReason: r.PausedReason,
		CreatedAt:    created,
		UpdatedAt:    r.UpdatedAt.or(created),
	}
}

func webhookOf(w *core.Webhook, secrets bool) *webhookRecord {
	r := &webhookRecord{
		ID:           w.ID,
		AccountID:    w.AccountID,
		URL:          w.URL,
		Events:       w.Events,
		Format:       w.Format,
		Secret:       secret(w.Secret, secrets),
		FormerSecret: secret(w.FormerSecret, secrets),
		FormerUntil:  stamp(w.FormerUntil),
		PausedAt:     stamp(w.PausedAt),
		PausedReason: w.PausedReason,
		CreatedAt:    fixed(w.CreatedAt),
		UpdatedAt:    fixed(w.UpdatedAt),
	}
	if !w.Enabled {
		r.Enabled = &w.Enabled
	}
	return r
}
