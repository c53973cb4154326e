package integrity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// checkConversations looks at all conversations and at the account's counters
// of them.
func (c *check) checkConversations(ctx context.Context) error {
	var count, highest int64
	tallies := map[store.TallyKey]int64{}
	for after := int64(0); ; {
		page, err := c.r.PageConversations(ctx, c.account.ID, after, pageConversations)
		if err != nil {
			return fmt.Errorf("page conversations: %w", err)
		}
		if err := c.checkPage(ctx, page); err != nil {
			return fmt.Errorf("check conversations: %w", err)
		}
		for i := range page {
			highest = max(highest, page[i].DisplayID)
			tallies[store.TallyOf(&page[i])]++
		}
		count += int64(len(page))
		if len(page) < pageConversations {
			break
		}
		after = page[len(page)-1].ID
	}
	if c.account.ConversationCount != count {
		c.fault("account", c.account.ID, "conversation_count is %d, it has %d", c.account.ConversationCount, count)
	}
	if c.account.LastDisplayID < highest {
		c.fault("account", c.account.ID, "last_display_id is %d, below display id %d", c.account.LastDisplayID, highest)
	}
	return c.checkTallies(ctx, tallies)
}

// checkTallies compares the kept counts of conversations with those counted.
func (c *check) checkTallies(ctx context.Context, counted map[store.TallyKey]int64) error {
	kept, err := c.r.ListTallies(ctx, c.account.ID)
	if err != nil {
		return fmt.Errorf("list tallies: %w", err)
	}
	difference := maps.Clone(counted)
	for _, t := range kept {
		difference[t.TallyKey] -= t.Count
	}
	for _, key := range slices.SortedFunc(maps.Keys(difference), compareTallies) {
		if n := counted[key]; difference[key] != 0 {
			c.fault("inbox", key.InboxID, "its tally of %s conversations of assignee %d and team %d is %d, it has %d",
				key.Status, key.AssigneeID, key.TeamID, n-difference[key], n)
		}
	}
	return nil
}

func compareTallies(a, b store.TallyKey) int {
	return cmp.Or(cmp.Compare(a.InboxID, b.InboxID), cmp.Compare(a.Status, b.Status), cmp.Compare(a.AssigneeID, b.AssigneeID), cmp.Compare(a.TeamID, b.TeamID))
}

// checkPage looks at some conversations in order of id.
func (c *check) checkPage(ctx context.Context, page []core.Conversation) error {
	if len(page) == 0 {
		return nil
	}
	c.sum.Conversations += int64(len(page))
	if err := c.prepare(ctx, page); err != nil {
		return err
	}
	replays := make([]*replay, len(page))
	for i := range page {
		if err := c.checkReferences(ctx, &page[i]); err != nil {
			return err
		}
		c.checkStamps(&page[i])
		replays[i] = newReplay(&page[i])
		if err := c.addOwnCursors(ctx, replays[i]); err != nil {
			return err
		}
	}
	if err := c.replayEntries(ctx, replays); err != nil {
		return err
	}
	for _, p := range replays {
		p.finish(c)
	}
	return nil
}

// prepare fetches in few reads what the page refers to most.
func (c *check) prepare(ctx context.Context, page []core.Conversation) error {
	var agents, labels []int64
	for i := range page {
		for _, ref := range agentRefs(&page[i]) {
			agents = append(agents, ref.id)
		}
		labels = append(labels, page[i].LabelIDs...)
	}
	c.agents.trim()
	if err := c.agents.fill(ctx, agents); err != nil {
		return fmt.Errorf("read agents: %w", err)
	}
	c.labels.trim()
	if err := c.labels.fill(ctx, labels); err != nil {
		return fmt.Errorf("read labels: %w", err)
	}
	return nil
}

// agentRef is one field that refers to an agent.
type agentRef struct {
	what string
	id   int64
}

func agentRefs(v *core.Conversation) []agentRef {
	refs := []agentRef{
		{"assignee", v.AssigneeID},
		{"last assignee", v.LastAssigneeID},
		{"assignee bot", v.AssigneeBotID},
		{"owner", v.OwnerID},
		{"serving bot", v.BotID},
	}
	for _, id := range v.ParticipantIDs {
		refs = append(refs, agentRef{"participant", id})
	}
	return refs
}

