package commbox_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/internal/testkit/testserver"
)

const (
	nora    = "600002" // an administrator in two teams, with two profiles
	robot   = "545437"
	michael = "520803"
)

func TestManagers(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "GET /managers", golden: "managers/list"},
		{call: "GET /Managers/", golden: "managers/list", auth: reader},
		{call: "GET /managers/" + nora, golden: "managers/get"},
		{call: "GET /managers/" + robot, golden: "managers/get_bot"},
		{call: "GET /managers/" + nora + "/stats", golden: "managers/stats"},
		{call: "GET /managers/" + michael + "/stats", golden: "managers/stats_none"},
		{call: "GET /managers/" + nora + "/assignments", golden: "managers/assignments"},
		{call: "GET /managers/571562/assignments", golden: "managers/assignments_other"},
		{call: "GET /managers/600001/assignments", golden: "managers/assignments_none"},
		{
			call: "POST /managers", golden: "managers/create",
			body: `{"data":{"FirstName":"Zoë","LastName":"<b>","Email":"Zoe@harbour.example","IsAdmin":true,"Password":"correct horse","UserName":"zoe","TeamId":31}}`,
		},
		{
			call: "POST /managers", golden: "managers/create_member", form: formType,
			body: "data=" + escape(`{"firstname":"Max","lastname":7,"email":"max@harbour.example","isadmin":"False","password":"correct horse","teamid":""}`),
		},
		{
			call: "POST /managers", golden: "managers/create_plain",
			body: `{"FirstName":"Ida","LastName":"Moe","Email":"ida@harbour.example","IsAdmin":0,"Password":"correct horse","PermissionId":3,"TeamId":0}`,
		},
		{call: "GET /managers", golden: "managers/list_after_create"},
		{call: "POST /managers/" + michael, golden: "managers/update", body: `{"data":{"LastName":"Green","Email":"M.GREEN@commbox.com","PermissionId":"3","TeamId":"32"}}`},
		{call: "POST /managers/" + michael, golden: "managers/update", body: `{"data":{"UserName":"mike","Password":"","FirstName":null}}`},
		{call: "POST /managers/" + michael, golden: "managers/update", body: ``},
		{call: "GET /managers/" + michael, golden: "managers/get_after_update"},
		{call: "POST /managers/" + nora, golden: "managers/update_nora", body: `{"IsAdmin":false,"TeamId":31,"Password":"another one"}`},
		{call: "POST /managers/" + nora, golden: "managers/update_nora", body: `{"TeamId":0}`},
		{call: "GET /managers/" + nora, golden: "managers/get_after_leaving_teams"},
		{call: "GET /managers/" + nora, golden: "managers/get_after_leaving_teams", auth: agent},
		{call: "DELETE /managers/" + nora + "/", golden: "managers/delete"},
		{call: "GET /managers/" + nora, status: 404},
		{call: "DELETE /managers/" + nora, status: 404},
		{call: "GET /managers", status: 401, auth: agent}, // the key was hers
		{call: "GET /managers", golden: "managers/list_after_delete"},
		// Her words stay, and nobody is in charge of what she was.
		{call: "GET /streams/19155/objects/900020?includeChilds=true", golden: "get_object/agent_deleted"},
	})
}

// escape escapes what a form does not take as it is.
func escape(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "=", "%3D").Replace(s)
}

