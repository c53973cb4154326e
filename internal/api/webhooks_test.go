package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	scene(t, []step{
		{call: "GET /v1/webhooks", golden: "webhooks/list"},
		{call: "GET /v1/webhooks/64", key: adaKey, golden: "webhooks/one"},
		{call: "GET /v1/webhooks/65", golden: "webhooks/paused"},
		{call: "GET /v1/webhooks/66", status: 404}, // of another account
		{call: "GET /v1/webhooks", key: readerKey, status: 403},
		{call: "GET /v1/webhooks", key: boKey, status: 403},
		{call: "POST /v1/webhooks", body: `{"url":"https://three.example/hook"}`, status: 201, golden: "webhooks/created"},
		{call: "POST /v1/webhooks", body: `{"url":"https://four.example/","events":["message.created"],"format":"parley","enabled":false}`, status: 201, golden: "webhooks/created_off"},
		{call: "POST /v1/webhooks", body: `{"url":"https://one.example/hook"}`, status: 409, golden: "errors/url_taken"},
		{call: "POST /v1/webhooks", body: `{"url":"http://five.example/"}`, status: 422, golden: "errors/plain_url"},
		{call: "POST /v1/webhooks", body: `{"url":"https://me:pass@five.example/"}`, status: 422},
		{call: "POST /v1/webhooks", body: `{"url":"https://five.example/","events":["message.sung"]}`, status: 422, golden: "errors/no_such_event"},
		{call: "POST /v1/webhooks", body: `{"url":"https://five.example/","events":["*","*"]}`, status: 422},
		{call: "POST /v1/webhooks", body: `{"url":"https://five.example/","format":"soap"}`, status: 422},
		{call: "POST /v1/webhooks", body: `{"url":"https://five.example/"}`, key: writerKey, status: 403},
		{call: "PATCH /v1/webhooks/64", body: `{"url":"https://six.example/hook","events":["*"],"enabled":false}`, golden: "webhooks/changed"},
		{call: "PATCH /v1/webhooks/64", body: `{"url":"https://two.example/hook"}`, status: 409},
		{call: "PATCH /v1/webhooks/64", body: `{"events":[]}`, status: 422},
		{call: "PATCH /v1/webhooks/64", body: `{"enabled":null}`, status: 422},
		{call: "POST /v1/webhooks/64/test", status: 409, golden: "errors/nothing_is_sent"},
		{call: "POST /v1/webhooks/65/test", status: 409},
		{call: "POST /v1/webhooks/65/resume", golden: "webhooks/resumed"},
		{call: "POST /v1/webhooks/65/test", golden: "webhooks/resumed"},
		{call: "POST /v1/webhooks/65/rotate_secret", body: `{"overlap_seconds":604801}`, status: 422},
		{call: "DELETE /v1/webhooks/64", status: 204},
		{call: "DELETE /v1/webhooks/64", status: 404},
		{call: "DELETE /v1/webhooks/66", status: 404},
	})
}

// TestSecretsOfWebhooks are in the answers to a create and a rotation, and in
// no other.
func TestSecretsOfWebhooks(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		secretOf := func(e step) (id int64, secret string) {
			t.Helper()
			var body struct {
				ID     int64
				Secret string
			}
			if err := json.Unmarshal(e.play(t, s).Body, &body); err != nil || !strings.HasPrefix(body.Secret, "whsec_") {
				t.Fatalf("%s: secret %q, %v", e.call, body.Secret, err)
			}
			testserver.Secret(body.Secret)
			return body.ID, body.Secret
		}
		create := step{call: "POST /v1/webhooks", body: `{"url":"https://three.example/"}`, status: 201, header: []string{"Idempotency-Key", "k"}}
		id, first := secretOf(create)
		if again, same := secretOf(create); again != id || same != first {
			t.Errorf("asked again: webhook %d with another secret", again)
		}
		one := fmt.Sprintf("/v1/webhooks/%d", id)
		seen := step{call: "GET " + one}.play(t, s).Header.Get("ETag")
		rotate := step{call: "POST " + one + "/rotate_secret", body: `{"overlap_seconds":60}`, header: []string{"If-Match", seen}}
		_, second := secretOf(rotate)
		rotate.status = 412 // who has not seen it must not rotate it once more
		rotate.play(t, s)
		w, err := s.Store.Webhook(t.Context(), 1, id)
		if err != nil || w.Secret != second || w.FormerSecret != first || w.FormerUntil != testserver.Now+60_000_000 {
			t.Errorf("stored %v, %v", w.FormerUntil, err)
		}
		for _, call := range []string{"GET /v1/webhooks", "GET " + one, "PATCH " + one, "POST " + one + "/resume", "POST " + one + "/test"} {
			body := ""
			if strings.HasPrefix(call, "PATCH") {
				body = `{"enabled":true}`
			}
			if got := (step{call: call, body: body}).play(t, s); strings.Contains(string(got.Body), "whsec_") {
				t.Errorf("%s shows a secret", call)
			}
		}
	})
}

// TestTestedWebhooks: a test is an event that the webhook hears of.
func TestTestedWebhooks(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		step{call: "POST /v1/webhooks/64/test", key: adaKey}.play(t, s)
		events, err := s.Store.ListEvents(t.Context(), 1, 0, 1000)
		if err != nil || len(events) == 0 {
			t.Fatal(len(events), err)
		}
		last := events[len(events)-1]
		w, ok := last.Data.(core.Webhook)
		if last.Type != core.WebhookTested || !ok || w.ID != 64 || w.Secret != "" || last.Actor.ID != 101 {
			t.Errorf("%+v", last)
		}
	})
}

