package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/service/attribute"
	"parley/internal/service/contact"
	"parley/internal/store"
)

// Changes says what to change about a conversation; nil leaves things as they
// are. All that is given is changed in one transaction or not at all.
type Changes struct {
	Status *core.NewStatus
	// Priority is low, medium, high or urgent; "" takes it away.
	Priority *string
	// AssigneeID is a person or a bot; 0 is nobody. UnassignID is an agent who
	// is to be in charge no longer: one who is not in charge is core.Invalid.
	AssigneeID, UnassignID *int64
	TeamID                 *int64 // 0 is none
	// AddLabels and RemoveLabels are ids of labels of the account.
	AddLabels, RemoveLabels []int64
	// SetLabels are all the labels that the conversation is to have.
	SetLabels *[]int64
	// Place is the inbox and the part of it to move to.
	Place   *PlaceID
	Subject *string
	// Custom attributes: the whole object; or members to set; or members to set,
	// of which those that are null are taken away.
	CustomAttributes, MergeCustomAttributes, PatchCustomAttributes *core.JSON
	// Defined has the account's attribute definitions rule what is written to
	// the custom attributes; without it they may be anything.
	Defined bool
	// Ext returns what dialects keep with the conversation from what it is, or
	// why it cannot. ExtShown tells whether the customer's side may see it.
	Ext      func(ext core.JSON) (core.JSON, error)
	ExtShown bool
	// Participants to add and to remove, ids of agents.
	AddParticipants, RemoveParticipants []int64
	If                                  core.Check[core.Conversation]
}

// PlaceID names an inbox and, unless it is 0, one of its parts.
type PlaceID struct{ InboxID, SubInboxID int64 }

// Change changes a conversation in the actor's name and returns it. What is as
// it should be already is left alone: then nothing is told, and no stamp moves.
// Things that the account does not have are core.Invalid, the conversation
// itself core.NotFound.
func (s *Writes) Change(ctx context.Context, account, conversation int64, actor core.Actor, in Changes) (core.Conversation, error) {
	c, err := s.on(ctx, account, conversation, actor, func(ctx context.Context, w *work) error {
		if err := in.If.Of(w.conv); err != nil {
			return err
		}
		rules, err := w.rules(ctx, &in)
		if err != nil {
			return err
		}
		// Rules decide first, on a copy: the command may refuse only while it
		// has written nothing.
		trial := w.conv
		for _, rule := range rules {
			if _, err := rule(&trial); err != nil {
				return err
			}
		}
		for _, rule := range rules {
			ch, err := rule(&w.conv)
			if err != nil {
				return err
			}
			if err := w.apply(ctx, ch, w.actor); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return core.Conversation{}, fmt.Errorf("change conversation: %w", err)
	}
	return c, nil
}

// rule is one rule of core with all that it needs to know.
type rule func(c *core.Conversation) (core.Change, error)

// rules reads what the changes refer to and returns them as rules.
func (w *work) rules(ctx context.Context, in *Changes) ([]rule, error) {
	if _, err := checkActor(ctx, w.tx, &w.conv, &w.actor, "actor"); err != nil {
		return nil, err
	}
	if in.Defined {
		err := attribute.Check(ctx, w.tx, w.conv.AccountID, core.AppliesToConversation, w.conv.CustomAttributes,
			in.CustomAttributes, in.MergeCustomAttributes, in.PatchCustomAttributes)
		if err != nil {
			return nil, err
		}
	}
	var rules []rule
	sure := func(do func(c *core.Conversation) core.Change) {
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return do(c), nil })
	}
	now := w.now
	if in.Place != nil {
		from, to, door, err := w.places(ctx, *in.Place)
		if err != nil {
			return nil, err
		}
		sure(func(c *core.Conversation) core.Change { return core.Move(c, &from, &to, door, now) })
	}
	if in.Subject != nil {
		sure(func(c *core.Conversation) core.Change { return core.SetSubject(c, *in.Subject, now) })
	}
	if in.CustomAttributes != nil {
		rules = append(rules, customAttributes(func(core.JSON) core.JSON { return *in.CustomAttributes }, now))
	}
	if in.MergeCustomAttributes != nil {
		rules = append(rules, customAttributes(func(old core.JSON) core.JSON { return old.Merge(*in.MergeCustomAttributes) }, now))
	}
	if in.PatchCustomAttributes != nil {
		rules = append(rules, customAttributes(func(old core.JSON) core.JSON { return old.Patch(*in.PatchCustomAttributes) }, now))
	}
	if in.Status != nil {
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.SetStatus(c, *in.Status, now) })
	}
	if in.Priority != nil {
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.SetPriority(c, *in.Priority, now) })
	}
	if in.Ext != nil { // after the status, which takes what dialects said of the old one
		rules = append(rules, func(c *core.Conversation) (core.Change, error) {
			ext, err := in.Ext(c.Ext)
			if err == nil {
				err = core.CheckObject("ext", ext, core.MaxObjectBytes)
			}
			if err != nil {
				return core.Change{}, err
			}
			return core.SetExt(c, ext, in.ExtShown, now), nil
		})
	}
	people, err := w.peopleRules(ctx, in)
	if err != nil {
		return nil, err
	}
	labels, err := w.labelRules(ctx, in)
	return append(append(rules, people...), labels...), err
}