func TestManagerRefusals(t *testing.T) {
	t.Parallel()
	const good = `"FirstName":"A","LastName":"B","Email":"a@harbour.example","IsAdmin":true,"Password":"correct horse"`
	var turns []turn
	for _, body := range []string{
		``, `{}`, `{"data":null}`, `{"data":[]}`, `[]`, `{`,
		strings.Replace(good, `"FirstName":"A",`, "", 1), strings.Replace(good, `"LastName":"B",`, "", 1),
		strings.Replace(good, `"Email":"a@harbour.example",`, "", 1), strings.Replace(good, `"IsAdmin":true,`, "", 1),
		strings.Replace(good, `,"Password":"correct horse"`, "", 1), strings.Replace(good, "correct horse", "short", 1),
		strings.Replace(good, "a@harbour.example", "NORA@harbour.example", 1), strings.Replace(good, "a@harbour.example", "nobody", 1),
		good + `,"UserName":"nora"`, good + `,"UserName":" x"`, good + `,"TeamId":99`, good + `,"TeamId":-1`, good + `,"TeamId":9007199254740992`,
		good + `,"PermissionId":1`, good + `,"PermissionId":"admin"`, strings.Replace(good, "true", `"yes"`, 1),
		strings.Replace(good, `"A"`, `"`+strings.Repeat("x", 256)+`"`, 1), strings.Replace(good, `"A"`, `"a\u0000b"`, 1),
	} {
		if strings.HasPrefix(body, `"`) {
			body = `{"data":{` + body + `}}`
		}
		turns = append(turns, turn{call: "POST /managers", body: body, status: 400})
	}
	for _, body := range []string{
		`{"Email":"nora@harbour.example"}`, `{"Email":"nobody"}`, `{"UserName":"nora"}`, `{"TeamId":99}`, `{"PermissionId":5}`, `{"Password":"short"}`,
		`{"FirstName":"` + strings.Repeat("x", 256) + `"}`, `{"IsAdmin":2}`, `[]`,
	} {
		turns = append(turns, turn{call: "POST /managers/" + michael, body: body, status: 400})
	}
	for _, path := range []string{"", "/stats", "/assignments", "/presence"} {
		for id, status := range map[string]int{
			"x": 400, "0": 400, "-1": 400, "9223372036854775808": 400, "9007199254740992": 404, "1": 404, "900002": 404, "600009": 404, "545516": 404,
		} {
			turns = append(turns, turn{call: "GET /managers/" + id + path, status: status})
		}
	}
	for _, id := range []string{"1", "900002", "600009"} {
		turns = append(
			turns,
			turn{call: "POST /managers/" + id, body: `{"FirstName":"x"}`, status: 404},
			turn{call: "DELETE /managers/" + id, status: 404},
			turn{call: "POST /managers/" + id + "/presence/1", status: 404},
			turn{call: "POST /managers/" + id + "/profiles?add=agent", status: 404},
			turn{call: "DELETE /managers/" + id + "/profiles", status: 404},
			turn{call: "DELETE /managers/" + id + "/profiles/21", status: 404},
		)
	}
	for _, auth := range []string{reader, agent, "Bearer harbour-writer-key-0001", "Bearer nothing", "none"} {
		for _, call := range []string{
			"POST /managers", "POST /managers/" + michael, "DELETE /managers/" + michael, "POST /managers/teams?Name=x", "POST /managers/teams/31?Name=x",
			"DELETE /managers/teams/31", "POST /managers/" + michael + "/profiles?add=21", "DELETE /managers/" + nora + "/profiles",
			"DELETE /managers/" + nora + "/profiles/21",
		} {
			turns = append(turns, turn{call: call, body: `{` + good + `}`, status: 401, auth: auth})
		}
	}
	turns = append(
		turns,
		turn{call: "POST /managers/" + nora + "/presence/2", status: 401, auth: reader},
		turn{call: "GET /managers", status: 401, auth: "Bearer harbour-writer-key-0001"},
		turn{call: "GET /managers", golden: "managers/list"}, // nothing has changed
	)
	talk(t, turns)
}

