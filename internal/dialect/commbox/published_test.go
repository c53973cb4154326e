package commbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/internal/dialect/commbox"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// published is an operation of testdata/published.txt.
type published struct {
	method, path, source string
	params               []member // of path and query
	media                []string // in the order of the file
	members              map[string][]member
}

// member is a parameter or a member of a body.
type member struct {
	place string // path or query; data or "" in a body
	name  string // "" = a part without a name
	kind  string // string, integer, boolean, object, array or file
}

func (p *published) name() string { return p.method + " " + p.path }

func readPublished(t *testing.T) []*published {
	t.Helper()
	text, err := os.ReadFile("testdata/published.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []*published
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		source := ""
		if last := fields[len(fields)-1]; slices.Contains(sources, last) {
			source, fields = last, fields[:len(fields)-1]
		}
		if !strings.HasPrefix(line, " ") {
			all = append(all, &published{method: fields[0], path: fields[1], source: source, members: map[string][]member{}})
			continue
		}
		p, place := all[len(all)-1], fields[0]
		for _, field := range fields[1:] {
			escaped, kind, ok := strings.Cut(field, ":")
			name, err := url.PathUnescape(escaped)
			if !ok || err != nil {
				t.Fatalf("published.txt: %q in %q", field, line)
			}
			m := member{name: name, kind: kind}
			if place == "path" || place == "query" {
				m.place = place
				p.params = append(p.params, m)
				continue
			}
			if inner, ok := strings.CutPrefix(name, "data."); ok {
				m.place, m.name = "data", inner
			}
			if p.members[place] == nil {
				p.media = append(p.media, place)
			}
			p.members[place] = append(p.members[place], m)
		}
	}
	return all
}

// TestPublishedOperations compares what is published with coverage.txt: each
// operation is in both, from the same source, with the parameters that its path
// names.
func TestPublishedOperations(t *testing.T) {
	t.Parallel()
	covered := map[string]string{} // source by method and path
	for _, c := range readCoverage(t) {
		covered[c.method+" "+c.path] = c.source
	}
	for _, p := range readPublished(t) {
		source, ok := covered[p.name()]
		if !ok || source != p.source {
			t.Errorf("published is %s %s, and coverage.txt has %q, %t", p.name(), p.source, source, ok)
		}
		delete(covered, p.name())
		var named []string
		for _, m := range p.params {
			if m.place == "path" {
				named = append(named, "{"+m.name+"}")
			}
		}
		inPath := slices.DeleteFunc(strings.Split(p.path, "/"), func(s string) bool { return !strings.HasPrefix(s, "{") })
		if slices.Sort(named); !slices.Equal(named, slices.Sorted(slices.Values(inPath))) {
			t.Errorf("%s has the parameters %v", p.name(), named)
		}
	}
	for name, source := range covered {
		t.Errorf("coverage.txt has %s %s, which published.txt lacks", name, source)
	}
}

// needed are the parameters and members without which an operation can do
// nothing. They go with every request, whatever else does.
var needed = map[string][]string{
	"GET /streams/{STREAM_ID}/objects":                                      {"userIdentityId"},
	"GET /users":                                                            {"streamProviderId", "streamProviderType"},
	"POST /streams/{STREAM_ID}/objects":                                     {"Message", "UserStreamProviderId", "UserStreamProviderType"},
	"POST /streams/{STREAM_ID}/objects/{OBJECT_ID}/child":                   {"Message"},
	"POST /streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/child": {"Message"},
	"PATCH /objects/{OBJECT_ID}/stream":                                     {"streamId"},
	"POST /objects/{OBJECT_ID}/activitylog":                                 {"Text"},
	"POST /objects/{OBJECT_ID}/remarks":                                     {"Text"},
	"POST /objects/{OBJECT_ID}/indicators":                                  {"IndicatorId", "DisplayClass"},
	"POST /managers/{MANAGER_ID}/assignments":                               {"objectId"},
	"DELETE /managers/{MANAGER_ID}/assignments":                             {"objectId"},
	"POST /managers/{MANAGER_ID}/profiles":                                  {"add"},
	"POST /managers":                                                        {"FirstName", "LastName", "Email", "IsAdmin", "Password"},
	"POST /managers/teams":                                                  {"Name"},
	"POST /managers/teams/{TEAM_ID}":                                        {"Name"},
	"POST /tags":                                                            {"Name"},
	"POST /tags/groups":                                                     {"Name"},
	"POST /tags/groups/{TAGS_GROUP_ID}":                                     {"Name"},
	"POST /auth/ticket":                                                     {"brand", "email"},
}

