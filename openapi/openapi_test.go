package openapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"parley/internal/testkit"
	"parley/openapi"
)

// operation is one that a document describes, with its statuses and their
// media types, and a path to call it by.
type operation struct {
	dialect, path, call string
	method              string // "" = GET
	statuses            map[string]string
}

// verb is the operation's method.
func (o *operation) verb() string {
	if o.method == "" {
		return http.MethodGet
	}
	return o.method
}

// Statuses of CommBox's reads, all in JSON: of most, of those that cannot be
// asked wrongly, and of the one without a key.
var (
	anyOfTheSeven     = inJSON("200", "400", "401", "404", "429", "500", "501")
	withoutParameters = inJSON("200", "401", "429", "500", "501")
	withoutKey        = inJSON("200", "429", "500", "501")
)

func inJSON(statuses ...string) map[string]string {
	all := map[string]string{}
	for _, status := range statuses {
		all[status] = "application/json"
	}
	return all
}

// operations lists what the documents describe.
var operations = append(staff(), []operation{
	{
		dialect: "commbox", path: "/v2/users/identities/{USER_IDENTITY_ID}/objects", call: "/v2/users/identities/4120/objects",
		statuses: map[string]string{
			"200": "application/json", "400": "application/json", "401": "application/json", "404": "application/json",
			"429": "application/json", "500": "application/json", "501": "application/json",
		},
	},
	{
		dialect: "commbox", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}", call: "/streams/hNyRN_fLUy7rrOrN9jLpipA%3d%3d/objects/70215?includeChilds=true",
		statuses: map[string]string{
			"200": "application/json", "400": "application/json", "401": "application/json", "404": "application/json",
			"429": "application/json", "500": "application/json", "501": "application/json",
		},
	},
	{dialect: "commbox", path: "/auth/ticket", call: "/auth/ticket", statuses: inJSON("200", "400", "401", "413", "429", "500", "501"), method: http.MethodPost},
	{dialect: "commbox", path: "/core/systemstatus", call: "/core/systemstatus", statuses: withoutKey},
	{dialect: "commbox", path: "/streams", call: "/streams", statuses: withoutParameters},
	{dialect: "commbox", path: "/streams/{STREAM_ID}/objects", call: "/streams/61/objects?userIdentityId=4120", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}/transcript", call: "/streams/61/objects/70215/transcript", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/streams/{STREAM_ID}/streamavailability", call: "/streams/61/streamavailability", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/streams/{STREAM_ID}/streamavailability/{IGNORE_AUTOMATION}", call: "/streams/61/streamavailability/true", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/streams/{STREAM_ID}/substreams/{SUBSTREAM_ID}/streamavailability", call: "/streams/61/substreams/7/streamavailability", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/stats/streams", call: "/stats/streams", statuses: withoutParameters},
	{dialect: "commbox", path: "/stats/streamsSLAExceptions", call: "/stats/streamsSLAExceptions", statuses: withoutParameters},
	{dialect: "commbox", path: "/objects/{OBJECT_ID}/activities", call: "/objects/70215/activities", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/users", call: "/users?streamProviderId=lea@example.org&streamProviderType=4", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/users/{USER_ID}", call: "/users/3120", statuses: anyOfTheSeven},
	{dialect: "commbox", path: "/users/identities/{USER_IDENTITY_ID}/objects", call: "/users/identities/4120/objects", statuses: anyOfTheSeven},
	{
		dialect: "chatwoot", path: "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
		call: "/public/api/v1/inboxes/Qh7tYp2mWc9sVx4kLb6nRd3z/contacts/0f6a2d54-7c1e-4b83-a9d0-52e4c1b7f683/conversations",
		statuses: map[string]string{
			"200": "application/json", "401": "application/json", "404": "application/json", "429": "text/plain", "500": "application/json",
		},
	},
	{
		dialect: "uncodie", path: "/api/agents/customerSupport/conversations",
		call: "/api/agents/customerSupport/conversations?lead_id=62a8f1c7-0d3e-4b95-b7f4-8c5e9a10d246&include=messages",
		statuses: map[string]string{
			"200": "application/json", "400": "application/json", "401": "application/json", "403": "application/json",
			"429": "application/json", "500": "application/json",
		},
	},
}...)