func TestTeams(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "GET /managers/teams", golden: "teams/list"},
		{call: "GET /managers/teams?Name=Night", golden: "teams/list_by_name"},
		{call: "GET /managers/teams?Name=night", golden: "teams/list_nothing"},
		{call: "GET /managers/teams/31", golden: "teams/members"},
		{call: "POST /managers/teams?Name=Back%20office", golden: "teams/create"},
		{call: "POST /managers/teams", body: `{"data":{"Name":"Kü"}}`, golden: "teams/create_by_body"},
		{call: "GET /managers/teams/33", golden: "teams/members_none"},
		{call: "POST /managers/teams/31?Name=Desk", golden: "teams/done"},
		{call: "POST /managers/teams/33", body: `{"data":{"Name":"Back"}}`, golden: "teams/done"},
		{call: "DELETE /managers/teams/32", golden: "teams/done"},
		{call: "GET /managers/teams", golden: "teams/list_after_changes"},
		{call: "POST /managers/teams", status: 400},
		{call: "POST /managers/teams?Name=%20", status: 400},
		{call: "POST /managers/teams?Name=Desk", status: 400},
		{call: "POST /managers/teams?Name=" + strings.Repeat("x", 256), status: 400},
		{call: "POST /managers/teams?Name=%zz", status: 400},
		{call: "GET /managers/teams?Name=%zz", status: 400},
		{call: "POST /managers/teams/31", status: 400},
		{call: "POST /managers/teams/31?Name=Back", status: 400},
		{call: "POST /managers/teams/x?Name=x", status: 400},
		{call: "GET /managers/teams/0", status: 400},
		{call: "GET /managers/teams/32", status: 404},
		{call: "POST /managers/teams/32?Name=x", status: 404},
		{call: "DELETE /managers/teams/32", status: 404},
		{call: "DELETE /managers/teams/31", status: 404, auth: "Bearer other-site-key-0001"},
		{call: "GET /managers/teams/31", status: 404, auth: "Bearer other-site-key-0001"},
	})
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "GET /managers/profiles", golden: "profiles/list"},
		{call: "GET /managers/profiles/21", golden: "profiles/members"},
		{call: "POST /managers/" + michael + "/profiles?add=22", golden: "profiles/give"},
		{call: "POST /managers/" + michael + "/profiles?add=agent,%20Night%20shift", golden: "profiles/give_more"},
		{call: "POST /managers/" + michael + "/profiles?set=Agent&add=", golden: "profiles/give_instead"},
		{call: "GET /managers/profiles/22", golden: "profiles/members_night"},
		{call: "DELETE /managers/" + michael + "/profiles/21", golden: "profiles/taken"},
		{call: "DELETE /managers/" + michael + "/profiles/21", status: 404},
		{call: "DELETE /managers/" + nora + "/profiles", golden: "profiles/taken"},
		{call: "DELETE /managers/" + nora + "/profiles", golden: "profiles/taken"},
		{call: "GET /managers/profiles/21", golden: "profiles/members_none"},
		{call: "POST /managers/" + michael + "/profiles", status: 400},
		{call: "POST /managers/" + michael + "/profiles?add=21&set=22", status: 400},
		{call: "POST /managers/" + michael + "/profiles?add=", status: 400},
		{call: "POST /managers/" + michael + "/profiles?add=99", status: 400},
		{call: "POST /managers/" + michael + "/profiles?add=21,,22", status: 400},
		{call: "POST /managers/" + michael + "/profiles?add=23", status: 400}, // of another account
		{call: "POST /managers/" + michael + "/profiles?add=%zz", status: 400},
		{call: "GET /managers/profiles/23", status: 404},
		{call: "GET /managers/profiles/x", status: 400},
		{call: "DELETE /managers/" + michael + "/profiles/99", status: 404},
		{call: "DELETE /managers/" + michael + "/profiles/0", status: 400},
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "GET /managers/presence", golden: "presence/list"},
		{call: "GET /managers/" + nora + "/presence", golden: "presence/of_active"},
		{call: "GET /managers/" + michael + "/presence", golden: "presence/of_away"},
		{call: "POST /managers/" + nora + "/presence/2", golden: "presence/of_busy", auth: agent},
		{call: "GET /managers/" + nora + "/presence", golden: "presence/of_busy"},
		{call: "POST /managers/" + nora + "/presence/3", golden: "presence/of_away"},
		{call: "POST /managers/" + nora + "/presence/1", golden: "presence/of_active"},
		{call: "POST /managers/" + nora + "/presence/4", status: 404},
		{call: "POST /managers/" + nora + "/presence/0", status: 400},
		{call: "POST /managers/" + nora + "/presence/busy", status: 400},
	})
}

// TestADeletedAgentDoesNothing uses the agent's key right before and after: what
// the gate remembers of it must not let it in. Nor does the agent say anything,
// or take charge, through another key.
func TestADeletedAgentDoesNothing(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		if got := s.Do(t, http.MethodGet, "/managers", "Authorization", agent).Status; got != http.StatusOK {
			t.Errorf("before: %d", got)
		}
		if got := s.Do(t, http.MethodDelete, "/managers/"+nora, "Authorization", bearer).Status; got != http.StatusOK {
			t.Fatalf("delete: %d", got)
		}
		if got := s.Do(t, http.MethodGet, "/managers", "Authorization", agent).Status; got != http.StatusUnauthorized {
			t.Errorf("after: %d", got)
		}
		for call, want := range map[string]int{
			"POST /streams/19155/objects/900020/child":                http.StatusBadRequest,
			"POST /managers/" + nora + "/assignments?objectId=900020": http.StatusNotFound,
			"GET /users/" + nora:                                      http.StatusNotFound,
		} {
			method, path, _ := strings.Cut(call, " ")
			body := `{"data":{"Type":4,"IsManager":true,"UserIdentity":` + nora + `,"Message":"I am back"}}`
			if got := s.Send(t, method, path, body, "Authorization", bearer, "Content-Type", "application/json"); got.Status != want {
				t.Errorf("%s answered %d %s, want %d", call, got.Status, got.Body, want)
			}
		}
	})
}
