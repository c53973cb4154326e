package commbox_test

import (
	"strings"
	"testing"
)

// field is one field of a multipart body with the boundary b.
func field(name, value string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

// upload is a file in such a body; as CommBox's clients send it, in Create
// Child its name is "".
func upload(name, fileName, mediaType, content string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + fileName + "\"\r\nContent-Type: " + mediaType + "\r\n\r\n" + content + "\r\n"
}

// TestCreateWithFiles sends files: what they hold is looked at in package
// media, and how they are served in package app.
func TestCreateWithFiles(t *testing.T) {
	t.Parallel()
	const (
		childs = "POST /streams/41/objects/900001/child"
		pixel  = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
	)
	talk(t, []turn{
		{
			call: "POST /streams/19155/objects", form: partsType, body: field("data", `{"Type":5,"UserStreamProviderId":"new@example.org","UserStreamProviderType":4,"Message":"See here"}`) +
				upload("file", "offer.pdf", "application/pdf", "%PDF-1.7\n") + upload("file", "terms.txt", "text/plain", "Terms") + "--b--\r\n",
			golden: "create_object/created_with_files", made: "object",
		},
		{call: "GET /streams/19155/objects/{object}?includeChilds=true", golden: "create_object/with_files"},
		{
			call: childs, form: partsType, body: field("Type", "2") + field("Message", "Look") + upload("", "pixel.gif", "image/gif", pixel) + "--b--\r\n",
			golden: "create_child/created_with_file", made: "child",
		},
		{
			call: childs, form: partsType, body: field("Type", "4") + field("IsManager", "true") + field("UserIdentity", "600001") + upload("", "page.html", "text/html", "<html><script>") + "--b--\r\n",
			golden: "create_child/created_file_alone", made: "child",
		},
		{
			call: childs, form: partsType, body: field("Content", `{"sessionId":"7"}`) + upload("", "", "application/octet-stream", "x") + "--b--\r\n",
			golden: "create_child/created_file_beside_content", made: "child",
		},
		{call: "GET /streams/41/objects/900001?includeChilds=true", golden: "create_child/with_files"},
		{call: "GET /streams/41/objects/900001/transcript", golden: "transcript/with_files"},
		{call: childs, form: partsType, body: upload("", "a.png", "image/png", "<html>") + "--b--\r\n", status: 400},
		{
			call: "POST /streams/53211/objects/972505555555/5/child", form: partsType, body: upload("", "a.txt", "", "a") + "--b--\r\n",
			golden: "create_child/created_file_by_address", made: "child",
		},
		{call: "POST /objects/900001/remarks", form: partsType, body: field("Text", "x") + upload("", "a.txt", "", "a") + "--b--\r\n", status: 400},
	})
}

func TestCreateObject(t *testing.T) {
	t.Parallel()
	const objects = "POST /streams/19155/objects"
	show := func(golden string) turn {
		return turn{call: "GET /streams/19155/objects/{object}?includeChilds=true&includeActivityLog=true", golden: "create_object/" + golden}
	}
	talk(t, []turn{
		// The least that a live client sends: a customer's message.
		{call: objects, body: `{"data":{"Type":4,"UserStreamProviderId":"new@example.org","UserStreamProviderType":4,"Message":"Hello <b>you</b>"}}`, golden: "create_object/created", made: "object"},
		show("minimal"),
		{call: "GET /v2/users/identities/558355/objects", golden: "user_objects/seed"}, // others are as they were
		// All that can be said, by an agent, for a customer who is known by a key.
		{
			call: "POST /Streams/" + encryptedStream + "==/OBJECTS/", body: `{"data":{"Type":"4","StatusId":"8","SubStreamId":0,"StreamProviderType":7,"StreamProviderId":"972550001111",
			"UserStreamProviderId":"972550001111","UserStreamProviderType":7,"ManagerId":600002,"Message":"Your order is here","createChildObject":true,"sendToClient":true,
			"Content":{"to":[972550001111],"whatsapp_hsm_name":"x", "guidRT":"ab"},
			"User":{"UniqueId":"id-77","FirstName":"Noa","LastName":"Bar","Phone1":"972550001111","Email":"Noa@Example.org","Remarks":"regular","Content":{"plan":"gold"}}}}`,
			golden: "create_object/created_full", made: "object",
		},
		show("full"),
		{call: "GET /users/0?streamProviderId=972550001111&streamProviderType=7", golden: "create_object/full_user"},
		// The same customer by another address, in the form with one field.
		{
			call: objects, form: formType, body: "data=%7B%22Type%22%3A5%2C%22UserStreamProviderId%22%3A%22noa%40example.org%22%2C%22UserStreamProviderType%22%3A4%2C%22Message%22%3A%22Again%22%7D",
			golden: "create_object/created_form", made: "object",
		},
		show("form"),
		// By the identity, bare, and as fields of a form.
		{call: objects, body: `{"userIdentity":700021,"MESSAGE":"mine","StatusId":2}`, golden: "create_object/created_identity", made: "object"},
		show("identity"),
		{
			call: objects, form: partsType, body: field("Type", "5") + field("UserIdentity", "700021") + field("Message", "in parts") + "--b--\r\n",
			golden: "create_object/created_parts", made: "object",
		},
		show("parts"),
		// A visitor whom nobody knows.
		{call: objects, body: `{"data":{"UserStreamProviderType":6,"Message":"who am I"}}`, golden: "create_object/created_visitor", made: "object"},
		// One key, one object.
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"once"}}`, key: "k1", golden: "create_object/created_once", made: "once"},
		{call: objects, body: ` {"data":{"UserIdentity":"700021","Message":"once","x":1}}`, key: "k1", golden: "create_object/created_once", made: "once"},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"twice"}}`, key: "k1", status: 400},
		// Fields hold texts alone, so that a member which is an object is one, too.
		{
			call: objects, form: partsType, body: field("UserStreamProviderId", "972550002222") + field("UserStreamProviderType", "5") +
				field("Message", "in parts") + field("User", `{"FirstName":"Tal","Phone1":972550002222}`) + "--b--\r\n",
			golden: "create_object/created_parts_user", made: "object",
		},
		{call: "GET /users/0?streamProviderId=972550002222&streamProviderType=5", golden: "create_object/parts_user"},
		{
			call: objects, form: partsType, status: 400,
			body: field("UserIdentity", "700021") + field("Message", "x") + field("User", "Tal") + "--b--\r\n",
		},
	})
}