// sent stores what was sent to the first webhook: a delivery that arrived, one
// that was given up after 101 attempts, one that has no body and an open one.
func sent(t *testing.T, s *testserver.Server) {
	t.Helper()
	at := testserver.Now
	deliveries := []core.Delivery{
		{Seq: 1, EventType: core.MessageCreated, ConversationID: 91, State: core.DeliveryDelivered, Status: 204, Attempts: 1, FinishedAt: at + 1},
		{Seq: 2, EventType: core.MessageCreated, ConversationID: 92, State: core.DeliveryFailed, Status: 500, Attempts: 101, Failures: 14, FinishedAt: at + 2},
		{Seq: 3, EventType: core.NoteCreated, State: core.DeliveryFailed, FinishedAt: at},
		{Seq: 4, EventType: core.NoteCreated, State: core.DeliveryOpen, Attempts: 1, Failures: 1, NextAt: at + 5_000_000},
	}
	for i := range deliveries {
		d := &deliveries[i]
		d.AccountID, d.WebhookID, d.CreatedAt = 1, 64, at+core.Time(d.Seq)*1_000_000
		d.MessageID = fmt.Sprintf("msg_%d", d.Seq)
		if d.Seq != 3 {
			d.ContentType, d.Body = "application/json", fmt.Sprintf(`{"id":%d}`, d.Seq)
		}
	}
	attempts := []core.Attempt{
		{AccountID: 1, WebhookID: 64, Seq: 1, Number: 1, At: at, Duration: 12_345, Status: 204, Answer: "thanks"},
		{AccountID: 1, WebhookID: 64, Seq: 4, Number: 1, At: at, Duration: 999, Error: "no answer in time"},
	}
	for n := range int64(101) {
		attempts = append(attempts, core.Attempt{AccountID: 1, WebhookID: 64, Seq: 2, Number: n + 1, At: at, Status: 500})
	}
	err := s.Store.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
		if err := tx.InsertDeliveries(ctx, deliveries); err != nil {
			return err
		}
		return tx.InsertAttempts(ctx, attempts)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	const all = "/v1/webhooks/64/deliveries"
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		sent(t, s)
		for _, e := range []step{
			{call: "GET " + all, golden: "deliveries/list"},
			{call: "GET " + all + "?status=failed&from=2026-03-01T09:00:07Z&to=2026-03-01T09:00:08Z", golden: "deliveries/failed"},
			{call: "GET " + all + "?to=1970-01-01T00:00:00Z", golden: "deliveries/none"},
			{call: "GET " + all + "?status=lost", status: 422},
			{call: "GET " + all + "?from=noon", status: 422},
			{call: "GET " + all, key: boKey, status: 403},
			{call: "GET " + all, key: otherKey, status: 404},
			{call: "GET /v1/webhooks/65/deliveries", golden: "deliveries/none"},
			{call: "GET " + all + "/1", golden: "deliveries/delivered"},
			{call: "GET " + all + "/3", golden: "deliveries/bodiless"},
			{call: "GET " + all + "/4", golden: "deliveries/open"},
			{call: "GET " + all + "/5", status: 404},
			{call: "GET /v1/webhooks/65/deliveries/1", status: 404},
			{call: "POST " + all + "/1/replay", golden: "deliveries/replayed"},
			{call: "POST " + all + "/3/replay", status: 409, golden: "errors/no_body_to_send"},
			{call: "POST " + all + "/5/replay", status: 404},
			{call: "POST /v1/webhooks/64/replay", body: `{"from":"2026-03-01T09:00:07Z","to":"2026-03-01T09:00:07Z"}`, golden: "deliveries/none_replayed"},
			{call: "POST /v1/webhooks/64/replay", body: `{"from":"2026-03-01T09:00:00Z","status":"failed"}`, golden: "deliveries/range_replayed"},
			{call: "POST /v1/webhooks/65/replay", body: `{"from":"2026-03-01T09:00:00Z"}`, status: 409},
			{call: "POST /v1/webhooks/64/replay", body: `{}`, status: 422},
			{call: "GET " + all + "?status=open", golden: "deliveries/now_open"},
		} {
			e.play(t, s)
		}
		var full struct {
			Attempts []struct{ Number int64 } `json:"attempts"`
		}
		if err := json.Unmarshal(step{call: "GET " + all + "/2"}.play(t, s).Body, &full); err != nil || len(full.Attempts) != 100 || full.Attempts[0].Number != 2 {
			t.Errorf("%d attempts from %+v, %v", len(full.Attempts), full.Attempts[:1], err)
		}
	})
}

// TestDeliveriesByPages are each there once, newest first.
func TestDeliveriesByPages(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		sent(t, s)
		var ids []int64
		path := "/v1/webhooks/64/deliveries?limit=2"
		for next := ""; ; {
			var page struct {
				Data       []struct{ ID int64 }
				NextCursor *string `json:"next_cursor"`
			}
			if err := json.Unmarshal(step{call: "GET " + path + next}.play(t, s).Body, &page); err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Data {
				ids = append(ids, d.ID)
			}
			if page.NextCursor == nil {
				break
			}
			next = "&cursor=" + *page.NextCursor
			step{call: "GET /v1/webhooks/65/deliveries?limit=2" + next, status: 400}.play(t, s) // of another list
		}
		if fmt.Sprint(ids) != "[4 3 2 1]" {
			t.Errorf("%v", ids)
		}
	})
}
