package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"parley/internal/core"
	"parley/internal/interchange"
	"parley/internal/testkit/testserver"
)

// talks is a fixture of conversations: contact 301, cust-1, has 501 in a web
// inbox and 502 in a mail inbox; contact 302, cust/2, has 503; another account
// has 504.
const talks = "testdata/talks.ndjson"

// talk plays the steps on the fixture talks.
func talk(t *testing.T, steps []step) {
	t.Helper()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, e := range steps {
			e.play(t, s)
		}
		check(t, s)
	})
}

// customer is a token for a customer of account 1, signed with the key of inbox
// 4; more are further claims.
func customer(sub string, more ...string) string {
	return signed("4", "quay-hmac-token-of-24-ch", sub, more...)
}

// signed is a customer token that holds for an hour.
func signed(inbox, key, sub string, more ...string) string {
	padded := append([]byte(key), make([]byte, 32)...) // HMAC fills keys with zeros
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: padded}, nil)
	if err != nil {
		panic(err)
	}
	claims := map[string]any{"aud": inbox, "sub": sub, "exp": testserver.Now.Std().Add(time.Hour).Unix()}
	for i := 0; i+1 < len(more); i += 2 {
		claims[more[i]] = more[i+1]
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	testserver.Secret(text)
	return text
}

var (
	cara = customer("external:cust-1")
	emil = customer("external:cust/2")
)

func TestConversations(t *testing.T) {
	t.Parallel()
	talk(t, []step{
		{call: "GET /v1/conversations/501", golden: "conversations/staff"},
		{call: "GET /v1/conversations/5D8F2F0E-6f0e-4c1b-9d57-0a4f5d5b8001", golden: "conversations/staff"},
		{call: "GET /v1/conversations/501", key: adaKey, golden: "conversations/agent"},
		{call: "GET /v1/conversations/501", key: cara, golden: "conversations/customer"},
		{call: "GET /v1/conversations/502", key: customer("identity:401"), golden: "conversations/customer_mail"},
		{call: "GET /v1/conversations/501", key: emil, status: 404},
		{call: "GET /v1/conversations/501", key: otherKey, status: 404},
		{call: "GET /v1/conversations/501", key: signed("6", "other-hmac-token-of-24-c", "external:cust-1"), status: 404},
		{call: "GET /v1/conversations/501", key: customer("external:nobody"), status: 404},

		{
			call: "POST /v1/conversations", status: 201, golden: "conversations/created",
			body: `{"contact":"external:cust-1","inbox_id":5,"subject":"Bill","status":"pending","priority":"low","custom_attributes":{"a":[1, 2]},
				"message":{"content":"Hi","content_attributes":{"k":null}},"sender":{"type":"agent","id":101}}`,
		},
		{call: "POST /v1/conversations", status: 201, golden: "conversations/by_address", body: `{"identity":{"provider_type":4,"address":"new@example.com","name":"Nina"},"inbox_id":5,"sender":{"type":"contact"},"message":{"content":"Mail"}}`},
		{call: "POST /v1/conversations", key: boKey, status: 201, golden: "conversations/by_agent", body: `{"contact":"302","inbox_id":4}`},
		{call: "POST /v1/conversations", status: 422, golden: "errors/no_sender", body: `{"contact":"302","inbox_id":4}`},
		{call: "POST /v1/conversations", status: 422, golden: "errors/no_contact", body: `{"inbox_id":4,"sender":{"type":"system"}}`},
		{call: "POST /v1/conversations", status: 422, golden: "errors/unknown_contact", body: `{"contact":"303","inbox_id":4,"sender":{"type":"system"}}`},
		{call: "POST /v1/conversations", status: 422, golden: "errors/unknown_inbox", body: `{"contact":"302","inbox_id":6,"sender":{"type":"system"}}`},
		{call: "POST /v1/conversations", status: 422, golden: "errors/empty_message", body: `{"contact":"302","inbox_id":4,"sender":{"type":"system"},"message":{}}`},
		{call: "POST /v1/conversations", key: boKey, status: 403, golden: "errors/other_sender", body: `{"contact":"302","inbox_id":4,"sender":{"type":"agent","id":101}}`},

		{call: "POST /v1/conversations", status: 422, golden: "errors/other_contact_begins", body: `{"contact":"302","inbox_id":4,"sender":{"type":"contact","id":301}}`},
		{call: "POST /v1/conversations", status: 422, body: `{"identity":{"provider_type":4,"address":"newer@example.com"},"inbox_id":5,"sender":{"type":"contact","id":301}}`},

		{call: "POST /v1/conversations", key: cara, status: 201, golden: "conversations/by_customer", body: `{"subject":"New","message":{"content":"Me again"}}`},
		{call: "POST /v1/conversations", key: cara, status: 403, golden: "errors/not_customers", body: `{"priority":"low"}`},
		{call: "POST /v1/conversations", key: cara, status: 422, golden: "errors/not_a_website", body: `{"inbox_id":5}`},
		{call: "POST /v1/conversations", key: cara, status: 422, body: `{"inbox_id":6}`},
		{call: "GET /v1/me", key: cara, golden: "me/customer"},
		{call: "GET /v1/me", key: customer("external:nobody"), golden: "me/nobody"},
		{call: "GET /v1/me", key: customer("external:a", "exp", "1"), status: 401, golden: "errors/claims"},
	})
}

