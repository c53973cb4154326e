package interchange

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

var errResponses = errors.New("first_response_at is later than last_response_at")

func (a *applier) conversation(ctx context.Context, l *line, r *conversationRecord) (bool, error) {
	if first, last := r.FirstResponseAt.at, r.LastResponseAt.at; first > last && last != 0 {
		return false, errResponses
	}
	identity, err := a.identityRef(ctx, r.IdentityID)
	if err != nil {
		return false, err
	}
	inbox, err := a.inAccount(ctx, "inbox_id", place{store.InboxIDs, r.InboxID})
	if err != nil {
		return false, err
	}
	uuid := r.UUID
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "conversation",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Conversation(ctx, a.account, r.ID)
			same := sameUUID(r.UUID, held.UUID, held.IdentityID == identity.ID && held.InboxID == inbox)
			return isSame(same && (r.DisplayID == 0 || a.im.opts.Remap || r.DisplayID == held.DisplayID), err)
		},
		natural: func(ctx context.Context) (int64, string, error) { return a.naturalConversation(ctx, uuid, r.DisplayID) },
		first:   keyOfUUID,
		uuid:    &uuid,
	})
	if err != nil {
		return false, err
	}
	if v.exists {
		return false, a.resume(ctx, l, r, v.id)
	}
	c := r.conversation(a.im.now, nil)
	c.ID, c.UUID, c.AccountID, c.InboxID = v.id, uuid, a.account, inbox
	c.IdentityID, c.ContactID = identity.ID, identity.ContactID
	if err := a.conversationRefs(ctx, r, &c); err != nil {
		return false, err
	}
	if err := a.tx.InsertConversation(ctx, &c); err != nil {
		return false, err
	}
	if j, sleeps := store.WakeOf(&c); sleeps {
		if err := a.tx.PutJob(ctx, j); err != nil {
			return false, err
		}
	}
	if c.ContactInboxID == 0 {
		if err := push(ctx, a.tx, a.account, stagedIncomplete, c.ID); err != nil {
			return false, err
		}
	}
	t := &thread{conv: c, fresh: true, state: newState(l, r), staged: true, stateChanged: true}
	if err := a.keep(ctx, t); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), c.ID)
}

// naturalConversation looks for what must be unique beside the id. Remapping
// gives a taken display id up.
func (a *applier) naturalConversation(ctx context.Context, uuid string, displayID int64) (int64, string, error) {
	if uuid != "" {
		if held, ok, err := a.tx.FindConversationByUUID(ctx, a.account, uuid); ok || err != nil {
			return found(held.ID, keyOfUUID, ok, err)
		}
	}
	if displayID == 0 || a.im.opts.Remap {
		return 0, "", nil
	}
	held, ok, err := a.tx.FindConversationByDisplayID(ctx, a.account, displayID)
	return found(held.ID, keyOfDisplayID, ok, err)
}

// newState is what is to be remembered of a new conversation.
func newState(l *line, r *conversationRecord) threadState {
	s := threadState{
		Line:    l.number,
		Contact: mark{ByTime: r.ContactLastSeenAt.at != 0},
		Agent:   mark{ByTime: r.AgentLastSeenAt.at != 0},
	}
	for i := range stamps {
		if _, given := stamps[i].given(r); given {
			s.Given |= 1 << i
		}
	}
	s.Closes = core.Status(r.Status) == core.Resolved && s.Given&(1<<closedStamp) == 0
	if r.ContactReadMessageID != nil {
		s.Contact = exactly(*r.ContactReadMessageID)
	}
	if r.AgentReadMessageID != nil {
		s.Agent = exactly(*r.AgentReadMessageID)
	}
	if r.PrimaryMessageID != nil {
		s.Primary = exactly(*r.PrimaryMessageID)
	}
	return s
}

