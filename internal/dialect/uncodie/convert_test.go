package uncodie

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

func TestRole(t *testing.T) {
	t.Parallel()
	person, bot := &core.Agent{ID: 1, Type: core.Person}, &core.Agent{ID: 2, Type: core.Bot}
	for _, c := range []struct {
		name   string
		sender core.ActorType
		agent  *core.Agent
		origin core.Origin
		ext    core.JSON
		want   string
	}{
		{"contact", core.ActorContact, nil, core.OriginPerson, "", "user"},
		{"person", core.ActorAgent, person, core.OriginPerson, "", "team_member"},
		{"person by channel", core.ActorAgent, person, core.OriginChannel, "", "team_member"},
		{"person's campaign", core.ActorAgent, person, core.OriginCampaign, "", "team_member"},
		{"rule in a person's name", core.ActorAgent, person, core.OriginAutomation, "", "system"},
		{"template in a person's name", core.ActorAgent, person, core.OriginTemplate, "", "system"},
		{"bot for a person", core.ActorAgent, person, core.OriginBot, "", "assistant"},
		{"bot", core.ActorAgent, bot, core.OriginBot, "", "assistant"},
		{"bot's template", core.ActorAgent, bot, core.OriginTemplate, "", "assistant"},
		{"bot's rule", core.ActorAgent, bot, core.OriginAutomation, "", "assistant"},
		{"agent who is gone", core.ActorAgent, nil, core.OriginPerson, "", "team_member"},
		{"system", core.ActorSystem, nil, core.OriginAutomation, "", "system"},
		{"system's template", core.ActorSystem, nil, core.OriginTemplate, "", "system"},
		{"imported", core.ActorContact, nil, core.OriginPerson, `{"uncodie":{"role":"visitor"}}`, "visitor"},
		{"imported empty", core.ActorContact, nil, core.OriginPerson, `{"uncodie":{"role":""}}`, "user"},
		{"imported null", core.ActorAgent, bot, core.OriginBot, `{"uncodie":{"role":null}}`, "assistant"},
		{"of another dialect", core.ActorContact, nil, core.OriginPerson, `{"commbox":{"role":"visitor"},"Uncodie":{"role":"x"}}`, "user"},
	} {
		l := &core.Line{Entry: core.Entry{Sender: core.Actor{Type: c.sender}, Origin: c.origin, Ext: c.ext}, Agent: c.agent}
		if got := role(l); got != c.want {
			t.Errorf("%s: role = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadExt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text            core.JSON
		status, channel string
		custom          core.JSON
	}{
		{``, "-", "-", ""},
		{`{}`, "-", "-", ""},
		{`{"uncodie":null}`, "-", "-", ""},
		{`{"uncodie":[1]}`, "-", "-", ""},
		{`{"uncodie":{}}`, "-", "-", ""},
		{`{"uncodie":{"status":null,"channel":null,"custom_data":null}}`, "-", "-", ""},
		{`{"UNCODIE":{"status":"x"},"uncodie":{"Status":"x"}}`, "-", "-", ""},
		{`{"uncodie":{"status":"","channel":"w\u00e9b"}}`, "", "wéb", ""},
		{`{"uncodie":{"status":5,"channel":true}}`, "5", "true", ""},
		{`{"a":{"uncodie":{}}, "uncodie" : { "custom_data" : { "b":1.50 ,"a":"\u00e9"} }}`, "-", "-", `{ "b":1.50 ,"a":"\u00e9"}`},
		{`{"uncodie":{"custom_data":[]}}`, "-", "-", `[]`},
	} {
		e := readExt(c.text)
		if got := e.textOr("status", "-"); got != c.status {
			t.Errorf("%s: status %q, want %q", c.text, got, c.status)
		}
		if got := e.textOr("channel", "-"); got != c.channel {
			t.Errorf("%s: channel %q, want %q", c.text, got, c.channel)
		}
		if got := e.raw("custom_data"); got != c.custom {
			t.Errorf("%s: custom_data %q, want %q", c.text, got, c.custom)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	status := func(value string, or ...core.Status) conversation.Match {
		return conversation.Match{Path: []string{"uncodie", "status"}, Value: value, OrStatuses: or}
	}
	channel := func(value string, or ...core.Channel) conversation.Match {
		return conversation.Match{Path: []string{"uncodie", "channel"}, Value: value, OrChannels: or}
	}
	for _, c := range []struct{ got, want conversation.Match }{
		{matchStatus("active"), status("active", core.Open)},
		{matchStatus("pending"), status("pending", core.Pending, core.Snoozed)},
		{matchStatus("closed"), status("closed", core.Resolved)},
		{matchStatus("archived"), status("archived")},
		{matchStatus("open"), status("open")},
		{matchChannel("website_chat"), channel("website_chat", core.ChannelWeb)},
		{matchChannel("web"), channel("web")},
		{matchChannel("email"), channel("email", core.ChannelEmail)},
		{matchChannel("telegram"), channel("telegram", "telegram")},
		{matchCustomStatus("x"), conversation.Match{Path: []string{"uncodie", "custom_data", "status"}, Value: "x"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("match (-want +got):\n%s", diff)
		}
	}
}

// What a filter selects by default is what the row prints by default.
func TestDefaultsMatch(t *testing.T) {
	t.Parallel()
	for _, s := range []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved} {
		for _, ch := range []core.Channel{core.ChannelWeb, core.ChannelAPI, core.ChannelEmail, core.ChannelSMS, core.ChannelWhatsApp, "telegram"} {
			thread := &core.Thread{Conversation: core.Conversation{Status: s}, Inbox: core.Inbox{Channel: ch}}
			out := row(&core.Account{}, thread)
			if m := matchStatus(out.Status); !slices.Contains(m.OrStatuses, s) {
				t.Errorf("status %s is printed as %s, which selects %v", s, out.Status, m.OrStatuses)
			}
			if m := matchChannel(out.Channel); !slices.Contains(m.OrChannels, ch) {
				t.Errorf("channel %s is printed as %s, which selects %v", ch, out.Channel, m.OrChannels)
			}
		}
	}
}
