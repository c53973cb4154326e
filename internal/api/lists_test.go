package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit/testserver"
)

func TestContactConversations(t *testing.T) {
	t.Parallel()
	const list = "GET /v1/contacts/301/conversations"
	talk(t, []step{
		{call: list, golden: "lists/contact"},
		{call: list, key: adaKey, golden: "lists/contact_agent"},
		{call: "GET /v1/contacts/me/conversations", key: cara, golden: "lists/customer"},
		{call: "GET /v1/contacts/external:cust-1/conversations?limit=1", key: cara, golden: "lists/customer_page"},
		{call: list + "?unread=true&status=open,pending&inbox=4", golden: "lists/contact_filtered"},
		{call: list + "?label=51", golden: "lists/contact_filtered"},
		{call: list + "?label=51", key: cara, status: 403},
		{call: "GET /v1/contacts/me/conversations?label=51", key: cara, status: 403},
		{call: list + "?status=gone", status: 422},
		{call: list + "?limit=0", status: 422},
		{call: list + "?cursor=x", status: 400},
		{call: "GET /v1/contacts/302/conversations", key: cara, status: 404},
		{call: "GET /v1/contacts/me/conversations", key: customer("external:nobody"), golden: "lists/nobody"},
		{call: "GET /v1/contacts/999/conversations", status: 404},
	})
}

func TestUnread(t *testing.T) {
	t.Parallel()
	talk(t, []step{
		{call: "GET /v1/contacts/301/unread", golden: "unread/all"},
		{call: "GET /v1/contacts/external:cust-1/unread", golden: "unread/all"},
		{call: "GET /v1/contacts/identity:401/unread", golden: "unread/all"},
		{call: "GET /v1/contacts/me/unread", key: cara, golden: "unread/all"},
		{call: "GET /v1/contacts/301/unread", key: cara, golden: "unread/all"},
		{call: "GET /v1/contacts/301/unread?inbox=4", golden: "unread/inbox"},
		{call: "GET /v1/contacts/me/unread?channel=web", key: cara, golden: "unread/inbox"},
		{call: "GET /v1/contacts/302/unread", golden: "unread/none"},
		{call: "GET /v1/contacts/me/unread", key: customer("external:nobody"), golden: "unread/none"},
		{call: "GET /v1/contacts/external:nobody/unread", status: 404},
		{call: "GET /v1/contacts/302/unread", key: cara, status: 404},
		{call: "GET /v1/contacts/999/unread", status: 404},
		{call: "GET /v1/contacts/301/unread?inbox=x", status: 422},
		{call: "GET /v1/agents/101/unread", golden: "unread/agent"},
		{call: "GET /v1/agents/101/unread", key: adaKey, golden: "unread/agent"},
		{call: "GET /v1/agents/102/unread", key: adaKey, status: 403},
		{call: "POST /v1/conversations/501/read", key: cara, body: `{}`},
		{call: "GET /v1/contacts/me/unread", key: cara, golden: "unread/read"},
	})
}

