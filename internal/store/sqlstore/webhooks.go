package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

var webhookTable = newTable("webhooks", `id int, account_id int, url text, events text, format text, secret text, former_secret text,
	former_until int, enabled int, paused_at int, paused_reason text, created_at int, updated_at int`)

type webhookRow struct {
	core.Webhook
	events  string
	enabled flag
}

func (r *webhookRow) targets() []any {
	w := &r.Webhook
	return []any{
		&w.ID, &w.AccountID, &w.URL, &r.events, &w.Format, &w.Secret, &w.FormerSecret, &w.FormerUntil,
		&r.enabled, &w.PausedAt, &w.PausedReason, &w.CreatedAt, &w.UpdatedAt,
	}
}

func (r *webhookRow) value() core.Webhook {
	r.Events, r.Enabled = parseTexts[string](r.events), r.enabled != 0
	return r.Webhook
}

func webhookArgs(w *core.Webhook) []any {
	return []any{
		id(w.ID), id(w.AccountID), keyText(w.URL), texts(w.Events), w.Format, w.Secret, w.FormerSecret, w.FormerUntil,
		w.Enabled, w.PausedAt, w.PausedReason, w.CreatedAt, w.UpdatedAt,
	}
}

var positionTable = newTable("webhook_positions", "account_id int, webhook_id int, seq int, revision int, failures int, failing_since int, retry_at int")

type positionRow struct{ store.WebhookPosition }

func (r *positionRow) targets() []any {
	p := &r.WebhookPosition
	return []any{&p.AccountID, &p.WebhookID, &p.Seq, &p.Revision, &p.Failures, &p.FailingSince, &p.RetryAt}
}

func (r *positionRow) value() store.WebhookPosition { return r.WebhookPosition }

// active is the condition of core.Webhook.Active.
const active = "w.enabled = 1 AND w.paused_at = 0"

var (
	webhooks            = newSource(webhookTable)
	webhookSQL          = webhookTable.selectFrom("WHERE account_id = $1 AND id = $2")
	webhookByURLSQL     = webhookTable.selectFrom("WHERE account_id = $1 AND url = $2")
	updateWebhookFields = webhookTable.updateAll("created_at")
	deleteWebhookSQL    = "DELETE FROM webhooks WHERE account_id = $1 AND id = $2"
	positionSQL         = positionTable.selectFrom("WHERE account_id = $1 AND webhook_id = $2")
	putPositionSQL      = `INSERT INTO webhook_positions (account_id, webhook_id, seq, revision, failures, failing_since, retry_at)
		SELECT id, $2, event_seq, 1, 0, 0, 0 FROM accounts WHERE id = $1`
	deletePositionSQL = "DELETE FROM webhook_positions WHERE account_id = $1 AND webhook_id = $2"
	reviseSQL         = "UPDATE webhook_positions SET revision = revision + 1 WHERE account_id = $1 AND webhook_id = $2"
	restartSQL        = `UPDATE webhook_positions SET seq = $3, revision = revision + 1, failures = 0, failing_since = 0, retry_at = 0
		WHERE account_id = $1 AND webhook_id = $2`
	advanceSQL = `UPDATE webhook_positions SET seq = $3, failures = $4, failing_since = $5, retry_at = $6
		WHERE account_id = $1 AND webhook_id = $2 AND revision = $7`
	behindSQL = "SELECT " + positionTable.list("p") + ` FROM webhook_positions p
		JOIN webhooks w ON w.account_id = p.account_id AND w.id = p.webhook_id
		JOIN accounts a ON a.id = p.account_id
		LEFT JOIN jobs j ON j.account_id = p.account_id AND j.kind = '` + store.DeliverJob + `' AND j.key = CAST(p.webhook_id AS text)
		WHERE ` + active + ` AND a.event_seq > p.seq AND p.retry_at <= $1 AND (j.key IS NULL OR j.run_at > $1 AND j.lease_until <= $1) LIMIT $2`
	// oldestPositionSQL has no row where no webhook is active.
	oldestPositionSQL = `SELECT p.seq FROM webhook_positions p JOIN webhooks w ON w.account_id = p.account_id AND w.id = p.webhook_id
		WHERE p.account_id = $1 AND ` + active + ` ORDER BY p.seq LIMIT 1`
)