func TestCreateObjectRefusals(t *testing.T) {
	t.Parallel()
	const objects = "POST /streams/19155/objects"
	turns := []turn{
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"x"}}`, auth: "-", status: 401},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"x"}}`, auth: "Bearer harbour-reader-key-0001", status: 401},
		{call: "POST /streams/4/objects", body: `{"data":{"UserIdentity":700021,"Message":"x"}}`, status: 404},
		{call: "POST /streams/90/objects", body: `{"data":{"UserIdentity":700021,"Message":"x"}}`, status: 404},
		{call: "POST /streams/" + encryptedForeign + "==/objects", body: `{"data":{"UserIdentity":700021,"Message":"x"}}`, status: 404},
		{call: "PUT /streams/19155/objects", status: 501},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"` + strings.Repeat("x", 1<<20) + `"}}`, status: 413},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"` + strings.Repeat("x", 300<<10) + `"}}`, status: 413},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"x","Content":{"a":"` + strings.Repeat("x", 256<<10) + `"}}}`, status: 413},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"x","User":{"Content":{"a":"` + strings.Repeat("x", 256<<10) + `"}}}}`, status: 413},
		{call: "POST /streams/41/objects/900001/child", body: `{"data":{"Content":{"a":"` + strings.Repeat("x", 256<<10) + `"}}}`, status: 413},
		{call: "POST /streams/41/objects/900001/child", body: `{"data":{"Content":{"a":"\ude00"}}}`, status: 400},
		{call: objects, body: `{"data":{"UserIdentity":700021,"Message":"x","Content":{"a":"\ud83d"}}}`, status: 400},
	}
	for _, body := range []string{
		``, `{}`, `[]`, `{"data":"x"}`, `{"data":{"UserIdentity":700021}}`, `{"data":{"UserIdentity":700021,"Message":""}}`,
		`{"data":{"Message":"x"}}`, `{"data":{"Message":"x","UserStreamProviderId":"a@b.example"}}`, `{"data":{"Message":"x","UserStreamProviderType":4}}`,
		`{"data":{"UserIdentity":1,"Message":"x"}}`, `{"data":{"UserIdentity":900004,"Message":"x"}}`, `{"data":{"UserIdentity":-1,"Message":"x"}}`,
		`{"data":{"UserIdentity":9007199254740993,"Message":"x"}}`, `{"data":{"UserIdentity":700021,"Message":"x","StatusId":12}}`,
		`{"data":{"UserIdentity":700021,"Message":"x","ManagerId":1}}`, `{"data":{"UserIdentity":700021,"Message":"x","ManagerId":900002}}`,
		`{"data":{"UserIdentity":700021,"Message":"x","SubStreamId":2433}}`, `{"data":{"UserIdentity":700021,"Message":"x","Content":[1]}}`,
		`{"data":{"UserIdentity":700021,"Message":"a\u0000b"}}`, `{"data":{"UserIdentity":700021,"Message":"x","User":{"FirstName":"` + strings.Repeat("x", 101) + `"}}}`,
		`{"data":{"UserIdentity":700021,"Message":"x","Content":{"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}}}`,
	} {
		turns = append(turns, turn{call: objects, body: body, status: 400})
	}
	talk(t, append(turns, turn{call: "GET /v2/users/identities/700021/objects", golden: "user_objects/sample"}))
}