// conversationRefs resolves what the record refers to beside inbox and
// identity.
func (a *applier) conversationRefs(ctx context.Context, r *conversationRecord, c *core.Conversation) (err error) {
	if err := a.subInboxRef(ctx, r, c); err != nil {
		return err
	}
	if c.TeamID, err = a.inAccount(ctx, "team_id", place{store.TeamIDs, r.TeamID}); err != nil {
		return err
	}
	for _, ref := range [...]struct {
		key string
		id  *int64
	}{
		{"assignee_id", &c.AssigneeID},
		{"last_assignee_id", &c.LastAssigneeID},
		{"assignee_bot_id", &c.AssigneeBotID},
		{"owner_id", &c.OwnerID},
		{"bot_id", &c.BotID},
	} {
		if *ref.id, err = a.agentRef(ctx, ref.key, *ref.id); err != nil {
			return err
		}
	}
	if c.LabelIDs, err = a.labelRefs(ctx, r.Labels); err != nil {
		return err
	}
	if c.ParticipantIDs, err = a.agentRefs(ctx, "participant_ids", r.ParticipantIDs); err != nil {
		return err
	}
	if a.im.opts.Remap && c.DisplayID != 0 {
		_, taken, err := a.tx.FindConversationByDisplayID(ctx, a.account, c.DisplayID)
		if err != nil {
			return err
		}
		if taken {
			c.DisplayID = 0
		}
	}
	return a.contactInboxRef(ctx, r, c)
}

func (a *applier) subInboxRef(ctx context.Context, r *conversationRecord, c *core.Conversation) error {
	if r.SubInboxID == 0 {
		return nil
	}
	to, err := a.resolve(ctx, store.SubInboxIDs, r.SubInboxID)
	if err != nil {
		return err
	}
	sub, err := a.tx.SubInbox(ctx, a.account, to)
	switch {
	case err != nil && core.KindOf(err) == core.NotFound:
		return fmt.Errorf("sub_inbox_id: %w", missing("sub-inbox", r.SubInboxID))
	case err != nil:
		return err
	case sub.InboxID != c.InboxID:
		return fmt.Errorf("sub_inbox_id: sub-inbox %d is one of another inbox", r.SubInboxID)
	}
	c.SubInboxID = sub.ID
	return nil
}

// contactInboxRef resolves the contact inbox, or finds the identity's own.
func (a *applier) contactInboxRef(ctx context.Context, r *conversationRecord, c *core.Conversation) error {
	if r.ContactInboxID != 0 {
		to, err := a.resolve(ctx, store.ContactInboxIDs, r.ContactInboxID)
		if err != nil {
			return err
		}
		ci, err := a.tx.ContactInbox(ctx, a.account, to)
		switch {
		case err != nil && core.KindOf(err) == core.NotFound:
			return fmt.Errorf("contact_inbox_id: %w", missing("contact inbox", r.ContactInboxID))
		case err != nil:
			return err
		case ci.IdentityID != c.IdentityID:
			return fmt.Errorf("contact_inbox_id: contact inbox %d is one of another identity", r.ContactInboxID)
		case ci.InboxID != c.InboxID:
			return fmt.Errorf("contact_inbox_id: contact inbox %d is one of another inbox", r.ContactInboxID)
		}
		c.ContactInboxID = ci.ID
		return nil
	}
	ci, _, err := a.tx.FindContactInbox(ctx, a.account, c.IdentityID, c.InboxID)
	c.ContactInboxID = ci.ID // 0: made at the end, see makeContactInboxes
	return err
}