func customAttributes(attributes func(old core.JSON) core.JSON, now core.Time) rule {
	return func(c *core.Conversation) (core.Change, error) {
		a := attributes(c.CustomAttributes)
		return core.SetCustomAttributes(c, a, now), core.CheckObject("custom_attributes", a, core.MaxObjectBytes)
	}
}

// peopleRules are the rules about agents.
func (w *work) peopleRules(ctx context.Context, in *Changes) ([]rule, error) {
	var rules []rule
	now := w.now
	if in.AssigneeID != nil {
		var assignee *core.Agent
		if *in.AssigneeID != 0 {
			a, err := findAgent(ctx, w.tx, w.conv.AccountID, *in.AssigneeID, "assignee")
			if err != nil {
				return nil, err
			}
			assignee = &a
		}
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.Assign(c, assignee, "", now), nil })
	}
	if in.TeamID != nil {
		var team *core.Team
		if *in.TeamID != 0 {
			t, err := w.tx.Team(ctx, w.conv.AccountID, *in.TeamID)
			if err != nil {
				if core.KindOf(err) == core.NotFound {
					err = core.Refuse("team", fmt.Sprintf("there is no team %d", *in.TeamID))
				}
				return nil, err
			}
			team = &t
		}
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.AssignTeam(c, team, now), nil })
	}
	if in.UnassignID != nil {
		rules = append(rules, func(c *core.Conversation) (core.Change, error) {
			if *in.UnassignID == 0 || (c.AssigneeID != *in.UnassignID && c.AssigneeBotID != *in.UnassignID) {
				return core.Change{}, core.Refuse("assignee", "the agent is not in charge")
			}
			return core.Assign(c, nil, "", now), nil
		})
	}
	for _, id := range in.AddParticipants {
		a, err := findAgent(ctx, w.tx, w.conv.AccountID, id, "participant")
		if err != nil {
			return nil, err
		}
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.AddParticipant(c, &a, now) })
	}
	for _, id := range in.RemoveParticipants {
		a, err := w.participant(ctx, id)
		if err != nil {
			return nil, err
		}
		rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.RemoveParticipant(c, &a, now), nil })
	}
	return rules, nil
}

// participant returns an agent who is to take part no longer, and may be deleted.
func (w *work) participant(ctx context.Context, id int64) (core.Agent, error) {
	a, err := w.tx.Agent(ctx, w.conv.AccountID, id)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = core.Refuse("participant", fmt.Sprintf("there is no agent %d", id))
	}
	return a, err
}

