package conversation

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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

// system is who does what nobody in particular asked for.
var system = core.Actor{Type: core.ActorSystem}

// work is a command on one conversation, whose row it holds. Rules change conv;
// finish stores it once and tells of all that happened.
type work struct {
	tx    store.Tx
	conv  core.Conversation
	actor core.Actor
	now   core.Time
	was   core.Conversation // what conv was when the command began
	inbox core.Inbox        // conv's, once it is read: see ownInbox

	fresh  bool // conv is new: its status is as it was asked for
	stored bool // conv must be stored although no field of it is told
	// events are told in this order, with the conversation as the command
	// leaves it. update, among them, tells of all fields together.
	events []core.Event
	fields []string
	update int    // index of the update's event, meaningful with fields
	cause  string // why it is told, where the actor did not want it
}

// on runs fn on a conversation of the account, under its lock, and stores what
// it left. fn decides before it writes: see store.Store.InTx.
func (s *Writes) on(
	ctx context.Context, account, conversation int64, actor core.Actor, fn func(ctx context.Context, w *work) error,
) (core.Conversation, error) {
	var c core.Conversation
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		w, err := s.begin(ctx, tx, account, conversation, actor)
		if err != nil {
			return err
		}
		if err := fn(ctx, w); err != nil {
			return err
		}
		c = w.conv
		return w.finish(ctx)
	})
	return c, err
}

// begin takes the conversation's row.
func (s *Writes) begin(ctx context.Context, tx store.Tx, account, conversation int64, actor core.Actor) (*work, error) {
	c, err := tx.LockConversation(ctx, account, conversation)
	if err != nil {
		return nil, err
	}
	return &work{tx: tx, conv: c, was: c, actor: actor, now: s.clock()}, nil
}

// finish stores the conversation and tells what happened.
func (w *work) finish(ctx context.Context) error {
	if len(w.fields) == 0 && !w.stored {
		return nil
	}
	if err := w.tx.UpdateConversation(ctx, w.conv); err != nil {
		return err
	}
	if slices.Contains(w.fields, core.FieldSnoozedUntil) {
		if err := w.scheduleWake(ctx); err != nil {
			return err
		}
	}
	if err := w.offer(ctx); err != nil {
		return err
	}
	w.tell()
	return nil
}

// tell emits the events with the conversation as it is now.
func (w *work) tell() {
	for i := range w.events {
		switch data := w.events[i].Data.(type) {
		case core.EntryChange:
			data.Conversation = w.conv
			w.events[i].Data = data
		case core.ReadChange:
			data.Conversation = w.conv
			w.events[i].Data = data
		case core.ConversationChange:
			data.Conversation = w.conv
			if i == w.update && len(w.fields) > 0 {
				data.Changed, data.Cause, data.Before = w.fields, w.cause, core.BeforeOf(&w.was, w.fields)
				if !w.fresh && w.conv.InboxID != w.was.InboxID {
					data.FromInboxID = w.was.InboxID
				}
			}
			w.events[i].Data = data
		}
	}
	w.tx.Emit(w.events...)
}

// event begins an event about the conversation.
func (w *work) event(kind core.EventType, actor core.Actor, data core.EventData) {
	w.events = append(w.events, core.Event{
		AccountID: w.conv.AccountID, Type: kind, At: w.now, Actor: actor,
		ContactID: w.conv.ContactID, ConversationID: w.conv.ID, InboxID: w.conv.InboxID, Data: data,
	})
}

// apply takes over what a rule did: it is told, and where the rule says so
// agents find it among the conversation's activities.
func (w *work) apply(ctx context.Context, ch core.Change, actor core.Actor) error {
	if !ch.Happened() {
		return nil
	}
	if len(w.fields) == 0 {
		w.update = len(w.events)
		w.event(core.ConversationUpdated, actor, core.ConversationChange{})
	}
	for _, f := range ch.Fields {
		if !slices.Contains(w.fields, f) {
			w.fields = append(w.fields, f)
		}
	}
	w.cause = cmp.Or(w.cause, ch.Cause)
	if ch.Code == "" {
		return nil
	}
	return w.add(ctx, &core.Entry{Kind: core.Activity, Sender: actor, Code: ch.Code, Params: ch.Params, CreatedAt: w.now})
}

// add stores e at the end of the conversation, with its files and what follows
// for whoever said it.
func (w *work) add(ctx context.Context, e *core.Entry, files ...core.Attachment) error {
	var err error
	if e.ID, err = w.tx.NextEntryID(ctx); err != nil {
		return err
	}
	before := w.conv // an own cursor that begins now begins where the shared one stood
	core.Append(&w.conv, e)
	w.stored = true
	if err := w.tx.InsertEntry(ctx, e); err != nil {
		return err
	}
	var attachments []core.Attachment
	if len(files) > 0 {
		if attachments, err = w.attach(ctx, e, files); err != nil {
			return err
		}
	}
	if agent, ok := core.ReplyCursor(e); ok {
		if err := moveOwnCursor(ctx, w.tx, before, agent, e); err != nil {
			return err
		}
	}
	kind := core.MessageCreated
	switch e.Kind {
	case core.Note:
		kind = core.NoteCreated
	case core.Activity:
		kind = core.ActivityCreated
	case core.Message:
	}
	w.event(kind, e.Sender, core.EntryChange{Entry: *e, Attachments: attachments})
	return nil
}

// moveOwnCursor moves the cursor of the agent who said e up to it, beginning
// one where there is none.
func moveOwnCursor(ctx context.Context, tx store.Tx, c core.Conversation, agent int64, e *core.Entry) error {
	own, found, err := ownCursor(ctx, tx, &c, agent)
	if err != nil {
		return err
	}
	if moved := own.ReadTo(e); found && !moved {
		return nil
	}
	return tx.PutReadCursor(ctx, own)
}

// ownCursor returns the agent's cursor, or the one to begin with.
func ownCursor(ctx context.Context, tx store.Tx, c *core.Conversation, agent int64) (own core.ReadCursor, found bool, err error) {
	own, found, err = tx.FindReadCursor(ctx, c.AccountID, c.ID, agent)
	if err == nil && !found {
		own = core.OwnCursor(c, agent)
	}
	return own, found, err
}

// checkActor refuses who acts, as the caller named it in field, unless it is
// the conversation's contact, who may come without an id and then gets one; an
// agent of the account, who is returned; or the system.
func checkActor(ctx context.Context, r store.Agents, c *core.Conversation, who *core.Actor, field string) (core.Agent, error) {
	switch who.Type {
	case core.ActorContact:
		who.ID = cmp.Or(who.ID, c.ContactID)
		if who.ID != c.ContactID {
			return core.Agent{}, core.Refuse(field, "the contact is not part of the conversation")
		}
		return core.Agent{}, nil
	case core.ActorAgent:
		return findAgent(ctx, r, c.AccountID, who.ID, field)
	case core.ActorSystem:
		return core.Agent{}, nil
	}
	return core.Agent{}, core.Refuse(field, "it is a contact, an agent or the system")
}

// findAgent returns an agent whom the caller named in field; a deleted one is
// none.
func findAgent(ctx context.Context, r store.Agents, account, id int64, field string) (core.Agent, error) {
	a, err := r.Agent(ctx, account, id)
	if err == nil && a.DeletedAt.IsSet() || err != nil && core.KindOf(err) == core.NotFound {
		return core.Agent{}, core.Refuse(field, fmt.Sprintf("there is no agent %d", id))
	}
	return a, err
}
