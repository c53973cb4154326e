package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/internal/testkit/testserver"
)

func TestInboxes(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/inboxes", key: readerKey, golden: "inboxes/list"},
		{call: "GET /v1/inboxes?limit=2", golden: "inboxes/page"},
		{call: "GET /v1/inboxes/71", golden: "inboxes/one"},
		{call: "GET /v1/inboxes/74", status: 404},
		{
			call: "POST /v1/inboxes", status: 201, golden: "inboxes/created",
			body: `{"name":"Shop","channel":"web","greeting":"Hi","timezone":"Asia/Tokyo","hmac_mandatory":true,"settings":{"enable_auto_assignment":true},` +
				`"working_hours":[{"day_of_week":0,"closed_all_day":true},{"day_of_week":1,"open_hour":0,"open_minutes":30,"close_hour":24}]}`,
		},
		{call: "POST /v1/inboxes", body: `{"name":"Phones","channel":"api"}`, status: 201, golden: "inboxes/created_api"},
		{call: "POST /v1/inboxes", body: `{"name":"Texts","channel":"sms","hmac_mandatory":true}`, status: 422, golden: "errors/no_hmac"},
		{call: "POST /v1/inboxes", body: `{"name":"Site","channel":"web"}`, status: 409, golden: "errors/inbox_name_taken"},
		{call: "POST /v1/inboxes", body: `{"name":"x","channel":"api","identifier":"their-app"}`, status: 409, golden: "errors/inbox_identifier_taken"},
		{call: "POST /v1/inboxes", body: `{"name":"x","channel":"api","identifier":"a b"}`, status: 422, golden: "errors/odd_identifier"},
		{call: "POST /v1/inboxes", body: `{"name":"x","channel":"pigeon"}`, status: 422},
		{call: "POST /v1/inboxes", body: `{"name":"x","channel":"web","working_hours":[{"day_of_week":7}]}`, status: 422, golden: "errors/no_such_day"},
		{call: "POST /v1/inboxes", body: `{"name":"x","channel":"web"}`, key: boKey, status: 403},
		{call: "PATCH /v1/inboxes/71", body: `{}`, golden: "inboxes/one"},
		{
			call: "PATCH /v1/inboxes/71", golden: "inboxes/changed",
			body: `{"name":"Shop front","greeting":"Welcome","timezone":null,"hmac_mandatory":true,"settings":{"enable_auto_assignment":true,"greeting_enabled":null},"working_hours":[]}`,
		},
		{call: "PATCH /v1/inboxes/71", body: `{"name":"App"}`, status: 409},
		{call: "PATCH /v1/inboxes/71", body: `{"timezone":"Moon"}`, status: 422},
		{call: "PATCH /v1/inboxes/71", body: `{"hmac_mandatory":null}`, status: 422},
		{call: "PATCH /v1/inboxes/74", body: `{}`, status: 404},
		{call: "GET /v1/inboxes/71", golden: "inboxes/changed"},
	})
}

// TestInboxesInSight: agents see those they are members of and those that are
// everybody's, administrators all.
func TestInboxesInSight(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/inboxes", key: boKey, golden: "inboxes/of_bo"},
		{call: "GET /v1/inboxes?limit=1", key: boKey, golden: "inboxes/first_of_bo"},
		{call: "GET /v1/inboxes", key: adaKey, golden: "inboxes/list"},
		{call: "GET /v1/inboxes/72", key: boKey, status: 404},
		{call: "GET /v1/inboxes/72/agents", key: boKey, status: 404},
		{call: "GET /v1/inboxes/72/sub_inboxes", key: boKey, status: 404},
		{call: "GET /v1/inboxes/73/agents", key: boKey, golden: "inboxes/agents"},
		{call: "PUT /v1/inboxes/73/agents", body: `{"agent_ids":[]}`, key: boKey, status: 403},
		{call: "PUT /v1/inboxes/73/agents", body: `{"agent_ids":[103,101]}`, golden: "inboxes/agents_set"},
		{call: "PUT /v1/inboxes/73/agents", body: `{"agent_ids":[101,101]}`, status: 422, golden: "errors/member_twice"},
		{call: "PUT /v1/inboxes/73/agents", body: `{"agent_ids":[104]}`, status: 422, golden: "errors/no_such_member"},
		{call: "GET /v1/inboxes/73", golden: "inboxes/with_agents"},
		{call: "DELETE /v1/agents/103", status: 204},
		{call: "GET /v1/inboxes/73/agents", golden: "inboxes/agents_left"},
		{call: "DELETE /v1/agents/101", status: 204},
		{call: "GET /v1/inboxes/73/agents", golden: "inboxes/agents_left"}, // else everybody would see it
	})
}

