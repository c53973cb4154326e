package core

import "crypto/rand"

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

// MakeKeys gives the inbox the keys without which its channel could not be
// used; those that it has stay.
func (i *Inbox) MakeKeys() {
	fill := func(key *string, needed bool, made func() string) {
		if needed && *key == "" {
			*key = made()
		}
	}
	fill(&i.Identifier, i.Channel == ChannelAPI, NewKey)
	fill(&i.WebsiteToken, i.Channel == ChannelWeb, NewKey)
	fill(&i.HMACToken, i.Channel.IsChat(), NewSigningKey)
}

// NewKey returns a random key of 24 base58 characters: an identifier, a
// website token or a pubsub token.
func NewKey() string { return randomKey(24) }

// NewSigningKey returns a random HMAC token of 44 base58 characters: 256 bits,
// less than which many libraries refuse to sign HS256 with.
func NewSigningKey() string { return randomKey(44) }

// randomKey returns length random base58 characters.
func randomKey(length int) string {
	const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	key := make([]byte, 0, length)
	var random [64]byte
	for len(key) < cap(key) {
		_, _ = rand.Read(random[:]) // crypto/rand.Read never fails
		for _, b := range random {
			// The bytes beyond a multiple of 58 would favour some characters.
			if b < 232 && len(key) < cap(key) {
				key = append(key, base58[b%58])
			}
		}
	}
	return string(key)
}

// SubInbox is a part of an inbox.
type SubInbox struct {
	ID        int64
	AccountID int64
	InboxID   int64
	Name      string // unique in the inbox
}
