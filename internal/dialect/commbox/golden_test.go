package commbox_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	fixture = "testdata/fixture.ndjson"
	bearer  = "Bearer harbour-site-key-0001"
)

// exchange is a request and the answer to it.
type exchange struct {
	golden string // below testdata/golden, without .json
	path   string
	auth   string // "" = bearer, "-" = no header
	method string // "" = GET
	status int    // 0 = 200
	// undescribed: the OpenAPI document has no such path.
	undescribed bool
}

// userObjects is the path of the list of an identity.
func userObjects(identity string) string { return "/v2/users/identities/" + identity + "/objects" }

// mostStatuses is an identity with 18 conversations.
const mostStatuses = "700060"

var lists = []exchange{
	{golden: "seed", path: userObjects("558355")},
	{golden: "seed", path: "/V2/Users/IDENTITIES/558355/Objects/"},
	{golden: "seed", path: userObjects("558355") + "?includeChilds=True&includeActivityLog=&unknown=x&includeActivityLog=false&includeActivityLog=nonsense"},
	{golden: "sample", path: userObjects("700021")},
	{golden: "no_conversations", path: userObjects("700022")},
	{golden: "no_messages", path: userObjects("700023")},
	{golden: "no_messages", path: userObjects("700023") + "?includeChilds=false"},
	{golden: "every_field", path: userObjects("700030")},
	{golden: "every_field_newest_child", path: userObjects("700030") + "?includeChilds=0"},
	{golden: "notes_and_activities", path: userObjects("700040")},
	{golden: "activity_log", path: userObjects("700040") + "?includeActivityLog=1"},
	{golden: "activity_log_newest_child", path: userObjects("700040") + "?includeActivityLog=TRUE&includeChilds=FALSE"},
	{golden: "messages", path: userObjects("700050")},
	{golden: "statuses", path: userObjects(mostStatuses)},
	{golden: "statuses", path: userObjects(mostStatuses) + "?pageSize=101&order=ClosedTime&sort=DESC&pageNumber=0"},
	{golden: "statuses_newest_child", path: userObjects(mostStatuses) + "?includeChilds=false"},
	{golden: "page_0", path: userObjects(mostStatuses) + "?includeChilds=false&pageSize=7"},
	{golden: "page_1", path: userObjects(mostStatuses) + "?includeChilds=false&pageSize=7&pageNumber=1"},
	{golden: "page_2", path: userObjects(mostStatuses) + "?includeChilds=false&pageSize=7&pageNumber=2"},
	{golden: "page_past_the_end", path: userObjects(mostStatuses) + "?pageSize=7&pageNumber=3"},
	{golden: "page_past_the_end", path: userObjects(mostStatuses) + "?pageNumber=9223372036854775807"},
	{golden: "order_closed_asc", path: userObjects(mostStatuses) + "?includeChilds=false&sort=asc"},
	{golden: "order_created", path: userObjects(mostStatuses) + "?includeChilds=false&order=createdtime"},
	{golden: "order_created_asc", path: userObjects(mostStatuses) + "?includeChilds=false&order=createdtime&sort=asc"},
	{golden: "order_updated", path: userObjects(mostStatuses) + "?includeChilds=false&order=updatedtime"},
	{golden: "order_priority", path: userObjects(mostStatuses) + "?includeChilds=false&order=prioritytime"},
	{golden: "status_1_8", path: userObjects(mostStatuses) + "?includeChilds=false&status=1,8"},
	{golden: "status_1_8", path: userObjects(mostStatuses) + "?includeChilds=false&status=%201%20,8,1"},
	{golden: "status_2", path: userObjects(mostStatuses) + "?includeChilds=false&status=2"},
	{golden: "status_10_15", path: userObjects(mostStatuses) + "?includeChilds=false&status=15,10"},
	{golden: "stream", path: userObjects(mostStatuses) + "?includeChilds=false&stream=61"},
	{golden: "sub_stream", path: userObjects(mostStatuses) + "?includeChilds=false&subStream=2433"},
	{golden: "object", path: userObjects(mostStatuses) + "?objectId=910004"},
	{golden: "module", path: userObjects(mostStatuses) + "?includeChilds=false&moduleId=9"},
	{golden: "module", path: userObjects(mostStatuses) + "?includeChilds=false&moduleId=9&stream=0&subStream=0&objectId=0&status="},
	{golden: "filters_together", path: userObjects(mostStatuses) + "?includeChilds=false&moduleId=9&stream=41&status=2,3,4&order=createdtime&sort=asc&pageSize=1&pageNumber=0"},
	{golden: "nothing_matches", path: userObjects(mostStatuses) + "?stream=9007199254740993"},
	{golden: "nothing_matches", path: userObjects(mostStatuses) + "?objectId=990001"},
	{golden: "nothing_matches", path: userObjects(mostStatuses) + "?stream=90"},
}

