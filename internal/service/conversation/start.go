package conversation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/service/attribute"
	"parley/internal/service/contact"
	"parley/internal/store"
)

// NewConversation says which conversation to start, with whom and how.
type NewConversation struct {
	Place PlaceID
	With  contact.Claim
	// OpenedBy is the actor who starts it: the contact, whose id may be left
	// out, an agent or the system.
	OpenedBy core.Actor
	Status   core.Status // "" = open
	Code     int64       // CommBox's exact code, 0 = the default of Status
	Subject  string
	Priority string
	// CustomAttributes and AdditionalAttributes are objects, "" = none.
	CustomAttributes, AdditionalAttributes core.JSON
	// Defined has the account's attribute definitions rule the custom
	// attributes; without it they may be anything.
	Defined bool
	Ext     core.JSON // what dialects keep, an object
	// First, when set, is the first message, said by OpenedBy; only what it says
	// and how is looked at.
	First *NewEntry
	// Repeat makes the command one that may be asked again; nil: it may not.
	Repeat *Repeat
}

// Started is a conversation that was started, and its first message.
type Started struct {
	Conversation core.Conversation
	FirstID      int64 // 0 without one
}

// Start begins a conversation with a known or a new contact. One with a blocked
// contact begins resolved. An inbox or identity that the account does not have
// is core.Invalid, and so is an opener who is another contact or no agent.
func (s *Writes) Start(ctx context.Context, account int64, in NewConversation) (Started, error) {
	if err := in.check(); err != nil {
		return Started{}, err
	}
	if in.Status == "" {
		in.Status = core.Open
	}
	var made Started
	err := s.repeatable(ctx, account, in.Repeat, func(ctx context.Context, tx store.Tx) (answer string, err error) {
		made, err = s.startIn(ctx, tx, account, in)
		return fmt.Sprintf("%d %d", made.Conversation.ID, made.FirstID), err
	}, func(ctx context.Context, tx store.Tx, answer string) error {
		conversation, first, _ := strings.Cut(answer, " ")
		id, err := strconv.ParseInt(conversation, 10, 64)
		if err == nil {
			made.FirstID, err = strconv.ParseInt(first, 10, 64)
		}
		if err != nil {
			return fmt.Errorf("read the answer of a request: %w", err)
		}
		made.Conversation, err = tx.Conversation(ctx, account, id)
		return err
	})
	if err != nil {
		return Started{}, fmt.Errorf("start conversation: %w", err)
	}
	return made, nil
}

// check refuses what no conversation could begin with.
func (in *NewConversation) check() error {
	for field, object := range map[string]core.JSON{
		"custom_attributes": in.CustomAttributes, "additional_attributes": in.AdditionalAttributes, "ext": in.Ext,
	} {
		if err := core.CheckObject(field, object, core.MaxObjectBytes); err != nil {
			return err
		}
	}
	if in.First == nil {
		return nil
	}
	return in.First.checkForm()
}

// startIn is Start inside a command.
func (s *Writes) startIn(ctx context.Context, tx store.Tx, account int64, in NewConversation) (Started, error) {
	now := s.clock()
	if in.OpenedBy.Type != core.ActorContact { // whom Resolve knows
		if _, err := checkActor(ctx, tx, &core.Conversation{AccountID: account}, &in.OpenedBy, "actor"); err != nil {
			return Started{}, err
		}
	}
	if in.Defined {
		if err := attribute.Check(ctx, tx, account, core.AppliesToConversation, "", &in.CustomAttributes); err != nil {
			return Started{}, err
		}
	}
	place, err := findPlace(ctx, tx, account, in.Place)
	if err != nil {
		return Started{}, err
	}
	c := core.Conversation{
		AccountID: account, InboxID: place.Inbox.ID, SubInboxID: place.SubInbox.ID,
		Subject: in.Subject, OpenedBy: in.OpenedBy.Side(), CustomAttributes: in.CustomAttributes,
		AdditionalAttributes: in.AdditionalAttributes, CreatedAt: now,
	}
	c.Begin()
	// The rules may refuse only while nothing is written.
	if _, err := core.SetStatus(&c, core.NewStatus{Status: in.Status, Code: in.Code}, now); err != nil {
		return Started{}, err
	}
	if _, err := core.SetPriority(&c, in.Priority, now); err != nil {
		return Started{}, err
	}
	c.Ext = in.Ext // behind the status, which takes what dialects say of another one
	person, identity, err := contact.Resolve(ctx, tx, account, in.With, in.OpenedBy, now)
	if err != nil {
		return Started{}, err
	}
	if in.OpenedBy.Type == core.ActorContact {
		in.OpenedBy.ID = person.ID
	}
	door, err := contact.DoorIn(ctx, tx, identity, place.Inbox.ID, in.OpenedBy, now)
	if err != nil {
		return Started{}, err
	}
	if person.Blocked {
		if _, err := core.SetStatus(&c, core.NewStatus{Status: core.Resolved}, now); err != nil {
			return Started{}, err
		}
	}
	c.ContactID, c.IdentityID, c.ContactInboxID = person.ID, identity.ID, door.ID
	// Before the conversation takes a display id: whoever does the job holds it,
	// and takes the account's row last.
	if err := assignment.Offer(ctx, tx, &c, &place.Inbox, now); err != nil {
		return Started{}, err
	}
	if err := tx.InsertConversation(ctx, &c); err != nil {
		return Started{}, err
	}
	w := &work{tx: tx, conv: c, inbox: place.Inbox, actor: in.OpenedBy, now: now, fresh: true}
	return w.firstMessage(ctx, in)
}

// firstMessage tells of a new conversation and stores what was said first.
func (w *work) firstMessage(ctx context.Context, in NewConversation) (Started, error) {
	w.event(core.ConversationCreated, in.OpenedBy, core.ConversationChange{})
	if in.First == nil {
		w.tell()
		return Started{Conversation: w.conv}, nil
	}
	first := *in.First
	first.Kind, first.Sender = core.Message, in.OpenedBy
	made, err := w.say(ctx, first)
	if err != nil {
		return Started{}, err
	}
	if err := w.finish(ctx); err != nil {
		return Started{}, err
	}
	return Started{Conversation: w.conv, FirstID: made.ID}, nil
}