// TestUnreadSeen answers 304 until something is said.
func TestUnreadSeen(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		const call = "GET /v1/contacts/me/unread"
		tag := step{call: call, key: cara}.play(t, s).Header.Get("ETag")
		step{call: call, key: cara, header: []string{"If-None-Match", tag}, status: 304}.play(t, s)
		step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"One more"}`, status: 201}.play(t, s)
		step{call: call, key: cara, header: []string{"If-None-Match", tag}}.play(t, s)
	})
}

func TestConversationViews(t *testing.T) {
	t.Parallel()
	const list = "GET /v1/conversations"
	talk(t, []step{
		{call: list, golden: "lists/all"},
		{call: list + "?order=created&ascending=true&status=open", golden: "lists/open_by_creation"},
		{call: list + "?view=mine", key: adaKey, golden: "lists/mine"},
		{call: list + "?view=mine&agent=101", golden: "lists/mine_of"},
		{call: list + "?view=mine", status: 422, golden: "errors/view_of_whom"},
		{call: list + "?view=mine&agent=102", key: adaKey, status: 403},
		{call: list + "?view=unassigned", golden: "lists/unassigned"},
		{call: list + "?label=51&contact=external:cust-1&channel=web&unread=agents&assignee=101", golden: "lists/mine_of"},
		{call: list + "?unread=mine", key: boKey, golden: "lists/unread_mine"},
		{call: list + "?order=updated", status: 422, golden: "errors/order_needs"},
		{call: list + "?order=updated&inbox=4", golden: "lists/updated"},
		{call: list + "?contact=external:nobody", status: 422, golden: "errors/contact_filter"},
		{call: list + "?team=31", golden: "lists/empty"},
		{call: list, key: cara, status: 403},
		{call: list, key: otherKey, golden: "lists/other"},
		{call: "GET /v1/conversations/counts", golden: "lists/counts"},
		{call: "GET /v1/conversations/counts", key: adaKey, golden: "lists/counts_agent"},
		{call: "GET /v1/conversations/counts?inbox=4&status=open&agent=101", golden: "lists/counts_filtered"},
		{call: "GET /v1/conversations/counts", key: cara, status: 403},
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	const list = "GET /v1/conversations/501/messages"
	talk(t, []step{
		{call: list, golden: "history/staff"},
		{call: list, key: cara, golden: "history/customer"},
		{call: list + "?kind=note,activity", golden: "history/notes"},
		{call: list + "?kind=note", key: cara, status: 403},
		{call: list + "?limit=1&before=604", golden: "history/before"},
		{call: list + "?limit=1&after=601", golden: "history/after"},
		{call: list + "?limit=2&around=603", key: cara, golden: "history/around"},
		{call: list + "?after=604", golden: "history/none"},
		{call: list + "?before=602", key: cara, status: 422, golden: "errors/no_such_place"},
		{call: list + "?before=605", status: 422},
		{call: list + "?before=604&after=601", status: 422, golden: "errors/two_places"},
		{call: list + "?cursor=x", status: 400},
		{call: list, key: emil, status: 404},
	})
}

// ids are the ids of a list, and its cursors.
type ids struct {
	Data []struct {
		ID int64 `json:"id"`
	} `json:"data"`
	Next *string `json:"next_cursor"`
	Prev *string `json:"prev_cursor"`
}

func idsOf(t *testing.T, body []byte) (list ids, all []int64) {
	t.Helper()
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	for _, d := range list.Data {
		all = append(all, d.ID)
	}
	return list, all
}

// TestWalks goes through lists page by page, in each order, forth and back.
func TestWalks(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for i := range 7 {
			step{call: "POST /v1/conversations", key: cara, body: fmt.Sprintf(`{"message":{"content":"number %d"}}`, i), status: 201}.play(t, s)
			step{call: "POST /v1/conversations/501/messages", key: cara, body: fmt.Sprintf(`{"content":"number %d"}`, i), status: 201}.play(t, s)
			step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"kind":"note","content":"between"}`, status: 201}.play(t, s)
		}
		for _, walk := range []struct{ path, key string }{
			{"/v1/conversations?order=activity", adaKey},
			{"/v1/conversations?order=message&ascending=true", ""},
			{"/v1/conversations?order=created&inbox=4", ""},
			{"/v1/conversations?order=updated&contact=301", ""},
			{"/v1/conversations?view=unassigned&status=open", ""},
			{"/v1/contacts/me/conversations?status=open", cara},
			{"/v1/conversations/501/messages?kind=message", ""},
			{"/v1/conversations/501/messages?kind=message,note", adaKey},
			{"/v1/conversations/501/messages?around=603", cara},
		} {
			start := walk.path + "&limit=100"
			_, want := idsOf(t, step{call: "GET " + start, key: walk.key}.play(t, s).Body)
			var got []int64
			path := strings.NewReplacer("?around=603", "?kind=").Replace(walk.path) + "&limit=2"
			path = strings.Replace(path, "?kind=&", "?", 1)
			cursor, pages := "", 0
			for ; pages < 50; pages++ {
				list, some := idsOf(t, step{call: "GET " + path + cursor, key: walk.key}.play(t, s).Body)
				got = append(got, some...)
				if list.Next == nil {
					break
				}
				cursor = "&cursor=" + *list.Next
			}
			if !slices.Equal(got, want) || pages < 2 {
				t.Errorf("%s: walked %v in %d pages, want %v", walk.path, got, pages, want)
			}
			// A cursor is its list's.
			step{call: "GET " + otherList(path) + cursor, status: 400}.play(t, s)
		}
		// From the oldest back to the newest.
		var back []int64
		path := "/v1/conversations/501/messages?limit=3"
		cursor := "&around=601"
		for range 20 {
			list, some := idsOf(t, step{call: "GET " + path + cursor, key: cara}.play(t, s).Body)
			back = append(some, back...)
			if list.Prev == nil {
				break
			}
			cursor = "&cursor=" + *list.Prev
		}
		_, want := idsOf(t, step{call: "GET /v1/conversations/501/messages?limit=100", key: cara}.play(t, s).Body)
		if !slices.Equal(back, want) {
			t.Errorf("walked back %v, want %v", back, want)
		}
	})
}

// otherList is another list than that of the path.
func otherList(path string) string {
	switch {
	case strings.Contains(path, "/messages"):
		return "/v1/conversations/503/messages?limit=2"
	case strings.Contains(path, "/me/"):
		return "/v1/contacts/301/conversations?limit=2"
	}
	return path + "&label=52"
}

// TestForgedMessageCursor: a cursor tells a customer nothing of what is not shown:
// one that names a note is as wrong as one that names nothing.
func TestForgedMessageCursor(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		const path = "/v1/conversations/501/messages?limit=1"
		forge := func(key string, entry int64) string {
			t.Helper()
			var list struct {
				Next string `json:"next_cursor"`
			}
			got := step{call: "GET " + path, key: key}.play(t, s)
			if err := json.Unmarshal(got.Body, &list); err != nil {
				t.Fatal(err)
			}
			b, err := base64.RawURLEncoding.DecodeString(list.Next)
			if err != nil || len(b) < 8 {
				t.Fatalf("%s: %v", got.Body, err)
			}
			const head = 6
			_, n := binary.Varint(b[head:])
			return base64.RawURLEncoding.EncodeToString(append(binary.AppendVarint(bytes.Clone(b[:head]), entry), b[head+n:]...))
		}
		const message, note = 601, 602
		step{call: "GET " + path + "&cursor=" + forge(cara, message), key: cara}.play(t, s)
		unknown := step{call: "GET " + path + "&cursor=" + forge(cara, 999_999), key: cara, status: 400}.play(t, s)
		hidden := step{call: "GET " + path + "&cursor=" + forge(cara, note), key: cara, status: 400}.play(t, s)
		kind := func(body []byte) string {
			told, _, _ := strings.Cut(string(body), `"request_id"`)
			return told
		}
		if kind(unknown.Body) != kind(hidden.Body) {
			t.Errorf("a note is refused by %s, nothing by %s", hidden.Body, unknown.Body)
		}
		step{call: "GET " + path + "&cursor=" + forge(boKey, note), key: boKey}.play(t, s)
	})
}
