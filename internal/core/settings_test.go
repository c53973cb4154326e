package core

import (
	"testing"
	"time"
)

func TestInboxRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		inbox Inbox
		want  InboxRules
	}{
		{Inbox{}, InboxRules{}},
		{Inbox{Greeting: "Hi"}, InboxRules{Greeting: "Hi"}},
		{Inbox{Greeting: "Hi", Settings: `{"greeting_enabled":true}`}, InboxRules{Greeting: "Hi"}},
		{Inbox{Greeting: "Hi", Settings: `{"greeting_enabled": false}`}, InboxRules{}},
		{Inbox{Settings: `{"out_of_office_message":"Back \u00e9 soon","auto_resolve_minutes":90}`}, InboxRules{OutOfOffice: "Back é soon", ResolveAfter: 90 * time.Minute}},
		{Inbox{Settings: `{"out_of_office_message":7,"auto_resolve_minutes":-1}`}, InboxRules{}},
		{Inbox{Settings: `{"auto_resolve_minutes":"90"}`}, InboxRules{}},
		{Inbox{Settings: `{"auto_resolve_minutes":9223372036854775807}`}, InboxRules{}},
		{Inbox{Settings: `{"enable_auto_assignment":true,"max_assignment_limit":7}`}, InboxRules{Assigns: true, MaxAssigned: 7}},
		{Inbox{Settings: `{"enable_auto_assignment":1,"max_assignment_limit":-7}`}, InboxRules{}},
		{Inbox{Settings: `{"enable_auto_assignment":false,"max_assignment_limit":"7"}`}, InboxRules{}},
		{Inbox{Settings: `[]`}, InboxRules{}},
	} {
		if got := c.inbox.Rules(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.inbox.Settings, got, c.want)
		}
	}
}

func TestSaysClosed(t *testing.T) {
	t.Parallel()
	at := func(text string) Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return TimeOf(v)
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	rules := InboxRules{OutOfOffice: "closed"}
	now := at("2026-03-01T16:00:00Z") // 1:00 on the 2nd in Tokyo
	for _, c := range []struct {
		name     string
		rules    InboxRules
		answered Time
		told     Time
		place    *time.Location
		want     bool
	}{
		{"never told", rules, 0, 0, time.UTC, true},
		{"nothing to say", InboxRules{}, 0, 0, time.UTC, false},
		{"an agent answered just now", rules, now - officeSilence + 1, 0, time.UTC, false},
		{"an agent answered before", rules, now - officeSilence, 0, time.UTC, true},
		{"told today", rules, 0, at("2026-03-01T00:00:00Z"), time.UTC, false},
		{"told yesterday", rules, 0, at("2026-02-28T23:59:59Z"), time.UTC, true},
		{"told on another day there", rules, 0, at("2026-03-01T14:59:59Z"), tokyo, true},
		{"told on the same day there", rules, 0, at("2026-03-01T15:00:00Z"), tokyo, false},
	} {
		if got := c.rules.SaysClosed(&Conversation{LastResponseAt: c.answered}, c.told, now, c.place); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
