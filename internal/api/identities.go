package api

import (
	"context"

	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/store"
)

// Identity is an address of a contact.
type Identity struct {
	ID           int64   `json:"id"`
	UUID         string  `json:"uuid"`
	ContactID    int64   `json:"contact_id"`
	ProviderType int64   `json:"provider_type" doc:"The number of the provider: 4 e-mail, 5 telephone, 6 visitor of a website, 7 WhatsApp ..."`
	Address      string  `json:"address"`
	FirstName    *string `json:"first_name"`
	LastName     *string `json:"last_name"`
	Email        *string `json:"email"`
	UserName     *string `json:"user_name"`
	AvatarURL    *string `json:"avatar_url"`
	CreatedAt    Time    `json:"created_at"`
}

func toIdentity(i *core.Identity) Identity {
	return Identity{
		ID: i.ID, UUID: i.UUID, ContactID: i.ContactID, ProviderType: i.ProviderType, Address: i.Address, FirstName: orNull(i.FirstName),
		LastName: orNull(i.LastName), Email: orNull(i.Email), UserName: orNull(i.UserName), AvatarURL: orNull(i.AvatarURL), CreatedAt: Time(i.CreatedAt),
	}
}

// IdentityInput is a new address of a contact.
type IdentityInput struct {
	ProviderType int64   `json:"provider_type" minimum:"0" maximum:"2147483647"`
	Address      string  `json:"address" minLength:"1" maxLength:"2048" doc:"Nobody else of the account has it. At most 2048 bytes of UTF-8."`
	FirstName    *string `json:"first_name,omitempty" nullable:"true" maxLength:"1000"`
	LastName     *string `json:"last_name,omitempty" nullable:"true" maxLength:"1000"`
	Email        *string `json:"email,omitempty" nullable:"true" maxLength:"320"`
	UserName     *string `json:"user_name,omitempty" nullable:"true" maxLength:"1000"`
	AvatarURL    *string `json:"avatar_url,omitempty" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
}

// IdentityPatch is a change of how a contact is called at an address.
type IdentityPatch struct {
	FirstName Optional[string] `json:"first_name,omitzero" nullable:"true" maxLength:"1000"`
	LastName  Optional[string] `json:"last_name,omitzero" nullable:"true" maxLength:"1000"`
	Email     Optional[string] `json:"email,omitzero" nullable:"true" maxLength:"320"`
	UserName  Optional[string] `json:"user_name,omitzero" nullable:"true" maxLength:"1000"`
	AvatarURL Optional[string] `json:"avatar_url,omitzero" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
}

// IdentityMoveInput says whose an address is to be.
type IdentityMoveInput struct {
	Contact string `json:"contact" minLength:"1" maxLength:"2100" doc:"An id, a UUID, or external:, email:, phone: or identity: and what the contact is called."`
}

// identity is the address as one that a contact is to have.
func (in *AddressInput) identity() contact.NewIdentity {
	return contact.NewIdentity{ProviderType: in.ProviderType, Address: in.Address, IdentityChanges: contact.IdentityChanges{FirstName: in.Name, Email: in.Email}}
}

func (a *API) identityOperations() {
	const tag = "Contacts"
	n := names{unique: "address", fields: map[string]string{"contact": "contact"}}
	read(a, op{path: "/v1/contacts/{ref}/identities", id: "listIdentities", tag: tag, summary: "List where a contact is reached", customers: true}, a.listIdentities)
	create(a, op{path: "/v1/contacts/{ref}/identities", id: "createIdentity", tag: tag, summary: "Give a contact another address", names: n}, a.createIdentity)
	read(a, op{path: "/v1/identities/{id}", id: "getIdentity", tag: tag, summary: "Read an address of a contact"}, a.getIdentity)
	update(a, op{method: "PATCH", path: "/v1/identities/{id}", id: "updateIdentity", tag: tag, summary: "Change how a contact is called at an address"}, a.updateIdentity)
	act(a, op{path: "/v1/identities/{id}/move", id: "moveIdentity", tag: tag, summary: "Give an address to another contact", names: n, conditional: true}, a.moveIdentity)
}

func showIdentity(i core.Identity, err error) (reply[Identity], error) {
	return reply[Identity]{body: toIdentity(&i), record: i, location: address("/v1/identities/", i.ID)}, err
}

// listIdentities serves GET /v1/contacts/{ref}/identities.
func (a *API) listIdentities(ctx context.Context, c *caller, in *struct {
	ByContact
	PageOf
},
) (reply[List[Identity]], error) {
	who, err := a.contact(ctx, c, in.Ref)
	if err != nil {
		return reply[List[Identity]]{}, err
	}
	return listByID(&in.PageOf, address("identities of ", who.ID), func(after int64, limit int) ([]store.IdentityUse, error) {
		return a.contacts.Identities(ctx, c.AccountID, who.ID, after, limit)
	}, func(i *store.IdentityUse) int64 { return i.ID }, func(i *store.IdentityUse) Identity { return toIdentity(&i.Identity) })
}

// createIdentity serves POST /v1/contacts/{ref}/identities.
func (a *API) createIdentity(ctx context.Context, c *caller, in *struct {
	ByContact
	Body IdentityInput
},
) (reply[Identity], error) {
	who, err := a.contact(ctx, c, in.Ref)
	if err != nil {
		return reply[Identity]{}, err
	}
	b := &in.Body
	return showIdentity(a.people.AddIdentity(ctx, c.AccountID, who.ID, c.actor(), contact.NewIdentity{
		ProviderType: b.ProviderType, Address: b.Address, Repeat: c.again,
		IdentityChanges: contact.IdentityChanges{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, UserName: b.UserName, AvatarURL: b.AvatarURL},
	}))
}

// getIdentity serves GET /v1/identities/{id}.
func (a *API) getIdentity(ctx context.Context, c *caller, in *ByRef) (reply[Identity], error) {
	return showIdentity(a.contacts.Identity(ctx, c.AccountID, in.Ref))
}

// updateIdentity serves PATCH /v1/identities/{id}.
func (a *API) updateIdentity(ctx context.Context, c *caller, in *struct {
	ByRef
	Body IdentityPatch
},
) (reply[Identity], error) {
	i, err := a.contacts.Identity(ctx, c.AccountID, in.Ref)
	if err != nil {
		return reply[Identity]{}, err
	}
	b := &in.Body
	return showIdentity(a.people.ChangeIdentity(ctx, c.AccountID, i.ID, c.actor(), contact.IdentityChanges{
		FirstName: b.FirstName.pointer(), LastName: b.LastName.pointer(), Email: b.Email.pointer(), UserName: b.UserName.pointer(),
		AvatarURL: b.AvatarURL.pointer(), If: unchanged[core.Identity](c),
	}))
}

// moveIdentity serves POST /v1/identities/{id}/move.
func (a *API) moveIdentity(ctx context.Context, c *caller, in *struct {
	ByRef
	Body IdentityMoveInput
},
) (reply[Identity], error) {
	i, err := a.contacts.Identity(ctx, c.AccountID, in.Ref)
	if err != nil {
		return reply[Identity]{}, err
	}
	to, err := a.contacts.Find(ctx, c.AccountID, in.Body.Contact)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = core.Refuse("contact", "there is no such contact")
	}
	if err != nil {
		return reply[Identity]{}, err
	}
	return showIdentity(a.people.MoveIdentity(ctx, c.AccountID, i.ID, to.ID, c.actor(), unchanged[core.Identity](c)))
}
