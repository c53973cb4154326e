package interchange

import (
	"errors"
	"strings"
	"testing"

	"parley/internal/store"
)

// faultBase stands before every faulty line: two accounts with an inbox, a
// contact, a conversation and a message each.
var faultBase = lines(
	`{"kind":"account","id":1,"uuid":"00000000-0000-4000-8000-000000000001","name":"One"}`,
	`{"kind":"account","id":2,"uuid":"00000000-0000-4000-8000-000000000002","name":"Two"}`,
	`{"kind":"agent","id":101,"account_id":2,"name":"Bo","email":"bo@two.test"}`,
	`{"kind":"inbox","id":21,"account_id":2,"name":"Site","channel":"web"}`,
	`{"kind":"contact","id":22,"account_id":2,"name":"Yu"}`,
	`{"kind":"identity","id":23,"contact_id":22,"provider_type":6,"address":"y"}`,
	`{"kind":"conversation","id":24,"inbox_id":21,"identity_id":23}`,
	`{"kind":"message","id":25,"conversation_id":24,"sender":{"type":"contact"},"position":1}`,
	`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"ann@one.test","identity_id":1}`,
	`{"kind":"label","id":1,"account_id":1,"title":"vip"}`,
	`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web","identifier":"one"}`,
	`{"kind":"inbox","id":2,"account_id":1,"name":"Mail","channel":"email"}`,
	`{"kind":"sub_inbox","id":1,"inbox_id":2,"name":"Sales"}`,
	`{"kind":"token","account_id":1,"name":"ci","token":"0123456789abcdef"}`,
	`{"kind":"contact","id":2,"account_id":1,"name":"Zoe","email":"zoe@x.test","phone":"+15550001","identifier":"z"}`,
	`{"kind":"contact","id":3,"account_id":1,"name":"Max","email":"max@x.test"}`,
	`{"kind":"identity","id":2,"contact_id":2,"provider_type":6,"address":"z"}`,
	`{"kind":"identity","id":3,"contact_id":3,"provider_type":6,"address":"m"}`,
	`{"kind":"contact_inbox","id":1,"identity_id":2,"inbox_id":1,"source_id":"s-z"}`,
	`{"kind":"conversation","id":1,"uuid":"00000000-0000-4000-8000-0000000000c1","display_id":1,"inbox_id":1,"identity_id":2,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"conversation","id":2,"display_id":2,"inbox_id":1,"identity_id":2,"created_at":"2024-01-01T00:00:00Z"}`,
	`{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact"},"position":1,"content":"a","external_id":"x1","created_at":"2024-01-01T00:00:01Z"}`,
	`{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":1},"position":2,"content":"b","created_at":"2024-01-01T00:00:02Z"}`,
	`{"kind":"activity","id":3,"conversation_id":1,"code":"labelled","position":3,"created_at":"2024-01-01T00:00:03Z"}`,
	`{"kind":"message","id":4,"conversation_id":2,"sender":{"type":"contact"},"content":"c","created_at":"2024-01-01T00:00:05Z"}`,
)

// message is a line of a message in conversation 1, with more keys.
func message(more string) string {
	return `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"contact"},"position":4` + more + `}`
}

// contact is a line of a contact of account 1, with more keys.
func contact(more string) string {
	return `{"kind":"contact","id":9,"account_id":1` + more + `}`
}

// definition is a line of an attribute definition of account 1, with more keys.
func definition(more string) string {
	return `{"kind":"attribute_definition","account_id":1,"name":"N",` + more + `}`
}

