package chatwoot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
)

var (
	asContact = core.Actor{Type: core.ActorContact, ID: 31}
	asAgent   = core.Actor{Type: core.ActorAgent, ID: 5}
	asSystem  = core.Actor{Type: core.ActorSystem}
)

// TestMessageTypeAndSender walks over everybody who can say something, and
// how.
func TestMessageTypeAndSender(t *testing.T) {
	t.Parallel()
	ana := &core.Contact{ID: 31, Name: "Ana"}
	rui := &core.Agent{ID: 5, Type: core.Person, Name: "Rui Costa"}
	bot := &core.Agent{ID: 6, Type: core.Bot, Name: "Pilot", Description: "Answers from the tide tables."}
	const ours = core.JSON(`{"chatwoot":{"sender_type":"Captain::Assistant"},"uncodie":{}}`)
	for name, test := range map[string]struct {
		sender     core.Actor
		origin     core.Origin
		agent      *core.Agent
		ext        core.JSON
		wantType   int64
		wantSender string
	}{
		"contact":                        {asContact, core.OriginPerson, nil, "", 0, "contact"},
		"contact through a campaign":     {asContact, core.OriginCampaign, nil, "", 0, "contact"},
		"contact, origin not given":      {asContact, "", nil, "", 0, "contact"},
		"person":                         {asAgent, core.OriginPerson, rui, "", 1, "user"},
		"person, origin not given":       {asAgent, "", rui, "", 1, "user"},
		"bot":                            {asAgent, core.OriginBot, bot, "", 1, "agent_bot"},
		"bot of a Chatwoot":              {asAgent, core.OriginBot, bot, `{"chatwoot":{"sender_type":"AgentBot"}}`, 1, "agent_bot"},
		"bot, assistant elsewhere":       {asAgent, core.OriginBot, bot, `{"x":"chatwoot","sender_type":"Captain::Assistant"}`, 1, "agent_bot"},
		"assistant of a Chatwoot":        {asAgent, core.OriginBot, bot, ours, 1, "captain_assistant"},
		"a person is no assistant":       {asAgent, core.OriginPerson, rui, ours, 1, "user"},
		"campaign of a person":           {asAgent, core.OriginCampaign, rui, "", 1, "user"},
		"campaign of the system":         {asSystem, core.OriginCampaign, nil, "", 1, ""},
		"automation":                     {asSystem, core.OriginAutomation, nil, "", 1, ""},
		"automation in a person's name":  {asAgent, core.OriginAutomation, rui, "", 1, ""},
		"template":                       {asSystem, core.OriginTemplate, nil, "", 3, ""},
		"template in a bot's name":       {asAgent, core.OriginTemplate, bot, "", 3, ""},
		"notice of the channel":          {asSystem, core.OriginChannel, nil, "", 3, ""},
		"a person whose row is missing":  {asAgent, core.OriginPerson, nil, "", 1, ""},
		"a contact whose row is missing": {core.Actor{Type: core.ActorContact, ID: 77}, core.OriginPerson, nil, "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &core.Line{Entry: core.Entry{ID: 1, Kind: core.Message, Sender: test.sender, Origin: test.origin, Ext: test.ext}, Agent: test.agent}
			if test.sender == asContact {
				l.Contact = ana
			}
			m := toMessage(7, l, "gone")
			if m.MessageType != test.wantType {
				t.Errorf("message_type = %d, want %d", m.MessageType, test.wantType)
			}
			if got := senderType(m.Sender); got != test.wantSender {
				t.Errorf("sender type = %q, want %q", got, test.wantSender)
			}
		})
	}
}

func senderType(sender any) string {
	switch s := sender.(type) {
	case *contactSender:
		return s.Type
	case *userSender:
		return s.Type
	case *botSender:
		return s.Type
	case *assistantSender:
		return s.Type
	}
	return ""
}

// TestDeletedMessage: a tombstone keeps who and when and loses what.
func TestDeletedMessage(t *testing.T) {
	t.Parallel()
	l := &core.Line{
		Entry: core.Entry{
			ID: 9, Kind: core.Message, Sender: asAgent, Origin: core.OriginPerson, Content: "secret", ContentType: "cards",
			ContentAttributes: `{"items":[1]}`, CreatedAt: 1_700_000_000_999_999, DeletedAt: 1_700_000_001_000_000, AttachmentCount: 1,
		},
		Agent:       &core.Agent{ID: 5, Name: "Rui"},
		Attachments: []core.Attachment{{ID: 1, MessageID: 9, FileType: "file", URL: "https://files.example/secret"}},
	}
	want := messageBody{
		ID: 9, Content: "gone", MessageType: 1, ContentType: "text", ContentAttributes: `{"deleted":true}`,
		CreatedAt: 1_700_000_000, ConversationID: 7,
		Sender: &userSender{ID: 5, Name: "Rui", Type: "user", AvailableName: "Rui"},
	}
	if diff := cmp.Diff(want, toMessage(7, l, "gone")); diff != "" {
		t.Errorf("deleted message (-want +got):\n%s", diff)
	}
}

func TestDeletedText(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{
		"": "This message was deleted", "en": "This message was deleted", "en-GB": "This message was deleted",
		"pt_BR": "Esta mensagem foi excluída", "pt-PT": "Esta mensagem foi excluída", "PT": "Esta mensagem foi excluída",
		"de_AT": "Diese Nachricht wurde gelöscht", "tlh": "This message was deleted",
	} {
		if got := deletedText(locale); got != want {
			t.Errorf("deletedText(%q) = %q, want %q", locale, got, want)
		}
	}
}