// TestNewCustomer makes the contact with the first conversation.
func TestNewCustomer(t *testing.T) {
	t.Parallel()
	key := customer("external:cust-9", "name", "Nora", "email", "nora@example.com", "locale", "nb")
	talk(t, []step{
		{call: "POST /v1/conversations", key: key, status: 201, golden: "conversations/by_stranger", body: `{"message":{"content":"First words"}}`},
		{call: "GET /v1/contacts/me", key: key, golden: "contacts/stranger"},
		{call: "GET /v1/contacts/external:cust-9", golden: "contacts/stranger_staff"},
	})
}

// TestNewCustomerWithKeysOfAnother is somebody else, who gets what is free.
func TestNewCustomerWithKeysOfAnother(t *testing.T) {
	t.Parallel()
	mail := customer("external:cust-10", "name", "Mallory", "email", "cara@example.com")
	phone := customer("external:cust-11", "phone", "+4930123456", "email", "eleven@example.com")
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, key := range []string{mail, phone} {
			made := step{call: "POST /v1/conversations", key: key, body: `{"message":{"content":"First words"}}`, status: 201}.play(t, s)
			at := made.Header.Get("Location")
			step{call: "GET " + at, key: key}.play(t, s)
			step{call: "GET " + at, key: cara, status: 404}.play(t, s)
		}
		step{call: "GET /v1/contacts/external:cust-10", golden: "contacts/keys_taken"}.play(t, s)
		step{call: "GET /v1/contacts/email:eleven@example.com", golden: "contacts/phone_taken"}.play(t, s)
		step{call: "GET /v1/contacts/301", golden: "contacts/staff"}.play(t, s)
		check(t, s)
	})
}