// partners are what goes with a parameter or member; what is instead of another
// one takes its place.
var (
	partners = map[string]string{
		"streamProviderId": "streamProviderType", "streamProviderType": "streamProviderId",
		"identityStreamProviderId": "identityStreamProviderType", "identityStreamProviderType": "identityStreamProviderId",
		"unixStartTime": "unixEndTime", "unixEndTime": "unixStartTime", "IsManager": "UserIdentity",
	}
	instead = map[string]string{"set": "add"}
)

// values are good values, by name or by operation and name.
var values = map[string]any{
	"STREAM_ID": 53211, "SUBSTREAM_ID": 2432, "OBJECT_ID": 293854, "PROVIDER_ID": "972505555555", "PROVIDER_TYPE": 5, "TAG_ID": 12, "TAGS_GROUP_ID": 3,
	"STATUS_ID": 8, "USER_ID": 520760, "USER_IDENTITY_ID": 528986, "MANAGER_ID": 600002, "TEAM_ID": 31, "PROFILE_ID": 22, "ACTIVITY_ID": 2,
	"IGNORE_AUTOMATION": true, "INDICATOR_ID": "late", "ENCRYPTED_STREAM_ID": encryptedStream + "%3d%3d", "PHONE_NUMBER": 972505555555, "FORM_ID": 1,

	"userIdentityId": 528986, "identityStreamProviderId": "972505555555", "identityStreamProviderType": 5, "unixStartTime": 0, "unixEndTime": 4102444800,
	"subStream": 2432, "sort": "asc", "order": "prioritytime", "timeFilter": "createdtime", "pageNumber": 0, "pageSize": 100, "status": "1,8",
	"streamProviderId": "972505555555", "streamProviderType": 5, "stream": 53211, "objectId": 293854, "moduleId": 14, "activityType": 2,
	"add": "21,22", "set": "21", "language": "en", "category": "UTILITY", "limit": 50, "offset": 0, "properties": "data.plus,data.name",

	"SubStreamId": 2432, "Type": 4, "type": 4, "StatusId": 1, "StreamProviderType": 5, "StreamProviderId": "972505555556", "UserStreamProviderId": "972505555555",
	"UserStreamProviderType": 5, "UserIdentity": 528986, "ManagerId": 600001, "Content": map[string]any{"plan": "gold"}, "Message": "Hello",
	"User": map[string]any{"FirstName": "Eddie"}, "UniqueId": "12345", "FirstName": "Eddie", "LastName": "Doe", "Phone1": "972531234567",
	"Phone2": "972501234332", "Remarks": "calm", "streamId": 53211, "subStreamId": 2432, "Text": "Call back", "Source": "CRM",
	"IndicatorId": "late", "Title": "Late", "DisplayClass": "icon-clock", "Link": "https://crm.example/1", "Icon": "https://crm.example/i.png",
	"Password": "correct horse battery", "TeamId": 31, "PermissionId": 2, "TagGroupId": 3, "Tag Group Id": 3,
	"brand": "1", "email": "nora@harbour.example", "username": "nora", "uniqueId": "12345", "firstName": "Eddie", "lastName": "Doe", "phone1": "972531234567",

	"POST /streams/{STREAM_ID}/objects/{OBJECT_ID}/child UserIdentity":                   600001,
	"POST /streams/{STREAM_ID}/objects/{PROVIDER_ID}/{PROVIDER_TYPE}/child UserIdentity": 600001,
	"POST /users/{USER_ID} Email":            "eddiedoe053@gmail.com",
	"POST /managers/{MANAGER_ID} Email":      "michael.b@commbox.com",
	"POST /managers/{MANAGER_ID} MANAGER_ID": 520803,
	"POST /tags Type":                        1,
}

