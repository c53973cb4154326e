//go:build unix

package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/dialect/commbox"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// namesAnOperation is how many of the first account's names each operation is
// asked for where there are many operations.
const namesAnOperation = 20

// TestTenancy calls every operation with every credential of the second
// account and names of things of the first, each name at some operations: it
// gets, byte for byte and header for header, what it gets for things that nobody
// has. Its reads change nothing, and its writes nothing of the first.
func TestTenancy(t *testing.T) {
	t.Parallel()
	for _, d := range doors(t) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			testserver.Each(t, d.fixture, func(t *testing.T, s *testserver.Server) {
				before := export(t, s.Store)
				mine := export(t, s.Store, 1)
				names := namesOf(t, mine, export(t, s.Store, 2))
				if len(names) < 50 {
					t.Fatalf("the first account has %d names, which prove little", len(names))
				}
				for i, op := range d.readsFirst() {
					if !op.reads() && before != nil {
						wantStored(t, s, before)
						before = nil
					}
					names := names
					switch {
					case testkit.Small():
						names = turn(names, i, 5)
					case len(d.operations) > namesAnOperation:
						names = turn(names, i, namesAnOperation)
					}
					if s.Do(t, op.Method, d.target(op)).Status == http.StatusNotImplemented {
						names = names[:3] // until it is served
					}
					for _, r := range d.intrusions(op, names) {
						for _, header := range d.intruders() {
							wantSame(t, s, op, r, header)
						}
					}
				}
				if before != nil {
					wantStored(t, s, before)
				}
				wantStored(t, s, mine, 1)
			})
		})
	}
}

// readsFirst returns the operations, those that change something last, and
// behind them those that end tokens, maybe the caller's.
func (d *door) readsFirst() []*operation {
	var reads, writes, tokens []*operation
	for i := range d.operations {
		switch op := &d.operations[i]; {
		case op.reads():
			reads = append(reads, op)
		case strings.HasPrefix(op.Pattern, "/v1/tokens/"):
			tokens = append(tokens, op)
		default:
			writes = append(writes, op)
		}
	}
	return slices.Concat(reads, writes, tokens)
}

// wantStored compares what is stored of the accounts, all when there are none.
func wantStored(t *testing.T, s *testserver.Server, before []byte, accounts ...int64) {
	t.Helper()
	if after := export(t, s.Store, accounts...); !bytes.Equal(before, after) {
		t.Errorf("something was stored: %s", cmp.Diff(string(before), string(after)))
	}
}

// TestGoodRequestsFindSomething keeps TestTenancy honest: what it asks for is
// there, for the account that has it.
func TestGoodRequestsFindSomething(t *testing.T) {
	t.Parallel()
	for _, d := range doors(t) {
		if d.guarded {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.Start(t, "sqlite", d.fixture)
			for i, op := range d.readsFirst() {
				if s.Do(t, op.Method, d.target(op)).Status == http.StatusNotImplemented {
					continue
				}
				if !op.reads() && testkit.Small() && i%6 != 0 {
					continue // each takes a server
				}
				if !op.reads() { // and may take away what the next one looks for
					s = testserver.Start(t, "sqlite", d.fixture)
				}
				body := d.bodies[op.Method+" "+op.Pattern]
				asks := d.targetWith(op, absentLike) != d.target(op)
				var nothing testserver.Response
				if asks {
					nothing = s.Send(t, op.Method, d.targetWith(op, absentLike), body, authorization(d.key)...)
				}
				got := s.Send(t, op.Method, d.target(op), body, authorization(d.key)...)
				if got.Status/100 != 2 || asks && bytes.Equal(got.Body, nothing.Body) {
					t.Errorf("%s %s answered %d %.300s", op.Method, d.target(op), got.Status, got.Body)
				}
			}
		})
	}
}

// nameKeys are members of exported lines whose values name things, and with
// which somebody may ask for them.
var nameKeys = regexp.MustCompile(`^(id|.*_id|.*_ids|uuid|identifier|address|email|phone|name|title|short_code|user_name)$`)

// namesOf returns the names of the things of mine that are not also names of
// theirs, and the opaque forms of the ids.
func namesOf(t *testing.T, mine, theirs []byte) []string {
	t.Helper()
	ours, others := map[string]bool{}, map[string]bool{}
	gather(t, mine, ours)
	gather(t, theirs, others)
	ids, err := commbox.NewOpaqueIDs(testserver.IDKey())
	if err != nil {
		t.Fatal(err)
	}
	for name := range maps.Clone(ours) {
		id, err := strconv.ParseInt(name, 10, 64)
		switch {
		case others[name] || name == "":
			delete(ours, name)
		case err == nil && id > 0 && id < core.MaxID:
			ours[ids.Stream(1, id)], ours[ids.Agent(1, id)] = true, true
		}
	}
	return slices.Sorted(maps.Keys(ours))
}