var objects = []exchange{
	{golden: "seed", path: "/streams/19155/objects/396001"},
	{golden: "seed", path: "/streams/19155/objects/396001?includeChilds=true"},
	{golden: "sample", path: "/streams/53211/objects/293854?includeChilds=true"},
	{golden: "sample_newest_child", path: "/streams/53211/objects/293854"},
	{golden: "sample_newest_child", path: "/Streams/53211/OBJECTS/293854/?includeChilds=False"},
	{golden: "no_messages", path: "/streams/41/objects/900005?includeChilds=true"},
	{golden: "no_messages", path: "/streams/41/objects/900005"},
	{golden: "every_field", path: "/streams/61/objects/900010?includeChilds=1"},
	{golden: "notes_and_activities", path: "/streams/19155/objects/900020?includeChilds=true"},
	{golden: "activity_log", path: "/streams/19155/objects/900020?includeActivityLog=true"},
	{golden: "messages", path: "/streams/41/objects/900030?includeChilds=true"},
}

// encryptedStream is the opaque id of stream 19155 in account 1, under the key
// of test servers. In a URL its percent signs are encoded.
const encryptedStream = "QwcmciV8kv6KIs5vO2_fKaA"

// encryptedForeign is that of stream 90 in account 2.
const encryptedForeign = "oYRN51aIJk3_byQeRwqbwlw"

// spellings are the ends that an opaque id of 16 bytes may have in a URL.
var spellings = []string{"==", "%3d%3d", "%3D%3D", "%253d%253d", "%253D%253D", "%25253d%25253d", "=%3d"}

func TestGolden(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, e := range lists {
			e.golden = "user_objects/" + e.golden
			check(t, s, e)
		}
		for _, e := range objects {
			e.golden = "get_object/" + e.golden
			check(t, s, e)
		}
		for _, end := range spellings {
			check(t, s, exchange{golden: "get_object/seed", path: "/streams/" + encryptedStream + end + "/objects/396001"})
		}
		for _, e := range refusals() {
			check(t, s, e)
		}
	})
}

// check sends the request and compares the whole answer.
func check(t *testing.T, s *testserver.Server, e exchange) testserver.Response {
	t.Helper()
	method, auth, status := e.method, e.auth, e.status
	if method == "" {
		method = http.MethodGet
	}
	if auth == "" {
		auth = bearer
	}
	if status == 0 {
		status = http.StatusOK
	}
	header := []string{"X-Request-Id", "request-7"}
	if auth != "-" {
		header = append(header, "Authorization", auth)
	}
	got := s.Do(t, method, e.path, header...)
	if got.Status != status {
		t.Errorf("%s %s with %q answered %d, want %d: %s", method, e.path, auth, got.Status, status, got.Body)
		return got
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Request-Id": "request-7"} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s %s: %s is %q, want %q", method, e.path, name, have, want)
		}
	}
	if method == http.MethodHead {
		return got
	}
	testkit.Golden(t, "testdata/golden/"+e.golden+".json", got.Body)
	if !e.undescribed {
		testkit.CheckResponse(t, "commbox", method, describedPath(e.path), got.Status, got.Header, got.Body)
	}
	return got
}

// describedPath is the path in the letter case of the OpenAPI document.
func describedPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, segment := range segments {
		for _, literal := range []string{
			"v2", "users", "identities", "objects", "streams", "core", "systemstatus", "stats", "streamsSLAExceptions", "activities", "transcript",
			"streamavailability", "substreams",
		} {
			if strings.EqualFold(segment, literal) {
				segments[i] = literal
			}
		}
	}
	return strings.Join(segments, "/")
}
