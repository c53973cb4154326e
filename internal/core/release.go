package core

import "slices"

// Release takes the agent out of the conversation, as assignee, as assignee bot
// and as one who takes part, and returns the names of what changed, none when
// the agent was none of them. Who was in charge last stays on record. It moves
// no stamp but UpdatedAt: nothing was said or done in the conversation.
func Release(c *Conversation, agent int64, at Time) (changed []string) {
	if c.AssigneeID == agent || c.AssigneeBotID == agent {
		changed = append(changed, FieldAssignee)
	}
	if c.AssigneeID == agent {
		c.AssigneeID, c.LastAssigneeID = 0, agent
	}
	if c.AssigneeBotID == agent {
		c.AssigneeBotID = 0
	}
	if i := slices.Index(c.ParticipantIDs, agent); i >= 0 {
		c.ParticipantIDs = slices.Delete(slices.Clone(c.ParticipantIDs), i, i+1)
		changed = append(changed, FieldParticipants)
	}
	if len(changed) > 0 {
		c.UpdatedAt = c.UpdatedAt.Later(at)
	}
	return changed
}

// ReleaseTeam is Release for the team that a conversation was given to.
func ReleaseTeam(c *Conversation, team int64, at Time) (changed []string) {
	if c.TeamID != team {
		return nil
	}
	c.TeamID = 0
	c.UpdatedAt = c.UpdatedAt.Later(at)
	return []string{FieldTeam}
}
