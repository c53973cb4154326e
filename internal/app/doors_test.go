//go:build unix

package app_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/internal/api"
	"parley/internal/dialect/chatwoot"
	"parley/internal/dialect/commbox"
	"parley/internal/dialect/uncodie"
	"parley/internal/httpx"
	"parley/internal/interchange"
	"parley/internal/store"
	"parley/openapi"
)

// door is a way into the server, as the tests of this package see it: they hold
// for each of its operations, also those that are yet to come.
type door struct {
	name       string
	fixture    string // two accounts, 1 and 2
	operations []operation
	key        string   // of the first account
	readKey    string   // one of the first account that may only read; "" = key
	otherKeys  []string // of the second
	// good are values of parameters, by name, that lead the first account to
	// something; others are 1.
	good map[string]string
	// instead are other good values for single operations, by method and pattern.
	instead map[string]map[string]string
	// bodies are JSON bodies that let the first account do something, by method
	// and pattern; others are "".
	bodies map[string]string
	// own are the parameters that do not name a thing of an account, with what
	// the second account sends there: they show who calls, or are the same for
	// all.
	own map[string]string
	// guarded: nobody finds anything there without a signature, which takes a
	// stored file; TestFiles has them.
	guarded bool
}

// operation is a call and the names of what it takes.
type operation struct {
	httpx.Operation
	query []string          // parameters of the query, as the document has them
	body  []string          // members of a JSON body
	types map[string]string // their JSON types, where the document gives one alone
}

const harbourChild = `{"data":{"Type":4,"UserStreamProviderId":"972505555555_by","UserStreamProviderType":5,"Message":"Hello"}}`

// elsewhere tells of operations of /v1 that the tests of that package hold to
// the same: answers that do not end, bodies of files, what was sent to webhooks,
// of which no fixture tells, and search, which finds nothing of an import until
// a job has filled the index.
func elsewhere(o httpx.Operation) bool {
	return strings.HasSuffix(o.Pattern, "/stream") || strings.HasSuffix(o.Pattern, "/ws") || o.Pattern == "/v1/uploads" || o.Pattern == "/v1/search" || strings.Contains(o.Pattern, "{delivery}")
}

