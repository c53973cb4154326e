package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Reader is who reads: the contact, the agents together, or one agent.
type Reader struct {
	Side    core.Side
	AgentID int64 // with AgentSide: this agent's own cursor; 0 = the shared one
}

func (r Reader) actor(c *core.Conversation) core.Actor {
	switch {
	case r.Side == core.ContactSide:
		return core.Actor{Type: core.ActorContact, ID: c.ContactID}
	case r.AgentID != 0:
		return core.Actor{Type: core.ActorAgent, ID: r.AgentID}
	}
	return system
}

// ReadUpTo records that the reader has read the conversation up to and
// including the entry, 0 = the newest. Late and repeated calls are harmless. It
// returns the conversation after it.
func (s *Writes) ReadUpTo(ctx context.Context, account, conversation int64, reader Reader, entry int64) (core.Conversation, error) {
	c, err := s.on(ctx, account, conversation, system, func(ctx context.Context, w *work) error {
		upTo := entry // of this attempt: what another one saw may have been undone
		if upTo == 0 && reader.Side == core.ContactSide {
			upTo = w.conv.LastMessageID // and not a note behind it
		}
		e, err := readEntry(ctx, w.tx, &w.conv, upTo)
		if err != nil {
			return err
		}
		if reader.AgentID != 0 {
			return w.moveOwn(ctx, reader, false, func(own *core.ReadCursor) bool { return e != nil && own.ReadTo(e) })
		}
		from := w.sharedCursor(reader.Side)
		contactSeen, agentSeen := w.conv.ContactLastSeenAt, w.conv.AgentLastSeenAt
		core.Seen(&w.conv, reader.Side, w.now)
		stamped := w.conv.ContactLastSeenAt != contactSeen || w.conv.AgentLastSeenAt != agentSeen
		if moved := e != nil && core.ReadUpTo(&w.conv, reader.Side, e); moved || stamped {
			w.wasRead(reader, core.ReadChange{FromSeq: from})
		}
		return nil
	})
	if err != nil {
		return core.Conversation{}, fmt.Errorf("read conversation up to entry: %w", err)
	}
	return c, nil
}

// MarkUnread makes everything from the entry on unread for the reader, 0 = all.
// It returns the conversation after it.
func (s *Writes) MarkUnread(ctx context.Context, account, conversation int64, reader Reader, entry int64) (core.Conversation, error) {
	c, err := s.on(ctx, account, conversation, system, func(ctx context.Context, w *work) error {
		last, err := entryBefore(ctx, w.tx, &w.conv, entry)
		if err != nil {
			return err
		}
		if reader.AgentID != 0 {
			return w.moveOwn(ctx, reader, true, func(own *core.ReadCursor) bool { return own.MarkUnread(last) })
		}
		from := w.sharedCursor(reader.Side)
		if core.MarkUnread(&w.conv, reader.Side, last) {
			w.wasRead(reader, core.ReadChange{Marked: true, FromSeq: from})
		}
		return nil
	})
	if err != nil {
		return core.Conversation{}, fmt.Errorf("mark conversation unread: %w", err)
	}
	return c, nil
}

// sharedCursor is where a side's cursor stands.
func (w *work) sharedCursor(reader core.Side) int64 {
	if reader == core.ContactSide {
		return w.conv.ContactCursor
	}
	return w.conv.AgentCursor
}

// moveOwn moves one agent's own cursor; marked tells that it is to go back.
func (w *work) moveOwn(ctx context.Context, reader Reader, marked bool, move func(own *core.ReadCursor) bool) error {
	if reader.Side != core.AgentSide {
		return core.Refuse("reader", "an agent reads on the agents' side")
	}
	if _, err := findAgent(ctx, w.tx, w.conv.AccountID, reader.AgentID, "reader"); err != nil {
		return err
	}
	own, _, err := ownCursor(ctx, w.tx, &w.conv, reader.AgentID)
	from := own.Seq
	if err != nil || !move(&own) {
		return err
	}
	if err := w.tx.PutReadCursor(ctx, own); err != nil {
		return err
	}
	w.wasRead(reader, core.ReadChange{Cursor: &own, Marked: marked, FromSeq: from})
	return nil
}

// wasRead tells of a cursor that moved. Of one agent's own nothing is stored
// with the conversation.
func (w *work) wasRead(reader Reader, change core.ReadChange) {
	w.conv.UpdatedAt = w.conv.UpdatedAt.Later(w.now)
	w.stored = true
	change.Reader, change.AgentID = reader.Side, reader.AgentID
	w.event(core.ConversationRead, reader.actor(&w.conv), change)
}

// readEntry returns the entry of c with the id, the newest for 0, nil when c
// has none.
func readEntry(ctx context.Context, tx store.Tx, c *core.Conversation, id int64) (*core.Entry, error) {
	if id == 0 {
		return oneEntry(ctx, tx, store.EntryQuery{ConversationIDs: []int64{c.ID}, Desc: true}, c)
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

// entryBefore returns the entry before the one with the id, nil when there is
// none, and for 0.
func entryBefore(ctx context.Context, tx store.Tx, c *core.Conversation, id int64) (*core.Entry, error) {
	if id == 0 {
		return nil, nil //nolint:nilnil // nil is the beginning
	}
	e, err := readEntry(ctx, tx, c, id)
	if err != nil {
		return nil, err
	}
	return oneEntry(ctx, tx, store.EntryQuery{ConversationIDs: []int64{c.ID}, Before: e.Position, Desc: true}, c)
}

func oneEntry(ctx context.Context, tx store.Tx, q store.EntryQuery, c *core.Conversation) (*core.Entry, error) {
	q.Limit = 1
	found, err := tx.ListEntries(ctx, c.AccountID, q)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
