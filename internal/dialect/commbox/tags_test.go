package commbox_test

import (
	"strings"
	"testing"
)

func TestTags(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "GET /tags", golden: "tags/list"},
		{call: "GET /Tags/", golden: "tags/list", auth: reader},
		{call: "GET /tags/groups", golden: "tags/groups"},
		{call: "POST /tags/groups", body: `{"data":{"Name":"Topics"}}`, golden: "tags/group_create"},
		{call: "POST /tags/groups", body: "data=%7B%22name%22%3A%22Gr%C3%BC%C3%9Fe%20%3Cb%3E%22%7D", form: formType, golden: "tags/group_create_second"},
		{call: "GET /tags/groups", golden: "tags/groups_after_create"},
		{call: "POST /tags", body: `{"data":{"Name":"refund"}}`, golden: "tags/create"},
		{
			call:   "POST /tags",
			body:   `{"Name":"goal <1>","Type":"2","TagGroupId":4,"ObjectTag":"True","UserTag":false,"ChildTag":1,"Unknown":[]}`,
			golden: "tags/create_full",
		},
		{
			call: "POST /tags", form: partsType, golden: "tags/create_form",
			body: "--b\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\n42\r\n--b\r\nContent-Disposition: form-data; name=\"Tag Group Id\"\r\n\r\n5\r\n--b--\r\n",
		},
		{call: "GET /tags", golden: "tags/list_after_create"},
		// A conversation that carries a tag shows it until the tag is gone.
		{call: "GET /streams/19155/objects/900020?includeChilds=true", golden: "get_object/notes_and_activities"},
		{call: "POST /tags/12", body: `{"data":{"Name":"orders","Tag Group Id":"4"}}`, golden: "tags/changed"},
		{call: "POST /tags/15", body: `{"data":{"TagGroupId":5,"ChildTag":true}}`, golden: "tags/changed"},
		{call: "POST /tags/7", body: ``, golden: "tags/changed"},
		{call: "POST /tags/7", body: `{"data":{}}`, golden: "tags/changed"},
		{call: "POST /tags/groups/4", body: `{"data":{"Name":"Subjects"}}`, golden: "tags/changed"},
		{call: "DELETE /tags/12/", golden: "tags/changed"},
		{call: "DELETE /tags/groups/5", golden: "tags/changed"},
		{call: "GET /tags", golden: "tags/list_after_changes"},
		{call: "GET /tags/groups", golden: "tags/groups_after_changes"},
		{call: "GET /streams/19155/objects/900020", golden: "get_object/without_its_tags"},
		// The title is free again.
		{call: "POST /tags/7", body: `{"data":{"Name":"order","TagGroupId":0}}`, golden: "tags/changed"},
	})
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	turns := []turn{
		{call: "POST /tags/groups", body: `{"Name":"Topics"}`, golden: "tags/group_create"},
	}
	for _, call := range []string{"POST /tags", "POST /tags/groups"} {
		for _, body := range []string{
			``, `{}`, `{"data":{}}`, `{"data":{"Name":""}}`, `{"data":{"Name":"  "}}`, `{"data":{"Name":null}}`, `{"data":{"Name":true}}`, `[]`, `"x"`, `{`,
			`{"data":{"Name":"` + strings.Repeat("x", 256) + `"}}`, `{"data":{"Name":"a\u0000b"}}`,
		} {
			turns = append(turns, turn{call: call, body: body, status: 400})
		}
	}
	for _, body := range []string{
		`{"Name":"vip"}`, `{"Name":"x","TagGroupId":99}`, `{"Name":"x","TagGroupId":-1}`, `{"Name":"x","TagGroupId":9007199254740992}`,
		`{"Name":"x","TagGroupId":"one"}`, `{"Name":"x","Type":-1}`, `{"Name":"x","Type":1.5}`, `{"Name":"x","ObjectTag":"yes"}`,
	} {
		turns = append(turns, turn{call: "POST /tags", body: body, status: 400}, turn{call: "POST /tags/12", body: body, status: 400})
	}
	turns = append(
		turns,
		turn{call: "POST /tags/groups", body: `{"Name":"Topics"}`, status: 400},
		turn{call: "POST /tags/groups/4", body: ``, status: 400},
		turn{call: "POST /tags/groups/99", body: `{"Name":"x"}`, status: 404},
		turn{call: "DELETE /tags/groups/99", status: 404},
		turn{call: "POST /tags/99", body: `{"Name":"x"}`, status: 404},
		turn{call: "DELETE /tags/99", status: 404},
		turn{call: "DELETE /tags/9007199254740992", status: 404},
		turn{call: "DELETE /tags/x", status: 400},
		turn{call: "DELETE /tags/0", status: 400},
	)
	for _, auth := range []string{reader, agent, "Bearer harbour-writer-key-0001", "Bearer nothing", "none"} {
		for _, call := range []string{
			"POST /tags", "POST /tags/12", "DELETE /tags/12", "POST /tags/groups", "POST /tags/groups/4", "DELETE /tags/groups/4",
		} {
			turns = append(turns, turn{call: call, body: `{"Name":"x"}`, status: 401, auth: auth})
		}
	}
	// Another account has none of it.
	for _, call := range []string{"POST /tags/12", "DELETE /tags/12", "POST /tags/groups/4", "DELETE /tags/groups/4"} {
		turns = append(turns, turn{call: call, body: `{"Name":"x"}`, status: 404, auth: "Bearer other-site-key-0001"})
	}
	turns = append(turns, turn{call: "GET /tags", golden: "tags/list"})
	talk(t, turns)
}