func TestCreateChild(t *testing.T) {
	t.Parallel()
	const childs = "POST /streams/41/objects/900001/child"
	show := func(golden string) turn {
		return turn{call: "GET /v2/users/identities/700021/objects", golden: "create_child/" + golden}
	}
	talk(t, []turn{
		{call: childs, body: `{"data":{"Type":4,"UserStreamProviderId":"x@example.org","UserStreamProviderType":4,"Message":"Thanks"}}`, golden: "create_child/created", made: "child"},
		show("by_the_customer"),
		{call: childs, body: `{"data":{"Type":4,"UserStreamProviderId":"x","UserStreamProviderType":4,"Message":"<p>You are welcome</p>","IsManager":true,"UserIdentity":600001}}`, golden: "create_child/created_by_agent", made: "child"},
		show("by_an_agent"),
		// The identity of an agent, ManagerId, and the agent of the key will do.
		{call: childs, body: `{"IsManager":"true","UserIdentity":"700002","Message":"by identity"}`, golden: "create_child/created_by_identity"},
		{call: childs, body: `{"IsManager":1,"ManagerId":545437,"Message":"by a bot","Type":11,"Content":{"messageAlreadyRenderedFromClient":true}}`, golden: "create_child/created_by_bot"},
		{call: childs, body: `{"IsManager":true,"Message":"by the key"}`, auth: agent, golden: "create_child/created_by_key"},
		show("by_agents"),
		// A customer's message opens what was closed.
		{call: "POST /objects/900001/status/2", golden: "set_status/changed"},
		{call: childs, body: `{"Message":"Still broken"}`, golden: "create_child/created_reopening"},
		{call: "GET /streams/41/objects/900001?includeActivityLog=true", golden: "create_child/reopened"},
		// By the address that the object has at its provider, and through
		// another of the customer's identities.
		{call: "POST /streams/53211/objects/972505555555/5/child", body: `{"data":{"Type":4,"UserStreamProviderId":"972505555555","UserStreamProviderType":5,"Message":"by phone"}}`, golden: "create_child/created_by_address"},
		{call: "GET /streams/53211/objects/293854?includeChilds=true", golden: "create_child/by_address"},
		// One key, one child.
		{call: childs, body: `{"Message":"once"}`, key: "k1", golden: "create_child/created_once", made: "once"},
		{call: childs, form: formType, body: "Message=once", key: "k1", golden: "create_child/created_once", made: "once"},
		{call: childs, body: `{"Message":"twice"}`, key: "k1", status: 400},
	})
}

func TestCreateChildRefusals(t *testing.T) {
	t.Parallel()
	const childs = "POST /streams/41/objects/900001/child"
	turns := []turn{
		{call: childs, body: `{"Message":"x"}`, auth: "-", status: 401},
		{call: childs, body: `{"Message":"x"}`, auth: "Bearer harbour-reader-key-0001", status: 401},
		{call: "POST /streams/41/objects/1/child", body: `{"Message":"x"}`, status: 404},
		{call: "POST /streams/19155/objects/900001/child", body: `{"Message":"x"}`, status: 404},
		{call: "POST /streams/41/objects/9007199254740993/child", body: `{"Message":"x"}`, status: 404},
		{call: "POST /streams/53211/objects/972505555555/4/child", body: `{"Message":"x"}`, status: 404},
		{call: "POST /streams/41/objects/x/child", body: `{"Message":"x"}`, status: 400},
	}
	for _, body := range []string{
		``, `{}`, `{"Message":""}`, `{"Message":{}}`, `{"Message":"x","Type":-1}`, `{"Message":"x","IsManager":"maybe"}`,
		`{"Message":"x","IsManager":true}`, `{"Message":"x","IsManager":true,"UserIdentity":1}`, `{"Message":"x","IsManager":true,"UserIdentity":900002}`,
		`{"Message":"x","IsManager":true,"UserIdentity":700021}`, `{"Message":"x","Content":"no object"}`,
	} {
		turns = append(turns, turn{call: childs, body: body, status: 400})
	}
	talk(t, append(turns, turn{call: "GET /v2/users/identities/700021/objects", golden: "user_objects/sample"}))
}

