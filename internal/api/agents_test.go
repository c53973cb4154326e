package api_test

import (
	"testing"

	"parley/internal/testkit/testserver"
)

func TestAgents(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/agents", key: readerKey, golden: "agents/list"},
		{call: "GET /v1/agents?type=bot", golden: "agents/bots"},
		{call: "GET /v1/agents?team=31&availability=offline", golden: "agents/of_team"},
		{call: "GET /v1/agents?availability=online&limit=1", golden: "agents/online"},
		{call: "GET /v1/agents?team=33", golden: "agents/none"}, // of another account
		{call: "GET /v1/agents/101", golden: "agents/one"},
		{call: "GET /v1/agents/104", status: 404},
		{
			call: "POST /v1/agents", status: 201, golden: "agents/created",
			body: `{"first_name":"Cy","last_name":"Dell","display_name":"C.","description":"Nights","email":"Cy@Quay.example","user_name":"cy","password":"correct horse",` +
				`"role":"administrator","avatar_url":"https://quay.example/cy.png","sync_capacity":2,"async_capacity":5,"team_id":32}`,
		},
		{call: "POST /v1/agents", body: `{"type":"bot","name":"Robot","display_name":null}`, status: 201, golden: "agents/created_bot"},
		{call: "POST /v1/agents", body: `{"type":"bot","name":"Second robot"}`, status: 201},
		{call: "POST /v1/agents", body: `{"type":"bot","name":"x","email":"x@quay.example"}`, status: 422, golden: "errors/bot_with_email"},
		{call: "POST /v1/agents", body: `{"type":"bot","name":"x","role":"agent"}`, status: 422},
		{call: "POST /v1/agents", body: `{"email":"x@quay.example"}`, status: 422, golden: "errors/no_name"},
		{call: "POST /v1/agents", body: `{"name":"x"}`, status: 422, golden: "errors/no_email"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"CY@quay.example"}`, status: 409, golden: "errors/agent_email_taken"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"x@quay.example","user_name":"cy"}`, status: 409, golden: "errors/user_name_taken"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"x@quay.example","password":"short"}`, status: 422, golden: "errors/short_password"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"x@quay.example","team_id":33}`, status: 422, golden: "errors/foreign_team"},
		{call: "POST /v1/agents", body: `{"name":"x","email":"x@quay.example"}`, key: boKey, status: 403},
		{call: "PATCH /v1/agents/101", body: `{}`, golden: "agents/one"},
		{
			call: "PATCH /v1/agents/101", golden: "agents/changed",
			body: `{"last_name":"Holm","display_name":"A.","description":"Days","email":"holm@quay.example","user_name":null,"password":"correct horse","role":"agent",` +
				`"availability":"busy","avatar_url":"https://quay.example/ada.png","sync_capacity":null,"async_capacity":7}`,
		},
		{call: "PATCH /v1/agents/101", body: `{"name":"Ada","first_name":null,"password":null}`, golden: "agents/renamed"},
		{call: "PATCH /v1/agents/103", body: `{"password":"correct horse"}`, status: 422, golden: "errors/bot_with_password"},
		{call: "PATCH /v1/agents/103", body: `{"display_name":"Robbie"}`, golden: "agents/changed_bot"},
		{call: "PATCH /v1/agents/102", body: `{"role":null}`, status: 422},
		{call: "PATCH /v1/agents/102", body: `{"user_name":"cy"}`, status: 409, golden: "errors/user_name_taken_102"},
		{call: "DELETE /v1/agents/102", status: 204},
		{call: "GET /v1/me", key: boKey, status: 401}, // at once
		{call: "GET /v1/agents/102", status: 404},
		{call: "DELETE /v1/agents/102", status: 404},
		{call: "GET /v1/teams/31", golden: "agents/team_after"},
	})
}

// TestAgentsThemselves change their availability and picture, and nothing else
// of themselves or of others.
func TestAgentsThemselves(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "PATCH /v1/agents/102", body: `{"availability":"online","avatar_url":"https://quay.example/bo.png"}`, key: boKey, golden: "agents/own"},
		{call: "PATCH /v1/agents/102", body: `{}`, key: boKey, golden: "agents/own"},
		{call: "PATCH /v1/agents/102", body: `{"availability":"offline","name":"Bob"}`, key: boKey, status: 403},
		{call: "PATCH /v1/agents/102", body: `{"role":"administrator"}`, key: boKey, status: 403, golden: "errors/own_role"},
		{call: "PATCH /v1/agents/101", body: `{"availability":"offline"}`, key: boKey, status: 403},
		{call: "PATCH /v1/agents/102", body: `{"availability":"offline"}`, key: writerKey, status: 403},
		{call: "PATCH /v1/agents/102", body: `{"availability":"away"}`, key: boKey, status: 422},
		{call: "PUT /v1/agents/102/profiles", body: `{"profile_ids":[]}`, key: boKey, status: 403},
		{call: "GET /v1/agents/102", golden: "agents/own"},
		{call: "PATCH /v1/agents/102", body: `{"availability":null}`, status: 422},
	})
}

func TestAgentProfiles(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "POST /v1/teams", body: `{"name":"x"}`, key: boKey, status: 403},
		{call: "POST /v1/profiles", body: `{"name":"Head","unique_name":"head","permissions":["staff"]}`, status: 201},
		{call: "PUT /v1/agents/102/profiles", body: `{"profile_ids":[22,21]}`, golden: "agents/profiles"},
		{call: "POST /v1/teams", body: `{"name":"x"}`, key: boKey, status: 201},
		{call: "PUT /v1/agents/102/profiles", body: `{"profile_ids":[21,21]}`, status: 422, golden: "errors/profile_twice"},
		{call: "PUT /v1/agents/102/profiles", body: `{"profile_ids":[99]}`, status: 422, golden: "errors/no_such_profile"},
		{call: "PUT /v1/agents/104/profiles", body: `{"profile_ids":[]}`, status: 404},
		{call: "PUT /v1/agents/102/profiles", body: `{"profile_ids":[]}`, golden: "agents/no_profiles"},
	})
}

// TestTagsOfAgents cover their teams, which another resource changes.
func TestTagsOfAgents(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		before := step{call: "GET /v1/agents/103"}.play(t, s).Header.Get("ETag")
		step{call: "PUT /v1/teams/32/agents", body: `{"agent_ids":[103]}`}.play(t, s)
		step{call: "GET /v1/agents/103", header: []string{"If-None-Match", before}}.play(t, s)
		step{call: "PATCH /v1/agents/103", body: `{"name":"x"}`, header: []string{"If-Match", before}, status: 412}.play(t, s)
	})
}
