package api_test

import "testing"

func TestCannedResponses(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/canned_responses", key: readerKey, golden: "canned_responses/list"},
		{call: "GET /v1/canned_responses/61", golden: "canned_responses/one"},
		{call: "GET /v1/canned_responses/63", status: 404}, // of another account
		{call: "POST /v1/canned_responses", body: `{"short_code":"later","content":"Until <later>"}`, key: boKey, status: 201, golden: "canned_responses/created"},
		{call: "POST /v1/canned_responses", body: `{"short_code":"hi","content":"x"}`, status: 409, golden: "errors/short_code_taken"},
		{call: "POST /v1/canned_responses", body: `{"short_code":" ","content":"x"}`, status: 422, golden: "errors/blank_short_code"},
		{call: "POST /v1/canned_responses", body: `{"short_code":"x","content":" "}`, status: 422, golden: "errors/blank_content"},
		{call: "POST /v1/canned_responses", body: `{"short_code":"x"}`, status: 422},
		{call: "POST /v1/canned_responses", body: `{"short_code":"x","content":"x"}`, key: writerKey, status: 403},
		{call: "PATCH /v1/canned_responses/61", body: `{"content":"Hello"}`, golden: "canned_responses/changed"},
		{call: "PATCH /v1/canned_responses/61", body: `{"short_code":"bye"}`, status: 409},
		{call: "PATCH /v1/canned_responses/61", body: `{"content":null}`, status: 422},
		{call: "DELETE /v1/canned_responses/61", status: 204},
		{call: "GET /v1/canned_responses/61", status: 404},
		{call: "POST /v1/canned_responses", body: `{"short_code":"hi","content":"Again"}`, status: 201}, // the code is free again
	})
}