// staff are the calls of CommBox around those who work here, and what writes. All have the same
// statuses, but for 413, which those have that read a body.
func staff() []operation {
	var all []operation
	for _, o := range []struct{ method, path string }{
		{"GET", "/tags"},
		{"POST", "/tags +body"},
		{"POST", "/tags/{TAG_ID} +body"},
		{"DELETE", "/tags/{TAG_ID}"},
		{"GET", "/tags/groups"},
		{"POST", "/tags/groups +body"},
		{"POST", "/tags/groups/{TAGS_GROUP_ID} +body"},
		{"DELETE", "/tags/groups/{TAGS_GROUP_ID}"},
		{"GET", "/managers"},
		{"POST", "/managers +body"},
		{"GET", "/managers/{MANAGER_ID}"},
		{"POST", "/managers/{MANAGER_ID} +body"},
		{"DELETE", "/managers/{MANAGER_ID}"},
		{"GET", "/managers/{MANAGER_ID}/stats"},
		{"GET", "/managers/{MANAGER_ID}/assignments"},
		{"GET", "/managers/teams"},
		{"POST", "/managers/teams +body"},
		{"GET", "/managers/teams/{TEAM_ID}"},
		{"POST", "/managers/teams/{TEAM_ID} +body"},
		{"DELETE", "/managers/teams/{TEAM_ID}"},
		{"GET", "/managers/profiles"},
		{"GET", "/managers/profiles/{PROFILE_ID}"},
		{"POST", "/managers/{MANAGER_ID}/profiles"},
		{"DELETE", "/managers/{MANAGER_ID}/profiles"},
		{"DELETE", "/managers/{MANAGER_ID}/profiles/{PROFILE_ID}"},
		{"GET", "/managers/presence"},
		{"GET", "/managers/{MANAGER_ID}/presence"},
		{"POST", "/managers/{MANAGER_ID}/presence/{ACTIVITY_ID}"},
		{"POST", "/managers/{MANAGER_ID}/assignments"},
		{"DELETE", "/managers/{MANAGER_ID}/assignments"},
		{"POST", "/users/{USER_ID} +body"},
		{"POST", "/streams/{STREAM_ID}/objects +body"},
		{"POST", "/streams/{STREAM_ID}/objects/{OBJECT_ID}/child +body"},
		{"POST", "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/child +body"},
		{"POST", "/streams/{STREAM_ID}/objects/{OBJECT_ID}/tags/{TAG_ID}"},
		{"DELETE", "/streams/{STREAM_ID}/objects/{OBJECT_ID}/tags/{TAG_ID}"},
		{"POST", "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/tags/{TAG_ID}"},
		{"DELETE", "/streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/tags/{TAG_ID}"},
		{"POST", "/objects/{OBJECT_ID}/status/{STATUS_ID}"},
		{"PATCH", "/objects/{OBJECT_ID}/stream +body"},
		{"POST", "/objects/{OBJECT_ID}/content +body"},
		{"POST", "/objects/{OBJECT_ID}/activitylog +body"},
		{"POST", "/objects/{OBJECT_ID}/remarks +body"},
		{"POST", "/objects/{OBJECT_ID}/indicators +body"},
		{"DELETE", "/objects/{OBJECT_ID}/indicators/{INDICATOR_ID}"},
	} {
		statuses := map[string]string{}
		for _, status := range []string{"200", "400", "401", "404", "429", "500", "501"} {
			statuses[status] = "application/json"
		}
		path, body := strings.CutSuffix(o.path, " +body")
		if body {
			statuses["413"] = "application/json"
		}
		call := regexp.MustCompile(`\{[A-Z_]+\}`).ReplaceAllString(path, "3104")
		all = append(all, operation{dialect: "commbox", method: o.method, path: path, call: call, statuses: statuses})
	}
	return all
}

