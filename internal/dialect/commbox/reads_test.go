package commbox_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/internal/testkit/testserver"
)

// desk is a fixture of four accounts whose agents are free, busy, away or not
// there at all; the first has inboxes with working hours. The clock of tests
// stands at 9:00:05 UTC on a Sunday, which is 11:00 in Jerusalem and 18:00 in
// Tokyo.
const desk = "testdata/desk.ndjson"

// streamObjects is the path of the list of stream 19155, whose conversations
// were created on 2026-01-01 and later, and on 2026-02-10 and 2026-02-12.
const streamObjects = "/streams/19155/objects"

// everything is a range that leaves no conversation out.
const everything = "unixStartTime=0&unixEndTime=9223372036854775807"

// reads are the other reads of conversations, on the fixture of all of them.
var reads = []exchange{
	{golden: "system_status/system_status", path: "/core/systemstatus"},
	{golden: "system_status/system_status", path: "/Core/SystemStatus/", auth: "-"},
	{golden: "system_status/system_status", path: "/core/systemstatus", auth: "Bearer wrong"},

	{golden: "stream_objects/every_field", path: "/streams/61/objects?" + everything + "&includeChilds=true&userIdentityId=700030"},
	{golden: "stream_objects/newest_first", path: streamObjects + "?" + everything},
	{golden: "stream_objects/newest_first", path: "/Streams/" + encryptedStream + "==/OBJECTS/?" + everything + "&timeFilter=createdtime&order=CreatedTime&sort=desc&subStream=0&pageSize=500&userIdentityId="},
	{golden: "stream_objects/oldest_first", path: streamObjects + "?" + everything + "&sort=asc&pageSize=2"},
	{golden: "stream_objects/second_page", path: streamObjects + "?" + everything + "&sort=asc&pageSize=2&pageNumber=1"},
	{golden: "stream_objects/none", path: streamObjects + "?" + everything + "&pageNumber=9"},
	// Both ends belong to the range, the second of the end with all of it.
	{golden: "stream_objects/one_second", path: streamObjects + "?unixStartTime=1770908462&unixEndTime=1770908462"},
	{golden: "stream_objects/none", path: streamObjects + "?unixStartTime=1770908463&unixEndTime=1770908464"},
	{golden: "stream_objects/none", path: streamObjects + "?unixStartTime=1770908462&unixEndTime=1770908461"},
	{golden: "stream_objects/closed", path: streamObjects + "?" + strings.Replace(everything, "9223372036854775807", "1772355605", 1) + "&timeFilter=closedtime&order=closedtime"},
	{golden: "stream_objects/updated", path: streamObjects + "?unixStartTime=1770000000&unixEndTime=1770600000&timeFilter=updatedtime&order=updatedtime"},
	{golden: "stream_objects/updated_by_creation", path: streamObjects + "?unixStartTime=1770000000&unixEndTime=1770600000&timeFilter=updatedtime"},
	{golden: "stream_objects/priority", path: streamObjects + "?" + everything + "&timeFilter=prioritytime&order=prioritytime&pageSize=3"},
	{golden: "stream_objects/status", path: streamObjects + "?" + everything + "&status=3,7"},
	{golden: "stream_objects/part", path: "/streams/41/objects?" + everything + "&subStream=2433"},
	{golden: "stream_objects/identity", path: streamObjects + "?userIdentityId=700040&includeActivityLog=true"},
	{golden: "stream_objects/address", path: streamObjects + "?identityStreamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&identityStreamProviderType=6"},
	{golden: "stream_objects/address", path: streamObjects + "?identityStreamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&identityStreamProviderType=6&userIdentityId=558355"},
	{golden: "stream_objects/none", path: streamObjects + "?identityStreamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&identityStreamProviderType=6&userIdentityId=700040"},
	{golden: "stream_objects/none", path: streamObjects + "?identityStreamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&identityStreamProviderType=5"},
	{golden: "stream_objects/none", path: streamObjects + "?identityStreamProviderId=nobody&identityStreamProviderType=6"},
	{golden: "stream_objects/none", path: streamObjects + "?userIdentityId=1"},
	{golden: "stream_objects/own_address", path: "/streams/53211/objects?streamProviderId=972505555555&streamProviderType=5&status=1,8&pageNumber=0&pageSize=1&sort=desc"},
	{golden: "stream_objects/none", path: "/streams/53211/objects?streamProviderId=972505555555&streamProviderType=4"},
	{golden: "stream_objects/none", path: "/streams/53211/objects?streamProviderId=97250555555&streamProviderType=5"},
	{golden: "stream_objects/none", path: streamObjects + "?streamProviderId=972505555555&streamProviderType=5"},

	{golden: "identity_objects/seed", path: "/users/identities/558355/objects"},
	{golden: "identity_objects/seed", path: "/users/identities/0/objects?streamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&streamProviderType=6"},
	{golden: "identity_objects/seed", path: "/users/identities/700021/objects?streamProviderId=d7655a64-ac14-4aa1-8907-1e26402ac6da&streamProviderType=6"},
	{golden: "identity_objects/every_field", path: "/users/identities/700030/objects"},
	{golden: "identity_objects/activity_log", path: "/users/identities/700040/objects?includeActivityLog=true&includeChilds=false"},
	{golden: "identity_objects/no_conversations", path: "/users/identities/700022/objects"},
	{golden: "identity_objects/no_conversations", path: "/users/identities/0/objects?streamProviderId=11111111-2222-4333-8444-555555555555&streamProviderType=6"},
	{golden: "identity_objects/no_conversations", path: "/users/identities/" + mostStatuses + "/objects?stream=90"},
	{golden: "identity_objects/page", path: "/users/identities/" + mostStatuses + "/objects?includeChilds=false&pageSize=3&pageNumber=1&order=createdtime&stream=41"},
	{golden: "identity_objects/filters", path: "/users/identities/" + mostStatuses + "/objects?includeChilds=false&moduleId=9&stream=41&status=2,3,4"},

	{golden: "activities/all", path: "/objects/900020/activities"},
	{golden: "activities/all", path: "/Objects/900020/Activities/?activityType=0"},
	{golden: "activities/status", path: "/objects/900020/activities?activityType=2"},
	{golden: "activities/remarks", path: "/objects/900020/activities?activityType=1"},
	{golden: "activities/none", path: "/objects/900020/activities?activityType=23"},
	{golden: "activities/none", path: "/objects/396001/activities"},

	{golden: "transcript/seed", path: "/streams/19155/objects/396001/transcript"},
	{golden: "transcript/seed", path: "/streams/" + encryptedStream + "%253d%253d/objects/396001/transcript"},
	{golden: "transcript/sample", path: "/streams/53211/objects/293854/transcript"},
	{golden: "transcript/every_field", path: "/streams/61/objects/900010/transcript"},
	{golden: "transcript/statuses", path: "/streams/19155/objects/900020/transcript"},
	{golden: "transcript/messages", path: "/streams/41/objects/900030/transcript"},
	{golden: "transcript/no_messages", path: "/streams/41/objects/900005/transcript"},

	{golden: "user/sample", path: "/users/520760"},
	{golden: "user/sample", path: "/users?streamProviderId=972505555555_by&streamProviderType=5"},
	{golden: "user/sample", path: "/users/0?streamProviderId=eddiedoe053@gmail.com&streamProviderType=4"},
	{golden: "user/sample", path: "/users/1?streamProviderId=972505555555&streamProviderType=5"},
	{golden: "user/every_field", path: "/users/600012"},
	{golden: "user/anonymous", path: "/users/545516"},
	{golden: "user/bot", path: "/users/545437"},

	{golden: "streams/harbour", path: "/streams"},
	{golden: "stream_stats/harbour", path: "/stats/streams"},
	{golden: "sla_exceptions/none", path: "/stats/streamsSLAExceptions"},
	{golden: "sla_exceptions/none", path: "/Stats/StreamsSlaExceptions/"},
}

