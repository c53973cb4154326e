package core

// Channel is how an inbox reaches contacts. Values outside the constants are
// allowed: an import may carry a channel that this server cannot serve yet.
type Channel string

// The channels that rules know by name.
const (
	ChannelWeb      Channel = "web"
	ChannelAPI      Channel = "api"
	ChannelEmail    Channel = "email"
	ChannelSMS      Channel = "sms"
	ChannelWhatsApp Channel = "whatsapp"
)

// IsChat tells whether contacts read this channel inside a client that asks
// Parley for unread counts: a website or an app of the account's own.
func (c Channel) IsChat() bool { return c == ChannelWeb || c == ChannelAPI }

// Inbox is a configured endpoint of a channel.
type Inbox struct {
	ID            int64
	UUID          string
	AccountID     int64
	Name          string // unique in the account
	Channel       Channel
	Identifier    string // names an api inbox in the Chatwoot client API; unique in the installation
	WebsiteToken  string // names a web inbox; a secret towards exports only
	HMACToken     string // a secret
	HMACMandatory bool
	Greeting      string
	Timezone      string
	WorkingHours  JSON // array
	Settings      JSON // object
	CreatedAt     Time
	UpdatedAt     Time
}

// SubInbox is a part of an inbox.
type SubInbox struct {
	ID        int64
	AccountID int64
	InboxID   int64
	Name      string // unique in the inbox
}
