package interchange

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	errSystemID   = errors.New("sender: the system has no id")
	errMixed      = errors.New("position: some entries of the conversation give one and some do not")
	errAttachPath = errors.New("path must lead to a file below the data directory")
	errAttachKind = errors.New("message_id: an activity has no attachments")
)

func (a *applier) message(ctx context.Context, l *line, r *messageRecord) (bool, error) {
	conversation, err := a.resolve(ctx, store.ConversationIDs, r.ConversationID)
	if err != nil {
		return false, err
	}
	kind := core.Message
	if r.Visibility == "note" {
		kind = core.Note
	}
	uuid := r.UUID
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "message",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Entry(ctx, a.account, r.ID)
			same := sameUUID(r.UUID, held.UUID, r.ExternalID == "" || r.ExternalID == held.ExternalID)
			return isSame(same && sameEntry(&held, conversation, kind, r.CreatedAt), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			return a.naturalMessage(ctx, conversation, uuid, r)
		},
		keys:  "an external_id",
		keyed: r.ExternalID != "",
		uuid:  &uuid,
	})
	if err != nil || v.exists {
		return false, err
	}
	t, err := a.threadRef(ctx, r.ConversationID)
	if err != nil {
		return false, err
	}
	sender, origin, err := a.sender(ctx, t, &r.Sender)
	if err != nil {
		return false, err
	}
	e := r.entry(a.im.now, origin)
	e.ID, e.UUID, e.Sender = v.id, uuid, sender
	return true, a.append(ctx, l, t, &e, r.Position)
}

// sameEntry compares what never changes of an entry.
func sameEntry(held *core.Entry, conversation int64, kind core.EntryKind, created instant) bool {
	return held.ConversationID == conversation && held.Kind == kind && (!created.given || created.at == held.CreatedAt)
}

// naturalMessage looks for the message where the id does not say which it is.
// Otherwise the store's own unique indexes are enough, and save a statement
// for every message.
func (a *applier) naturalMessage(ctx context.Context, conversation int64, uuid string, r *messageRecord) (int64, string, error) {
	if r.ID != 0 && !a.im.opts.Remap {
		return 0, "", nil
	}
	if uuid != "" {
		if held, ok, err := a.tx.FindEntryByUUID(ctx, a.account, uuid); ok || err != nil {
			return found(held.ID, keyOfUUID, ok, err)
		}
	}
	if r.ExternalID == "" {
		return 0, "", nil
	}
	held, ok, err := a.tx.FindEntryByExternalID(ctx, a.account, conversation, r.ExternalID)
	return found(held.ID, keyOfExternalID, ok, err)
}

func (a *applier) activity(ctx context.Context, l *line, r *activityRecord) (bool, error) {
	conversation, err := a.resolve(ctx, store.ConversationIDs, r.ConversationID)
	if err != nil {
		return false, err
	}
	uuid := r.UUID
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "activity",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Entry(ctx, a.account, r.ID)
			same := sameUUID(r.UUID, held.UUID, r.Code == held.Code)
			return isSame(same && sameEntry(&held, conversation, core.Activity, r.CreatedAt), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			if uuid == "" || !a.im.opts.Remap {
				return 0, "", nil
			}
			held, ok, err := a.tx.FindEntryByUUID(ctx, a.account, uuid)
			return found(held.ID, keyOfUUID, ok, err)
		},
		uuid: &uuid,
	})
	if err != nil || v.exists {
		return false, err
	}
	t, err := a.threadRef(ctx, r.ConversationID)
	if err != nil {
		return false, err
	}
	e := r.entry(a.im.now)
	e.ID, e.UUID = v.id, uuid
	if r.Actor.given {
		if e.Sender, _, err = a.sender(ctx, t, &r.Actor); err != nil {
			return false, err
		}
	}
	return true, a.append(ctx, l, t, &e, r.Position)
}

// sender resolves who said something, and tells how it came about if the file
// does not.
func (a *applier) sender(ctx context.Context, t *thread, p *party) (core.Actor, core.Origin, error) {
	actor := p.actor()
	var err error
	switch actor.Type {
	case core.ActorSystem:
		if p.ID != 0 || p.IdentityID != 0 {
			err = errSystemID
		}
		return actor, core.OriginAutomation, err
	case core.ActorAgent:
		if actor.ID, err = a.agentRef(ctx, "sender.id", p.ID); err != nil {
			return actor, "", err
		}
		if actor.IdentityID, err = a.resolve(ctx, store.IdentityIDs, p.IdentityID); err != nil {
			return actor, "", err
		}
		agent := a.agents[actor.ID]
		if p.IdentityID != 0 && agent.IdentityID != actor.IdentityID {
			return actor, "", fmt.Errorf("sender.identity_id: identity %d is not the agent's own", p.IdentityID)
		}
		if agent.Type == core.Bot {
			return actor, core.OriginBot, nil
		}
	case core.ActorContact:
		return a.contactSender(ctx, t, p, actor)
	}
	return actor, core.OriginPerson, nil
}