// fresh are names of which there may be one each.
var fresh = []string{"Name", "Email", "UserName"}

// before makes what an operation takes away: a request by the names of its
// operation and parameters, and which parameter the made id is for.
var before = map[string][2]string{
	"DELETE /tags/{TAG_ID}":                                 {"POST /tags", "TAG_ID"},
	"DELETE /tags/groups/{TAGS_GROUP_ID}":                   {"POST /tags/groups", "TAGS_GROUP_ID"},
	"DELETE /managers/{MANAGER_ID}":                         {"POST /managers", "MANAGER_ID"},
	"DELETE /managers/teams/{TEAM_ID}":                      {"POST /managers/teams", "TEAM_ID"},
	"DELETE /objects/{OBJECT_ID}/indicators/{INDICATOR_ID}": {"POST /objects/{OBJECT_ID}/indicators", ""},
	"DELETE /managers/{MANAGER_ID}/assignments":             {"POST /managers/{MANAGER_ID}/assignments", ""},
	"DELETE /managers/{MANAGER_ID}/profiles/{PROFILE_ID}":   {"POST /managers/{MANAGER_ID}/profiles", ""},
}

// TestPublishedForms calls every operation in each form that is published for
// it: with every parameter and member alone and with all together, in every kind
// of body, the path in another letter case and with a slash at its end. Those
// that are served do it, those that are not say so, and so do other verbs.
func TestPublishedForms(t *testing.T) {
	t.Parallel()
	verbs := map[string][]string{} // by path
	for _, c := range readCoverage(t) {
		verbs[c.path] = append(verbs[c.path], c.method)
	}
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		w := newWalk(t, s)
		for _, p := range w.all {
			w.want = http.StatusOK
			if w.status[p.name()] == "absent" {
				w.want = http.StatusNotImplemented
			}
			w.operation(p)
			w.want = http.StatusNotImplemented
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				if !slices.Contains(verbs[p.path], method) {
					other := *p
					other.method = method
					w.send(&sent{operation: &other, path: w.path(p)})
				}
			}
		}
		healthy(t, s.Store)
	})
}

// walk goes through the operations on one server.
type walk struct {
	t      *testing.T
	s      *testserver.Server
	all    []*published
	status map[string]string // of coverage.txt, by method and path
	made   map[string]string // values of parameters, by name
	want   int               // status
	count  int               // values that must be fresh
}

// newWalk returns a walk on a server.
func newWalk(t *testing.T, s *testserver.Server) *walk {
	t.Helper()
	w := &walk{t: t, s: s, all: readPublished(t), status: map[string]string{}, made: map[string]string{}}
	for _, c := range readCoverage(t) {
		w.status[c.method+" "+c.path] = c.status
	}
	return w
}

// served are the operations that are not absent.
func (w *walk) served() []*published {
	return slices.DeleteFunc(slices.Clone(w.all), func(p *published) bool { return w.status[p.name()] == "absent" })
}

// plain is the operation with what it needs.
func (w *walk) plain(p *published) *sent { return w.request(p, needed[p.name()], "", true) }

// sent is a request.
type sent struct {
	operation *published
	path      string
	query     url.Values
	mediaType string
	body      string
	golden    string // of the answer, where it is not that of its status
}

