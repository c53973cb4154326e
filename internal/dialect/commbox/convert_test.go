package commbox

import (
	"testing"

	"parley/internal/core"
)

func TestObjectNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		identity    core.Identity
		contact     core.Contact
		first, last string
	}{
		{name: "nothing"},
		{"the identity's", core.Identity{FirstName: "I", LastName: "J"}, core.Contact{FirstName: "C", LastName: "D", Name: "N"}, "I", "J"},
		{"each on its own", core.Identity{LastName: "J"}, core.Contact{FirstName: "C", LastName: "D"}, "C", "J"},
		{"the contact's", core.Identity{}, core.Contact{FirstName: "C", LastName: "D", Email: "e@x"}, "C", "D"},
		{"a full name", core.Identity{}, core.Contact{Name: "Ada King", Email: "e@x"}, "Ada King", ""},
		{"last name and e-mail", core.Identity{}, core.Contact{LastName: "D", Name: "N", Email: "e@x"}, "e@x", "D"},
		{"e-mail", core.Identity{Email: "i@x"}, core.Contact{Email: "e@x"}, "e@x", ""},
		{"the identity's e-mail", core.Identity{Email: "i@x", ProviderType: 4, Address: "a@x"}, core.Contact{}, "i@x", ""},
		{"a mail address", core.Identity{ProviderType: 4, Address: "a@x"}, core.Contact{}, "a@x", ""},
		{"another address", core.Identity{ProviderType: 5, Address: "972"}, core.Contact{}, "", ""},
	} {
		first, last := objectNames(&core.Thread{Identity: c.identity, Contact: c.contact})
		if first != c.first || last != c.last {
			t.Errorf("%s: %q, %q, want %q, %q", c.name, first, last, c.first, c.last)
		}
	}
}

func TestToObjectAssignees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ assignee, bot, before, want, last int64 }{
		{0, 0, 0, 0, 0}, {1, 0, 1, 1, 1}, {1, 0, 0, 1, 1}, {0, 2, 1, 2, 1}, {0, 2, 0, 2, 2}, {0, 0, 1, 0, 1},
	} {
		o := toObject(&core.Thread{Conversation: core.Conversation{AssigneeID: c.assignee, AssigneeBotID: c.bot, LastAssigneeID: c.before}})
		if o.AssignedManagerID != c.want || o.LastAssignedManagerID != c.last {
			t.Errorf("%+v: %d, %d", c, o.AssignedManagerID, o.LastAssignedManagerID)
		}
	}
}

// TestAuthorsThatAreGone: a line whose agent does not exist shows the system.
func TestAuthorsThatAreGone(t *testing.T) {
	t.Parallel()
	l := core.Line{Entry: core.Entry{Sender: core.Actor{Type: core.ActorAgent, ID: 7}}}
	a := toAuthor(&l, nil)
	if a.ID != 0 || a.ManagerID != 0 || !a.IsManager || !a.EncryptedID.Null || a.Identity != nil {
		t.Errorf("author = %+v", a)
	}
}

func TestActivityDataIsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry core.Entry
		kind  int64
		data  string
	}{
		{core.Entry{Kind: core.Note, Content: "a\"\n<b>"}, 1, `{"text":"a\"\n<b>"}`},
		{core.Entry{Kind: core.Note, Content: "x", DeletedAt: 1}, 1, `{"text":""}`},
		{core.Entry{Code: "status_changed", Params: `{"status":"snoozed"}`}, 2, `{"statusId":10}`},
		{core.Entry{Code: "status_changed", Params: `{"status":"open","status_code":8}`}, 2, `{"statusId":8}`},
		{core.Entry{Code: "status_changed"}, 2, `{"statusId":1}`},
		{core.Entry{Code: "assignee_changed", Params: `{"assignee_id":0}`, Sender: core.Actor{Type: core.ActorContact, ID: 9}}, 6, `{"managerId":0,"assignedManagerId":0}`},
		{core.Entry{Code: "assignee_changed", Params: `{"assignee_id":5}`, Sender: core.Actor{Type: core.ActorAgent, ID: 9}}, 6, `{"managerId":9,"assignedManagerId":5}`},
		{core.Entry{ConversationID: 3, Code: "label_added", Params: `{"label_id":5,"title":"a\u00e9"}`}, 7, `{"tagId":5,"objectId":3,"isRemoveTag":false,"name":"aé"}`},
		{core.Entry{ConversationID: 3, Code: "label_removed"}, 7, `{"tagId":0,"objectId":3,"isRemoveTag":true,"name":""}`},
		{core.Entry{Code: "inbox_changed", Params: `{"to":"B","from":"A"}`}, 5, `{"oldObjectStreamName":"A","newObjectStreamName":"B"}`},
		{core.Entry{Code: "inbox_changed", Params: `{"from":"A","to":"B","from_sub":"","to_sub":"C"}`}, 5, `{"oldObjectSubstreamName":"","oldObjectStreamName":"A","newObjectStreamName":"B","newObjectSubstreamName":"C"}`},
		{core.Entry{Code: "participant_added", Params: `{"agent_id":5,"name":"Ann"}`, Sender: core.Actor{Type: core.ActorAgent, ID: 9}}, 19, `{"action":"addParticipant","performingAgentId":9,"isAgent":true,"addedParticipantName":"Ann"}`},
		{core.Entry{Code: "participant_removed", Params: `{"agent_id":5,"name":"Ann"}`}, 19, `{"action":"removeParticipant","isAgent":true,"addedParticipantName":"Ann"}`},
		{core.Entry{Code: "custom", Content: "x", Params: `{"source":"CRM"}`}, 12, `{"text":"x","source":"CRM"}`},
		{core.Entry{Code: "custom", Content: "x"}, 12, `{"text":"x"}`},
		{core.Entry{Code: "imported", Content: "Muted"}, 12, `{"text":"Muted"}`},
		{core.Entry{Code: "other", Params: `{"b": 1,"a":2}`}, 12, `{"b": 1,"a":2}`},
		{core.Entry{Code: "imported", Params: `{"a":1}`}, 12, `{"text":""}`},
		{core.Entry{Code: "other", Params: `{"a":1}`, Content: "Said"}, 12, `{"text":"Said"}`},
		{core.Entry{Code: "other"}, 12, `{"text":"other"}`},
	} {
		if kind, data := activityData(&c.entry); kind != c.kind || data != c.data {
			t.Errorf("%s %s: %d %s, want %d %s", c.entry.Code, c.entry.Params, kind, data, c.kind, c.data)
		}
	}
}
