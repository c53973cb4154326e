package api_test

import "testing"

func TestProfiles(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/profiles", key: readerKey, golden: "profiles/list"},
		{call: "GET /v1/profiles/21", golden: "profiles/one"},
		{call: "POST /v1/profiles", body: `{"name":"Night shift","unique_name":"night","permissions":["staff","own thing"]}`, status: 201, golden: "profiles/created"},
		{call: "POST /v1/profiles", body: `{"name":"Other","unique_name":"night"}`, status: 409, golden: "errors/unique_name_taken"},
		{call: "POST /v1/profiles", body: `{"name":"Other","unique_name":"other","permissions":[""]}`, status: 422},
		{call: "PATCH /v1/profiles/21", body: `{"unique_name":"night"}`, status: 409},
		{call: "PATCH /v1/profiles/21", body: `{"name":null}`, status: 422},
		{call: "PATCH /v1/profiles/21", body: `{}`, golden: "profiles/one"},
		{call: "POST /v1/labels", body: `{"title":"by bo"}`, key: boKey, status: 201},
		{call: "PATCH /v1/profiles/21", body: `{"name":"Nobody","unique_name":"nobody","permissions":[]}`, golden: "profiles/changed"},
		{call: "POST /v1/labels", body: `{"title":"by bo again"}`, key: boKey, status: 403}, // what the profile gave is gone
		{call: "POST /v1/profiles", body: `{"name":"x","unique_name":"x"}`, key: writerKey, status: 403},
		{call: "POST /v1/profiles", body: `{"name":"x","unique_name":"x"}`, key: boKey, status: 403},
		{call: "DELETE /v1/profiles/21", status: 204},
		{call: "GET /v1/profiles/21", status: 404},
		{call: "GET /v1/agents/102", golden: "agents/without_profile"},
	})
}
