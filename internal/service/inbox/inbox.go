// Package inbox holds the use cases around inboxes.
//
// All of it is safe for concurrent use.
package inbox

import (
	"context"
	"fmt"
	"regexp"

	"parley/internal/core"
	"parley/internal/store"
)

// identifierForm is what stands in a URL's path without escapes.
var identifierForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// Inboxes creates inboxes.
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
}

// Create makes an inbox with the keys that its channel needs.
func (s *Inboxes) Create(ctx context.Context, in NewInbox) (core.Inbox, error) {
	if err := check(in); err != nil {
		return core.Inbox{}, err
	}
	var made core.Inbox
	err := s.store.InTx(ctx, in.AccountID, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return err
		}
		if _, taken, err := tx.FindInboxByName(ctx, in.AccountID, in.Name); err != nil {
			return err
		} else if taken {
			return core.Taken("the inbox name " + in.Name)
		}
		if _, taken, err := tx.FindInboxByIdentifier(ctx, in.Identifier); err != nil {
			return err
		} else if taken {
			return core.Taken("the identifier " + in.Identifier)
		}
		now := s.clock()
		made = core.Inbox{AccountID: in.AccountID, Name: in.Name, Channel: in.Channel, Identifier: in.Identifier, CreatedAt: now, UpdatedAt: now}
		made.MakeKeys()
		if err := tx.InsertInbox(ctx, &made); err != nil {
			return err
		}
		tx.Emit(core.Event{
			AccountID: made.AccountID, Type: core.InboxCreated, At: now, Actor: core.Actor{Type: core.ActorSystem}, InboxID: made.ID, Data: made,
		})
		return nil
	})
	if err != nil {
		return core.Inbox{}, fmt.Errorf("create inbox: %w", err)
	}
	return made, nil
}

func check(in NewInbox) error {
	if err := core.CheckName(in.Name); err != nil {
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
