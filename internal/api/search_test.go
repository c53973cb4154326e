package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/search"
	"parley/internal/testkit/testserver"
)

// index does what the server does in the background: it fills the index.
func index(t *testing.T, s *testserver.Server) {
	t.Helper()
	clock := func() core.Time { return testserver.Now }
	if err := job.NewRunner(s.Store, clock, testserver.Log(t), search.NewBackfill(clock).Handlers(), nil).Work(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// searched plays the steps on the fixture talks, indexed.
func searched(t *testing.T, steps []step) {
	t.Helper()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		index(t, s)
		for _, e := range steps {
			e.play(t, s)
		}
		check(t, s)
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	const find = "GET /v1/search?q="
	searched(t, []step{
		{call: find + "parcel", golden: "search/message"},
		{call: find + "carrier", golden: "search/note"},
		{call: find + "CARA%20dor", golden: "search/contact"},
		{call: find + "emil", golden: "search/several"},
		{call: find + "emil&limit=1", golden: "search/page"},
		{call: find + "emil&types=contact", golden: "search/contacts"},
		{call: find + "found", golden: "search/html"},
		{call: find + "%22looking%20for%22", golden: "search/phrase"},
		{call: find + "%22for%20looking%22", golden: "search/nothing"},
		{call: find + "carrier&types=message,contact", golden: "search/nothing"},
		{call: find + "hello&contact=external:cust-1", golden: "search/nothing"},
		{call: find + "parcel&contact=external:cust-1&conversation=501&inbox=4&from=2026-02-10T10:00:00Z&to=2026-02-10T10:00:01Z", golden: "search/message"},
		{call: find + "parcel&from=2026-02-10T11:00:01%2B01:00", golden: "search/nothing"},
		{call: find + "parcel&to=2026-02-10T10:00:00Z", golden: "search/nothing"},
		{call: find + "parcel&to=1970-01-01T00:00:00Z", golden: "search/nothing"},
		{call: find + "parcel&inbox=5", golden: "search/nothing"},
		{call: find + "parcel&conversation=502", golden: "search/nothing"},

		{call: "GET /v1/search", status: 422, golden: "errors/no_q"},
		{call: find, status: 422},
		{call: find + "%3F!", status: 422, golden: "errors/no_word"},
		{call: find + strings.Repeat("w+", 11), status: 422},
		{call: find + strings.Repeat("x", 501), status: 422},
		{call: find + strings.Repeat("%C3%A9", 500), golden: "search/nothing"},
		{call: find + "x&limit=51", status: 422},
		{call: find + "x&types=activity", status: 422},
		{call: find + "x&from=yesterday", status: 422},
		{call: find + "x&contact=999", status: 422, golden: "errors/contact_filter_search"},
		{call: find + "x&conversation=504", status: 422, golden: "errors/conversation_filter"},
		{call: find + "x&cursor=x", status: 400},

		{call: find + "parcel", key: cara, status: 403},
		{call: find + "hello", key: otherKey, golden: "search/other_account"},
		{call: find + "parcel", key: otherKey, golden: "search/nothing"},
		{call: find + "theirs", golden: "search/nothing"},
		{call: find + "parcel&contact=303", status: 422},
	})
}

// TestSearchInSight: an agent finds nothing of what was said in an inbox that
// only others are members of, whatever the filters.
func TestSearchInSight(t *testing.T) {
	t.Parallel()
	const find = "GET /v1/search?q="
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		index(t, s)
		play := func(steps ...step) {
			t.Helper()
			for _, e := range steps {
				e.play(t, s)
			}
		}
		play(
			step{call: find + "carrier", key: boKey, golden: "search/note"}, // everybody's
			step{call: "PUT /v1/inboxes/4/agents", body: `{"agent_ids":[103]}`},
		)
		// What an agent sees is remembered for a second: another agent's is not.
		s = testserver.Serve(t, s.Store, s.Engine)
		play(
			step{call: find + "carrier", key: boKey, golden: "search/nothing"},
			step{call: find + "parcel&contact=301", key: boKey, golden: "search/nothing"},
			step{call: find + "parcel&inbox=4", key: boKey, golden: "search/nothing"},
			step{call: find + "parcel&conversation=501", key: boKey, status: 422},
			step{call: find + "invoice", key: boKey, golden: "search/other_inbox"},
			step{call: find + "emil", key: boKey, golden: "search/contacts"},
			step{call: find + "carrier", key: adaKey, golden: "search/note"}, // an administrator's
			// It is found where the conversation is now.
			step{call: "PATCH /v1/conversations/501", body: `{"inbox_id":5}`},
			step{call: find + "carrier", key: boKey, golden: "search/note"},
		)
	})
}

// TestSearchFollows what is said, edited and taken back.
func TestSearchFollows(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		finds := func(want int, incomplete bool) {
			t.Helper()
			var list struct {
				Data       []json.RawMessage
				Incomplete bool
			}
			if err := json.Unmarshal((step{call: "GET /v1/search?q=walrus"}).play(t, s).Body, &list); err != nil {
				t.Fatal(err)
			}
			if len(list.Data) != want || list.Incomplete != incomplete {
				t.Errorf("found %s, incomplete %t; want %d, %t", list.Data, list.Incomplete, want, incomplete)
			}
		}
		finds(0, true)
		step{call: "GET /v1/search?q=parcel", golden: "search/incomplete"}.play(t, s)
		step{call: "PATCH /v1/conversations/501/messages/603", body: `{"content":"A walrus?"}`, key: adaKey}.play(t, s)
		finds(1, true)
		index(t, s)
		finds(1, false)
		step{call: "PATCH /v1/contacts/302", body: `{"name":"Walrus"}`}.play(t, s)
		finds(2, false)
		step{call: "DELETE /v1/conversations/501/messages/603", status: 204}.play(t, s)
		finds(1, false)
		check(t, s)
	})
}

