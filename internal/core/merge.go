package core

import "slices"

// MergeContacts gives base what it lacks of other, which is about to go: its
// keys, names and texts, labels and members of attributes. Where both have
// something, base keeps its own. Both blocked is blocked. at must be set.
func MergeContacts(base, other *Contact, at Time) {
	for _, pair := range [][2]*string{
		{&base.Name, &other.Name},
		{&base.FirstName, &other.FirstName},
		{&base.MiddleName, &other.MiddleName},
		{&base.LastName, &other.LastName},
		{&base.Email, &other.Email},
		{&base.Phone, &other.Phone},
		{&base.Phone2, &other.Phone2},
		{&base.Identifier, &other.Identifier},
		{&base.ContactType, &other.ContactType},
		{&base.CountryCode, &other.CountryCode},
		{&base.Location, &other.Location},
		{&base.Locale, &other.Locale},
		{&base.Gender, &other.Gender},
		{&base.Birthday, &other.Birthday},
		{&base.Remarks, &other.Remarks},
		{&base.AvatarURL, &other.AvatarURL},
	} {
		if *pair[0] == "" {
			*pair[0] = *pair[1]
		}
	}
	if base.CompanyID == 0 {
		base.CompanyID = other.CompanyID
	}
	labels := slices.Clone(base.LabelIDs)
	for _, id := range other.LabelIDs {
		if !slices.Contains(labels, id) && len(labels) < MaxLabels {
			labels = append(labels, id)
		}
	}
	base.LabelIDs = labels
	for _, pair := range [][2]*JSON{
		{&base.CustomAttributes, &other.CustomAttributes},
		{&base.AdditionalAttributes, &other.AdditionalAttributes},
		{&base.Ext, &other.Ext},
	} {
		if *pair[1] != "" {
			*pair[0] = pair[1].Merge(*pair[0])
		}
	}
	base.Blocked = base.Blocked && other.Blocked
	base.LastActivityAt = base.LastActivityAt.Later(other.LastActivityAt)
	base.CreatedAt = base.CreatedAt.Earlier(other.CreatedAt)
	base.UpdatedAt = base.UpdatedAt.Later(at)
}