var faults = []struct{ name, line, reason string }{
	// The text.
	// Definitions of attributes.
	{"attribute of messages", definition(`"applies_to":"message","key":"k","type":"text"`), `attribute_definition: applies_to must be one of contact, conversation, not "message"`},
	{"attribute of no type", definition(`"applies_to":"contact","key":"k","type":"money"`), `attribute_definition: type must be one of text, number, link, date, list, checkbox, not "money"`},
	{"attribute with an odd key", definition(`"applies_to":"contact","key":"a/b","type":"text"`), "attribute_definition: key: a key has 1 to 128 letters from a to z, digits, _, - and ., and begins with none of the last two"},
	{"attribute with a broken pattern", definition(`"applies_to":"contact","key":"k","type":"text","pattern":"("`), "attribute_definition: pattern: it is no regular expression (RE2)"},
	{"no JSON", `hello`, "not a JSON object"},
	{"array", `[1]`, "not a JSON object"},
	{"cut off", `{"kind":"team","account_id":1`, "the line ends inside the object"},
	{"trailing data", `{"kind":"team","account_id":1,"name":"T"} {}`, "something follows the object"},
	{"trailing comma", `{"kind":"team","account_id":1,"name":"T",}`, `'}' at byte 42, where a key should be`},
	{"single quotes", `{'kind':'team'}`, `'\'' at byte 2, where a key should be`},
	{"bad number", `{"kind":"team","id":01,"account_id":1,"name":"T"}`, "'1' at byte 22, where a comma or } should be"},
	{"bad word", `{"kind":"team","id":nul}`, "'n' at byte 21, where a value should be"},
	{"raw control character", "{\"kind\":\"team\",\"account_id\":1,\"name\":\"a\tb\"}", `'\t' at byte 40, where its escape should be`},
	{"raw NUL", "{\"kind\":\"team\",\"account_id\":1,\"name\":\"a\x00b\"}", "a NUL character is not allowed in text"},
	{"escaped NUL", `{"kind":"team","account_id":1,"name":"a\u0000b"}`, "a NUL character is not allowed in text"},
	{"escaped NUL in raw JSON", contact(`,"ext":{"a":["\u0000"]}`), "a NUL character is not allowed in text"},
	{"escaped NUL in a key of raw JSON", contact(`,"ext":{"a\u0000":1}`), "a NUL character is not allowed in text"},
	{"broken UTF-8", "{\"kind\":\"team\",\"account_id\":1,\"name\":\"a\xffb\"}", "not valid UTF-8"},
	{"broken UTF-8 in raw JSON", "{\"kind\":\"contact\",\"id\":9,\"account_id\":1,\"ext\":{\"a\":\"\xc3\"}}", "not valid UTF-8"},
	{"UTF-8 surrogate", "{\"kind\":\"team\",\"account_id\":1,\"name\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
	{"lone surrogate", `{"kind":"team","account_id":1,"name":"\ud83d"}`, "half of a surrogate pair"},
	{"lone low surrogate in raw JSON", contact(`,"custom_attributes":{"a":"\ude00 "}`), "half of a surrogate pair"},
	{"two high surrogates", `{"kind":"team","account_id":1,"name":"\ud83d\ud83d"}`, "half of a surrogate pair"},
	{"bad escape", `{"kind":"team","account_id":1,"name":"\x"}`, "where an escape should be"},
	{"too deep", contact(`,"ext":{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`), "nested deeper than 100 levels"},

	// Kind and keys.
	{"kind not first", `{"account_id":1,"kind":"team","name":"T"}`, `the first key must be "kind"`},
	{"no kind", `{}`, `the first key must be "kind"`},
	{"kind in capitals", `{"Kind":"team","account_id":1,"name":"T"}`, `the first key must be "kind"`},
	{"unknown kind", `{"kind":"camel","id":1}`, `unknown kind "camel"`},
	{"kind is a number", `{"kind":1}`, "kind must be text"},
	{"unknown key", message(`,"colour":"red"`), `message: unknown key "colour"`},
	{"key in other case", message(`,"Content":"red"`), `message: unknown key "Content": it is written "content"`},
	{"escaped key in other case", message(`,"\u0043ontent":"red"`), `unknown key "Content"`},
	{"key twice", message(`,"content":"a","content":"b"`), `the key "content" is given twice`},
	{"escaped key twice", message(`,"content":"a","\u0063ontent":"b"`), `the key "content" is given twice`},
	{"key twice in sender", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"agent","type":"contact"},"position":4}`, `sender the key "type" is given twice`},
	{"unknown key in sender", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"agent","name":"x"},"position":4}`, `sender is wrong: unknown key "name"`},
	{"required key missing", `{"kind":"team","account_id":1}`, "team: name is missing"},
	{"required key null", `{"kind":"team","account_id":1,"name":null}`, "team: name is missing"},
	{"sender missing", `{"kind":"message","id":9,"conversation_id":1,"position":4}`, "message: sender is missing"},
	{"sender type missing", `{"kind":"message","id":9,"conversation_id":1,"sender":{},"position":4}`, "sender is wrong: type is missing"},

	// Values.
	{"text is a number", contact(`,"name":5`), "contact: name must be text"},
	{"number is text", `{"kind":"team","id":"9","account_id":1,"name":"T"}`, "team: id must be a whole number"},
	{"fraction", `{"kind":"team","id":9.5,"account_id":1,"name":"T"}`, "team: id must be a whole number"},
	{"whole fraction", `{"kind":"team","id":9.0,"account_id":1,"name":"T"}`, "team: id must be a whole number"},
	{"exponent", `{"kind":"team","id":1e3,"account_id":1,"name":"T"}`, "team: id must be a whole number"},
	{"id zero", `{"kind":"team","id":0,"account_id":1,"name":"T"}`, "team: id must be an id, between 1 and 9007199254740991"},
	{"id negative", `{"kind":"team","id":-1,"account_id":1,"name":"T"}`, "team: id must be an id"},
	{"id too large", `{"kind":"team","id":9007199254740992,"account_id":1,"name":"T"}`, "team: id must be an id"},
	{"id beyond 64 bits", `{"kind":"team","id":99999999999999999999,"account_id":1,"name":"T"}`, "team: id must be an id"},
	{"number too large", `{"kind":"label","id":9,"account_id":1,"title":"T","type":9007199254740992}`, "label: type must be between -9007199254740991 and 9007199254740991"},
	{"negative size", `{"kind":"attachment","id":9,"message_id":1,"size_bytes":-1}`, "size_bytes must be between 0 and"},
	{"infinite", `{"kind":"attachment","id":9,"message_id":1,"latitude":1e999}`, "latitude must be a number"},
	{"boolean is a number", contact(`,"blocked":1`), "contact: blocked must be true or false"},
	{"list is text", contact(`,"labels":"vip"`), "contact: labels must be an array"},
	{"label is a boolean", contact(`,"labels":[true]`), "contact: labels element must be a title or an id"},
	{"label twice", contact(`,"labels":["vip","vip"]`), `contact: labels names "vip" twice`},
	{"label twice by title and id", contact(`,"labels":["vip",1]`), "contact: labels: label 1 is named twice"},
	{"agent twice", `{"kind":"team","account_id":1,"name":"T","agent_ids":[1,1]}`, "team: agent_ids names 1 twice"},
	{"raw JSON is text", contact(`,"ext":"{}"`), "contact: ext must be an object"},
	{"raw JSON is an array", contact(`,"ext":[]`), "contact: ext must be an object"},
	{"working hours are an object", `{"kind":"inbox","account_id":1,"name":"I","channel":"web","working_hours":{}}`, "inbox: working_hours must be an array"},
	{"time is a number", message(`,"created_at":1704067200`), "message: created_at must be a time such as"},
	{"time without zone", message(`,"created_at":"2024-01-01T00:00:04"`), "message: created_at must be a time such as"},
	{"time on no day", message(`,"created_at":"2023-02-29T00:00:04Z"`), "message: created_at must be a time such as"},
	{"leap second", message(`,"created_at":"2016-12-31T23:59:60Z"`), "message: created_at must be a time such as"},
	{"time in words", message(`,"created_at":"yesterday"`), "message: created_at must be a time such as"},
	{"uuid too short", contact(`,"uuid":"abc"`), "contact: uuid must be a UUID"},
	{"uuid with braces", contact(`,"uuid":"{0000000-0000-4000-8000-0000000000c1}"`), "contact: uuid must be a UUID"},
	{"unknown status", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":2,"status":"closed"}`, `conversation: status must be one of open, pending, snoozed, resolved, not "closed"`},
	{"status in capitals", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":2,"status":"Open"}`, "conversation: status must be one of"},
	{"unknown sender", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"bot"},"position":4}`, "sender is wrong: type must be one of contact, agent, system"},
	{"unknown scope", `{"kind":"token","account_id":1,"name":"t","token":"0123456789abcdeg","scopes":["root"]}`, "token: scopes element must be one of read, write, admin"},
	{"empty title", `{"kind":"label","account_id":1,"title":""}`, "label: title must not be empty"},
	{"name too long", contact(`,"name":"` + strings.Repeat("n", 2001) + `"`), "contact: name is longer than 2000 bytes"},
	{"key too long", contact(`,"identifier":"` + strings.Repeat("n", store.MaxKeyBytes+1) + `"`), "contact: identifier is longer than 2048 bytes"},
	{"content too long", message(`,"content":"` + strings.Repeat("n", 1_000_001) + `"`), "message: content is longer than 1000000 bytes"},
	{"raw JSON too long", message(`,"ext":{"a":"` + strings.Repeat("n", 1_000_001) + `"}`), "message: ext is longer than 1000000 bytes"},
	{"too many labels", contact(`,"labels":[` + strings.Repeat("1,", 10_000) + `1]`), "contact: labels names 1 twice"},

	// Tokens and secrets.
	{"short token", `{"kind":"token","account_id":1,"name":"t","token":"short"}`, "token must be 16 to 200 printable ASCII characters"},
	{"token with a space at its end", `{"kind":"token","account_id":1,"name":"t","token":"0123456789abcdef "}`, "token must be 16 to 200 printable ASCII characters"},
	{"no token", `{"kind":"token","account_id":1,"name":"t"}`, "needs a token or a token_hash"},
	{"both tokens", `{"kind":"token","account_id":1,"name":"t","token":"0123456789abcdeg","token_hash":"00"}`, "gives both token and token_hash"},
	{"token hash in capitals", `{"kind":"token","account_id":1,"name":"t","token_hash":"` + strings.Repeat("A", 64) + `"}`, "token_hash must be the SHA-256"},
	{"token taken", `{"kind":"token","account_id":1,"name":"t","token":"0123456789abcdef"}`, "the token is in use under another name"},
	{"path out of the data directory", `{"kind":"attachment","id":9,"message_id":1,"path":"../../etc/passwd"}`, "path must lead to a file below the data directory"},
	{"absolute path", `{"kind":"attachment","id":9,"message_id":1,"path":"/etc/passwd"}`, "path must lead to a file below the data directory"},

	// Who a record is.
	{"no id and no key", `{"kind":"contact","account_id":1,"name":"N"}`, "contact: needs an id or an identifier, an email or a phone"},
	{"agent without id and email", `{"kind":"agent","account_id":1,"name":"N"}`, "agent: needs an id or an email"},
	{"conversation without id", `{"kind":"conversation","inbox_id":1,"identity_id":2}`, "conversation: needs an id"},
	{"activity without id", `{"kind":"activity","conversation_id":1,"code":"c","position":4}`, "activity: needs an id"},
	{"message without id", `{"kind":"message","conversation_id":1,"sender":{"type":"contact"},"position":4}`, "message: needs an id or an external_id"},
	{"account without id", `{"kind":"account","name":"N"}`, "account: needs an id or a uuid"},
	{"account id taken", `{"kind":"account","id":1,"name":"Other"}`, "account: id 1 is taken by a different record"},
	{"account uuid taken", `{"kind":"account","id":7,"uuid":"00000000-0000-4000-8000-000000000001","name":"One"}`, "account: the uuid belongs to account 1"},
	{"id taken in another account", `{"kind":"contact","id":22,"account_id":1,"name":"N"}`, "contact: id 22 is taken by a record of account 2"},
	{"id taken by another kind", `{"kind":"contact","id":1,"account_id":1,"name":"N"}`, "contact: id 1 is taken by a different record"},
	{"id taken by another natural key", `{"kind":"contact","id":2,"account_id":1,"identifier":"y"}`, "contact: id 2 is taken by a different record"},
	{"id taken by another uuid", `{"kind":"conversation","id":1,"uuid":"00000000-0000-4000-8000-0000000000c2","inbox_id":1,"identity_id":2}`, "conversation: id 1 is taken by a different record"},
	{"id taken by another parent", `{"kind":"identity","id":2,"contact_id":3,"provider_type":6,"address":"z"}`, "identity: id 2 is taken by a different record"},
	{"id taken by another name", `{"kind":"label","id":1,"account_id":1,"title":"new"}`, "label: id 1 is taken by a different record"},
	{"message id in another conversation", `{"kind":"message","id":1,"conversation_id":2,"sender":{"type":"contact"}}`, "message: id 1 is taken by a different record"},
	{"message id at another time", `{"kind":"message","id":1,"conversation_id":1,"sender":{"type":"contact"},"external_id":"x1","created_at":"2024-01-01T00:00:09Z"}`, "message: id 1 is taken by a different record"},
	{"message id of another kind", `{"kind":"message","id":2,"conversation_id":1,"sender":{"type":"agent","id":1},"visibility":"note","created_at":"2024-01-01T00:00:02Z"}`, "message: id 2 is taken by a different record"},
	{"activity id of a message", `{"kind":"activity","id":1,"conversation_id":1,"code":"c","created_at":"2024-01-01T00:00:01Z"}`, "activity: id 1 is taken by a different record"},
	{"natural key of another id", `{"kind":"contact","id":9,"account_id":1,"email":"ZOE@x.test"}`, "contact: the email belongs to contact 2"},
	{"second key of another contact", `{"kind":"contact","account_id":1,"identifier":"new","phone":"+15550001"}`, "contact: the phone belongs to contact 2"},
	{"label title of another id", `{"kind":"label","id":9,"account_id":1,"title":"vip"}`, "label: the title belongs to label 1"},
	{"address of another identity", `{"kind":"identity","id":9,"contact_id":3,"provider_type":6,"address":"z"}`, "identity: the address belongs to identity 2 of another contact"},
	{"address of another contact, without id", `{"kind":"identity","contact_id":3,"provider_type":6,"address":"z"}`, "identity: the address belongs to identity 2 of another contact"},
	{"address of another identity of the contact", `{"kind":"identity","id":9,"contact_id":2,"provider_type":6,"address":"z"}`, "identity: the address belongs to identity 2"},
	{"source_id of another identity", `{"kind":"contact_inbox","identity_id":3,"inbox_id":1,"source_id":"s-z"}`, "contact_inbox: the source_id belongs to contact inbox 1 of another identity"},
	{"display id of another conversation", `{"kind":"conversation","id":9,"display_id":1,"inbox_id":1,"identity_id":2}`, "conversation: the display_id belongs to conversation 1"},
	{"external id of another message", message(`,"external_id":"x1"`), "message: the value is taken"},
	{"identifier of another inbox", `{"kind":"inbox","account_id":1,"name":"New","channel":"api","identifier":"one"}`, "inbox: the identifier is taken by another inbox"},
	{"identity id of another agent", `{"kind":"agent","id":9,"account_id":1,"name":"N","identity_id":2}`, "agent: identity_id: id 2 is taken by a different record"},

	// References.
	{"no such account", `{"kind":"team","account_id":9,"name":"T"}`, "team: there is no account 9 above this line"},
	{"no such contact", `{"kind":"identity","id":9,"contact_id":99,"address":"n"}`, "identity: there is no contact 99 above this line"},
	{"agent for a contact", `{"kind":"identity","id":9,"contact_id":1,"address":"n"}`, "identity: contact_id: there is no contact 1 above this line"},
	{"no such conversation", `{"kind":"message","id":9,"conversation_id":99,"sender":{"type":"contact"}}`, "message: there is no conversation 99 above this line"},
	{"no such message", `{"kind":"attachment","id":9,"message_id":99}`, "attachment: there is no message 99 above this line"},
	{"attachment of an activity", `{"kind":"attachment","id":9,"message_id":3}`, "attachment: message_id: an activity has no attachments"},
	{"no such label", contact(`,"labels":["gold"]`), `contact: labels: there is no label "gold" above this line`},
	{"no such label id", contact(`,"labels":[7]`), "contact: labels: element: there is no label 7 above this line"},
	{"no such group", `{"kind":"label","account_id":1,"title":"T","group_id":7}`, "label: group_id: there is no label group 7 above this line"},
	{"agent of another account in a team", `{"kind":"team","account_id":1,"name":"T","agent_ids":[101]}`, "team: agent_ids: there is no agent 101 above this line"},
	{"agent of another account as assignee", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":2,"assignee_id":101}`, "conversation: assignee_id: there is no agent 101 above this line"},
	{"inbox of another account", `{"kind":"conversation","id":9,"inbox_id":21,"identity_id":2}`, "conversation: inbox_id: there is no inbox 21 above this line"},
	{"identity of another account", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":23}`, "conversation: inbox_id: there is no inbox 1 above this line"},
	{"own identity of an agent", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":1}`, "conversation: identity_id: there is no identity 1 above this line"},
	{"sub-inbox of another inbox", `{"kind":"conversation","id":9,"inbox_id":1,"sub_inbox_id":1,"identity_id":2}`, "conversation: sub_inbox_id: sub-inbox 1 is one of another inbox"},
	{"contact inbox of another identity", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":3,"contact_inbox_id":1}`, "conversation: contact_inbox_id: contact inbox 1 is one of another identity"},
	{"contact inbox of another inbox", `{"kind":"conversation","id":9,"inbox_id":2,"identity_id":2,"contact_inbox_id":1}`, "conversation: contact_inbox_id: contact inbox 1 is one of another inbox"},
	{"responses in the wrong order", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":2,"first_response_at":"2024-01-02T00:00:00Z","last_response_at":"2024-01-01T00:00:00Z"}`, "conversation: first_response_at is later than last_response_at"},
	{"no such team", `{"kind":"conversation","id":9,"inbox_id":1,"identity_id":2,"team_id":5}`, "conversation: team_id: there is no team 5 above this line"},
	{"sender of another account", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"agent","id":101},"position":4}`, "message: sender.id: there is no agent 101 above this line"},
	{"contact as agent", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"agent","id":2},"position":4}`, "message: sender.id: there is no agent 2 above this line"},
	{"identity of another account as sender's", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"contact","identity_id":23},"position":4}`, "message: sender.identity_id: there is no identity 23 above this line"},
	{"system with an id", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"system","id":1},"position":4}`, "message: sender: the system has no id"},
	{"cursor of no agent", `{"kind":"read_cursor","conversation_id":1,"agent_id":2,"message_id":1}`, "read_cursor: agent_id: there is no agent 2 above this line"},
	{"cursor on another conversation", `{"kind":"read_cursor","conversation_id":2,"agent_id":1,"message_id":1}`, "read_cursor: message 1 is one of another conversation"},
}