func TestConversationChanges(t *testing.T) {
	t.Parallel()
	talk(t, []step{
		{call: "PATCH /v1/conversations/501", body: `{}`, golden: "conversations/staff"},
		{
			call: "PATCH /v1/conversations/501", golden: "conversations/changed",
			body: `{"status":"snoozed","snoozed_until":"2026-04-01T10:00:00+02:00","priority":null,"assignee_id":null,"team_id":31,"subject":null,
				"labels":{"set":[52]},"participants":{"add":[102]},"custom_attributes":{"order":null,"n":{"x":1}}}`,
		},
		{call: "PATCH /v1/conversations/501", body: `{"labels":{"add":[51],"remove":[52]},"assignee_id":103,"inbox_id":5,"participants":{"remove":[102]}}`, key: boKey, golden: "conversations/changed_more"},
		{call: "PATCH /v1/conversations/501", body: `{"labels":{"add":[51],"set":[52]}}`, status: 422, golden: "errors/set_alone"},
		{call: "PATCH /v1/conversations/501", body: `{"labels":{"add":[99]}}`, status: 422, golden: "errors/unknown_label"},
		{call: "PATCH /v1/conversations/501", body: `{"status":null}`, status: 422, golden: "errors/null_status"},
		{call: "PATCH /v1/conversations/501", body: `{"snoozed_until":"2026-04-01T10:00:00Z"}`, status: 422, golden: "errors/until_without_snoozed"},
		{call: "PATCH /v1/conversations/501", body: `{"snoozed_until":"soon","status":"snoozed"}`, status: 422},
		{call: "PATCH /v1/conversations/501", body: `{"assignee_id":999}`, status: 422, golden: "errors/unknown_assignee"},
		{call: "PATCH /v1/conversations/501", body: `{"team_id":999}`, status: 422, golden: "errors/unknown_team"},
		{call: "PATCH /v1/conversations/501", body: `{"sub_inbox_id":999}`, status: 422, golden: "errors/unknown_sub_inbox"},
		{call: "PATCH /v1/conversations/501", body: `{"sender":{"type":"agent","id":999},"subject":"x"}`, status: 422, golden: "errors/unknown_sender"},
		{call: "PATCH /v1/conversations/501", body: `{"sender":{"type":"contact","id":87654321},"status":"resolved"}`, status: 422, golden: "errors/unknown_contact_acts"},
		{call: "PATCH /v1/conversations/501", body: `{"sender":{"type":"contact","id":302},"status":"resolved"}`, status: 422},
		{call: "PATCH /v1/conversations/501", body: `{"sender":{"type":"contact"},"status":"resolved"}`},
		{call: "GET /v1/conversations/501/timeline?limit=1", golden: "events/contact_acted"},
		{call: "PATCH /v1/conversations/501", body: `{"subject":"mine"}`, key: cara, status: 403},
		{call: "PATCH /v1/conversations/504", body: `{"subject":"mine"}`, status: 404},

		{call: "PATCH /v1/conversations/501", body: `{"participants":{"add":[102]}}`},
		{call: "PATCH /v1/conversations/503", body: `{"status":"open","participants":{"add":[101,102]}}`},
		{call: "DELETE /v1/agents/102", status: 204},
		{call: "GET /v1/conversations/503", golden: "conversations/agent_gone"},
		{call: "PATCH /v1/conversations/501", body: `{"participants":{"remove":[102]}}`, golden: "conversations/agent_taken_out"},
		{call: "PATCH /v1/conversations/501", body: `{"participants":{"remove":[999]}}`, status: 422},
		{call: "PATCH /v1/conversations/501", body: `{"participants":{"add":[102]}}`, status: 422},
		{call: "GET /v1/agents/102/unread", status: 404},
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	const one = "/v1/conversations/501/messages"
	talk(t, []step{
		{call: "GET " + one + "/604", golden: "messages/staff"},
		{call: "GET " + one + "/604", key: cara, golden: "messages/customer"},
		{call: "GET " + one + "/603", key: cara, golden: "messages/agent_for_customer"},
		{call: "GET " + one + "/602", golden: "messages/note"},
		{call: "GET " + one + "/602", key: cara, status: 404},
		{call: "GET " + one + "/5d8f2f0e-6f0e-4c1b-9d57-0a4f5d5b9002", key: cara, status: 404},
		{call: "GET " + one + "/5d8f2f0e-6f0e-4c1b-9d57-0a4f5d5b9003", golden: "messages/by_uuid"},
		{call: "GET " + one + "/605", status: 404},
		{call: "GET " + one + "/607", status: 404},

		{call: "POST " + one, body: `{"content":"From staff","sender":{"type":"agent","id":102},"content_attributes":{"a":1},"content_type":"markdown"}`, status: 201, golden: "messages/created"},
		{call: "POST " + one, body: `{"kind":"note","content":"Between us"}`, key: adaKey, status: 201, golden: "messages/note_created"},
		{call: "POST " + one, body: `{"content":"From Cara"}`, key: cara, status: 201, golden: "messages/customer_created"},
		{call: "POST " + one, body: `{"content":"Brought","external_id":"x-9","counts":false,"sender":{"type":"contact"}}`, status: 201, golden: "messages/external"},
		{call: "POST " + one, body: `{"content":"Brought again","external_id":"x-9","sender":{"type":"contact"}}`, status: 201, golden: "messages/external"},
		{call: "POST " + one, body: `{"content":"x"}`, status: 422},
		{call: "POST " + one, body: `{"content":"","sender":{"type":"system"}}`, status: 422, golden: "errors/no_content"},
		{call: "POST " + one, body: `{"content":"x","sender":{"type":"agent"}}`, status: 422, golden: "errors/no_sender_id"},
		{call: "POST " + one, body: `{"content":"x","sender":{"type":"contact","id":302}}`, status: 422, golden: "errors/other_contact"},
		{call: "POST " + one, body: `{"content":"x","sender":{"type":"agent","id":999}}`, status: 422, golden: "errors/unknown_speaker"},
		{call: "POST " + one, body: `{"kind":"note","content":"x","sender":{"type":"contact"}}`, status: 422, golden: "errors/note_of_contact"},
		{call: "POST " + one, body: `{"kind":"note","content":"x"}`, key: cara, status: 403},
		{call: "POST " + one, body: `{"content":"x","external_id":"y"}`, key: cara, status: 403},
		{call: "POST " + one, body: `{"content":"x","counts":true}`, key: adaKey, status: 403},
		{call: "POST " + one, body: `{"content":"x","attachments":[{"upload_id":"none"}]}`, key: adaKey, status: 422, golden: "errors/unknown_upload"},
		{call: "POST " + one, body: `{"content":"` + strings.Repeat("é", 150_000) + `"}`, key: adaKey, status: 413},

		{call: "PATCH " + one + "/603", body: `{"content":"We found it."}`, key: adaKey, golden: "messages/edited"},
		{call: "PATCH " + one + "/603", body: `{"content":""}`, status: 422},
		{call: "PATCH " + one + "/603", body: `{"content":"x"}`, key: cara, status: 403},
		{call: "PATCH " + one + "/603", body: `{"content":"x","sender":{"type":"contact","id":302}}`, status: 422, golden: "errors/other_contact_edits"},
		{call: "DELETE " + one + "/603", status: 204},
		{call: "DELETE " + one + "/603", status: 204},
		{call: "GET " + one + "/603", golden: "messages/deleted"},
		{call: "GET " + one + "/603", key: cara, golden: "messages/deleted_customer"},
		{call: "PATCH " + one + "/603", body: `{"content":"x"}`, status: 422, golden: "errors/edit_deleted"},
		{call: "DELETE " + one + "/604", key: cara, status: 403},
		{call: "GET /v1/conversations/501", key: cara, golden: "conversations/customer_later"},
		{call: "POST /v1/conversations/502/messages", body: `{"content":"From another inbox","external_id":"x-9","sender":{"type":"contact"}}`, status: 201},
		{call: "PATCH /v1/conversations/503", body: `{"inbox_id":4}`},
		{call: "POST /v1/conversations/503/messages", body: `{"content":"Brought elsewhere","external_id":"x-9","sender":{"type":"contact"}}`, status: 409, golden: "errors/external_elsewhere"},
	})
}

func TestReading(t *testing.T) {
	t.Parallel()
	const read, unread = "POST /v1/conversations/501/read", "POST /v1/conversations/501/unread"
	talk(t, []step{
		{call: read, body: `{"up_to":603}`, key: cara, golden: "reads/customer"},
		{call: read, body: `{}`, key: cara, golden: "reads/customer_all"},
		{call: unread, body: `{"from":604}`, key: cara, golden: "reads/customer_back"},
		{call: unread, body: `{}`, key: cara, golden: "reads/customer_none"},
		{call: read, body: `{"up_to":602}`, key: cara, status: 422, golden: "errors/up_to"},
		{call: read, body: `{"up_to":605}`, status: 422},
		{call: read, body: `{"reader":{"type":"agents"}}`, key: cara, status: 403},
		{call: read, body: `{}`, status: 422, golden: "errors/no_reader"},
		{call: read, body: `{"reader":{"type":"agent"}}`, status: 422, golden: "errors/no_reader_id"},
		{call: read, body: `{"reader":{"type":"agent","id":999}}`, status: 422, golden: "errors/unknown_reader"},
		{call: read, body: `{}`, key: boKey, golden: "reads/own"},
		{call: unread, body: `{}`, key: boKey, golden: "reads/own_back"},
		{call: read, body: `{"reader":{"type":"agents"}}`, key: boKey, golden: "reads/shared"},
		{call: read, body: `{"reader":{"type":"agent","id":101}}`, key: boKey, status: 403, golden: "errors/other_reader"},
		{call: read, body: `{"reader":{"type":"contact"}}`, key: boKey, status: 403},
		{call: read, body: `{"reader":{"type":"contact"},"up_to":601}`, golden: "reads/for_contact"},
		{call: read, body: `{}`, key: emil, status: 404},

		{call: "POST /v1/conversations", key: cara, body: `{}`, status: 201},
		{call: "POST /v1/conversations/505/read", key: cara, body: `{}`, golden: "reads/empty_customer"},
		{call: "POST /v1/conversations/505/read", body: `{"reader":{"type":"agents"}}`, golden: "reads/empty_agents"},
		{call: "POST /v1/conversations/505/read", key: boKey, body: `{}`, golden: "reads/empty_own"},
		{call: "POST /v1/conversations/505/unread", key: boKey, body: `{}`, golden: "reads/empty_own"},
	})
}

func TestContacts(t *testing.T) {
	t.Parallel()
	talk(t, []step{
		{call: "GET /v1/contacts/301", golden: "contacts/staff"},
		{call: "GET /v1/contacts/external:cust-1", golden: "contacts/staff"},
		{call: "GET /v1/contacts/email:Cara@Example.com", golden: "contacts/staff"},
		{call: "GET /v1/contacts/phone:4930123456", golden: "contacts/staff"},
		{call: "GET /v1/contacts/identity:402", golden: "contacts/staff"},
		{call: "GET /v1/contacts/identity:5d8f2f0e-6f0e-4c1b-9d57-0a4f5d5b7f02", golden: "contacts/staff"},
		{call: "GET /v1/contacts/5d8f2f0e-6f0e-4c1b-9d57-0a4f5d5b7e01", golden: "contacts/staff"},
		{call: "GET /v1/contacts/external:cust%2F2", golden: "contacts/slash"},
		{call: "GET /v1/contacts/me", key: emil, golden: "contacts/slash_customer"},
		{call: "GET /v1/contacts/external:cust-1", key: cara, golden: "contacts/customer"},
		{call: "GET /v1/contacts/301", key: cara, golden: "contacts/customer"},
		{call: "GET /v1/contacts/302", key: cara, status: 404},
		{call: "GET /v1/contacts/me", key: customer("external:nobody"), status: 404},
		{call: "GET /v1/contacts/external:", status: 404},
		{call: "GET /v1/contacts/303", status: 404},
		{call: "GET /v1/contacts/me", status: 404},
		{call: "GET /v1/contacts", golden: "contacts/list"},
		{call: "GET /v1/contacts", key: cara, status: 403, golden: "errors/not_for_customers"},

		{
			call: "POST /v1/contacts", status: 201, golden: "contacts/created",
			body: `{"name":"Grace","email":" Grace@Navy.example","phone":"4930999999","identifier":"g-1","kind":"customer","company_id":7,"blocked":true,"label_ids":[52],
				"custom_attributes":{"a":1},"identities":[{"provider_type":5,"address":"4930999999","name":"G"}]}`,
		},
		{call: "POST /v1/contacts", body: `{}`, status: 201, golden: "contacts/bare"},
		{call: "POST /v1/contacts", body: `{"email":"cara@example.com"}`, status: 409, golden: "errors/email_taken"},
		{call: "POST /v1/contacts", body: `{"identities":[{"provider_type":6,"address":"visitor-1"}]}`, status: 409, golden: "errors/address_taken"},
		{call: "POST /v1/contacts", body: `{"label_ids":[99]}`, status: 422, golden: "errors/contact_label"},

		{call: "PATCH /v1/contacts/301", body: `{}`, golden: "contacts/staff"},
		{call: "PATCH /v1/contacts/301", golden: "contacts/changed", body: `{"name":"Cara D.","email":null,"phone":"+4930123457","remarks":null,"labels":{"set":[52]},"custom_attributes":{"plan":null,"x":true},"blocked":true,"avatar_url":"https://a.example/1"}`},
		{call: "PATCH /v1/contacts/301", body: `{"identifier":"cust/2"}`, status: 409, golden: "errors/identifier_taken"},
		{call: "PATCH /v1/contacts/301", body: `{"blocked":null}`, status: 422},
		{call: "PATCH /v1/contacts/me", key: cara, body: `{"name":"Cara","locale":"en","avatar_url":null}`, golden: "contacts/changed_by_customer"},
		{call: "PATCH /v1/contacts/me", key: cara, body: `{"avatar_url":"javascript:alert(1)"}`, status: 422},
		{call: "PATCH /v1/contacts/301", body: `{"avatar_url":"https://a.example/\" onerror=\"x"}`, status: 422},
		{call: "PATCH /v1/identities/402", body: `{"avatar_url":"//a.example/x"}`, status: 422},
		{call: "PATCH /v1/contacts/me", key: cara, body: `{"email":"eve@example.com"}`, status: 403},
		{call: "PATCH /v1/contacts/302", key: cara, body: `{"name":"x"}`, status: 404},

		{call: "GET /v1/contacts/301/identities", golden: "identities/list"},
		{call: "GET /v1/contacts/301/identities?limit=1", golden: "identities/page"},
		{call: "GET /v1/contacts/me/identities", key: cara, golden: "identities/list"},
		{call: "POST /v1/contacts/301/identities", body: `{"provider_type":7,"address":"4930123456","user_name":"c"}`, status: 201, golden: "identities/created"},
		{call: "POST /v1/contacts/301/identities", body: `{"provider_type":6,"address":"visitor-2"}`, status: 409, golden: "errors/identity_taken"},
		{call: "GET /v1/identities/402", golden: "identities/one"},
		{call: "PATCH /v1/identities/402", body: `{"first_name":null,"email":"c@example.com"}`, golden: "identities/changed"},
		{call: "POST /v1/identities/402/move", body: `{"contact":"external:cust/2"}`, golden: "identities/moved"},
		{call: "GET /v1/conversations/502", key: emil}, // it came with the address
		{call: "GET /v1/conversations/502", key: cara, status: 404},
		{call: "POST /v1/contacts/302/merge", body: `{"contact":"301"}`, golden: "contacts/merged"},
		{call: "GET /v1/contacts/external:cust-1", status: 404},
		{call: "POST /v1/contacts/302/merge", body: `{"contact":"302"}`, status: 422},
		{call: "POST /v1/contacts/302/merge", body: `{"contact":"301"}`, status: 422, golden: "errors/merge_nobody"},
	})
}

// TestRepeatedTalk asks each create twice under a key.
func TestRepeatedTalk(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, c := range []struct{ call, key, body, other string }{
			{"POST /v1/conversations", siteKey, `{"contact":"302","inbox_id":4,"sender":{"type":"system"},"message":{"content":"One"}}`, `{"contact":"301","inbox_id":4,"sender":{"type":"system"}}`},
			{"POST /v1/conversations", cara, `{"message":{"content":"Once"}}`, `{}`},
			{"POST /v1/conversations/501/messages", cara, `{"content":"Only once"}`, `{"content":"Twice"}`},
			{"POST /v1/contacts", siteKey, `{"name":"G","identities":[{"provider_type":6,"address":"once"}]}`, `{}`},
			{"POST /v1/contacts/301/identities", siteKey, `{"provider_type":6,"address":"once-2"}`, `{"provider_type":6,"address":"x"}`},
		} {
			header := []string{"Idempotency-Key", "k-1"}
			first := step{call: c.call, key: c.key, body: c.body, header: header, status: 201}.play(t, s)
			again := step{call: c.call, key: c.key, body: c.body, header: header, status: 201}.play(t, s)
			if !bytes.Equal(first.Body, again.Body) || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Location") != again.Header.Get("Location") {
				t.Errorf("%s: %s %v, again %s %v", c.call, first.Body, first.Header, again.Body, again.Header)
			}
			step{call: c.call, key: c.key, body: c.other, header: header, status: 409}.play(t, s)
		}
		// A key is its caller's.
		step{call: "POST /v1/conversations", key: emil, body: `{"message":{"content":"Another"}}`, header: []string{"Idempotency-Key", "k-1"}, status: 201}.play(t, s)
		check(t, s)
	})
}