// TestSearchWalks goes through what was found page by page.
func TestSearchWalks(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for i := range 7 {
			step{call: "POST /v1/conversations/501/messages", key: cara, body: fmt.Sprintf(`{"content":"walrus %d"}`, i), status: 201}.play(t, s)
		}
		texts := func(cursor *string, limit int) (all []string, next *string) {
			t.Helper()
			path := fmt.Sprintf("/v1/search?q=walrus&limit=%d", limit)
			if cursor != nil {
				path += "&cursor=" + url.QueryEscape(*cursor)
			}
			var list struct {
				Data []struct{ Snippet struct{ Text string } }
				Next *string `json:"next_cursor"`
			}
			if err := json.Unmarshal((step{call: "GET " + path}).play(t, s).Body, &list); err != nil {
				t.Fatal(err)
			}
			for _, d := range list.Data {
				all = append(all, d.Snippet.Text)
			}
			return all, list.Next
		}
		want, _ := texts(nil, 50)
		var got []string
		some, next := texts(nil, 2)
		for got = some; next != nil && len(got) < 20; got = append(got, some...) {
			step{call: "GET /v1/search?q=walrus&types=message&cursor=" + *next, status: 400}.play(t, s)
			some, next = texts(next, 2)
		}
		if len(got) != 7 || !slices.Equal(got, want) {
			t.Errorf("walked %q, want %q", got, want)
		}
	})
}

func TestConversationsWithText(t *testing.T) {
	t.Parallel()
	const all, own = "GET /v1/conversations?text=", "GET /v1/contacts/me/conversations?text="
	searched(t, []step{
		{call: all + "parcel", golden: "search/conversation"},
		{call: all + "carrier", golden: "search/conversation"},
		{call: all + "parcel&status=resolved", golden: "search/no_conversation"},
		{call: all + "parcel&contact=302", golden: "search/no_conversation"},
		{call: all + "parcel", key: otherKey, golden: "search/no_conversation"},
		{call: all + "parcel&order=activity", status: 422, golden: "errors/order_beside_text"},
		{call: all + "parcel&ascending=true", status: 422},
		{call: all + "?", status: 422, golden: "errors/text_without_word"},
		{call: all + "parcel&cursor=x", status: 400},
		{call: "GET /v1/contacts/301/conversations?text=carrier", golden: "search/of_contact"},
		{call: own + "parcel", key: cara, golden: "search/own"},
		{call: own + "parcel&inbox=4&status=open", key: cara, golden: "search/own"},
		{call: own + "carrier", key: cara, golden: "search/none_of_own"}, // a note
		{call: own + "emil", key: cara, golden: "search/none_of_own"},    // another's
		{call: "PUT /v1/inboxes/4/agents", body: `{"agent_ids":[103]}`},
		{call: all + "parcel", key: boKey, golden: "search/no_conversation"},
		{call: "GET /v1/contacts/301/conversations?text=parcel", key: boKey, golden: "search/none_of_contact"},
	})
}

// TestTextWalks shows each conversation once, the one with the newest hit first,
// whatever the pages: also one that has older hits among those of others.
func TestTextWalks(t *testing.T) {
	t.Parallel()
	testserver.Each(t, talks, func(t *testing.T, s *testserver.Server) {
		for i := range 3 {
			for _, id := range []int{501, 502, 503} {
				step{call: fmt.Sprintf("POST /v1/conversations/%d/messages", id), key: adaKey, body: `{"content":"the walrus sings"}`, status: 201}.play(t, s)
			}
			step{call: "POST /v1/conversations", key: cara, body: fmt.Sprintf(`{"message":{"content":"the walrus sings %d"}}`, i), status: 201}.play(t, s)
			step{call: "POST /v1/conversations/501/messages", key: adaKey, body: `{"content":"sings the walrus"}`, status: 201}.play(t, s)
		}
		for _, walk := range []struct {
			path, key string
			want      int
		}{
			{"/v1/conversations?text=walrus", "", 6},
			{"/v1/conversations?text=%22walrus+sings%22", "", 6},
			{"/v1/conversations?text=walrus&inbox=4", adaKey, 5},
			{"/v1/conversations?text=walrus&status=open", "", 5}, // 502 is resolved
			{"/v1/contacts/me/conversations?text=%22walrus+sings%22", cara, 5},
		} {
			_, want := idsOf(t, step{call: "GET " + walk.path + "&limit=100", key: walk.key}.play(t, s).Body)
			var got []int64
			cursor := ""
			for range 20 {
				list, some := idsOf(t, step{call: "GET " + walk.path + "&limit=1" + cursor, key: walk.key}.play(t, s).Body)
				got = append(got, some...)
				if list.Next == nil {
					break
				}
				cursor = "&cursor=" + *list.Next
			}
			if len(want) != walk.want || !slices.Equal(got, want) {
				t.Errorf("%s: walked %v, want %v, %d", walk.path, got, want, walk.want)
			}
			step{call: "GET " + strings.Replace(walk.path, "walrus", "walru", 1) + "&limit=1" + cursor, key: walk.key, status: 400}.play(t, s)
		}
		check(t, s)
	})
}
