package commbox_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/dialect/commbox"
	"parley/internal/service/file"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// hooked is a request, and the golden files of what webhooks hear of it, in
// order; without a name that they hear nothing of it.
type hooked struct {
	call, body, form string
	told             []string // below testdata/golden/webhooks, without their ends
	made             string   // what the id in the answer is called from now on
}

// hookedCalls change what there is through CommBox's door, and through /v1 where
// that has no operation for it.
var hookedCalls = []hooked{
	{
		call: "POST /streams/41/objects", made: "object",
		body: `{"Type":4,"SubStreamId":2433,"StatusId":8,"StreamProviderType":7,"StreamProviderId":"ext-1","UserStreamProviderId":"mia@example.org","UserStreamProviderType":4,` +
			`"Message":"<p>Hello &amp; <b>good day</b></p>","Content":{"subject":"Ferries","n":3,"list":[true,null]},` +
			`"User":{"UniqueId":"m-1","FirstName":"Mia","LastName":"O'Hara","Phone1":"972505550101","Remarks":"writes \"quickly\"","Content":{"vip":true,"level":7}}}`,
		told: []string{"user_on_new", "object_on_new"}, // the message is no child
	},
	{
		call: "POST /streams/19155/objects", made: "chat",
		body: `{"Type":4,"UserStreamProviderId":"mia@example.org","UserStreamProviderType":4,"ManagerId":600002,"Message":"How may we help?","createChildObject":true}`,
		told: []string{"object_on_new_by_manager", "object_on_new_child_first"},
	},
	{
		call: "POST /streams/41/objects/{object}/child", body: `{"Type":4,"UserStreamProviderId":"mia@example.org","UserStreamProviderType":4,"Message":"When does the first one leave?"}`,
		told: []string{"object_on_new_child"},
	},
	{
		call: "POST /streams/41/objects/{object}/child", body: `{"Type":4,"IsManager":true,"UserIdentity":600002,"Message":"<p>At <i>seven</i>.</p>","Content":{"sessionId":"7"}}`,
		told: []string{"object_on_new_child_by_manager"},
	},
	{
		call: "POST /streams/41/objects/{object}/child", form: partsType,
		body: field("Type", "4") + field("IsManager", "true") + field("UserIdentity", "545437") + field("Message", "Timetable") + upload("", "times.txt", "text/plain", "7:00") + "--b--\r\n",
		told: []string{"object_on_new_child_with_file"},
	},
	{call: "POST /objects/{object}/remarks", body: `{"Text":"Asked \"twice\" <already>","ManagerId":600002}`, told: []string{"object_on_new_activity_1"}},
	{call: "POST /objects/{object}/activitylog", body: `{"Text":"Called","Source":"crm"}`, told: []string{"object_on_new_activity_12"}},
	{call: "POST /objects/{object}/status/15", told: []string{"object_on_new_activity_2"}},
	{call: "PATCH /v1/conversations/{object}", body: `{"status":"snoozed","snoozed_until":"2026-03-28T05:30:00Z"}`, told: []string{"object_on_new_activity_8"}},
	{call: "PATCH /objects/{object}/stream", body: `{"data":{"streamId":41,"subStreamId":0}}`, told: []string{"object_on_new_activity_5"}},
	{call: "POST /managers/600002/assignments?objectId={object}", told: []string{"object_on_new_activity_6"}},
	{call: "PATCH /v1/conversations/{object}", body: `{"participants":{"add":[600001]}}`, told: []string{"object_on_new_activity_19"}},
	{call: "POST /streams/41/objects/{object}/tags/12", told: []string{"object_on_update_tag_add", "object_on_new_activity_7"}},
	{call: "DELETE /streams/41/objects/{object}/tags/12", told: []string{"object_on_update_tag_remove", "object_on_new_activity_7_remove"}},
	{call: "PATCH /v1/conversations/{object}", body: `{"labels":{"set":[15,7]}}`, told: []string{"object_on_update_tag_several", "object_on_new_activity_7_15", "object_on_new_activity_7_7"}},
	{call: "POST /objects/{object}/content", body: `{"data":{"subject":"Boats"}}`}, // no activity tells of it
	{call: "PATCH /v1/conversations/{object}", body: `{"subject":"Boats"}`},
	{call: "POST /users/{mia}", body: `{"LastName":"Hara","Phone2":"972505550102","Email":""}`, told: []string{"user_on_update"}},
	{call: "PATCH /v1/contacts/{mia}", body: `{"birthday":"25/12/1990","gender":"F"}`, told: []string{"user_on_update_birthday"}},
	{call: "PATCH /v1/contacts/{mia}", body: `{"labels":{"set":[12,7]}}`, told: []string{"user_on_update_tag"}},
	{call: "PATCH /v1/contacts/{mia}", body: `{"labels":{"remove":[7]}}`, told: []string{"user_on_update_tag_remove"}},
	{call: "POST /v1/contacts/{mia}/identities", body: `{"provider_type":5,"address":"972505550103"}`, told: []string{"user_on_update_identity"}},
	{call: "POST /v1/contacts", body: `{"name":"Ada Two Names"}`, told: []string{"user_on_new_without_identity"}},
	{call: "POST /tags", body: `{"data":{"Name":"VIP & more","TagGroupId":0,"UserTag":false}}`, told: []string{"tag_on_add"}, made: "tag"},
	{call: "POST /tags/{tag}", body: `{"data":{"Name":"VIP","Type":2}}`, told: []string{"tag_on_update"}},
	{call: "DELETE /tags/{tag}"},
	{call: "POST /tags/groups", body: `{"data":{"Name":"Sales"}}`},
	{call: "POST /v1/conversations/{object}/read", body: `{"reader":{"type":"agents"}}`},
}