// TestRepeatedTalkOutOfReach: whoever asks again is answered as one who reads,
// and learns nothing of what went elsewhere meanwhile.
func TestRepeatedTalkOutOfReach(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		header := []string{"Idempotency-Key", "k-1"}
		asked := map[string]step{
			"agent":    {call: "POST /v1/conversations", key: boKey, body: `{"contact":"302","inbox_id":4}`, header: header},
			"customer": {call: "POST /v1/conversations", key: cara, body: `{"message":{"content":"Mine"}}`, header: header},
		}
		step{call: "PUT /v1/inboxes/5/agents", body: `{"agent_ids":[101]}`}.play(t, s)
		at := map[string]string{}
		for who, e := range asked {
			e.status = 201
			at[who] = e.play(t, s).Header.Get("Location")
		}
		step{call: "PATCH " + at["agent"], body: `{"inbox_id":5}`}.play(t, s)
		step{call: "PATCH /v1/contacts/301", body: `{"identifier":"cust-1-then"}`}.play(t, s)
		step{call: "PATCH /v1/contacts/302", body: `{"identifier":"cust-1"}`}.play(t, s)
		for who, e := range asked {
			step{call: "POST " + at[who] + "/messages", body: `{"content":"SECRET","sender":{"type":"agent","id":101}}`, status: 201}.play(t, s)
			e.status = 404
			e.play(t, s)
			step{call: "GET " + at[who], key: e.key, status: 404}.play(t, s)
		}
		check(t, s)
	})
}