func TestChanges(t *testing.T) {
	t.Parallel()
	show := func(golden string) turn {
		return turn{call: "GET /streams/41/objects/900001?includeActivityLog=true", golden: golden}
	}
	talk(t, []turn{
		{call: "POST /objects/900001/status/8", golden: "set_status/changed", auth: agent},
		{call: "POST /objects/900001/status/8", golden: "set_status/changed"},
		{call: "POST /Objects/900001/Status/14/", golden: "set_status/changed"},
		show("set_status/archived"),
		{call: "POST /objects/900001/status/1", golden: "set_status/changed"},
		show("set_status/open"),
		{call: "POST /objects/900001/status/12", status: 400},
		{call: "POST /objects/900001/status/0", status: 400},
		{call: "POST /objects/900001/status/x", status: 400},
		{call: "POST /objects/1/status/2", status: 404},
		{call: "POST /objects/9007199254740993/status/2", status: 404},
		{call: "POST /objects/900001/status/2", auth: "-", status: 401},
		{call: "GET /objects/900001/status/2", status: 501},

		{call: "POST /objects/900001/content", body: `{"data":{"plan":{"a": [1]},"guidRT":"new"}}`, golden: "set_content/changed"},
		show("set_content/merged"),
		{call: "POST /objects/900001/content", golden: "set_content/changed"},
		{call: "POST /objects/900001/content", body: `{"data":{}}`, golden: "set_content/changed"},
		show("set_content/merged"),
		{call: "POST /objects/900001/content", body: `{"data":[1]}`, status: 400},
		{call: "POST /objects/900001/content", body: `{"a":"\u0000"}`, status: 400},
		{call: "POST /objects/900001/content", body: `{"a":"\ud83d"}`, status: 400},
		{call: "POST /objects/900001/content", body: `{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, status: 400},
		{call: "POST /objects/900001/content", body: `{"a":"` + strings.Repeat("x", 300<<10) + `"}`, status: 413},
		{call: "POST /objects/1/content", body: `{"a":1}`, status: 404},

		{call: "POST /objects/900001/activitylog", body: `{"data":{"Text":"Synced with the CRM","Source":"CRM","ManagerId":600002}}`, golden: "activity_log/added"},
		{call: "POST /objects/900001/activitylog", body: `{"text":"by the key"}`, auth: agent, golden: "activity_log/added"},
		{call: "POST /objects/900001/activitylog", body: `{"data":{"Text":"by nobody"}}`, golden: "activity_log/added"},
		{call: "GET /objects/900001/activities?activityType=12", golden: "activity_log/listed"},
		{call: "POST /objects/900001/activitylog", status: 400},
		{call: "POST /objects/900001/activitylog", body: `{"data":{"Source":"CRM"}}`, status: 400},
		{call: "POST /objects/900001/activitylog", body: `{"data":{"Text":"x","ManagerId":1}}`, status: 400},
		{call: "POST /objects/1/activitylog", body: `{"data":{"Text":"x"}}`, status: 404},

		{call: "POST /objects/900001/remarks", body: `{"data":{"Text":"Call her back","ManagerId":600001}}`, golden: "remarks/added"},
		{call: "GET /objects/900001/activities?activityType=1", golden: "remarks/listed"},
		{call: "POST /objects/900001/remarks", body: `{}`, status: 400},
		{call: "POST /objects/1/remarks", body: `{"Text":"x"}`, status: 404},

		{call: "POST /objects/900001/indicators", body: `{"data":{"IndicatorId":"vip \"1\"","Title":"VIP","DisplayClass":"icon-star","Link":"https://crm.example/1"}}`, golden: "indicators/set"},
		{call: "POST /objects/900001/indicators", body: `{"data":{"IndicatorId":"vip \"1\"","Icon":"https://crm.example/i.png"}}`, golden: "indicators/set"},
		{call: "POST /objects/900001/indicators", body: `{"data":{"Title":"VIP","DisplayClass":"icon-star"}}`, status: 400},
		{call: "POST /objects/900001/indicators", body: `{"data":{"IndicatorId":"x","Title":"VIP"}}`, status: 400},
		{call: "POST /objects/1/indicators", body: `{"data":{"IndicatorId":"x","Icon":"y"}}`, status: 404},
		{call: "DELETE /objects/900001/indicators/vip%20%221%22", golden: "indicators/deleted"},
		{call: "DELETE /objects/900001/indicators/vip%20%221%22", status: 404},
		{call: "DELETE /objects/1/indicators/x", status: 404},
	})
}

func TestTagsOfObjects(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "POST /streams/41/objects/900001/tags/12", golden: "object_tags/changed"},
		{call: "POST /streams/41/objects/900001/tags/7", golden: "object_tags/changed"},
		{call: "POST /streams/41/objects/900001/tags/12", golden: "object_tags/changed"},
		{call: "GET /streams/41/objects/900001?includeActivityLog=true", golden: "object_tags/tagged"},
		{call: "DELETE /streams/41/objects/900001/tags/12", golden: "object_tags/changed"},
		{call: "DELETE /streams/41/objects/900001/tags/12", golden: "object_tags/changed"},
		{call: "GET /streams/41/objects/900001?includeActivityLog=true", golden: "object_tags/untagged"},
		{call: "POST /streams/53211/objects/972505555555/5/tags/15", golden: "object_tags/changed"},
		{call: "GET /streams/53211/objects/293854?includeActivityLog=true", golden: "object_tags/by_address"},
		{call: "DELETE /streams/53211/objects/972505555555/5/tags/15", golden: "object_tags/changed"},
		{call: "POST /streams/41/objects/900001/tags/1", status: 404},
		{call: "POST /streams/41/objects/900001/tags/9007199254740993", status: 404},
		{call: "POST /streams/41/objects/900001/tags/x", status: 400},
		{call: "POST /streams/19155/objects/900001/tags/12", status: 404},
		{call: "POST /streams/53211/objects/1/5/tags/15", status: 404},
		{call: "POST /streams/41/objects/900001/tags/12", auth: "Bearer harbour-reader-key-0001", status: 401},
	})
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	show := func(golden string) turn {
		return turn{call: "GET /streams/41/objects/900001?includeActivityLog=true", golden: "assignments/" + golden}
	}
	talk(t, []turn{
		{call: "POST /managers/600001/assignments?objectId=900001", golden: "assignments/changed"},
		{call: "POST /managers/600001/assignments?objectId=900001", golden: "assignments/changed"},
		show("assigned"),
		{call: "POST /managers/545437/assignments?objectId=900001", auth: agent, golden: "assignments/changed"},
		show("to_a_bot"),
		{call: "DELETE /managers/600001/assignments?objectId=900001", status: 400},
		{call: "DELETE /managers/545437/assignments?objectId=900001", golden: "assignments/changed"},
		{call: "DELETE /managers/545437/assignments?objectId=900001", status: 400},
		show("unassigned"),
		{call: "POST /managers/600001/assignments", status: 400},
		{call: "POST /managers/600001/assignments?objectId=0", status: 400},
		{call: "POST /managers/600001/assignments?objectId=1", status: 404},
		{call: "POST /managers/1/assignments?objectId=900001", status: 404},
		{call: "POST /managers/900002/assignments?objectId=900001", status: 404},
		{call: "POST /managers/545516/assignments?objectId=900001", status: 404},
	})
}

func TestSetStream(t *testing.T) {
	t.Parallel()
	move := func(object, body, golden string, status int) turn {
		return turn{call: "PATCH /objects/" + object + "/stream", body: body, golden: "set_stream/" + golden, status: status}
	}
	talk(t, []turn{
		move("396001", `{"data":{"streamId":19155}}`, "unchanged", 0),
		move("396001", `{"data":{"streamId":"19155","subStreamId":"0"}}`, "unchanged", 0),
		move("396001", `{"data":{"streamId":1}}`, "invalid_stream", 400),
		move("396001", `{"data":{"streamId":90}}`, "invalid_stream", 400),
		move("396001", `{"data":{"streamId":9007199254740993}}`, "invalid_stream", 400),
		move("396001", `{"data":{"streamId":53211,"subStreamId":2433}}`, "invalid_sub_stream", 400),
		move("396001", `{"data":{"streamId":41}}`, "type", 400),
		move("396001", `{"data":{"streamId":61}}`, "no_email", 400),
		move("396001", `{"data":{"streamId":53211}}`, "no_phone", 400),
		move("396001", `{"data":{"subStreamId":1}}`, "no_stream", 400),
		move("396001", ``, "no_stream", 400),
		move("396001", `{"data":{"streamId":"x"}}`, "invalid", 400),
		move("396001", `{"data":{"streamId":-1}}`, "invalid", 400),
		move("396001", `{`, "invalid", 400),
		move("1", `{"data":{"streamId":19155}}`, "unknown_object", 400),
		move("9007199254740993", `{"data":{"streamId":19155}}`, "unknown_object", 400),
		{call: "PATCH /objects/x/stream", body: `{"data":{"streamId":19155}}`, status: 400},
		{call: "PATCH /objects/396001/stream", body: `{"data":{"streamId":19155}}`, auth: "-", golden: "set_stream/401", status: 401},
		// SMS goes to mail and to chat, and may go into a part.
		move("293854", `{"data":{"streamId":53211}}`, "moved_out_of_the_part", 0),
		move("293854", `{"data":{"streamId":53211,"subStreamId":2432}}`, "moved_into_the_part", 0),
		move("293854", `{"data":{"streamId":61}}`, "moved_to_mail", 0),
		{call: "GET /streams/61/objects/293854?includeActivityLog=true", golden: "set_stream/in_mail"},
		{call: "GET /streams/53211/objects/293854", status: 404},
		move("293854", `{"data":{"streamId":19155}}`, "moved_to_chat", 0),
	})
}

// TestSetStreamOfWhatsApp moves objects to and from a channel that the other
// fixture has.
func TestSetStreamOfWhatsApp(t *testing.T) {
	t.Parallel()
	const key = "Bearer desk-site-key-00001"
	create := func(stream string) turn {
		return turn{
			call: "POST /streams/" + stream + "/objects", auth: key, golden: "create_object/created_on_the_desk", made: "object",
			body: `{"data":{"Type":4,"UserStreamProviderId":"972550003333","UserStreamProviderType":7,"Message":"Hello"}}`,
		}
	}
	move := func(stream, golden string, status int) turn {
		return turn{call: "PATCH /objects/{object}/stream", auth: key, body: `{"data":{"streamId":` + stream + `}}`, golden: "set_stream/" + golden, status: status}
	}
	talkOn(t, desk, []turn{create("61"), move("63", "whatsapp", 400), move("64", "type", 400), move("61", "unchanged", 0)})
	talkOn(t, desk, []turn{create("63"), move("64", "type", 400), move("62", "no_email", 400), move("61", "moved_from_whatsapp", 0), move("63", "whatsapp", 400)})
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	talk(t, []turn{
		{call: "POST /users/600011", body: `{"data":{"UniqueId":"q-1","FirstName":"Ann","LastName":"Quiet","Phone1":972540000001,"Phone2":"00972540000002","Email":"Ann@Example.org","Remarks":"calm","Content":{"plan":"gold","n":1}}}`, golden: "update_user/changed"},
		{call: "GET /users/600011", golden: "update_user/full"},
		{call: "POST /users/600011", body: `{"data":{"Phone2":"","Remarks":null,"Content":{"n":2}}}`, golden: "update_user/changed"},
		{call: "POST /users/600011", golden: "update_user/changed"},
		{call: "GET /users/600011", golden: "update_user/later"},
		{call: "POST /users/600011", body: `{"data":{"Email":"edna@example.org"}}`, status: 400}, // another's
		{call: "POST /users/600011", body: `{"data":{"UniqueId":"` + strings.Repeat("x", 51) + `"}}`, status: 400},
		{call: "POST /users/600011", body: `{"data":{"Content":[]}}`, status: 400},
		{call: "POST /users/1", body: `{"data":{"FirstName":"x"}}`, status: 404},
		{call: "POST /users/600001", body: `{"data":{"FirstName":"x"}}`, status: 404}, // staff
		{call: "POST /users/9007199254740993", body: `{"data":{"FirstName":"x"}}`, status: 404},
		{call: "POST /users/x", body: `{"data":{"FirstName":"x"}}`, status: 400},
		{call: "POST /users/600011", body: `{"data":{"FirstName":"x"}}`, auth: "Bearer harbour-reader-key-0001", status: 401},
		{call: "GET /users/600011", golden: "update_user/later"},
	})
}
