package sqlite

import (
	"testing"

	"parley/internal/store/storetest"
)

func TestTheStaffStepGivesOldAccountsProfiles(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	storetest.CheckStaffStep(t, storetest.Steps{Engine: e, All: Migrations(), Migrate: e.migrate})
}

func TestTheTallyStepCountsOldConversations(t *testing.T) {
	t.Parallel()
	e := openTest(t, Options{})
	storetest.CheckTallyStep(t, storetest.Steps{Engine: e, All: Migrations(), Migrate: e.migrate})
}
