package api

import (
	"context"

	"parley/internal/core"
	"parley/internal/service/contact"
)

// Contact is a customer, known or anonymous.
type Contact struct {
	ID                   int64          `json:"id"`
	UUID                 string         `json:"uuid"`
	Kind                 string         `json:"kind" doc:"visitor, lead, customer, or what an import called it."`
	Name                 *string        `json:"name"`
	FirstName            *string        `json:"first_name"`
	MiddleName           *string        `json:"middle_name"`
	LastName             *string        `json:"last_name"`
	Email                *string        `json:"email"`
	Phone                *string        `json:"phone"`
	Phone2               *string        `json:"phone2"`
	Identifier           *string        `json:"identifier" doc:"The account's own key of the contact."`
	Locale               *string        `json:"locale"`
	Gender               *string        `json:"gender"`
	Birthday             *string        `json:"birthday"`
	CountryCode          *string        `json:"country_code"`
	Location             *string        `json:"location"`
	CompanyID            *int64         `json:"company_id"`
	AvatarURL            *string        `json:"avatar_url"`
	Remarks              Shown[*string] `json:"remarks,omitzero"`
	Blocked              Shown[bool]    `json:"blocked,omitzero" doc:"What a blocked contact writes opens no conversation."`
	LabelIDs             Shown[[]int64] `json:"label_ids,omitzero"`
	CustomAttributes     Shown[Object]  `json:"custom_attributes,omitzero"`
	AdditionalAttributes Shown[Object]  `json:"additional_attributes,omitzero"`
	LastActivityAt       Shown[*Time]   `json:"last_activity_at,omitzero"`
	CreatedAt            Time           `json:"created_at"`
	UpdatedAt            Shown[Time]    `json:"updated_at,omitzero"`
}

// toContact shows a contact; labels are those that were not deleted. What customers
// see of it, feed.Viewer knows, too: of other changes they are not told.
func toContact(v view, c *core.Contact, labels []int64) Contact {
	return Contact{
		ID: c.ID, UUID: c.UUID, Kind: c.Kind(), Name: orNull(c.Name), FirstName: orNull(c.FirstName), MiddleName: orNull(c.MiddleName),
		LastName: orNull(c.LastName), Email: orNull(c.Email), Phone: orNull(c.Phone), Phone2: orNull(c.Phone2), Identifier: orNull(c.Identifier),
		Locale: orNull(c.Locale), Gender: orNull(c.Gender), Birthday: orNull(c.Birthday), CountryCode: orNull(c.CountryCode),
		Location: orNull(c.Location), CompanyID: orNull(c.CompanyID), AvatarURL: orNull(c.AvatarURL),
		Remarks: forStaff(v, orNull(c.Remarks)), Blocked: forStaff(v, c.Blocked), LabelIDs: forStaff(v, orEmpty(labels)),
		CustomAttributes:     forStaff(v, Object(c.CustomAttributes)),
		AdditionalAttributes: forStaff(v, Object(c.AdditionalAttributes)),
		LastActivityAt:       forStaff(v, timeOrNull(c.LastActivityAt)), CreatedAt: Time(c.CreatedAt),
		UpdatedAt: forStaff(v, Time(c.UpdatedAt)),
	}
}