func (a *applier) contactSender(ctx context.Context, t *thread, p *party, actor core.Actor) (core.Actor, core.Origin, error) {
	actor.ID = t.conv.ContactID
	if p.ID != 0 {
		var err error
		if actor.ID, err = a.contactRef(ctx, "sender.id", p.ID); err != nil {
			return actor, "", err
		}
	}
	if p.IdentityID != 0 {
		to, err := a.resolve(ctx, store.IdentityIDs, p.IdentityID)
		if err != nil {
			return actor, "", err
		}
		ok, err := a.exists(ctx, place{store.IdentityIDs, to}, func(ctx context.Context) error {
			_, err := a.tx.Identity(ctx, a.account, to)
			return err
		})
		if err != nil || !ok {
			return actor, "", errors.Join(err, fmt.Errorf("sender.identity_id: %w", missing("identity", p.IdentityID)))
		}
		actor.IdentityID = to
	}
	return actor, core.OriginPerson, nil
}

// append gives the entry its place in the conversation and stores it.
func (a *applier) append(ctx context.Context, l *line, t *thread, e *core.Entry, position int64) error {
	file := l.record.self()
	if err := t.checkOrder(e, file.id, position); err != nil {
		return err
	}
	if e.ID == 0 {
		var err error
		if e.ID, err = a.tx.NextEntryID(ctx); err != nil {
			return err
		}
	}
	t.append(e, file.id)
	if err := a.replied(ctx, t, e); err != nil {
		return err
	}
	if e.Kind == core.Message && e.Sender.Type == core.ActorContact {
		a.hear(e.Sender.ID, e.CreatedAt)
	}
	if err := a.tx.InsertEntry(ctx, e); err != nil {
		return err
	}
	a.entries[e.ID] = storedOf(e)
	if err := a.received(ctx, t, e); err != nil {
		return err
	}
	return a.assigned(ctx, file, e.ID)
}

// received notes which message a channel's name for it means, so that the
// channel may deliver it again. Of several in an inbox the first has the name.
func (a *applier) received(ctx context.Context, t *thread, e *core.Entry) error {
	if e.ExternalID == "" {
		return nil
	}
	_, taken, err := a.tx.FindReceived(ctx, e.AccountID, t.conv.InboxID, e.ExternalID)
	if err != nil || taken {
		return err
	}
	return a.tx.PutReceived(ctx, e.AccountID, t.conv.InboxID, e.ExternalID, e.ID)
}

// checkOrder tells whether the entry may stand next. id is the one that the
// file gives.
func (t *thread) checkOrder(e *core.Entry, id, position int64) error {
	s := &t.state
	by := orderByTime
	if position != 0 {
		by = orderByPosition
	}
	if s.Order != orderUnknown && s.Order != by {
		return errMixed
	}
	last := t.conv.LastPosition
	switch {
	case by == orderByTime && s.Order == by:
		if e.CreatedAt < s.LastAt || (e.CreatedAt == s.LastAt && id != 0 && s.LastID != 0 && id < s.LastID) {
			return errors.New("older than the entry before it; without positions entries stand in order of created_at and id")
		}
	case by == orderByPosition && position <= last:
		return fmt.Errorf("position %d is taken: the conversation stands at %d", position, last)
	case by == orderByPosition && position > last+1:
		return fmt.Errorf("position %d leaves a gap: the conversation stands at %d", position, last)
	}
	s.Order, s.LastAt, s.LastID = by, e.CreatedAt, id
	t.staged, t.stateChanged = true, true
	return nil
}

// append moves what the conversation derives from its entries: by the rules of
// the domain, save for what the file gives.
func (t *thread) append(e *core.Entry, file int64) {
	c, s := &t.conv, &t.state
	before := *c
	core.Append(c, e)
	t.changed = true
	for i := range stamps {
		if s.Given&(1<<i) != 0 {
			*stamps[i].in(c) = *stamps[i].in(&before)
		}
	}
	if c.FirstResponseAt > c.LastResponseAt && c.LastResponseAt != 0 {
		// One of the two is the file's: the other one follows it.
		if s.Given&(1<<lastResponseStamp) != 0 {
			c.FirstResponseAt = c.LastResponseAt
		} else {
			c.LastResponseAt = c.FirstResponseAt
		}
	}
	if s.Closes {
		c.ClosedAt = c.LastActivityAt
	}
	seen := storedOf(e)
	if s.Primary.Exact {
		c.PrimaryMessageID = before.PrimaryMessageID
	}
	if s.Contact.Exact {
		// The file says how far the contact has read, so that an own message
		// says nothing.
		c.ContactCursor, c.ContactReadID = before.ContactCursor, before.ContactReadID
	}
	if s.Contact.arrived(file) {
		t.readByContact(seen, e.ID)
	}
	if s.Agent.arrived(file) {
		t.readByAgents(seen, e.ID)
	}
	if s.Primary.arrived(file) {
		c.PrimaryMessageID = e.ID
	}
	for agent, m := range s.Readers {
		if m.arrived(file) {
			s.Readers[agent] = m
			t.readByAgent(seen, agent, e.ID)
		}
	}
	s.Contact.follow(c, core.ContactSide, e, c.ContactLastSeenAt)
	s.Agent.follow(c, core.AgentSide, e, c.AgentLastSeenAt)
}