// TestTalkSeenBefore holds If-Match against conversations, messages, contacts
// and identities, whose tags tell of more than If-Match looks at.
func TestTalkSeenBefore(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, c := range []struct{ path, one, two string }{
			{"/v1/conversations/501", `{"subject":"a"}`, `{"subject":"b"}`},
			{"/v1/conversations/501/messages/603", `{"content":"a"}`, `{"content":"b"}`},
			{"/v1/contacts/301", `{"name":"a"}`, `{"name":"b"}`},
			{"/v1/identities/401", `{"first_name":"a"}`, `{"first_name":"b"}`},
		} {
			seen := step{call: "GET " + c.path}.play(t, s).Header.Get("ETag")
			step{call: "GET " + c.path, header: []string{"If-None-Match", seen}, status: 304}.play(t, s)
			changed := step{call: "PATCH " + c.path, body: c.one, header: []string{"If-Match", seen}}.play(t, s).Header.Get("ETag")
			step{call: "PATCH " + c.path, body: c.two, header: []string{"If-Match", seen}, status: 412}.play(t, s)
			step{call: "PATCH " + c.path, body: c.two, header: []string{"If-Match", changed}}.play(t, s)
			step{call: "GET " + c.path, header: []string{"If-None-Match", changed}}.play(t, s)
		}
		// A customer is told by no tag of what the customer is not shown.
		before := step{call: "GET /v1/conversations/501", key: cara}.play(t, s).Header.Get("ETag")
		step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"kind":"note","content":"psst"}`, status: 201}.play(t, s)
		step{call: "PATCH /v1/conversations/501", body: `{"priority":"low","labels":{"set":[]}}`}.play(t, s)
		step{call: "GET /v1/conversations/501", key: cara, header: []string{"If-None-Match", before}, status: 304}.play(t, s)
		step{call: "DELETE /v1/conversations/501/messages/603", header: []string{"If-Match", `"x"`}, status: 412}.play(t, s)
	})
}

// TestFilesOfMessages sends files with messages, and before them.
func TestFilesOfMessages(t *testing.T) {
	t.Parallel()
	const one = "/v1/conversations/501/messages"
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		form := func(call, key string, status int, parts ...string) testserver.Response {
			t.Helper()
			body, kind := multipartBody(t, parts...)
			return step{call: call, key: key, body: body, header: []string{"Content-Type", kind}, status: status}.play(t, s)
		}
		var m struct {
			ID          string `json:"id"`
			Content     string
			Attachments []struct {
				Name string
				URL  string
				MIME string
			}
		}
		got := form("POST "+one, cara, 201, "message", `{"content":"See"}`, "a.txt", "hello there", "b.txt", "and here")
		read := func(body []byte) {
			t.Helper()
			m.Attachments, m.ID = nil, ""
			if err := json.Unmarshal(bytes.Replace(body, []byte(`"id":6`), []byte(`"n":6`), 1), &m); err != nil {
				t.Fatal(err)
			}
		}
		read(got.Body)
		if len(m.Attachments) != 2 || m.Attachments[0].Name != "a.txt" || m.Content != "See" {
			t.Errorf("%s", got.Body)
		}
		if file := s.Do(t, "GET", m.Attachments[1].URL); string(file.Body) != "and here" {
			t.Errorf("%s: %s", m.Attachments[1].URL, file.Body)
		}
		form("POST "+one, cara, 201, "c.txt", "alone") // a file is enough
		form("POST "+one, cara, 422)
		form("POST "+one, cara, 422, "message", `{"content":1}`, "a.txt", "hello")
		form("POST "+one, emil, 404, "a.txt", "hello")
		form("POST /v1/labels", "", 415, "a.txt", "hello")

		got = form("POST /v1/uploads", cara, 201, "d.txt", "sent before")
		read(got.Body)
		ticket := m.ID
		attach := fmt.Sprintf(`{"attachments":[{"upload_id":%q}]}`, ticket)
		step{call: "POST " + one, key: otherKey, body: attach, status: 404}.play(t, s)
		step{call: "POST /v1/conversations/504/messages", key: otherKey, body: `{"sender":{"type":"system"},` + attach[1:], status: 422}.play(t, s)
		got = step{call: "POST " + one, key: cara, body: attach, status: 201}.play(t, s)
		read(got.Body)
		if len(m.Attachments) != 1 || m.Attachments[0].MIME != "text/plain" {
			t.Errorf("%s", got.Body)
		}
		step{call: "POST " + one, key: cara, body: attach, status: 409}.play(t, s) // once
		form("POST /v1/uploads", cara, 422)
		form("POST /v1/uploads", cara, 422, "a.txt", "1", "b.txt", "2")
		form("POST /v1/uploads", "", 422, "x.png", "no picture")
		step{call: "POST /v1/uploads", key: cara, body: `{}`, status: 415}.play(t, s)
		check(t, s)
	})
}

// multipartBody is a form of files and of the part message.
func multipartBody(t *testing.T, parts ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		var part io.Writer
		var err error
		if parts[i] == "message" {
			part, err = w.CreateFormField("message")
		} else {
			part, err = w.CreateFormFile("file", parts[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, parts[i+1])
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// TestTalkOutOfSight keeps an agent out of the conversations of an inbox in
// which others work, and from beginning one there.
func TestTalkOutOfSight(t *testing.T) {
	t.Parallel()
	talk(t, []step{
		{call: "PUT /v1/inboxes/5/agents", body: `{"agent_ids":[101]}`},
		{call: "GET /v1/conversations/502", key: boKey, status: 404},
		{call: "GET /v1/conversations/502/messages", key: boKey, status: 404},
		{call: "GET /v1/conversations/502/timeline", key: boKey, status: 404},
		{call: "POST /v1/conversations/502/messages", key: boKey, body: `{"content":"x"}`, status: 404},
		{call: "POST /v1/conversations/502/read", key: boKey, body: `{}`, status: 404},
		{call: "POST /v1/conversations", key: boKey, body: `{"contact":"301","inbox_id":5}`, status: 422, golden: "errors/inbox_out_of_sight"},
		{call: "POST /v1/conversations", key: boKey, body: `{"contact":"301","inbox_id":4}`, status: 201},
		{call: "POST /v1/conversations", key: adaKey, body: `{"contact":"301","inbox_id":5}`, status: 201},
	})
}

// odd are members of objects that not every reader would take.
var odd = map[string]string{
	"deep": `{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`,
	"half": `{"a":"\ud83d"}`,
}

// TestObjectsThatAreRefused at every door of /v1 that takes them.
func TestObjectsThatAreRefused(t *testing.T) {
	t.Parallel()
	large := map[int]string{
		64:  `{"a":"` + strings.Repeat("x", 64<<10) + `"}`,
		256: `{"a":"` + strings.Repeat("x", 256<<10) + `"}`,
	}
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, c := range []struct {
			call, body, pointer string
			most                int
		}{
			{"POST /v1/conversations", `{"contact":"302","inbox_id":4,"sender":{"type":"system"},"custom_attributes":%s}`, "/custom_attributes", 256},
			{"POST /v1/conversations", `{"contact":"302","inbox_id":4,"sender":{"type":"system"},"message":{"content":"x","content_attributes":%s}}`, "/message/content_attributes", 64},
			{"PATCH /v1/conversations/501", `{"custom_attributes":%s}`, "/custom_attributes", 256},
			{"POST /v1/conversations/501/messages", `{"content":"x","sender":{"type":"system"},"content_attributes":%s}`, "/content_attributes", 64},
			{"POST /v1/contacts", `{"custom_attributes":%s}`, "/custom_attributes", 256},
			{"PATCH /v1/contacts/301", `{"custom_attributes":%s}`, "/custom_attributes", 256},
			{"PATCH /v1/account", `{"settings":%s}`, "/settings", 64},
			{"PATCH /v1/inboxes/4", `{"settings":%s}`, "/settings", 64},
			{"POST /v1/inboxes", `{"name":"x","channel":"api","settings":%s}`, "/settings", 64},
		} {
			for status, objects := range map[int][]string{422: {odd["deep"], odd["half"]}, 413: {large[c.most]}} {
				for _, object := range objects {
					got := step{call: c.call, body: fmt.Sprintf(c.body, object), status: status}.play(t, s)
					if !strings.Contains(string(got.Body), `"pointer":"`+c.pointer+`"`) {
						t.Errorf("%s with %.20s: %.400s", c.call, object, got.Body)
					}
				}
			}
		}
		const say, begin = "POST /v1/conversations/501/messages", "POST /v1/conversations"
		for _, e := range []step{
			{call: say, body: `{"content":"x","content_type":"zzz\u0001<b>"}`, key: adaKey, status: 422, golden: "errors/content_type"},
			{call: say, body: `{"content":"x","content_type":"incoming_email"}`, key: adaKey, status: 201},
			{call: say, body: `{"content":"x","content_type":"incoming_email"}`, key: cara, status: 403, golden: "errors/content_type_of_customer"},
			{call: say, body: `{"content":"x","content_type":"markdown"}`, key: cara, status: 201},
			{call: begin, body: `{"message":{"content":"x","content_type":"incoming_email"}}`, key: cara, status: 403},
			{call: begin, body: `{"contact":"302","inbox_id":4,"message":{"content":"x","content_type":"A"}}`, key: adaKey, status: 422, golden: "errors/first_content_type"},
		} {
			e.play(t, s)
		}
		check(t, s)
	})
}

// TestObjectsAtTheirBounds: what is taken goes through an export and an import
// unchanged.
func TestObjectsAtTheirBounds(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		deep := `{"a":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`
		large := func(bytes int) string { return `{"a":"\ud83d\ude00` + strings.Repeat("x", bytes-20) + `"}` }
		for _, object := range []func(bytes int) string{func(int) string { return deep }, large} {
			for _, e := range []step{
				{call: "POST /v1/conversations", body: `{"contact":"302","inbox_id":4,"sender":{"type":"system"},"custom_attributes":` + object(256<<10) + `,"message":{"content":"x","content_attributes":` + object(64<<10) + `}}`, status: 201},
				{call: "POST /v1/conversations/501/messages", body: `{"content":"x","sender":{"type":"contact"},"content_attributes":` + object(64<<10) + `}`, status: 201},
				{call: "POST /v1/contacts", body: `{"custom_attributes":` + object(256<<10) + `}`, status: 201},
				{call: "PATCH /v1/account", body: `{"settings":` + object(64<<10) + `}`},
				{call: "PATCH /v1/inboxes/4", body: `{"settings":` + object(64<<10) + `}`},
			} {
				e.play(t, s)
			}
		}
		var first, second bytes.Buffer
		if err := interchange.Export(t.Context(), s.Store, &first, interchange.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		other := testserver.Open(t, s.Engine)
		if _, err := interchange.Import(t.Context(), other, bytes.NewReader(first.Bytes()), interchange.Options{Clock: func() core.Time { return testserver.Now }}); err != nil {
			t.Fatal(err)
		}
		if err := interchange.Export(t.Context(), other, &second, interchange.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%d bytes came back as %d others", first.Len(), second.Len())
		}
	})
}
