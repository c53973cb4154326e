// Package inbox holds the use cases around inboxes.
//
// All of it is safe for concurrent use.
package inbox

import (
	"context"
	"fmt"
	"regexp"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// identifierForm is what stands in a URL's path without escapes.
var identifierForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// Inboxes creates and changes inboxes.
type Inboxes struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Inboxes {
	return &Inboxes{store: st, clock: clock}
}

// NewInbox says which inbox to make.
type NewInbox struct {
	AccountID  int64
	Name       string // unique in the account
	Channel    core.Channel
	Identifier string // unique in the installation; "": made for an api inbox
	// The rest is that of core.Inbox.
	Greeting      string
	Timezone      string
	WorkingHours  core.JSON
	Settings      core.JSON
	HMACMandatory bool
	By            core.Actor // who makes it; the zero value: the system
}

// Create makes an inbox with the keys that its channel needs. again makes the
// command one that may be asked again; nil: it may not.
func (s *Inboxes) Create(ctx context.Context, in NewInbox, again *repeat.Key) (core.Inbox, error) {
	draft := core.Inbox{
		AccountID: in.AccountID, Name: in.Name, Channel: in.Channel, Identifier: in.Identifier, HMACMandatory: in.HMACMandatory,
		Greeting: in.Greeting, Timezone: in.Timezone, WorkingHours: in.WorkingHours, Settings: in.Settings,
	}
	if err := checkNew(&draft); err != nil {
		return core.Inbox{}, err
	}
	made, err := repeat.Made(ctx, s.store, s.clock, in.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Inbox, int64, error) {
		made := draft
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return core.Inbox{}, 0, err
		}
		if err := checkFree(ctx, tx, &made); err != nil {
			return core.Inbox{}, 0, err
		}
		made.CreatedAt = s.clock()
		made.UpdatedAt = made.CreatedAt
		made.MakeKeys()
		if err := tx.InsertInbox(ctx, &made); err != nil {
			return core.Inbox{}, 0, err
		}
		tx.Emit(core.Event{
			AccountID: made.AccountID, Type: core.InboxCreated, At: made.CreatedAt, Actor: orSystem(in.By), InboxID: made.ID, Data: made,
		})
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Inbox, error) {
		return tx.Inbox(ctx, in.AccountID, id)
	})
	if err != nil {
		return core.Inbox{}, fmt.Errorf("create inbox: %w", err)
	}
	return made, nil
}

// orSystem is by, or the system where nobody is named.
func orSystem(by core.Actor) core.Actor {
	if by.Type == "" {
		by.Type = core.ActorSystem
	}
	return by
}

// checkFree refuses an inbox whose name or identifier another one has.
func checkFree(ctx context.Context, r store.Reader, i *core.Inbox) error {
	held, taken, err := r.FindInboxByName(ctx, i.AccountID, i.Name)
	if err != nil {
		return err
	}
	if taken && held.ID != i.ID {
		return core.TakenField("name", "the inbox name "+i.Name)
	}
	held, taken, err = r.FindInboxByIdentifier(ctx, i.Identifier)
	if err == nil && taken && (held.ID != i.ID || held.AccountID != i.AccountID) {
		err = core.TakenField("identifier", "the identifier "+i.Identifier)
	}
	return err
}

// maxGreetingBytes bounds greetings.
const maxGreetingBytes = 64 << 10

// check refuses what an inbox cannot be given. What it has already, from an
// import, it may keep.
func check(i, before *core.Inbox) error {
	if err := core.CheckName(i.Name); err != nil {
		return err
	}
	if len(i.Greeting) > maxGreetingBytes {
		return core.Refuse("greeting", fmt.Sprintf("a greeting has at most %d bytes", maxGreetingBytes))
	}
	if i.HMACMandatory && !before.HMACMandatory && i.HMACToken == "" && !i.Channel.IsChat() {
		return core.Refuse("hmac_mandatory", "the channel has no HMAC token")
	}
	if i.Timezone != before.Timezone {
		if err := core.CheckTimezone(i.Timezone); err != nil {
			return err
		}
	}
	if i.Settings == before.Settings {
		return nil
	}
	return core.CheckSettings(i.Settings)
}

// checkNew refuses what cannot be an inbox.
func checkNew(in *core.Inbox) error {
	if err := check(in, &core.Inbox{}); err != nil {
		return err
	}
	if in.Identifier != "" && !identifierForm.MatchString(in.Identifier) {
		return core.Refuse("identifier", "an identifier is 1 to 255 letters, digits, - and _")
	}
	switch in.Channel {
	case core.ChannelWeb, core.ChannelAPI, core.ChannelEmail, core.ChannelSMS, core.ChannelWhatsApp:
		return nil
	}
	return core.Refuse("channel", "a channel is web, api, email, sms or whatsapp")
}
