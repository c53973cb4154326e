package core

// Contact is a customer, known or anonymous.
type Contact struct {
	ID          int64
	UUID        string
	AccountID   int64
	Name        string
	FirstName   string
	MiddleName  string
	LastName    string
	Email       string // lower case; unique in the account where given
	Phone       string // E.164 with +; unique in the account where given
	Phone2      string
	Identifier  string // the account's own key; unique in the account where given
	ContactType string // visitor, lead or customer; "" = derived: see Kind
	CountryCode string
	Location    string
	CompanyID   int64 // 0 = none
	Locale      string
	Gender      string
	Birthday    string // free text
	Remarks     string
	Blocked     bool
	AvatarURL   string
	LabelIDs    []int64 // in the order they were given
	// CustomAttributes and AdditionalAttributes are objects.
	CustomAttributes     JSON
	AdditionalAttributes JSON
	Ext                  JSON // object: what only one dialect knows, by dialect
	LastActivityAt       Time
	CreatedAt            Time
	UpdatedAt            Time
}

// Known tells whether the contact has contact data: a name, an e-mail, a phone
// or the account's own identifier. Others are anonymous visitors.
func (c *Contact) Known() bool {
	return c.Name != "" || c.FirstName != "" || c.MiddleName != "" || c.LastName != "" ||
		c.Email != "" || c.Phone != "" || c.Phone2 != "" || c.Identifier != ""
}

// Kind returns ContactType where it is given; else lead for a contact that can
// be reached by e-mail or phone, and visitor for all others.
func (c *Contact) Kind() string {
	switch {
	case c.ContactType != "":
		return c.ContactType
	case c.Email != "" || c.Phone != "" || c.Phone2 != "":
		return "lead"
	}
	return "visitor"
}

// FullName returns Name, else first and last name joined, else "".
func (c *Contact) FullName() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.FirstName != "" && c.LastName != "":
		return c.FirstName + " " + c.LastName
	}
	return c.FirstName + c.LastName
}

// MailProvider is the provider type of e-mail addresses.
const MailProvider = 4

// AnonymousProvider is the provider type of an address that says nothing of
// its owner: a random id that a website gave.
const AnonymousProvider = 6

// Identity is one address of a contact: a provider type and an address, unique
// together in the account.
type Identity struct {
	ID           int64
	UUID         string
	AccountID    int64
	ContactID    int64
	ProviderType int64 // number of CommBox's list; AnonymousProvider for visitors
	Address      string
	FirstName    string
	LastName     string
	Email        string
	UserName     string
	AvatarURL    string
	Ext          JSON // object
	CreatedAt    Time
}

// ContactInbox is an identity's door into one inbox.
type ContactInbox struct {
	ID           int64
	AccountID    int64
	IdentityID   int64
	ContactID    int64 // the identity's contact
	InboxID      int64
	SourceID     string // unique in the inbox
	PubsubToken  string // a secret
	HMACVerified bool
	CreatedAt    Time
}
