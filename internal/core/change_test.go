package core

import (
	"slices"
	"testing"
)

const changedAt = Time(2_000_000)

// begun is a conversation that began a second before changedAt.
func begun() *Conversation {
	c := &Conversation{ID: 1, AccountID: 1, InboxID: 7, ContactInboxID: 70, CreatedAt: 1_000_000}
	c.Begin()
	return c
}

func TestSetStatus(t *testing.T) {
	t.Parallel()
	resolved := NewStatus{Status: Resolved}
	for _, c := range []struct {
		name   string
		before func(c *Conversation)
		to     NewStatus
		fields []string
		params JSON
		want   func(c *Conversation)
	}{
		{
			"resolved", func(c *Conversation) { c.WaitingSince = 5 }, resolved,
			[]string{"status"},
			`{"status":"resolved"}`,
			func(c *Conversation) { c.Status, c.ClosedAt, c.WaitingSince = Resolved, changedAt, 0 },
		},
		{
			"resolved as another kind", func(c *Conversation) { c.Status, c.ClosedAt = Resolved, 9 },
			NewStatus{Status: Resolved, Code: 4},
			[]string{"status"},
			`{"status":"resolved","status_code":4}`, func(c *Conversation) { c.StatusCode, c.ClosedAt = 4, 9 },
		},
		{
			"opened", func(c *Conversation) { c.Status, c.StatusCode, c.ClosedAt, c.ArchivedAt = Resolved, 14, 9, 9 },
			NewStatus{Status: Open},
			[]string{"status", "archived_at"},
			`{"status":"open"}`, func(c *Conversation) { c.Status, c.StatusCode, c.ClosedAt, c.ArchivedAt = Open, 0, 0, 0 },
		},
		{
			"snoozed", nil,
			NewStatus{Status: Snoozed, Until: 9_000_000, Cause: "x"},
			[]string{"status", "snoozed_until"},
			`{"status":"snoozed","snoozed_until":9000000,"cause":"x"}`, func(c *Conversation) { c.Status, c.SnoozedUntil = Snoozed, 9_000_000 },
		},
		{
			"woken", func(c *Conversation) { c.Status, c.SnoozedUntil = Snoozed, 9 },
			NewStatus{Status: Open, Until: 10},
			[]string{"status", "snoozed_until"},
			`{"status":"open"}`, func(c *Conversation) { c.Status, c.SnoozedUntil = Open, 0 },
		},
		{
			"without what dialects said", func(c *Conversation) { c.Ext = `{"uncodie":{"status":"closed", "channel":"x"},"commbox":{"type":4}}` },
			NewStatus{Status: Pending},
			[]string{"status", "ext"},
			`{"status":"pending"}`, func(c *Conversation) { c.Status, c.Ext = Pending, `{"uncodie":{"channel":"x"},"commbox":{"type":4}}` },
		},
		{"as it was", func(c *Conversation) { c.Ext = `{"uncodie":{"status":"active"}}` }, NewStatus{Status: Open}, nil, "", func(*Conversation) {}},
	} {
		got := begun()
		if c.before != nil {
			c.before(got)
		}
		want := *got
		ch, err := SetStatus(got, c.to, changedAt)
		if ch.Cause != c.to.Cause {
			t.Errorf("%s: cause %q, want %q", c.name, ch.Cause, c.to.Cause)
		}
		if err != nil || !slices.Equal(ch.Fields, c.fields) || ch.Params != c.params {
			t.Errorf("%s: %+v, %v; want fields %v, params %s", c.name, ch, err, c.fields, c.params)
		}
		if len(c.fields) > 0 {
			want.UpdatedAt, want.CustomerUpdatedAt = changedAt, changedAt
		}
		c.want(&want)
		if !equal(got, &want) {
			t.Errorf("%s: %+v\nwant %+v", c.name, *got, want)
		}
	}
	if _, err := SetStatus(begun(), NewStatus{Status: "closed"}, changedAt); KindOf(err) != Invalid {
		t.Errorf("an unknown status: %v", err)
	}
}

// equal compares conversations without lists.
func equal(a, b *Conversation) bool {
	x, y := *a, *b
	lists := slices.Equal(x.LabelIDs, y.LabelIDs) && slices.Equal(x.ParticipantIDs, y.ParticipantIDs)
	x.LabelIDs, y.LabelIDs, x.ParticipantIDs, y.ParticipantIDs = nil, nil, nil, nil
	return lists && plain(x) == plain(y)
}