func TestContactType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		contact core.Contact
		want    string
	}{
		"nothing known":             {core.Contact{}, "visitor"},
		"a name only":               {core.Contact{Name: "Ana"}, "visitor"},
		"an identifier only":        {core.Contact{Identifier: "c-1"}, "visitor"},
		"an e-mail":                 {core.Contact{Email: "ana@example.org"}, "lead"},
		"a phone":                   {core.Contact{Phone: "+351910000000"}, "lead"},
		"a second phone":            {core.Contact{Phone2: "+351910000000"}, "lead"},
		"given":                     {core.Contact{ContactType: "customer"}, "customer"},
		"given beside an e-mail":    {core.Contact{ContactType: "visitor", Email: "ana@example.org"}, "visitor"},
		"a social profile":          {core.Contact{AdditionalAttributes: `{"social_profiles":{"github":"ana"}}`}, "lead"},
		"a social name":             {core.Contact{AdditionalAttributes: `{"city":"Lisboa","social_telegram_user_name":"ana"}`}, "lead"},
		"a social number":           {core.Contact{AdditionalAttributes: `{"social_telegram_user_id":0}`}, "lead"},
		"empty social profiles":     {core.Contact{AdditionalAttributes: `{"social_a":{},"social_b":[],"social_c":" ","social_d":null,"social_e":false}`}, "visitor"},
		"social in a value":         {core.Contact{AdditionalAttributes: `{"note":"\"social_profiles\"","tags":["social_x"]}`}, "visitor"},
		"social in a nested object": {core.Contact{AdditionalAttributes: `{"x":{"social_profiles":{"github":"ana"}}}`}, "visitor"},
		"no object":                 {core.Contact{AdditionalAttributes: `["social_x"]`}, "visitor"},
	} {
		if got := contactType(&test.contact); got != test.want {
			t.Errorf("%s: contact_type = %q, want %q", name, got, test.want)
		}
	}
}

func TestContactName(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]core.Contact{
		"":         {LastName: "Reis"}, // last_name says it
		"Ana Reis": {Name: "Ana Reis", FirstName: "Ana", LastName: "Reis"},
		"Ana":      {FirstName: "Ana", LastName: "Reis"},
	} {
		if got := contactName(&c); got != want {
			t.Errorf("name of %+v = %q, want %q", c, got, want)
		}
	}
}

// TestAttachmentKinds: each kind has its own keys.
func TestAttachmentKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"image":         `"file_type":"image","account_id":4,"extension":null,"data_url":"u","thumb_url":"t","file_size":7,"width":2,"height":3`,
		"video":         `"file_type":"video","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"file":          `"file_type":"file","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"share":         `"file_type":"share","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"story_mention": `"file_type":"story_mention","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"ig_reel":       `"file_type":"ig_reel","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"ig_post":       `"file_type":"ig_post","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"ig_story":      `"file_type":"ig_story","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"audio":         `"file_type":"audio","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3,"transcribed_text":"hello"`,
		"location":      `"file_type":"location","account_id":4,"data_url":"u","coordinates_lat":57.0,"coordinates_long":11.94,"fallback_title":"f"`,
		"fallback":      `"file_type":"fallback","account_id":4,"data_url":"u","fallback_title":"f"`,
		"contact":       `"file_type":"contact","account_id":4,"fallback_title":"f","meta":{"a":1}`,
		"embed":         `"file_type":"embed","account_id":4,"data_url":"u"`,
		"sticker":       `"file_type":"file","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
		"":              `"file_type":"file","account_id":4,"extension":null,"data_url":"u","thumb_url":"","file_size":7,"width":2,"height":3`,
	} {
		a := core.Attachment{
			ID: 1, MessageID: 9, AccountID: 4, FileType: kind, URL: "u", ThumbnailURL: "t", SizeBytes: 7, Width: 2, Height: 3,
			Latitude: 57, Longitude: 11.94, FallbackTitle: "f", TranscribedText: "hello", Meta: `{"a":1}`,
		}
		want = `{"id":1,"message_id":9,` + want + `}`
		if got := string(appendAttachment(nil, toAttachment(&a))); got != want {
			t.Errorf("%q:\n got %s\nwant %s", kind, got, want)
		}
	}
}

// TestAttachmentWithoutAnything: what is not known is null or "", as its kind
// has it.
func TestAttachmentWithoutAnything(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"image":    `"extension":null,"data_url":"","thumb_url":"","file_size":0,"width":null,"height":null`,
		"audio":    `"extension":null,"data_url":"","thumb_url":"","file_size":0,"width":null,"height":null,"transcribed_text":""`,
		"location": `"data_url":null,"coordinates_lat":0.0,"coordinates_long":0.0,"fallback_title":null`,
		"fallback": `"data_url":null,"fallback_title":null`,
		"contact":  `"fallback_title":null,"meta":{}`,
		"embed":    `"data_url":null`,
	} {
		want = `{"id":1,"message_id":9,"file_type":"` + kind + `","account_id":4,` + want + `}`
		if got := string(appendAttachment(nil, toAttachment(&core.Attachment{ID: 1, MessageID: 9, AccountID: 4, FileType: kind}))); got != want {
			t.Errorf("%s:\n got %s\nwant %s", kind, got, want)
		}
	}
}

// TestThumbURL: an image without a preview is its own.
func TestThumbURL(t *testing.T) {
	t.Parallel()
	if got := thumbURL(&core.Attachment{FileType: "image", URL: "https://files.example/a.png"}); got != "https://files.example/a.png" {
		t.Errorf("thumb_url = %q, want the image's own address", got)
	}
}
