package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/live/ws"
	"parley/internal/testkit/testserver"
)

// history makes a few events in the fixture talks.
var history = []step{
	{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"Are you there?"}`, status: 201},
	{call: "POST /v1/conversations/501/messages", key: boKey, body: `{"kind":"note","content":"Nobody there"}`, status: 201},
	{call: "PATCH /v1/conversations/501", key: boKey, body: `{"status":"resolved","labels":{"set":[]}}`},
	{call: "POST /v1/conversations/501/read", key: cara, body: `{}`},
	{call: "POST /v1/conversations/501/messages", key: cara, body: `{"content":"Here I am"}`, status: 201},
	{call: "POST /v1/conversations/501/unread", key: adaKey, body: `{"from":601,"reader":{"type":"agents"}}`},
	{call: "DELETE /v1/conversations/501/messages/608", status: 204},
	{call: "PATCH /v1/contacts/301", body: `{"name":"Cara D."}`},
	{call: "POST /v1/labels", body: `{"title":"new"}`, status: 201},
}

func TestEvents(t *testing.T) {
	t.Parallel()
	talk(t, append(slices.Clone(history), []step{
		{call: "GET /v1/events", golden: "events/account"},
		{call: "GET /v1/events", key: boKey, golden: "events/agent"},
		{call: "GET /v1/events", key: cara, golden: "events/customer"},
		{call: "GET /v1/events", key: emil, golden: "events/none"},
		{call: "GET /v1/events", key: customer("external:nobody"), golden: "events/none"},
		{call: "GET /v1/events?types=message.created,note.created&conversation=501&limit=1", golden: "events/filtered"},
		{call: "GET /v1/events?contact=external:cust-1&types=contact.updated", golden: "events/contact"},
		{call: "GET /v1/events?contact=302", key: cara, status: 422},
		{call: "GET /v1/events?conversation=503", key: cara, status: 422, golden: "errors/no_such_conversation"},
		{call: "GET /v1/events?types=message.create", status: 422, golden: "errors/no_such_type"},
		{call: "GET /v1/events?after=x", status: 400, golden: "errors/event_cursor"},
		{call: "GET /v1/events?limit=501", status: 422},
		{call: "GET /v1/conversations/501/timeline", golden: "events/timeline"},
		{call: "GET /v1/conversations/501/timeline?types=conversation.updated", key: boKey, golden: "events/why"},
		{call: "GET /v1/conversations/501/timeline", key: cara, status: 403},
		{call: "GET /v1/conversations/504/timeline", status: 404},
		{call: "GET /v1/presence", golden: "events/presence"},
		{call: "POST /v1/conversations/501/typing", key: cara, body: `{"typing":true}`, status: 204},
		{call: "POST /v1/conversations/501/typing", body: `{"typing":true}`, status: 422},
		{call: "POST /v1/conversations/501/typing", body: `{"typing":true,"sender":{"type":"agent","id":999}}`, status: 422},
		{call: "POST /v1/conversations/501/typing", body: `{"typing":true,"sender":{"type":"contact","id":302}}`, status: 422},
		{call: "POST /v1/conversations/501/typing", key: emil, body: `{"typing":true}`, status: 404},
		{call: "GET /v1/events?access_token=" + url.QueryEscape(cara), key: "-", golden: "events/customer"},
		{call: "GET /v1/events?access_token=" + siteKey, key: "-", status: 401},
		{call: "GET /v1/labels?access_token=" + cara, key: "-", status: 401},
		{call: "GET /v1/events/ws", status: 422, golden: "errors/no_upgrade"},
	}...))
}

// TestHiddenChanges: customers are told of a change of their contact when it is one
// of what they see, and find out of no other: not by an event, and not by a tag.
func TestHiddenChanges(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		var page struct {
			Data []struct{ Type string }
			Next string `json:"next_cursor"`
		}
		read := func(query string) int {
			t.Helper()
			page.Data = nil
			if err := json.Unmarshal(step{call: "GET /v1/events?" + query, key: cara}.play(t, s).Body, &page); err != nil {
				t.Fatal(err)
			}
			return len(page.Data)
		}
		read("limit=500") // up to the head
		tag := func() string { return step{call: "GET /v1/contacts/me", key: cara}.play(t, s).Header.Get("ETag") }
		stream := follow(t, s, "/v1/events", cara)
		await(t, stream, "retry: ")
		for _, c := range []struct {
			patch  string
			hidden bool
		}{
			{`{"remarks":"suspected fraud"}`, true},
			{`{"labels":{"add":[52]}}`, true},
			{`{"blocked":true}`, true},
			{`{"custom_attributes":{"plan":"gold"}}`, true},
			{`{"remarks":"nothing","name":"Cara E."}`, false},
			{`{"kind":"customer"}`, false},
			{`{"country_code":"DE"}`, false},
			{`{"company_id":7}`, false},
			{`{"blocked":false}`, true},
		} {
			before := tag()
			step{call: "PATCH /v1/contacts/301", body: c.patch}.play(t, s)
			if got := tag(); (got == before) != c.hidden {
				t.Errorf("%s: the tag went from %s to %s", c.patch, before, got)
			}
			if n := read("after=" + page.Next); (n == 0) != c.hidden {
				t.Errorf("%s: %d events are shown", c.patch, n)
			}
			if c.hidden {
				continue
			}
			if got := await(t, stream, "data: "); strings.Contains(got, "updated_at") || !strings.Contains(got, page.Next) {
				t.Errorf("%s: the stream told %s, want the event %s", c.patch, got, page.Next)
			}
		}
	})
}

// TestEventPages walks the log by pages of one, and asks from where it is not.
func TestEventPages(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for _, e := range history {
			e.play(t, s)
		}
		type page struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			Next string `json:"next_cursor"`
		}
		read := func(path string) (p page) {
			t.Helper()
			if err := json.Unmarshal(step{call: "GET " + path}.play(t, s).Body, &p); err != nil {
				t.Fatal(err)
			}
			return p
		}
		whole := read("/v1/events?limit=500")
		after, n := "", 0
		for ; n <= len(whole.Data); n++ {
			p := read("/v1/events?limit=1" + after)
			if after = "&after=" + p.Next; len(p.Data) == 0 {
				break
			}
			if p.Data[0].ID != whole.Data[n].ID || p.Next != p.Data[0].ID && n < len(whole.Data)-1 {
				t.Errorf("page %d: %+v", n, p)
			}
		}
		if n != len(whole.Data) || after != "&after="+whole.Next {
			t.Errorf("walked %d events to %s, want %d to %s", n, after, len(whole.Data), whole.Next)
		}
		// Another account's cursor, and one of a log that began anew.
		step{call: "GET /v1/events?after=" + whole.Next, key: otherKey, status: 400}.play(t, s)
		testserver.Import(t, s.Store, "testdata/more.ndjson")
		got := step{call: "GET /v1/events?after=" + whole.Next, status: 410, golden: "errors/resync"}.play(t, s)
		var problem struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(got.Body, &problem); err != nil || problem.Next == "" {
			t.Fatalf("%s", got.Body)
		}
		step{call: "GET /v1/events?after=" + problem.Next}.play(t, s)
	})
}

// follow opens a stream and returns its lines.
func follow(t *testing.T, s *testserver.Server, path, key string, header ...string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s answered %d %v", path, resp.StatusCode, resp.Header)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		for scan := bufio.NewScanner(resp.Body); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return lines
}

// await returns the next line that begins with a text.
func await(t *testing.T, lines <-chan string, begins string) string {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("the stream ended before %q", begins)
			}
			if strings.HasPrefix(line, begins) {
				return line
			}
		case <-timeout:
			t.Fatalf("no line %q", begins)
		}
	}
}

// TestEventStream follows the log as it grows, and goes on from the last id.
func TestEventStream(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		say := func(text string) {
			t.Helper()
			step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"` + text + `"}`, status: 201}.play(t, s)
		}
		head := follow(t, s, "/v1/events", cara)
		await(t, head, "retry: ")
		step{call: "POST /v1/conversations/501/messages", key: boKey, body: `{"kind":"note","content":"psst"}`, status: 201}.play(t, s)
		say("first words")
		id := await(t, head, "id: ")
		if got := await(t, head, "event: "); got != "event: message.created" {
			t.Error(got)
		}
		if got := await(t, head, "data: "); !strings.Contains(got, "first words") || strings.Contains(got, "psst") || strings.Contains(got, "Berg") {
			t.Error(got)
		}
		say("second words")
		resumed := follow(t, s, "/v1/events", "", "Last-Event-ID", strings.TrimPrefix(id, "id: "), "Authorization", "Bearer "+cara)
		if got := await(t, resumed, "data: "); !strings.Contains(got, "second words") {
			t.Error(got)
		}
		step{call: "POST /v1/conversations/501/typing", body: `{"typing":true,"sender":{"type":"agent","id":101}}`, status: 204}.play(t, s)
		await(t, resumed, "event: typing")
		if got := await(t, resumed, "data: "); got != `data: {"conversation_id":501,"type":"agent","id":101,"typing":true}` {
			t.Error(got)
		}
		got := step{call: "GET /v1/presence"}.play(t, s)
		if !bytes.Contains(got.Body, []byte(`"contacts":[301]`)) {
			t.Errorf("%s", got.Body)
		}
	})
}