// checkReferences proves that everything the conversation refers to exists and
// belongs together.
func (c *check) checkReferences(ctx context.Context, v *core.Conversation) error {
	for _, ref := range agentRefs(v) {
		if err := c.needAgent(ctx, "conversation", v.ID, ref.what, ref.id); err != nil {
			return err
		}
	}
	if err := c.needLabels(ctx, "conversation", v.ID, v.LabelIDs); err != nil {
		return err
	}
	if err := need(ctx, c, &c.teams, "conversation", v.ID, "team", v.TeamID); err != nil {
		return err
	}
	if err := mustHave(ctx, c, &c.inboxes, "conversation", v.ID, "inbox", v.InboxID); err != nil {
		return err
	}
	if err := c.checkSubInbox(ctx, v); err != nil {
		return err
	}
	if err := c.checkIdentity(ctx, v); err != nil {
		return err
	}
	return c.checkDoor(ctx, v)
}

func (c *check) checkSubInbox(ctx context.Context, v *core.Conversation) error {
	if v.SubInboxID == 0 {
		return nil
	}
	sub, err := c.subInboxes.get(ctx, v.SubInboxID)
	switch {
	case err != nil:
		return err
	case sub == nil:
		c.fault("conversation", v.ID, "sub-inbox %d does not exist", v.SubInboxID)
	case sub.InboxID != v.InboxID:
		c.fault("conversation", v.ID, "sub-inbox %d belongs to inbox %d, not %d", sub.ID, sub.InboxID, v.InboxID)
	}
	return nil
}

func (c *check) checkIdentity(ctx context.Context, v *core.Conversation) error {
	identity, err := c.identities.get(ctx, v.IdentityID)
	switch {
	case err != nil:
		return err
	case identity == nil:
		c.fault("conversation", v.ID, "identity %d does not exist", v.IdentityID)
	case identity.ContactID != v.ContactID:
		c.fault("conversation", v.ID, "contact is %d, that of its identity %d is %d", v.ContactID, identity.ID, identity.ContactID)
	}
	return nil
}

// checkDoor looks at the contact inbox. They are about as many as there are
// conversations, so none is remembered.
func (c *check) checkDoor(ctx context.Context, v *core.Conversation) error {
	if v.ContactInboxID == 0 {
		return nil
	}
	door, err := c.r.ContactInbox(ctx, c.account.ID, v.ContactInboxID)
	if err != nil && core.KindOf(err) == core.NotFound {
		c.fault("conversation", v.ID, "contact inbox %d does not exist", v.ContactInboxID)
		return nil
	}
	if err != nil {
		return err
	}
	if door.IdentityID != v.IdentityID {
		c.fault("conversation", v.ID, "contact inbox %d belongs to identity %d, not %d", door.ID, door.IdentityID, v.IdentityID)
	}
	if door.InboxID != v.InboxID {
		c.fault("conversation", v.ID, "contact inbox %d belongs to inbox %d, not %d", door.ID, door.InboxID, v.InboxID)
	}
	return nil
}

// checkStamps reports stamps that no import and no rule can have given.
func (c *check) checkStamps(v *core.Conversation) {
	for _, stamp := range []struct {
		name string
		at   core.Time
	}{
		{"created_at", v.CreatedAt}, {"customer_updated_at", v.CustomerUpdatedAt}, {"updated_at", v.UpdatedAt},
	} {
		if !stamp.at.IsSet() {
			c.fault("conversation", v.ID, "%s is not set", stamp.name)
		}
	}
	if v.FirstResponseAt.IsSet() && v.LastResponseAt.IsSet() && v.FirstResponseAt > v.LastResponseAt {
		c.fault("conversation", v.ID, "first_response_at %d is later than last_response_at %d", v.FirstResponseAt, v.LastResponseAt)
	}
	if v.DisplayID < 1 {
		c.fault("conversation", v.ID, "display_id is %d", v.DisplayID)
	}
}

// addOwnCursors has the replay follow the agents' own cursors.
func (c *check) addOwnCursors(ctx context.Context, p *replay) error {
	for after := int64(0); ; {
		own, err := c.r.PageReadCursors(ctx, c.account.ID, p.kept.ID, after, pageRows)
		if err != nil {
			return fmt.Errorf("page read cursors: %w", err)
		}
		c.sum.ReadCursors += int64(len(own))
		for _, r := range own {
			what := fmt.Sprintf("read cursor of agent %d", r.AgentID)
			if err := c.needAgent(ctx, "conversation", p.kept.ID, what+": agent", r.AgentID); err != nil {
				return err
			}
			p.cursors = append(p.cursors, &cursor{
				what: what, of: "contact_seq", end: p.kept.ContactSeq, at: r.Seq, entry: r.EntryID,
				seq: func(e *core.Entry) int64 { return e.ContactSeq },
			})
		}
		if len(own) < pageRows {
			return nil
		}
		after = own[len(own)-1].AgentID
	}
}