// resume takes the entries that the record names from the record once more:
// an earlier run, which did not reach its end, stored the conversation, and
// what the record named wrongly then may have been corrected.
func (a *applier) resume(ctx context.Context, l *line, r *conversationRecord, id int64) error {
	if _, loaded := a.threads.byID[id]; !loaded {
		if _, unfinished, err := a.findState(ctx, id); err != nil || !unfinished {
			return err
		}
	}
	t, err := a.thread(ctx, id)
	if err != nil {
		return err
	}
	again := newState(l, r)
	for _, m := range [...]struct {
		key  string
		mark *mark
		now  mark
		set  func(seen stored, id int64)
	}{
		{"contact_read_message_id", &t.state.Contact, again.Contact, t.readByContact},
		{"agent_read_message_id", &t.state.Agent, again.Agent, t.readByAgents},
		{"primary_message_id", &t.state.Primary, again.Primary, func(_ stored, id int64) { t.conv.PrimaryMessageID = id }},
	} {
		same := m.mark.Exact == m.now.Exact && m.mark.ID == m.now.ID
		if !m.now.Exact || (same && m.mark.Done) {
			continue
		}
		seen, entry, err := a.entryRef(ctx, t, m.now.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
		*m.mark = m.now
		if m.mark.Done = entry != 0 || m.now.ID == 0; m.mark.Done {
			m.set(seen, entry)
			t.changed = true
		}
	}
	t.state.Line = l.number
	t.stateChanged = true
	return nil
}

// entryRef finds an entry of the conversation by its id in the file; 0 when
// it has not come.
func (a *applier) entryRef(ctx context.Context, t *thread, id int64) (stored, int64, error) {
	if id == 0 {
		return stored{}, 0, nil
	}
	to, err := a.resolve(ctx, store.EntryIDs, id)
	if err != nil {
		return stored{}, 0, err
	}
	seen, ok := a.entries[to]
	if !ok {
		e, err := a.tx.Entry(ctx, a.account, to)
		if err != nil {
			if core.KindOf(err) == core.NotFound {
				return stored{}, 0, nil
			}
			return stored{}, 0, err
		}
		seen = storedOf(&e)
	}
	if seen.conversation != t.conv.ID {
		return stored{}, 0, fmt.Errorf("message %d is one of another conversation", id)
	}
	return seen, to, nil
}

func storedOf(e *core.Entry) stored {
	return stored{e.ConversationID, e.AgentSeq, e.ContactSeq, e.Kind == core.Activity}
}

// readByContact sets the contact's cursor exactly.
func (t *thread) readByContact(seen stored, id int64) {
	t.conv.ContactCursor, t.conv.ContactReadID = seen.agentSeq, id
}

// readByAgents sets the agents' shared cursor exactly.
func (t *thread) readByAgents(seen stored, id int64) {
	t.conv.AgentCursor, t.conv.AgentReadID = seen.contactSeq, id
}

// readByAgent sets one agent's own cursor exactly.
func (t *thread) readByAgent(seen stored, agent, id int64) {
	t.put(core.ReadCursor{
		AccountID:      t.conv.AccountID,
		ConversationID: t.conv.ID,
		AgentID:        agent,
		EntryID:        id,
		Seq:            seen.contactSeq,
	})
}

func (a *applier) readCursor(ctx context.Context, _ *line, r *readCursorRecord) (bool, error) {
	t, err := a.threadRef(ctx, r.ConversationID)
	if err != nil {
		return false, err
	}
	agent, err := a.agentRef(ctx, "agent_id", r.AgentID)
	if err != nil {
		return false, err
	}
	cursor, err := a.cursor(ctx, t, agent)
	if err != nil {
		return false, err
	}
	before, given := t.state.Readers[agent]
	switch {
	case cursor.exists && !t.staged:
		return false, nil // the conversation was imported to its end
	case given && before.Done && before.ID == r.MessageID:
		return false, nil
	}
	seen, entry, err := a.entryRef(ctx, t, r.MessageID)
	if err != nil {
		return false, err
	}
	m := exactly(r.MessageID)
	if m.Done = entry != 0 || r.MessageID == 0; m.Done {
		t.readByAgent(seen, agent, entry)
	}
	if t.state.Readers == nil {
		t.state.Readers = map[int64]mark{}
	}
	t.state.Readers[agent] = m
	t.staged, t.stateChanged = true, true
	return true, nil
}

// threadRef resolves a reference to a conversation.
func (a *applier) threadRef(ctx context.Context, id int64) (*thread, error) {
	to, err := a.resolve(ctx, store.ConversationIDs, id)
	if err != nil {
		return nil, err
	}
	t, err := a.thread(ctx, to)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = missing("conversation", id)
	}
	return t, err
}