// deskReads are on the fixture of the desk; key is the beginning of the key.
var deskReads = []struct {
	key string
	exchange
}{
	{"desk", exchange{golden: "user/admin", path: "/users/101"}},
	{"desk", exchange{golden: "user/admin", path: "/users?streamProviderId=Ann@desk.example&streamProviderType=4"}},
	{"desk", exchange{golden: "user/agent", path: "/users/102"}},
	{"desk", exchange{golden: "user/agent_without_team", path: "/users/104"}},
	{"desk", exchange{golden: "user/tags", path: "/users/111"}},
	{"desk", exchange{golden: "user/blocked", path: "/users/112"}},
	{"desk", exchange{golden: "streams/channels", path: "/streams"}},
	{"desk", exchange{golden: "stream_stats/merged", path: "/stats/streams"}},
	{"nobody", exchange{golden: "stream_stats/none", path: "/stats/streams"}},

	{"desk", exchange{golden: "availability/1", path: "/streams/61/streamavailability"}},
	{"desk", exchange{golden: "availability/1", path: "/streams/62/streamavailability"}}, // the bot, on a Sunday
	{"desk", exchange{golden: "availability/1", path: "/streams/62/StreamAvailability/false"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/62/streamavailability/true"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/62/streamavailability/TRUE?ignoreAutomationExsistance=false"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/62/streamavailability?ignoreAutomationExsistance=true"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/62/streamavailability?autoAssign=true"}},
	{"desk", exchange{golden: "availability/1", path: "/streams/63/streamavailability?ignoreAutomationExsistance=true"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/64/streamavailability?ignoreAutomationExsistance=true"}},
	{"desk", exchange{golden: "availability/1", path: "/streams/61/streamavailability?ignoreAutomationExsistance=1&autoAssign=1&includeDetails=0"}},
	{"desk", exchange{golden: "availability/1", path: "/streams/61/substreams/72/streamavailability"}},
	{"desk", exchange{golden: "availability/1", path: "/streams/61/substreams/0/streamavailability"}},
	{"desk", exchange{golden: "availability/3", path: "/streams/62/substreams/71/streamavailability?ignoreAutomationExsistance=true"}},
	{"desk", exchange{golden: "availability/details", path: "/streams/61/streamavailability?includeDetails=true"}},
	{"busy", exchange{golden: "availability/2", path: "/streams/65/streamavailability"}},
	{"busy", exchange{golden: "availability/2", path: "/streams/65/streamavailability?ignoreAutomationExsistance=true"}},
	{"away", exchange{golden: "availability/3", path: "/streams/66/streamavailability"}},
	{"nobody", exchange{golden: "availability/3", path: "/streams/67/streamavailability"}},
	{"nobody", exchange{golden: "availability/no_agents", path: "/streams/67/streamavailability?includeDetails=true"}},
}

func TestReads(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, e := range reads {
			check(t, s, e)
		}
		for _, e := range readRefusals() {
			check(t, s, e)
		}
	})
}

