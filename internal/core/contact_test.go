package core_test

import (
	"testing"

	"parley/internal/core"
)

func TestContactKnown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		contact core.Contact
		want    bool
	}{
		{"nothing", core.Contact{}, false},
		{"name", core.Contact{Name: "Ada"}, true},
		{"first name", core.Contact{FirstName: "Ada"}, true},
		{"middle name", core.Contact{MiddleName: "King"}, true},
		{"last name", core.Contact{LastName: "Lovelace"}, true},
		{"e-mail", core.Contact{Email: "ada@example.com"}, true},
		{"phone", core.Contact{Phone: "+15550100"}, true},
		{"second phone alone", core.Contact{Phone2: "+15550101"}, true},
		{"identifier", core.Contact{Identifier: "c-1"}, true},
		{"what does not tell who it is", core.Contact{
			ID: 1, UUID: "u", Locale: "en", CountryCode: "DE", Location: "Berlin", Gender: "f", Birthday: "1815", Remarks: "polite",
			AvatarURL: "https://example.com/a.png", ContactType: "lead", CompanyID: 3, LabelIDs: []int64{1}, CustomAttributes: `{"a":1}`,
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.contact.Known(); got != tc.want {
				t.Errorf("Known() = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestContactFullName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		contact core.Contact
		want    string
	}{
		{core.Contact{}, ""},
		{core.Contact{Name: "Ada"}, "Ada"},
		{core.Contact{Name: "Ada", FirstName: "A.", LastName: "Lovelace"}, "Ada"},
		{core.Contact{FirstName: "Ada", LastName: "Lovelace"}, "Ada Lovelace"},
		{core.Contact{FirstName: "Ada", MiddleName: "King", LastName: "Lovelace"}, "Ada Lovelace"},
		{core.Contact{FirstName: "Ada"}, "Ada"},
		{core.Contact{LastName: "Lovelace"}, "Lovelace"},
		{core.Contact{Email: "ada@example.com"}, ""},
	} {
		if got := tc.contact.FullName(); got != tc.want {
			t.Errorf("FullName of %+v = %q, want %q", tc.contact, got, tc.want)
		}
	}
}

func TestContactKind(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		contact core.Contact
		want    string
	}{
		{core.Contact{}, "visitor"},
		{core.Contact{Name: "Ada"}, "visitor"},
		{core.Contact{Identifier: "c-1"}, "visitor"},
		{core.Contact{Email: "ada@example.com"}, "lead"},
		{core.Contact{Phone: "+15550100"}, "lead"},
		{core.Contact{Phone2: "+15550100"}, "lead"},
		{core.Contact{Email: "ada@example.com", ContactType: "customer"}, "customer"},
		{core.Contact{Email: "ada@example.com", ContactType: "visitor"}, "visitor"},
	} {
		if got := tc.contact.Kind(); got != tc.want {
			t.Errorf("Kind of %+v = %q, want %q", tc.contact, got, tc.want)
		}
	}
}