// TestDeletedText: a stream that catches up shows nothing that was deleted before
// it was opened, however short ago it was said; neither does a socket.
func TestDeletedText(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		var page struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(step{call: "GET /v1/events?limit=500", key: cara}.play(t, s).Body, &page); err != nil {
			t.Fatal(err)
		}
		var message struct{ ID json.Number }
		said := step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"a password by mistake"}`, status: 201}.play(t, s)
		if err := json.Unmarshal(said.Body, &message); err != nil {
			t.Fatal(err)
		}
		told := follow(t, s, "/v1/events?after="+page.Next, cara)
		if got := await(t, told, "data: "); !strings.Contains(got, "password") {
			t.Errorf("before it was deleted: %s", got)
		}
		step{call: "DELETE /v1/conversations/501/messages/" + message.ID.String(), status: 204}.play(t, s)
		lines := follow(t, s, "/v1/events?after="+page.Next, cara)
		if got := await(t, lines, "data: "); strings.Contains(got, "password") || !strings.Contains(got, `"message.created"`) {
			t.Errorf("a stream showed %s", got)
		}
		k := dial(t, s, boKey)
		k.say(t, `{"type":"subscribe","id":"a","after":"`+page.Next+`"}`)
		if got := k.wait(t, "event"); strings.Contains(got, "password") || !strings.Contains(got, `"message.created"`) {
			t.Errorf("a socket showed %s", got)
		}
	})
}

// TestUnreadStream tells at once what is unread, and each change of it; also to
// a customer whom nobody knows yet.
func TestUnreadStream(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		lines := follow(t, s, "/v1/contacts/me/unread/stream", cara)
		await(t, lines, "event: unread")
		want := func(data string) {
			t.Helper()
			if got := await(t, lines, "data: "); got != "data: "+data {
				t.Errorf("%s, want %s", got, data)
			}
		}
		want(`{"total":3,"conversations":[{"id":502,"unread":1},{"id":501,"unread":2}]}`)
		step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"more"}`, status: 201}.play(t, s)
		want(`{"total":4,"conversations":[{"id":501,"unread":3},{"id":502,"unread":1}]}`)
		step{call: "POST /v1/conversations/501/read", key: cara, body: `{}`}.play(t, s)
		want(`{"total":1,"conversations":[{"id":502,"unread":1}]}`)

		key := customer("external:cust-9")
		lines = follow(t, s, "/v1/contacts/me/unread/stream?access_token="+url.QueryEscape(key), "")
		want(`{"total":0,"conversations":[]}`)
		got := step{call: "POST /v1/conversations", key: key, body: `{"message":{"content":"hello"}}`, status: 201}.play(t, s)
		for range lines { // it ends, and the client comes back as the contact
		}
		var made struct{ ID json.Number }
		if err := json.Unmarshal(got.Body, &made); err != nil {
			t.Fatal(err)
		}
		lines = follow(t, s, "/v1/contacts/external:cust-9/unread/stream", siteKey)
		want(`{"total":0,"conversations":[]}`)
		step{call: "POST /v1/conversations/" + made.ID.String() + "/messages", key: adaKey, body: `{"content":"hi"}`, status: 201}.play(t, s)
		want(`{"total":1,"conversations":[{"id":` + made.ID.String() + `,"unread":1}]}`)
		step{call: "GET /v1/contacts/302/unread/stream", key: cara, status: 404}.play(t, s)
	})
}