func TestDeskReads(t *testing.T) {
	t.Parallel()
	keys := map[string]string{
		"desk": "Bearer desk-site-key-00001", "busy": "Bearer busy-site-key-00001", "away": "Bearer away-site-key-00001", "nobody": "Bearer nobody-site-key-01",
	}
	testserver.Each(t, desk, func(t *testing.T, s *testserver.Server) {
		for _, e := range deskReads {
			e.auth = keys[e.key]
			check(t, s, e.exchange)
		}
		for _, e := range refused("404", http.StatusNotFound,
			"/streams/61/substreams/71/streamavailability", // a part of another stream
			"/streams/61/substreams/74/streamavailability", "/streams/65/streamavailability", "/users/106", "/users?streamProviderId=ann@desk.example&streamProviderType=5",
		) {
			e.auth = keys["desk"]
			check(t, s, e)
		}
	})
}

// readRefusals are requests to the reads of this file that get an error.
func readRefusals() []exchange {
	var all []exchange
	all = append(all, refused("400", http.StatusBadRequest,
		// One of the limits is needed, and each of them whole.
		streamObjects, streamObjects+"?pageSize=1", streamObjects+"?userIdentityId=0", streamObjects+"?unixStartTime=5", streamObjects+"?unixEndTime=5",
		streamObjects+"?unixStartTime=&unixEndTime=5&userIdentityId=700040", streamObjects+"?identityStreamProviderId=x", streamObjects+"?identityStreamProviderType=6",
		streamObjects+"?streamProviderId=x", streamObjects+"?streamProviderType=5", streamObjects+"?timeFilter=createdtime",
		streamObjects+"?unixStartTime=-1&unixEndTime=5", streamObjects+"?unixStartTime=1.5&unixEndTime=5", streamObjects+"?unixStartTime=2026-01-01&unixEndTime=5",
		streamObjects+"?"+everything+"&timeFilter=id", streamObjects+"?"+everything+"&order=x", streamObjects+"?"+everything+"&sort=x",
		streamObjects+"?"+everything+"&status=12", streamObjects+"?"+everything+"&subStream=x", streamObjects+"?"+everything+"&pageSize=0",
		streamObjects+"?"+everything+"&includeChilds=2", streamObjects+"?"+everything+"&includeActivityLog=x", streamObjects+"?userIdentityId=x",
		streamObjects+"?identityStreamProviderId=%00&identityStreamProviderType=6",
		"/streams/0/objects?"+everything,
		"/users/identities/0/objects", "/users/identities/x/objects", "/users/identities/-1/objects", "/users/identities/558355/objects?streamProviderId=x",
		"/users/identities/558355/objects?streamProviderType=6", "/users/identities/558355/objects?stream=x", "/users/identities/558355/objects?order=x",
		"/users/identities/x/objects?streamProviderId=a&streamProviderType=6",
		"/objects/x/activities", "/objects/0/activities", "/objects/900020/activities?activityType=24", "/objects/900020/activities?activityType=-1",
		"/objects/900020/activities?activityType=note", "/objects/900020/activities?%zz",
		"/streams/0/objects/396001/transcript", "/streams/19155/objects/x/transcript",
		"/users", "/users?streamProviderId=x", "/users?streamProviderType=5", "/users?streamProviderId=&streamProviderType=", "/users?streamProviderId=x&streamProviderType=mail",
		"/users/x", "/users/0", "/users/-1", "/users/9223372036854775808", "/users/520760?streamProviderId=x",
		"/streams/0/streamavailability", "/streams/19155/streamavailability/maybe", "/streams/19155/streamavailability?includeDetails=x",
		"/streams/19155/streamavailability?ignoreAutomationExsistance=2", "/streams/19155/streamavailability?autoAssign=x", "/streams/53211/substreams/x/streamavailability",
	)...)
	all = append(all, refused("404", http.StatusNotFound,
		"/streams/1/objects?"+everything, "/streams/90/objects?"+everything, "/streams/"+encryptedForeign+"==/objects?"+everything, "/streams/abc/objects?"+everything,
		"/streams/1/objects?identityStreamProviderId=nobody&identityStreamProviderType=6", "/streams/9007199254740993/objects?"+everything,
		"/users/identities/1/objects", "/users/identities/900002/objects", "/users/identities/9223372036854775807/objects",
		"/users/identities/558355/objects?streamProviderId=nobody&streamProviderType=6",
		"/objects/1/activities", "/objects/990001/activities", "/objects/9007199254740993/activities",
		"/streams/41/objects/396001/transcript", "/streams/90/objects/990001/transcript", "/streams/x/objects/396001/transcript", "/streams/19155/objects/1/transcript",
		"/users/1", "/users/900002", "/users/558355", "/users/9223372036854775807", "/users?streamProviderId=nobody&streamProviderType=6",
		"/streams/1/streamavailability", "/streams/90/streamavailability", "/streams/x/streamavailability", "/streams/53211/substreams/2433/streamavailability",
		"/streams/19155/substreams/9007199254740993/streamavailability",
	)...)
	for _, path := range []string{
		streamObjects + "?" + everything, "/users/identities/558355/objects", "/objects/900020/activities", "/streams/19155/objects/396001/transcript", "/users/520760",
		"/users", "/streams", "/stats/streams", "/stats/streamsSLAExceptions", "/streams/19155/streamavailability",
	} {
		for _, auth := range []string{"-", "Bearer wrong", "Bearer harbour-writer-key-0001", "Bearer harbour-revoked-key-0001"} {
			e := refused("401", http.StatusUnauthorized, path)[0]
			e.auth = auth
			all = append(all, e)
		}
	}
	return all
}

