package interchange

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/testkit"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-05-06T07:08:09Z":                "2024-05-06T07:08:09Z",
		"2024-05-06t07:08:09z":                "2024-05-06T07:08:09Z",
		"2024-05-06T07:08:09.1Z":              "2024-05-06T07:08:09.1Z",
		"2024-05-06T07:08:09.123456Z":         "2024-05-06T07:08:09.123456Z",
		"2024-05-06T07:08:09.123456999999Z":   "2024-05-06T07:08:09.123456Z",
		"2024-05-06T07:08:09.000000999Z":      "2024-05-06T07:08:09Z",
		"2024-05-06T07:08:09+02:00":           "2024-05-06T05:08:09Z",
		"2024-05-06T07:08:09.5-23:59":         "2024-05-07T07:07:09.5Z",
		"1969-12-31T23:59:59.9999999Z":        "1969-12-31T23:59:59.999999Z",
		"0001-01-01T00:00:00Z":                "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999Z":         "9999-12-31T23:59:59.999999Z",
		"2024-02-29T00:00:00Z":                "2024-02-29T00:00:00Z",
		"1970-01-01T00:00:00Z":                "1970-01-01T00:00:00.000001Z", // the first microsecond would be "unset"
		"2024-05-06T07:08:09":                 "error",
		"2024-05-06 07:08:09Z":                "error",
		"2024-05-06T07:08Z":                   "error",
		"2024-05-06T7:08:09Z":                 "error",
		"2024-05-06T07:08:09,5Z":              "error",
		"2024-05-06T07:08:09.Z":               "error",
		"2024-05-06T07:08:09+0200":            "error",
		"2024-05-06T07:08:09+24:00":           "error",
		"2024-05-06T07:08:09+00:60":           "error",
		"2024-05-06T24:00:00Z":                "error",
		"2024-05-06T07:08:60Z":                "error",
		"2023-02-29T00:00:00Z":                "error",
		"2024-13-01T00:00:00Z":                "error",
		"0000-12-31T00:00:00Z":                "error",
		"0001-01-01T00:00:00+00:01":           "error",
		"9999-12-31T23:59:59-00:01":           "error",
		"2024-05-06":                          "error",
		"":                                    "error",
		"2024-05-06T07:08:09Zz":               "error",
		"+024-05-06T07:08:09Z":                "error",
		"2024-05-06T07:08:09.١Z":              "error",
		strings.Repeat("9", 20) + "T00:00:00": "error",
	} {
		at, err := parseTime(text)
		got := strings.Trim(string(appendTime(nil, at)), `"`)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestTimesLikeTheStandardLibrary compares both directions with package time.
func TestTimesLikeTheStandardLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range((firstSecond+1)*1_000_000, lastSecond*1_000_000-1).Draw(t, "microseconds"))
		zone := rapid.IntRange(-23*60, 23*60).Draw(t, "zone")
		digits := rapid.SampledFrom([]string{"2006-01-02T15:04:05.999999Z07:00", "2006-01-02T15:04:05.000000000Z07:00", "2006-01-02T15:04:05Z07:00"}).Draw(t, "form")
		text := at.In(time.FixedZone("", zone*60)).Format(digits)
		want, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || want.UTC().Year() < 1 || want.UTC().Year() > 9999 || len(text) < 4 || text[4] != '-' {
			t.Skip("not a time of four digits")
		}
		if want.UnixMicro() == 0 {
			want = time.UnixMicro(1)
		}
		got, err := parseTime(text)
		if err != nil || got != core.TimeOf(want) {
			t.Fatalf("%s: got %d, %v, want %d", text, got, err, core.TimeOf(want))
		}
		back, err := parseTime(strings.Trim(string(appendTime(nil, got)), `"`))
		if err != nil || back != got {
			t.Fatalf("%s came back as %d, %v", text, back, err)
		}
	})
}

