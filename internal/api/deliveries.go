package api

import (
	"context"
	"errors"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// Deliveries: what was sent to webhooks, and how it went.

// byEvent is the order of deliveries by falling number of their event, which is
// the key.
const byEvent order = 20

// attemptsShown is how many attempts of a delivery are shown, the newest ones.
const attemptsShown = 100

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID             int64  `json:"id" doc:"The number of the event."`
	WebhookID      int64  `json:"webhook_id"`
	MessageID      string `json:"message_id" doc:"The header webhook-id of every attempt. Two attempts with the same one are of the same delivery."`
	Type           string `json:"type" doc:"The event's."`
	ConversationID *int64 `json:"conversation_id" doc:"Those of a conversation come in the order of their events."`
	Status         string `json:"status" enum:"open,delivered,failed" doc:"open: to be sent, for the first time or again; failed: given up."`
	ResponseStatus *int64 `json:"response_status" doc:"Of the last answer; null: there was none."`
	AttemptCount   int64  `json:"attempt_count"`
	NextAttemptAt  *Time  `json:"next_attempt_at" nullable:"true" doc:"Not before this time; null when it is not open."`
	CreatedAt      Time   `json:"created_at"`
	FinishedAt     *Time  `json:"finished_at" nullable:"true" doc:"null while it is open."`
}

// FullDelivery is a delivery with what was sent and how each attempt went.
type FullDelivery struct {
	Delivery
	ContentType *string   `json:"content_type"`
	Body        *string   `json:"body" doc:"As it is sent; null: the event could not be put into one."`
	Attempts    []Attempt `json:"attempts" doc:"The last 100, the oldest of them first."`
}

// Attempt is one try to deliver.
type Attempt struct {
	Number         int64   `json:"number" doc:"From 1."`
	At             Time    `json:"at"`
	DurationMS     int64   `json:"duration_ms" doc:"Milliseconds."`
	ResponseStatus *int64  `json:"response_status" doc:"null: there was no answer."`
	ResponseBody   string  `json:"response_body" doc:"The first 1,024 bytes of the answer."`
	Error          *string `json:"error" doc:"Why there was no answer."`
}

// DeliveriesOf asks for deliveries of a webhook.
type DeliveriesOf struct {
	ByID
	PageOf

	Status string `query:"status" enum:"open,delivered,failed"`
	From   string `query:"from" format:"date-time" doc:"Only those that were made at this time or later."`
	To     string `query:"to" format:"date-time" doc:"Only those that were made before this time."`
}

// ByDelivery names a delivery in the path.
type ByDelivery struct {
	ByID

	Delivery int64 `path:"delivery" minimum:"1" maximum:"9007199254740991" doc:"The delivery's id."`
}

// ReplayInput says which deliveries to send again.
type ReplayInput struct {
	From   TimeInput           `json:"from" doc:"Those that were made at this time or later."`
	To     Optional[TimeInput] `json:"to,omitzero" doc:"Those that were made before this time; absent or null: until now."`
	Status string              `json:"status,omitempty" enum:"delivered,failed" doc:"Only those that ended so."`
}

// Replay says what is sent again.
type Replay struct {
	Count int64 `json:"count" doc:"How many deliveries are sent again."`
}

// replayed is how many deliveries one request sends again.
const replayed = 10_000

func toDelivery(d *core.Delivery) Delivery {
	return Delivery{
		ID: d.Seq, WebhookID: d.WebhookID, MessageID: d.MessageID, Type: string(d.EventType), ConversationID: orNull(d.ConversationID),
		Status: string(d.State), ResponseStatus: orNull(d.Status), AttemptCount: d.Attempts,
		NextAttemptAt: timeOrNull(d.NextAt), CreatedAt: Time(d.CreatedAt), FinishedAt: timeOrNull(d.FinishedAt),
	}
}

func toAttempt(t *core.Attempt) Attempt {
	return Attempt{
		Number: t.Number, At: Time(t.At), DurationMS: t.Duration / int64(time.Millisecond/time.Microsecond),
		ResponseStatus: orNull(t.Status), ResponseBody: t.Answer, Error: orNull(t.Error),
	}
}