// labelsTo returns which labels are to be added and removed so that the
// conversation has these. Deleted ones that it still lists stay where they are.
func (w *work) labelsTo(ctx context.Context, wanted []int64) (add, remove []int64, err error) {
	for _, id := range wanted {
		if !slices.Contains(w.conv.LabelIDs, id) && !slices.Contains(add, id) {
			add = append(add, id)
		}
	}
	var others []int64
	for _, id := range w.conv.LabelIDs {
		if !slices.Contains(wanted, id) {
			others = append(others, id)
		}
	}
	found, err := w.tx.LabelsByID(ctx, w.conv.AccountID, others[:min(len(others), store.MaxIDs)])
	for i := range found {
		if !found[i].DeletedAt.IsSet() {
			remove = append(remove, found[i].ID)
		}
	}
	return add, remove, err
}

// labelRules are the rules about labels.
func (w *work) labelRules(ctx context.Context, in *Changes) ([]rule, error) {
	add, remove := in.AddLabels, in.RemoveLabels
	if in.SetLabels != nil {
		var err error
		if add, remove, err = w.labelsTo(ctx, *in.SetLabels); err != nil {
			return nil, err
		}
	}
	if len(add)+len(remove) == 0 {
		return nil, nil
	}
	ids := append(append([]int64(nil), add...), remove...)
	if len(ids) > store.MaxIDs {
		return nil, core.Refuse("labels", "too many at once")
	}
	found, err := w.tx.LabelsByID(ctx, w.conv.AccountID, ids)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*core.Label{}
	for i := range found {
		if !found[i].DeletedAt.IsSet() {
			byID[found[i].ID] = &found[i]
		}
	}
	var rules []rule
	now := w.now
	for i, id := range ids {
		l := byID[id]
		switch {
		case l == nil:
			return nil, core.Refuse("labels", fmt.Sprintf("there is no label %d", id))
		case i < len(add):
			rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.AddLabel(c, l, now) })
		default:
			rules = append(rules, func(c *core.Conversation) (core.Change, error) { return core.RemoveLabel(c, l, now), nil })
		}
	}
	return rules, nil
}

// places returns where the conversation is and where it is to go, with the
// identity's door there, which is made when there is none.
func (w *work) places(ctx context.Context, to PlaceID) (from, target core.Place, door int64, err error) {
	account := w.conv.AccountID
	if from, err = findPlace(ctx, w.tx, account, PlaceID{w.conv.InboxID, w.conv.SubInboxID}); err != nil {
		return from, target, 0, err
	}
	if target, err = findPlace(ctx, w.tx, account, to); err != nil || to.InboxID == w.conv.InboxID {
		return from, target, w.conv.ContactInboxID, err
	}
	identity, err := w.tx.Identity(ctx, account, w.conv.IdentityID)
	if err != nil {
		return from, target, 0, err
	}
	ci, err := contact.DoorIn(ctx, w.tx, identity, to.InboxID, w.actor, w.now)
	return from, target, ci.ID, err
}

// findPlace returns an inbox and its part.
func findPlace(ctx context.Context, r store.Inboxes, account int64, at PlaceID) (core.Place, error) {
	inbox, err := r.Inbox(ctx, account, at.InboxID)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			err = core.Refuse("inbox", fmt.Sprintf("there is no inbox %d", at.InboxID))
		}
		return core.Place{}, err
	}
	p := core.Place{Inbox: inbox}
	if at.SubInboxID == 0 {
		return p, nil
	}
	sub, err := r.SubInbox(ctx, account, at.SubInboxID)
	switch {
	case err != nil && core.KindOf(err) != core.NotFound:
		return core.Place{}, err
	case err != nil, sub.InboxID != inbox.ID:
		return core.Place{}, core.Refuse("sub_inbox", fmt.Sprintf("inbox %d has no part %d", at.InboxID, at.SubInboxID))
	}
	p.SubInbox = sub
	return p, nil
}