// arrived tells whether the entry, by its id in the file, is the one that the
// mark waits for.
func (m *mark) arrived(file int64) bool {
	if !m.waits() || m.ID != file {
		return false
	}
	m.Done = true
	return true
}

// follow moves a cursor that is set by a time: up to the first message that is
// newer and would be unread. See core.PrefixNotNewer.
func (m *mark) follow(c *core.Conversation, reader core.Side, e *core.Entry, at core.Time) {
	if !m.ByTime || m.Stopped {
		return
	}
	if core.CountsFor(e, reader) && e.CreatedAt > at {
		m.Stopped = true
		return
	}
	core.ReadUpTo(c, reader, e)
}

// replied moves the own cursor of the agent who wrote the entry, unless the
// file says where it stands.
func (a *applier) replied(ctx context.Context, t *thread, e *core.Entry) error {
	agent, ok := core.ReplyCursor(e)
	if !ok {
		return nil
	}
	if _, given := t.state.Readers[agent]; given {
		return nil
	}
	own, err := a.cursor(ctx, t, agent)
	if err != nil {
		return err
	}
	if !own.exists {
		own.ReadCursor = core.OwnCursor(&t.conv, agent)
	}
	if own.ReadTo(e) || !own.exists {
		t.put(own.ReadCursor)
	}
	return nil
}

func (a *applier) attachment(ctx context.Context, l *line, r *attachmentRecord) (bool, error) {
	if r.Path != "" && !filepath.IsLocal(r.Path) {
		return false, errAttachPath
	}
	message, err := a.resolve(ctx, store.EntryIDs, r.MessageID)
	if err != nil {
		return false, err
	}
	attachment := r.attachment(a.im.now)
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "attachment",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Attachment(ctx, a.account, r.ID)
			return isSame(held.MessageID == message, err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			id, err := a.equalAttachment(ctx, message, attachment, r.CreatedAt.given)
			return id, "", err
		},
	})
	if err != nil || v.exists {
		return false, err
	}
	attachment.ID, attachment.AccountID, attachment.MessageID = v.id, a.account, message
	seen, ok := a.entries[message]
	if !ok {
		e, err := a.tx.Entry(ctx, a.account, message)
		if err != nil {
			if core.KindOf(err) == core.NotFound {
				err = fmt.Errorf("message_id: %w", missing("message", r.MessageID))
			}
			return false, err
		}
		seen = storedOf(&e)
	}
	if seen.activity {
		return false, errAttachKind
	}
	attachment.ConversationID = seen.conversation
	if err := a.tx.InsertAttachment(ctx, &attachment); err != nil {
		return false, err
	}
	a.attached[message]++
	return true, a.assigned(ctx, r.self(), attachment.ID)
}

// equalAttachment looks for the attachment, while remapping, by all that it
// says: nothing else tells whether an earlier import stored it.
func (a *applier) equalAttachment(ctx context.Context, message int64, wanted core.Attachment, dated bool) (int64, error) {
	if _, fresh := a.entries[message]; fresh || !a.im.opts.Remap {
		return 0, nil
	}
	held, err := a.tx.Attachments(ctx, a.account, []int64{message})
	if err != nil {
		return 0, err
	}
	for i := range held {
		h := held[i]
		wanted.ID, wanted.AccountID, wanted.ConversationID, wanted.MessageID = h.ID, h.AccountID, h.ConversationID, h.MessageID
		if !dated {
			wanted.CreatedAt = h.CreatedAt
		}
		if h == wanted {
			return h.ID, nil
		}
	}
	return 0, nil
}

// countAttachments adds the batch's attachments to the counts of their
// messages.
func (a *applier) countAttachments(ctx context.Context) error {
	for _, id := range sortedKeys(a.attached) {
		e, err := a.tx.Entry(ctx, a.account, id)
		if err != nil {
			return err
		}
		e.AttachmentCount += a.attached[id]
		if err := a.tx.UpdateEntry(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
