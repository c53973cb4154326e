package chatwoot

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/core"
)

// The structs of wire.go say what is sent; encoding/json, with the methods of
// marshal.go, is the oracle for what the appenders write.

// same compares what an appender wrote behind a prefix with the oracle.
func same(t *rapid.T, v any, appended []byte) {
	t.Helper()
	want, err := marshal(v)
	if err != nil {
		t.Fatalf("marshal %#v: %v", v, err)
	}
	if !bytes.Equal(appended, append([]byte("x"), want...)) {
		t.Fatalf("appended\n %s\nafter x, want\n %s", appended, want)
	}
}

// named makes up a generator's name, and with it those of its parts, which
// tests that share it would otherwise make up at the same moment.
func named[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	_ = g.String()
	return g
}

var (
	texts = named(rapid.OneOf(
		rapid.String(), rapid.Just(""), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{`<b>"q"</b> & \ /`, "a\u2028b\u2029", "مرحبا 👋🏽", "\x00\x1f\x7f\n\t", "\xff"}),
	))
	nullTexts = named(rapid.Map(texts, func(s string) nullString { return nullString(s) }))
	ids       = named(rapid.Int64Range(0, core.MaxID))
	sizes     = named(rapid.Map(rapid.OneOf(rapid.Just(int64(0)), ids), func(n int64) nullInt { return nullInt(n) }))
	times     = named(rapid.Map(
		rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-62_135_596_800_000_000, 253_402_300_799_999_999)),
		func(n int64) nullTime { return nullTime(n) },
	))
	decimals = named(rapid.Map(
		rapid.OneOf(rapid.Float64Range(-180, 180), rapid.Float64(), rapid.SampledFrom([]float64{0, 1, -57, 1e-7, 1e21})),
		func(f float64) decimal { return decimal(f) },
	))
	objects = named(rapid.Custom(func(t *rapid.T) object {
		if rapid.Bool().Draw(t, "none") {
			return ""
		}
		members := rapid.MapOfN(rapid.String(), rapid.OneOf(
			rapid.Map(rapid.Int(), func(n int) any { return n }),
			rapid.Map(rapid.String(), func(s string) any { return []any{s, nil, true} }),
		), 0, 3).Draw(t, "members")
		text, err := marshal(members)
		if err != nil {
			t.Fatalf("marshal %#v: %v", members, err)
		}
		return object(text)
	}))
)

func heads(t *rapid.T, fileType string) attachmentHead {
	return attachmentHead{
		ID: ids.Draw(t, "id"), MessageID: ids.Draw(t, "message"), FileType: fileType, AccountID: ids.Draw(t, "account"),
	}
}

func files(t *rapid.T, fileType string) fileAttachment {
	return fileAttachment{
		attachmentHead: heads(t, fileType), DataURL: texts.Draw(t, "url"), ThumbURL: texts.Draw(t, "thumb"),
		FileSize: ids.Draw(t, "size"), Width: sizes.Draw(t, "width"), Height: sizes.Draw(t, "height"),
	}
}

var attachments = named(rapid.Custom(func(t *rapid.T) any {
	switch kind := rapid.SampledFrom([]string{"audio", "location", "fallback", "contact", "embed", "image"}).Draw(t, "kind"); kind {
	case "audio":
		return &audioAttachment{fileAttachment: files(t, kind), TranscribedText: texts.Draw(t, "text")}
	case "location":
		return &locationAttachment{
			attachmentHead: heads(t, kind), DataURL: nullTexts.Draw(t, "url"), FallbackTitle: nullTexts.Draw(t, "title"),
			CoordinatesLat: decimals.Draw(t, "lat"), CoordinatesLong: decimals.Draw(t, "long"),
		}
	case "fallback":
		return &fallbackAttachment{
			attachmentHead: heads(t, kind), DataURL: nullTexts.Draw(t, "url"), FallbackTitle: nullTexts.Draw(t, "title"),
		}
	case "contact":
		return &contactAttachment{
			attachmentHead: heads(t, kind), FallbackTitle: nullTexts.Draw(t, "title"), Meta: objects.Draw(t, "meta"),
		}
	case "embed":
		return &embedAttachment{attachmentHead: heads(t, kind), DataURL: nullTexts.Draw(t, "url")}
	default:
		f := files(t, texts.Draw(t, "type"))
		return &f
	}
}))

var senders = named(rapid.Custom(func(t *rapid.T) any {
	id, name, avatar := ids.Draw(t, "id"), texts.Draw(t, "name"), texts.Draw(t, "avatar")
	switch kind := rapid.SampledFrom([]string{"", "contact", "user", "bot", "assistant"}).Draw(t, "kind"); kind {
	case "contact":
		return &contactSender{
			ID: id, Name: name, Thumbnail: avatar, Type: kind, Email: nullTexts.Draw(t, "email"),
			PhoneNumber: nullTexts.Draw(t, "phone"), Identifier: nullTexts.Draw(t, "identifier"), Blocked: rapid.Bool().Draw(t, "blocked"),
			AdditionalAttributes: objects.Draw(t, "additional"), CustomAttributes: objects.Draw(t, "custom"),
		}
	case "user":
		return &userSender{
			ID: id, Name: name, AvatarURL: avatar, Thumbnail: texts.Draw(t, "thumbnail"), Type: kind,
			AvailableName: texts.Draw(t, "available"),
		}
	case "bot":
		return &botSender{ID: id, Name: name, AvatarURL: avatar, Type: kind}
	case "assistant":
		return &assistantSender{
			ID: id, Name: name, AvatarURL: avatar, Type: kind,
			Description: nullTexts.Draw(t, "description"), CreatedAt: times.Draw(t, "created"),
		}
	}
	return nil
}))