// replayEntries reads the entries of all the conversations and hands them to
// their replays in order.
//
// One conversation is read at a time: where a read names many, PostgreSQL may
// walk through the whole account instead. What the entries refer to is fetched
// for a page of them, whichever conversations they belong to.
func (c *check) replayEntries(ctx context.Context, replays []*replay) error {
	byID := make(map[int64]*replay, len(replays))
	var read []core.Entry
	for _, p := range replays {
		byID[p.kept.ID] = p
		q := store.EntryQuery{ConversationIDs: []int64{p.kept.ID}, Limit: pageRows}
		for {
			entries, err := c.r.ListEntries(ctx, c.account.ID, q)
			if err != nil {
				return fmt.Errorf("list entries: %w", err)
			}
			read = append(read, entries...)
			if len(read) >= pageRows {
				if err := c.checkEntries(ctx, read, byID); err != nil {
					return err
				}
				read = read[:0]
			}
			if len(entries) < pageRows || entries[pageRows-1].Position <= q.After {
				break
			}
			q.After = entries[pageRows-1].Position
		}
	}
	return c.checkEntries(ctx, read, byID)
}

// checkEntries looks at a page of entries.
func (c *check) checkEntries(ctx context.Context, entries []core.Entry, byID map[int64]*replay) error {
	c.sum.Entries += int64(len(entries))
	attachments, err := c.attachments(ctx, entries)
	if err != nil {
		return err
	}
	var agents []int64
	for i := range entries {
		if entries[i].Sender.Type == core.ActorAgent {
			agents = append(agents, entries[i].Sender.ID)
		}
	}
	c.agents.trim()
	if err := c.agents.fill(ctx, agents); err != nil {
		return fmt.Errorf("read authors: %w", err)
	}
	for i := range entries {
		e := &entries[i]
		if err := c.checkAuthor(ctx, e); err != nil {
			return err
		}
		if !e.CreatedAt.IsSet() {
			c.fault("entry", e.ID, "created_at is not set")
		}
		if e.AttachmentCount != attachments[e.ID] {
			c.fault("entry", e.ID, "attachment_count is %d, it has %d", e.AttachmentCount, attachments[e.ID])
		}
		byID[e.ConversationID].next(e)
	}
	return c.checkEntryDocuments(ctx, entries)
}

// attachments counts those of each entry, and proves that they lie in its
// conversation.
func (c *check) attachments(ctx context.Context, entries []core.Entry) (map[int64]int64, error) {
	conversation := make(map[int64]int64, len(entries))
	count := map[int64]int64{}
	var ids []int64
	for i := range entries {
		conversation[entries[i].ID] = entries[i].ConversationID
		ids = append(ids, entries[i].ID)
	}
	for len(ids) > 0 {
		chunk := ids[:min(len(ids), store.MaxIDs)]
		ids = ids[len(chunk):]
		found, err := c.r.Attachments(ctx, c.account.ID, chunk)
		if err != nil {
			return nil, fmt.Errorf("read attachments: %w", err)
		}
		c.sum.Attachments += int64(len(found))
		for i := range found {
			a := &found[i]
			count[a.MessageID]++
			if want := conversation[a.MessageID]; a.ConversationID != want {
				c.fault("attachment", a.ID, "conversation is %d, that of its message %d is %d", a.ConversationID, a.MessageID, want)
			}
		}
	}
	return count, nil
}

// checkAuthor proves that who said it exists; 0 is nobody in particular.
func (c *check) checkAuthor(ctx context.Context, e *core.Entry) error {
	switch e.Sender.Type {
	case core.ActorAgent:
		if err := c.needAgent(ctx, "entry", e.ID, "author: agent", e.Sender.ID); err != nil {
			return err
		}
	case core.ActorContact:
		if err := need(ctx, c, &c.contacts, "entry", e.ID, "author: contact", e.Sender.ID); err != nil {
			return err
		}
	case core.ActorSystem:
	}
	return need(ctx, c, &c.identities, "entry", e.ID, "author's identity", e.Sender.IdentityID)
}