// TestWebhookGolden makes changes by HTTP on both engines, and compares every
// body that their events become, in both forms.
func TestWebhookGolden(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		// A minute passes with each request.
		var now atomic.Int64
		now.Store(int64(testserver.Now))
		s = testserver.ServeWith(t, s.Store, s.Engine, testserver.Options{Clock: func() core.Time { return core.Time(now.Load()) }})
		w := &hookWorld{t: t, s: s, after: lastSeq(t, s.Store, 1), made: map[string]string{}, ids: newIDs{seen: map[string]string{}}}
		for _, known := range regexp.MustCompile(`\d+`).FindAllString(string(text), -1) {
			w.ids.seen[known] = known
		}
		for _, known := range []string{"2026", "1990", "972505550101", "972505550102", "972505550103"} {
			w.ids.seen[known] = known
		}
		lift(t, s.Store)
		for _, h := range hookedCalls {
			w.play(h)
			now.Add(int64(time.Minute / time.Microsecond))
		}
		e := core.Event{AccountID: 1, Type: core.WebhookTested, Data: core.Webhook{ID: 7, URL: "https://receiver.example/"}}
		w.golden("webhook_on_test", &e)
	})
}

// hookWorld is a server whose events are turned into bodies.
type hookWorld struct {
	t     *testing.T
	s     *testserver.Server
	after int64 // seq of the last event that was looked at
	made  map[string]string
	ids   newIDs
}

// play sends the request and compares what its events become.
func (w *hookWorld) play(h hooked) {
	w.t.Helper()
	for name, id := range w.made {
		h.call = strings.ReplaceAll(h.call, "{"+name+"}", id)
	}
	form := h.form
	if form == "" {
		form = "application/json"
	}
	method, path, _ := strings.Cut(h.call, " ")
	auth := []string{"Authorization", bearer, "Content-Type", form}
	got := w.s.Send(w.t, method, path, h.body, auth...)
	if got.Status >= 300 {
		w.t.Fatalf("%s answered %d: %s", h.call, got.Status, got.Body)
	}
	if h.made != "" {
		w.made[h.made] = string(regexp.MustCompile(`"id":(\d+)`).FindSubmatch(got.Body)[1])
	}
	log, err := w.s.Store.ListEvents(w.t.Context(), 1, w.after, 100)
	if err != nil || len(log) == 0 {
		w.t.Fatalf("%s: %d events, %v", h.call, len(log), err)
	}
	var told []*core.Event
	for i := range log {
		e := &log[i]
		w.after = e.Seq
		if e.Type == core.ContactCreated && w.made["mia"] == "" {
			w.made["mia"] = fmt.Sprint(e.ContactID)
		}
		if body(w.t, w.formats()[0], e) != nil {
			told = append(told, e)
		}
	}
	if len(told) != len(h.told) {
		w.t.Fatalf("%s: webhooks hear of %d events, want %v", h.call, len(told), h.told)
	}
	for i, e := range told {
		w.golden(h.told[i], e)
	}
}

// formats are XML and JSON.
func (w *hookWorld) formats() []*commbox.WebhookFormat { return formatsOf(w.s.Store, w.s.Files.Links) }

