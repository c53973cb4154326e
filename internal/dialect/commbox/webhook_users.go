package commbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// newUser tells of a new contact.
func (f *WebhookFormat) newUser(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	c, err := dataOf[core.Contact](e)
	if err != nil {
		return nil, err
	}
	return f.aboutUser(ctx, account, onNew, &c, 0, nil)
}

// changedUser tells of a contact that changed. With labels it was given or lost
// it is OnUpdateTag, which shows the whole user, since the change may have been
// more than that.
func (f *WebhookFormat) changedUser(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.ContactChange](e)
	if err != nil {
		return nil, err
	}
	if d.Before != nil { // logs of former versions do not know
		if tags := toHookTags(d.Before.LabelIDs, d.LabelIDs); tags != nil {
			return f.aboutUser(ctx, account, onUpdateTag, &d.Contact, 0, tags)
		}
	}
	return f.aboutUser(ctx, account, onUpdate, &d.Contact, 0, nil)
}

// mergedUser tells of the contact that was merged into.
func (f *WebhookFormat) mergedUser(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.ContactMerge](e)
	if err != nil {
		return nil, err
	}
	return f.aboutUser(ctx, account, onUpdate, &d.Contact, 0, nil)
}

// movedIdentity tells of the contact whose the identity is now.
func (f *WebhookFormat) movedIdentity(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	d, err := dataOf[core.IdentityMove](e)
	if err != nil {
		return nil, err
	}
	return f.owner(ctx, account, &d.Identity, false)
}

// changedIdentity tells of the contact that the identity is one of: it changed
// with it. The one that it came to be with was told when it was new.
func (f *WebhookFormat) changedIdentity(ctx context.Context, account int64, e *core.Event) (*hook, error) {
	i, err := dataOf[core.Identity](e)
	if err != nil {
		return nil, err
	}
	return f.owner(ctx, account, &i, e.Type == core.IdentityCreated)
}

// owner tells of a contact by one of its identities; a contact that is no more
// is not told of. fresh passes over one that is as old as the identity.
func (f *WebhookFormat) owner(ctx context.Context, account int64, i *core.Identity, fresh bool) (*hook, error) {
	c, err := f.store.Contact(ctx, account, i.ContactID)
	switch {
	case err != nil && core.KindOf(err) != core.NotFound:
		return nil, fmt.Errorf("read contact: %w", err)
	case c.ID == 0, fresh && c.CreatedAt == i.CreatedAt:
		return nil, nil //nolint:nilnil // nothing is told
	}
	return f.aboutUser(ctx, account, onUpdate, &c, i.ID, nil)
}

func (f *WebhookFormat) aboutUser(ctx context.Context, account int64, name string, c *core.Contact, identity int64, tags *hookTags) (*hook, error) {
	user, err := f.user(ctx, account, c, identity)
	if err != nil {
		return nil, err
	}
	user.Tags = tags
	return &hook{hookUsers, name, &user}, nil
}

// user shows a contact with one of its identities, the oldest when that is 0 or
// not the contact's any more.
func (f *WebhookFormat) user(ctx context.Context, account int64, c *core.Contact, identity int64) (hookUser, error) {
	uses, err := f.store.ListIdentities(ctx, account, c.ID, 0, store.MaxIDs)
	if err != nil {
		return hookUser{}, fmt.Errorf("read identities: %w", err)
	}
	count, conversations := int64(len(uses)), int64(0)
	if count == store.MaxIDs {
		if count, err = f.store.CountIdentities(ctx, account, c.ID); err != nil {
			return hookUser{}, fmt.Errorf("count identities: %w", err)
		}
	}
	for i := range uses {
		conversations += uses[i].Conversations
	}
	v := toCustomer(c, count)
	user := hookUser{
		Content: hookContent(v.Content), ID: digits(v.ID), Phone1: v.Phone1, Phone2: v.Phone2, UniqueID: v.UniqueID, Email: v.Email,
		FirstName: v.FirstName, LastName: v.LastName, Gender: v.Gender, NumIdentities: digits(v.NumberIdentities), Locale: v.Locale,
		Birthday: isoDate(v.Birthday), Remarks: v.Remarks, NumObjects: digits(conversations),
	}
	if len(uses) == 0 {
		return user, nil
	}
	shown := &uses[max(0, slices.IndexFunc(uses, func(u store.IdentityUse) bool { return u.ID == identity }))]
	user.Identity = &hookIdentity{
		ID: digits(shown.ID), StreamProviderID: shown.Address, StreamProviderType: digits(shown.ProviderType),
		StreamProviderEmail: shown.Email, UserName: shown.UserName, FirstName: shown.FirstName, LastName: shown.LastName,
		ThumbnailURL: shown.AvatarURL,
	}
	return user, nil
}

// nobody is a user of whom nothing is known but the id.
func nobody(id int64) hookUser {
	return hookUser{Content: emptyContent, ID: digits(id), NumIdentities: digits(0), NumObjects: digits(0)}
}

// customer shows the contact of a conversation. One that was merged into
// another since is found by the identity; one that is no more has its id alone.
func (f *WebhookFormat) customer(ctx context.Context, account, contact, identity int64) (hookUser, error) {
	c, err := f.people.Contact(ctx, account, contact, identity)
	switch {
	case err == nil:
		return f.user(ctx, account, &c, identity)
	case core.KindOf(err) == core.NotFound:
		return nobody(contact), nil
	}
	return hookUser{}, err
}

// author shows who said something in a conversation; the system has the id 0.
func (f *WebhookFormat) author(ctx context.Context, account int64, who core.Actor, c *core.Conversation) (hookUser, error) {
	switch who.Type {
	case core.ActorContact:
		return f.customer(ctx, account, who.ID, cmp.Or(who.IdentityID, c.IdentityID))
	case core.ActorAgent:
		a, err := f.store.Agent(ctx, account, who.ID)
		switch {
		case err == nil:
			return toHookStaff(&a), nil
		case core.KindOf(err) == core.NotFound:
			return nobody(who.ID), nil
		}
		return hookUser{}, fmt.Errorf("read agent: %w", err)
	case core.ActorSystem:
	}
	return nobody(0), nil
}

// actor is author by ids alone.
func (f *WebhookFormat) actor(ctx context.Context, account int64, who core.Actor, c *core.Conversation) (hookActor, error) {
	user, err := f.author(ctx, account, who, c)
	shown := hookActor{ID: user.ID}
	if user.Identity != nil {
		shown.Identity = &hookActorIdentity{ID: user.Identity.ID}
	}
	return shown, err
}

// toHookStaff converts an agent, whose one identity owns no conversations.
func toHookStaff(a *core.Agent) hookUser {
	first, last := agentNames(a)
	user := nobody(a.ID)
	user.Email, user.FirstName, user.LastName, user.NumIdentities = a.Email, first, last, digits(1)
	user.Identity = &hookIdentity{
		ID: digits(a.IdentityID), StreamProviderID: a.Address, StreamProviderType: digits(a.ProviderType), StreamProviderEmail: a.Email,
		UserName: a.UserName, FirstName: first, LastName: last, ThumbnailURL: a.AvatarURL,
	}
	return user
}