func TestDocument(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if name, ok := strings.CutSuffix(file.Name(), ".json"); ok {
			names = append(names, name)
		}
	}
	if diff := cmp.Diff([]string{"chatwoot", "commbox", "uncodie", "v1"}, names); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	for _, name := range names {
		text, ok := openapi.Document(name)
		if !ok || !json.Valid(text) {
			t.Errorf("Document(%q) = %d bytes, %v, want JSON", name, len(text), ok)
		}
	}
	for _, name := range []string{"", "parley", "commbox.json", "../openapi/commbox", "Commbox"} {
		if text, ok := openapi.Document(name); ok || text != nil {
			t.Errorf("Document(%q) = %d bytes, %v, want none", name, len(text), ok)
		}
	}
}

func TestDocumentIsTheCallers(t *testing.T) {
	t.Parallel()
	first, _ := openapi.Document("uncodie")
	clear(first)
	if second, _ := openapi.Document("uncodie"); !json.Valid(second) {
		t.Error("a change of the returned text shows in the next one")
	}
}

func TestDocumentsAreValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"commbox", "chatwoot", "uncodie", "v1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := load(t, name)
			if doc.OpenAPI != "3.1.0" {
				t.Errorf("openapi = %q, want 3.1.0", doc.OpenAPI)
			}
			// Everything that the validator may be asked for, the examples and
			// the names of all formats included.
			if err := doc.Validate(t.Context(), openapi3.EnableSchemaFormatValidation(), openapi3.ProhibitExtensionsWithRef(), openapi3.EnableMultiError()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDocumentsDescribeTheseOperations(t *testing.T) {
	t.Parallel()
	want, got := make(map[string]map[string]string), make(map[string]map[string]string)
	for _, op := range operations {
		want[op.dialect+" "+op.verb()+" "+op.path] = op.statuses
	}
	for _, name := range []string{"commbox", "chatwoot", "uncodie"} {
		for path, item := range load(t, name).Paths.Map() {
			for method, op := range item.Operations() {
				statuses := make(map[string]string)
				for status, response := range op.Responses.Map() {
					kinds := slices.Sorted(maps.Keys(response.Value.Content))
					statuses[status] = strings.Join(kinds, " ")
				}
				got[name+" "+method+" "+path] = statuses
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

// TestObjectsAreClosedAndOrdered holds the named objects to their form: closed,
// every key required but the few that may be absent, and both lists in one
// order, which is the order on the wire.
func TestObjectsAreClosedAndOrdered(t *testing.T) {
	t.Parallel()
	optional := map[string][]string{
		"commbox Availability":     {"agents"},
		"chatwoot Message":         {"attachments", "sender"},
		"uncodie ConversationList": {"debug"},
		"uncodie Conversation":     {"messages"},
	}
	for _, name := range []string{"commbox", "chatwoot", "uncodie"} {
		for schema, raw := range members(t, at(t, document(t, name), "components", "schemas")) {
			parts := members(t, raw)
			if string(parts["type"]) != `"object"` {
				continue
			}
			if string(parts["additionalProperties"]) != "false" {
				t.Errorf("%s: %s is open", name, schema)
			}
			want := slices.DeleteFunc(keys(t, parts["properties"]), func(key string) bool {
				return slices.Contains(optional[name+" "+schema], key)
			})
			var required []string
			decode(t, parts["required"], &required)
			if diff := cmp.Diff(want, required); diff != "" {
				t.Errorf("%s: properties and required of %s (-properties +required):\n%s", name, schema, diff)
			}
		}
	}
}

func TestKeysStandInWireOrder(t *testing.T) {
	t.Parallel()
	const common = "objectId streamId subStreamId streamProviderId streamProviderType user_identity firstName lastName moduleId " +
		"userStreamProviderId userStreamProviderType content message createdTime updatedTime closedTime firstResponseTime lastResponseTime " +
		"statusId assignedManagerId lastAssignedManagerId type user isManager childs activityLogs tagsObjectId customerParticipants"
	const person = "id managerId isManager encryptedId identity uniqueId phone1 phone2 email firstName lastName gender numberIdentities " +
		"locale birthday remarks content"
	for _, test := range []struct{ dialect, schema, want string }{
		{"commbox", "UserObjects", "totalUnreadChatMessages status description response_time data"},
		{"commbox", "UserObject", common + " unreadMessages"},
		{"commbox", "ObjectAnswer", "status description response_time data"},
		{"commbox", "Object", strings.Replace(common, "closedTime", "closedTime closeTime", 1)},
		{"commbox", "Customer", person},
		{"commbox", "AgentAuthor", person},
		{"commbox", "CustomerAuthor", person},
		{"commbox", "AutomaticAuthor", person},
		{"commbox", "Child", "id objectId content message createdTime streamProviderType type user"},
		{"commbox", "ChildWithAlias", "id objectId object_id content message createdTime streamProviderType type user"},
		{"commbox", "CompactIdentity", "id streamProviderId streamProviderType firstName lastName thumbnailUrl"},
		{"commbox", "ActivityLog", "objectId user type data createdTime"},
		{"commbox", "NotFound", "status description response_time"},
		{"chatwoot", "Conversation", "id uuid inbox_id contact_last_seen_at status agent_last_seen_at messages contact"},
		{"chatwoot", "Message", "id content message_type content_type content_attributes created_at conversation_id attachments sender"},
		{"chatwoot", "Contact", "id name email phone_number account_id created_at updated_at additional_attributes identifier custom_attributes " +
			"last_activity_at contact_type middle_name last_name location country_code blocked company_id label_list"},
		{"chatwoot", "ImageAttachment", "id message_id file_type account_id extension data_url thumb_url file_size width height"},
		{"chatwoot", "ContactSender", "additional_attributes custom_attributes email id identifier name phone_number thumbnail blocked type"},
		{"chatwoot", "UserSender", "id name available_name avatar_url type availability_status thumbnail"},
		{"uncodie", "Conversation", "id title created_at updated_at lead_id visitor_id user_id agent_id message_count last_message site_id status " +
			"channel custom_data last_message_at is_archived flag delegate_id command_id messages"},
		{"uncodie", "Message", "content role created_at id"},
		{"uncodie", "Pagination", "limit offset total page pages"},
	} {
		got := keys(t, at(t, document(t, test.dialect), "components", "schemas", test.schema, "properties"))
		if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" {
			t.Errorf("%s: keys of %s (-want +got):\n%s", test.dialect, test.schema, diff)
		}
	}
}

func TestExamplesConform(t *testing.T) {
	t.Parallel()
	for _, sample := range samples(t) {
		if err := sample.check(sample.body); err != nil {
			t.Errorf("%s: %v", sample, err)
		}
	}
}

// TestExamplesKeepTheOrder compares the keys of one example of each operation
// with the order of its schema.
func TestExamplesKeepTheOrder(t *testing.T) {
	t.Parallel()
	firsts := map[string]struct {
		schema string
		way    []string
	}{
		"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list":                                        {"UserObject", []string{"data", "0"}},
		"commbox /streams/{STREAM_ID}/objects/{OBJECT_ID} 200 full":                                               {"Object", []string{"data", "0"}},
		"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list": {"Contact", []string{"0", "contact"}},
		"uncodie /api/agents/customerSupport/conversations 200 messages":                                          {"Conversation", []string{"data", "conversations", "0"}},
	}
	for _, sample := range samples(t) {
		first, ok := firsts[sample.String()]
		if !ok {
			continue
		}
		delete(firsts, sample.String())
		want := keys(t, at(t, document(t, sample.dialect), "components", "schemas", first.schema, "properties"))
		if diff := cmp.Diff(want, keys(t, at(t, sample.body, first.way...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sample, diff)
		}
	}
	for name := range firsts {
		t.Errorf("no example %s", name)
	}
}

// TestSchemasRefuseSmallChanges breaks every example at every place, one place
// at a time: a key left out, a value of another type, a key too many.
func TestSchemasRefuseSmallChanges(t *testing.T) {
	t.Parallel()
	for n, sample := range samples(t) {
		if testkit.Small() && n%8 != 0 {
			continue
		}
		if sample.media != "application/json" {
			continue
		}
		t.Run(sample.String(), func(t *testing.T) {
			t.Parallel()
			var root any
			decode(t, sample.body, &root)
			changes := 0
			refused := func(change, where string) {
				changes++
				body, err := json.Marshal(root)
				if err != nil {
					t.Fatal(err)
				}
				if sample.check(body) == nil {
					t.Errorf("accepted with %s at %s", change, where)
				}
			}
			spoil(sample.dialect, root, "", refused)
			if changes == 0 && sample.name != "empty" {
				t.Error("nothing was changed")
			}
		})
	}
}

func TestNullStandsOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	all := samples(t)
	for _, test := range []struct {
		sample, old, new string
		ok               bool
	}{
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"closedTime":null`, `"closedTime":"2026-04-06T09:00:00Z"`, true},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"closedTime":null`, `"closedTime":"null"`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"closedTime":null`, `"closedTime":""`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"closedTime":null`, `"closedTime":"2026-04-06T09:00:00.5Z"`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"closedTime":null`, `"closedTime":"2026-02-30T09:00:00Z"`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"createdTime":"2026-04-06T08:01:10Z"`, `"createdTime":null`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"email":""`, `"email":null`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"thumbnailUrl":""`, `"thumbnailUrl":null`, true},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"content":"{}"`, `"content":"{"`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"content":"{}"`, `"content":"{,}"`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"activityLogs":[]`, `"activityLogs":null`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"statusId":1`, `"statusId":12`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 list", `"unreadMessages":1`, `"unreadMessages":-1`, false},
		{"commbox /v2/users/identities/{USER_IDENTITY_ID}/objects 200 empty", `"data":[]`, `"data":null`, false},
		{"commbox /streams/{STREAM_ID}/objects/{OBJECT_ID} 200 newest", `"closeTime":null`, `"closeTime":"2026-04-06T09:00:00Z"`, true},
		{"commbox /streams/{STREAM_ID}/objects/{OBJECT_ID} 200 newest", `"response_time":"2026-04-06T08:15:00.4829317Z"`, `"response_time":"2026-04-06T08:15:00.4829310Z"`, false},
		{"commbox /streams/{STREAM_ID}/objects/{OBJECT_ID} 200 newest", `"response_time":"2026-04-06T08:15:00.4829317Z"`, `"response_time":"2026-04-06T08:15:00Z"`, true},
		{"commbox /streams/{STREAM_ID}/objects/{OBJECT_ID} 200 newest", `"customerParticipants":[]`, `"customerParticipants":[],"unreadMessages":1`, false},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"extension":null`, `"extension":"jpg"`, true},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"agent_last_seen_at":0`, `"agent_last_seen_at":null`, false},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"message_type":0`, `"message_type":2`, false},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"type":"agent_bot"`, `"type":"user"`, false},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"file_type":"audio"`, `"file_type":"video"`, false},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"file_type":"file"`, `"file_type":"ig_reel"`, true},
		{"chatwoot /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations 200 list", `"created_at":"2026-03-02T10:11:12.013Z"`, `"created_at":"2026-03-02T10:11:12Z"`, false},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"last_message":null`, `"last_message":{}`, false},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"lead_id":null`, `"lead_id":""`, false},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"title":null`, `"title":"A subject"`, true},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"custom_data":null`, `"custom_data":{"a":[1]}`, true},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"custom_data":null`, `"custom_data":"{}"`, false},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"created_at":"2026-04-06T08:01:10.000Z"`, `"created_at":"2026-04-06T08:01:10.000000Z"`, true},
		{"uncodie /api/agents/customerSupport/conversations 200 page", `"created_at":"2026-04-06T08:01:10.000Z"`, `"created_at":"2026-04-06T08:01:10+00:00"`, false},
		{"uncodie /api/agents/customerSupport/conversations 200 total", `"pages":null`, `"pages":0`, true},
		{"uncodie /api/agents/customerSupport/conversations 200 total", `"limit":0`, `"limit":null`, false},
	} {
		i := slices.IndexFunc(all, func(s sample) bool { return s.String() == test.sample })
		if i < 0 {
			t.Errorf("no example %s", test.sample)
			continue
		}
		body := compact(t, all[i].body)
		changed := strings.Replace(body, test.old, test.new, 1)
		if changed == body {
			t.Errorf("%s: no %s", test.sample, test.old)
			continue
		}
		if err := all[i].check([]byte(changed)); (err == nil) != test.ok {
			t.Errorf("%s: %s: error %v, want accepted = %v", test.sample, test.new, err, test.ok)
		}
	}
}