func formatsOf(st store.Reader, links *file.Links) []*commbox.WebhookFormat {
	return []*commbox.WebhookFormat{commbox.NewWebhookFormat(st, links, commbox.WebhookXML), commbox.NewWebhookFormat(st, links, commbox.WebhookJSON)}
}

// golden compares both bodies of an event, whose new ids are the same on every
// engine.
func (w *hookWorld) golden(name string, e *core.Event) {
	w.t.Helper()
	for i, end := range []string{".xml", ".json"} {
		b := body(w.t, w.formats()[i], e)
		wellFormed(w.t, name, b)
		b = uuids.ReplaceAll(b, []byte("some-uuid"))
		b = address.ReplaceAll(b, []byte("/files/1/9000000/${1}?sig=signature"))
		b = regexp.MustCompile(`\d{4,}`).ReplaceAllFunc(b, func(id []byte) []byte {
			return w.ids.plain(append([]byte(":"), id...))[1:]
		})
		testkit.Golden(w.t, "testdata/golden/webhooks/"+name+end, b)
	}
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// body is what an event of account 1 becomes, nil when that is nothing.
func body(t testing.TB, f *commbox.WebhookFormat, e *core.Event) []byte {
	t.Helper()
	contentType, b, ok, err := f.Body(t.Context(), 1, e)
	switch {
	case err != nil:
		t.Fatalf("%s: %v", e.Type, err)
	case !ok && (b != nil || contentType != ""), ok && len(b) == 0:
		t.Fatalf("%s: ok %t, %s, %q", e.Type, ok, contentType, b)
	case ok && contentType != map[byte]string{'<': "application/xml; charset=utf-8", '{': "application/json"}[b[0]]:
		t.Fatalf("%s: %s: %.20q", e.Type, contentType, b)
	}
	return b
}

// wellFormed reads a body to its end. In JSON every scalar outside of Content,
// which keeps the form that it was stored in, is a text.
func wellFormed(t testing.TB, name string, b []byte) {
	t.Helper()
	if b[0] == '<' {
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%s: %v: %q", name, err, b)
			}
		}
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v: %q", name, err, b)
	}
	texts(t, name, v)
}

func texts(t testing.TB, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if _, object := member.(map[string]any); name == "Content" && object {
				continue
			}
			texts(t, at+"/"+name, member)
		}
	case []any:
		for _, item := range v {
			texts(t, at, item)
		}
	case string:
	default:
		t.Errorf("%s is no text: %v", at, v)
	}
}

func lastSeq(t testing.TB, st store.Store, account int64) int64 {
	t.Helper()
	a, err := st.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a.EventSeq
}

// TestEveryEventIsDecided: a type of event that is new has to be given a body,
// or none.
func TestEveryEventIsDecided(t *testing.T) {
	t.Parallel()
	decided := commbox.DecidedEvents()
	for _, typ := range core.EventTypes() {
		if !slices.Contains(decided, typ) {
			t.Errorf("nobody decided what %s is to CommBox", typ)
		}
	}
	if len(decided) != len(core.EventTypes()) {
		t.Errorf("%d types are decided, %d there are", len(decided), len(core.EventTypes()))
	}
}

// TestWebhookCoverage compares what coverage.txt says of webhooks with the golden
// files that it names, and each of those with its two forms.
func TestWebhookCoverage(t *testing.T) {
	t.Parallel()
	found := 0
	for _, c := range readLines(t) {
		if c.method != webhook {
			continue
		}
		subscription, name, _ := strings.Cut(c.path, "/")
		for _, pattern := range c.goldens {
			files, err := filepath.Glob(filepath.Join("testdata/golden", pattern))
			if err != nil || len(files) == 0 {
				t.Errorf("%s has no golden files %s", c.path, pattern)
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				found++
				want := fmt.Sprintf(`<Event Subscription="%s" Name="%s" Brand="Harbour">`, subscription, name)
				if filepath.Ext(f) == ".json" {
					want = fmt.Sprintf(`"Subscription":"%s","Name":"%s","Brand":"Harbour"`, subscription, name)
				}
				if !bytes.Contains(b, []byte(want)) {
					t.Errorf("%s is not of %s: it lacks %s", f, c.path, want)
				}
			}
		}
	}
	if all, _ := filepath.Glob("testdata/golden/webhooks/*"); found != len(all) {
		t.Errorf("coverage.txt names %d golden files of webhooks, there are %d", found, len(all))
	}
}
