package core

import "strconv"

// Codes of activities: what the system did. An entry of kind Activity carries
// one, with the parameters named here as members of its Params; its Sender is
// who did it. Other codes are kept as they come and mean something to whoever
// wrote them.
const (
	// ActivityImported is wording taken over from another system. No
	// parameters: the wording is the entry's Content.
	ActivityImported = "imported"
	// ActivityCustom is wording that a client gave, the entry's Content; source,
	// where there is one, names the client.
	ActivityCustom = "custom"
	// ActivityStatusChanged: status (a Status), where there is one status_code,
	// both as they are after the change, where there is one snoozed_until in
	// microseconds, and for what happened by itself cause.
	ActivityStatusChanged = "status_changed"
	// ActivityPriorityChanged: priority, "" = none now.
	ActivityPriorityChanged = "priority_changed"
	// ActivityAssigneeChanged: assignee_id, 0 = nobody now, and for what happened
	// by itself cause.
	ActivityAssigneeChanged = "assignee_changed"
	// ActivityTeamChanged: team_id and name, 0 and "" = none now.
	ActivityTeamChanged = "team_changed"
	// ActivityLabelAdded and ActivityLabelRemoved: label_id, title.
	ActivityLabelAdded   = "label_added"
	ActivityLabelRemoved = "label_removed"
	// ActivityInboxChanged: from and to, the names of the inboxes, and from_sub
	// and to_sub, those of their parts, "" = none.
	ActivityInboxChanged = "inbox_changed"
	// ActivityParticipantAdded and ActivityParticipantRemoved: agent_id, name.
	ActivityParticipantAdded   = "participant_added"
	ActivityParticipantRemoved = "participant_removed"
)

// Causes of changes that nobody asked for by name.
const (
	// CauseMessage: a message of the contact opened it again.
	CauseMessage = "message"
	// CauseSnooze: the time until which it was put off has come.
	CauseSnooze = "snooze_over"
	// CauseIdle: nothing was said for the time that its inbox allows.
	CauseIdle = "idle"
	// CauseTurn: nobody was in charge, and it was the agent's turn.
	CauseTurn = "turn"
	// CauseAgentDeleted: whoever was in charge or took part is no more.
	CauseAgentDeleted = "agent_deleted"
	// CauseTeamDeleted: the team that was in charge is no more.
	CauseTeamDeleted = "team_deleted"
)

// params builds the parameters of an activity.
type params struct{ json JSON }

func (p params) text(name, value string) params { return params{p.json.With(name, Quote(value))} }

func (p params) number(name string, value int64) params {
	return params{p.json.With(name, JSON(strconv.FormatInt(value, 10)))}
}