// Webhook implements store.Webhooks.
func (r reader) Webhook(ctx context.Context, account, id int64) (core.Webhook, error) {
	return get(ctx, r.checked, new(webhookRow), "webhook", webhookSQL, account, id)
}

// FindWebhookByURL implements store.Webhooks.
func (r reader) FindWebhookByURL(ctx context.Context, account int64, url string) (core.Webhook, bool, error) {
	return find(ctx, r.checked, new(webhookRow), webhookByURLSQL, account, url)
}

// WebhookPosition implements store.Webhooks.
func (r reader) WebhookPosition(ctx context.Context, account, id int64) (store.WebhookPosition, error) {
	return get(ctx, r.checked, new(positionRow), "webhook", positionSQL, account, id)
}

// ListBehindWebhooks implements store.Webhooks.
func (r reader) ListBehindWebhooks(ctx context.Context, now core.Time, limit int) ([]store.WebhookPosition, error) {
	return page(ctx, r.checked, new(positionRow), limit, behindSQL, now)
}

// InsertWebhook implements store.WebhookWrites.
func (t *tx) InsertWebhook(ctx context.Context, w *core.Webhook) error {
	id, err := t.insert(ctx, webhooks, webhookArgs(w))
	if err != nil {
		return err
	}
	w.ID = id
	_, err = t.exec(ctx, putPositionSQL, w.AccountID, id)
	return err
}

// UpdateWebhook implements store.WebhookWrites.
func (t *tx) UpdateWebhook(ctx context.Context, w core.Webhook) error {
	if err := t.set(ctx, "webhook", updateWebhookFields, webhookArgs(&w)); err != nil {
		return err
	}
	return t.revise(ctx, w.AccountID, w.ID)
}

func (t *tx) revise(ctx context.Context, account, webhook int64) error {
	_, err := t.exec(ctx, reviseSQL, account, webhook)
	return err
}

// DeleteWebhook implements store.WebhookWrites.
func (t *tx) DeleteWebhook(ctx context.Context, account, id int64) error {
	if err := t.remove(ctx, "webhook", deleteWebhookSQL, account, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, deletePositionSQL, account, id)
	return err
}

// RestartWebhook implements store.WebhookWrites.
func (t *tx) RestartWebhook(ctx context.Context, account, id, seq int64) error {
	n, err := t.exec(ctx, restartSQL, account, id, seq)
	if err == nil && n == 0 {
		err = core.Absent("webhook")
	}
	return err
}

// AdvanceWebhook implements store.WebhookWrites.
func (t *tx) AdvanceWebhook(ctx context.Context, p store.WebhookPosition) (bool, error) {
	n, err := t.exec(ctx, advanceSQL, p.AccountID, p.WebhookID, p.Seq, p.Failures, p.FailingSince, p.RetryAt, p.Revision)
	return n == 1, err
}

var deliveryTable = newTable("webhook_deliveries", `account_id int, webhook_id int, seq int, message_id text, event_type text, conversation_id int,
	content_type text, body text, state text, status int, attempts int, failures int, next_at int, created_at int, finished_at int`)

type deliveryRow struct{ core.Delivery }

func (r *deliveryRow) targets() []any {
	d := &r.Delivery
	return []any{
		&d.AccountID, &d.WebhookID, &d.Seq, &d.MessageID, &d.EventType, &d.ConversationID, &d.ContentType, &d.Body,
		&d.State, &d.Status, &d.Attempts, &d.Failures, &d.NextAt, &d.CreatedAt, &d.FinishedAt,
	}
}

func (r *deliveryRow) value() core.Delivery { return r.Delivery }

func deliveryArgs(d *core.Delivery) []any {
	return []any{
		id(d.AccountID), id(d.WebhookID), d.Seq, d.MessageID, string(d.EventType), d.ConversationID, d.ContentType, d.Body,
		string(d.State), d.Status, d.Attempts, d.Failures, d.NextAt, d.CreatedAt, d.FinishedAt,
	}
}

var attemptTable = newTable("webhook_attempts", "account_id int, webhook_id int, seq int, number int, at int, duration int, status int, error text, answer text")

type attemptRow struct{ core.Attempt }

func (r *attemptRow) targets() []any {
	a := &r.Attempt
	return []any{&a.AccountID, &a.WebhookID, &a.Seq, &a.Number, &a.At, &a.Duration, &a.Status, &a.Error, &a.Answer}
}

