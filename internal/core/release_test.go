package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
)

func TestRelease(t *testing.T) {
	t.Parallel()
	const agent, other, at = 5, 6, core.Time(100)
	for name, test := range map[string]struct {
		given, want core.Conversation
		changed     []string
	}{
		"assignee": {
			core.Conversation{AssigneeID: agent, LastAssigneeID: other, UpdatedAt: 1},
			core.Conversation{LastAssigneeID: agent, UpdatedAt: at},
			[]string{"assignee"},
		},
		"bot": {
			core.Conversation{AssigneeBotID: agent, LastAssigneeID: other, UpdatedAt: at + 1},
			core.Conversation{LastAssigneeID: other, UpdatedAt: at + 1},
			[]string{"assignee"},
		},
		"both": {
			core.Conversation{AssigneeID: agent, AssigneeBotID: agent, OwnerID: agent, BotID: agent, TeamID: agent},
			core.Conversation{LastAssigneeID: agent, OwnerID: agent, BotID: agent, TeamID: agent, UpdatedAt: at},
			[]string{"assignee"},
		},
		"participant": {
			core.Conversation{AssigneeID: other, ParticipantIDs: []int64{other, agent, 7}, UpdatedAt: 1},
			core.Conversation{AssigneeID: other, ParticipantIDs: []int64{other, 7}, UpdatedAt: at},
			[]string{"participants"},
		},
		"neither": {core.Conversation{AssigneeID: other, UpdatedAt: 1}, core.Conversation{AssigneeID: other, UpdatedAt: 1}, nil},
	} {
		got := test.given
		changed := core.Release(&got, agent, at)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(test.changed, changed); diff != "" {
			t.Errorf("%s: changed (-want +got):\n%s", name, diff)
		}
	}
}

func TestReleaseTeam(t *testing.T) {
	t.Parallel()
	c := core.Conversation{TeamID: 5, AssigneeID: 5}
	if changed := core.ReleaseTeam(&c, 6, 100); changed != nil || c.TeamID != 5 || c.UpdatedAt != 0 {
		t.Errorf("another team: %v, %+v", changed, c)
	}
	changed := core.ReleaseTeam(&c, 5, 100)
	if diff := cmp.Diff(core.Conversation{AssigneeID: 5, UpdatedAt: 100}, c); diff != "" || len(changed) != 1 || changed[0] != "team" {
		t.Errorf("%v (-want +got):\n%s", changed, diff)
	}
}