// TestMembersThatTheClientHasSeen: the tag of the members stands for the state of
// their inbox.
func TestMembersThatTheClientHasSeen(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		seen := step{call: "GET /v1/inboxes/73/agents"}.play(t, s).Header.Get("ETag")
		set := step{call: "PUT /v1/inboxes/73/agents", body: `{"agent_ids":[101]}`, header: []string{"If-Match", seen}}
		after := set.play(t, s).Header.Get("ETag")
		set.status = 412
		set.play(t, s)
		set.header[1], set.status = after, 200
		set.play(t, s)
	})
}

func TestSubInboxes(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/inboxes/71/sub_inboxes", key: boKey, golden: "sub_inboxes/list"},
		{call: "GET /v1/inboxes/71/sub_inboxes?limit=1", golden: "sub_inboxes/page"},
		{call: "GET /v1/inboxes/71/sub_inboxes/82", golden: "sub_inboxes/one"},
		{call: "GET /v1/inboxes/72/sub_inboxes/82", status: 404}, // of another inbox
		{call: "GET /v1/inboxes/74/sub_inboxes", status: 404},
		{call: "POST /v1/inboxes/71/sub_inboxes", body: `{"name":"Press"}`, status: 201, golden: "sub_inboxes/created"},
		{call: "POST /v1/inboxes/71/sub_inboxes", body: `{"name":"Sales"}`, status: 409, golden: "errors/sub_inbox_name_taken"},
		{call: "POST /v1/inboxes/72/sub_inboxes", body: `{"name":"Sales"}`, status: 201},
		{call: "POST /v1/inboxes/74/sub_inboxes", body: `{"name":"x"}`, status: 404},
		{call: "POST /v1/inboxes/71/sub_inboxes", body: `{"name":"x"}`, key: boKey, status: 403},
		{call: "PATCH /v1/inboxes/71/sub_inboxes/82", body: `{"name":"Refunds"}`, golden: "sub_inboxes/renamed"},
		{call: "PATCH /v1/inboxes/71/sub_inboxes/82", body: `{"name":"Sales"}`, status: 409},
		{call: "PATCH /v1/inboxes/71/sub_inboxes/82", body: `{"name":"x"}`, header: []string{"If-Match", `"x"`}, status: 412},
		{call: "PATCH /v1/inboxes/72/sub_inboxes/82", body: `{"name":"x"}`, status: 404},
		{call: "PATCH /v1/inboxes/71/sub_inboxes/83", body: `{"name":"x"}`, status: 404},
	})
}

// TestRotatedKeys are others from then on, and shown only there.
func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		var keyed struct {
			Identifier string
			HMAC       string `json:"hmac_token"`
		}
		got := step{call: "POST /v1/inboxes/72/rotate_keys", body: `{"keys":["hmac_token","identifier"]}`}.play(t, s)
		if err := json.Unmarshal(got.Body, &keyed); err != nil {
			t.Fatal(err)
		}
		if len(keyed.HMAC) != 44 || len(keyed.Identifier) != 24 {
			t.Errorf("%s", got.Body)
		}
		for identifier, want := range map[string]bool{keyed.Identifier: true, "quay-app": false} {
			_, found, err := s.Store.FindInboxByIdentifier(t.Context(), identifier)
			if err != nil || found != want {
				t.Errorf("%s: found %t, %v", identifier, found, err)
			}
		}
		seen := step{call: "GET /v1/inboxes/72"}.play(t, s)
		if strings.Contains(string(seen.Body), keyed.HMAC) || strings.Contains(string(seen.Body), "_token") {
			t.Errorf("%s", seen.Body)
		}
		step{call: "POST /v1/inboxes/72/rotate_keys", body: `{"keys":["website_token"]}`, status: 422, golden: "errors/no_such_key"}.play(t, s)
		step{call: "POST /v1/inboxes/72/rotate_keys", body: `{"keys":[]}`, status: 422}.play(t, s)
		step{call: "POST /v1/inboxes/72/rotate_keys", body: `{"keys":["hmac_token"]}`, key: boKey, status: 403}.play(t, s)
	})
}
