package interchange

import (
	"testing"

	"parley/internal/store"
)

// smallFile has a record of every kind.
var smallFile = lines(
	`{"kind":"account","id":1,"uuid":"00000000-0000-4000-8000-000000000001","name":"Acme","locale":"en","timezone":"UTC","settings":{"a": 1,  "b":[]},"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"Ann@Acme.test","role":"administrator","identity_id":1,"provider_type":4,"address":"ann@acme.test","created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"agent","id":2,"account_id":1,"type":"bot","name":"Robo","identity_id":2,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"token","account_id":1,"name":"ci","agent_id":1,"token":"0123456789abcdef","scopes":["read"]}`,
	`{"kind":"team","id":1,"account_id":1,"name":"Support","agent_ids":[2,1]}`,
	`{"kind":"label_group","id":1,"account_id":1,"name":"Mood"}`,
	`{"kind":"label","id":1,"account_id":1,"title":"angry","group_id":1,"type":3,"color":"#f00"}`,
	`{"kind":"label","id":2,"account_id":1,"title":"vip"}`,
	`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web","working_hours":[ {"day":1} ]}`,
	`{"kind":"sub_inbox","id":1,"inbox_id":1,"name":"Sales"}`,
	`{"kind":"canned_response","id":1,"account_id":1,"short_code":"hi","content":"Hello"}`,
	`{"kind":"webhook","id":1,"account_id":1,"url":"https://hooks.test/x","events":["message.created"],"secret":"s"}`,
	`{"kind":"contact","id":3,"account_id":1,"name":"Zoë","email":"Zoe@X.test","labels":["vip",1],"ext":{"commbox":{"content":{"k":  "v"}}},"created_at":"2024-01-02T00:00:00.123456789Z"}`,
	`{"kind":"identity","id":3,"contact_id":3,"provider_type":6,"address":"z-1"}`,
	`{"kind":"contact_inbox","id":1,"identity_id":3,"inbox_id":1,"source_id":"src-1"}`,
	`{"kind":"conversation","id":1,"inbox_id":1,"sub_inbox_id":1,"identity_id":3,"contact_inbox_id":1,"status":"resolved","labels":["angry"],"assignee_id":1,"team_id":1,"primary_message_id":1,"created_at":"2024-01-03T00:00:00Z"}`,
	`{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact","identity_id":3},"content":"Hi\u0021 \ud83d\ude00","created_at":"2024-01-03T00:00:01Z"}`,
	`{"kind":"attachment","id":1,"message_id":1,"file_type":"image","url":"https://x.test/a.png","width":3,"height":4,"meta":{ }}`,
	`{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":2},"content":"Hello","created_at":"2024-01-03T00:00:02Z"}`,
	`{"kind":"message","id":3,"conversation_id":1,"sender":{"type":"agent","id":1},"visibility":"note","content":"rude","created_at":"2024-01-03T00:00:03Z"}`,
	`{"kind":"activity","id":4,"conversation_id":1,"code":"status_changed","params":{"to":"resolved"},"actor":{"type":"agent","id":1},"created_at":"2024-01-03T00:00:04Z"}`,
	`{"kind":"read_cursor","conversation_id":1,"agent_id":1,"message_id":1}`,
)

func TestEveryKind(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		sum := mustImport(t, st, smallFile)
		out := mustExport(t, st)
		t.Logf("%+v\n%s", sum, out)
		again := openSQLite(t)
		mustImport(t, again, out)
		equalText(t, "export of the import", mustExport(t, again), out)
		if sum = mustImport(t, st, smallFile); sum.Records() != 0 {
			t.Errorf("the second import stored %d records", sum.Records())
		}
		equalText(t, "after the second import", mustExport(t, st), out)
	})
}