// ContactInput is what a contact is made of.
type ContactInput struct {
	Name             *string        `json:"name,omitempty" nullable:"true" maxLength:"1000"`
	FirstName        *string        `json:"first_name,omitempty" nullable:"true" maxLength:"1000"`
	MiddleName       *string        `json:"middle_name,omitempty" nullable:"true" maxLength:"1000"`
	LastName         *string        `json:"last_name,omitempty" nullable:"true" maxLength:"1000"`
	Email            *string        `json:"email,omitempty" nullable:"true" maxLength:"320" doc:"No other contact of the account has it; so with phone and identifier."`
	Phone            *string        `json:"phone,omitempty" nullable:"true" maxLength:"100" doc:"With the country's code; + may be left out."`
	Phone2           *string        `json:"phone2,omitempty" nullable:"true" maxLength:"100"`
	Identifier       *string        `json:"identifier,omitempty" nullable:"true" maxLength:"2048" doc:"At most 2048 bytes of UTF-8."`
	Kind             *string        `json:"kind,omitempty" nullable:"true" enum:"visitor,lead,customer" doc:"Without it by what is known."`
	Locale           *string        `json:"locale,omitempty" nullable:"true" maxLength:"100"`
	Gender           *string        `json:"gender,omitempty" nullable:"true" maxLength:"100"`
	Birthday         *string        `json:"birthday,omitempty" nullable:"true" maxLength:"100"`
	CountryCode      *string        `json:"country_code,omitempty" nullable:"true" maxLength:"100"`
	Location         *string        `json:"location,omitempty" nullable:"true" maxLength:"1000"`
	CompanyID        *int64         `json:"company_id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	AvatarURL        *string        `json:"avatar_url,omitempty" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
	Remarks          *string        `json:"remarks,omitempty" nullable:"true" maxLength:"65535"`
	Blocked          *bool          `json:"blocked,omitempty"`
	LabelIDs         []int64        `json:"label_ids,omitempty" maxItems:"100"`
	CustomAttributes *Object        `json:"custom_attributes,omitempty"`
	Identities       []AddressInput `json:"identities,omitempty" maxItems:"20" doc:"Where the contact is reached."`
}

// ContactPatch is a change of a contact.
type ContactPatch struct {
	Name             Optional[string]      `json:"name,omitzero" nullable:"true" maxLength:"1000"`
	FirstName        Optional[string]      `json:"first_name,omitzero" nullable:"true" maxLength:"1000"`
	MiddleName       Optional[string]      `json:"middle_name,omitzero" nullable:"true" maxLength:"1000"`
	LastName         Optional[string]      `json:"last_name,omitzero" nullable:"true" maxLength:"1000"`
	Email            Optional[string]      `json:"email,omitzero" nullable:"true" maxLength:"320"`
	Phone            Optional[string]      `json:"phone,omitzero" nullable:"true" maxLength:"100"`
	Phone2           Optional[string]      `json:"phone2,omitzero" nullable:"true" maxLength:"100"`
	Identifier       Optional[string]      `json:"identifier,omitzero" nullable:"true" maxLength:"2048" doc:"At most 2048 bytes of UTF-8."`
	Kind             Optional[string]      `json:"kind,omitzero" nullable:"true" enum:"visitor,lead,customer"`
	Locale           Optional[string]      `json:"locale,omitzero" nullable:"true" maxLength:"100"`
	Gender           Optional[string]      `json:"gender,omitzero" nullable:"true" maxLength:"100"`
	Birthday         Optional[string]      `json:"birthday,omitzero" nullable:"true" maxLength:"100"`
	CountryCode      Optional[string]      `json:"country_code,omitzero" nullable:"true" maxLength:"100"`
	Location         Optional[string]      `json:"location,omitzero" nullable:"true" maxLength:"1000"`
	CompanyID        Optional[int64]       `json:"company_id,omitzero" nullable:"true" minimum:"1" maximum:"9007199254740991"`
	AvatarURL        Optional[string]      `json:"avatar_url,omitzero" nullable:"true" maxLength:"2048" pattern:"^https?://[^\\s\\x22<>]+$" doc:"An http or https URL."`
	Remarks          Optional[string]      `json:"remarks,omitzero" nullable:"true" maxLength:"65535"`
	Blocked          Optional[bool]        `json:"blocked,omitzero"`
	Labels           Optional[LabelsInput] `json:"labels,omitzero"`
	CustomAttributes Optional[Object]      `json:"custom_attributes,omitzero" doc:"Members to set; those that are null are taken away."`
}

// ContactMergeInput says which contact is to go into another one.
type ContactMergeInput struct {
	Contact string `json:"contact" minLength:"1" maxLength:"2100" doc:"The one that goes: an id, a UUID, or external:, email:, phone: or identity: and what it is called."`
}

