package event_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/event"
	"parley/internal/store/storetest"
)

// TestFormer reads payloads as former versions wrote them: what was added since
// is not set, everything else comes back. A file of testdata/former is never
// rewritten: logs hold such payloads for as long as they are kept.
func TestFormer(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata/former")
	if err != nil {
		t.Fatal(err)
	}
	now := map[core.EventType]core.EventData{}
	for _, e := range storetest.Payloads(1) {
		now[e.Type] = e.Data
	}
	for _, f := range files {
		name, _ := strings.CutSuffix(f.Name(), ".json")
		typ := core.EventType(name)
		text, err := os.ReadFile("testdata/former/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		got, err := event.Decode(typ, string(text))
		if err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		if diff := cmp.Diff(withoutAdditions(now[typ]), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", typ, diff)
		}
	}
}

// withoutAdditions empties what payloads did not hold at first.
func withoutAdditions(data core.EventData) core.EventData {
	switch v := data.(type) {
	case core.ConversationChange:
		v.Cause, v.FromInboxID, v.Before = "", 0, core.Before{}
		return v
	case core.CannedResponse:
		v.UpdatedAt = 0
		return v
	case core.InboxChange:
		v.AgentIDs, v.Before = nil, nil
		return v
	case core.ContactChange:
		v.Before = nil
		return v
	case core.ContactMerge:
		v.Before = nil
		return v
	case core.IdentityMove:
		v.FromContactID = 0
		return v
	case core.Webhook:
		v.FormerUntil, v.Enabled, v.PausedAt, v.PausedReason, v.UpdatedAt = 0, false, 0, "", 0
		return v
	case core.ReadChange:
		v.Marked, v.FromSeq = false, 0
		return v
	}
	return data
}