// publishedKeys are the keys of what the reads answer, each behind the way to
// it, in the published order; the server may send more in between.
var publishedKeys = map[string]map[string]string{
	"stream_objects/every_field": {
		"data":      strings.NewReplacer("lastResponseTime", "lastResponseTime priorityTime", " type", " type numTags numChilds", " unreadMessages", "").Replace(seedKeys["data"]),
		"data.user": userKeys, "data.childs": seedKeys["data.childs"], "data.childs.user": userKeys,
	},
	"identity_objects/every_field": {
		"data": "objectId streamId subStreamId streamProviderId streamProviderType user_identity firstName lastName userStreamProviderId userStreamProviderType " +
			"content message createdTime updatedTime closedTime firstResponseTime lastResponseTime statusId assignedManagerId type user isManager childs",
		"data.user": userKeys, "data.childs": "id object_id content message createdTime streamProviderType user",
	},
	"activities/all": {
		"data": "objectId user type data createdTime", "data.user": "id first_name last_name identity", "data.user.identity": "identityId thumbnailUrl",
	},
	"transcript/messages": {
		"data":      "objectId streamid substreamid trasncript user",
		"data.user": "id uniqueId phone1 phone2 email firstName lastName gender numberIdentities locale birthday remarks",
	},
	"user/every_field": {
		"data":            "id firstName lastName gender phone1 phone2 uniqueId email content permissionId numIdentities numObjects locale remarks userTags teamId identities",
		"data.identities": "id userId numObjects userName streamProviderEmail streamProviderId streamProviderType firstName lastName thumbnailUrl content",
	},
	"stream_stats/harbour": {"data": "moduleId streamId subStreamId statusId c"},
	"streams/channels":     {"data": "streams"},
	"availability/1":       {"data": "state"},
}

func TestKeysOfReads(t *testing.T) {
	t.Parallel()
	for name, keys := range publishedKeys {
		got := goldenKeys(t, name)
		if got[""] != "status description response_time data" {
			t.Errorf("%s: the envelope is %s", name, got[""])
		}
		for at, want := range keys {
			if !subsequence(strings.Fields(want), strings.Fields(got[at])) {
				t.Errorf("%s: keys at %q are\n%s, want in this order\n%s", name, at, got[at], want)
			}
		}
	}
}