// operation sends the operation in all its forms.
func (w *walk) operation(p *published) {
	need := needed[p.name()]
	// The path, and what is needed, in the way that JSON has it where there is a
	// body.
	w.send(w.plain(p))
	r := w.plain(p)
	r.path = upperLiterals(p.path, r.path) + "/"
	w.send(r)
	if strings.Contains(p.path, "{STREAM_ID}") {
		id := "/" + opaqueStream(w.t, 1, 53211) + "/"
		r := w.plain(p)
		r.path = strings.Replace(r.path+"/", "/53211/", id, 1)
		w.send(r)
	}
	var everything []string
	for _, m := range p.params {
		if m.place == "query" {
			everything = append(everything, m.name)
			if !testkit.Small() {
				w.send(w.request(p, with(need, m.name), "", true))
			}
		}
	}
	if len(everything) > 0 && !slices.ContainsFunc(everything, func(name string) bool { return instead[name] != "" }) {
		w.send(w.request(p, everything, "", true))
	}
	oneEngine := w.s.Engine == store.SQLite // how a body is read has to do with no engine
	for _, media := range p.media {
		var everything []string
		for _, m := range p.members[media] {
			if m.name != "data" {
				everything = append(everything, m.name)
			}
			if oneEngine && !testkit.Small() {
				w.send(w.request(p, with(need, m.name), media, m.place == "data"))
			}
		}
		w.send(w.request(p, append(need, everything...), media, true))
		w.send(w.request(p, append(need, everything...), media, false))
	}
	if len(p.media) > 0 && oneEngine { // each kind of body is good for all
		for _, media := range []string{"application/json", formType, "multipart/form-data"} {
			w.send(w.request(p, need, media, true))
			w.send(w.request(p, need, media, false))
		}
	}
}

// with is need, another one, and what goes with that.
func with(need []string, name string) []string {
	names := slices.DeleteFunc(slices.Clone(need), func(n string) bool { return n == instead[name] })
	names = append(names, name)
	if partner := partners[name]; partner != "" {
		names = append(names, partner)
	}
	return names
}

// request makes a request with the parameters and members named. Wrapped, the
// members stand in data.
func (w *walk) request(p *published, names []string, media string, wrapped bool) *sent {
	w.t.Helper()
	w.prepare(p)
	r := &sent{operation: p, path: w.path(p), query: url.Values{}}
	for _, m := range p.params {
		if m.place == "query" && slices.Contains(names, m.name) {
			r.query.Set(m.name, text(w.value(p, m.name)))
		}
	}
	if media == "" && len(p.media) == 0 {
		return r
	}
	if media == "" {
		media = p.media[0]
	}
	members, files := map[string]any{}, []string{}
	for _, of := range p.media {
		for _, m := range p.members[of] {
			switch {
			case !slices.Contains(names, m.name) || m.name == "data":
			case m.kind != "file":
				members[m.name] = w.valueAs(p, m)
			case of == media:
				files = append(files, m.name)
			}
		}
	}
	w.fill(r, media, members, slices.Compact(files), wrapped)
	return r
}

// prepare makes what the operation will take away.
func (w *walk) prepare(p *published) {
	w.t.Helper()
	first, ok := before[p.name()]
	if !ok || w.want != http.StatusOK {
		return
	}
	maker := w.all[slices.IndexFunc(w.all, func(p *published) bool { return p.name() == first[0] })]
	got := w.do(w.request(maker, needed[first[0]], "", true))
	var answer struct{ Data json.RawMessage }
	if err := json.Unmarshal(got.Body, &answer); err != nil || got.Status != http.StatusOK {
		w.t.Fatalf("%s answered %d %s", maker.name(), got.Status, got.Body)
	}
	var made struct{ ID json.Number }
	if param := first[1]; param != "" {
		if err := json.Unmarshal(answer.Data, &made); err != nil {
			w.t.Fatalf("%s answered %s", maker.name(), got.Body)
		}
		w.made[p.name()+" "+param] = made.ID.String()
	}
}