// doors returns every way into the public listener.
func doors(t *testing.T) []door {
	t.Helper()
	all := []door{
		{
			name: "commbox", fixture: harbourFixture, key: harbourKey, otherKeys: []string{"other-site-key-0001"},
			operations: describe(t, "commbox", commbox.Operations()),
			readKey:    "harbour-reader-key-0001",
			good: map[string]string{
				"USER_IDENTITY_ID": "528986", "USER_ID": "520760", "STREAM_ID": "53211", "SUBSTREAM_ID": "2432", "OBJECT_ID": "293854", "STATUS_ID": "8",
				"streamProviderId": "972505555555", "streamProviderType": "5", "PROVIDER_ID": "972505555555", "PROVIDER_TYPE": "5",
				"identityStreamProviderId": "972505555555_by", "identityStreamProviderType": "5", "userIdentityId": "528986",
				"unixStartTime": "0", "unixEndTime": "9000000000", "IGNORE_AUTOMATION": "true", "TAG_ID": "12", "TAGS_GROUP_ID": "3",
				"MANAGER_ID": "600002", "TEAM_ID": "31", "PROFILE_ID": "21", "ACTIVITY_ID": "2", "add": "21", "objectId": "293854",
			},
			instead: map[string]map[string]string{"DELETE /managers/{MANAGER_ID}/assignments": {"MANAGER_ID": "571562"}},
			bodies: map[string]string{
				"POST /auth/ticket":                                                     `{"data":{"brand":"1","email":"lea@example.org"}}`,
				"POST /streams/{STREAM_ID}/objects":                                     `{"data":{"Message":"Hello","Type":4,"UserStreamProviderId":"972500000001","UserStreamProviderType":5}}`,
				"POST /streams/{STREAM_ID}/objects/{OBJECT_ID}/child":                   harbourChild,
				"POST /streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/child": harbourChild,
				"PATCH /objects/{OBJECT_ID}/stream":                                     `{"data":{"streamId":53211,"subStreamId":2432}}`,
				"POST /objects/{OBJECT_ID}/activitylog":                                 `{"data":{"Text":"Called back"}}`,
				"POST /objects/{OBJECT_ID}/remarks":                                     `{"data":{"Text":"Called back"}}`,
				"POST /objects/{OBJECT_ID}/indicators":                                  `{"data":{"IndicatorId":"late","Icon":"https://harbour.example/late.png"}}`,
				"POST /tags":                                                            `{"data":{"Name":"new"}}`, "POST /tags/groups": `{"data":{"Name":"new"}}`,
				"POST /tags/groups/{TAGS_GROUP_ID}": `{"data":{"Name":"new"}}`,
				"POST /managers/teams":              `{"data":{"Name":"new"}}`, "POST /managers/teams/{TEAM_ID}": `{"data":{"Name":"new"}}`,
				"POST /managers": `{"data":{"FirstName":"A","LastName":"B","Email":"a@harbour.example","IsAdmin":false,"Password":"correct horse"}}`,
			},
			own: map[string]string{"ACTIVITY_ID": "2", "STATUS_ID": "2", "IGNORE_AUTOMATION": "true"},
		},
		{
			name: "chatwoot", fixture: "../dialect/chatwoot/testdata/fixture.ndjson",
			operations: describe(t, "chatwoot", chatwoot.Operations()),
			good:       map[string]string{"inbox_identifier": "Xk9fQ2mTz7LpRw4VbN3cYh8D", "contact_identifier": "seed-example"},
			own:        map[string]string{"inbox_identifier": "Pt6zR3gWk8NdJc5XvB2mQh7S"},
		},
		{
			name: "uncodie", fixture: "../dialect/uncodie/testdata/desk.ndjson",
			key: "key_full0123456789abcdef", otherKeys: []string{"key_other0123456789abcdef"},
			operations: describe(t, "uncodie", uncodie.Operations()),
			good:       map[string]string{"lead_id": "62a8f1c7-0d3e-4b95-b7f4-8c5e9a10d246"},
		},
		{
			name: "v1", fixture: harbourFixture, key: harbourKey, readKey: "harbour-reader-key-0001", otherKeys: []string{"other-site-key-0001"},
			operations: describe(t, "v1", slices.DeleteFunc(api.Operations(), elsewhere)),
			good:       map[string]string{"id": "12", "ref": "520760", "q": "message"},
			instead: map[string]map[string]string{
				"GET /v1/label_groups/{id}": {"id": "3"}, "PATCH /v1/label_groups/{id}": {"id": "3"}, "DELETE /v1/label_groups/{id}": {"id": "3"},
				"GET /v1/teams/{id}": {"id": "31"}, "PATCH /v1/teams/{id}": {"id": "31"}, "PUT /v1/teams/{id}/agents": {"id": "31"}, "DELETE /v1/teams/{id}": {"id": "31"},
				"GET /v1/canned_responses/{id}": {"id": "51"}, "PATCH /v1/canned_responses/{id}": {"id": "51"}, "DELETE /v1/canned_responses/{id}": {"id": "51"},
				"GET /v1/attribute_definitions/{id}": {"id": "61"}, "PATCH /v1/attribute_definitions/{id}": {"id": "61"}, "DELETE /v1/attribute_definitions/{id}": {"id": "61"},
				"GET /v1/inboxes/{id}": {"id": "53211"}, "PATCH /v1/inboxes/{id}": {"id": "53211"}, "POST /v1/inboxes/{id}/rotate_keys": {"id": "41"},
				"GET /v1/inboxes/{id}/agents": {"id": "53211"}, "PUT /v1/inboxes/{id}/agents": {"id": "53211"},
				"GET /v1/inboxes/{id}/sub_inboxes": {"id": "53211"}, "POST /v1/inboxes/{id}/sub_inboxes": {"id": "53211"},
				"GET /v1/inboxes/{id}/sub_inboxes/{sub}": {"id": "53211", "sub": "2432"}, "PATCH /v1/inboxes/{id}/sub_inboxes/{sub}": {"id": "53211", "sub": "2432"},
				"GET /v1/agents/{id}": {"id": "600002"}, "PATCH /v1/agents/{id}": {"id": "600002"}, "DELETE /v1/agents/{id}": {"id": "600002"},
				"PUT /v1/agents/{id}/profiles": {"id": "600002"},
				"GET /v1/profiles/{id}":        {"id": "21"}, "PATCH /v1/profiles/{id}": {"id": "21"}, "DELETE /v1/profiles/{id}": {"id": "21"},
				"GET /v1/conversations/{id}":                       {"id": "293854"},
				"PATCH /v1/conversations/{id}":                     {"id": "293854"},
				"POST /v1/conversations/{id}/read":                 {"id": "293854"},
				"POST /v1/conversations/{id}/unread":               {"id": "293854"},
				"POST /v1/conversations/{id}/typing":               {"id": "293854"},
				"GET /v1/conversations/{id}/timeline":              {"id": "293854"},
				"GET /v1/conversations/{id}/messages":              {"id": "293854"},
				"POST /v1/conversations/{id}/messages":             {"id": "293854"},
				"GET /v1/conversations/{id}/messages/{message}":    {"id": "293854", "message": "123456"},
				"PATCH /v1/conversations/{id}/messages/{message}":  {"id": "293854", "message": "123456"},
				"DELETE /v1/conversations/{id}/messages/{message}": {"id": "293854", "message": "123456"},
				"GET /v1/identities/{id}":                          {"id": "528986"},
				"PATCH /v1/identities/{id}":                        {"id": "528986"},
				"POST /v1/identities/{id}/move":                    {"id": "528986"},
				"GET /v1/webhooks/{id}":                            {"id": "71"},
				"PATCH /v1/webhooks/{id}":                          {"id": "71"},
				"DELETE /v1/webhooks/{id}":                         {"id": "71"},
				"POST /v1/webhooks/{id}/test":                      {"id": "71"},
				"POST /v1/webhooks/{id}/rotate_secret":             {"id": "71"},
				"POST /v1/webhooks/{id}/resume":                    {"id": "71"},
				"GET /v1/webhooks/{id}/deliveries":                 {"id": "71"},
				"POST /v1/webhooks/{id}/replay":                    {"id": "71"},
				"GET /v1/agents/{id}/unread":                       {"id": "600002"},
				"GET /v1/tokens/{id}":                              {"id": "5"}, "DELETE /v1/tokens/{id}": {"id": "5"}, "POST /v1/tokens/{id}/rotate": {"id": "5"},
			},
			bodies: map[string]string{
				"POST /v1/labels": `{"title":"new"}`, "PATCH /v1/labels/{id}": `{"title":"new"}`,
				"POST /v1/label_groups": `{"name":"new"}`, "PATCH /v1/label_groups/{id}": `{"name":"new"}`,
				"POST /v1/teams": `{"name":"new"}`, "PATCH /v1/teams/{id}": `{"name":"new"}`, "PUT /v1/teams/{id}/agents": `{"agent_ids":[600002]}`,
				"POST /v1/inboxes": `{"name":"new","channel":"web"}`, "PATCH /v1/inboxes/{id}": `{"name":"new"}`,
				"POST /v1/inboxes/{id}/rotate_keys": `{"keys":["hmac_token"]}`, "PUT /v1/inboxes/{id}/agents": `{"agent_ids":[600002]}`,
				"POST /v1/inboxes/{id}/sub_inboxes": `{"name":"new"}`, "PATCH /v1/inboxes/{id}/sub_inboxes/{sub}": `{"name":"new"}`,
				"PATCH /v1/account":         `{"name":"new"}`,
				"POST /v1/canned_responses": `{"short_code":"new","content":"x"}`, "PATCH /v1/canned_responses/{id}": `{"content":"x"}`,
				"POST /v1/attribute_definitions": `{"applies_to":"contact","key":"new","name":"x","type":"text"}`, "PATCH /v1/attribute_definitions/{id}": `{"name":"x"}`,
				"POST /v1/agents": `{"name":"new","email":"new@harbour.example"}`, "PATCH /v1/agents/{id}": `{"name":"new"}`,
				"PUT /v1/agents/{id}/profiles": `{"profile_ids":[21]}`,
				"POST /v1/profiles":            `{"name":"new","unique_name":"new"}`, "PATCH /v1/profiles/{id}": `{"name":"new"}`,
				"POST /v1/contacts": `{"name":"new"}`, "PATCH /v1/contacts/{ref}": `{"name":"new"}`, "POST /v1/contacts/{ref}/merge": `{"contact":"600011"}`,
				"POST /v1/contacts/{ref}/identities": `{"provider_type":6,"address":"new"}`, "PATCH /v1/identities/{id}": `{"first_name":"new"}`,
				"POST /v1/identities/{id}/move": `{"contact":"600011"}`,
				"POST /v1/conversations":        `{"contact":"520760","inbox_id":53211,"sender":{"type":"system"}}`, "PATCH /v1/conversations/{id}": `{"subject":"new"}`,
				"POST /v1/conversations/{id}/messages": `{"content":"new","sender":{"type":"system"}}`, "PATCH /v1/conversations/{id}/messages/{message}": `{"content":"new"}`,
				"POST /v1/conversations/{id}/read": `{"reader":{"type":"contact"}}`, "POST /v1/conversations/{id}/unread": `{"reader":{"type":"agents"}}`,
				"POST /v1/conversations/{id}/typing": `{"typing":true,"sender":{"type":"contact"}}`,
				"POST /v1/webhooks":                  `{"url":"https://hooks.example/new"}`, "PATCH /v1/webhooks/{id}": `{"events":["*"]}`, "POST /v1/webhooks/{id}/rotate_secret": `{}`, "POST /v1/webhooks/{id}/replay": `{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}`,
				"POST /v1/tokens": `{"name":"new"}`, "POST /v1/tokens/{id}/rotate": `{}`,
			},
		},
		{
			name: "own", fixture: harbourFixture, key: harbourKey, otherKeys: []string{"other-site-key-0001"},
			operations: describe(t, "", []httpx.Operation{
				{Method: http.MethodGet, Pattern: "/healthz"},
				{Method: http.MethodGet, Pattern: "/readyz"},
				{Method: http.MethodGet, Pattern: "/openapi/{file}"},
				{Method: http.MethodGet, Pattern: "/docs"},
				{Method: http.MethodGet, Pattern: "/docs/{page}"},
				{Method: http.MethodGet, Pattern: "/badge.js"},
				{Method: http.MethodGet, Pattern: "/demo/badge"},
			}),
			good: map[string]string{"file": "v1.json", "page": "errors"},
			own:  map[string]string{"file": "v1.json", "page": "errors"},
		},
		{
			name: "files", fixture: harbourFixture, key: harbourKey, otherKeys: []string{"other-site-key-0001"}, guarded: true,
			operations: []operation{
				{Operation: httpx.Operation{Method: http.MethodGet, Pattern: "/files/{account}/{attachment}/{name}"}, query: []string{"sig"}},
				{Operation: httpx.Operation{Method: http.MethodGet, Pattern: "/files/{account}/{attachment}/thumbnail/{name}"}, query: []string{"sig"}},
			},
			good: map[string]string{"sig": "AAAAAAAAAAAAAAAAAAAAAA"},
		},
	}
	for _, d := range all {
		if len(d.operations) == 0 {
			t.Fatalf("%s has no operations", d.name)
		}
	}
	return all
}

