package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Writes changes conversations: one rule of core and one transaction a
// command.
type Writes struct {
	store store.Store
	clock core.Clock
}

// NewWrites returns the write use cases on st.
func NewWrites(st store.Store, clock core.Clock) *Writes {
	return &Writes{store: st, clock: clock}
}

// NewEntry says what to append.
type NewEntry struct {
	ConversationID int64
	Kind           core.EntryKind // Message or Note
	Sender         core.Actor
	Origin         core.Origin // "" = by the sender
	Content        string
}

// Append stores a message or a note at the end of its conversation and returns
// it. A conversation that the account does not have is core.NotFound.
func (s *Writes) Append(ctx context.Context, account int64, in NewEntry) (core.Entry, error) {
	if in.Kind != core.Message && in.Kind != core.Note {
		return core.Entry{}, core.Refuse("kind", "only messages and notes are said")
	}
	if in.Kind == core.Note && in.Sender.Type == core.ActorContact {
		return core.Entry{}, core.Refuse("sender", "contacts write no notes")
	}
	var made core.Entry
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		made, err = s.appendIn(ctx, tx, account, in)
		return err
	})
	if err != nil {
		return core.Entry{}, fmt.Errorf("append %s: %w", in.Kind, err)
	}
	return made, nil
}

// appendIn is Append inside a command.
func (s *Writes) appendIn(ctx context.Context, tx store.Tx, account int64, in NewEntry) (core.Entry, error) {
	c, err := tx.LockConversation(ctx, account, in.ConversationID)
	if err != nil {
		return core.Entry{}, err
	}
	origin, err := s.author(ctx, tx, &c, &in)
	if err != nil {
		return core.Entry{}, err
	}
	made := core.Entry{
		Kind: in.Kind, Sender: in.Sender, Origin: origin, Listed: true, Counts: true,
		Content: in.Content, CreatedAt: s.clock(),
	}
	err = storeEntry(ctx, tx, &c, &made)
	return made, err
}

// author checks that the sender belongs to the conversation or the account,
// and says how the entry came about when the caller did not.
func (s *Writes) author(ctx context.Context, tx store.Tx, c *core.Conversation, in *NewEntry) (core.Origin, error) {
	origin := in.Origin
	switch in.Sender.Type {
	case core.ActorContact:
		if in.Sender.ID == 0 {
			in.Sender.ID = c.ContactID
		}
		if in.Sender.ID != c.ContactID {
			return "", core.Refuse("sender", "the contact is not part of the conversation")
		}
		if origin == "" {
			origin = core.OriginPerson
		}
	case core.ActorAgent:
		a, err := tx.Agent(ctx, c.AccountID, in.Sender.ID)
		if err != nil {
			return "", err
		}
		if origin == "" {
			origin = core.OriginPerson
			if a.Type == core.Bot {
				origin = core.OriginBot
			}
		}
	case core.ActorSystem:
		if origin == "" {
			origin = core.OriginAutomation
		}
	default:
		return "", core.Refuse("sender", "a sender is a contact, an agent or the system")
	}
	return origin, nil
}

// storeEntry appends e to c under c's lock and stores all that follows from it.
func storeEntry(ctx context.Context, tx store.Tx, c *core.Conversation, e *core.Entry) error {
	var err error
	if e.ID, err = tx.NextEntryID(ctx); err != nil {
		return err
	}
	before := *c // an own cursor that begins now begins where the shared one stood
	core.Append(c, e)
	if err := tx.InsertEntry(ctx, e); err != nil {
		return err
	}
	if agent, ok := core.ReplyCursor(e); ok {
		if err := moveOwnCursor(ctx, tx, before, agent, e); err != nil {
			return err
		}
	}
	if e.Sender.Type == core.ActorContact {
		if err := touchContact(ctx, tx, c, e); err != nil {
			return err
		}
	}
	if err := tx.UpdateConversation(ctx, *c); err != nil {
		return err
	}
	kind := core.MessageCreated
	if e.Kind == core.Note {
		kind = core.NoteCreated
	}
	tx.Emit(core.Event{
		AccountID: c.AccountID, Type: kind, At: e.CreatedAt, Actor: e.Sender,
		ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
		Data: core.EntryChange{Entry: *e, Conversation: *c},
	})
	return nil
}

// moveOwnCursor moves the cursor of the agent who said e up to it, beginning
// one where there is none.
func moveOwnCursor(ctx context.Context, tx store.Tx, c core.Conversation, agent int64, e *core.Entry) error {
	own, found, err := tx.FindReadCursor(ctx, c.AccountID, c.ID, agent)
	if err != nil {
		return err
	}
	if !found {
		own = core.OwnCursor(&c, agent)
	}
	if moved := own.ReadTo(e); found && !moved {
		return nil
	}
	return tx.PutReadCursor(ctx, own)
}

// touchContact moves the contact's last activity.
func touchContact(ctx context.Context, tx store.Tx, c *core.Conversation, e *core.Entry) error {
	contact, err := tx.Contact(ctx, c.AccountID, c.ContactID)
	if err != nil {
		return err
	}
	contact.LastActivityAt = contact.LastActivityAt.Later(e.CreatedAt)
	return tx.UpdateContact(ctx, contact)
}

// ReadUpTo records that a side has read the conversation up to and including
// the entry, 0 = the newest. Late and repeated calls are harmless. It returns
// the conversation after it.
func (s *Writes) ReadUpTo(ctx context.Context, account, conversation int64, reader core.Side, entry int64) (core.Conversation, error) {
	var c core.Conversation
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		var err error
		if c, err = tx.LockConversation(ctx, account, conversation); err != nil {
			return err
		}
		e, err := readEntry(ctx, tx, &c, entry)
		if err != nil {
			return err
		}
		now := s.clock()
		before := c.ContactLastSeenAt + c.AgentLastSeenAt
		core.Seen(&c, reader, now)
		stamped := c.ContactLastSeenAt+c.AgentLastSeenAt != before
		if moved := e != nil && core.ReadUpTo(&c, reader, e); !moved && !stamped {
			return nil
		}
		if err := tx.UpdateConversation(ctx, c); err != nil {
			return err
		}
		actor := core.Actor{Type: core.ActorSystem}
		if reader == core.ContactSide {
			actor = core.Actor{Type: core.ActorContact, ID: c.ContactID}
		}
		tx.Emit(core.Event{
			AccountID: account, Type: core.ConversationRead, At: now, Actor: actor,
			ContactID: c.ContactID, ConversationID: c.ID, InboxID: c.InboxID,
			Data: core.ReadChange{Reader: reader, Conversation: c},
		})
		return nil
	})
	if err != nil {
		return core.Conversation{}, fmt.Errorf("read conversation up to entry: %w", err)
	}
	return c, nil
}

// readEntry returns the entry of c with the id, the newest for 0, nil when c
// has none.
func readEntry(ctx context.Context, tx store.Tx, c *core.Conversation, id int64) (*core.Entry, error) {
	if id == 0 {
		newest, err := tx.ListEntries(ctx, c.AccountID, store.EntryQuery{ConversationIDs: []int64{c.ID}, Desc: true, Limit: 1})
		if err != nil || len(newest) == 0 {
			return nil, err
		}
		return &newest[0], nil
	}
	e, err := tx.Entry(ctx, c.AccountID, id)
	if err != nil {
		return nil, err
	}
	if e.ConversationID != c.ID {
		return nil, core.Absent("entry")
	}
	return &e, nil
}
