package commbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/testkit/testserver"
)

// The keys of V2's sample body, each behind the way to it, in its order.
const userKeys = "id managerId isManager encryptedId identity uniqueId phone1 phone2 email firstName lastName gender " +
	"numberIdentities locale birthday remarks content"

var seedKeys = map[string]string{
	"": "totalUnreadChatMessages status description response_time data",
	"data": "objectId streamId subStreamId streamProviderId streamProviderType user_identity firstName lastName moduleId " +
		"userStreamProviderId userStreamProviderType content message createdTime updatedTime closedTime firstResponseTime " +
		"lastResponseTime statusId assignedManagerId lastAssignedManagerId type user isManager childs activityLogs tagsObjectId " +
		"customerParticipants unreadMessages",
	"data.user":                 userKeys,
	"data.childs":               "id objectId content message createdTime streamProviderType type user",
	"data.childs.user":          userKeys,
	"data.childs.user.identity": "id streamProviderId streamProviderType firstName lastName thumbnailUrl",
}

// The keys of Get Object's schema, in its order. The server sends more in
// between.
var schemaKeys = map[string]string{
	"": "status description response_time data",
	"data": "objectId streamId subStreamId streamProviderId streamProviderType user_identity firstName lastName userStreamProviderId " +
		"userStreamProviderType content message createdTime updatedTime closeTime firstResponseTime lastResponseTime statusId " +
		"assignedManagerId lastAssignedManagerId type user isManager childs",
	"data.user":                 "id uniqueId phone1 phone2 email firstName lastName gender numberIdentities locale birthday remarks content",
	"data.childs":               "id object_id content message createdTime streamProviderType user",
	"data.childs.user":          "id managerId isManager identity",
	"data.childs.user.identity": "id streamProviderId streamProviderType firstName lastName thumbnailUrl",
}

// The keys of Get Object Activities' items, in their order.
var activityKeys = map[string]string{
	"data.activityLogs":               "objectId user type data createdTime",
	"data.activityLogs.user":          "id first_name last_name identity",
	"data.activityLogs.user.identity": "identityId thumbnailUrl",
}

func TestKeysStandInThePublishedOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"seed", "sample", "every_field", "messages", "statuses"} {
		got := goldenKeys(t, "user_objects/"+name)
		for at, want := range seedKeys {
			if at == "data.childs.user.identity" && got[at] == "" {
				continue // nobody with an address wrote
			}
			if got[at] != want {
				t.Errorf("%s: keys at %q are\n%s, want\n%s", name, at, got[at], want)
			}
		}
	}
	for _, name := range []string{"seed", "sample", "every_field", "messages"} {
		got := goldenKeys(t, "get_object/"+name)
		for at, want := range schemaKeys {
			if !subsequence(strings.Fields(want), strings.Fields(got[at])) {
				t.Errorf("%s: keys at %q are\n%s, want in this order\n%s", name, at, got[at], want)
			}
		}
		// Everything of V2 but the unread counts.
		for at, want := range seedKeys {
			want = strings.TrimPrefix(strings.TrimSuffix(want, " unreadMessages"), "totalUnreadChatMessages ")
			if !subsequence(strings.Fields(want), strings.Fields(got[at])) || strings.Contains(strings.ToLower(got[at]), "unread") {
				t.Errorf("%s: keys at %q are\n%s, want in this order\n%s", name, at, got[at], want)
			}
		}
	}
	for _, name := range []string{"user_objects/activity_log", "get_object/activity_log"} {
		got := goldenKeys(t, name)
		for at, want := range activityKeys {
			if got[at] != want {
				t.Errorf("%s: keys at %q are %s, want %s", name, at, got[at], want)
			}
		}
	}
}

func subsequence(want, got []string) bool {
	for _, g := range got {
		if len(want) > 0 && want[0] == g {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// goldenKeys returns the keys of a golden body by the way to them. All items
// of a list must have the same ones; null stands beside an object.
func goldenKeys(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/golden/" + name + ".json")
	if err != nil {
		t.Fatalf("open golden: %v", err)
	}
	defer f.Close()
	keys := map[string]string{}
	walkKeys(t, json.NewDecoder(f), "", keys)
	return keys
}

func walkKeys(t *testing.T, dec *json.Decoder, at string, keys map[string]string) {
	t.Helper()
	token, err := dec.Token()
	if err != nil {
		t.Fatalf("read golden: %v", err)
	}
	switch token {
	case json.Delim('['):
		for dec.More() {
			walkKeys(t, dec, at, keys)
		}
	case json.Delim('{'):
		var here []string
		for dec.More() {
			key, _ := dec.Token()
			name, _ := key.(string)
			here = append(here, name)
			walkKeys(t, dec, strings.TrimPrefix(at+"."+name, "."), keys)
		}
		all := strings.Join(here, " ")
		if before, ok := keys[at]; ok && before != all {
			t.Errorf("two forms at %q: %s; %s", at, before, all)
		}
		keys[at] = all
	default:
		return
	}
	if _, err := dec.Token(); err != nil {
		t.Fatalf("read golden: %v", err)
	}
}

// TestUnreadIsCores compares every count on the wire with core's.
func TestUnreadIsCores(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		conversations, err := s.Store.PageConversations(t.Context(), 1, 0, 500)
		if err != nil {
			t.Fatalf("list conversations: %v", err)
		}
		want, totals := map[int64]int64{}, map[int64]int64{}
		for i := range conversations {
			c := &conversations[i]
			inbox, err := s.Store.Inbox(t.Context(), 1, c.InboxID)
			if err != nil {
				t.Fatalf("read inbox: %v", err)
			}
			want[c.ID] = 0
			if inbox.Channel.IsChat() {
				want[c.ID] = c.ContactUnread()
			}
			totals[c.IdentityID] += want[c.ID]
		}
		seen, unread := 0, int64(0)
		for identity, total := range totals {
			for _, filter := range []string{"", "?status=14&pageNumber=3"} {
				var body struct {
					Total int64 `json:"totalUnreadChatMessages"`
					Data  []struct {
						ObjectID int64 `json:"objectId"`
						Unread   int64 `json:"unreadMessages"`
					} `json:"data"`
				}
				got := s.Do(t, http.MethodGet, userObjects(strconv.FormatInt(identity, 10))+filter, "Authorization", bearer)
				if err := json.Unmarshal(got.Body, &body); err != nil {
					t.Fatalf("read body: %v", err)
				}
				if body.Total != total {
					t.Errorf("identity %d%s has %d unread, want %d", identity, filter, body.Total, total)
				}
				for _, o := range body.Data {
					seen++
					unread += o.Unread
					if o.Unread != want[o.ObjectID] {
						t.Errorf("object %d has %d unread, want %d", o.ObjectID, o.Unread, want[o.ObjectID])
					}
				}
			}
		}
		if seen < len(conversations) || unread == 0 {
			t.Errorf("saw %d objects with %d unread, want %d objects", seen, unread, len(conversations))
		}
		// Mail was not read either, and counts for nobody here.
		if !slices.ContainsFunc(conversations, func(c core.Conversation) bool { return want[c.ID] == 0 && c.ContactUnread() > 0 }) {
			t.Error("the fixture has no unread message outside chat")
		}
	})
}
