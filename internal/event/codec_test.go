package event_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/event"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// secrets are the fields that no payload holds, by type.
var secrets = map[reflect.Type][]string{
	reflect.TypeFor[core.Agent]():        {"PasswordHash"},
	reflect.TypeFor[core.Token]():        {"Hash"},
	reflect.TypeFor[core.Inbox]():        {"HMACToken", "WebsiteToken"},
	reflect.TypeFor[core.InboxChange]():  {"HMACToken", "WebsiteToken", "Before.HMACToken", "Before.WebsiteToken"},
	reflect.TypeFor[core.ContactInbox](): {"PubsubToken"},
	reflect.TypeFor[core.Webhook]():      {"Secret", "FormerSecret"},
}

// payloadTypes has one zero payload of every kind and a type of event that
// carries it.
var payloadTypes = map[core.EventType]core.EventData{
	core.AccountCreated: core.Account{}, core.AccountImported: core.Import{}, core.AgentCreated: core.Agent{}, core.ProfileCreated: core.Profile{}, core.TokenCreated: core.Token{},
	core.TeamCreated: core.Team{}, core.LabelGroupCreated: core.LabelGroup{}, core.LabelCreated: core.Label{}, core.InboxCreated: core.Inbox{}, core.InboxUpdated: core.InboxChange{},
	core.SubInboxCreated: core.SubInbox{}, core.ContactCreated: core.Contact{}, core.ContactUpdated: core.ContactChange{}, core.IdentityCreated: core.Identity{}, core.ContactMerged: core.ContactMerge{}, core.IdentityMoved: core.IdentityMove{},
	core.ContactInboxCreated: core.ContactInbox{}, core.CannedResponseCreated: core.CannedResponse{}, core.AttributeDefinitionCreated: core.AttributeDefinition{}, core.WebhookCreated: core.Webhook{},
	core.ConversationUpdated: core.ConversationChange{}, core.MessageCreated: core.EntryChange{}, core.ConversationRead: core.ReadChange{},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, e := range storetest.Payloads(1) {
		t.Run(string(e.Type), func(t *testing.T) {
			t.Parallel()
			text, err := event.Encode(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Golden(t, "testdata/golden/"+string(e.Type)+".json", []byte(text))
			got, err := event.Decode(e.Type, text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(e.Data, got); diff != "" {
				t.Errorf("there and back (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryType reads the constants from the source: a new type of event must
// be known to the codec and have a golden file.
func TestEveryType(t *testing.T) {
	t.Parallel()
	golden := map[core.EventType]bool{}
	for _, e := range storetest.Payloads(1) {
		golden[e.Type] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../core/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != "EventType" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if !golden[core.EventType(text)] {
			t.Errorf("%s has no golden file", text)
		}
		if _, err := event.Decode(core.EventType(text), "{}"); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return true
	})
	if n != len(golden) {
		t.Errorf("found %d types in the source, want %d", n, len(golden))
	}
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	for typ, zero := range payloadTypes {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				v := reflect.New(reflect.TypeOf(zero)).Elem()
				draw(t, v, "")
				data := v.Interface().(core.EventData)
				text, err := event.Encode(data)
				if err != nil {
					t.Fatal(err)
				}
				got, err := event.Decode(typ, text)
				if err != nil {
					t.Fatal(err)
				}
				want := reflect.New(v.Type()).Elem()
				want.Set(v)
				for _, secret := range secrets[v.Type()] {
					held := fieldOf(want, secret)
					if !held.IsValid() {
						continue
					}
					if s := held.String(); len(s) > 9 && strings.Contains(text, s) {
						t.Errorf("the payload holds the secret %s: %s", secret, text)
					}
					held.SetZero()
				}
				if diff := cmp.Diff(want.Interface(), got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", text, diff)
				}
			})
		})
	}
}

// fieldOf returns the field of a struct, or of one that it points to; the zero
// Value when it points to none.
func fieldOf(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		if v = reflect.Indirect(v); !v.IsValid() {
			break
		}
		v = v.FieldByName(name)
	}
	return v
}

// draw sets every field to a random value, often the zero one.
func draw(t *rapid.T, v reflect.Value, name string) {
	switch v.Type() {
	case reflect.TypeFor[core.Side]():
		v.SetInt(rapid.Int64Range(0, 1).Draw(t, name))
		return
	case reflect.TypeFor[core.JSON]():
		v.SetString(rapid.SampledFrom([]string{"", "{}", "{ }", `{"b": 1, "a":"\u00e9<>&"}`, "[1.0]", "null", "no JSON"}).Draw(t, name))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, name) {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem(), name)
		}
	case reflect.Slice:
		for range rapid.IntRange(0, 3).Draw(t, name) {
			item := reflect.New(v.Type().Elem()).Elem()
			draw(t, item, name)
			v.Set(reflect.Append(v, item))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.String(), rapid.Just("<&>\u2028\"\\ /\t\U0001f600")).Draw(t, name))
	case reflect.Int64:
		v.SetInt(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64()).Draw(t, name))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }).Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	default:
		t.Fatalf("%s is a %v", name, v.Kind())
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]core.EventData{
		"nothing":       nil,
		"a pointer":     &core.Label{},
		"not a number":  core.EntryChange{Attachments: []core.Attachment{{Latitude: math.NaN()}}},
		"no known side": core.ReadChange{Reader: 2},
	} {
		if _, err := event.Encode(data); core.KindOf(err) != core.Invalid {
			t.Errorf("%s: got %v, want an invalid payload", name, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ     core.EventType
		payload string
	}{
		{"label.exploded", "{}"},
		{core.LabelCreated, ""},
		{core.LabelCreated, "[]"},
		{core.LabelCreated, `{"id":"1"}`},
		{core.ConversationRead, `{"reader":"both"}`},
	} {
		if got, err := event.Decode(c.typ, c.payload); err == nil {
			t.Errorf("%s %s: got %+v, want an error", c.typ, c.payload, got)
		}
	}
}

func TestDecodeSkipsWhatALaterVersionWrote(t *testing.T) {
	t.Parallel()
	got, err := event.Decode(core.LabelCreated, `{"id":7,"shade":{"deep":[1]},"title":"vip"}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(core.EventData(core.Label{ID: 7, Title: "vip"}), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range storetest.Payloads(1) {
		text, err := event.Encode(e.Data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(e.Type), text)
	}
	f.Fuzz(func(t *testing.T, typ, payload string) {
		data, err := event.Decode(core.EventType(typ), payload)
		if err != nil {
			return
		}
		text, err := event.Encode(data)
		if err != nil {
			t.Fatalf("decoded, but cannot be encoded: %v", err)
		}
		again, err := event.Decode(core.EventType(typ), text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(data, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("there and back (-want +got):\n%s", diff)
		}
	})
}
