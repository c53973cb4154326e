package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
)

// Revision says which message or note of a conversation is to be another one,
// and in whose name.
type Revision struct {
	ConversationID, EntryID int64
	Actor                   core.Actor
	If                      core.Check[core.Entry]
}

// EditMessage replaces the text of a message or a note and returns it. One that
// is deleted, or that the system wrote as an activity, is core.Invalid.
func (s *Writes) EditMessage(ctx context.Context, account int64, in Revision, content string) (core.Entry, error) {
	if err := checkContent(content); err != nil {
		return core.Entry{}, err
	}
	e, err := s.change(ctx, account, in, told{core.MessageUpdated, core.NoteUpdated}, func(c *core.Conversation, e *core.Entry, at core.Time) (bool, error) {
		return core.Edit(c, e, content, at)
	})
	if err != nil {
		return core.Entry{}, fmt.Errorf("edit message: %w", err)
	}
	return e, nil
}

// DeleteMessage makes a message or a note a tombstone: it keeps its place and
// counts on, without text. Deleting one again changes nothing.
func (s *Writes) DeleteMessage(ctx context.Context, account int64, in Revision) (core.Entry, error) {
	e, err := s.change(ctx, account, in, told{core.MessageDeleted, core.NoteDeleted}, func(c *core.Conversation, e *core.Entry, at core.Time) (bool, error) {
		if e.Kind == core.Activity {
			return false, core.Refuse("entry", "activities are not deleted")
		}
		return core.Delete(c, e, at), nil
	})
	if err != nil {
		return core.Entry{}, fmt.Errorf("delete message: %w", err)
	}
	return e, nil
}

// told names the event of what was done to an entry, for each kind that it can
// be done to.
type told struct{ message, note core.EventType }

func (t told) of(e *core.Entry) core.EventType {
	if e.Kind == core.Note {
		return t.note
	}
	return t.message
}

// change runs a rule on one entry of a conversation.
func (s *Writes) change(
	ctx context.Context, account int64, in Revision, as told,
	rule func(c *core.Conversation, e *core.Entry, at core.Time) (bool, error),
) (core.Entry, error) {
	var changed core.Entry
	_, err := s.on(ctx, account, in.ConversationID, in.Actor, func(ctx context.Context, w *work) error {
		if _, err := checkActor(ctx, w.tx, &w.conv, &w.actor, "actor"); err != nil {
			return err
		}
		e, err := readEntry(ctx, w.tx, &w.conv, in.EntryID)
		if err != nil {
			return err
		}
		if e == nil {
			return core.Absent("entry")
		}
		if err := in.If.Of(*e); err != nil {
			return err
		}
		did, err := rule(&w.conv, e, w.now)
		changed = *e
		if err != nil || !did {
			return err
		}
		attachments, err := w.tx.Attachments(ctx, account, []int64{e.ID})
		if err != nil {
			return err
		}
		if err := w.tx.UpdateEntry(ctx, *e); err != nil {
			return err
		}
		w.stored = true
		w.event(as.of(e), w.actor, core.EntryChange{Entry: *e, Attachments: attachments})
		return nil
	})
	return changed, err
}