// socket is a client of /v1/events/ws.
type socket struct {
	*websocket.Conn
	request string // the id of the request that opened it
}

// dial opens a socket with a token that stands among the subprotocols.
func dial(t *testing.T, s *testserver.Server, key string) *socket {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"parley.v1", "parley.token." + key}}
	conn, resp, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/v1/events/ws", nil)
	if err != nil {
		t.Fatal(err, resp)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &socket{conn, resp.Header.Get("X-Request-Id")}
}

// say sends a frame.
func (k *socket) say(t *testing.T, text string) {
	t.Helper()
	if err := k.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// wait returns the next frame of a type.
func (k *socket) wait(t *testing.T, typ string) string {
	t.Helper()
	for {
		_ = k.SetReadDeadline(time.Now().Add(30 * time.Second))
		_, text, err := k.ReadMessage()
		if err != nil {
			t.Fatalf("no %s: %v", typ, err)
		}
		if strings.HasPrefix(string(text), `{"type":"`+typ+`"`) {
			return string(text)
		}
	}
}

// refused reads a frame of an error, and holds its problem against a status.
func (k *socket) refused(t *testing.T, what string, status int) {
	t.Helper()
	var f struct {
		Error struct {
			Status  int    `json:"status"`
			Request string `json:"request_id"`
		} `json:"error"`
	}
	text := k.wait(t, "error")
	if err := json.Unmarshal([]byte(text), &f); err != nil || f.Error.Status != status || f.Error.Request == "" || f.Error.Request != k.request {
		t.Errorf("%s: %s, want the status %d and the request %s", what, text, status, k.request)
	}
}

// TestSocket follows the log over a WebSocket.
func TestSocket(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		k := dial(t, s, cara)
		if k.Subprotocol() != "parley.v1" {
			t.Errorf("subprotocol %q", k.Subprotocol())
		}
		k.say(t, `{"type":"subscribe","id":"a","conversation":501}`)
		k.wait(t, "live")
		step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"over the wire"}`, status: 201}.play(t, s)
		if got := k.wait(t, "event"); !strings.Contains(got, "over the wire") || !strings.Contains(got, `"id":"a"`) {
			t.Error(got)
		}
		k.say(t, `{"type":"subscribe","id":"b","conversation":503}`)
		if got := k.wait(t, "error"); !strings.Contains(got, "there is no such conversation") {
			t.Error(got)
		}
	})
}

// TestSocketRights: what is asked for on a socket needs the same rights as a
// request, when it is asked for.
func TestSocketRights(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		token := func(scopes string) (id, text string) {
			t.Helper()
			got := step{call: "POST /v1/tokens", body: `{"name":"of a socket: ` + scopes + `","agent_id":101,"scopes":[` + strings.ReplaceAll(scopes, "'", `"`) + `]}`, status: 201}.play(t, s)
			var made struct {
				ID    json.Number
				Token string
			}
			if err := json.Unmarshal(got.Body, &made); err != nil || made.Token == "" {
				t.Fatalf("%s", got.Body)
			}
			testserver.Secret(made.Token)
			return made.ID.String(), made.Token
		}
		const typing = `{"type":"typing","conversation_id":501,"typing":true}`
		_, reads := token(`'read'`)
		id, writes := token(`'read','write'`)
		seen := follow(t, s, "/v1/events", cara)
		await(t, seen, "retry: ")
		k := dial(t, s, reads)
		k.say(t, typing)
		k.refused(t, "typing without the scope write", http.StatusForbidden)
		k = dial(t, s, writes)
		k.say(t, typing)
		await(t, seen, "event: typing")
		step{call: "DELETE /v1/tokens/" + id, status: 204}.play(t, s)
		k.say(t, typing)
		k.refused(t, "typing with a token that was revoked", http.StatusUnauthorized)
		var end *websocket.CloseError
		if _, _, err := k.ReadMessage(); !errors.As(err, &end) || end.Code != ws.CloseUnauthorized {
			t.Errorf("revoked: %v", err)
		}
	})
}