// ByContact names a contact in the path.
type ByContact struct {
	Ref string `path:"ref" maxLength:"2100" doc:"An id, a UUID, or external:, email:, phone: or identity: and what the contact is called there. Customers may say me."`
}

func (a *API) contactOperations() {
	const tag, one = "Contacts", "/v1/contacts/{ref}"
	n := names{fields: map[string]string{"labels": "label_ids", "address": "identities", "contact": "contact"}}
	read(a, op{path: "/v1/contacts", id: "listContacts", tag: tag, summary: "List the contacts"}, a.listContacts)
	create(a, op{path: "/v1/contacts", id: "createContact", tag: tag, summary: "Make a contact", names: n}, a.createContact)
	read(a, op{path: one, id: "getContact", tag: tag, summary: "Read a contact", customers: true}, a.getContact)
	update(a, op{method: "PATCH", path: one, id: "updateContact", tag: tag, summary: "Change a contact", customers: true, names: names{}}, a.updateContact)
	act(a, op{path: one + "/merge", id: "mergeContact", tag: tag, summary: "Make two contacts one", names: n, conditional: true}, a.mergeContact)
}

// showContact answers with a contact as the caller sees it.
func (a *API) showContact(ctx context.Context, c *caller, who *core.Contact, err error) (reply[Contact], error) {
	if err != nil {
		return reply[Contact]{}, err
	}
	labels, err := a.contacts.ShownLabels(ctx, c.AccountID, who.LabelIDs)
	return reply[Contact]{body: toContact(c.view(), who, labels), record: *who, more: true, location: address("/v1/contacts/", who.ID)}, err
}

// listContacts serves GET /v1/contacts.
func (a *API) listContacts(ctx context.Context, c *caller, in *PageOf) (reply[List[Contact]], error) {
	var failed error
	page, err := listByID(in, "contacts", func(after int64, limit int) ([]core.Contact, error) {
		return a.contacts.List(ctx, c.AccountID, after, limit)
	}, func(who *core.Contact) int64 { return who.ID }, func(who *core.Contact) Contact {
		labels, err := a.contacts.ShownLabels(ctx, c.AccountID, who.LabelIDs)
		if err != nil {
			failed = err
		}
		return toContact(c.view(), who, labels)
	})
	if err == nil {
		err = failed
	}
	return page, err
}

// getContact serves GET /v1/contacts/{ref}.
func (a *API) getContact(ctx context.Context, c *caller, in *ByContact) (reply[Contact], error) {
	who, err := a.contact(ctx, c, in.Ref)
	return a.showContact(ctx, c, &who, err)
}

// createContact serves POST /v1/contacts.
func (a *API) createContact(ctx context.Context, c *caller, in *Creation[ContactInput]) (reply[Contact], error) {
	b := &in.Body
	made := contact.NewContact{
		Changes: contact.Changes{
			Identifier: b.Identifier, Email: b.Email, Phone: b.Phone, Phone2: b.Phone2, Name: b.Name, FirstName: b.FirstName, MiddleName: b.MiddleName,
			LastName: b.LastName, Gender: b.Gender, Locale: b.Locale, Remarks: b.Remarks, CountryCode: b.CountryCode, Location: b.Location,
			AvatarURL: b.AvatarURL, ContactType: b.Kind, Birthday: b.Birthday, CompanyID: b.CompanyID, Blocked: b.Blocked, AddLabels: b.LabelIDs,
			CustomAttributes: (*core.JSON)(b.CustomAttributes), Defined: true,
		},
		Repeat: c.again,
	}
	for i := range b.Identities {
		made.Addresses = append(made.Addresses, b.Identities[i].identity())
	}
	who, _, err := a.people.Create(ctx, c.AccountID, c.actor(), made)
	return a.showContact(ctx, c, &who, err)
}