func gather(t *testing.T, lines []byte, into map[string]bool) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		var members map[string]any
		if err := dec.Decode(&members); err != nil {
			t.Fatalf("read the export: %v", err)
		}
		for key, value := range members {
			if !nameKeys.MatchString(key) {
				continue
			}
			values, ok := value.([]any)
			if !ok {
				values = []any{value}
			}
			for _, v := range values {
				into[fmt.Sprint(v)] = true
			}
		}
	}
}

// intrusion is a request for things of the first account, and the same request
// for things that nobody has.
type intrusion struct {
	target, absent string
	body           string
	absentBody     string
}

// nameless are parameters of the query that name nothing: pages, forms and
// states. What they ask for may show in the answer.
var nameless = []string{
	"limit", "offset", "pageSize", "pageNumber", "include", "debug", "includeChilds", "includeActivityLog", "order", "sort",
	"status", "channel", "custom_data_status", "moduleId", "Name", "unixStartTime", "unixEndTime", "timeFilter",
	"streamProviderType", "identityStreamProviderType", "activityType", "ignoreAutomationExsistance", "autoAssign", "includeDetails", "type", "availability",
}

// ownNames are members of bodies that name nothing which is there: they are what
// the second account calls its own, or the same for all.
var ownNames = []string{
	"Name", "FirstName", "LastName", "UserName", "Email", "Password", "PermissionId", "Type", "title", "name", "color", "description", "type",
	"first_name", "last_name", "display_name", "email", "user_name", "password", "role", "availability", "avatar_url", "sync_capacity", "async_capacity",
	"unique_name", "permissions", "short_code", "content", "scopes", "expires_at", "overlap_seconds", "locale", "timezone", "settings",
	"channel", "greeting", "working_hours", "hmac_mandatory", "keys", "identifier",
	"middle_name", "phone", "phone2", "kind", "gender", "birthday", "country_code", "location", "company_id", "remarks", "blocked", "custom_attributes",
	"address", "provider_type", "subject", "content_type", "content_attributes", "external_id", "url", "events", "format", "enabled",
	"key", "applies_to", "options", "pattern", "pattern_hint",
}

// intrusions returns requests of the operation in which each parameter in turn
// has each of the names, while the others have good ones.
func (d *door) intrusions(op *operation, names []string) []intrusion {
	all := []intrusion{{target: d.intrude(op, "", ""), absent: d.targetWith(op, absentLike)}}
	params := op.params()
	for _, name := range names {
		other := absentLike(name)
		for _, p := range params {
			if _, own := d.own[p]; !own {
				all = append(all, intrusion{target: d.intrude(op, p, name), absent: d.intrude(op, p, other)})
			}
		}
		for _, q := range op.query {
			if slices.Contains(nameless, q) {
				continue
			}
			path := op.path(d.foreign) + "?"
			all = append(all, intrusion{target: path + q + "=" + escape(name), absent: path + q + "=" + escape(other)})
			all = append(all, intrusion{target: d.intrudeQuery(op, q, name), absent: d.intrudeQuery(op, q, other)}) // beside good ones
		}
		for _, member := range op.body {
			if slices.Contains(ownNames, member) {
				continue
			}
			all = append(all, intrusion{
				target: d.intrude(op, "", ""), absent: d.intrude(op, "", ""),
				body: d.bodyWith(op, member, name), absentBody: d.bodyWith(op, member, other),
			})
		}
	}
	return all
}

// turn returns n of all for the i-th of those who share them: each of all has its
// turn, and each turn has some from all over the list.
func turn(all []string, i, n int) []string {
	step := (len(all) + n - 1) / n
	var mine []string
	for at := i % step; at < len(all); at += step {
		mine = append(mine, all[at])
	}
	return mine
}

// bodyWith returns a body in which one member has the name, in the member's
// type where the document gives one.
func (d *door) bodyWith(op *operation, member, name string) string {
	value := fmt.Sprintf("%q", name)
	if _, err := strconv.ParseInt(name, 10, 64); err == nil && op.types[member] == "integer" {
		value = name
	} else if err == nil && op.types[member] == "array" {
		value = "[" + name + "]"
	}
	body := map[string]json.RawMessage{}
	if d.name == "v1" { // what else is needed; other doors take single members
		_ = json.Unmarshal([]byte(d.bodies[op.Method+" "+op.Pattern]), &body)
	}
	body[member] = json.RawMessage(value)
	text, _ := json.Marshal(body)
	return string(text)
}

