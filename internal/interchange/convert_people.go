package interchange

import (
	"strings"

	"parley/internal/core"
)

func (r *contactRecord) contact(now core.Time, labelIDs []int64) core.Contact {
	created := r.CreatedAt.or(now)
	return core.Contact{
		ID:                   r.ID,
		UUID:                 r.UUID,
		AccountID:            r.AccountID,
		Name:                 r.Name,
		FirstName:            r.FirstName,
		MiddleName:           r.MiddleName,
		LastName:             r.LastName,
		Email:                strings.ToLower(r.Email),
		Phone:                r.Phone,
		Phone2:               r.Phone2,
		Identifier:           r.Identifier,
		ContactType:          r.ContactType,
		CountryCode:          r.CountryCode,
		Location:             r.Location,
		CompanyID:            r.CompanyID,
		Locale:               r.Locale,
		Gender:               r.Gender,
		Birthday:             r.Birthday,
		Remarks:              r.Remarks,
		Blocked:              r.Blocked,
		AvatarURL:            r.AvatarURL,
		LabelIDs:             labelIDs,
		CustomAttributes:     r.CustomAttributes,
		AdditionalAttributes: r.AdditionalAttributes,
		Ext:                  r.Ext,
		LastActivityAt:       r.LastActivityAt.at,
		CreatedAt:            created,
		UpdatedAt:            r.UpdatedAt.or(created),
	}
}

func contactOf(c *core.Contact, labels []labelRef) *contactRecord {
	return &contactRecord{
		ID:                   c.ID,
		UUID:                 c.UUID,
		AccountID:            c.AccountID,
		Name:                 c.Name,
		FirstName:            c.FirstName,
		MiddleName:           c.MiddleName,
		LastName:             c.LastName,
		Email:                c.Email,
		Phone:                c.Phone,
		Phone2:               c.Phone2,
		Identifier:           c.Identifier,
		ContactType:          c.ContactType,
		CountryCode:          c.CountryCode,
		Location:             c.Location,
		CompanyID:            c.CompanyID,
		Locale:               c.Locale,
		Gender:               c.Gender,
		Birthday:             c.Birthday,
		Remarks:              c.Remarks,
		Blocked:              c.Blocked,
		AvatarURL:            c.AvatarURL,
		Labels:               labels,
		CustomAttributes:     c.CustomAttributes,
		AdditionalAttributes: c.AdditionalAttributes,
		Ext:                  c.Ext,
		LastActivityAt:       fixed(c.LastActivityAt),
		CreatedAt:            fixed(c.CreatedAt),
		UpdatedAt:            fixed(c.UpdatedAt),
	}
}

func (r *identityRecord) identity(now core.Time) core.Identity {
	return core.Identity{
		ID:           r.ID,
		UUID:         r.UUID,
		ContactID:    r.ContactID,
		ProviderType: r.ProviderType,
		Address:      r.Address,
		FirstName:    r.FirstName,
		LastName:     r.LastName,
		Email:        r.Email,
		UserName:     r.UserName,
		AvatarURL:    r.AvatarURL,
		Ext:          r.Ext,
		CreatedAt:    r.CreatedAt.or(now),
	}
}

func identityOf(i *core.Identity) *identityRecord {
	return &identityRecord{
		ID:           i.ID,
		UUID:         i.UUID,
		ContactID:    i.ContactID,
		ProviderType: i.ProviderType,
		Address:      i.Address,
		FirstName:    i.FirstName,
		LastName:     i.LastName,
		Email:        i.Email,
		UserName:     i.UserName,
		AvatarURL:    i.AvatarURL,
		Ext:          i.Ext,
		CreatedAt:    fixed(i.CreatedAt),
	}
}

func (r *contactInboxRecord) contactInbox(now core.Time) core.ContactInbox {
	return core.ContactInbox{
		ID:           r.ID,
		IdentityID:   r.IdentityID,
		InboxID:      r.InboxID,
		SourceID:     r.SourceID,
		PubsubToken:  r.PubsubToken,
		HMACVerified: r.HMACVerified,
		CreatedAt:    r.CreatedAt.or(now),
	}
}

func contactInboxOf(ci *core.ContactInbox, secrets bool) *contactInboxRecord {
	return &contactInboxRecord{
		ID:           ci.ID,
		IdentityID:   ci.IdentityID,
		InboxID:      ci.InboxID,
		SourceID:     ci.SourceID,
		PubsubToken:  secret(ci.PubsubToken, secrets),
		HMACVerified: ci.HMACVerified,
		CreatedAt:    fixed(ci.CreatedAt),
	}
}