func TestQuotedText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			t.Skip("not a text")
		}
		quoted := appendQuoted(nil, text)
		var std string
		if err := json.Unmarshal(quoted, &std); err != nil || std != text {
			t.Fatalf("%s: encoding/json reads %q, %v", quoted, std, err)
		}
		if got := unquote(quoted); got != text {
			t.Fatalf("%s: got %q", quoted, got)
		}
		// What encoding/json writes reads the same, with its other escapes.
		marshalled, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := unquote(marshalled); got != text {
			t.Fatalf("%s: got %q, want %q", marshalled, got, text)
		}
	})
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	const text = `"\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE00x\uFFFD"`
	const want = "\"\\/\b\f\n\r\té€😀x\ufffd"
	members, err := scanObject([]byte(`{"a":`+text+`}`), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := unquote(members[0].value); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFloats come back as the same number.
func TestFloats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "number")
		if math.IsInf(f, 0) || math.IsNaN(f) {
			t.Skip("no number of JSON")
		}
		var got float64
		text := appendFloat(nil, f)
		if err := decodeFloat(&got, text); err != nil || math.Float64bits(got) != math.Float64bits(f) {
			t.Fatalf("%s: got %v, %v, want %v", text, got, err, f)
		}
	})
}

// TestRawJSONStaysOnOneLine: a client may have given it with line breaks.
func TestRawJSONStaysOnOneLine(t *testing.T) {
	t.Parallel()
	r := contactOf(&core.Contact{ID: 1, AccountID: 1, Ext: "{\r\n\t\"a\\n\": [1,\n2]\n}"}, nil)
	got := string(appendRecord(nil, r))
	if want := "\"ext\":{  \t\"a\\n\": [1, 2] },"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}