// intrude returns the target with one parameter of the path set to name.
func (d *door) intrude(op *operation, param, name string) string {
	target := op.path(func(p string) string {
		if p == param {
			return escape(name)
		}
		return d.foreign(p)
	})
	sep := "?"
	for _, q := range op.query {
		if v, ok := d.good[q]; ok {
			target += sep + q + "=" + v
			sep = "&"
		}
	}
	return target
}

// intrudeQuery returns the target with one parameter of the query set to name.
// It comes first: of a repeated parameter the first counts.
func (d *door) intrudeQuery(op *operation, param, name string) string {
	target := op.path(d.foreign) + "?" + param + "=" + escape(name)
	for _, q := range op.query {
		if v, ok := d.good[q]; ok && q != param {
			target += "&" + q + "=" + v
		}
	}
	return target
}

// foreign is the value of a path's parameter as the second account sends it:
// its own where it is a credential, the first account's elsewhere.
func (d *door) foreign(param string) string {
	if own, ok := d.own[param]; ok {
		return own
	}
	return d.value(param)
}

// targetWith is the target of a good request, each value changed.
func (d *door) targetWith(op *operation, change func(string) string) string {
	target := op.path(func(p string) string {
		if own, ok := d.own[p]; ok {
			return own
		}
		if v, ok := d.instead[op.Method+" "+op.Pattern][p]; ok {
			return change(v)
		}
		return change(d.value(p))
	})
	sep := "?"
	for _, q := range op.query {
		if v, ok := d.good[q]; ok {
			target += sep + q + "=" + change(v)
			sep = "&"
		}
	}
	return target
}

// escape makes a value safe for any place of an address.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// absentLike returns a name of the same form that nothing has: a number, a
// uuid, or a text with other letters.
func absentLike(name string) string {
	if strings.Trim(name, "0123456789") == "" {
		return "8123456789012345"
	}
	b := []byte(name)
	for i, c := range b {
		switch {
		case 'a' <= c && c < 'f', 'A' <= c && c < 'F', 'g' <= c && c < 'z', 'G' <= c && c < 'Z':
			b[i]++
		case '0' <= c && c < '9' && i != 14: // of a uuid, that is its version
			b[i]++
		}
	}
	if len(b) == 36 && b[8] == '-' {
		b[19] = name[19] // and this its variant
	}
	return string(b)
}

// intruders are the credentials of the second account, each in every place
// where a door looks for one.
func (d *door) intruders() [][]string {
	if len(d.otherKeys) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for _, key := range d.otherKeys {
		all = append(all, []string{"Authorization", "Bearer " + key, "x-api-key", key})
	}
	return all
}

// madeID is the id of something made in an answer.
var madeID = regexp.MustCompile(`(?i)"id":[0-9]+`)

// askedFor is where a problem repeats the path of the request.
var askedFor = regexp.MustCompile(`"instance":"[^"]*"`)

// wantSame compares the answers to an intrusion.
func wantSame(t *testing.T, s *testserver.Server, op *operation, r intrusion, header []string) {
	t.Helper()
	header = append([]string{"X-Request-Id", "an-intrusion"}, header...)
	got := s.Send(t, op.Method, r.target, r.body, header...)
	want := s.Send(t, op.Method, r.absent, r.absentBody, header...)
	for _, answer := range []testserver.Response{got, want} {
		answer.Header.Del("Date")
		answer.Header.Del("X-Request-Id")
	}
	if got.Header.Get("Content-Type") == "application/problem+json" {
		got.Body, want.Body = askedFor.ReplaceAll(got.Body, nil), askedFor.ReplaceAll(want.Body, nil)
		got.Header.Del("Content-Length")
		want.Header.Del("Content-Length")
	}
	if got.Status >= 500 && got.Status != http.StatusNotImplemented {
		t.Errorf("%s %s as %q answered %d", op.Method, r.target, header, got.Status)
	}
	if !op.reads() { // what the second account makes gets another id each time
		got.Body, want.Body = madeID.ReplaceAll(got.Body, nil), madeID.ReplaceAll(want.Body, nil)
		for _, name := range []string{"Content-Length", "Location", "ETag"} {
			got.Header.Del(name)
			want.Header.Del(name)
		}
	}
	if got.Status != want.Status || !bytes.Equal(got.Body, want.Body) || !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
		t.Errorf("%s as %q: the first account's %s %s\nanswered %d %v %.500s\nwhat nobody has, %s %s\nanswered %d %v %.500s", op.Method, header,
			r.target, r.body, got.Status, got.Header, got.Body, r.absent, r.absentBody, want.Status, want.Header, want.Body)
	}
}
