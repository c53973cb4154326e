package interchange

import (
	"fmt"
	"reflect"
	"strings"

	"pgregory.net/rapid"

	"parley/internal/core"
)

// drawTime gives times before and after 1970, few of them unset.
func drawTime(t *rapid.T, name string) core.Time {
	return core.Time(rapid.OneOf(
		rapid.Just(int64(0)),
		rapid.Int64Range(1_704_067_200_000_000, 1_704_067_300_000_000),
		rapid.Int64Range(firstSecond*1_000_000, lastSecond*1_000_000),
	).Draw(t, name))
}

// drawText gives any text that a file may hold.
func drawText(t *rapid.T, name string) string {
	text := rapid.OneOf(
		rapid.Just(""),
		rapid.SampledFrom([]string{"Zoë", "\"\\/", "line\nbreak\ttab\r", "\u2028<&>\u007f", "😀🏽", "مرحبا", "e\u0301", "\u0001\u001f", "\ufeff", "null"}),
		rapid.StringN(0, 12, -1),
	).Draw(t, name)
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "?")
}

// drawJSON gives JSON text with odd spaces, escapes and numbers. open is { or
// [.
func drawJSON(t *rapid.T, name, open string) core.JSON {
	if rapid.Bool().Draw(t, name+" absent") {
		return ""
	}
	return core.JSON(jsonValue(t, open, 3))
}

func jsonValue(t *rapid.T, open string, depth int) string {
	space := func() string { return rapid.SampledFrom([]string{"", "", " ", "  ", "\t"}).Draw(t, "space") }
	if open == "" {
		kinds := []string{"{", "[", "1e400", "-0.0", "12345678901234567890", "true", "null", `"\u00e9\/"`, `"é"`, `""`, `"a b"`}
		if depth == 0 {
			kinds = kinds[2:]
		}
		open = rapid.SampledFrom(kinds).Draw(t, "value")
	}
	if open != "{" && open != "[" {
		return open
	}
	var b strings.Builder
	b.WriteString(open + space())
	for i := range rapid.IntRange(0, 3).Draw(t, "length") {
		if i > 0 {
			b.WriteString("," + space())
		}
		if open == "{" {
			fmt.Fprintf(&b, "%q%s:%s", rapid.SampledFrom([]string{"b", "a", "a", "ü", ""}).Draw(t, "key"), space(), space())
		}
		b.WriteString(jsonValue(t, "", depth-1) + space())
	}
	return b.String() + map[string]string{"{": "}", "[": "]"}[open]
}

func drawUUID(t *rapid.T, name string) string {
	n := rapid.Uint64().Draw(t, name)
	text := fmt.Sprintf("%08x-%04x-%04x-0000-%012x", uint32(n), uint16(n>>32), uint16(n>>48), n&0xffffff)
	if rapid.Bool().Draw(t, name+" in capitals") {
		return strings.ToUpper(text)
	}
	return text
}

// oneOf are the values of the fields that have few.
var oneOf = map[reflect.Type][]string{
	reflect.TypeFor[core.AgentType]():     {"person", "bot"},
	reflect.TypeFor[core.AppliesTo]():     {"contact", "conversation"},
	reflect.TypeFor[core.AttributeType](): {"text", "number", "link", "date", "list", "checkbox"},
	reflect.TypeFor[core.Role]():          {"", "administrator", "agent"},
	reflect.TypeFor[core.Availability]():  {"", "online", "busy", "offline"},
	reflect.TypeFor[core.Status]():        {"open", "pending", "snoozed", "resolved"},
	reflect.TypeFor[core.Scope]():         {"read", "write", "admin"},
	reflect.TypeFor[core.ActorType]():     {"contact", "agent", "system"},
	reflect.TypeFor[core.Origin]():        {"person", "bot", "automation", "template", "campaign", "channel"},
	reflect.TypeFor[core.Channel]():       {"web", "api", "email", "sms", "whatsapp", "fax"},
}

// fieldValues are the same for fields of plain types, by name.
var fieldValues = map[string][]string{
	"Priority":       {"", "low", "medium", "high", "urgent"},
	"ContactType":    {"", "visitor", "lead", "customer"},
	"DeliveryStatus": {"", "sent", "delivered", "read", "failed"},
	"Email":          {"", "zoe@x.test", "é@x.test"},
	"Hash":           {strings.Repeat("0a", 32)},
	"Path":           {"", "a/b.png"},
	"UserName":       {"", "zoe"},
}

// mustHold are the fields that may not be empty.
var mustHold = map[string]bool{"Title": true, "ShortCode": true, "Key": true, "URL": true, "SourceID": true, "UniqueName": true, "Address": true, "Code": true}

// drawAny gives a value of any core type with every field drawn.
func drawAny[T any](t *rapid.T) T {
	var v T
	s := reflect.ValueOf(&v).Elem()
	for i := range s.NumField() {
		drawField(t, s.Type(), s.Type().Field(i).Name, s.Field(i))
	}
	return v
}

func drawField(t *rapid.T, in reflect.Type, name string, f reflect.Value) {
	if values := oneOf[f.Type()]; values != nil {
		f.SetString(rapid.SampledFrom(values).Draw(t, name))
		return
	}
	if values := fieldValues[name]; values != nil {
		f.SetString(rapid.SampledFrom(values).Draw(t, name))
		return
	}
	switch to := f.Addr().Interface().(type) {
	case *core.Time:
		if *to = drawTime(t, name); *to == 0 && (name == "CreatedAt" || name == "UpdatedAt" || name == "CustomerUpdatedAt") {
			*to = 1 // every thing has one
		}
	case *core.JSON:
		open := "{"
		if name == "WorkingHours" {
			open = "["
		}
		*to = drawJSON(t, name, open)
	case *string:
		*to = drawText(t, name)
		if name == "UUID" {
			*to = drawUUID(t, name)
		}
		if *to == "" && (mustHold[name] || (name == "Name" && in != reflect.TypeFor[core.Contact]())) {
			*to = "x"
		}
	case *int64:
		*to = rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(1, core.MaxID)).Draw(t, name)
	case *float64:
		*to = rapid.Float64Range(-180, 180).Draw(t, name)
	case *bool:
		*to = rapid.Bool().Draw(t, name)
	case *core.Side:
		*to = core.Side(rapid.IntRange(0, 1).Draw(t, name))
	case *core.Actor:
		*to = drawAny[core.Actor](t)
	case *[]int64:
		*to = rapid.SampledFrom([][]int64{nil, {1}, {3, 1, 2}}).Draw(t, name)
	case *[]string:
		*to = rapid.SampledFrom([][]string{nil, {"a"}, {"b", "a", "a"}}).Draw(t, name)
	case *[]core.Scope:
		*to = rapid.SampledFrom([][]core.Scope{nil, {core.ScopeRead}, {core.ScopeAdmin, core.ScopeRead}}).Draw(t, name)
	case *core.EntryKind:
		*to = core.Message
	default:
		panic("no rule for " + f.Type().String())
	}
}