// plain is what of a conversation can be compared.
func plain(c Conversation) [20]any {
	return [20]any{
		c.Status, c.StatusCode, c.ClosedAt, c.ArchivedAt, c.WaitingSince, c.SnoozedUntil, c.Ext, c.UpdatedAt, c.CustomerUpdatedAt, c.Priority,
		c.AssigneeID, c.LastAssigneeID, c.AssigneeBotID, c.TeamID, c.InboxID, c.SubInboxID, c.ContactInboxID, c.Subject, c.CustomAttributes, c.LastActivityAt,
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	said := Entry{Kind: Message, Sender: Actor{Type: ActorContact}}
	for _, c := range []struct {
		name   string
		status Status
		entry  Entry
		want   Status
	}{
		{"resolved", Resolved, said, Open},
		{"snoozed", Snoozed, said, Open},
		{"pending", Pending, said, Pending},
		{"open", Open, said, Open},
		{"an agent's message", Resolved, Entry{Kind: Message, Sender: Actor{Type: ActorAgent, ID: 1}}, Resolved},
		{"a note", Resolved, Entry{Kind: Note, Sender: Actor{Type: ActorAgent, ID: 1}}, Resolved},
	} {
		got := begun()
		got.Status, got.WaitingSince, got.StatusCode = c.status, 5, 14
		ch := Reopen(got, &c.entry, changedAt)
		if got.Status != c.want || got.WaitingSince != 5 || ch.Happened() != (c.status != c.want) {
			t.Errorf("%s: %s, waiting since %d, %+v; want %s", c.name, got.Status, got.WaitingSince, ch, c.want)
		}
		if ch.Happened() && ch.Params != `{"status":"open","cause":"message"}` {
			t.Errorf("%s: params %s", c.name, ch.Params)
		}
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	ann, bob, bot := &Agent{ID: 1, Type: Person}, &Agent{ID: 2, Type: Person}, &Agent{ID: 3, Type: Bot}
	c := begun()
	for _, step := range []struct {
		to                *Agent
		cause             string
		person, bot, last int64
		params            JSON
	}{
		{ann, "", 1, 0, 1, `{"assignee_id":1}`},
		{ann, CauseTurn, 1, 0, 1, ""},
		{bot, "", 0, 3, 3, `{"assignee_id":3}`},
		{bob, CauseTurn, 2, 0, 2, `{"assignee_id":2,"cause":"turn"}`},
		{nil, "", 0, 0, 2, `{"assignee_id":0}`},
		{nil, "", 0, 0, 2, ""},
	} {
		ch := Assign(c, step.to, step.cause, changedAt)
		if c.AssigneeID != step.person || c.AssigneeBotID != step.bot || c.LastAssigneeID != step.last || ch.Params != step.params || ch.Happened() != (step.params != "") {
			t.Errorf("to %+v: %d, bot %d, last %d, %+v", step.to, c.AssigneeID, c.AssigneeBotID, c.LastAssigneeID, ch)
		}
	}
	if c.CustomerUpdatedAt == changedAt || c.UpdatedAt != changedAt {
		t.Errorf("an assignment moved customer_updated_at, or not updated_at: %+v", c)
	}
}

func TestLabelsAndParticipants(t *testing.T) {
	t.Parallel()
	c := begun()
	shared := []int64{5}
	c.LabelIDs = shared
	vip, bug := &Label{ID: 5, Title: "vip"}, &Label{ID: 3, Title: `"bug"`}
	ch, err := AddLabel(c, bug, changedAt)
	if err != nil || !slices.Equal(c.LabelIDs, []int64{5, 3}) || ch.Params != `{"label_id":3,"title":"\"bug\""}` || c.CustomerUpdatedAt != changedAt {
		t.Errorf("add: %v, %+v, %v", c.LabelIDs, ch, err)
	}
	if ch, err := AddLabel(c, bug, changedAt); err != nil || ch.Happened() {
		t.Errorf("add again: %+v, %v", ch, err)
	}
	if ch := RemoveLabel(c, vip, changedAt); !slices.Equal(c.LabelIDs, []int64{3}) || ch.Code != ActivityLabelRemoved {
		t.Errorf("remove: %v, %+v", c.LabelIDs, ch)
	}
	if ch := RemoveLabel(c, vip, changedAt); ch.Happened() {
		t.Errorf("remove again: %+v", ch)
	}
	if shared[0] != 5 {
		t.Error("the list of before was written to")
	}
	for i := range MaxLabels {
		c.LabelIDs = append(c.LabelIDs, int64(100+i))
	}
	if _, err := AddLabel(c, vip, changedAt); KindOf(err) != Invalid {
		t.Errorf("too many labels: %v", err)
	}
	ann := &Agent{ID: 1, Name: "Ann"}
	if ch, err := AddParticipant(c, ann, changedAt); err != nil || ch.Params != `{"agent_id":1,"name":"Ann"}` || !slices.Equal(c.ParticipantIDs, []int64{1}) {
		t.Errorf("participant: %+v, %v", ch, err)
	}
	if ch, err := AddParticipant(c, ann, changedAt); err != nil || ch.Happened() {
		t.Errorf("participant again: %+v, %v", ch, err)
	}
	if ch := RemoveParticipant(c, ann, changedAt); len(c.ParticipantIDs) != 0 || ch.Code != ActivityParticipantRemoved {
		t.Errorf("participant removed: %+v", ch)
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	c := begun()
	chat, mail := &Place{Inbox: Inbox{ID: 7, Name: "Chat"}}, &Place{Inbox: Inbox{ID: 8, Name: "Mail"}}
	part := &Place{Inbox: Inbox{ID: 7, Name: "Chat"}, SubInbox: SubInbox{ID: 4, Name: "VIP"}}
	if ch := Move(c, chat, chat, 0, changedAt); ch.Happened() || c.ContactInboxID != 70 {
		t.Errorf("to where it is: %+v", ch)
	}
	if ch := Move(c, chat, part, 0, changedAt); ch.Params != `{"from":"Chat","to":"Chat","from_sub":"","to_sub":"VIP"}` || c.SubInboxID != 4 || c.ContactInboxID != 70 {
		t.Errorf("to a part: %+v, %+v", ch, c)
	}
	if ch := Move(c, chat, mail, 80, changedAt); ch.Params != `{"from":"Chat","to":"Mail"}` || c.InboxID != 8 || c.SubInboxID != 0 || c.ContactInboxID != 80 || c.CustomerUpdatedAt != changedAt {
		t.Errorf("to another inbox: %+v, %+v", ch, c)
	}
}

func TestSetFields(t *testing.T) {
	t.Parallel()
	c := begun()
	if ch, err := SetPriority(c, "high", changedAt); err != nil || c.Priority != "high" || ch.Params != `{"priority":"high"}` {
		t.Errorf("priority: %+v, %v", ch, err)
	}
	if ch, err := SetPriority(c, "high", changedAt); err != nil || ch.Happened() {
		t.Errorf("priority again: %+v, %v", ch, err)
	}
	if _, err := SetPriority(c, "highest", changedAt); KindOf(err) != Invalid {
		t.Errorf("an unknown priority: %v", err)
	}
	if c.CustomerUpdatedAt == changedAt {
		t.Error("a priority moved customer_updated_at")
	}
	for _, set := range []struct {
		name     string
		do       func() Change
		customer bool
	}{
		{"subject", func() Change { return SetSubject(c, "x", changedAt) }, false},
		{"custom_attributes", func() Change { return SetCustomAttributes(c, `{"a":1}`, changedAt) }, false},
		{"additional_attributes", func() Change { return SetAdditionalAttributes(c, `{"a":1}`, changedAt) }, false},
		{"ext", func() Change { return SetExt(c, `{"a":1}`, false, changedAt) }, false},
		{"ext", func() Change { return SetExt(c, `{"a":2}`, true, changedAt) }, true},
	} {
		ch := set.do()
		if !slices.Equal(ch.Fields, []string{set.name}) || ch.Code != "" || (c.CustomerUpdatedAt == changedAt) != set.customer {
			t.Errorf("%s: %+v, customer updated at %d", set.name, ch, c.CustomerUpdatedAt)
		}
		if ch := set.do(); ch.Happened() {
			t.Errorf("%s again: %+v", set.name, ch)
		}
	}
	if ch := AssignTeam(c, &Team{ID: 4, Name: "Night"}, changedAt); ch.Params != `{"team_id":4,"name":"Night"}` || c.TeamID != 4 {
		t.Errorf("team: %+v", ch)
	}
	if ch := AssignTeam(c, nil, changedAt); ch.Params != `{"team_id":0,"name":""}` || c.TeamID != 0 {
		t.Errorf("no team: %+v", ch)
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	c := begun()
	e := &Entry{Kind: Message, Content: "Helo", CreatedAt: 1_500_000, UpdatedAt: 1_500_000}
	if did, err := Edit(c, e, "Hello", changedAt); !did || err != nil || e.Content != "Hello" || e.UpdatedAt != changedAt || c.UpdatedAt != changedAt {
		t.Errorf("edit: %t, %v, %+v", did, err, e)
	}
	if did, err := Edit(c, e, "Hello", changedAt); did || err != nil {
		t.Errorf("edit again: %t, %v", did, err)
	}
	Delete(c, e, changedAt)
	if _, err := Edit(c, e, "x", changedAt); KindOf(err) != Invalid || e.Content != "Hello" {
		t.Errorf("edit a tombstone: %v", err)
	}
	if _, err := Edit(c, &Entry{Kind: Activity}, "x", changedAt); KindOf(err) != Invalid {
		t.Errorf("edit an activity: %v", err)
	}
}