// reading is the door as somebody finds it who may only read.
func (d *door) reading() *door {
	r := *d
	if r.readKey != "" {
		r.key = r.readKey
	}
	return &r
}

// document is what these tests read of an OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		Parameters  []parameter
		RequestBody struct {
			Content map[string]struct{ Schema schema }
		}
	}
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]schema
	}
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
}

// describe adds to operations what the dialect's document says that they take.
func describe(t *testing.T, dialect string, list []httpx.Operation) []operation {
	t.Helper()
	var doc document
	if dialect != "" {
		text, ok := openapi.Document(dialect)
		if !ok {
			t.Fatalf("there is no document of %s", dialect)
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatalf("read the document of %s: %v", dialect, err)
		}
	}
	all := make([]operation, len(list))
	for i, o := range list {
		op := operation{Operation: o}
		described := doc.Paths[o.Pattern][strings.ToLower(o.Method)]
		for _, p := range described.Parameters {
			if p.Ref != "" {
				p = doc.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
			}
			if p.In == "query" {
				op.query = append(op.query, p.Name)
			}
		}
		for mediaType, content := range described.RequestBody.Content {
			if mediaType != "application/json" {
				continue // the same members in another form
			}
			s := content.Schema
			if s.Ref != "" {
				s = doc.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
			}
			// What is asked for may stand in a member of its own.
			if data, wrapped := s.Properties["data"]; wrapped && len(s.Properties) == 1 {
				s.Properties = data.Properties
			}
			op.body, op.types = slices.Sorted(maps.Keys(s.Properties)), map[string]string{}
			for name, member := range s.Properties {
				switch kind := member.Type.(type) {
				case string:
					op.types[name] = kind
				case []any: // and null
					op.types[name], _ = kind[0].(string)
				}
			}
		}
		all[i] = op
	}
	return all
}

// reads tells whether the operation changes nothing.
func (o *operation) reads() bool { return o.Method == http.MethodGet }

// params returns the names of the path's parameters, in order.
func (o *operation) params() []string {
	var names []string
	for segment := range strings.SplitSeq(o.Pattern, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}

// path returns the path with the values of its parameters put in as they are:
// they have to be escaped.
func (o *operation) path(value func(param string) string) string {
	segments := strings.Split(o.Pattern, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = value(strings.Trim(segment, "{}"))
		}
	}
	return strings.Join(segments, "/")
}

// value returns a good value of a parameter, escaped.
func (d *door) value(name string) string {
	if v, ok := d.good[name]; ok {
		return v
	}
	return "1"
}

// export returns the whole database, secrets included.
func export(t *testing.T, st store.Store, accounts ...int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := interchange.Export(t.Context(), st, &b, interchange.ExportOptions{Accounts: accounts, WithSecrets: true}); err != nil {
		t.Fatalf("export: %v", err)
	}
	return b.Bytes()
}