func (r *attemptRow) value() core.Attempt { return r.Attempt }

func attemptArgs(a *core.Attempt) []any {
	return []any{id(a.AccountID), id(a.WebhookID), a.Seq, a.Number, a.At, a.Duration, a.Status, a.Error, a.Answer}
}

// ofWebhook selects by the key of both tables.
const ofWebhook = "WHERE account_id = $1 AND webhook_id = $2"

// headTable is deliveryTable without what may be long.
var headTable = deliveryTable.without("body")

var (
	deliverySQL         = deliveryTable.selectFrom(ofWebhook + " AND seq = $3")
	deliveriesSQL       = deliveryTable.selectFrom(ofWebhook + " AND ")
	openDeliveriesSQL   = headTable.selectFrom(ofWebhook + " AND state = 'open' AND seq > $3 ORDER BY seq LIMIT $4")
	insertDeliveriesSQL = deliveryTable.insertMany()
	insertAttemptsSQL   = attemptTable.insertMany()
	attemptsSQL         = attemptTable.selectFrom(ofWebhook + " AND seq = $3 AND number > $4 ORDER BY number LIMIT $5")
	oldDeliveriesSQL    = `SELECT webhook_id, seq FROM webhook_deliveries d WHERE account_id = $1 AND created_at < $2
		AND (state <> 'open' OR created_at < $3 OR NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.account_id = d.account_id AND w.id = d.webhook_id AND ` + active + `))
		ORDER BY created_at, webhook_id, seq LIMIT $4`
)

// updateDeliveriesSQL are the statements that update so many deliveries. Both
// engines call the columns of a list of values column1 and so on; PostgreSQL
// takes their types from its first row.
var updateDeliveriesSQL = func() map[int]string {
	types := [...]string{"bigint", "bigint", "bigint", "text", "bigint", "bigint", "bigint", "bigint", "bigint"}
	first := make([]string, len(types))
	for i, typ := range types {
		first[i] = fmt.Sprintf("CAST($%d AS %s)", i+1, typ)
	}
	texts := map[int]string{}
	for _, size := range manySizes {
		values := "(" + strings.Join(first, ", ") + ")"
		for i := 1; i < size; i++ {
			values += ", (" + placeholders(i*len(types)+1, len(types)) + ")"
		}
		texts[size] = `UPDATE webhook_deliveries SET state = v.column4, status = v.column5, attempts = v.column6, failures = v.column7,
			next_at = v.column8, finished_at = v.column9 FROM (VALUES ` + values + `) AS v
			WHERE account_id = v.column1 AND webhook_id = v.column2 AND seq = v.column3`
	}
	return texts
}()

// headRow is a delivery without its body.
type headRow struct{ core.Delivery }

func (r *headRow) targets() []any {
	d := &r.Delivery
	return []any{
		&d.AccountID, &d.WebhookID, &d.Seq, &d.MessageID, &d.EventType, &d.ConversationID, &d.ContentType,
		&d.State, &d.Status, &d.Attempts, &d.Failures, &d.NextAt, &d.CreatedAt, &d.FinishedAt,
	}
}

func (r *headRow) value() core.Delivery { return r.Delivery }

// matching is the condition of a query, and what it binds.
func matching(account, webhook int64, q store.DeliveryQuery) (where string, args []any) {
	var b strings.Builder
	b.WriteString(ofWebhook)
	args = []any{account, webhook}
	add := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&b, " AND "+condition, len(args))
	}
	if q.State != "" {
		add("state = $%d", string(q.State))
	}
	if q.Type != "" {
		add("event_type = $%d", string(q.Type))
	}
	if q.From.IsSet() {
		add("created_at >= $%d", q.From)
	}
	if q.To.IsSet() {
		add("created_at < $%d", q.To)
	}
	if q.After != 0 {
		add("seq > $%d", q.After)
	}
	if q.Before != 0 {
		add("seq < $%d", q.Before)
	}
	return b.String(), args
}

// ListDeliveries implements store.Webhooks.
func (r reader) ListDeliveries(ctx context.Context, account, webhook int64, q store.DeliveryQuery) ([]core.Delivery, error) {
	where, args := matching(account, webhook, q)
	return page(ctx, r.checked, new(headRow), q.Limit, headTable.selectFrom(fmt.Sprintf("%s ORDER BY seq DESC LIMIT $%d", where, len(args)+1)), args...)
}