// updateContact serves PATCH /v1/contacts/{ref}.
func (a *API) updateContact(ctx context.Context, c *caller, in *struct {
	ByContact
	Body ContactPatch
},
) (reply[Contact], error) {
	who, err := a.contact(ctx, c, in.Ref)
	if err != nil {
		return reply[Contact]{}, err
	}
	changes, err := in.Body.changes(c)
	if err != nil {
		return reply[Contact]{}, err
	}
	changes.If = unchanged[core.Contact](c)
	who, err = a.people.Change(ctx, c.AccountID, who.ID, c.actor(), changes)
	return a.showContact(ctx, c, &who, err)
}

// changes says what the patch changes of a contact. Customers change their name,
// their locale and their picture.
func (p *ContactPatch) changes(c *caller) (contact.Changes, error) {
	for member, m := range map[string]struct{ set, null, customers bool }{
		"name": {set: p.Name.Set, customers: true}, "first_name": {set: p.FirstName.Set, customers: true}, "middle_name": {set: p.MiddleName.Set, customers: true},
		"last_name": {set: p.LastName.Set, customers: true}, "locale": {set: p.Locale.Set, customers: true}, "avatar_url": {set: p.AvatarURL.Set, customers: true},
		"email": {set: p.Email.Set}, "phone": {set: p.Phone.Set}, "phone2": {set: p.Phone2.Set}, "identifier": {set: p.Identifier.Set}, "kind": {set: p.Kind.Set},
		"gender": {set: p.Gender.Set}, "birthday": {set: p.Birthday.Set}, "country_code": {set: p.CountryCode.Set}, "location": {set: p.Location.Set},
		"company_id": {set: p.CompanyID.Set}, "remarks": {set: p.Remarks.Set}, "blocked": {set: p.Blocked.Set, null: p.Blocked.Null},
		"labels": {set: p.Labels.Set, null: p.Labels.Null}, "custom_attributes": {set: p.CustomAttributes.Set, null: p.CustomAttributes.Null},
	} {
		switch {
		case m.set && c.Customer != nil && !m.customers:
			return contact.Changes{}, &core.Error{Kind: core.Forbidden, Field: member, Message: "customers do not set it"}
		case m.null:
			return contact.Changes{}, core.Refuse(member, "it cannot be null")
		}
	}
	if err := p.Labels.Value.check(); err != nil {
		return contact.Changes{}, err
	}
	return contact.Changes{
		Identifier: p.Identifier.pointer(), Email: p.Email.pointer(), Phone: p.Phone.pointer(), Phone2: p.Phone2.pointer(), Name: p.Name.pointer(),
		FirstName: p.FirstName.pointer(), MiddleName: p.MiddleName.pointer(), LastName: p.LastName.pointer(), Gender: p.Gender.pointer(),
		Locale: p.Locale.pointer(), Remarks: p.Remarks.pointer(), CountryCode: p.CountryCode.pointer(), Location: p.Location.pointer(),
		AvatarURL: p.AvatarURL.pointer(), ContactType: p.Kind.pointer(), Birthday: p.Birthday.pointer(), CompanyID: p.CompanyID.pointer(),
		Blocked: p.Blocked.pointer(), PatchCustomAttributes: (*core.JSON)(p.CustomAttributes.pointer()), Defined: true,
		AddLabels: p.Labels.Value.Add, RemoveLabels: p.Labels.Value.Remove, SetLabels: p.Labels.Value.Set,
	}, nil
}

// mergeContact serves POST /v1/contacts/{ref}/merge.
func (a *API) mergeContact(ctx context.Context, c *caller, in *struct {
	ByContact
	Body ContactMergeInput
},
) (reply[Contact], error) {
	base, err := a.contact(ctx, c, in.Ref)
	if err != nil {
		return reply[Contact]{}, err
	}
	other, err := a.contacts.Find(ctx, c.AccountID, in.Body.Contact)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = core.Refuse("contact", "there is no such contact")
	}
	if err != nil {
		return reply[Contact]{}, err
	}
	who, err := a.people.Merge(ctx, c.AccountID, base.ID, other.ID, c.actor(), unchanged[core.Contact](c))
	return a.showContact(ctx, c, &who, err)
}