// fill gives the request its body.
func (w *walk) fill(r *sent, media string, members map[string]any, files []string, wrapped bool) {
	w.t.Helper()
	inner, err := json.Marshal(members)
	if err != nil {
		w.t.Fatal(err)
	}
	r.mediaType = media
	fields := map[string]string{"data": string(inner)}
	if !wrapped {
		fields = map[string]string{}
		for name, value := range members {
			fields[name] = text(value)
		}
	}
	switch media {
	case "application/json":
		if r.body = string(inner); wrapped {
			r.body = `{"data":` + r.body + `}`
		}
	case formType:
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		r.body = form.Encode()
	default:
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if err := form.WriteField(name, fields[name]); err != nil {
				w.t.Fatal(err)
			}
		}
		for _, name := range files {
			header := textproto.MIMEHeader{}
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename="note.txt"`, name))
			header.Set("Content-Type", "text/plain")
			part, err := form.CreatePart(header)
			if err != nil {
				w.t.Fatal(err)
			}
			_, _ = part.Write([]byte("a file")) // into memory
		}
		if err := form.Close(); err != nil {
			w.t.Fatal(err)
		}
		r.mediaType, r.body = form.FormDataContentType(), b.String()
	}
}

// path is the operation's path, with its parameters.
func (w *walk) path(p *published) string {
	segments := strings.Split(p.path, "/")
	for i, segment := range segments {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			segments[i] = url.PathEscape(text(w.value(p, strings.TrimSuffix(name, "}"))))
		}
	}
	return strings.Join(segments, "/")
}

// value is a good value of a parameter or member.
func (w *walk) value(p *published, name string) any {
	if v, ok := w.made[p.name()+" "+name]; ok {
		return v
	}
	if v, ok := values[p.name()+" "+name]; ok {
		return v
	}
	if slices.Contains(fresh, name) {
		w.count++
		return fmt.Sprintf("a%d@harbour.example", w.count)
	}
	if v, ok := values[name]; ok {
		return v
	}
	return true
}

// valueAs is a good value in the type that is published.
func (w *walk) valueAs(p *published, m member) any {
	v := w.value(p, m.name)
	switch m.kind {
	case "string":
		return text(v)
	case "boolean":
		return v == true
	}
	return v
}

// text is a value as a query or a form has it.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// upperLiterals writes the segments of a path in capitals that are no
// parameters.
func upperLiterals(pattern, path string) string {
	segments, names := strings.Split(path, "/"), strings.Split(pattern, "/")
	for i := range segments {
		if !strings.HasPrefix(names[i], "{") {
			segments[i] = strings.ToUpper(segments[i])
		}
	}
	return strings.Join(segments, "/")
}

// send sends a request and looks at the answer.
func (w *walk) send(r *sent) {
	w.t.Helper()
	p := r.operation
	got := w.do(r)
	if got.Status != w.want {
		w.t.Errorf("%s %s?%s as %s with %s answered %d %s, want %d", p.method, r.path, r.query.Encode(), r.mediaType, r.body, got.Status, got.Body, w.want)
		return
	}
	if w.want != http.StatusNotImplemented {
		testkit.CheckResponse(w.t, "commbox", p.method, w.path(p), got.Status, got.Header, got.Body)
		return
	}
	golden := "501"
	if strings.HasPrefix(p.path, "/v2") {
		golden = "v2_501"
	}
	testkit.Golden(w.t, "testdata/golden/errors/"+golden+".json", got.Body)
}

func (w *walk) do(r *sent) testserver.Response {
	w.t.Helper()
	return w.s.Send(w.t, r.operation.method, r.path+"?"+r.query.Encode(), r.body, "Authorization", bearer, "Content-Type", r.mediaType)
}

// opaqueStream is the opaque id of a stream, escaped.
func opaqueStream(t *testing.T, account, id int64) string {
	t.Helper()
	ids, err := commbox.NewOpaqueIDs(testserver.IDKey())
	if err != nil {
		t.Fatal(err)
	}
	return url.PathEscape(ids.Stream(account, id))
}