var messages = named(rapid.Custom(func(t *rapid.T) messageBody {
	return messageBody{
		ID: ids.Draw(t, "id"), Content: nullTexts.Draw(t, "content"), MessageType: rapid.Int64Range(0, 3).Draw(t, "type"),
		ContentType: texts.Draw(t, "content type"), ContentAttributes: objects.Draw(t, "attributes"),
		CreatedAt: rapid.Int64().Draw(t, "created"), ConversationID: ids.Draw(t, "conversation"),
		Attachments: rapid.SliceOfN(attachments, 0, 3).Draw(t, "attachments"), Sender: senders.Draw(t, "sender"),
	}
}))

var contacts = named(rapid.Custom(func(t *rapid.T) contactBody {
	return contactBody{
		ID: ids.Draw(t, "id"), Name: texts.Draw(t, "name"), Email: nullTexts.Draw(t, "email"),
		PhoneNumber: nullTexts.Draw(t, "phone"), Identifier: nullTexts.Draw(t, "identifier"), Blocked: rapid.Bool().Draw(t, "blocked"),
		AdditionalAttributes: objects.Draw(t, "additional"), CustomAttributes: objects.Draw(t, "custom"),
		ContactType: texts.Draw(t, "type"), CountryCode: nullTexts.Draw(t, "country"),
		LastActivityAt: times.Draw(t, "activity"), CreatedAt: times.Draw(t, "created"), UpdatedAt: times.Draw(t, "updated"),
		LastName: texts.Draw(t, "last name"), MiddleName: texts.Draw(t, "middle name"), Location: nullTexts.Draw(t, "location"),
		AccountID: ids.Draw(t, "account"), CompanyID: sizes.Draw(t, "company"),
		LabelList: append([]string{}, rapid.SliceOfN(texts, 0, 3).Draw(t, "labels")...),
	}
}))

func TestAppendMessageEqualsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := messages.Draw(t, "message")
		same(t, &m, appendMessage([]byte("x"), &m))
	})
}

func TestAppendConversationEqualsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := conversationBody{
			ID: ids.Draw(t, "id"), UUID: texts.Draw(t, "uuid"), InboxID: ids.Draw(t, "inbox"),
			ContactLastSeenAt: rapid.Int64().Draw(t, "contact seen"), Status: texts.Draw(t, "status"),
			AgentLastSeenAt: rapid.Int64().Draw(t, "agent seen"),
			Messages:        append([]messageBody{}, rapid.SliceOfN(messages, 0, 2).Draw(t, "messages")...),
			Contact:         contacts.Draw(t, "contact"),
		}
		b := appendConversationHead([]byte("x"), &c)
		for i := range c.Messages {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendMessage(b, &c.Messages[i])
		}
		same(t, &c, appendConversationTail(b, &c.Contact))
	})
}

func TestAppendErrorsEqualEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := errorBody{Status: rapid.Int().Draw(t, "status"), Error: texts.Draw(t, "error")}
		same(t, e, appendErrorBody([]byte("x"), e))
		same(t, refusal{e.Error}, appendRefusal([]byte("x"), refusal{e.Error}))
	})
}

func TestAppendTimeTruncates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 10, 20, 30, 0, time.UTC)
	for _, test := range []struct {
		at   core.Time
		want string
	}{
		{0, `null`},
		{core.TimeOf(at), `"2026-01-31T10:20:30.000Z"`},
		{core.TimeOf(at.Add(999_999 * time.Microsecond)), `"2026-01-31T10:20:30.999Z"`},
		{core.TimeOf(at.Add(1_500 * time.Microsecond)), `"2026-01-31T10:20:30.001Z"`},
		{-1, `"1969-12-31T23:59:59.999Z"`},
	} {
		if got := string(appendTime(nil, nullTime(test.at))); got != test.want {
			t.Errorf("appendTime(%d) = %s, want %s", test.at, got, test.want)
		}
	}
}

func TestAppendDecimalShowsAFraction(t *testing.T) {
	t.Parallel()
	for d, want := range map[decimal]string{0: "0.0", 57: "57.0", -180: "-180.0", 11.94: "11.94", -0.5: "-0.5", 1e-7: "1e-7"} {
		if got := string(appendDecimal([]byte("1.5,"), d)); got != "1.5,"+want {
			t.Errorf("appendDecimal(%v) = %s, want 1.5,%s", float64(d), got, want)
		}
	}
}

// TestAppendNobody: the appenders of unions never leave a body half written.
func TestAppendNobody(t *testing.T) {
	t.Parallel()
	if got := appendSender(nil, 7); !slices.Equal(got, []byte("null")) {
		t.Errorf("appendSender(7) = %s, want null", got)
	}
	if got := appendAttachment(nil, 7); !slices.Equal(got, []byte("null")) {
		t.Errorf("appendAttachment(7) = %s, want null", got)
	}
}