// TestSocketsAreCharged: what is asked for on a socket counts like a request,
// and what does not exist counts as that.
func TestSocketsAreCharged(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, talks)
	s := testserver.ServeWith(t, st, "sqlite", testserver.Options{RateLimit: 20}) // and two misses
	k := dial(t, s, cara)
	for range 2 {
		k.say(t, `{"type":"subscribe","id":"a","conversation":"999999"}`)
		k.refused(t, "an unknown conversation", http.StatusUnprocessableEntity)
	}
	k.say(t, `{"type":"subscribe","id":"a","conversation":501}`)
	k.refused(t, "after two misses", http.StatusTooManyRequests)
	step{call: "GET /v1/conversations/501", key: cara, status: 429}.play(t, s)

	k = dial(t, s, emil)
	for range 2 {
		k.say(t, `{"type":"typing","conversation_id":501,"typing":true}`)
		k.refused(t, "another's conversation", http.StatusNotFound)
	}
	step{call: "GET /v1/contacts/me", key: emil, status: 429}.play(t, s)

	key := customer("external:nobody")
	for range 2 {
		step{call: "GET /v1/events?conversation=999999", key: key, status: 422}.play(t, s)
	}
	step{call: "GET /v1/contacts/me/unread", key: key, status: 429}.play(t, s)

	k = dial(t, s, boKey) // one of twenty
	for range 18 {
		k.say(t, `{"type":"ping"}`)
		k.wait(t, "pong")
	}
	k.say(t, `{"type":"subscribe","id":"a"}`)
	k.wait(t, "live")
	k.say(t, `{"type":"ping"}`) // the subscription watches over the token
	k.wait(t, "pong")
	k.say(t, `{"type":"typing","conversation_id":501,"typing":true}`)
	k.refused(t, "the 21st", http.StatusTooManyRequests)
	step{call: "GET /v1/me", key: boKey, status: 429}.play(t, s)
}

// TestStreamsAreCounted lets a customer have twenty streams and sockets open on
// a node, and another one when one of them has ended.
func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, "sqlite", talks)
	open := func() *websocket.Conn {
		t.Helper()
		dialer := websocket.Dialer{Subprotocols: []string{"parley.v1", "parley.token." + cara}}
		conn, resp, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/v1/events/ws", nil)
		if err != nil {
			if resp == nil || resp.StatusCode != http.StatusTooManyRequests {
				t.Fatal(err, resp)
			}
			return nil
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	await(t, follow(t, s, "/v1/events", cara), "retry: ")
	await(t, follow(t, s, "/v1/contacts/me/unread/stream", cara), "retry: ")
	first := open()
	for range 17 { // twenty with the two streams
		open()
	}
	if open() != nil {
		t.Fatal("a twenty-first stream was opened")
	}
	step{call: "GET /v1/events", key: cara, header: []string{"Accept", "text/event-stream"}, status: 429}.play(t, s)
	await(t, follow(t, s, "/v1/events", emil), "retry: ") // another's are counted apart
	_ = first.Close()
	for open() == nil { //nolint:revive // the server hears of the end a moment later
	}
}