// TestRecordsKeepEverything converts core values to lines and back.
func TestRecordsKeepEverything(t *testing.T) {
	t.Parallel()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; testkit.Small() && runs > 10 {
			return
		}
		now := drawTime(t, "now")
		labels := []labelRef{{title: "a"}, {title: "b"}}
		ids := []int64{1, 2}
		roundTrip(t, "account", drawAny[core.Account](t), func(v *core.Account) record { return accountOf(v) },
			func(r record) core.Account { return r.(*accountRecord).account(now) }, "Epoch", "EventSeq", "LastDisplayID", "ConversationCount")
		roundTrip(t, "profile", drawAny[core.Profile](t), func(v *core.Profile) record { return profileOf(v) },
			func(r record) core.Profile { return r.(*profileRecord).profile(now) })
		roundTrip(t, "agent", drawAny[core.Agent](t), func(v *core.Agent) record { return agentOf(v, true) },
			func(r record) core.Agent { return r.(*agentRecord).agent(now) })
		roundTrip(t, "token", drawAny[core.Token](t), func(v *core.Token) record { return tokenOf(v) },
			func(r record) core.Token { return r.(*tokenRecord).token(now) })
		roundTrip(t, "team", drawAny[core.Team](t), func(v *core.Team) record { return teamOf(v) },
			func(r record) core.Team { return r.(*teamRecord).team(now) })
		roundTrip(t, "label group", drawAny[core.LabelGroup](t), func(v *core.LabelGroup) record { return labelGroupOf(v) },
			func(r record) core.LabelGroup { return r.(*labelGroupRecord).labelGroup(now) })
		roundTrip(t, "label", drawAny[core.Label](t), func(v *core.Label) record { return labelOf(v) },
			func(r record) core.Label { return r.(*labelRecord).label(now) }, "DeletedAt")
		roundTrip(t, "inbox", drawAny[core.Inbox](t), func(v *core.Inbox) record { return inboxOf(v, true) },
			func(r record) core.Inbox { return r.(*inboxRecord).inbox(now) })
		roundTrip(t, "sub-inbox", drawAny[core.SubInbox](t), func(v *core.SubInbox) record { return subInboxOf(v) },
			func(r record) core.SubInbox { return r.(*subInboxRecord).subInbox() }, "AccountID")
		roundTrip(t, "canned response", drawAny[core.CannedResponse](t), func(v *core.CannedResponse) record { return cannedResponseOf(v) },
			func(r record) core.CannedResponse { return r.(*cannedResponseRecord).cannedResponse(now) })
		roundTrip(t, "attribute definition", drawAny[core.AttributeDefinition](t), func(v *core.AttributeDefinition) record { return attributeDefinitionOf(v) },
			func(r record) core.AttributeDefinition {
				return r.(*attributeDefinitionRecord).attributeDefinition(now)
			})
		roundTrip(t, "webhook", drawAny[core.Webhook](t), func(v *core.Webhook) record { return webhookOf(v, true) },
			func(r record) core.Webhook { return r.(*webhookRecord).webhook(now) })
		roundTrip(t, "contact", drawAny[core.Contact](t), func(v *core.Contact) record { v.LabelIDs = ids; return contactOf(v, labels) },
			func(r record) core.Contact { return r.(*contactRecord).contact(now, ids) })
		roundTrip(t, "identity", drawAny[core.Identity](t), func(v *core.Identity) record { return identityOf(v) },
			func(r record) core.Identity { return r.(*identityRecord).identity(now) }, "AccountID")
		roundTrip(t, "contact inbox", drawAny[core.ContactInbox](t), func(v *core.ContactInbox) record { return contactInboxOf(v, true) },
			func(r record) core.ContactInbox { return r.(*contactInboxRecord).contactInbox(now) }, "AccountID", "ContactID")
		roundTrip(t, "conversation", drawAny[core.Conversation](t), func(v *core.Conversation) record { v.LabelIDs = ids; return conversationOf(v, labels) },
			func(r record) core.Conversation { return r.(*conversationRecord).conversation(now, ids) },
			"AccountID", "ContactID", "PrimaryMessageID", "LastPosition", "MessageCount", "LastMessageID", "LastListedID", "AgentSeq", "ContactSeq",
			"ContactCursor", "AgentCursor", "ContactReadID", "AgentReadID", "LastMessageAt", "LastActivityAt")
		entry := drawAny[core.Entry](t)
		derived := []string{"AccountID", "ConversationID", "Position", "AgentSeq", "ContactSeq", "AttachmentCount"}
		entry.Kind = rapid.SampledFrom([]core.EntryKind{core.Message, core.Note}).Draw(t, "kind")
		roundTrip(t, "message", entry, func(v *core.Entry) record { return entryOf(v) },
			func(r record) core.Entry { return r.(*messageRecord).entry(now, core.OriginChannel) }, append(derived, "Code", "Params")...)
		entry.Kind = core.Activity
		roundTrip(t, "activity", entry, func(v *core.Entry) record { return entryOf(v) },
			func(r record) core.Entry { return r.(*activityRecord).entry(now) },
			append(derived, "Origin", "Listed", "Counts", "ContentType", "ContentAttributes", "ExternalID", "DeliveryStatus")...)
		roundTrip(t, "attachment", drawAny[core.Attachment](t), func(v *core.Attachment) record { return attachmentOf(v) },
			func(r record) core.Attachment { return r.(*attachmentRecord).attachment(now) }, "AccountID", "ConversationID")
	})
}

// roundTrip compares a value with what its line says, save for the fields that
// a file does not hold.
func roundTrip[T any](t *rapid.T, what string, v T, of func(*T) record, back func(record) T, derived ...string) {
	line := appendRecord(nil, of(&v))
	if !json.Valid(line) {
		t.Fatalf("%s: not JSON: %s", what, line)
	}
	r, _, err := decodeRecord(line, nil)
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, line)
	}
	if again := appendRecord(nil, r); string(again) != string(line) {
		t.Fatalf("%s: the line came back as\n%s\n%s", what, again, line)
	}
	got := back(r)
	for _, name := range derived {
		reflect.ValueOf(&got).Elem().FieldByName(name).SetZero()
		reflect.ValueOf(&v).Elem().FieldByName(name).SetZero()
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Fatalf("%s (-given +back):\n%s\n%s", what, diff, line)
	}
}