// orderFaults show only in conversations that are not complete yet.
var orderFaults = []struct{ name, line, reason string }{
	{"position twice", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"contact"},"position":3}`, "message: position 3 is taken: the conversation stands at 3"},
	{"position with a gap", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"contact"},"position":5}`, "message: position 5 leaves a gap: the conversation stands at 3"},
	{"position missing", `{"kind":"message","id":9,"conversation_id":1,"sender":{"type":"contact"}}`, "message: position: some entries of the conversation give one and some do not"},
	{"position too much", `{"kind":"message","id":9,"conversation_id":2,"sender":{"type":"contact"},"position":2}`, "message: position: some entries of the conversation give one and some do not"},
	{"older than the one before", `{"kind":"message","id":9,"conversation_id":2,"sender":{"type":"contact"},"created_at":"2024-01-01T00:00:04.999999Z"}`, "message: older than the entry before it"},
	{"same time and smaller id", `{"kind":"message","id":3000,"conversation_id":2,"sender":{"type":"contact"},"created_at":"2024-01-01T00:00:05Z"}` + "\n" + `{"kind":"message","id":2999,"conversation_id":2,"sender":{"type":"contact"},"created_at":"2024-01-01T00:00:05Z"}`, "message: older than the entry before it"},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	// One store for all: whatever a faulty file leaves would show in the next
	// one's export.
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, faultBase)
		before := mustExport(t, st)
		for _, f := range faults {
			// The good line before is of the same batch and must go with it,
			// unless the faulty one is not the first account's.
			good := `{"kind":"team","account_id":1,"name":"goes with the batch"}` + "\n"
			if strings.HasPrefix(f.line, `{"kind":"account"`) || f.name == "identity of another account" {
				good = "\n"
			}
			text := faultBase + good + f.line + "\n" + `{"kind":"team","account_id":1,"name":"after"}` + "\n"
			number := int64(strings.Count(faultBase, "\n") + 2 + strings.Count(f.line, "\n"))
			sum, err := Import(t.Context(), st, strings.NewReader(text), testOptions())
			var fault *LineError
			if !errors.As(err, &fault) || fault.Line != number || !strings.Contains(err.Error(), f.reason) {
				t.Errorf("%s:\n got %v\nwant line %d: ...%s...", f.name, err, number, f.reason)
			}
			if !sum.Failed || sum.Records() != 0 {
				t.Errorf("%s: the summary is %+v", f.name, sum)
			}
			equalText(t, f.name, mustExport(t, st), before)
		}
	})
}

