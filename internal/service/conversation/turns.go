package conversation

import (
	"context"
	"slices"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/store"
)

// AssignTurn gives a conversation of the inbox that is open and nobody's, inside
// a command, to the agent whom next names for the team that it was given to, 0 =
// to none; nil leaves it. One that is somebody's, or elsewhere, by now is left
// alone, and nobody is asked for.
func (s *Writes) AssignTurn(ctx context.Context, tx store.Tx, account, inbox, id int64, next func(team int64) *core.Agent) error {
	w, err := s.begin(ctx, tx, account, id, system)
	if err != nil {
		return err
	}
	if !w.conv.Unassigned() || w.conv.InboxID != inbox {
		return nil
	}
	agent := next(w.conv.TeamID)
	if agent == nil {
		return nil
	}
	if err := w.apply(ctx, core.Assign(&w.conv, agent, core.CauseTurn, w.now), system); err != nil {
		return err
	}
	return w.finish(ctx)
}

// offer has an agent looked for when the conversation became nobody's, and work
// looked for when it was somebody's. A command that changed nothing of that
// costs nothing; Start offers what it begins by itself.
func (w *work) offer(ctx context.Context) error {
	if !slices.ContainsFunc(w.fields, decidesTurns) {
		return nil
	}
	if w.conv.Unassigned() {
		inbox, err := w.ownInbox(ctx)
		if err != nil {
			return err
		}
		if err := assignment.Offer(ctx, w.tx, &w.conv, inbox, w.now); err != nil {
			return err
		}
	}
	holds := w.conv.Status == core.Open && w.conv.AssigneeID == w.was.AssigneeID && w.conv.InboxID == w.was.InboxID
	if w.was.Status == core.Open && w.was.AssigneeID != 0 && !holds {
		return assignment.RoomMade(ctx, w.tx, w.conv.AccountID, w.now)
	}
	return nil
}

// decidesTurns tells whether a change of the field may find a conversation an
// agent, or an agent another conversation.
func decidesTurns(field string) bool {
	switch field {
	case core.FieldStatus, core.FieldAssignee, core.FieldTeam, core.FieldInbox:
		return true
	}
	return false
}

// ownInbox returns the conversation's inbox, which a command reads once.
func (w *work) ownInbox(ctx context.Context) (*core.Inbox, error) {
	if w.inbox.ID != w.conv.InboxID {
		inbox, err := w.tx.Inbox(ctx, w.conv.AccountID, w.conv.InboxID)
		if err != nil {
			return nil, err
		}
		w.inbox = inbox
	}
	return &w.inbox, nil
}