func (a *API) deliveryOperations() {
	const list, one = "/v1/webhooks/{id}/deliveries", "/v1/webhooks/{id}/deliveries/{delivery}"
	read(a, op{path: list, id: "listDeliveries", tag: webhooksTag, summary: "List what was sent to a webhook, newest first", permit: core.PermitStaff}, a.listDeliveries)
	read(a, op{path: one, id: "getDelivery", tag: webhooksTag, summary: "Read a delivery with its attempts", permit: core.PermitStaff}, a.getDelivery)
	act(a, op{path: one + "/replay", id: "replayDelivery", tag: webhooksTag, summary: "Send a delivery again that has ended", permit: core.PermitStaff}, a.replayDelivery)
	act(a, op{
		path: "/v1/webhooks/{id}/replay", id: "replayDeliveries", tag: webhooksTag, permit: core.PermitStaff,
		summary: "Send deliveries of a time again that have ended, the oldest 10,000 of them",
	}, a.replayDeliveries)
}

// listDeliveries serves GET /v1/webhooks/{id}/deliveries.
func (a *API) listDeliveries(ctx context.Context, c *caller, in *DeliveriesOf) (reply[List[Delivery]], error) {
	q := store.DeliveryQuery{State: core.DeliveryState(in.Status), From: optionalTime(in.From), To: optionalTime(in.To), Limit: in.Limit + 1}
	filter := filterOf("deliveries", number64(in.ID), in.Status, number64(int64(q.From)), number64(int64(q.To)))
	if in.Cursor != "" {
		at, err := in.place(byEvent, filter, 1)
		if err != nil {
			return reply[List[Delivery]]{}, err
		}
		q.Before = at.keys[0]
	}
	rows, err := a.webhooks.Deliveries(ctx, c.AccountID, in.ID, q)
	if err != nil {
		return reply[List[Delivery]]{}, err
	}
	page := List[Delivery]{Data: []Delivery{}}
	for i := range rows[:min(len(rows), in.Limit)] {
		page.Data = append(page.Data, toDelivery(&rows[i]))
	}
	if len(rows) > in.Limit {
		next := place{order: byEvent, filter: filter, keys: []int64{rows[in.Limit-1].Seq}}.cursor()
		page.NextCursor = &next
	}
	return reply[List[Delivery]]{body: page}, nil
}

// getDelivery serves GET /v1/webhooks/{id}/deliveries/{delivery}.
func (a *API) getDelivery(ctx context.Context, c *caller, in *ByDelivery) (reply[FullDelivery], error) {
	d, err := a.webhooks.Delivery(ctx, c.AccountID, in.ID, in.Delivery)
	if err != nil {
		return reply[FullDelivery]{}, err
	}
	attempts, err := a.webhooks.Attempts(ctx, c.AccountID, in.ID, in.Delivery, max(d.Attempts-attemptsShown, 0), attemptsShown)
	if err != nil {
		return reply[FullDelivery]{}, err
	}
	full := FullDelivery{Delivery: toDelivery(&d), ContentType: orNull(d.ContentType), Body: orNull(d.Body), Attempts: []Attempt{}}
	for i := range attempts {
		full.Attempts = append(full.Attempts, toAttempt(&attempts[i]))
	}
	return reply[FullDelivery]{body: full}, nil
}

// replayDelivery serves POST /v1/webhooks/{id}/deliveries/{delivery}/replay.
func (a *API) replayDelivery(ctx context.Context, c *caller, in *ByDelivery) (reply[Delivery], error) {
	if err := a.webhooks.Replay(ctx, c.AccountID, in.ID, in.Delivery); err != nil {
		return reply[Delivery]{}, impossible(err)
	}
	d, err := a.webhooks.Delivery(ctx, c.AccountID, in.ID, in.Delivery)
	return reply[Delivery]{body: toDelivery(&d)}, err
}

// replayDeliveries serves POST /v1/webhooks/{id}/replay.
func (a *API) replayDeliveries(ctx context.Context, c *caller, in *Change[ReplayInput]) (reply[Replay], error) {
	b := &in.Body
	n, err := a.webhooks.ReplayRange(ctx, c.AccountID, in.ID, store.DeliveryQuery{
		State: core.DeliveryState(b.Status), From: core.Time(b.From), To: core.Time(b.To.Value), Limit: replayed,
	})
	return reply[Replay]{body: Replay{Count: int64(n)}}, impossible(err)
}

// impossible says of a conflict that it is one of states and not of names.
func impossible(err error) error {
	var e *core.Error
	if errors.As(err, &e) && e.Kind == core.Conflict {
		return &refusal{kind: conflict, detail: e.Message}
	}
	return err
}
