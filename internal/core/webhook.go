package core

import (
	"net/url"
	"slices"
)

// Webhook is an address that events are sent to.
type Webhook struct {
	ID        int64
	AccountID int64
	URL       string   // unique in the account
	Events    []string // the types that are sent; AllEvents among them = every one
	Format    string   // how an event is put into a body
	Secret    string   // a secret; signs what is sent
	CreatedAt Time
	// FormerSecret, a secret, signs as well until FormerUntil, so that receivers
	// can change over.
	FormerSecret string
	FormerUntil  Time
	Enabled      bool
	// PausedAt is set while nothing is sent because the receiver was given up,
	// and PausedReason says why.
	PausedAt     Time
	PausedReason string
	UpdatedAt    Time
}

// AllEvents among a webhook's events stands for every type.
const AllEvents = "*"

// Why a webhook was paused.
const (
	PausedFailing = "failing" // nothing has arrived for days
	PausedGone    = "gone"    // the receiver says that it is no more
)

// Active tells whether events are sent.
func (w *Webhook) Active() bool { return w.Enabled && !w.PausedAt.IsSet() }

// Types returns the types of events that the webhook wants to hear of, nil =
// every one. A test of its own it always hears.
func (w *Webhook) Types() []EventType {
	if slices.Contains(w.Events, AllEvents) {
		return nil
	}
	types := []EventType{WebhookTested}
	for _, e := range w.Events {
		types = append(types, EventType(e))
	}
	return types
}

// Wants tells whether the event is sent to the webhook.
func (w *Webhook) Wants(e *Event) bool {
	if e.Type == WebhookTested {
		tested, ok := e.Data.(Webhook)
		return ok && tested.ID == w.ID
	}
	types := w.Types()
	return types == nil || slices.Contains(types, e.Type)
}

// Secrets returns what signs at the given time, the newest first.
func (w *Webhook) Secrets(now Time) []string {
	if w.FormerSecret != "" && now < w.FormerUntil {
		return []string{w.Secret, w.FormerSecret}
	}
	return []string{w.Secret}
}

// CheckWebhookURL refuses an address that nothing can be sent to: not https,
// without a host, or with a name and password in it. plain allows http as well.
func CheckWebhookURL(text string, plain bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return Refuse("url", "is not the address of a host")
	case u.Scheme != "https" && (u.Scheme != "http" || !plain):
		return Refuse("url", "must begin with https://")
	case u.User != nil:
		return Refuse("url", "must not hold a name or password")
	case u.Fragment != "":
		return Refuse("url", "must not hold a fragment")
	}
	return nil
}

// DeliveryState is how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryOpen      DeliveryState = "open"      // to be sent, for the first time or again
	DeliveryDelivered DeliveryState = "delivered" // the receiver has it
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Delivery is one event on its way to one webhook, with the body as it is sent.
type Delivery struct {
	AccountID      int64
	WebhookID      int64
	Seq            int64  // the event's
	MessageID      string // tells receivers that two attempts are of the same delivery
	EventType      EventType
	ConversationID int64 // what it is about, which comes in order; 0 = nothing
	ContentType    string
	Body           string // "" where it could not be made
	State          DeliveryState
	Status         int64 // of the last answer; 0 = there was none
	Attempts       int64 // made so far
	Failures       int64 // in a row, since it was opened last
	NextAt         Time  // when an open one is tried again
	CreatedAt      Time
	FinishedAt     Time // unset while open
}

// Attempt is one try to deliver, as it went.
type Attempt struct {
	AccountID int64
	WebhookID int64
	Seq       int64 // the delivery's
	Number    int64 // from 1
	At        Time
	Duration  int64  // microseconds
	Status    int64  // of the answer; 0 = there was none
	Error     string // why there was none
	Answer    string // its first bytes
}