// TestFaultsInAnEmptyStore looks for what the failed batch might leave where
// the records before it were stored by the same import.
func TestFaultsInAnEmptyStore(t *testing.T) {
	t.Parallel()
	whole := openSQLite(t)
	mustImport(t, whole, faultBase)
	want := withoutRandom(mustExport(t, whole))
	for _, f := range append(orderFaults, faults[0], faults[len(faults)-1]) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			st := openSQLite(t)
			_, err := Import(t.Context(), st, strings.NewReader(faultBase+f.line+"\n"), testOptions())
			if err == nil || !strings.Contains(err.Error(), f.reason) {
				t.Fatalf(" got %v\nwant ...%s...", err, f.reason)
			}
			// The accounts are a batch of their own, and so are the lines of
			// account 2.
			out := mustExport(t, st)
			for _, want := range []string{`"name":"One"`, `"name":"Two"`, `"name":"Bo"`} {
				if !strings.Contains(out, want) {
					t.Errorf("the export lacks %s, which stands in a good batch", want)
				}
			}
			for _, left := range []string{`"name":"Ann"`, `"title":"vip"`, `"identifier":"z"`} {
				if strings.Contains(out, left) {
					t.Errorf("%s is left of the failed batch", left)
				}
			}
			mustImport(t, st, faultBase)
			equalText(t, "after going on", withoutRandom(mustExport(t, st)), want)
		})
	}
}
