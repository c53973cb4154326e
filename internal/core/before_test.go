package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
)

// TestBeforeOf: what changed is told as it was, and nothing else is.
func TestBeforeOf(t *testing.T) {
	t.Parallel()
	was := core.Conversation{
		Status: core.Open, SnoozedUntil: 1, WaitingSince: 2, Priority: "low", AssigneeID: 3, AssigneeBotID: 4, TeamID: 5, LabelIDs: []int64{6},
		CustomAttributes: `{"a":1}`, AdditionalAttributes: `{"b":1}`, UpdatedAt: 7, Subject: "Hello",
	}
	for field, want := range map[string]core.Before{
		core.FieldStatus: {Status: core.Open}, core.FieldSnoozedUntil: {SnoozedUntil: 1}, core.FieldPriority: {Priority: "low"},
		core.FieldAssignee: {AssigneeID: 3, AssigneeBotID: 4}, core.FieldTeam: {TeamID: 5}, core.FieldLabels: {LabelIDs: []int64{6}},
		core.FieldCustomAttributes: {CustomAttributes: `{"a":1}`}, core.FieldAdditionalAttributes: {AdditionalAttributes: `{"b":1}`},
		core.FieldSubject: {},
	} {
		want.UpdatedAt = 7
		if diff := cmp.Diff(want, core.BeforeOf(&was, []string{field})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
}