// ListOpenDeliveries implements store.Webhooks.
func (r reader) ListOpenDeliveries(ctx context.Context, account, webhook, after int64, limit int) ([]core.Delivery, error) {
	return page(ctx, r.checked, new(headRow), limit, openDeliveriesSQL, account, webhook, after)
}

// Delivery implements store.Webhooks.
func (r reader) Delivery(ctx context.Context, account, webhook, seq int64) (core.Delivery, error) {
	return get(ctx, r.checked, new(deliveryRow), "delivery", deliverySQL, account, webhook, seq)
}

// DeliveriesBySeq implements store.Webhooks.
func (r reader) DeliveriesBySeq(ctx context.Context, account, webhook int64, seqs []int64) ([]core.Delivery, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	if len(seqs) > store.MaxIDs {
		return nil, core.Refuse("seqs", "too many at once")
	}
	args := []any{account, webhook}
	var b strings.Builder
	b.WriteString(deliveriesSQL)
	in(&b, &args, "seq", padded(seqs))
	return list(ctx, r.checked, new(deliveryRow), b.String(), args...)
}

// ListAttempts implements store.Webhooks.
func (r reader) ListAttempts(ctx context.Context, account, webhook, seq, after int64, limit int) ([]core.Attempt, error) {
	return page(ctx, r.checked, new(attemptRow), limit, attemptsSQL, account, webhook, seq, after)
}

// InsertDeliveries implements store.WebhookWrites.
func (t *tx) InsertDeliveries(ctx context.Context, deliveries []core.Delivery) error {
	return execMany(ctx, t, insertDeliveriesSQL, deliveries, deliveryArgs)
}

// InsertAttempts implements store.WebhookWrites.
func (t *tx) InsertAttempts(ctx context.Context, attempts []core.Attempt) error {
	return execMany(ctx, t, insertAttemptsSQL, attempts, attemptArgs)
}

// UpdateDeliveries implements store.WebhookWrites.
func (t *tx) UpdateDeliveries(ctx context.Context, deliveries []core.Delivery) error {
	return execMany(ctx, t, updateDeliveriesSQL, deliveries, func(d *core.Delivery) []any {
		return []any{d.AccountID, d.WebhookID, d.Seq, string(d.State), d.Status, d.Attempts, d.Failures, d.NextAt, d.FinishedAt}
	})
}

// OpenDeliveries implements store.WebhookWrites.
func (t *tx) OpenDeliveries(ctx context.Context, account, webhook int64, q store.DeliveryQuery, open bool, at core.Time) (int, error) {
	if q.Limit <= 0 {
		return 0, core.Refuse("limit", "must be positive")
	}
	where, args := matching(account, webhook, q)
	if where += " AND body <> ''"; !open {
		where += " AND state <> 'open'"
	}
	args = append(args, q.Limit, at)
	n, err := t.exec(ctx, fmt.Sprintf(`UPDATE webhook_deliveries SET state = 'open', failures = 0, finished_at = 0, next_at = $%d
		WHERE account_id = $1 AND webhook_id = $2 AND seq IN (SELECT seq FROM webhook_deliveries %s ORDER BY seq LIMIT $%d)`,
		len(args), where, len(args)-1), args...)
	if err != nil {
		return 0, err
	}
	return int(n), t.revise(ctx, account, webhook)
}

// PruneDeliveries implements store.WebhookWrites.
func (t *tx) PruneDeliveries(ctx context.Context, account int64, before, openBefore core.Time, limit int) (int, error) {
	old, err := page(ctx, t.checked, new(pair), limit, oldDeliveriesSQL, account, before, openBefore)
	if err != nil {
		return 0, err
	}
	seqs := map[int64][]int64{}
	for _, d := range old {
		seqs[d.a] = append(seqs[d.a], d.b)
	}
	for webhook, all := range seqs {
		for len(all) > 0 {
			n := min(len(all), store.MaxIDs)
			for _, table := range []string{"webhook_attempts", "webhook_deliveries"} {
				args := []any{account, webhook}
				var b strings.Builder
				b.WriteString("DELETE FROM " + table + " " + ofWebhook + " AND ")
				in(&b, &args, "seq", padded(all[:n]))
				if _, err := t.exec(ctx, b.String(), args...); err != nil {
					return 0, err
				}
			}
			all = all[n:]
		}
	}
	return len(old), nil
}
